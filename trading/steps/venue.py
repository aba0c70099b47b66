"""The venue step: what one bar does to an account, written once for training, backtest, stress, paper and replay.

It puts the steps of fills in their order: extremes, carry, entry, waiting exit, stop, liquidation, target, mark. Every
rule stands in ``docs/simulation.md``.
"""

from __future__ import annotations

import math

from trading.arrays import Floats
from trading.steps import account as a
from trading.steps.bar import Bar
from trading.steps.booking import book, close_trade, open_trade, see_price
from trading.steps.carry import carry_step
from trading.steps.extremes import VenueBar, confirm_step
from trading.steps.latency import late_price, lateness
from trading.steps.margin import bankruptcy_price, entry_room, liquidation_price
from trading.steps.numbers import lots
from trading.steps.resting import resting_quantity
from trading.steps.slippage import market_price
from trading.steps.stops import first_price, triggered_price

# What happened on a bar, added up.
NOTHING, ENTERED, CANCELLED, CLOSED = 0, 1, 2, 4


def venue_step(account: Floats, p: Floats, bar: Bar, trade: Floats) -> int:
    """Apply one bar to an account: fills, bracket, holding time, mark to market.

    Args:
        account: of the lane (``trading.steps.account``), changed in place.
        p: packed parameters.
        bar: closed bar.
        trade: shape (TRADE_SIZE,), written when a trade closes.

    Returns:
        The sum of ENTERED, CANCELLED and CLOSED that happened.
    """
    events = NOTHING
    seen = confirm_step(account, p, bar)
    if account[a.QUANTITY] != 0.0 or account[a.ORDER_QUANTITY] != 0.0:
        events = fill_step(account, p, bar, seen)
    return events + end_step(account, p, bar, seen, trade)


def end_step(account: Floats, p: Floats, bar: Bar, seen: VenueBar, trade: Floats) -> int:
    """End a bar whose fills are done: ages, cooldown, mark to market, drawdown.

    Args:
        account: of the lane, changed in place.
        p: packed parameters.
        bar: closed bar.
        seen: the same as fills see it.
        trade: shape (TRADE_SIZE,), written when a trade closes.

    Returns:
        CLOSED, if the last of a position has left, else NOTHING.
    """
    events = NOTHING
    account[a.LAST_TS] = bar.ts
    if account[a.QUANTITY] != 0.0:
        hold_step(account, p, bar, seen)
    elif account[a.ENTRY_QUANTITY] != 0.0:
        close_trade(account, p, bar.ts, trade)
        events = CLOSED
    else:
        account[a.SINCE_EXIT] += 1.0
        if account[a.COOLDOWN] > 0.0:
            account[a.COOLDOWN] -= 1.0
    account[a.EQUITY] = account[a.CASH] + account[a.QUANTITY] * bar.close
    account[a.LOW_EQUITY] = account[a.EQUITY]
    if account[a.QUANTITY] != 0.0:
        account[a.LOW_EQUITY] = account[a.CASH] + account[a.QUANTITY] * hurting_extreme(account, seen)
    if account[a.EQUITY] > account[a.PEAK]:
        account[a.PEAK] = account[a.EQUITY]
    # Written so that a NaN equity halts too.
    if not account[a.EQUITY] > account[a.PEAK] * (1.0 - p[a.HALT_DRAWDOWN]):
        account[a.HALTED] = 1.0
    return events


