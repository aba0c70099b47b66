"""Letting a halted account trade again: an operator's decision, by name and with a reason, in the journal."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

from trading.codes import ReasonCode
from trading.errors import LiveError
from trading.live.journal.journal import Journal
from trading.simulation.accounts import resumed_account, saved_trading_state


def resume_account(path: Path, *, operator: str, reason: str) -> float:
    """Raise the trading state of a halted account; its runner must be stopped.

    The drawdown that halted it is forgotten: it is counted from the present equity on.

    Args:
        path: the journal's file.
        operator: who decides it.
        reason: why.

    Returns:
        The equity from which the drawdown is counted now.

    Raises:
        LiveError: ``REASON_MISSING``, ``NOT_HALTED``, ``JOURNAL_BUSY`` while a runner trades, ``JOURNAL_FAILED`` if
            there is no such journal.
    """
    if not operator.strip() or not reason.strip():
        raise LiveError(
            ReasonCode.REASON_MISSING,
            f"{path} halted by itself to protect its account; letting it trade again needs a name and a reason.",
            remedy="Give --operator and --reason.",
        )
    if not path.exists():
        raise LiveError(
            ReasonCode.JOURNAL_FAILED,
            f"there is no journal {path}.",
            remedy="See `sevengates status` for those there are.",
        )
    with closing(Journal(path)) as journal:
        snapshot = journal.snapshot()
        if snapshot is None or saved_trading_state(snapshot.account) != "HALTED":
            raise LiveError(
                ReasonCode.NOT_HALTED, f"{path}: the account is not halted.", remedy="See `sevengates status`."
            )
        account = resumed_account(snapshot.account)
        equity, peak = (float(value or 0.0) for value in (account["peak"], snapshot.account["peak"]))
        journal.commit_resume(
            replace(snapshot, account=account), operator=operator, reason=reason, equity=equity, peak=peak
        )
    return equity
