"""The check of drift: features, levels, the candidate's outputs, and what its confidence is worth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from trading.arrays import Floats
from trading.checks.check import Check, Subject
from trading.checks.drift.conditional import compare_outcomes, newest_outcomes
from trading.checks.drift.evidence import ConditionalShift, DriftEvidence, Stretch
from trading.checks.drift.features import measure_drift
from trading.checks.drift.levels import market_levels
from trading.checks.drift.outputs import model_outputs
from trading.checks.drift.stretch import Compared, compare_levels, compare_outputs, holds_enough
from trading.market.bars import Bars
from trading.model.fits import fit_record
from trading.seeds import seed_for
from trading.settings.models import CalibrationSpec, DriftSpec
from trading.splits import SPLITS, Range, Splits

if TYPE_CHECKING:
    from trading.engines.stream import Signals


def recent_drift(
    bars: Bars, features: Mapping[str, Floats], splits: Splits, spec: DriftSpec, *, seed: int
) -> Stretch | None:
    """The newest bars against training and validation split: every feature, and the levels that features leave out.

    Args:
        bars: of the market.
        features: of the same bars by name, shape (n,) each.
        splits: of the bars.
        spec: how many are the newest, and limits.
        seed: of the stretches that are drawn.

    Returns:
        None if there are too few bars to know what chance does.
    """
    past = _past(splits)
    compared = Compared(past, past, newest_bars(splits, spec))
    if not holds_enough(compared, spec):
        return None
    return compare_levels({**features, **market_levels(bars, past)}, compared, spec, seed=seed_for(seed, "recent"))


def output_drift(
    outputs: Mapping[str, Floats], splits: Splits, spec: DriftSpec, *, seed: int
) -> dict[str, Stretch | None]:
    """What a candidate made of test split and newest bars, against validation: it was fitted to what came before.

    Args:
        outputs: of the n bars by name, shape (n,) each; NaN where it said nothing.
        splits: of the bars.
        spec: how many bars are the newest, and limits.
        seed: of the stretches that are drawn.

    Returns:
        By name of what was compared; None if there are too few bars to know what chance does.
    """
    found: dict[str, Stretch | None] = {}
    for name, part in {"test": splits.test, "recent": newest_bars(splits, spec)}.items():
        compared = Compared(_past(splits), splits.validation, part)
        enough = holds_enough(compared, spec)
        drawn = seed_for(seed, "outputs", name)
        found[name] = compare_outputs(outputs, compared, spec, seed=drawn) if enough else None
    return found


def conditional_drift(subject: Subject, signals: Signals) -> ConditionalShift | None:
    """The newest outcomes of a candidate's signals against those of the validation split.

    Args:
        subject: the candidate.
        signals: of its bars.

    Returns:
        None if there are too few outcomes to tell.
    """
    from trading.simulation.outcomes import calibrated, signal_outcomes

    splits, spec, horizon = subject.splits, subject.spec(DriftSpec), subject.spec(CalibrationSpec).horizon_bars
    costs, modifier = subject.model.spec.costs, subject.model.spec.modifier
    by_split = {
        name: signal_outcomes(subject.bars, signals, splits.part(name), horizon_bars=horizon, costs=costs)
        for name in SPLITS
    }
    stated = {name: calibrated(found.effective, modifier) for name, found in by_split.items()}
    losses = {name: (stated[name] - by_split[name].won) ** 2 for name in ("train", "validation")}
    test = by_split["test"]
    newest = newest_outcomes(test.index, newest_bars(splits, spec).start)
    return compare_outcomes(losses, (stated["test"][newest], test.won[newest].astype(float)), spec)


def newest_bars(splits: Splits, spec: DriftSpec) -> Range:
    """The newest bars of the test split.

    Args:
        splits: of the bars.
        spec: how many.
    """
    return Range(max(splits.test.stop - spec.recent_bars, splits.test.start), splits.test.stop)


def _past(splits: Splits) -> Range:
    """The bars of training and validation split, in one piece."""
    return Range(splits.train.start, splits.validation.stop)


def _measure(subject: Subject) -> DriftEvidence:
    # The simulation compiles when it is imported, and gates read the evidence without it.
    from trading.engines.checked import checked_signals

    splits, spec, bars = subject.splits, subject.spec(DriftSpec), subject.bars
    # What the model does not know it cannot be misled by.
    names = subject.model.spec.feature_names
    features = subject.features[:, [subject.feature_names.index(name) for name in names]]
    train, test = (features[part.start : part.stop] for part in (splits.train, splits.test))
    whole = measure_drift(train, test, names, spec, seed=seed_for(subject.seed, "test"))
    signals = checked_signals(subject.model, bars)
    columns = dict(zip(names, features.T, strict=True))
    recent = recent_drift(bars, columns, splits, spec, seed=subject.seed)
    outputs = output_drift(model_outputs(subject.model, bars, signals), splits, spec, seed=subject.seed)
    conditional = conditional_drift(subject, signals)
    told: dict[str, Stretch | ConditionalShift | None] = {
        "recent": recent,
        **{f"outputs_{name}": stretch for name, stretch in outputs.items()},
        "conditional": conditional,
    }
    return whole.model_copy(
        update={
            "recent": recent,
            "outputs": {name: stretch for name, stretch in outputs.items() if stretch is not None},
            "conditional": conditional,
            "reference": fit_record("drift", bars.ts[splits.train.start : splits.train.stop]),
            "insufficient": (*whole.insufficient, *(name for name, found in told.items() if found is None)),
        }
    )


DRIFT = Check(
    evidence=DriftEvidence,
    measure=_measure,
    parts=("bars", "features", "splits", "model"),
    settings=(DriftSpec, CalibrationSpec),
    seeded=True,
)
