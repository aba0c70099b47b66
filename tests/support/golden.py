"""Golden nights: the accepted numbers of seven nights, and the numbers that they have now.

A file names its night (source, symbol, interval, moment, settings that differ from the defaults) and holds what was
accepted of it (:mod:`tests.support.accepted`): arrays and equity by SHA-256, ledgers by digest, and all other numbers
as they are. The first numbers were measured by release 0.1.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tests.support.accepted import Accepted, differences, leaves, read_accepted
from tests.support.nights import Played, play_night
from trading.arrays import Floats
from trading.checks.stress import StressEvidence, run_stress
from trading.model.model import TradingModel
from trading.night.artifacts import BACKTEST, BARS, EVIDENCE, FIT_REPORT, MODEL, POLICY_REPORT, SPLITS, VERDICT, numbers
from trading.night.workspace import Night, open_night
from trading.settings.models import SevengatesSettings
from trading.simulation.backtest import BacktestResult

FOLDER = Path(__file__).resolve().parents[1] / "golden"
NIGHTS = tuple(sorted(path.stem for path in FOLDER.glob("*.json")))


def file_of(name: str) -> Path:
    """Where a night's file lies.

    Args:
        name: one of :data:`NIGHTS`.
    """
    return FOLDER / f"{name}.json"


def golden(name: str) -> Accepted:
    """What was accepted of a night.

    Args:
        name: one of :data:`NIGHTS`.
    """
    return read_accepted(file_of(name))


def of_market_data(name: str) -> bool:
    """Whether a night trades a file of the market data folder, and not the embedded market.

    Args:
        name: one of :data:`NIGHTS`.
    """
    return not golden(name).about["night"]["source"].startswith("sim:")


def measured_night(name: str, home: Path, market_data: Path | None = None) -> dict[str, Any]:
    """Run a golden night and measure it.

    Args:
        name: one of :data:`NIGHTS`.
        home: run-time state of the night.
        market_data: folder of the file that it trades.
    """
    night = _night(golden(name).about["night"], home, market_data)
    return _measured(night, play_night(night))


def differences_of_night(name: str, home: Path, market_data: Path | None = None) -> dict[str, tuple[str, str]]:
    """Run a golden night again: every number that differs, by its place, as it was accepted and as it is now.

    Args:
        name: one of :data:`NIGHTS`.
        home: run-time state of the night.
        market_data: folder of the file that it trades.
    """
    return differences(golden(name).measured, measured_night(name, home, market_data))


def _night(known: Mapping[str, Any], home: Path, market_data: Path | None) -> Night:
    source = known["source"] if market_data is None else str(market_data / known["source"])
    market = {"source": source, "symbols": [known["symbol"]], "interval": known["interval"]}
    tables = {table: dict(values) for table, values in known["settings"].items()}
    tables["market"] = {**tables.get("market", {}), **market}
    tables["runtime"] = {**tables.get("runtime", {}), "home": str(home)}
    return open_night(SevengatesSettings.model_validate(tables), known["symbol"], str(known["as_of_ms"]))


def _measured(night: Night, played: Played) -> dict[str, Any]:
    store, measured, judged = night.store, played.measured, played.judged
    model, report = store.get(MODEL, measured.model_ref), store.get(POLICY_REPORT, played.trained.report_ref)
    backtest, splits = store.get(BACKTEST, measured.backtest_ref), store.get(SPLITS, measured.splits_ref)
    as_json, part = store.get(EVIDENCE, judged.evidence_ref).as_json(), splits.test
    draws: dict[tuple[str, int], BacktestResult] = {}
    base, stressed = run_stress(
        model,
        store.get(BARS, measured.bars_ref),
        part.start,
        part.stop,
        spec=night.settings.stress,
        seed=night.plan.seeds["stress"],
        look=lambda name, draw, run: draws.__setitem__((name, draw), run) if draw == 0 else None,
    )
    # Ledger and equity of a scenario are not kept; these are of the first of the draws that the evidence judges.
    checks = StressEvidence(results=tuple(stressed)).as_json()
    assert dict(leaves(checks)) == dict(leaves(as_json["checks"]["stress"]))
    assert base.ledger_sha256 == backtest.ledger_sha256
    return {
        "splits": splits.model_dump(mode="json"),
        "arrays": _arrays(model),
        "fit_report": store.get(FIT_REPORT, played.fitted.report_ref),
        "policy_report": {
            "chosen": report["chosen"],
            "policies": [{key: row[key] for key in ("name", "seed", "validation_score")} for row in report["policies"]],
        },
        "backtest": {
            "ledger_sha256": backtest.ledger_sha256,
            "metrics": numbers(backtest.metrics),
            "trades": len(backtest.trades),
            "equity_sha256": _sha256(backtest.equity),
        },
        "stress": [
            {"name": one.name, "check": check, **_traded(draws[one.name, 0])}
            for one, check in zip(stressed, as_json["checks"]["stress"]["results"], strict=True)
        ],
        "evidence": _without(as_json, "inputs"),
        "verdict": _without(store.get(VERDICT, judged.verdict_ref).as_json(), "evidence_digest"),
    }


def _traded(run: BacktestResult) -> dict[str, Any]:
    return {
        "ledger_sha256": run.ledger_sha256,
        "metrics": numbers(run.metrics),
        "trades": len(run.trades),
        "equity_sha256": _sha256(run.equity),
    }


def _arrays(model: TradingModel) -> dict[str, Any]:
    return {name: {"shape": list(array.shape), "sha256": _sha256(array)} for name, array in model.arrays().items()}


def _sha256(array: Floats) -> str:
    return hashlib.sha256(np.ascontiguousarray(array, dtype="<f8").tobytes()).hexdigest()


def _without(data: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key != name}
