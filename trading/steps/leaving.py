"""The leaving steps: a position whose side the signal no longer names, or that a crisis ends, leaves at the market."""

from __future__ import annotations

from trading.arrays import Floats
from trading.steps import account as a
from trading.steps.observation import Signal


def follow_step(account: Floats, p: Floats, signal: Signal) -> None:
    """Withdraw an entry whose side the signal no longer names, and leave a position that it has not named for too long.

    Args:
        account: of the lane.
        p: packed parameters.
        signal: at the close of the bar.
    """
    if account[a.ORDER_QUANTITY] * signal.direction <= 0.0:
        account[a.ORDER_QUANTITY] = 0.0
    if account[a.QUANTITY] * signal.direction > 0.0 or account[a.QUANTITY] == 0.0:
        account[a.UNNAMED] = 0.0
        return
    account[a.UNNAMED] += 1.0
    if account[a.UNNAMED] > p[a.PATIENCE]:
        leave_step(account, p, signal, a.REASON_SIGNAL)


def leave_step(account: Floats, p: Floats, signal: Signal, reason: int) -> None:
    """Tell a position, if there is one and nothing makes it leave yet, to leave at the market.

    Args:
        account: of the lane.
        p: packed parameters.
        signal: at the close of the bar.
        reason: why.
    """
    if account[a.QUANTITY] != 0.0 and account[a.EXIT_REASON] == 0.0:
        account[a.EXIT_REASON] = reason
        exit_time(account, p, signal)


def exit_time(account: Floats, p: Floats, signal: Signal) -> None:
    """Let an exit wait as long as every order does.

    Args:
        account: of the lane.
        p: packed parameters.
        signal: at the close of the bar at which it was decided.
    """
    account[a.EXIT_WAIT] = p[a.LATENCY]
    account[a.EXIT_READY] = signal.close_ts + p[a.LATENCY_MS]
