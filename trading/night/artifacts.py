"""Every kind of artifact that a night keeps in the store, and how each lies there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from trading.arrays import Floats, Ints
from trading.canonical import canonical_json, parse_json
from trading.checks.evidence import CheckEvidence, Evidence, LiveRecord, read_evidence
from trading.checks.table import CHECKS
from trading.checks.trials import Trials
from trading.checks.walk_forward import FoldTrack
from trading.gates.verdict import Verdict, read_verdict
from trading.market.bars import COLUMNS, FUNDING, Bars
from trading.model.model import TradingModel, model_from
from trading.model.spec import ModelSpec
from trading.splits import Splits
from trading.steps.policy import Layers
from trading.store import Kind, Ref
from trading.store.kind import (
    decode_arrays,
    decode_record,
    encode_arrays,
    encode_record,
    json_kind,
    typed_kind,
)
from trading.values import Measured

Features = Floats
"""Feature vectors of every bar, shape (n, FEATURES)."""
Report = dict[str, Any]
"""JSON data for people, about what a stage saw."""
Policies = tuple[Layers, ...]
"""The trained policy of every seed, in the order of the seeds."""
Folds = tuple[FoldTrack, ...]
"""What the walk-forward folds earned, in time order."""
BundleFiles = dict[str, Ref[bytes]]
"""The files of a bundle by name."""


@dataclass(frozen=True, eq=False)
class BacktestRecord:
    """A backtest of the test split.

    Attributes:
        metrics: by name, see :mod:`trading.simulation.metrics`.
        trades: the trade ledger.
        ledger_sha256: its digest.
        ts: open of every traded bar, UTC milliseconds.
        equity: at the close of each.
    """

    metrics: dict[str, float]
    trades: list[dict[str, Any]]
    ledger_sha256: str
    ts: Ints
    equity: Floats


@dataclass(frozen=True, eq=False)
class ComparisonRecord:
    """Champion and candidate on the same bars.

    Attributes:
        version: the champion's.
        bundle_digest: of the champion.
        champion: its metrics on the candidate's test split.
        candidate: the candidate's metrics.
        regimes: which regime of the champion each of the candidate's is nearest to.
        ts: open of every traded bar, UTC milliseconds.
        equity: the champion's at the close of each.
        outcomes: one character for each of the champion's trades: 1 gained, 0 did not.
    """

    version: int
    bundle_digest: str
    champion: dict[str, float]
    candidate: dict[str, float]
    regimes: dict[str, Any]
    ts: Ints
    equity: Floats
    outcomes: str


def numbers(metrics: Mapping[str, float]) -> dict[str, float | str]:
    """Metrics as JSON: NaN and infinity become text, which ``float`` reads back.

    Args:
        metrics: by name.
    """
    return {name: value if math.isfinite(value) else str(value) for name, value in metrics.items()}


def metrics_of(data: Mapping[str, float | str]) -> dict[str, float]:
    """What :func:`numbers` wrote, as numbers again.

    Args:
        data: by name.
    """
    return {name: float(value) for name, value in data.items()}


def _encode_bars(bars: Bars) -> bytes:
    # Symbol and interval travel with the numbers.
    symbol = np.frombuffer(bars.symbol.encode(), dtype=np.uint8)
    columns = {column: getattr(bars, column) for column in COLUMNS}
    if bars.funding is not None:
        columns[FUNDING] = bars.funding
    return encode_arrays({"symbol": symbol, "interval": np.array([bars.interval]), "ts": bars.ts, **columns})


def _decode_bars(data: bytes) -> Bars:
    arrays = decode_arrays(data)
    return Bars(
        symbol=arrays["symbol"].tobytes().decode(),
        interval=int(arrays["interval"][0]),
        ts=arrays["ts"],
        funding=arrays.get(FUNDING),
        **{column: arrays[column] for column in COLUMNS},
    )


def _encode_model(model: TradingModel) -> bytes:
    return encode_record(model.spec.model_dump(mode="json"), model.arrays())


def _decode_model(data: bytes) -> TradingModel:
    spec, arrays = decode_record(data)
    return model_from(ModelSpec.model_validate(spec), arrays)


def _encode_backtest(record: BacktestRecord) -> bytes:
    values = {
        "metrics": numbers(record.metrics),
        "trades": record.trades,
        "ledger_sha256": record.ledger_sha256,
    }
    return encode_record(values, {"ts": record.ts, "equity": record.equity})


def _decode_backtest(data: bytes) -> BacktestRecord:
    values, arrays = decode_record(data)
    return BacktestRecord(
        metrics=metrics_of(values["metrics"]),
        trades=values["trades"],
        ledger_sha256=values["ledger_sha256"],
        ts=arrays["ts"],
        equity=arrays["equity"],
    )


def _encode_comparison(record: ComparisonRecord) -> bytes:
    values = {
        "version": record.version,
        "bundle_digest": record.bundle_digest,
        "champion": numbers(record.champion),
        "candidate": numbers(record.candidate),
        "regimes": record.regimes,
        "outcomes": record.outcomes,
    }
    return encode_record(values, {"ts": record.ts, "equity": record.equity})


def _decode_comparison(data: bytes) -> ComparisonRecord:
    values, arrays = decode_record(data)
    return ComparisonRecord(
        version=values["version"],
        bundle_digest=values["bundle_digest"],
        champion=metrics_of(values["champion"]),
        candidate=metrics_of(values["candidate"]),
        regimes=values["regimes"],
        ts=arrays["ts"],
        equity=arrays["equity"],
        outcomes=values["outcomes"],
    )


def _encode_policies(policies: Policies) -> bytes:
    arrays = {
        f"{number}.{name}": array for number, layers in enumerate(policies) for name, array in layers._asdict().items()
    }
    return encode_record({"policies": len(policies)}, arrays)


def _decode_policies(data: bytes) -> Policies:
    values, arrays = decode_record(data)
    return tuple(
        Layers(**{name: arrays[f"{number}.{name}"] for name in Layers._fields}) for number in range(values["policies"])
    )


def _encode_folds(folds: Folds) -> bytes:
    values = [
        {"splits": fold.splits.model_dump(mode="json"), "initial": fold.initial, "trades": fold.trades}
        for fold in folds
    ]
    arrays = {f"{number}.equity": fold.equity for number, fold in enumerate(folds)}
    arrays |= {f"{number}.seeds": fold.seeds for number, fold in enumerate(folds)}
    return encode_record({"folds": values}, arrays)


def _decode_folds(data: bytes) -> Folds:
    values, arrays = decode_record(data)
    return tuple(
        FoldTrack(
            splits=Splits.model_validate(value["splits"]),
            equity=arrays[f"{number}.equity"],
            initial=value["initial"],
            trades=value["trades"],
            seeds=arrays[f"{number}.seeds"],
        )
        for number, value in enumerate(values["folds"])
    )


def check_kind(name: str) -> Kind[CheckEvidence]:
    """What one check measured.

    Args:
        name: a row of :data:`trading.checks.table.CHECKS`.
    """
    return typed_kind(name, CHECKS[name].evidence)


def _encode_measured(value: Measured) -> bytes:
    return canonical_json(value.as_json())


BARS: Kind[Bars] = Kind("bars", _encode_bars, _decode_bars)
FEATURES: Kind[Features] = Kind(
    "features", lambda values: encode_arrays({"values": values}), lambda data: decode_arrays(data)["values"]
)
SPLITS: Kind[Splits] = typed_kind("splits", Splits)
MODEL: Kind[TradingModel] = Kind("model", _encode_model, _decode_model)
BACKTEST: Kind[BacktestRecord] = Kind("backtest", _encode_backtest, _decode_backtest)
POLICIES: Kind[Policies] = Kind("policies", _encode_policies, _decode_policies)
FOLDS: Kind[Folds] = Kind("folds", _encode_folds, _decode_folds)
TRIALS: Kind[Trials] = typed_kind("trials", Trials)
LIVE_RECORD: Kind[LiveRecord] = typed_kind("live-record", LiveRecord)
EVIDENCE: Kind[Evidence] = Kind("evidence", _encode_measured, lambda data: read_evidence(parse_json(data)))
VERDICT: Kind[Verdict] = Kind("verdict", _encode_measured, lambda data: read_verdict(parse_json(data)))
COMPARISON: Kind[ComparisonRecord] = Kind("comparison", _encode_comparison, _decode_comparison)
LOAD_REPORT: Kind[Report] = json_kind("load-report")
FIT_REPORT: Kind[Report] = json_kind("fit-report")
POLICY_REPORT: Kind[Report] = json_kind("policy-report")
BUNDLE_FILE = "bundle-file"
"""The kind of a single file of a bundle, kept as its bytes."""
BUNDLE: Kind[BundleFiles] = typed_kind("bundle", BundleFiles)
