"""The evaluation page of a candidate: made at the end of its night, or later for any version or bundle."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from trading.canonical import sha256, write_atomic
from trading.errors import RegistryError, SevengatesError
from trading.market.bars import Bars
from trading.model.bundle import Bundle, load_bundle
from trading.model.naming import model_name
from trading.night.artifacts import BARS, COMPARISON, FIT_REPORT, POLICY_REPORT, SPLITS
from trading.night.memory import as_json, recall, remember
from trading.night.outcome import Candidate, CandidatePage, NightOutcome, OtherCandidate, RegisteredCandidate
from trading.night.publish import write_bundle_folder
from trading.night.report import WHERE
from trading.night.services import registry_of
from trading.night.workspace import Night
from trading.settings.locations import locations
from trading.settings.models import SevengatesSettings
from trading.splits import SPLITS as SPLIT_NAMES
from trading.splits import Range, Splits
from trading.store import Ref, Store

if TYPE_CHECKING:
    from trading.night.evaluation import PageSubject, RivalSource
    from trading.registry.adapter import MlflowRegistry
    from trading.reports.page import DrawnPage, Training

PAGE = "evaluation.html"
TRAINING = "training reports"
"""Under which name the reports of a model's training are remembered, by the digest of the model."""
Say = Callable[[str], None]


def publish_page(night: Night, outcome: NightOutcome, registered: RegisteredCandidate) -> CandidatePage:
    """Draw the page of a registered candidate and keep it in MLflow, beside the night of its version.

    Args:
        night: that ended.
        outcome: how.
        registered: one of its candidates.
    """
    from trading.night.evaluation import collect
    from trading.reports.page import draw_page

    store, registry = night.store, registry_of(night.runtime)
    candidate, version = registered.candidate, registered.version
    ref = outcome.comparison_ref
    met = None if ref is None else store.get(COMPARISON, ref).bundle_digest
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        bundle = load_bundle(write_bundle_folder(store, candidate, folder))
        subject = _candidate_subject(
            store,
            candidate,
            bundle,
            name=f"{outcome.model_name} version {version}",
            fate=_fate(outcome, registered),
            rival=_rival(registry, outcome.model_name, met or bundle.lineage.parent_digest),
        )
        page = draw_page(collect(subject))
        (folder / PAGE).write_text(page.html, encoding="utf-8")
        logged = registry.log_file(outcome.model_name, version, folder / PAGE)
    link = f"{night.mlflow_page}/#/experiments/{logged.experiment_id}/runs/{logged.run_id}/artifacts/{PAGE}"
    return CandidatePage(
        bundle_digest=candidate.bundle_digest,
        version=version,
        place=logged.address.removeprefix("file://"),
        link=link,
        left_out=tuple(page.left_out),
    )


def write_page(night: Night, candidate: Candidate) -> CandidatePage:
    """Draw the page of a candidate that is not registered, and write it beside the folder of its bundle.

    Args:
        night: that was asked to train only.
        candidate: that it made.
    """
    from trading.night.evaluation import RivalSource, collect
    from trading.reports.page import draw_page

    bundle = load_bundle(write_bundle_folder(night.store, candidate, night.bundles))
    rival = RivalSource(why="A candidate that is not registered meets no champion.")
    subject = _candidate_subject(
        night.store, candidate, bundle, name=_bundle_name(bundle), fate="Trained, and not registered.", rival=rival
    )
    page = draw_page(collect(subject))
    place = night.bundles / f"{candidate.bundle_digest}.html"
    write_atomic(place, page.html.encode())
    return CandidatePage(bundle_digest=candidate.bundle_digest, place=str(place), left_out=tuple(page.left_out))


def failed_page(candidate: Candidate, version: int | None, error: Exception) -> CandidatePage:
    """What is said of a page that could not be made.

    Args:
        candidate: whose page it is.
        version: in the registry, or None.
        error: why.
    """
    why = f"{error.code}: {error.message}" if isinstance(error, SevengatesError) else f"{type(error).__name__}: {error}"
    return CandidatePage(bundle_digest=candidate.bundle_digest, version=version, failure=why)


def draw_bundle_page(settings: SevengatesSettings, bundle: Bundle, version: int | None, say: Say) -> DrawnPage:
    """Draw the page of any version or bundle: bars and reports come from the store, or bars from the source.

    Args:
        settings: where store and registry are, and the market.
        bundle: verified.
        version: that it is registered as; None if it is a folder.
        say: is told what is done next.

    Raises:
        RegistryError: if the version is unknown, or its verdict cannot be read.
    """
    from trading.night.evaluation import PageSubject, RivalSource, collect
    from trading.reports.page import draw_page

    store = Store(locations(settings.runtime).store)
    name = model_name(bundle.lineage.symbol, bundle.lineage.interval)
    bars, why = _bars_of(settings, store, bundle, say)
    splits = None if bars is None else _splits_of(store, bundle, bars)
    if bars is not None and splits is None:
        why = "The bundle does not record the periods of its splits, and the store does not hold them."
    rival, fate = RivalSource(why="A bundle that is not registered meets no champion."), ""
    if version is not None:
        registry = registry_of(settings.runtime)
        tags = registry.version(name, version).tags
        fate = " ".join(
            filter(None, (tags.get("reasons", ""), f"Its stage is {tags['stage']}." if "stage" in tags else ""))
        )
        rival = _rival(registry, name, bundle.lineage.parent_digest)
    training, missing = training_of(store, bundle)
    subject = PageSubject(
        name=f"{name} version {version}" if version is not None else _bundle_name(bundle),
        fate=fate,
        bundle=bundle,
        bars=bars,
        splits=splits,
        why_no_bars=why,
        rival=rival,
        training=training,
        why_no_training=missing,
    )
    data = collect(subject, say)
    say("Drawing the page.")
    return draw_page(data)


