"""Last stages of a night: the bundle, its registration, the comparison with the champion, and the promotion."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from trading.codes import ReasonCode
from trading.config import RuntimeSpec, Spec
from trading.errors import RegistryError
from trading.gates.evidence import Evidence, LiveRecord
from trading.gates.verdict import Verdict
from trading.locations import locations
from trading.market.bars import Bars
from trading.night.evidence import Judged, backtest_metrics
from trading.night.fit import match_regimes
from trading.night.plan import Champion, NightOutcome, NightPlan, Pin
from trading.night.records import get_model, get_record, get_splits, metrics_of, numbers, put_model, put_record
from trading.splits import SPLITS, Splits
from trading.store import Ref, Store

if TYPE_CHECKING:
    from trading.registry.adapter import MlflowRegistry
    from trading.registry.ledger import Entry, Ledger

MOST_CONFLICTS = 5


class Bundled(Spec):
    """A bundle in the store: its digest, and the JSON that names each of its files."""

    digest: str
    files: Ref


def open_ledger(runtime: RuntimeSpec) -> Ledger:
    """The promotion ledger the settings name."""
    from trading.registry.ledger import Ledger

    return Ledger(locations(runtime).ledger)


def pin(store: Store, runtime: RuntimeSpec, model: str, as_of_ms: int) -> Pin:
    """The champion that a night begins with, its model in the store; changes made by hand in MLflow count or go first.

    Args:
        store: receives the champion's model.
        runtime: names ledger and registry.
        model: registered model of the night.
        as_of_ms: what the champion traded later does not count.

    Raises:
        RegistryError: if the bundle in Production is not what the ledger says.
    """
    from trading.registry.mirror import reconcile

    ledger = open_ledger(runtime)
    if not ledger.history(model):
        return Pin()
    registry = _registry(runtime)
    reconcile(registry, ledger, model)
    entry = ledger.current(model)
    if entry is None:
        return Pin()
    bundle = registry.bundle(model, entry.version, expected_digest=entry.bundle)
    champion = Champion(version=entry.version, bundle_digest=entry.bundle, model=put_model(store, bundle.model))
    record = _live_record(runtime, entry.bundle, as_of_ms)
    return Pin(champion=champion, live=None if record is None else store.put_json("live-record", record.as_json()))


def bundle(
    store: Store,
    *,
    plan: NightPlan,
    bars: Ref,
    splits: Ref,
    model: Ref,
    backtest: Ref,
    judged: Judged,
    champion: Champion | None,
) -> Bundled:
    """Put model, lineage, evidence, verdict and card together under one digest.

    Nothing that differs between two runs of the same night enters: no clock, path, host or registry number.
    """
    from trading.registry.bundle import MANIFEST, bundle_files
    from trading.registry.card import model_card
    from trading.registry.lineage import Lineage, library_versions

    evidence, verdict = store.get_json(judged.evidence), store.get_json(judged.verdict)
    lineage = Lineage(
        symbol=plan.symbol,
        interval=plan.settings.market.interval,
        source=plan.source_label,
        as_of_ms=plan.as_of_ms,
        parent_digest=champion.bundle_digest if champion else None,
        data={"source": plan.source, "bars": bars.digest, "splits": splits.digest},
        code=plan.code,
        seeds=plan.seeds,
        libraries=library_versions(),
    )
    candidate = get_model(store, model)
    card = model_card(
        candidate, lineage, evidence, verdict, _split_moments(store.get_bars(bars), get_splits(store, splits))
    )
    refs = {
        name: store.put("bundle-file", data)
        for name, data in bundle_files(candidate, lineage, evidence, verdict, card).items()
    }
    listing = {name: ref.model_dump() for name, ref in refs.items()}
    return Bundled(digest=refs[MANIFEST].digest, files=store.put_json("bundle", listing))


def register(
    store: Store,
    runtime: RuntimeSpec,
    *,
    plan: NightPlan,
    bundled: Bundled,
    bars: Ref,
    splits: Ref,
    model: Ref,
    backtest: Ref,
    judged: Judged,
) -> int:
    """Log the night in MLflow and return the version; a bundle that is registered keeps its version."""
    from trading.night.pictures import night_figures
    from trading.registry.records import Dataset

    registry = _registry(runtime)
    for known in registry.versions(plan.model):
        if known.bundle_digest == bundled.digest:
            return known.version
    with tempfile.TemporaryDirectory() as scratch:
        return registry.log_night(
            plan.model,
            write_bundle_folder(store, Path(scratch), bundled),
            metrics=_measured(store, backtest, judged),
            params=_parameters(plan),
            datasets=[Dataset(name=f"{plan.symbol}-bars", digest=bars.digest, source=plan.settings.market.source)],
            figures=night_figures(store, bars=bars, splits=splits, model=model, backtest=backtest, judged=judged),
        )


def promote(
    store: Store,
    runtime: RuntimeSpec,
    *,
    plan: NightPlan,
    bundled: Bundled,
    version: int,
    bars: Ref,
    splits: Ref,
    model: Ref,
    backtest: Ref,
    judged: Judged,
    pinned: Pin,
) -> NightOutcome:
    """Compare with the champion of this moment on the same bars, decide, and write the decision to the ledger.

    If Production changes while this is decided, it is decided again against the new champion. A night that was killed
    after its promotion finds its own version in Production and finishes.

    Raises:
        RegistryError: ``PROMOTION_CONFLICT`` if Production keeps changing.
    """
    from trading.registry.promotion import apply_decision, decide_promotion

    registry, ledger = _registry(runtime), open_ledger(runtime)
    judgement = Verdict.model_validate(store.get_json(judged.verdict))
    candidate = backtest_metrics(store, backtest)
    conflicts = 0
    while True:
        epoch = ledger.epoch(plan.model)
        current = ledger.current(plan.model)
        if current is not None and (current.version, current.bundle) == (version, bundled.digest):
            champion = pinned.champion
        else:
            champion = _champion(store, registry, plan.model, current, pinned)
        comparison = compare(store, bars=bars, splits=splits, model=model, backtest=backtest, champion=champion)
        decision = decide_promotion(
            judgement,
            candidate["sharpe"],
            champion.version if champion else None,
            _sharpe(store, comparison),
            plan.settings.promotion.min_improvement,
        )
        try:
            apply_decision(registry, ledger, plan.model, version, decision, expected_epoch=epoch)
            break
        except RegistryError as error:
            conflicts += 1
            if error.code is not ReasonCode.PROMOTION_CONFLICT or conflicts == MOST_CONFLICTS:
                raise
    return NightOutcome(
        symbol=plan.symbol,
        interval=plan.settings.market.interval,
        as_of_ms=plan.as_of_ms,
        status=_STATUS[decision.action],
        model=plan.model,
        version=version,
        bundle_digest=bundled.digest,
        bundle=bundled.files,
        backtest=backtest,
        evidence=judged.evidence,
        verdict=judged.verdict,
        comparison=comparison,
        code=decision.code,
        reason=decision.reason,
        paper_only=decision.paper_only,
        champion=champion.version if champion else None,
    )


def operator_promote(runtime: RuntimeSpec, model: str, version: int, *, reason: str, actor: str) -> Entry:
    """Put an approved version into Production because a person asks for it."""
    from trading.registry import promotion

    return promotion.promote(_registry(runtime), open_ledger(runtime), model, version, reason=reason, actor=actor)


def operator_rollback(runtime: RuntimeSpec, model: str, to: int | None, *, reason: str, actor: str) -> Entry:
    """Put an earlier Production version back because a person asks for it."""
    from trading.registry import promotion

    return promotion.rollback(_registry(runtime), open_ledger(runtime), model, to, reason=reason, actor=actor)


def compare(
    store: Store, *, bars: Ref, splits: Ref, model: Ref, backtest: Ref, champion: Champion | None
) -> Ref | None:
    """Trade the champion over the candidate's test bars at the candidate's costs, and match the regimes of both.

    None if there is no champion.
    """
    from trading.simulation.backtest import run_backtest

    if champion is None:
        return None
    held, part = get_model(store, champion.model), get_splits(store, splits).test
    costs = get_model(store, model).spec.costs
    held = replace(held, spec=held.spec.model_copy(update={"costs": costs}))
    result = run_backtest(held, store.get_bars(bars), part.start, part.stop)
    data = {
        "version": champion.version,
        "bundle_digest": champion.bundle_digest,
        "champion": numbers(result.metrics),
        "candidate": numbers(backtest_metrics(store, backtest)),
        "regimes": match_regimes(get_model(store, model), held),
    }
    return put_record(store, "comparison", data, {"ts": result.ts, "equity": result.equity})


def bundle_bytes(store: Store, bundled: Bundled) -> dict[str, bytes]:
    """Every file of a bundle by name."""
    listing = store.get_json(bundled.files)
    return {name: store.get(Ref.model_validate(ref)) for name, ref in listing.items()}


def write_bundle_folder(store: Store, root: Path, bundled: Bundled) -> Path:
    """Write a bundle of the store to a folder named by its digest."""
    from trading.registry.bundle import write_files

    return write_files(root / bundled.digest, bundle_bytes(store, bundled)).folder


_STATUS: Mapping[str, Literal["promoted", "staged", "rejected"]] = {
    "production": "promoted",
    "staging": "staged",
    "rejected": "rejected",
}


def _live_record(runtime: RuntimeSpec, bundle_digest: str, as_of_ms: int) -> LiveRecord | None:
    """The longest record that any runner's journal holds of a model, up to a moment."""
    from trading.live.record import live_record
    from trading.live.status import journals

    found = [
        live_record(journal, digest=bundle_digest, until_ms=as_of_ms) for journal in journals(locations(runtime).live)
    ]
    records = [record for record in found if record is not None]
    return max(records, key=lambda record: record.bars or 0, default=None)


