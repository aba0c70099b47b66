"""Publishing a candidate: its bundle in the store, its version in MLflow, or its folder."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from typing import Any

from trading.canonical import parse_json
from trading.checks.table import CHECKS
from trading.market.bars import Bars
from trading.night.artifacts import (
    BACKTEST,
    BARS,
    BUNDLE,
    BUNDLE_FILE,
    EVIDENCE,
    MODEL,
    POLICY_REPORT,
    SPLITS,
    VERDICT,
)
from trading.night.manifest import FILE, MadeCandidate, NightManifest, write_manifest
from trading.night.outcome import Candidate, Champion, JudgedEvidence, Measurements, RegisteredCandidate
from trading.night.plan import NightPlan
from trading.night.reads import reads
from trading.night.services import registry_of
from trading.night.workspace import Night
from trading.splits import SPLITS as SPLIT_NAMES
from trading.splits import Splits
from trading.store import Store


@reads("symbol", "interval", "as_of_ms", "source", "funding", "holidays", "source_label", "seeds")
def bundle_candidate(
    night: Night, measured: Measurements, judged: JudgedEvidence, champion: Champion | None
) -> Candidate:
    """Put model, lineage, evidence, verdict and card together under one digest.

    Nothing that differs between two runs of the same night enters: no clock, path, host or registry number.

    Args:
        night: where the candidate comes from.
        measured: the candidate.
        judged: the evidence about it and the verdict.
        champion: the version in Production when the night began, its parent.
    """
    from trading.model.bundle import MANIFEST, bundle_files
    from trading.model.lineage import Lineage, library_versions
    from trading.reports.card import model_card

    store, plan = night.store, night.plan
    evidence = store.get(EVIDENCE, judged.evidence_ref).as_json()
    verdict = store.get(VERDICT, judged.verdict_ref).as_json()
    moments = _split_moments(store.get(BARS, measured.bars_ref), store.get(SPLITS, measured.splits_ref))
    lineage = Lineage(
        symbol=plan.symbol,
        interval=plan.interval,
        source=plan.source_label,
        as_of_ms=plan.as_of_ms,
        parent_digest=champion.bundle_digest if champion else None,
        data={
            "source": plan.source,
            **({"funding": plan.funding} if plan.funding else {}),
            **({"holidays": plan.holidays} if plan.holidays else {}),
            "bars": measured.bars_ref.digest,
            "splits": measured.splits_ref.digest,
        },
        ranges={name: (first, last) for name, (first, last, _) in moments.items()},
        code=plan.code,
        seeds=plan.seeds,
        libraries=library_versions(),
    )
    model = store.get(MODEL, measured.model_ref)
    card = model_card(model, lineage, evidence, verdict, moments)
    files = {
        name: store.put_bytes(BUNDLE_FILE, data)
        for name, data in bundle_files(model, lineage, evidence, verdict, card).items()
    }
    return Candidate(
        engine=measured.engine.name,
        tag=measured.engine.tag,
        bars_ref=measured.bars_ref,
        splits_ref=measured.splits_ref,
        model_ref=measured.model_ref,
        backtest_ref=measured.backtest_ref,
        evidence_ref=judged.evidence_ref,
        verdict_ref=judged.verdict_ref,
        bundle_ref=store.put(BUNDLE, files),
        bundle_digest=files[MANIFEST].digest,
        fit_report_ref=measured.fit_report_ref,
        policy_report_ref=measured.policy_report_ref,
    )


def register_candidate(night: Night, made: MadeCandidate) -> RegisteredCandidate:
    """Log the night in MLflow with its manifest, and say which version the candidate is.

    The registry knows a bundle by its digest, so one that is registered keeps its version, and its manifest.

    Args:
        night: whose settings are logged.
        made: what to register, and the stages that made it.
    """
    from trading.night.drift import PAGE, page_of_candidate
    from trading.night.pictures import night_figures
    from trading.registry.records import Dataset

    candidate = made.candidate
    plan, registry = night.plan, registry_of(night.runtime)
    known = registry.find(plan.model_name, candidate.bundle_digest)
    if known is not None:
        return RegisteredCandidate(candidate=candidate, version=known.version)
    source = plan.settings.market.source
    manifest = manifest_of(night, made)
    cost = {"run_wall_seconds": manifest.wall_s, "run_cpu_seconds": manifest.cpu_s}
    with tempfile.TemporaryDirectory() as scratch:
        version = registry.log_night(
            plan.model_name,
            write_bundle_folder(night.store, candidate, Path(scratch)),
            metrics=_finite_numbers(night.store, candidate) | cost,
            params=_parameters(plan),
            curves=_training_curves(night.store, candidate),
            datasets=[Dataset(name=f"{plan.symbol}-bars", digest=candidate.bars_ref.digest, source=source)],
            figures=night_figures(night.store, candidate),
            files={FILE: manifest.as_bytes()},
            max_jump=plan.settings.market.max_jump,
        )
    if plan.settings.drift.report:
        refs, model = (candidate.bars_ref, candidate.splits_ref), night.store.get(MODEL, candidate.model_ref)
        html = page_of_candidate(night.store, *refs, model, bins=plan.settings.drift.bins)
        registry.add_page(plan.model_name, version, PAGE, html)
    return RegisteredCandidate(candidate=candidate, version=version)


def manifest_of(night: Night, made: MadeCandidate) -> NightManifest:
    """The manifest of a candidate: what it followed from, what its stages gave, and what they took.

    Args:
        night: it was made in.
        made: the candidate and its stages.
    """
    from trading.model.bundle import HEAD, BundleHead

    files = night.store.get(BUNDLE, made.candidate.bundle_ref)
    head = BundleHead.model_validate(parse_json(night.store.get_bytes(files[HEAD])))
    return write_manifest(night, made, head.lineage)


def write_bundle_folder(store: Store, candidate: Candidate, root: Path) -> Path:
    """Write a candidate's bundle to a folder named by its digest, and return that folder.

    Args:
        store: holds its files.
        candidate: whose bundle it is.
        root: the folder above.
    """
    from trading.model.bundle import write_files

    files = {name: store.get_bytes(ref) for name, ref in store.get(BUNDLE, candidate.bundle_ref).items()}
    return write_files(root / candidate.bundle_digest, files).folder


def _finite_numbers(store: Store, candidate: Candidate) -> dict[str, float]:
    """Numbers for MLflow; it has no place for those that are not finite."""
    evidence = store.get(EVIDENCE, candidate.evidence_ref)
    found: dict[str, float | int | None] = dict(store.get(BACKTEST, candidate.backtest_ref).metrics)
    for check in CHECKS.values():
        found |= evidence.section(check.evidence).numbers()
    return {name: float(value) for name, value in found.items() if value is not None and math.isfinite(value)}


def _training_curves(store: Store, candidate: Candidate) -> dict[str, list[tuple[int, float]]]:
    """Of every policy the mean reward over decisions; a row whose reward is not finite is left out."""
    if candidate.policy_report_ref is None:
        return {}
    return {
        f"training.{policy['name']}.mean_reward": [
            (int(row["decisions"]), float(row["mean_reward"]))
            for row in policy["curve"]
            if math.isfinite(float(row["mean_reward"]))
        ]
        for policy in store.get(POLICY_REPORT, candidate.policy_report_ref)["policies"]
    }


def _parameters(plan: NightPlan) -> dict[str, Any]:
    values = plan.settings.model_dump(mode="json", exclude={"live", "runtime"})
    return {**values, "seed": plan.seeds["root"], "as_of_ms": plan.as_of_ms}


def _split_moments(bars: Bars, splits: Splits) -> dict[str, tuple[int, int, int]]:
    """By split: when its first bar opens and its last closes, UTC milliseconds, and its number of bars."""
    parts = {name: splits.part(name) for name in SPLIT_NAMES}
    return {
        name: (int(bars.ts[part.start]), int(bars.ts[part.stop - 1]) + bars.interval, part.size)
        for name, part in parts.items()
    }
