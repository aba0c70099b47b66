"""A small night that fits in a test: few bars, one short policy, gates that any honest candidate passes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from trading.night.report import NightReport
from trading.settings.models import (
    DepthSpec,
    DriftSpec,
    GateSpec,
    MarketSpec,
    PolicySpec,
    RegimeSpec,
    RiskSpec,
    RuntimeSpec,
    StressSpec,
)

EASY = GateSpec(
    min_sharpe=-100.0,
    min_win_rate=0.0,
    min_profit_factor=0.0,
    min_trades=0,
    min_psr=0.0,
    min_alpha_t=-1_000.0,
    min_market_margin=-1_000.0,
    max_timing_p=1.0,
    max_drawdown=1.0,
    max_volatility=100.0,
    max_consecutive_losses=10_000,
    max_brier=1.0,
    max_ece=1.0,
    min_brier_skill=-1_000.0,
    max_share_at_mode=1.0,
    max_psi=1_000.0,
)
SMALL: dict[str, Any] = {
    "market": MarketSpec(history_bars=5_000),
    "policy": PolicySpec(seeds=1, steps=1_000, lanes=8, rollout=16, batch_size=64, hidden=16, workers=1),
    # On so few bars no state is surely bull or bear; that a night trades is asked for all the same.
    "regimes": RegimeSpec(seeds=6, iterations=15, min_t=0.0),
    "risk": RiskSpec(min_confidence=0.5),
    # Few bars are not to take anything from its confidence.
    "depth": DepthSpec(target_bars=500),
    "stress": StressSpec(
        max_drawdown=1.0,
        max_loss=1.0,
        max_excess_drawdown=1.0,
        max_shock_loss=100.0,
        max_excess_recovery=1.0,
        min_trades=1,
        min_met=0.01,
        seeds=2,
    ),
    "drift": DriftSpec(
        critical_psi=1_000.0,
        critical_ks=1.0,
        recent_bars=80,
        minimum_psi=1_000.0,
        minimum_tails=1.0,
        minimum_brier=1.0,
    ),
    "gates": EASY,
    "as_of": datetime(2021, 12, 1, tzinfo=UTC),
}


def command_options(home: Path) -> list[str]:
    """The options of the command line that ask for the small night."""
    options: list[str] = ["--set", f"runtime.home={home}"]
    for table in ("market", "policy", "regimes", "risk", "depth", "stress", "gates", "drift"):
        spec = SMALL[table]
        blank = type(spec)()
        for name, value in spec.model_dump().items():
            if value != getattr(blank, name):
                options += ["--set", f"{table}.{name}={value}"]
    return options


RunNight = Callable[..., tuple[str, list[NightReport]]]


@pytest.fixture(scope="session")
def small_parameters() -> dict[str, Any]:
    return SMALL


@pytest.fixture(scope="session")
def small_options() -> Callable[[Path], list[str]]:
    return command_options


@pytest.fixture(scope="session")
def run_night(prefect_server: None) -> RunNight:
    """Run the nightly flow over a home folder, with changed parameters; the state's name and the reports."""
    from flows.nightly import nightly

    def run(home: Path, **changes: Any) -> tuple[str, list[NightReport]]:
        state: Any = nightly(**{**SMALL, "runtime": RuntimeSpec(home=str(home)), **changes}, return_state=True)
        return str(state.name), state.result(raise_on_failure=False)

    return run
