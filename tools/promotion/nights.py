"""One night of the campaign: its stages up to the verdict, and the row that is kept of it."""

from __future__ import annotations

import math
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.support.nights import play_night
from tests.support.plugins import installed
from tools.promotion.markets import AS_OF, EDGES, NULLS, RIDER, SYMBOL, write_bars
from trading.engines.stream import compute_signals
from trading.errors import SevengatesError
from trading.gates.verdict import Verdict
from trading.market.bars import Bars
from trading.model.model import TradingModel
from trading.night import fit
from trading.night.artifacts import BACKTEST, BARS, MODEL, POLICIES, POLICY_REPORT, SPLITS, VERDICT
from trading.night.workspace import Night, open_night
from trading.settings.models import RuntimeSpec
from trading.splits import Splits
from trading.store import Ref
from trading.training.jobs import MakeEnvironment

PACKAGES = Path(__file__).resolve().parents[2] / "var" / "promotion" / "packages"
"""Where the riders' engine lies: a process reads its code from there for as long as it lives."""

MOST_NIGHTS = 5
"""Nights in a row that a market with an edge has to get a candidate approved."""

_RIDER = '''\
"""An engine without timing: always long, with one confidence."""

from trading.engines.base import Engine, EngineOptions, Opinion


class Rider(Engine):
    """Long on every bar."""

    Options = EngineOptions
    tag = "rider_v1"

    @classmethod
    def lookback(cls, options):
        return 1

    def on_bar(self, bar, features):
        return Opinion(1, confidence=0.6)
'''


def played(kind: str, number: int, real: Bars) -> dict[str, Any]:
    """Run one market of a kind, and say what came of it.

    A night whose engine gives no decision on the test split is judged with an empty policy: the policy would never be
    asked. A market with an edge is tried night after night until one candidate is approved.

    Args:
        kind: of :data:`~tools.promotion.markets.NULLS` or :data:`~tools.promotion.markets.EDGES`.
        number: of the market.
        real: bars that some kinds draw from.
    """
    began = time.perf_counter()
    nights = MOST_NIGHTS if kind in EDGES else 1
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as home, riders(PACKAGES):
        settings = {**NULLS, **EDGES}[kind](number, real, write_bars(Path(home)))
        settings = settings.model_copy(update={"runtime": RuntimeSpec(home=str(Path(home) / "home"))})
        from_file = not settings.market.source.startswith("sim:")
        for later in range(nights):
            moment = None if from_file else AS_OF + timedelta(days=later)
            try:
                rows.append(_judged(open_night(settings, SYMBOL, moment)))
            except SevengatesError as error:
                rows.append(_refused(str(error.code)))
            if rows[-1]["decision"] == "APPROVED":
                break
    return {"kind": kind, "number": number, "nights": rows, "seconds": round(time.perf_counter() - began, 1)}


@contextmanager
def riders(folder: Path) -> Iterator[None]:
    """Let the engine of the riders be found like that of an installed package.

    Args:
        folder: where its package is written.
    """
    if not folder.exists():
        with tempfile.TemporaryDirectory() as scratch:
            made = Path(scratch) / "packages"
            made.mkdir()
            (made / "rider_engine.py").write_text(_RIDER)
            installed(made, "rider-engine", {"sevengates.engines": {RIDER: "rider_engine:Rider"}})
            # Another process may have been first, with the same files.
            shutil.copytree(made, folder, dirs_exist_ok=True)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


def _judged(night: Night) -> dict[str, Any]:
    made = play_night(night, train=_train)
    verdict: Verdict = night.store.get(VERDICT, made.judged.verdict_ref)
    metrics = night.store.get(BACKTEST, made.measured.backtest_ref).metrics
    shown = ("sharpe", "profit_factor", "win_rate", "max_drawdown", "total_return", "trades")
    return {
        "decision": verdict.decision,
        "traded": metrics["trades"] > 0,
        "failed": [gate.name for gate in verdict.failed],
        "codes": [f"{gate.name}.{rule.name}" for gate in verdict.gates for rule in gate.rules if _blocks(rule)],
        **{name: metrics[name] if math.isfinite(metrics[name]) else None for name in shown},
    }


def _refused(code: str) -> dict[str, Any]:
    """A night that ended before its gates were asked."""
    return {"decision": "REJECTED", "traded": False, "sharpe": None, "failed": [code], "codes": [code]}


def _train(
    night: Night,
    bars_ref: Ref[Bars],
    splits_ref: Ref[Splits],
    model_ref: Ref[TradingModel],
    *,
    make_environment: MakeEnvironment,
) -> fit.TrainedModel:
    store = night.store
    model, bars, test = store.get(MODEL, model_ref), store.get(BARS, bars_ref), store.get(SPLITS, splits_ref).test
    signals = compute_signals(model, bars.slice(0, test.stop)).slice(*test)
    if ((signals.direction != 0) & (signals.confidence >= model.spec.limits.min_confidence)).any():
        return fit.train_policy(night, bars_ref, splits_ref, model_ref, make_environment=make_environment)
    return fit.TrainedModel(
        model_ref=model_ref,
        report_ref=store.put(POLICY_REPORT, {"chosen": "idle", "policies": [], "fits": []}),
        policies_ref=store.put(POLICIES, ()),
    )


def _blocks(rule: Any) -> bool:
    return not rule.passed and rule.severity == "block"