def _candidate_subject(
    store: Store, candidate: Candidate, bundle: Bundle, *, name: str, fate: str, rival: RivalSource
) -> PageSubject:
    from trading.night.evaluation import PageSubject
    from trading.reports.page import Training

    reports = {"fit": candidate.fit_report_ref, "policy": candidate.policy_report_ref}
    # So that the page of this model can be drawn again from its bundle alone.
    remember(store, TRAINING, {"model": candidate.model_ref.digest}, as_json(reports))
    fit, policy = candidate.fit_report_ref, candidate.policy_report_ref
    return PageSubject(
        name=name,
        fate=fate,
        bundle=bundle,
        bars=store.get(BARS, candidate.bars_ref),
        splits=store.get(SPLITS, candidate.splits_ref),
        why_no_bars="",
        rival=rival,
        training=Training(
            fit=None if fit is None else store.get(FIT_REPORT, fit),
            policy=None if policy is None else store.get(POLICY_REPORT, policy),
        ),
        why_no_training="The night did not keep the report.",
    )


def _rival(registry: MlflowRegistry, name: str, digest: str | None) -> RivalSource:
    """The version with a bundle digest, or why it cannot be shown."""
    from trading.night.evaluation import RivalSource
    from trading.registry.client import OVERRIDE_TAG

    if digest is None:
        return RivalSource()
    same = [version for version in registry.versions(name) if version.bundle_digest == digest]
    found = [version.version for version in same]
    if not found:
        return RivalSource(why=f"The champion it met, bundle {digest[:12]}, is not in this registry.")
    try:
        model = registry.bundle(name, found[0], expected_digest=digest).model
    except RegistryError as error:
        return RivalSource(why=f"The champion it met, version {found[0]}, cannot be loaded: {error.message}")
    forced = ", overridden" if same[0].tags.get(OVERRIDE_TAG) else ""
    return RivalSource(name=f"champion (version {found[0]}{forced})", model=model)


def _fate(outcome: NightOutcome, registered: RegisteredCandidate) -> str:
    status, reason = outcome.status, outcome.reason
    if isinstance(registered, OtherCandidate):
        status, reason = registered.status, registered.reason
    paper = ", on paper only" if outcome.paper_only and status == "promoted" else ""
    return f"{reason} It is {WHERE[status]}{paper}."


def _bars_of(settings: SevengatesSettings, store: Store, bundle: Bundle, say: Say) -> tuple[Bars | None, str]:
    """The very bars of a bundle, or None and why they are not at hand; others are never shown in their place."""
    from trading.market.load import load_bars

    lineage = bundle.lineage
    digest = lineage.data.get("bars", "")
    if digest and store.holds(digest):
        return store.get(BARS, Ref(kind=BARS.name, digest=digest)), ""
    market = settings.market.model_copy(update={"symbols": (lineage.symbol,), "interval": lineage.interval})
    say(f"The store does not hold its bars; reading {market.source}.")
    try:
        loaded = load_bars(market, lineage.symbol, lineage.as_of_ms, locations(settings.runtime).quarantine).bars
    except SevengatesError as error:
        return None, f"Its bars are not in the store, and the source does not give them: {error.message}"
    found = sha256(BARS.encode(loaded))
    if found != digest:
        return None, (
            f"Its bars are not in the store, and {market.source} gives others (digest {found[:12]}, the bundle names "
            f"{digest[:12] or 'none'}). Name the source of its night with --source."
        )
    return loaded, ""


def _splits_of(store: Store, bundle: Bundle, bars: Bars) -> Splits | None:
    """The splits that a bundle names: as the store holds them, or from the moments it records."""
    digest = bundle.lineage.data.get("splits", "")
    if digest and store.holds(digest):
        return store.get(SPLITS, Ref(kind=SPLITS.name, digest=digest))
    ranges = bundle.lineage.ranges
    if not set(SPLIT_NAMES) <= set(ranges):
        return None
    parts: dict[str, Any] = {
        name: Range(
            int(np.searchsorted(bars.ts, ranges[name][0])),
            int(np.searchsorted(bars.ts, ranges[name][1] - bars.interval, side="right")),
        )
        for name in SPLIT_NAMES
    }
    # Neither is known here and nothing is split anew: the parts alone are used.
    return Splits(**parts, bars=len(bars), lookback=0, max_holding=1)


def training_of(store: Store, bundle: Bundle) -> tuple[Training, str]:
    """How a bundle was trained, if this store was there, and why a report is missing if one is.

    Args:
        store: of the home that trained it.
        bundle: verified.
    """
    from trading.reports.page import Training

    model = bundle.evidence.get("inputs", {}).get("model", "")
    known = recall(store, TRAINING, {"model": model})
    if known is None:
        return Training(), "This store does not hold the reports of its training."
    fit, policy = (known.output.get(name) for name in ("fit", "policy"))
    training = Training(
        fit=None if fit is None else store.get(FIT_REPORT, Ref(**fit)),
        policy=None if policy is None else store.get(POLICY_REPORT, Ref(**policy)),
    )
    return training, "The night did not keep the report."


def _bundle_name(bundle: Bundle) -> str:
    return f"{bundle.lineage.symbol} {bundle.lineage.interval}, bundle {bundle.digest[:12]}"
