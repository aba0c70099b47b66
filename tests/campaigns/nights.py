"""A night up to its verdict, without Prefect and without a registry, for campaigns that need many."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from envs.vectorised import LaneVecEnv
from trading.checks.check import Part
from trading.checks.table import CHECKS
from trading.gates.verdict import Verdict, read_verdict
from trading.market.bars import Bars
from trading.model.model import TradingModel
from trading.night import data, evidence, fit
from trading.night.plan import plan_night
from trading.night.records import get_model, get_splits
from trading.settings.models import MarketSpec, SevengatesSettings
from trading.splits import Splits
from trading.store import Ref, Store

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
    settings = SevengatesSettings(market=MarketSpec(source=source))
    plan = plan_night(settings, "SIM", as_of)
    store, use = Store(folder), plan.settings
    bars = data.load(
        store, market=use.market, symbol="SIM", as_of_ms=plan.as_of_ms, quarantine=folder / "quarantine"
    ).bars
    features = data.features(store, bars=bars, spec=use.features)
    splits = data.splits(
        store,
        bars=bars,
        shares=use.splits,
        features=use.features,
        policy=use.policy,
        costs=use.costs,
        calibration=use.calibration,
    )
    fitted = fit.fit_regimes(
        store,
        bars=bars,
        features=features,
        splits=splits,
        feature_spec=use.features,
        regimes=use.regimes,
        policy=use.policy,
        costs=use.costs,
        risk=use.risk,
        calibration=use.calibration,
        seed=plan.seed_for("regimes"),
    )
    trained = fit.train_policy(
        store,
        bars=bars,
        splits=splits,
        model=fitted.model,
        spec=use.policy,
        symbol="SIM",
        seed=plan.seed_for("policy"),
        make_environment=LaneVecEnv,
        workers=2,
    )
    tested = evidence.backtest_candidate(store, bars=bars, splits=splits, model=trained.model)
    parts: dict[Part, Ref] = {
        "bars": bars,
        "features": features,
        "splits": splits,
        "model": trained.model,
        "fit_report": fitted.report,
    }
    measured = {
        name: evidence.measure_candidate(
            store, inputs=evidence.check_inputs(check, parts=parts, settings=use, seed_for=plan.seed_for)
        )
        for name, check in CHECKS.items()
    }
    judged = evidence.judge_candidate(
        store, symbol="SIM", inputs={}, backtest=tested, checks=measured, live=None, gates=use.gates
    )
    return JudgedNight(
        store.get_bars(bars),
        get_splits(store, splits),
        get_model(store, trained.model),
        read_verdict(store.get_json(judged.verdict)),
        evidence.backtest_metrics(store, tested),
    )
