"""What must hold on every path, whatever the settings: checked from the fills alone, bar by bar."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tests.support.decimal_account import (
    BookedFill,
    DecimalBar,
    Rates,
    Replay,
    as_decimal,
    confirmed,
    decimal_bars,
    replay,
)
from tests.support.price_paths import HOUR_MS, EntryOrder, Filled, Orders, Played, TradeRow

CLOSE = 1e-9


def broken_properties(
    given: Mapping[str, Any], bars: list[tuple[float, ...]], orders: Orders, played: Played
) -> list[str]:
    """The properties that a played path breaks, each as a sentence; none if all hold.

    Args:
        given: every setting.
        bars: ts, open, high, low, close, volume, funding.
        orders: that it was played with.
        played: what came of it.
    """
    return _Path(given, bars, orders, played).broken()


class _Path:
    """A played path and the sentences that are not true of it."""

    def __init__(self, given: Mapping[str, Any], bars: list[tuple[float, ...]], orders: Orders, played: Played) -> None:
        self.given, self.orders, self.played = given, orders, played
        self.bars: list[DecimalBar] = confirmed(decimal_bars(bars), given["wick_limit"])
        self.half_spread = given["spread_bps"] * 0.5e-4
        self.lot = given["lot"] * given["contract_size"]
        self.said: list[str] = []
        # What lies between reference and price of a fill, quote currency; None where the page leaves no plain number.
        self.paid: dict[int, float | None] = {}
        self.met: dict[int, float] = {}
        # of the open trade
        self.stop = self.target = self.side = 0.0
        self.stopped_before = False

    def broken(self) -> list[str]:
        self._account()
        for index in range(len(self.bars)):
            fills = [fill for fill in self.played.fills if fill[3] == index]
            self._budget(index, fills)
            for fill in fills:
                self._entry(index, fill) if fill[0] == "entry" else self._exit(index, fill)
            if self.side and self._reaches_stop(index):
                self.stopped_before = True
        self._costs_of_trades()
        return self.said

    def _require(self, holds: bool, sentence: str) -> None:
        if not holds:
            self.said.append(sentence)

    # accounts

    def _replay(self) -> Replay:
        fills = [BookedFill(bar, quantity, price, kind == "target") for kind, quantity, price, bar in self.played.fills]
        rates = Rates(*(self.given[name] for name in Rates._fields))
        return replay(self.bars, fills, rates, initial=self.given["initial_equity"])

    def _account(self) -> None:
        """Cash, position, equity and trades are what the fills and the carry make of them; nothing is ever owed."""
        booked = self._replay()
        start = float(self.given["initial_equity"])
        for index, (found, close) in enumerate(zip(self.played.after, booked.closes, strict=True)):
            for name, one, other in zip(
                ("cash", "position", "equity"), found, (close.cash, close.position, close.equity), strict=True
            ):
                near = math.isclose(one, float(other), rel_tol=CLOSE, abs_tol=CLOSE * start)
                self._require(near, f"bar {index}: {name} {one} is not {other}")
            for name, one, other in zip(
                ("fees", "funding"), self.played.paid[index][:2], (close.fees, close.funding), strict=True
            ):
                near = math.isclose(one, float(other), rel_tol=CLOSE, abs_tol=CLOSE * start)
                self._require(near, f"bar {index}: {name} {one} are not {other}")
            sound = found[2] >= CLOSE * start or found[2] == 0.0
            self._require(sound, f"bar {index}: equity {found[2]} is neither money nor exactly nothing")
        one, other = len(self.played.trades), len(booked.trades)
        self._require(one == other, f"{one} trades closed, not {other}")
        for trade, counted in zip(self.played.trades, booked.trades, strict=False):
            # A liquidation may be summed with the fill before it, and the extreme of the two is not told.
            extremes = () if trade.reason == "liquidation" else ("mae", "mfe")
            for name in ("pnl", "fees", "funding", "held", *extremes):
                one, other = float(getattr(trade, name)), float(getattr(counted, name))
                near = math.isclose(one, other, rel_tol=CLOSE, abs_tol=CLOSE * start)
                self._require(near, f"a trade's {name} {one} is not {other}")
        opened = booked.open_trade
        unmarked = Decimal(0) if opened is None else opened.pnl
        position = booked.closes[-1].position
        mark = Decimal(0) if opened is None else position * (self.bars[-1].close - opened.entry_price)
        gains = sum(trade.pnl for trade in self.played.trades) + float(unmarked + mark)
        gained = self.played.after[-1][2] - start
        self._require(math.isclose(gains, gained, abs_tol=CLOSE * start), f"gains {gains} are not {gained}")

    def _costs_of_trades(self) -> None:
        """The cost parts of a trade add up to what its fills paid."""
        waiting = list(self.played.fills)
        for trade in self.played.trades:
            own = waiting[:1]
            del waiting[:1]
            while abs(sum(fill[1] for fill in own)) > 0.5 * self.lot and waiting:
                own.append(waiting.pop(0))
            self._cost_of(trade, own, [self.paid.get(id(fill)) for fill in own])

    def _cost_of(self, trade: TradeRow, own: list[Filled], paid: list[float | None]) -> None:
        self._require(trade.reason == own[-1][0], f"the reason {trade.reason} is not that of {own[-1]}")
        self._require(trade.spread >= 0.0, f"spread {trade.spread} is under 0")
        if None not in paid:
            total = sum(part for part in paid if part is not None)
            said = trade.spread + trade.slippage
            self._require(math.isclose(said, total, abs_tol=1e-6), f"spread and slippage {said} are not {total}")

    # fills

    def _budget(self, index: int, fills: list[Filled]) -> None:
        filled = sum(abs(fill[1]) for fill in fills if fill[0] != "liquidation")
        most = self.given["max_participation"] * float(self.bars[index].volume)
        self._require(filled <= most * (1 + CLOSE), f"bar {index}: {filled} filled of a budget of {most}")
        for kind, quantity, price, _ in fills:
            lots = abs(quantity) / self.lot
            self._require(abs(lots - round(lots)) < 1e-6, f"bar {index}: {quantity} is not in whole lots")
            ticks = price / self.given["tick"]
            self._require(
                kind in ("liquidation", "exit") or abs(ticks - round(ticks)) < 1e-6,
                f"bar {index}: {price} is not on the tick",
            )

    def _entry(self, index: int, fill: Filled) -> None:
        _, quantity, price, _ = fill
        self._require(self.side == 0.0, f"bar {index}: an entry while a position is open")
        decided = max((taken for taken in self.played.taken if taken < index), default=None)
        if decided is None:
            self.said.append(f"bar {index}: an entry that nothing decided")
            return
        order = self.orders[decided]
        bar, side = self.bars[index], math.copysign(1.0, quantity)
        self._require(
            quantity * order.quantity > 0 and abs(quantity) <= abs(order.quantity) * (1 + CLOSE),
            f"bar {index}: not ordered",
        )
        self._require(index > decided + self.given["latency_bars"], f"bar {index}: before its latency")
        ready = int(self.bars[decided].ts) + HOUR_MS + self.given["latency_ms"]
        self._require(ready < bar.ts + HOUR_MS, f"bar {index}: before its milliseconds")
        late = math.sqrt(max(0, ready - bar.ts) / HOUR_MS)
        first, worst = float(bar.open), float(bar.high if side > 0 else bar.low)
        reference = first + side * late * max(0.0, side * (worst - first))
        self._require(
            side * (price - reference) >= (self.half_spread - CLOSE) * reference,
            f"bar {index}: entry at {price} is better than half the spread off {reference}",
        )
        notional, fee = abs(quantity) * price, abs(quantity) * price * self.given["fee_bps"] * 1e-4
        before = self.played.after[index - 1][2] if index else self.given["initial_equity"]
        equity = before - quantity * (price - reference) - fee
        cap = min(self.given["size_cap"], order.cap)
        self._require(notional <= cap * equity * (1 + CLOSE), f"bar {index}: {notional} is over {cap} of {equity}")
        self._require(notional >= self.given["min_notional"], f"bar {index}: {notional} is under the smallest")
        self.paid[id(fill)] = quantity * (price - first)
        self.met[index] = reference
        self._protect(order, price, side)

    def _protect(self, order: EntryOrder, price: float, side: float) -> None:
        self.side, self.stopped_before = side, False
        self.stop = _outward(price * math.exp(-side * order.stop_log), -side, self.given["tick"])
        self.target = _outward(price * math.exp(side * order.target_log), side, self.given["tick"])

    def _reaches_stop(self, index: int) -> bool:
        worst = float(self.bars[index].low if self.side > 0 else self.bars[index].high)
        return self.side * (worst - self.stop) <= 1e-9 * self.stop

    def _exit(self, index: int, fill: Filled) -> None:
        kind, quantity, price, _ = fill
        bar, side = self.bars[index], self.side
        self._require(side != 0.0 and quantity * side < 0, f"bar {index}: an exit from nothing")
        # On the bar of a late entry, what counts as its open is the price that the entry met.
        first = self.met.get(index, float(bar.open))
        if kind == "target":
            best = float(bar.high if side > 0 else bar.low)
            needed = self.given["tick"] * (1 - 1e-6) if self.given["limit_through"] else 0.0
            self._require(
                side * (best - self.target) >= needed - 1e-9 * best, f"bar {index}: a target beyond the confirmed bar"
            )
            self._require(math.isclose(price, self.target, rel_tol=1e-12), f"bar {index}: {price} is not {self.target}")
            self.paid[id(fill)] = 0.0
        else:
            start = self._start(index, kind, first)
            if kind != "liquidation" and price > self.given["tick"]:
                worst = first if start is None else start
                self._require(
                    side * (worst - price) >= (self.half_spread - CLOSE) * worst,
                    f"bar {index}: {kind} at {price} is better than half the spread off {worst}",
                )
            self.paid[id(fill)] = None if start is None else quantity * (price - start)
        if abs(self.played.after[index][1]) < 0.5 * self.lot and fill is self._last_of(index):
            self.side = 0.0

    def _start(self, index: int, kind: str, first: float) -> float | None:
        """Where a market exit starts to pay: its stop or the open; None where the fill does not tell."""
        if kind == "stop" and not self.stopped_before:
            self._require(self._reaches_stop(index), f"bar {index}: a stop beyond the confirmed bar")
            return min(first, self.stop) if self.side > 0 else max(first, self.stop)
        if kind in ("stop", "time"):
            return first
        return None

    def _last_of(self, index: int) -> Filled:
        return [fill for fill in self.played.fills if fill[3] == index][-1]


def _outward(price: float, side: float, tick: float) -> float:
    ticks = as_decimal(price) / as_decimal(tick)
    near = round(ticks)
    if abs(ticks - near) > Decimal("1e-6"):
        near = math.ceil(ticks) if side > 0 else math.floor(ticks)
    return float(near * as_decimal(tick))
