"""What a runner is doing, read from its journal by anybody: position, equity, trades, model, and what was refused."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from trading.live.journal.file import is_running, open_reader, read_session
from trading.simulation.metrics import sharpe
from trading.simulation.trades import ledger_sha256, trade_row
from trading.steps.account import HALTED

TradingState = Literal["ACTIVE", "HALTED"]


@dataclass(frozen=True)
class Status:
    """One runner.

    Attributes:
        running: whether a process has the journal open now.
        state: HALTED once the drawdown limit was reached; only exits follow then.
        interval: milliseconds; last_ts: open of the last bar, UTC milliseconds; None before the first.
        written_at: clock of the last write.
        bars: traded bars; warm_bars: bars that only warmed the model.
        position: units of the asset, signed; equity: quote currency.
        sharpe: annualised, of the equity at every traded close; None if nothing moved.
        ledger_sha256: proves equal trades, see :mod:`trading.simulation.trades`.
        last_refusal: code and message of the newest refusal.
    """

    journal: str
    symbol: str
    interval: int
    running: bool
    state: TradingState
    version: int | None
    bundle: str
    last_ts: int | None
    written_at: str
    warm_bars: int
    bars: int
    position: float
    equity: float
    total_return: float
    sharpe: float | None
    trades: int
    ledger_sha256: str
    swaps: int
    refusals: int
    quarantined: int
    last_refusal: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def status_of(path: Path) -> Status | None:
    """Read one journal; None if it was never begun."""
    with closing(open_reader(path)) as db:
        # One transaction, so that every number is of the same bar.
        db.execute("BEGIN")
        session = read_session(db, path)
        if session is None:
            return None
        snapshot = db.execute("SELECT ts, bundle, account, at FROM snapshot").fetchone()
        last_ts, digest, account, written_at = snapshot or (None, "", b"", "")
        model = db.execute("SELECT version, bars_per_year FROM bundles WHERE digest = ?", (digest,)).fetchone()
        version, bars_per_year = model or (None, math.nan)
        rows = db.execute("SELECT position, equity FROM decisions ORDER BY ts").fetchall()
        equity = np.array([session.initial_equity, *(row[1] for row in rows)])
        ratio = sharpe(np.diff(equity) / equity[:-1], bars_per_year)
        trades = list(_trade_rows(db))
        refusal = db.execute("SELECT code, message FROM refusals ORDER BY number DESC LIMIT 1").fetchone()
        halted = bool(account) and float(np.frombuffer(account)[HALTED]) != 0.0
        return Status(
            journal=str(path),
            symbol=session.symbol,
            interval=session.interval,
            running=is_running(path),
            state="HALTED" if halted else "ACTIVE",
            version=version,
            bundle=digest,
            last_ts=last_ts,
            written_at=written_at,
            warm_bars=_count(db, "bars") - len(rows),
            bars=len(rows),
            position=rows[-1][0] if rows else 0.0,
            equity=float(equity[-1]),
            total_return=float(equity[-1]) / session.initial_equity - 1.0,
            sharpe=ratio if math.isfinite(ratio) else None,
            trades=len(trades),
            ledger_sha256=ledger_sha256(trades),
            swaps=_count(db, "swaps"),
            refusals=_count(db, "refusals"),
            quarantined=_count(db, "quarantine"),
            last_refusal="" if refusal is None else f"{refusal[0]}: {refusal[1]}",
        )


def trades_of(path: Path) -> list[dict[str, Any]]:
    """The trade ledger of a journal, as the backtest would write it."""
    with closing(open_reader(path)) as db:
        return list(_trade_rows(db))


def journals(live_folder: Path) -> list[Path]:
    """Every journal under the folder of live state, sorted."""
    return sorted(live_folder.glob("*/*.db"))


def _trade_rows(db: Any) -> Iterator[dict[str, Any]]:
    columns = "entry_ts, exit_ts, quantity, entry_price, exit_price, fees, pnl, reason"
    for row in db.execute(f"SELECT {columns} FROM trades ORDER BY number"):
        yield trade_row(np.array(row))


def _count(db: Any, table: str) -> int:
    return int(db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0])
