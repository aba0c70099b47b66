"""What an engine is: a kind of model that says, at the close of each bar, a direction and how sure it is of it.

The least that a user writes is a subclass of :class:`Engine` with ``on_bar``. What follows an opinion (calibration,
policy or fixed action, breakers, sizing, venue, gates, promotion, live) is the same for every engine.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

import numpy as np
from pydantic import ValidationError

from trading.arrays import Floats
from trading.codes import ReasonCode
from trading.errors import ConfigError, EngineError, RegistryError, SevengatesError
from trading.market.bars import Bars
from trading.model.fits import FitRecord, fit_record
from trading.steps.bar import Bar
from trading.steps.numbers import quantised
from trading.steps.opinion import CONFIDENCE, DIRECTION, DOUBT, EXTRA_NUMBERS, EXTRAS, OPINION_SIZE, binary_entropy
from trading.values import Frozen


class Opinion(NamedTuple):
    """What an engine says at the close of a bar.

    Attributes:
        direction: 1 long, -1 short, 0 none.
        confidence: 0 to 1, how sure it is of the direction; calibration makes a probability of it.
        extras: up to three further numbers that the policy may see, about -1 to 1, as many as the engine names.
        doubt: 0 sure to 1 undecided; None follows from the confidence.
    """

    direction: int
    confidence: float = 0.0
    extras: tuple[float, ...] = ()
    doubt: float | None = None


class EngineOptions(Frozen):
    """Options of an engine with bounds and descriptions; an engine without options uses this one."""


@dataclass(frozen=True, kw_only=True)
class EngineSetup:
    """What an engine starts from, as a bundle holds it.

    Attributes:
        options: plain data, see :attr:`Fitted.options`.
        arrays: by name, see :attr:`Fitted.arrays`.
        feature_names: of the features it is given with each bar, in their order.
    """

    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    arrays: Mapping[str, Floats] = field(default_factory=dict[str, Floats])
    feature_names: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class TrainingData:
    """The training split, and nothing else, for whoever fits an engine.

    Attributes:
        bars: of the training split, oldest first.
        returns: shape (n,), log return of each bar.
        features: shape (n, F), standardised features of the same bars.
        feature_names: of the F features.
        seed: of everything random.
    """

    bars: Bars
    returns: Floats
    features: Floats
    feature_names: tuple[str, ...]
    seed: int

    def __post_init__(self) -> None:
        """Refuse numbers of other bars than those that are named: the record of the fit is taken from these."""
        sizes = (len(self.bars), len(self.returns), len(self.features))
        if len(set(sizes)) != 1:
            raise ValueError(f"training data of {sizes[0]} bars, {sizes[1]} returns and {sizes[2]} rows of features")

    @property
    def record(self) -> FitRecord:
        """The bars that whoever fits is given."""
        return fit_record("engine", self.bars.ts)


@dataclass(frozen=True, eq=False, kw_only=True)
class Fitted:
    """What fitting an engine gives: data that goes into the bundle, and a report for people.

    Attributes:
        options: plain JSON data that the light half needs.
        arrays: float64 arrays by name.
        report: JSON data about the fit.
    """

    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    arrays: Mapping[str, Floats] = field(default_factory=dict[str, Floats])
    report: Mapping[str, Any] = field(default_factory=dict[str, Any])


class Engine(ABC):
    """A kind of model, opened on its data, that is shown one bar after the other.

    Attributes:
        tag: shown with every version; empty means ``NAME_v1``.
        revision: of the meaning of its options and arrays in a bundle.
        extras: names of the further numbers of its opinions, three at most.
        Options: what a user may set in ``[engine.options.NAME]``.
        BundleOptions: what of it a bundle holds, if that is another form; None means :attr:`Options`.
        whole_series: True if :meth:`opinions` wants all bars in one call instead of one stretch after the other.

    Args:
        setup: what it starts from.
    """

    tag: ClassVar[str] = ""
    revision: ClassVar[int] = 1
    extras: ClassVar[tuple[str, ...]] = ()
    Options: ClassVar[type[Frozen]] = EngineOptions
    BundleOptions: ClassVar[type[Frozen] | None] = None
    whole_series: ClassVar[bool] = False

    def __init__(self, setup: EngineSetup) -> None:
        self.setup = setup

    @classmethod
    def fit(cls, data: TrainingData, options: Any) -> Fitted:
        """Fit the engine on the training split; by default there is nothing to fit.

        Args:
            data: the training split.
            options: of :attr:`Options`.
        """
        return Fitted(options=options.model_dump(mode="json"))

    @cached_property
    def options(self) -> Any:
        """The options of the bundle as :attr:`BundleOptions`.

        Raises:
            RegistryError: ``BUNDLE_INVALID`` if they are not.
        """
        try:
            return (self.BundleOptions or self.Options).model_validate(dict(self.setup.options))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise unusable_data(type(self).__name__, f"option {where}: {first['msg']}") from error

    @classmethod
    def lookback(cls, options: Any) -> int:
        """Bars before its own that an opinion may depend on; splits are kept at least so far apart.

        Args:
            options: of :attr:`Options`, or of :attr:`BundleOptions` once the engine is fitted.
        """
        return 0

    @abstractmethod
    def on_bar(self, bar: Bar, features: Floats) -> Opinion | None:
        """Take in one closed bar and say what it means; None while too few bars were seen.

        Args:
            bar: the bar that has just closed; no later one is known.
            features: shape (F,), its standardised features; NaN during their warm-up.
        """

    def write(self, bar: Bar, features: Floats, row: Floats) -> None:
        """The opinion as a row of numbers, see :mod:`trading.steps.opinion`.

        Args:
            bar: as :meth:`on_bar`.
            features: as :meth:`on_bar`.
            row: shape (OPINION_SIZE,), written.
        """
        write_opinion(self.on_bar(bar, features), row, type(self))

    def opinions(self, bars: Bars, features: Floats) -> Floats:
        """Rows of a stretch of bars, going on where the engine stands: the same as :meth:`write` bar by bar.

        An engine with a vectorised or compiled form overrides this; ``sevengates engine check`` holds the two equal.

        Args:
            bars: the bars after those seen so far.
            features: shape (n, F), standardised.

        Returns:
            Shape (n, OPINION_SIZE).
        """
        rows = np.empty((len(bars), OPINION_SIZE))
        for t, bar in enumerate(bars.rows()):
            self.write(bar, features[t], rows[t])
        return rows

    def save(self) -> dict[str, Floats] | None:
        """Everything the engine remembers between two bars, or None if it can only be shown the bars again."""
        return None

    def restore(self, state: Mapping[str, Floats]) -> None:
        """Go on where an engine of the same data was saved.

        Args:
            state: from :meth:`save`.
        """
        raise NotImplementedError(f"{type(self).__name__} has save() and no restore()")


def write_opinion(opinion: Opinion | None, row: Floats, engine: type[Engine]) -> None:
    """Write an opinion as a row; a number that is not finite stays so and denies the order.

    Args:
        opinion: None while the engine has seen too few bars.
        row: shape (OPINION_SIZE,), written.
        engine: whose opinion it is, for messages.

    Raises:
        EngineError: ``ENGINE_OPINION`` if it is no opinion: another direction than -1, 0, 1, a confidence outside of 0
            to 1, or other extras than the engine names.
    """
    if opinion is None:
        row[:] = math.nan
        return
    direction, confidence, extras, doubt = opinion
    wrong = ""
    if direction not in (-1, 0, 1):
        wrong = f"direction {direction!r} is not -1, 0 or 1"
    elif not (math.isnan(confidence) or 0.0 <= confidence <= 1.0):
        wrong = f"confidence {confidence!r} is not between 0 and 1"
    elif len(extras) != len(engine.extras):
        wrong = f"{len(extras)} extras, and the engine names {len(engine.extras)}"
    if wrong:
        raise EngineError(
            ReasonCode.ENGINE_OPINION,
            f"engine {engine.__name__}: {wrong}.",
            remedy="Return an Opinion as trading.engines.base describes it, or None while warming up.",
        )
    row[DIRECTION] = direction
    # Rounded here, so that a last digit of a vectorised form cannot turn a decision.
    row[CONFIDENCE] = quantised(confidence) if direction != 0 else 0.0
    for place in range(EXTRA_NUMBERS):
        row[EXTRAS + place] = quantised(extras[place]) if place < len(extras) else 0.0
    row[DOUBT] = quantised(binary_entropy(confidence) if doubt is None else doubt)


@contextmanager
def engine_errors(name: str, doing: str) -> Generator[None]:
    """Turn whatever somebody else's code ends in into an error that names the engine.

    Args:
        name: of the engine.
        doing: what it was asked for, as a verb.

    Raises:
        EngineError: ``ENGINE_BROKEN``.
    """
    try:
        yield
    except SevengatesError:
        raise
    except Exception as error:
        raise EngineError(
            ReasonCode.ENGINE_BROKEN,
            f"engine {name} cannot {doing}: {type(error).__name__}: {error}.",
            remedy="Mend the engine; `sevengates engine check` tries it.",
            engine=name,
        ) from error


def engine_lookback(engine: Engine) -> int:
    """Bars before its own that an opinion of an opened engine may depend on.

    Args:
        engine: opened on the data of its bundle, which holds the options the answer follows from.
    """
    return type(engine).lookback(engine.options)


def parsed_options(name: str, engine: type[Engine], given: Mapping[str, Any]) -> Frozen:
    """What a user set for an engine, checked.

    Args:
        name: of the engine.
        engine: its class.
        given: from ``[engine.options.NAME]``.

    Raises:
        ConfigError: ``CONFIG_UNKNOWN_KEY`` with the nearest name, or ``CONFIG_INVALID``.
    """
    from difflib import get_close_matches

    known = tuple(engine.Options.model_fields)
    for key in given:
        if key not in known:
            nearest = get_close_matches(key, known, n=1, cutoff=0.5)
            raise ConfigError(
                ReasonCode.CONFIG_UNKNOWN_KEY,
                f"engine.options.{name}.{key} is unknown.",
                remedy=f"Did you mean {nearest[0]}?"
                if nearest
                else f"The options of {name} are {', '.join(known) or 'none'}.",
            )
    try:
        return engine.Options.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(["engine.options", name, *map(str, first["loc"])])
        raise ConfigError(
            ReasonCode.CONFIG_INVALID,
            f"{key} = {first['input']!r}: {first['msg']}.",
            remedy="Correct the value; `sevengates engine list` shows the options with their bounds.",
        ) from error


def unusable_data(name: str, what: str) -> RegistryError:
    """The error of an engine whose data in a bundle is not what it can work with.

    Args:
        name: of the engine.
        what: is wrong.
    """
    return RegistryError(
        ReasonCode.BUNDLE_INVALID,
        f"engine {name}: {what}.",
        remedy="Train the model again; a bundle is never repaired by hand.",
    )
