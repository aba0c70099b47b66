"""A night of the embedded market with default settings, up to its verdict, for campaigns that need many."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.support.nights import play_night
from trading.gates.verdict import Verdict
from trading.market.bars import Bars
from trading.model.model import TradingModel
from trading.night.artifacts import BACKTEST, BARS, MODEL, SPLITS, VERDICT
from trading.night.workspace import open_night
from trading.settings.models import MarketSpec, RuntimeSpec, SevengatesSettings
from trading.splits import Splits

AS_OF = "2026-11-20"


@dataclass(frozen=True, eq=False)
class JudgedNight:
    """What a night made, and what the gates said."""

    bars: Bars
    splits: Splits
    model: TradingModel
    verdict: Verdict
    metrics: dict[str, float]


def judged_night(folder: Path, source: str, *, as_of: str = AS_OF) -> JudgedNight:
    """Run the stages of one symbol's night up to the verdict, with default settings."""
    settings = SevengatesSettings(market=MarketSpec(source=source), runtime=RuntimeSpec(home=str(folder)))
    night = open_night(settings, "SIM", as_of)
    played = play_night(night)
    measured = played.measured
    return JudgedNight(
        night.store.get(BARS, measured.bars_ref),
        night.store.get(SPLITS, measured.splits_ref),
        night.store.get(MODEL, measured.model_ref),
        night.store.get(VERDICT, played.judged.verdict_ref),
        night.store.get(BACKTEST, measured.backtest_ref).metrics,
    )