def fill_step(account: Floats, p: Floats, bar: Bar, seen: VenueBar) -> int:
    """Every fill of one bar, out of one volume budget.

    Args:
        account: with a position or an order that waits.
        p: packed parameters.
        bar: closed bar.
        seen: the same as fills see it.

    Returns:
        ENTERED or CANCELLED if an entry order came to its end, else NOTHING.
    """
    events = NOTHING
    budget = p[a.PARTICIPATION] * bar.volume
    late = 0.0
    if account[a.QUANTITY] != 0.0:
        carry_step(account, p, bar)
        if account[a.EXIT_REASON] != 0.0 or account[a.EXIT_QUANTITY] != 0.0:
            if account[a.EXIT_WAIT] > 0.0:
                account[a.EXIT_WAIT] -= 1.0
            else:
                share = lateness(p, bar, account[a.EXIT_READY])
                if share < 1.0:
                    side = side_of(account[a.QUANTITY])
                    most = budget if account[a.EXIT_REASON] != 0.0 else min(budget, account[a.EXIT_QUANTITY])
                    account[a.EXIT_QUANTITY] = 0.0
                    budget -= leave(account, p, seen, late_price(seen, -side, share), seen.open, most)
                    if account[a.QUANTITY] == 0.0 and account[a.EXIT_REASON] == 0.0:
                        account[a.EXIT_REASON] = a.REASON_POLICY
    elif account[a.ORDER_WAIT] > 0.0:
        account[a.ORDER_WAIT] -= 1.0
    else:
        late = lateness(p, bar, account[a.ORDER_READY])
        if late < 1.0:
            filled = enter(account, p, seen, late, budget)
            budget -= filled
            events = ENTERED if filled > 0.0 else CANCELLED
            if late > 0.0:
                opened = late_price(seen, side_of(account[a.QUANTITY]), late)
                seen = VenueBar(seen.ts, opened, seen.high, seen.low, seen.close, seen.volume, seen.sigma)
    if account[a.QUANTITY] != 0.0:
        bracket(account, p, seen, budget, late)
    return events


def enter(account: Floats, p: Floats, seen: VenueBar, late: float, budget: float) -> float:
    """Fill the waiting entry order as far as volume and limits allow; the rest is cancelled.

    Args:
        account: flat, with an order.
        p: packed parameters.
        seen: bar as fills see it.
        late: share of the bar that is over when the order may fill.
        budget: largest quantity, units of the asset.

    Returns:
        The quantity that filled; 0 if none could.
    """
    wanted = account[a.ORDER_QUANTITY]
    account[a.ORDER_QUANTITY] = 0.0
    side = side_of(wanted)
    reference = late_price(seen, side, late)
    filled = lots(min(abs(wanted), budget), p[a.LOT])
    if not filled > 0.0:
        return 0.0
    price = market_price(p, seen, reference, side, filled)
    room = entry_room(account, p, price, reference, side)
    if not filled <= room:
        # Written so that a limit that is no number fills nothing.
        filled = lots(room, p[a.LOT]) if room > 0.0 else 0.0
        if not filled > 0.0:
            return 0.0
    if not filled * price >= p[a.MIN_NOTIONAL]:
        return 0.0
    account[a.ENTRY_EQUITY] = account[a.CASH]
    spread = filled * reference * p[a.HALF_SPREAD]
    book(account, side * filled, price, seen.open, filled * price * p[a.FEE], spread)
    open_trade(account, p, seen.ts, side * filled, price)
    return filled


def bracket(account: Floats, p: Floats, seen: VenueBar, budget: float, late: float) -> None:
    """Stop, liquidation and target, pessimistically: whatever hurts was first.

    Args:
        account: with a position.
        p: packed parameters.
        seen: bar as fills see it.
        budget: what is left of the bar's volume for fills, units of the asset.
        late: share of the bar that was over when the position was entered, 0 if it was there before.
    """
    side = side_of(account[a.QUANTITY])
    worst = hurting_extreme(account, seen)
    stop, end = account[a.STOP], liquidation_price(account, p)
    if side * (worst - stop) <= 0.0 and not side * (end - stop) > 0.0:
        account[a.EXIT_REASON] = a.REASON_STOP
        account[a.EXIT_WAIT] = 0.0
        account[a.EXIT_READY] = 0.0
        reference = triggered_price(p, seen, stop, side)
        leave(account, p, seen, reference, first_price(seen, stop, side), budget)
        if account[a.QUANTITY] != 0.0:
            end = liquidation_price(account, p)
    if account[a.QUANTITY] != 0.0 and side * (worst - end) <= 0.0:
        account[a.EXIT_REASON] = a.REASON_LIQUIDATION
        reference = triggered_price(p, seen, end, side)
        everything = abs(account[a.QUANTITY]) + p[a.LOT]
        leave(account, p, seen, reference, first_price(seen, end, side), everything)
    # What was touched above has set a reason.
    if account[a.EXIT_REASON] == 0.0 and late == 0.0:
        target = account[a.TARGET]
        most = min(budget, resting_quantity(p, seen, target, side))
        rest(account, p, target, most)


