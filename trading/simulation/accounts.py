"""An account by names: the one place outside the steps that knows where the account array holds what."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from trading.arrays import Floats
from trading.codes import ReasonCode
from trading.errors import LiveError
from trading.steps import account as a

TradingState = Literal["ACTIVE", "HALTED"]

SavedAccount = Mapping[str, float | str | None]
"""An account by field names, as JSON holds it: NaN is None."""

ORDER_ID = "order_id"
FIELDS: Mapping[str, int] = MappingProxyType({name: slot for slot, name in enumerate(a.ACCOUNT_FIELDS)})
"""Where each stored field lies. A name outlives a release: what is renamed in the steps keeps its name here."""

_UNKNOWN_OF_TRADE = {"trade_spread", "trade_slippage", "confidence"}


@dataclass(frozen=True, kw_only=True)
class Order:
    """An entry order with its bracket.

    Attributes:
        quantity: signed, units of the asset.
        wait_bars: extra bars before it may fill.
        ready_ms: UTC milliseconds from which it may fill.
        cap: largest notional at the fill, share of equity.
        confidence: at the decision, effective.
        regime: at the decision, see :func:`trading.steps.opinion.regime_number`.
        duration_bars: longest holding time.
        stop_log: distance of the stop from the fill, log price.
        target_log: distance of the target from the fill, log price.
    """

    quantity: float
    wait_bars: float
    ready_ms: float
    cap: float
    confidence: float
    regime: float
    duration_bars: float
    stop_log: float
    target_log: float


@dataclass(frozen=True, kw_only=True)
class OpenTrade:
    """A trade that is not closed yet.

    Attributes:
        entry_ts: UTC milliseconds of the open of the bar on which it was entered.
        quantity: signed, units of the asset, as filled at the entry.
        entry_price: average.
        stop: price.
        target: price.
        held_bars: closed bars since the entry.
        duration_bars: bars after which to leave.
    """

    entry_ts: int
    quantity: float
    entry_price: float
    stop: float
    target: float
    held_bars: float
    duration_bars: float


class Account:
    """The book of one market: money, position, the order that waits, and what breakers and policy remember.

    Attributes:
        symbol: the market.
        interval: milliseconds of its bars.
        state: shape (ACCOUNT_SIZE,), for the steps; nobody else looks inside.
        parameters: costs and limits of the model that decides, in the units of the steps.
        order_id: of the newest order that was placed, waiting or not; empty before the first.

    Args:
        symbol: the market.
        interval: milliseconds of its bars.
        initial_equity: quote currency.
        parameters: of the first model, see :meth:`use`.
    """

    def __init__(self, *, symbol: str, interval: int, initial_equity: float, parameters: Floats) -> None:
        self.symbol = symbol
        self.interval = interval
        self.state: Floats = a.new_account(initial_equity)
        self.parameters = parameters
        self.order_id = ""

    def use(self, parameters: Floats) -> None:
        """Apply the costs and limits of another model from the next bar on.

        Args:
            parameters: see :func:`trading.simulation.parameters.model_parameters`.
        """
        self.parameters = parameters

    @property
    def equity(self) -> float:
        """Quote currency, at the last close."""
        return float(self.state[a.EQUITY])

    @property
    def position(self) -> float:
        """Units of the asset, signed."""
        return float(self.state[a.QUANTITY])

    @property
    def trading_state(self) -> TradingState:
        """HALTED once the drawdown limit was reached: only exits follow then."""
        return "HALTED" if self.state[a.HALTED] != 0.0 else "ACTIVE"

    @property
    def order(self) -> Order | None:
        """The order that waits for its fill."""
        state = self.state
        if state[a.ORDER_QUANTITY] == 0.0:
            return None
        return Order(
            quantity=float(state[a.ORDER_QUANTITY]),
            wait_bars=float(state[a.ORDER_WAIT]),
            ready_ms=float(state[a.ORDER_READY]),
            cap=float(state[a.ORDER_CAP]),
            confidence=float(state[a.ORDER_CONFIDENCE]),
            regime=float(state[a.ORDER_REGIME]),
            duration_bars=float(state[a.ORDER_DURATION]),
            stop_log=float(state[a.ORDER_STOP]),
            target_log=float(state[a.ORDER_TARGET]),
        )

    @property
    def open_trade(self) -> OpenTrade | None:
        """The trade that is not closed yet."""
        state = self.state
        if state[a.ENTRY_QUANTITY] == 0.0:
            return None
        return OpenTrade(
            entry_ts=int(state[a.ENTRY_TS]),
            quantity=float(state[a.ENTRY_QUANTITY]),
            entry_price=float(state[a.ENTRY_PRICE]),
            stop=float(state[a.STOP]),
            target=float(state[a.TARGET]),
            held_bars=float(state[a.HELD]),
            duration_bars=float(state[a.DURATION]),
        )

    def take_order(self) -> Order | None:
        """Take the order that a decision left here out of the account, so that it can be written down first."""
        order = self.order
        self.withdraw()
        return order

    def place(self, order_id: str, order: Order) -> None:
        """Let an order wait for its fill.

        Args:
            order_id: names it, and no other.
            order: what is wanted.
        """
        state = self.state
        state[a.ORDER_QUANTITY] = order.quantity
        state[a.ORDER_WAIT] = order.wait_bars
        state[a.ORDER_READY] = order.ready_ms
        state[a.ORDER_CAP] = order.cap
        state[a.ORDER_CONFIDENCE] = order.confidence
        state[a.ORDER_REGIME] = order.regime
        state[a.ORDER_DURATION] = order.duration_bars
        state[a.ORDER_STOP] = order.stop_log
        state[a.ORDER_TARGET] = order.target_log
        self.order_id = order_id

    def withdraw(self) -> None:
        """Take the waiting order away, if there is one."""
        self.state[a.ORDER_QUANTITY] = 0.0

    def save(self) -> SavedAccount:
        """Everything the account has to remember between two bars, by name.

        Raises:
            LiveError: ``ACCOUNT_INVALID`` if a number is infinite.
        """
        values: list[float] = self.state.tolist()
        saved: dict[str, float | str | None] = {ORDER_ID: self.order_id}
        for name, slot in FIELDS.items():
            value = values[slot]
            if math.isfinite(value):
                saved[name] = value
            elif math.isnan(value):
                saved[name] = None
            else:
                raise _invalid(f"{self.symbol}: the account's {name} is {value}", "Look at the last bars' fills.")
        return saved

    def restore(self, saved: SavedAccount) -> None:
        """Go on where an account was saved; a field that an earlier release did not know keeps its first value.

        Args:
            saved: what :meth:`save` returned.

        Raises:
            LiveError: ``ACCOUNT_INVALID`` if a field is unknown or no number.
        """
        unknown = sorted(saved.keys() - FIELDS.keys() - {ORDER_ID})
        if unknown:
            raise _invalid(
                f"{self.symbol}: the stored account has {', '.join(unknown)}, which this release does not know",
                "Go on with the release that wrote the journal, or a later one; or begin another with --journal.",
            )
        for name, value in saved.items():
            if name == ORDER_ID and isinstance(value, str):
                self.order_id = value
            elif name in FIELDS and (value is None or (isinstance(value, int | float) and math.isfinite(value))):
                self.state[FIELDS[name]] = math.nan if value is None else value
            else:
                raise _invalid(
                    f"{self.symbol}: the stored account's {name} is {value!r}",
                    "The journal was changed by hand; put the copy from before that back.",
                )
        # Of an account that release 0.1 stored: an open trade has met its entry price, and what it paid on the way in
        # is not known; an order has only its own limits.
        if self.state[a.ENTRY_QUANTITY] != 0.0:
            for name in _UNKNOWN_OF_TRADE - saved.keys():
                self.state[FIELDS[name]] = math.nan
        if "worst_price" not in saved:
            self.state[a.WORST_PRICE] = self.state[a.BEST_PRICE] = self.state[a.ENTRY_PRICE]
        if "order_cap" not in saved:
            self.state[a.ORDER_CAP] = 1.0


def saved_trading_state(saved: SavedAccount) -> TradingState:
    """The trading state of a stored account; see :attr:`Account.trading_state`.

    Args:
        saved: what :meth:`Account.save` returned, of this or another release.
    """
    return "HALTED" if saved.get("halted", 0.0) != 0.0 else "ACTIVE"


def resumed_account(saved: SavedAccount) -> SavedAccount:
    """A stored account that may open positions again; its drawdown is counted from the present equity.

    From the peak before, the next bar would halt it again.

    Args:
        saved: what :meth:`Account.save` returned, of a halted account.
    """
    return {**saved, "halted": 0.0, "peak": saved["equity"]}


def _invalid(what: str, remedy: str) -> LiveError:
    return LiveError(ReasonCode.ACCOUNT_INVALID, f"{what}.", remedy=remedy)
