"""A night up to its verdict, without Prefect and without a registry, for campaigns that need many."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from envs.vectorised import LaneVecEnv
from trading.gates.verdict import Verdict
from trading.market.bars import Bars
from trading.model.model import TradingModel
from trading.night import data, evidence, fit
from trading.night.artifacts import BACKTEST, BARS, MODEL, SPLITS, VERDICT
from trading.night.outcome import JudgedEvidence, Measurements
from trading.night.workspace import Night, open_night
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
    measured, judged = judge(night)
    return JudgedNight(
        night.store.get(BARS, measured.bars_ref),
        night.store.get(SPLITS, measured.splits_ref),
        night.store.get(MODEL, measured.model_ref),
        night.store.get(VERDICT, judged.verdict_ref),
        night.store.get(BACKTEST, measured.backtest_ref).metrics,
    )


def judge(night: Night) -> tuple[Measurements, JudgedEvidence]:
    """Train a candidate, measure it and ask the gates, stage by stage."""
    bars = data.load_bars(night).bars_ref
    features = data.compute_features(night, bars)
    splits = data.make_splits(night, bars)
    regimes = fit.fit_regimes(night, bars, features, splits)
    model = fit.train_policy(night, bars, splits, regimes.model_ref, make_environment=LaneVecEnv).model_ref
    measured = Measurements(
        bars_ref=bars,
        splits_ref=splits,
        model_ref=model,
        backtest_ref=evidence.run_backtest(night, bars, splits, model),
        stress_ref=evidence.run_stress(night, bars, splits, model),
        leakage_ref=evidence.check_leakage(night, bars, features, splits),
        drift_ref=evidence.measure_drift(night, features, splits),
        calibration_ref=evidence.measure_calibration(night, bars, splits, model, regimes.report_ref),
        live_ref=None,
    )
    return measured, evidence.judge_candidate(night, measured)
