"""Joins short bars into the bars that the model trades."""

from __future__ import annotations

import numpy as np

from trading.codes import ReasonCode
from trading.errors import DataError
from trading.steps.bar import Bar


class BarJoiner:
    """Joins short bars into long ones on the UTC grid, giving the same bars as :func:`trading.market.bars.resample`.

    A long bar is given out when the short bar that closes it arrives, or, if that one is missing, with the first short
    bar of a later one.

    Args:
        short: milliseconds of the bars that come in.
        long: milliseconds of the bars that go out.

    Raises:
        DataError: if the long interval is not a multiple of the short one.
    """

    def __init__(self, short: int, long: int) -> None:
        if short <= 0 or long % short:
            raise DataError(
                ReasonCode.BARS_INTERVAL,
                f"bars of {short / 1000:g} s cannot make the model's bars of {long / 1000:g} s.",
                remedy="Use a source whose interval divides the model's.",
            )
        self._short, self._long = short, long
        self._waiting: list[Bar] = []
        self._owed = 0.0

    def owe(self, funding: float) -> None:
        """Let the next short bar owe the funding of one that is missing.

        Args:
            funding: share of notional that longs pay.
        """
        self._owed += funding

    def add(self, bar: Bar) -> list[Bar]:
        """Take a short bar and return the long bars that are complete now.

        Args:
            bar: closed, and later than every bar given before; some between may be missing.
        """
        if self._owed:
            bar, self._owed = bar._replace(funding=bar.funding + self._owed), 0.0
        if self._short == self._long:
            return [bar]
        complete: list[Bar] = []
        if self._waiting and bar.ts // self._long != self._waiting[0].ts // self._long:
            complete.append(self._join())
        self._waiting.append(bar)
        if (bar.ts + self._short) % self._long == 0:
            complete.append(self._join())
        return complete

    def _join(self) -> Bar:
        part, self._waiting = self._waiting, []
        # numpy sums in another order than a loop would; the batch sums this way.
        volume, funding = np.add.reduceat(np.array([(bar.volume, bar.funding) for bar in part]), [0], axis=0)[0]
        return Bar(
            ts=part[0].ts // self._long * self._long,
            open=part[0].open,
            high=max(bar.high for bar in part),
            low=min(bar.low for bar in part),
            close=part[-1].close,
            volume=float(volume),
            funding=float(funding),
        )
