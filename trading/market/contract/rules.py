"""The rules of the contract of bars and their codes, in the order in which a history and one bar are asked them."""

from __future__ import annotations

from dataclasses import dataclass

from trading.codes import ReasonCode


@dataclass(frozen=True)
class Rule:
    """One rule of the contract.

    Attributes:
        name: of its check result.
        code: of its breach.
        what: breaking it means, in a history.
        remedy: what the owner of a history can do.
    """

    name: str
    code: ReasonCode
    what: str
    remedy: str


_VALUES = "Correct or remove these rows at their source."
RULES = (
    Rule("schema", ReasonCode.BARS_SCHEMA, "a cell cannot be read", _VALUES),
    Rule("finite", ReasonCode.BARS_NOT_FINITE, "a price or volume is not finite", _VALUES),
    Rule("positive", ReasonCode.BARS_NOT_POSITIVE, "a price is not positive or a volume is negative", _VALUES),
    Rule(
        "high_low",
        ReasonCode.BARS_HIGH_LOW,
        "high or low does not contain open and close",
        "Correct these rows at their source; if all rows fail, columns are swapped.",
    ),
    Rule(
        "increasing",
        ReasonCode.BARS_NOT_INCREASING,
        "time repeats or goes back",
        'Sort and de-duplicate the file, or set market.on_duplicate = "keep-last" (or "keep-first") where times repeat '
        'and market.on_unsorted = "sort" where they go back.',
    ),
    Rule(
        "on_grid",
        ReasonCode.BARS_OFF_GRID,
        "time is not a multiple of the bar interval",
        "Give each bar the UTC time of its open, on the grid of its interval.",
    ),
    Rule(
        "jumps",
        ReasonCode.BARS_JUMP,
        "a bar opens too far from the close before it",
        "Check for a split, another unit or another symbol in the file; if the prices are true, raise market.max_jump.",
    ),
    Rule(
        "column_order",
        ReasonCode.BARS_SCHEMA,
        "open and close are swapped",
        "Name the columns as what they hold, or write them in the order ts,open,high,low,close,volume.",
    ),
    Rule(
        "gaps",
        ReasonCode.BARS_GAPS,
        "bars are missing",
        'Fill the file, or set market.on_gap = "keep-longest" or "allow", raise market.max_gap_share, or, for a market '
        'with closed nights, tell its market.hours and market.holidays, or set market.session = "exchange".',
    ),
    Rule(
        "zero_volume",
        ReasonCode.BARS_ZERO_VOLUME,
        "bars trade nothing",
        "Choose a longer source interval or a more liquid market, or raise market.max_zero_volume_share.",
    ),
)
"""All rules; one bar alone can be asked the first seven, the others are asked of a history."""

CODES = {rule.name: rule.code for rule in RULES}
"""The code of each rule by its name."""
