"""Settings table ``[market]``: which bars to trade, and how to read them."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, FiniteFloat, field_validator, model_validator

from trading.settings.models.base import Fraction, Spec

_SYMBOL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._:/-]*[A-Za-z0-9])?")


class MarketSpec(Spec):
    """Which bars to trade, and how to read them."""

    symbols: tuple[str, ...] = Field(
        default=("SIM",), min_length=1, description="Symbols of the night; each gets a model of its own."
    )
    source: str = Field(
        default="sim:edge=1",
        description="Where bars come from: `sim:edge=1,seed=7`, `csv:PATH`, `parquet:PATH`, `ticks:PATH`, or a plain "
        "path. `{symbol}` in a path is replaced by the symbol.",
    )
    funding: str = Field(
        default="",
        description="CSV or Parquet file of a perpetual future's funding: `ts` (UTC) and `funding_rate` (share of "
        "notional that longs pay). `{symbol}` is replaced by the symbol; empty charges none.",
    )
    hours: str = Field(
        default="",
        description="When the market trades, for example `Mon-Fri 09:30-16:00 America/New_York`; several ranges are "
        "joined by `;`. Bars that open at other times are left out; empty: every hour.",
    )
    holidays: str = Field(
        default="",
        description="Text or CSV file of dates on which the market is closed, one ISO date a line, in the zone of "
        "`hours`. `{symbol}` is replaced by the symbol; empty: none.",
    )
    interval: str = Field(
        default="1h", pattern=r"^[1-9][0-9]{0,5}[smhd]$", description="Length of the traded bar, for example 15m."
    )
    history_bars: int = Field(
        default=40_000, ge=2_000, description="At most this many traded bars before `as_of` are used."
    )
    on_duplicate: Literal["error", "keep-first", "keep-last"] = Field(
        default="error", description="What to do with a repeated timestamp."
    )
    on_unsorted: Literal["error", "sort"] = Field(default="error", description="What to do when timestamps go back.")
    on_gap: Literal["error", "keep-longest", "allow"] = Field(
        default="error",
        description="What to do when `max_gap_share` is breached: refuse, keep the longest stretch that meets the "
        "contract, or go on.",
    )
    max_gap_share: Fraction = Field(default=0.01, description="Largest share of missing bars on the source's grid.")
    max_zero_volume_share: Fraction = Field(default=0.05, description="Largest share of bars that trade nothing.")
    max_jump: FiniteFloat = Field(
        default=4.0,
        gt=1.0,
        description="Largest ratio, up or down, between a bar's open and the close before it; a larger one is a split, "
        "another unit or another symbol.",
    )
    session: Literal["continuous", "exchange"] = Field(
        default="continuous",
        description="How gaps are told where `hours` is empty. `exchange`: closed nights and weekends, guessed from "
        "the bars, are not gaps.",
    )

    @field_validator("symbols")
    @classmethod
    def _name_models(cls, symbols: tuple[str, ...]) -> tuple[str, ...]:
        models: dict[str, str] = {}
        for symbol in symbols:
            if not _SYMBOL.fullmatch(symbol):
                raise ValueError(
                    f"{symbol!r} is no symbol: write letters, digits and . _ - / : after a letter or digit"
                )
            other = models.setdefault(plain_symbol(symbol), symbol)
            if other != symbol:
                raise ValueError(f"{other} and {symbol} would be one model, {plain_symbol(symbol)}: name one of them")
        return symbols

    @model_validator(mode="after")
    def _one_calendar(self) -> MarketSpec:
        if self.hours and self.session == "exchange":
            raise ValueError(
                'hours tells when the market trades, and session = "exchange" guesses it: leave session = '
                '"continuous", or hours empty'
            )
        if self.holidays and not self.hours:
            raise ValueError(
                'holidays needs hours, in whose zone its dates are: set hours too, for example "Mon-Fri 09:30-16:00 '
                'America/New_York"'
            )
        return self


def plain_symbol(symbol: str) -> str:
    """A symbol as models and folders are named after it.

    Args:
        symbol: as a market calls it.
    """
    return symbol.lower().replace("/", "-").replace(":", "-")
