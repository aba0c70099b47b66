"""What was measured about a candidate, the only thing gates look at; in a schema of its own that outlives a release.

Each check has one section, kept as JSON under the check's name. So a section of a check that this release does not
know is carried along unread. Evidence of an earlier release is read through :mod:`trading.checks.upgrades`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Literal, TypeVar

from pydantic import Field

from trading.checks.upgrades import SCHEMA_VERSION, upgraded_evidence
from trading.results import Number
from trading.values import Measured


class CheckEvidence(Measured):
    """What one check measured: a section of the evidence, under the name of the check.

    Every field has a default that stands for "never measured", which a gate refuses: it is how a section that is not
    there reads.
    """

    check: ClassVar[str] = ""
    """Name of the check."""

    @classmethod
    def __pydantic_init_subclass__(cls, **options: Any) -> None:
        """Refuse a class without a name, or whose missing section could not be read."""
        required = [name for name, field in cls.model_fields.items() if field.is_required()]
        if required or not cls.check:
            wrong = f"fields without a default: {', '.join(required)}" if required else "no check name"
            raise TypeError(f"{cls.__name__} has {wrong}; evidence has a name, and reads as never measured when empty")

    def numbers(self) -> dict[str, Number]:
        """Numbers that are shown with the run in the registry, by name."""
        return {}


Section = TypeVar("Section", bound=CheckEvidence)


class LiveRecord(Measured):
    """What a model did on bars that came after the night that judged it.

    It is a forward test: until there are a venue's own fills, it trades by the assumptions of the backtest. Bars the
    model was judged on prove nothing again: a replay of the test split is no live record. Nor do bars on which a halted
    account could not trade.

    Attributes:
        version: registered version that traded; empty for one that was traded by its bundle, as a study.
        bars: bars traded live or on paper since promotion.
        sharpe: annualised Sharpe ratio over them; NaN if the account never moved.
        backtest_sharpe: the Sharpe ratio this version showed on its own test split.
        bundle_digest: of the model.
        years: length of the record.
        se: standard error of ``sharpe``.
        low: ``sharpe`` less its error, at whatever look.
        high: ``sharpe`` with its error added, at whatever look.
        flat_share: share of the bars at whose close nothing was held.
        trades: closed on these bars.
        shrunken_sharpe: the backtest's Sharpe ratio, drawn back for having been chosen among candidates.
        e_value: evidence against "it earns nothing"; over 20 by chance in at most 5 % of all records, ever.
        decay_e_value: the same against "it earns at least ``gates.min_live_ratio`` of what was promised".
        looks: whole days after which both e-values could be read.
        refused: why a journal that is there is no record; empty if it is one.
    """

    version: str = ""
    bars: Number = None
    sharpe: Number = None
    backtest_sharpe: Number = None
    bundle_digest: str = ""
    years: Number = None
    se: Number = None
    low: Number = None
    high: Number = None
    flat_share: Number = None
    trades: Number = None
    shrunken_sharpe: Number = None
    e_value: Number = None
    decay_e_value: Number = None
    looks: Number = None
    refused: str = ""


class Evidence(Measured):
    """Everything a verdict rests on, for one candidate.

    Attributes:
        schema_version: of this schema; :func:`read_evidence` reads earlier ones.
        symbol: the market.
        inputs: digests of what was measured (model, bars, settings), by name.
        metrics: backtest metrics on the test split, by the names of :mod:`trading.simulation.metrics`.
        checks: JSON of what each check measured, by the name of the check; :meth:`section` reads it.
        live: record of the champion that trades this symbol; None if nothing has traded yet.
    """

    schema_version: Literal[2] = SCHEMA_VERSION
    symbol: str
    inputs: dict[str, str] = Field(default_factory=dict)
    metrics: dict[str, Number] = Field(default_factory=dict)
    checks: dict[str, dict[str, Any]] = Field(default_factory=dict)
    live: LiveRecord | None = None

    def section(self, kind: type[Section]) -> Section:
        """What a check measured; a check that did not run reads as one that measured nothing.

        Args:
            kind: the evidence class of the check.

        Raises:
            ValueError: if the section is not what this class writes.
        """
        return kind.model_validate(self.checks.get(kind.check, {}))


def gather(
    symbol: str,
    *,
    inputs: Mapping[str, str],
    metrics: Mapping[str, Number],
    checks: Iterable[CheckEvidence],
    live: LiveRecord | None,
) -> Evidence:
    """Put everything that was measured together; every part must be named, so that none is forgotten in silence.

    Args:
        symbol: the market.
        inputs: digests of what was measured, by name.
        metrics: of the backtest on the test split.
        checks: what each check measured.
        live: record of the champion that trades this symbol, or None.

    Raises:
        ValueError: if two sections have the same name.
    """
    sections: dict[str, dict[str, Any]] = {}
    for found in checks:
        if found.check in sections:
            raise ValueError(f"the evidence would have two sections {found.check}")
        sections[found.check] = found.as_json()
    return Evidence(symbol=symbol, inputs=dict(inputs), metrics=dict(metrics), checks=sections, live=live)


def read_evidence(data: Mapping[str, Any]) -> Evidence:
    """Evidence that this or an earlier release wrote.

    Its digest is that of the JSON as stored, not that of what is returned: an upgrade changes the form.

    Args:
        data: the JSON.

    Raises:
        ValueError: if it is not evidence, or of a later release.
    """
    return Evidence.model_validate(upgraded_evidence(data))
