"""An account kept in plain decimals: what fills and carry make of cash, position, equity and trades.

It knows nothing of orders and uses nothing of the simulator: given bars and the fills of any ledger it books them by
the page on the simulator's rules, so that two ways of counting can be held against each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import NamedTuple

DAY_MS = 86_400_000
DIGITS = 40
#: Less of a position than this is what float quantities leave of nothing.
NOTHING = Decimal("1e-9")
ZERO = Decimal(0)


class DecimalBar(NamedTuple):
    """A bar in decimals, with the rate of funding that is due as it opens."""

    ts: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    funding: Decimal


class BookedFill(NamedTuple):
    """A fill of a ledger: index of its bar, signed quantity, price, and whether it rested as a limit."""

    bar: int
    quantity: float | Decimal
    price: float | Decimal
    maker: bool


class Rates(NamedTuple):
    """What the account pays, in basis points as in the settings."""

    fee_bps: float = 0.0
    maker_fee_bps: float = 0.0
    funding_bps_per_day: float = 0.0
    borrow_bps_per_day: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Booked:
    """The account at the close of a bar; fees and funding since the start."""

    cash: Decimal
    position: Decimal
    equity: Decimal
    fees: Decimal
    funding: Decimal


@dataclass(kw_only=True)
class BookedTrade:
    """A trade as its fills tell it; mae and mfe as shares of the entry price."""

    quantity: Decimal
    entry_price: Decimal
    pnl: Decimal = ZERO
    fees: Decimal = ZERO
    funding: Decimal = ZERO
    held: int = 0
    worst: Decimal = ZERO
    best: Decimal = ZERO

    @property
    def mae(self) -> Decimal:
        """Largest move against the trade."""
        return self.worst / self.entry_price

    @property
    def mfe(self) -> Decimal:
        """Largest move for the trade."""
        return self.best / self.entry_price

    def see(self, price: Decimal) -> None:
        """Widen the extremes by a price.

        Args:
            price: of a fill, or an extreme of a bar at whose close the trade is open.
        """
        move = (price - self.entry_price).copy_sign((price - self.entry_price) * self.quantity)
        self.worst, self.best = max(self.worst, -move), max(self.best, move)


@dataclass(frozen=True, kw_only=True)
class Replay:
    """What a ledger's fills make of an account.

    Attributes:
        closes: the account at the close of every bar.
        trades: that closed, in their order.
        open_trade: its pnl is what it has booked so far, unmarked.
    """

    closes: tuple[Booked, ...]
    trades: tuple[BookedTrade, ...]
    open_trade: BookedTrade | None


def as_decimal(number: float | Decimal) -> Decimal:
    """The decimal that a person would write for a number.

    Args:
        number: a float as its shortest text has it.
    """
    return number if isinstance(number, Decimal) else Decimal(repr(float(number)))


def decimal_bars(bars: Sequence[tuple[float, ...]]) -> list[DecimalBar]:
    """Rows of ts, open, high, low, close, volume and funding as decimals.

    Args:
        bars: in their order.
    """
    return [DecimalBar(int(ts), *(as_decimal(number) for number in rest)) for ts, *rest in bars]


def confirmed(bars: Sequence[DecimalBar], wick_limit: float) -> list[DecimalBar]:
    """The bars with wicks cut to what confirms them.

    Args:
        bars: all that the account has seen, from its first.
        wick_limit: 0 to leave every wick.
    """
    cut: list[DecimalBar] = []
    typical = ZERO
    for index, bar in enumerate(bars):
        top, bottom = max(bar.open, bar.close), min(bar.open, bar.close)
        if wick_limit and index:
            longest = as_decimal(wick_limit) * max(typical, (top - bottom) / bar.open) * bar.open
            bar = bar._replace(high=min(bar.high, top + longest), low=max(bar.low, bottom - longest))
        size = (bar.high - bar.low) / bar.open
        typical = size if not index else typical + Decimal("0.02") * (size - typical)
        cut.append(bar)
    return cut


def replay(bars: Sequence[DecimalBar], fills: Sequence[BookedFill], rates: Rates, *, initial: float) -> Replay:
    """Book a ledger's fills.

    Args:
        bars: with confirmed extremes.
        fills: in the order in which they happened.
        rates: of fees and carry.
        initial: equity before the first bar.
    """
    with localcontext() as context:
        context.prec = DIGITS
        return _replay(bars, fills, [as_decimal(rate) / 10_000 for rate in rates], as_decimal(initial))


def _replay(bars: Sequence[DecimalBar], fills: Sequence[BookedFill], rates: list[Decimal], cash: Decimal) -> Replay:
    taker, maker, per_day, borrow = rates
    position = fees = funding = ZERO
    trade: BookedTrade | None = None
    trades: list[BookedTrade] = []
    closes: list[Booked] = []
    waiting = list(fills)
    for index, bar in enumerate(bars):
        if trade is not None:
            days = Decimal(bar.ts - bars[index - 1].ts) / DAY_MS
            borrowed = -position * bar.open if position < 0 else max(ZERO, -cash)
            paid = position * bar.open * (bar.funding + per_day * days) + borrowed * borrow * days
            cash, funding = cash - paid, funding + paid
            trade.funding += paid
            trade.pnl -= paid
        while waiting and waiting[0].bar == index:
            fill = waiting.pop(0)
            quantity, price = as_decimal(fill.quantity), as_decimal(fill.price)
            fee = abs(quantity) * price * (maker if fill.maker else taker)
            cash, fees = cash - quantity * price - fee, fees + fee
            if trade is None:
                trade = BookedTrade(quantity=quantity, entry_price=price)
            else:
                trade.pnl -= quantity * (price - trade.entry_price)
            trade.fees += fee
            trade.pnl -= fee
            trade.see(price)
            position += quantity
            if abs(position) < NOTHING:
                position = ZERO
                trades.append(trade)
                trade = None
        if trade is not None:
            trade.held += 1
            trade.see(bar.high)
            trade.see(bar.low)
        equity = cash + position * bar.close
        closes.append(Booked(cash=cash, position=position, equity=equity, fees=fees, funding=funding))
    if waiting:
        raise ValueError(f"{len(waiting)} fills belong to no bar, the first to bar {waiting[0].bar}")
    return Replay(closes=tuple(closes), trades=tuple(trades), open_trade=trade)
