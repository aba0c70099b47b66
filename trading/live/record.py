"""The live record of a model: what it earned on bars that nobody had seen when it was judged."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from trading.checks.evidence import LiveRecord
from trading.live.journal.file import read_session, reading, schema_version
from trading.simulation.metrics.ratios import sharpe


def live_record(
    journal: Path, *, digest: str | None = None, until_ms: int | None = None, min_bars: int = 2
) -> LiveRecord | None:
    """Evidence for the live-consistency gate, from the equity in a runner's journal.

    Only bars that closed after the moment the model's night was run as of count: a replay of older bars proves nothing
    that the backtest did not.

    Args:
        journal: the journal's file; one that does not exist is no record.
        digest: bundle digest of the model; None is the one that trades now.
        until_ms: bars that close later are not seen, so that a night as of a moment never changes.
        min_bars: with fewer bars there is no record.

    Returns:
        The record, or None if the model has not traded enough bars.
    """
    if not journal.exists():
        return None
    with reading(journal) as db:
        session = read_session(db) if schema_version(db, journal) else None
        if session is None:
            return None
        if digest is None:
            current = db.execute("SELECT bundle FROM snapshot").fetchone()
            digest = None if current is None else str(current[0])
        model = db.execute(
            "SELECT version, as_of_ms, backtest_sharpe, bars_per_year FROM bundles WHERE digest = ?", (digest,)
        ).fetchone()
        if model is None:
            return None
        version, as_of_ms, backtest_sharpe, bars_per_year = model
        rows = db.execute("SELECT ts, bundle, equity FROM decisions ORDER BY ts").fetchall()
    returns: list[float] = []
    before = session.initial_equity
    for ts, bundle, equity in rows:
        close_ms = ts + session.interval
        if bundle == digest and close_ms > as_of_ms and (until_ms is None or close_ms <= until_ms):
            returns.append(equity / before - 1.0)
        before = equity
    if len(returns) < max(min_bars, 1):
        return None
    return LiveRecord(
        version="" if version is None else str(version),
        bars=len(returns),
        sharpe=sharpe(np.array(returns), bars_per_year),
        backtest_sharpe=backtest_sharpe,
    )
