"""Golden nights: every number of seven nights of release 0.1, and whether a night of today has the same ones.

A golden file names its night (source, symbol, interval, moment, settings that differ from the defaults) and holds what
the release measured: arrays and equity by SHA-256, ledgers by digest, and all other numbers as they are. What this
release calls otherwise is named here; no number is ever changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tests.support.nights import Played, play_night
from trading.arrays import Floats
from trading.checks.stress import StressEvidence, run_stress
from trading.checks.upgrades import upgraded_evidence
from trading.gates.upgrades import upgraded_verdict
from trading.model.model import TradingModel
from trading.night.artifacts import BACKTEST, BARS, EVIDENCE, FIT_REPORT, MODEL, POLICY_REPORT, SPLITS, VERDICT, numbers
from trading.night.workspace import Night, open_night
from trading.settings.models import SevengatesSettings
from trading.simulation.backtest import BacktestResult

FOLDER = Path(__file__).resolve().parents[1] / "golden"
NIGHTS = tuple(sorted(path.stem for path in FOLDER.glob("*.json")))

_ENGINE_ARRAYS = ("startprob", "transmat", "means", "covars")
_POLICY_ARRAYS = ("w0", "b0", "w1", "b1", "w2", "b2")
ARRAYS = {
    "scaler_mean": "scaler.mean",
    "scaler_std": "scaler.deviation",
    "calibrator_x": "calibrator.x",
    "calibrator_y": "calibrator.y",
    **{name: f"engine.{name}" for name in _ENGINE_ARRAYS},
    **{name: f"policy.{name}" for name in _POLICY_ARRAYS},
}
"""Names of a model's arrays: of release 0.1, and of this one."""


def golden(name: str) -> dict[str, Any]:
    """What release 0.1 measured of a night.

    Args:
        name: one of :data:`NIGHTS`.
    """
    return json.loads((FOLDER / f"{name}.json").read_text())


def of_market_data(name: str) -> bool:
    """Whether a night trades a file of the market data folder, and not the embedded market."""
    return not golden(name)["night"]["source"].startswith("sim:")


def differences(name: str, home: Path, market_data: Path | None = None) -> dict[str, tuple[str, str]]:
    """Run a golden night again: every number that differs, by its place, as release 0.1 had it and as it is now.

    Args:
        name: one of :data:`NIGHTS`.
        home: run-time state of the night.
        market_data: folder of the file that it trades.
    """
    known = golden(name)
    night = _night(known["night"], home, market_data)
    expected, found = dict(leaves(_renamed(known))), dict(leaves(_measured(night, play_night(night))))
    places = [*expected, *(place for place in found if place not in expected)]
    pairs = {place: (expected.get(place, "nothing"), found.get(place, "nothing")) for place in places}
    return {place: pair for place, pair in pairs.items() if pair[0] != pair[1]}


def leaves(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Every value under its place; numbers in hexadecimal, so that equal means equal to the last bit."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from leaves(item, f"{place}/{name}")
    elif isinstance(value, list | tuple):
        yield f"{place}/length", str(len(value))
        for number, item in enumerate(value):
            yield from leaves(item, f"{place}/{number}")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield place, float(value).hex()
    else:
        yield place, repr(value)


def _night(known: Mapping[str, Any], home: Path, market_data: Path | None) -> Night:
    source = known["source"] if market_data is None else str(market_data / known["source"])
    market = {"source": source, "symbols": [known["symbol"]], "interval": known["interval"]}
    tables = {table: dict(values) for table, values in known["settings"].items()}
    tables["market"] = {**tables.get("market", {}), **market}
    tables["runtime"] = {**tables.get("runtime", {}), "home": str(home)}
    return open_night(SevengatesSettings.model_validate(tables), known["symbol"], str(known["as_of_ms"]))


def _renamed(known: Mapping[str, Any]) -> dict[str, Any]:
    """A golden file in the words and schemas of today."""
    report = known["regime_report"]
    return {
        "splits": known["splits"],
        "arrays": {ARRAYS[name]: array for name, array in known["arrays"].items()},
        "fit_report": {"engine": report["regimes"], "calibrator": report["calibrator"]},
        "policy_report": known["policy_report"],
        "backtest": known["backtest"],
        "stress": known["stress"],
        "evidence": _without(upgraded_evidence({**known["evidence"], "inputs": {}}), "inputs"),
        "verdict": _without(upgraded_verdict({**known["verdict"], "evidence_digest": ""}), "evidence_digest"),
    }


def _measured(night: Night, played: Played) -> dict[str, Any]:
    """The same of a night of today."""
    store, measured, judged = night.store, played.measured, played.judged
    model, report = store.get(MODEL, measured.model_ref), store.get(POLICY_REPORT, played.trained.report_ref)
    backtest, splits = store.get(BACKTEST, measured.backtest_ref), store.get(SPLITS, measured.splits_ref)
    as_json, part = store.get(EVIDENCE, judged.evidence_ref).as_json(), splits.test
    scenarios: dict[str, BacktestResult] = {}
    base, stressed = run_stress(
        model,
        store.get(BARS, measured.bars_ref),
        part.start,
        part.stop,
        spec=night.settings.stress,
        seed=night.plan.seeds["stress"],
        look=scenarios.__setitem__,
    )
    # Ledger and equity of a scenario are not kept; these are of the runs whose judgement the evidence holds.
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
            {"name": one.name, "check": check, **_traded(scenarios[one.name])}
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
