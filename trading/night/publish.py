"""Publishing a candidate: its bundle in the store, its version in MLflow, or its folder."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from typing import Any

from trading.checks.evidence import read_evidence
from trading.checks.table import CHECKS
from trading.market.bars import Bars
from trading.night.evidence import Judged, backtest_metrics
from trading.night.plan import Champion, NightPlan
from trading.night.records import get_model, get_splits
from trading.settings.models import RuntimeSpec, Spec
from trading.splits import SPLITS, Splits
from trading.store import Ref, Store


class Bundled(Spec):
    """A bundle in the store: its digest, and the JSON that names each of its files."""

    digest: str
    files: Ref


def bundle(
    store: Store,
    *,
    plan: NightPlan,
    bars: Ref,
    splits: Ref,
    model: Ref,
    judged: Judged,
    champion: Champion | None,
) -> Bundled:
    """Put model, lineage, evidence, verdict and card together under one digest.

    Nothing that differs between two runs of the same night enters: no clock, path, host or registry number.
    """
    from trading.model.bundle import MANIFEST, bundle_files
    from trading.model.lineage import Lineage, library_versions
    from trading.reports.card import model_card

    evidence, verdict = store.get_json(judged.evidence), store.get_json(judged.verdict)
    moments = _split_moments(store.get_bars(bars), get_splits(store, splits))
    lineage = Lineage(
        symbol=plan.symbol,
        interval=plan.settings.market.interval,
        source=plan.source_label,
        as_of_ms=plan.as_of_ms,
        parent_digest=champion.bundle_digest if champion else None,
        data={"source": plan.source, "bars": bars.digest, "splits": splits.digest},
        ranges={name: (first, last) for name, (first, last, _) in moments.items()},
        code=plan.code,
        seeds=plan.seeds,
        libraries=library_versions(),
    )
    candidate = get_model(store, model)
    card = model_card(candidate, lineage, evidence, verdict, moments)
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
    from trading.registry.adapter import open_registry
    from trading.registry.records import Dataset

    registry = open_registry(runtime)
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
            max_jump=plan.settings.market.max_jump,
            figures=night_figures(store, bars=bars, splits=splits, model=model, backtest=backtest, judged=judged),
        )


def bundle_bytes(store: Store, bundled: Bundled) -> dict[str, bytes]:
    """Every file of a bundle by name."""
    listing = store.get_json(bundled.files)
    return {name: store.get(Ref.model_validate(ref)) for name, ref in listing.items()}


def write_bundle_folder(store: Store, root: Path, bundled: Bundled) -> Path:
    """Write a bundle of the store to a folder named by its digest."""
    from trading.model.bundle import write_files

    return write_files(root / bundled.digest, bundle_bytes(store, bundled)).folder


def _measured(store: Store, backtest: Ref, judged: Judged) -> dict[str, float]:
    """Numbers for MLflow; it has no place for those that are not finite."""
    evidence = read_evidence(store.get_json(judged.evidence))
    found: dict[str, float | int | None] = dict(backtest_metrics(store, backtest))
    for check in CHECKS.values():
        found |= evidence.section(check.evidence).numbers()
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
