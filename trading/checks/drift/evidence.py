"""Evidence of drift: how far each measure has moved, and how far chance moves it in a market that never changes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import ClassVar

from pydantic import Field

from trading.checks.evidence import CheckEvidence
from trading.model.fits import FitRecord
from trading.results import Number, is_finite
from trading.values import Measured

TEST = "test"
"""The comparison of the features of the test split with those of the training split."""


class Chance(Measured):
    """What a measure shows of two stretches of a market that never changes.

    Attributes:
        expected: on average.
        limit: over which neither this measure nor any other of its family is, but for the false alarms allowed.
        spread: how far the 95 % quantile is over the average.
    """

    expected: Number = None
    limit: Number = None
    spread: Number = None

    @property
    def deciding(self) -> tuple[Number, Number]:
        """The numbers that a measure is held to."""
        return self.expected, self.limit

    def exceeded(self, found: Number, minimum: Number) -> bool:
        """Whether a measure is beyond chance, and over its expectation by the minimum; False if a number is not finite.

        Args:
            found: the measure.
            minimum: by which it has to be over its expectation to matter.
        """
        if not _all_finite((found, self.expected, self.limit, minimum)):
            return False
        value, expected, limit, least = _floats((found, self.expected, self.limit, minimum))
        return value > limit and value - expected >= least


class Stretch(Measured):
    """How far a stretch of bars is from its reference, by measure.

    Attributes:
        bars: of the stretch.
        windows: how many blocks the bars hold that chance is drawn from.
        psi: population stability index.
        tails: share of values under the 0.5 % or over the 99.5 % quantile of the reference.
        psi_chance: what chance makes of the index.
        tails_chance: what chance makes of the share.
        minimum_psi: by which an index has to be over its expectation to matter.
        minimum_tails: by which a share has to be over its expectation to matter.
    """

    bars: Number = None
    windows: Number = None
    psi: dict[str, Number] = Field(default_factory=dict)
    tails: dict[str, Number] = Field(default_factory=dict)
    psi_chance: dict[str, Chance] = Field(default_factory=dict)
    tails_chance: dict[str, Chance] = Field(default_factory=dict)
    minimum_psi: Number = None
    minimum_tails: Number = None

    @property
    def unmeasured(self) -> tuple[str, ...]:
        """Measures without a finite number, or without the chance that goes with it."""
        names = sorted(set(self.psi) | set(self.tails))
        return tuple(name for name in names if not (self._is_known(name, "psi") and self._is_known(name, "tails")))

    @property
    def moved(self) -> tuple[str, ...]:
        """Measures that moved beyond chance and by more than the minimum."""
        return tuple(name for name in sorted(set(self.psi) | set(self.tails)) if self._has_moved(name))

    def _is_known(self, name: str, kind: str) -> bool:
        found, chances, minimum = self._kind(kind)
        if not found and not chances:
            return kind == "tails"
        chance = chances.get(name, Chance())
        return _all_finite((found.get(name), chance.expected, chance.limit, minimum))

    def _has_moved(self, name: str) -> bool:
        return any(
            chances.get(name, Chance()).exceeded(found.get(name), minimum)
            for found, chances, minimum in (self._kind("psi"), self._kind("tails"))
        )

    def _kind(self, kind: str) -> tuple[Mapping[str, Number], Mapping[str, Chance], Number]:
        if kind == "psi":
            return self.psi, self.psi_chance, self.minimum_psi
        return self.tails, self.tails_chance, self.minimum_tails


class ConditionalShift(Measured):
    """Whether a stated confidence is still worth what it was: Brier scores of the newest outcomes and of validation.

    Attributes:
        outcomes: newest outcomes of the test split that are compared.
        brier: of them.
        reference_outcomes: of the validation split.
        reference_brier: of these.
        error: standard error of the difference; outcomes overlap and regimes last, so it is taken from stretches.
        limit: difference that chance does not reach, but for the false alarms allowed.
        minimum: difference that matters.
        confidence: mean of the newest.
        frequency: how often the newest were right.
    """

    outcomes: Number = None
    brier: Number = None
    reference_outcomes: Number = None
    reference_brier: Number = None
    error: Number = None
    limit: Number = None
    minimum: Number = None
    confidence: Number = None
    frequency: Number = None

    @property
    def difference(self) -> Number:
        """Newest Brier score less that of validation; positive is worse, NaN if one of them is not finite."""
        if self.brier is None or self.reference_brier is None:
            return None
        return float(self.brier) - float(self.reference_brier)

    @property
    def allowed(self) -> Number:
        """The larger of what chance reaches and of what matters; NaN if one of them is not finite."""
        if self.limit is None or self.minimum is None:
            return None
        values = _floats((self.limit, self.minimum)) if _all_finite((self.limit, self.minimum)) else [math.nan]
        return max(values)


class DriftEvidence(CheckEvidence):
    """How far features, volume, range and the candidate's own outputs are from where they were.

    Attributes:
        expected: every feature that the platform computed, and whose drift therefore has to be here.
        psi: population stability index by feature, test split against training split, bins frozen on the latter.
        ks: Kolmogorov-Smirnov distance by feature, 0 to 1.
        critical_psi: PSI beyond expectation at which one feature alone is critical.
        critical_ks: distance beyond expectation at which one feature alone is critical.
        psi_chance: what chance makes of each feature's PSI.
        ks_chance: what chance makes of each feature's distance.
        recent: the newest bars against training and validation split: features, and levels that have a scale.
        outputs: what the candidate made of the ``test`` split and of the ``recent`` bars, against validation.
        conditional: whether its confidence is still worth what it was.
        insufficient: comparisons for which there are too few bars to tell anything.
        reference: the bars whose features those of the test split are compared with.
    """

    check: ClassVar[str] = "drift"

    expected: tuple[str, ...] = ()
    psi: dict[str, Number] = Field(default_factory=dict)
    ks: dict[str, Number] = Field(default_factory=dict)
    critical_psi: Number = None
    critical_ks: Number = None
    psi_chance: dict[str, Chance] = Field(default_factory=dict)
    ks_chance: dict[str, Chance] = Field(default_factory=dict)
    recent: Stretch | None = None
    outputs: dict[str, Stretch] = Field(default_factory=dict)
    conditional: ConditionalShift | None = None
    insufficient: tuple[str, ...] = ()
    reference: FitRecord | None = None

    @property
    def features(self) -> tuple[str, ...]:
        """Every feature that was looked at, by name."""
        return tuple(sorted(set(self.psi) | set(self.ks)))

    @property
    def unmeasured(self) -> tuple[str, ...]:
        """Features of which a number is not finite: PSI or distance, or what chance makes of them."""
        return tuple(
            name
            for name in self.features
            if not all(
                is_finite(found.get(name)) and _all_finite(value for value in chance.deciding if value is not None)
                for found, chance in self._measures(name)
            )
        )

    @property
    def without_chance(self) -> tuple[str, ...]:
        """Features of which nobody measured what chance makes of them, as in evidence of release 0.1."""
        return tuple(
            name for name in self.features if any(None in chance.deciding for _, chance in self._measures(name))
        )

    @property
    def critical(self) -> tuple[str, ...]:
        """Features over a critical limit, beyond chance; one that is unmeasured, or has no limit, counts.

        Where there are too few bars to know what chance does, none is beyond it.
        """
        limits = (self.critical_psi, self.critical_ks)
        return tuple(
            name
            for name in self.features
            if name in self.unmeasured
            or any(
                not is_finite(limit) or (TEST not in self.insufficient and chance.exceeded(found.get(name), limit))
                for limit, (found, chance) in zip(limits, self._measures(name), strict=True)
            )
        )

    def untold(self, limit: float) -> tuple[str, ...]:
        """Features whose PSI is over a limit by chance alone, and not beyond chance: too few bars to tell anything.

        Where there are too few bars to know what chance does, these are all.

        Args:
            limit: for the PSI of one feature.
        """
        return tuple(name for name in self.features if self._is_untold(name, limit))

    def excess_psi(self, name: str) -> Number:
        """PSI of a feature over what chance makes of it on average; None if one of them is missing.

        Args:
            name: of the feature.
        """
        found, expected = self.psi.get(name), self.psi_chance.get(name, Chance()).expected
        return None if found is None or expected is None else float(found) - float(expected)

    @property
    def mean_psi(self) -> Number:
        """Mean over features; NaN if one of them is not finite."""
        if not self.psi:
            return None
        return math.fsum(_floats(self.psi.values())) / len(self.psi) if _all_finite(self.psi.values()) else math.nan

    @property
    def max_psi(self) -> Number:
        """The largest of all features; NaN if one of them is not finite."""
        if not self.psi:
            return None
        return max(_floats(self.psi.values())) if _all_finite(self.psi.values()) else math.nan

    def largest_excess(self, names: Iterable[str]) -> Number:
        """The largest PSI over its expectation; None without a feature, NaN if one of them is not finite.

        Args:
            names: of the features.
        """
        values = [self.excess_psi(name) for name in names]
        if not values:
            return None
        return max(_floats(values)) if _all_finite(values) else math.nan

    def numbers(self) -> dict[str, Number]:
        return {
            "mean_psi": self.mean_psi,
            "max_psi": self.max_psi,
            "max_excess_psi": self.largest_excess(self.features),
        }

    def _measures(self, name: str) -> tuple[tuple[Mapping[str, Number], Chance], ...]:
        """PSI and distance by feature, each with what chance makes of one of them."""
        return (
            (self.psi, self.psi_chance.get(name, Chance())),
            (self.ks, self.ks_chance.get(name, Chance())),
        )

    def _is_untold(self, name: str, limit: float) -> bool:
        found, chance = self.psi.get(name), self.psi_chance.get(name, Chance())
        if not _all_finite((found, chance.expected, chance.limit)):
            return False
        value, expected, reach = _floats((found, chance.expected, chance.limit))
        return TEST in self.insufficient or (expected > limit and value <= reach)


def _all_finite(values: Iterable[Number]) -> bool:
    return all(is_finite(value) for value in values)


def _floats(values: Iterable[Number]) -> list[float]:
    return [math.nan if value is None else float(value) for value in values]