def leave(account: Floats, p: Floats, seen: VenueBar, reference: float, base: float, most: float) -> float:
    """Take as much of the position as may fill to the market.

    Args:
        account: with a position and the reason for leaving it.
        p: packed parameters.
        seen: bar as fills see it.
        reference: price without spread and slippage.
        base: price that the exit was meant at.
        most: largest quantity, units of the asset.

    Returns:
        The quantity that filled.
    """
    side = side_of(account[a.QUANTITY])
    filled = min(abs(account[a.QUANTITY]), lots(most, p[a.LOT]))
    if not filled > 0.0:
        return 0.0
    price = market_price(p, seen, reference, -side, filled)
    spread = filled * reference * p[a.HALF_SPREAD]
    floor = bankruptcy_price(account, p)
    if side * (price - floor) < 0.0:
        # What the insurance fund bears is neither a cost nor a gain of this account.
        price = floor
        base = side * max(side * base, side * floor)
        spread = 0.0
        account[a.EXIT_REASON] = a.REASON_LIQUIDATION
    take_out(account, p, -side * filled, price, base, filled * price * p[a.FEE], spread)
    return filled


def rest(account: Floats, p: Floats, target: float, most: float) -> None:
    """Fill the resting target at its own price, as far as it may; what is left stays a limit.

    Args:
        account: with a position.
        p: packed parameters.
        target: price.
        most: largest quantity, units of the asset.
    """
    side = side_of(account[a.QUANTITY])
    filled = min(abs(account[a.QUANTITY]), lots(most, p[a.LOT]))
    if not filled > 0.0:
        return
    take_out(account, p, -side * filled, target, target, filled * target * p[a.MAKER_FEE], 0.0)
    if account[a.QUANTITY] == 0.0:
        account[a.EXIT_REASON] = a.REASON_TARGET


def take_out(account: Floats, p: Floats, quantity: float, price: float, base: float, fee: float, spread: float) -> None:
    """Book a fill that closes a position or a part of it.

    Args:
        account: with a position.
        p: packed parameters.
        quantity: signed, against the position.
        price: of the fill.
        base: price that the exit was meant at.
        fee: quote currency.
        spread: quote currency.
    """
    book(account, quantity, price, base, fee, spread)
    account[a.EXIT_VALUE] += abs(quantity) * price
    see_price(account, price)
    # Subtracting lots leaves an error of the last digit; less than half a lot is nothing.
    if abs(account[a.QUANTITY]) < 0.5 * p[a.LOT]:
        account[a.QUANTITY] = 0.0


def hold_step(account: Floats, p: Floats, bar: Bar, seen: VenueBar) -> None:
    """One bar more in a position that is open at the close.

    Args:
        account: with a position.
        p: packed parameters.
        bar: closed bar.
        seen: the same as fills see it.
    """
    see_price(account, seen.high)
    see_price(account, seen.low)
    account[a.HELD] += 1.0
    account[a.EXPOSED] += 1.0
    if account[a.EXIT_REASON] == 0.0 and account[a.HELD] >= account[a.DURATION]:
        account[a.EXIT_REASON] = a.REASON_TIME
        account[a.EXIT_WAIT] = p[a.LATENCY]
        account[a.EXIT_READY] = bar.ts + p[a.INTERVAL] + p[a.LATENCY_MS]


def side_of(quantity: float) -> float:
    """1 for what is bought or long, -1 for what is sold or short.

    Args:
        quantity: signed, not 0.
    """
    return 1.0 if quantity > 0.0 else -1.0


def hurting_extreme(account: Floats, seen: VenueBar) -> float:
    """The confirmed extreme that hurts a position: the low of a long one, the high of a short one.

    Args:
        account: with a position.
        seen: bar as fills see it.
    """
    return seen.low if account[a.QUANTITY] > 0.0 else seen.high


def settle(account: Floats, p: Floats, ts: int, close: float, trade: Floats) -> None:
    """Close the open position at the last close, where it pays half the spread and the fee: for metrics alone.

    Args:
        account: a copy, changed in place.
        p: packed parameters.
        ts: UTC milliseconds of the open of the last bar.
        close: price.
        trade: shape (TRADE_SIZE,), written.
    """
    account[a.EXIT_REASON] = a.REASON_END
    seen = VenueBar(ts, close, close, close, close, math.inf, 0.0)
    leave(account, p, seen, close, close, abs(account[a.QUANTITY]) + p[a.LOT])
    close_trade(account, p, ts, trade)
    account[a.EQUITY] = account[a.CASH]