def _registry(runtime: RuntimeSpec) -> MlflowRegistry:
    from trading.registry.adapter import open_registry

    return open_registry(runtime)


def _champion(
    store: Store, registry: MlflowRegistry, model: str, current: Entry | None, pinned: Pin
) -> Champion | None:
    """The champion of this moment: mostly the one the night began with."""
    if current is None:
        return None
    known = pinned.champion
    if known is not None and (known.version, known.bundle_digest) == (current.version, current.bundle):
        return known
    bundle = registry.bundle(model, current.version, expected_digest=current.bundle)
    return Champion(version=current.version, bundle_digest=current.bundle, model=put_model(store, bundle.model))


def _sharpe(store: Store, comparison: Ref | None) -> float | None:
    return None if comparison is None else metrics_of(get_record(store, comparison)[0]["champion"])["sharpe"]


def _measured(store: Store, backtest: Ref, judged: Judged) -> dict[str, float]:
    """Numbers for MLflow; it has no place for those that are not finite."""
    evidence = Evidence.model_validate(store.get_json(judged.evidence))
    found: dict[str, float | int | None] = dict(backtest_metrics(store, backtest))
    if evidence.calibration is not None:
        found |= {"brier": evidence.calibration.brier, "ece": evidence.calibration.ece}
    if evidence.drift is not None:
        found |= {"mean_psi": evidence.drift.mean_psi, "max_psi": evidence.drift.max_psi}
    for check in evidence.stress:
        if isinstance(check.observed, float):
            found[f"stress.{check.name}.max_drawdown"] = check.observed
    return {name: float(value) for name, value in found.items() if value is not None and math.isfinite(value)}


def _parameters(plan: NightPlan) -> dict[str, Any]:
    values = plan.settings.model_dump(mode="json", exclude={"live", "runtime"})
    return {**values, "seed": plan.seed, "as_of_ms": plan.as_of_ms}


def _split_moments(bars: Bars, splits: Splits) -> dict[str, tuple[int, int, int]]:
    """By split: when its first bar opens and its last closes, UTC milliseconds, and its number of bars."""
    parts = {name: splits.part(name) for name in SPLITS}
    return {
        name: (int(bars.ts[part.start]), int(bars.ts[part.stop - 1]) + bars.interval, part.size)
        for name, part in parts.items()
    }
