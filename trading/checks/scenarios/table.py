"""The scenarios that a candidate must survive. To add one: a function in a file of its own, and one row here."""

from __future__ import annotations

from trading.checks.named import by_name
from trading.checks.scenarios import shocks
from trading.checks.scenarios.scenario import CostShock, Scenario

SCENARIOS: dict[str, Scenario] = by_name(
    Scenario("flash_crash", shocks.flash_crash, CostShock(spread=10.0, impact=2.0)),
    Scenario("gap_at_open", shocks.gap_at_open, CostShock(spread=5.0, impact=2.0)),
    Scenario("volatility_spike", shocks.volatility_spike, CostShock(spread=3.0)),
    Scenario("liquidity_drought", shocks.liquidity_drought, CostShock(spread=10.0)),
    Scenario("whipsaw_chop", shocks.whipsaw_chop, CostShock(spread=2.0)),
    Scenario("regime_flip", shocks.regime_flip, CostShock(spread=2.0)),
    Scenario("data_outage", shocks.data_outage, CostShock(spread=5.0, impact=2.0)),
    # Prices stay as they were, and it lasts all the time.
    Scenario("fee_latency_shock", costs=CostShock(fee=3.0, spread=2.0, impact=2.0, latency_bars=2)),
)
"""By name, in the order in which the stress test runs them and the gate lists them."""
