"""A check: what it measures, what it may look at, and which settings it obeys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args

from trading.arrays import Floats
from trading.checks.evidence import CheckEvidence
from trading.checks.trials import Trials
from trading.market.bars import Bars
from trading.model.model import TradingModel
from trading.settings.models import SevengatesSettings, Spec
from trading.splits import Splits
from trading.steps.features import FEATURE_NAMES
from trading.steps.policy import Layers

if TYPE_CHECKING:
    from trading.checks.walk_forward import FoldTrack

Part = Literal[
    "bars",
    "features",
    "splits",
    "model",
    "refitted",
    "fit_report",
    "policy_report",
    "trials",
    "policies",
    "folds",
]
"""What there is to look at of one candidate: see the properties of :class:`Subject`."""

Table = TypeVar("Table", bound=Spec)


@dataclass(frozen=True, eq=False, kw_only=True)
class Subject:
    """One candidate, as a check sees it: the parts and the settings tables that the check's row names, and no others.

    A night remembers a check's evidence for exactly what its row names, so to look at anything else is an error here
    and not a stale number later.

    Attributes:
        check: name of the check.
        parts: by name, see :data:`Part`.
        settings: tables of the settings.
        random_seed: root of the check's random numbers, or None if its row does not ask for one.
    """

    check: str
    parts: Mapping[str, Any]
    settings: tuple[Spec, ...] = ()
    random_seed: int | None = None

    @property
    def bars(self) -> Bars:
        """All bars of the night, train and validation split included."""
        return self._part("bars")

    @property
    def features(self) -> Floats:
        """Features of every bar, shape (n, F), not standardised."""
        return self._part("features")

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the F features."""
        return FEATURE_NAMES

    @property
    def splits(self) -> Splits:
        """Which bars are train, validation and test."""
        return self._part("splits")

    @property
    def model(self) -> TradingModel:
        """The candidate."""
        return self._part("model")

    @property
    def refitted(self) -> TradingModel:
        """Scaler, engine and calibrator fitted again on bars that are others after the validation split."""
        return self._part("refitted")

    @property
    def fit_report(self) -> Mapping[str, Any]:
        """JSON report of how the model was fitted."""
        return self._part("fit_report")

    @property
    def policy_report(self) -> Mapping[str, Any]:
        """JSON report of how its policy was trained."""
        return self._part("policy_report")

    @property
    def policies(self) -> tuple[Layers, ...]:
        """The policy of every seed that was trained, in the order of the seeds; empty if the action is fixed."""
        return self._part("policies")

    @property
    def folds(self) -> tuple[FoldTrack, ...]:
        """What models of the same recipe earned on the walk-forward folds, in time order; empty if there are none."""
        return self._part("folds")

    @property
    def trials(self) -> Trials:
        """Candidates of earlier nights of the same model name."""
        return self._part("trials")

    @property
    def seed(self) -> int:
        """Root of the check's random numbers."""
        if self.random_seed is None:
            raise LookupError(f"check {self.check} draws random numbers: set seeded=True in its row")
        return self.random_seed

    def spec(self, kind: type[Table]) -> Table:
        """A table of the settings.

        Args:
            kind: its model, for example ``StressSpec``.

        Raises:
            LookupError: if the check's row does not name it.
        """
        for table in self.settings:
            if isinstance(table, kind):
                return table
        raise LookupError(f"check {self.check} reads {kind.__name__}: name it under settings in its row")

    def _part(self, name: Part) -> Any:
        if name not in self.parts:
            raise LookupError(f"check {self.check} looks at {name}: name it under parts in its row")
        return self.parts[name]


@dataclass(frozen=True, kw_only=True)
class Check:
    """A row of the table of checks.

    Attributes:
        evidence: class of what it measures; it carries the name.
        measure: from one candidate to its evidence, the same for the same subject.
        parts: of a candidate that it looks at.
        settings: tables of the settings that it obeys.
        seeded: whether it draws random numbers.
    """

    evidence: type[CheckEvidence]
    measure: Callable[[Subject], CheckEvidence]
    parts: tuple[Part, ...]
    settings: tuple[type[Spec], ...] = ()
    seeded: bool = False

    def __post_init__(self) -> None:
        """Refuse a row that names what no candidate has or no settings hold."""
        unknown = [name for name in self.parts if name not in get_args(Part)]
        unknown += [kind.__name__ for kind in self.settings if kind not in _table_names()]
        if unknown:
            raise ValueError(f"check {self.name} names {', '.join(unknown)}, which no night has")

    @property
    def name(self) -> str:
        """Name of the check, of its section in the evidence, and of its seed."""
        return self.evidence.check

    def tables(self, settings: SevengatesSettings) -> dict[str, Spec]:
        """The tables that the check obeys, by name: what its evidence depends on of all the settings.

        Args:
            settings: of the night.
        """
        names = _table_names()
        return {names[kind]: getattr(settings, names[kind]) for kind in self.settings}


def _table_names() -> dict[type[Spec], str]:
    """Name of each table of the settings by its model."""
    return {type(table): name for name, table in SevengatesSettings()}
