"""The page on the simulator's rules once more, in plain decimals: slow, short, and without any of its code.

Random paths are played by both, and every number must agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import Any, NamedTuple

from tests.support.decimal_account import (
    DAY_MS,
    ZERO,
    DecimalBar,
    as_decimal,
)
from tests.support.price_paths import HOUR_MS, EntryOrder

ONE = Decimal(1)
MILLIONTH = Decimal("1e-6")
BASIS_POINT = Decimal("1e-4")
ROUNDING = Decimal("1e-30")


class SimulatedFill(NamedTuple):
    """What filled (entry, stop, target, time, liquidation), signed quantity, price, and the cost inside the price."""

    kind: str
    quantity: Decimal
    price: Decimal
    spread: Decimal
    slippage: Decimal


class Waiting(NamedTuple):
    """When an order may fill: number of the bar, and UTC milliseconds."""

    bar: int
    ready: int


class DecimalSimulator:
    """An account that plays bars by the page.

    Attributes:
        cash: quote currency.
        position: signed, units of the asset.
        equity: at the close of the last bar.
        halted: whether the drawdown limit was hit.
    """

    def __init__(self, given: Mapping[str, Any]) -> None:
        """Begin flat.

        Args:
            given: every setting by name, in the units of the settings.
        """
        self.wick_limit = as_decimal(given["wick_limit"])
        self.through = bool(given["limit_through"])
        self.latency_bars, self.latency_ms = int(given["latency_bars"]), int(given["latency_ms"])
        self.fee, self.maker_fee = (
            as_decimal(given["fee_bps"]) * BASIS_POINT,
            as_decimal(given["maker_fee_bps"]) * BASIS_POINT,
        )
        self.half_spread = as_decimal(given["spread_bps"]) * BASIS_POINT / 2
        self.constant, self.impact = as_decimal(given["impact_bps"]) * BASIS_POINT, as_decimal(given["impact"])
        self.stop_slip, self.participation = as_decimal(given["stop_slip"]), as_decimal(given["max_participation"])
        self.funding = as_decimal(given["funding_bps_per_day"]) * BASIS_POINT
        self.borrow = as_decimal(given["borrow_bps_per_day"]) * BASIS_POINT
        self.tick, self.lot = as_decimal(given["tick"]), as_decimal(given["lot"]) * as_decimal(given["contract_size"])
        self.min_notional, self.size_cap = as_decimal(given["min_notional"]), as_decimal(given["size_cap"])
        self.margin, self.halt_drawdown = as_decimal(given["maintenance_margin"]), as_decimal(given["halt_drawdown"])
        self.cash = self.equity = self.peak = as_decimal(given["initial_equity"])
        self.position = self.entry_price = self.stop = self.target = self.typical = ZERO
        self.held = self.duration = self.before = 0
        self.number = 0  # of the bar being played, and of the next one between bars
        self.halted = False
        self.order: EntryOrder | None = None
        self.entry = Waiting(0, 0)
        self.exit: Waiting | None = None
        self.exit_kind = ""
        self.budget = ZERO
        self.fills: list[SimulatedFill] = []

    @property
    def side(self) -> int:
        """+1 long, -1 short, 0 flat."""
        return int(self.position.compare(ZERO))

    @property
    def free(self) -> bool:
        """Whether an entry may be decided: flat, nothing waits, not halted."""
        return self.order is None and not self.side and not self.halted

    def decide(self, order: EntryOrder, close_ms: int) -> None:
        """Let an entry wait.

        Args:
            order: decided at the close of the last bar.
            close_ms: UTC milliseconds of that close.
        """
        self.order, self.entry = order, self._patience(close_ms)

    def play(self, reported: DecimalBar) -> list[SimulatedFill]:
        """Apply a bar.

        Args:
            reported: as the market had it.

        Returns:
            What filled, in order.
        """
        self.fills = []
        bar = self._confirm(reported)
        self.budget, self.opened = self.participation * bar.volume, bar.open
        if self.side:
            self._carry(bar)
        late = self._enter(bar)
        self._leave_by_market(bar)
        if self.side:
            # What the bar did before the entry met its price is not looked at, but for the extremes.
            self._protect_or_gain(bar if late is None else bar._replace(open=late), late is not None)
        self._end(bar)
        return self.fills

    # the steps of a bar, in order

    def _confirm(self, bar: DecimalBar) -> DecimalBar:
        top, bottom = max(bar.open, bar.close), min(bar.open, bar.close)
        if self.wick_limit and self.number:
            longest = self.wick_limit * max(self.typical, (top - bottom) / bar.open) * bar.open
            bar = bar._replace(high=min(bar.high, top + longest), low=max(bar.low, bottom - longest))
        return bar

    def _carry(self, bar: DecimalBar) -> None:
        days = Decimal(bar.ts - self.before) / DAY_MS
        borrowed = -self.position * bar.open if self.position < 0 else max(ZERO, -self.cash)
        self.cash -= self.position * bar.open * (bar.funding + self.funding * days) + borrowed * self.borrow * days

    def _enter(self, bar: DecimalBar) -> Decimal | None:
        """Fill or cancel the entry that may fill on this bar; the price it met if that was after the open."""
        order = self.order
        if order is None or not self._may_fill(self.entry, bar):
            return None
        self.order = None
        side = 1 if order.quantity > 0 else -1
        reference = self._reference(self.entry, bar, side)
        quantity = self._lots(min(abs(as_decimal(order.quantity)), self.budget))
        price = self._market(bar, reference, side, quantity)
        cap = min(self.size_cap, as_decimal(order.cap))
        fits = cap * self.cash / (price + cap * (side * (price - reference) + self.fee * price))
        quantity = self._lots(min(quantity, fits))
        if quantity == 0 or quantity * price < self.min_notional:
            return None
        self._fill("entry", side * quantity, price, bar.open, reference)
        self.entry_price, self.held, self.duration, self.exit = price, 0, order.duration, None
        away = (as_decimal(order.stop_log) * -side).exp(), (as_decimal(order.target_log) * side).exp()
        self.stop = self._on_tick(price * away[0], -side)
        self.target = self._on_tick(price * away[1], side)
        return reference if self.entry.ready > bar.ts else None

    def _leave_by_market(self, bar: DecimalBar) -> None:
        if self.exit is None or not self._may_fill(self.exit, bar):
            return
        quantity = self._lots(min(abs(self.position), self.budget))
        if quantity:
            reference = self._reference(self.exit, bar, -self.side)
            self.exit_kind = self._take(self.exit_kind, bar, bar.open, reference, quantity)
        if not self.side:
            self.exit = None

    def _protect_or_gain(self, bar: DecimalBar, late: bool) -> None:
        side = self.side
        worst = bar.low if side > 0 else bar.high
        limit = self._liquidation_price()
        if limit is not None and side * (limit - self.stop) > 0 and side * (worst - limit) <= 0:
            self._liquidate(bar, limit, worst)
            return
        stopped = side * (worst - self.stop) <= 0
        if stopped:
            start = self.stop if side * (bar.open - self.stop) > 0 else bar.open
            quantity = self._lots(min(abs(self.position), self.budget))
            kind = "stop"
            if quantity:
                kind = self._take("stop", bar, start, start + self.stop_slip * (worst - start), quantity)
            if self.side:
                self.exit, self.exit_kind = Waiting(self.number + 1, 0), kind
        limit = self._liquidation_price()
        if self.side and limit is not None and side * (worst - limit) <= 0:
            self._liquidate(bar, limit, worst)
        elif self.side and not stopped and self.exit is None and not late:
            self._gain(bar)

    def _liquidate(self, bar: DecimalBar, limit: Decimal, worst: Decimal) -> None:
        start = limit if self.side * (bar.open - limit) > 0 else bar.open
        self._take("liquidation", bar, start, start + self.stop_slip * (worst - start), abs(self.position))

    def _gain(self, bar: DecimalBar) -> None:
        side = self.side
        best = bar.high if side > 0 else bar.low
        beyond = side * (best - self.target)
        quantity = min(abs(self.position), self.budget)
        if beyond < (self.tick * (1 - MILLIONTH) if self.through else 0):
            return
        if self.through:
            size = bar.high - bar.low
            share = min(ONE, beyond / size) if size else ONE
            quantity = min(quantity, self.participation * bar.volume * share)
        quantity = self._lots(quantity)
        if quantity:
            self._fill("target", -side * quantity, self.target, self.target, None)

    def _end(self, bar: DecimalBar) -> None:
        size = (bar.high - bar.low) / bar.open
        self.typical = size if not self.number else self.typical + Decimal("0.02") * (size - self.typical)
        self.number, self.before = self.number + 1, bar.ts
        if not self.side:
            self.exit = None
        else:
            self.held += 1
            if self.held >= self.duration and self.exit is None:
                self.exit, self.exit_kind = self._patience(bar.ts + HOUR_MS), "time"
        self.equity = self.cash + self.position * bar.close
        self.peak = max(self.peak, self.equity)
        self.halted = self.halted or self.equity <= self.peak * (1 - self.halt_drawdown)

    # what the steps are made of

    def _patience(self, close_ms: int) -> Waiting:
        return Waiting(self.number + self.latency_bars, close_ms + self.latency_ms)

    def _may_fill(self, waiting: Waiting, bar: DecimalBar) -> bool:
        return self.number >= waiting.bar and waiting.ready < bar.ts + HOUR_MS

    def _reference(self, waiting: Waiting, bar: DecimalBar, side: int) -> Decimal:
        late = Decimal(max(0, waiting.ready - bar.ts)) / HOUR_MS
        worst = bar.high if side > 0 else bar.low
        return bar.open + side * late.sqrt() * max(ZERO, side * (worst - bar.open))

    def _market(self, bar: DecimalBar, reference: Decimal, side: int, quantity: Decimal) -> Decimal:
        root = min(ONE, quantity / bar.volume).sqrt() if bar.volume else ONE
        sigma = max((bar.high - bar.low) / self.opened, self.typical) / Decimal("1.596")
        slip = self.half_spread + (self.constant + self.impact * sigma) * root
        return max(self.tick, self._on_tick(reference * (1 + side * slip), side))

    def _take(self, kind: str, bar: DecimalBar, start: Decimal, reference: Decimal, quantity: Decimal) -> str:
        """Leave by a market fill, at the bankruptcy price at worst; its kind, which what is left keeps."""
        side = -self.side
        price = self._market(bar, reference, side, quantity)
        bankrupt = -self.cash / (self.position - self.fee * abs(self.position))
        if bankrupt > 0 and side * (price - bankrupt) >= 0:
            # Of what the insurance fund bears nothing is a cost, and nothing is a gain.
            kind, price, start = "liquidation", bankrupt, -side * max(-side * start, -side * bankrupt)
        self._fill(kind, side * quantity, price, start, reference, borne=price == bankrupt)
        if kind == "liquidation" and not self.side and abs(self.cash) < ROUNDING:
            self.cash = ZERO
        return kind

    def _fill(
        self,
        kind: str,
        quantity: Decimal,
        price: Decimal,
        start: Decimal,
        reference: Decimal | None,
        *,
        borne: bool = False,
    ) -> None:
        fee = abs(quantity) * price * (self.fee if reference is not None else self.maker_fee)
        self.cash -= quantity * price + fee
        self.position += quantity
        self.budget -= abs(quantity)
        spread = ZERO if reference is None or borne else abs(quantity) * self.half_spread * reference
        slippage = quantity * (price - start) - spread if reference is not None else ZERO
        self.fills.append(SimulatedFill(kind, quantity, price, spread, slippage))

    def _liquidation_price(self) -> Decimal | None:
        if self.position > 0 and self.cash < 0:
            return -self.cash / (self.position * (1 - self.margin))
        if self.position < 0:
            return self.cash / (-self.position * (1 + self.margin))
        return None

    def _lots(self, quantity: Decimal) -> Decimal:
        # As with ticks, a millionth short of a lot is one.
        return max(ZERO, (quantity / self.lot + MILLIONTH).to_integral_value(ROUND_FLOOR)) * self.lot

    def _on_tick(self, price: Decimal, side: int) -> Decimal:
        ticks = price / self.tick
        near = ticks.to_integral_value(ROUND_HALF_EVEN)
        if abs(ticks - near) > MILLIONTH:
            near = ticks.to_integral_value(ROUND_CEILING if side > 0 else ROUND_FLOOR)
        return near * self.tick
