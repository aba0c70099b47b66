"""The scenarios that a candidate must survive. To add one: a function in a file of its own, and one row here."""

from __future__ import annotations

from trading.checks.named import by_name
from trading.checks.scenarios import shocks
from trading.checks.scenarios.scenario import CostShock, Scenario

SCENARIOS: dict[str, Scenario] = by_name(
    Scenario("flash_crash", shocks.flash_crash),
    Scenario("gap_at_open", shocks.gap_at_open),
    Scenario("volatility_spike", shocks.volatility_spike),
    Scenario("liquidity_drought", shocks.liquidity_drought, CostShock(spread=10.0)),
    Scenario("whipsaw_chop", shocks.whipsaw_chop),
    Scenario("regime_flip", shocks.regime_flip),
    Scenario("data_outage", shocks.data_outage),
    # Prices stay as they were.
    Scenario("fee_latency_shock", costs=CostShock(fee=3.0, spread=2.0, impact=2.0, latency_bars=2)),
)
"""By name, in the order in which the stress test runs them and the gate lists them."""
