"""What a runner is doing, read from its journal by anybody: position, equity, trades, model, and what was refused."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from trading.engines.regimes.transitions import Transitions
from trading.live.journal.file import is_running, read_session, reading, schema_version
from trading.live.journal.reading import read_account, read_trades
from trading.model.depth import TrainingDepth
from trading.model.rules import NamedRegime
from trading.simulation.accounts import TradingState, saved_trading_state
from trading.simulation.metrics.ratios import sharpe
from trading.simulation.trades import ledger_sha256, trade_records

HISTORY_MS = 30 * 60_000


class RegimeAt(NamedTuple):
    """What a model took a bar for.

    Attributes:
        close_ts: UTC milliseconds of the bar's close.
        regime: the likeliest.
        probability: of it.
        bundle_digest: of the model.
    """

    close_ts: int
    regime: str
    probability: float
    bundle_digest: str


@dataclass(frozen=True)
class Status:
    """One runner.

    Attributes:
        journal: path of its file.
        symbol: the market.
        interval: milliseconds.
        venue: name of the venue.
        running: whether a process has the journal open now.
        state: HALTED once the drawdown limit was reached; only exits follow then.
        version: registered version of the model; None if it was named by its path.
        bundle_digest: of the model.
        depth: of the model's training; None if its bundle does not say it.
        transitions: of the model's regimes: probability of the next bar's by name of this bar's; None without regimes,
            or if the journal's release did not note it.
        regime_history_30m: the likeliest regime of every traded bar that closed in the last 30 minutes before the last
            close, the last one at least; empty without regimes, or if the journal's release did not note them.
        market: what the model's rules call the market of the last bar, which rule fired and why; None without rules, or
            if the journal's release did not note it.
        override: what the model's version is in Production against, by whom and why; empty if by the rules.
        last_ts: open of the last bar, UTC milliseconds; None before the first.
        written_at: clock of the last write.
        warm_bars: bars that only warmed the model.
        bars: traded bars.
        position: units of the asset, signed.
        equity: quote currency.
        total_return: share of the initial equity.
        sharpe: annualised, of the equity at every traded close; None if nothing moved.
        trades: how many closed.
        ledger_sha256: proves equal trades, see :mod:`trading.simulation.trades`.
        swaps: how often another model took over.
        refusals: how often a bundle, an order or the model watch was refused.
        quarantined: bars that broke their contract.
        last_refusal: code and message of the newest refusal.
    """

    journal: str
    symbol: str
    interval: int
    venue: str
    running: bool
    state: TradingState
    version: int | None
    bundle_digest: str
    depth: TrainingDepth | None
    transitions: Transitions | None
    regime_history_30m: tuple[RegimeAt, ...]
    market: NamedRegime | None
    override: str
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
        return {
            **asdict(self),
            "depth": None if self.depth is None else self.depth.described(),
            "market": None if self.market is None else self.market._asdict(),
            "regime_history_30m": [one._asdict() for one in self.regime_history_30m],
        }


def status_of(path: Path) -> Status | None:
    """Read one journal, of this or an earlier release; None if it was never begun.

    Args:
        path: the journal's file.

    Raises:
        LiveError: ``JOURNAL_FAILED`` if it is not there or damaged, ``JOURNAL_MISMATCH`` if a later release wrote it.
    """
    with reading(path) as db:
        schema = schema_version(db, path)
        session = read_session(db) if schema else None
        if session is None:
            return None
        last_ts, digest, written_at = db.execute("SELECT ts, bundle, at FROM snapshot").fetchone() or (None, "", "")
        # Nothing was overridden before schema 5, and no depth or transitions were noted before schema 6.
        later = f"{'override' if schema >= 5 else repr('')}, {'depth, transitions' if schema >= 6 else 'NULL, NULL'}"
        model = db.execute(
            f"SELECT version, bars_per_year, {later} FROM bundles WHERE digest = ?", (digest,)
        ).fetchone()
        version, bars_per_year, override, depth, moves = model or (None, math.nan, "", None, None)
        rows = db.execute("SELECT position, equity FROM decisions ORDER BY ts").fetchall()
        equity = np.array([session.initial_equity, *(row[1] for row in rows)])
        ratio = sharpe(np.diff(equity) / equity[:-1], bars_per_year)
        trades = trade_records(read_trades(db, schema))
        refusal = db.execute("SELECT code, message FROM refusals ORDER BY number DESC LIMIT 1").fetchone()
        return Status(
            journal=str(path),
            symbol=session.symbol,
            interval=session.interval,
            venue=session.venue,
            running=is_running(path),
            state=saved_trading_state(read_account(db, schema) or {}),
            version=version,
            bundle_digest=digest,
            depth=None if depth is None else TrainingDepth.model_validate_json(depth),
            transitions=None if moves is None else json.loads(moves),
            regime_history_30m=_regime_history(db, session.interval, last_ts) if schema >= 6 else (),
            market=_market(db, last_ts) if schema >= 7 else None,
            override=override,
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


def journals(live_folder: Path) -> list[Path]:
    """Every journal under the folder of live state, sorted.

    Args:
        live_folder: see :class:`trading.settings.locations.Locations`.
    """
    return sorted(live_folder.glob("*/*.db"))


def _regime_history(db: Any, interval: int, last_ts: int | None) -> tuple[RegimeAt, ...]:
    if last_ts is None:
        return ()
    rows = db.execute(
        "SELECT ts, bundle, beliefs FROM decisions WHERE ts > ? AND beliefs IS NOT NULL ORDER BY ts",
        (last_ts - HISTORY_MS,),
    )
    found = list[RegimeAt]()
    for ts, bundle, text in rows:
        beliefs: dict[str, float] = json.loads(text)
        likeliest = max(beliefs, key=beliefs.__getitem__)
        found.append(RegimeAt(ts + interval, likeliest, beliefs[likeliest], bundle))
    return tuple(found)


def _market(db: Any, last_ts: int | None) -> NamedRegime | None:
    found = db.execute("SELECT market FROM decisions WHERE ts = ?", (last_ts,)).fetchone()
    return None if found is None or found[0] is None else NamedRegime(**json.loads(found[0]))


def _count(db: Any, table: str) -> int:
    return int(db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0])
