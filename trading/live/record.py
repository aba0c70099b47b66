"""The live record of a model: what it earned on bars that nobody had seen when it was judged."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from trading.arrays import Floats, Ints
from trading.checks.evidence import LiveRecord
from trading.codes import ReasonCode
from trading.live.journal.file import Session, read_session, reading, schema_version
from trading.market.bars import COLUMNS, Bars
from trading.moments import DAY_MS, moment_text
from trading.simulation.metrics.ratios import sharpe
from trading.simulation.metrics.returns import compounded, daily_returns
from trading.simulation.metrics.uncertainty import sharpe_standard_error
from trading.statistics.sequential import anytime_interval, decay_e_values, gain_e_values, shrunken_sharpe

SAME_BAR = 1e-9
"""Relative difference at which two bars are the same: volumes are summed in other orders."""


class Promise(NamedTuple):
    """What a record is held against.

    Attributes:
        backtest_se: standard error of the backtest's Sharpe ratio; NaN leaves the ratio as it is.
        min_ratio: share of the promise that has to be kept.
    """

    backtest_se: float = math.nan
    min_ratio: float = 0.7


def live_record(
    journal: Path,
    *,
    digest: str | None = None,
    until_ms: int | None = None,
    min_bars: int = 2,
    market: Bars | None = None,
    promise: Promise | None = None,
) -> LiveRecord | None:
    """Evidence for the live-consistency gate, from the equity in a runner's journal.

    Only bars that closed after the moment the model's night was run as of count: a replay of older bars proves nothing
    that the backtest did not. Bars on which a halted account held nothing do not count: nothing was tried there.

    Args:
        journal: the journal's file; one that does not exist is no record.
        digest: bundle digest of the model; None is the one that trades now.
        until_ms: bars that close later are not seen, so that a night as of a moment never changes.
        min_bars: with fewer bars there is no record.
        market: the bars that the record has to be of; those before the first of them do not count. None believes the
            journal.
        promise: what the record is held against.

    Returns:
        The record, or None if the model has not traded enough bars. One whose bars are not the market's says so in
        ``refused`` and holds no number.
    """
    if not journal.exists():
        return None
    with reading(journal) as db:
        version = schema_version(db, journal)
        session = read_session(db) if version else None
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
        columns = ", ".join(f"bars.{name}" for name in COLUMNS)
        rows = db.execute(
            f"SELECT decisions.ts, bundle, equity, position, code, {columns} FROM decisions "
            "JOIN bars ON bars.ts = decisions.ts ORDER BY decisions.ts"
        ).fetchall()
        closed = [row[0] for row in db.execute("SELECT ts FROM trades WHERE bundle = ?", (digest,))]
    known = TradedModel(str(digest), *model)
    first_ms = known.as_of_ms if market is None or not len(market) else max(known.as_of_ms, int(market.ts[0]))
    traded = _traded(rows, session, known.digest, first_ms, until_ms)
    if len(traded.ts) < max(min_bars, 1):
        return None
    refused = "" if market is None else _differs(traded, market, session)
    if refused:
        return LiveRecord(version=known.name, bundle_digest=known.digest, refused=f"{journal.name}: {refused}")
    trades = int(np.isin(np.array(closed, dtype=np.int64), traded.ts).sum())
    return measure_record(traded, known, promise or Promise(), trades)


class TradedModel(NamedTuple):
    """What a journal says of a model.

    Attributes:
        digest: of its bundle.
        version: in the registry; None if it was traded by its folder.
        as_of_ms: moment of its night.
        backtest_sharpe: that it showed; None if it had none.
        bars_per_year: of its market.
    """

    digest: str
    version: int | None
    as_of_ms: int
    backtest_sharpe: float | None
    bars_per_year: float

    @property
    def name(self) -> str:
        return "" if self.version is None else str(self.version)


class TradedBars(NamedTuple):
    """The bars of a record.

    Attributes:
        ts: shape (n,), opens.
        returns: shape (n,), of equity.
        positions: shape (n,), at the closes.
        bars: shape (n, 5), prices and volume.
        interval: of a bar, milliseconds.
    """

    ts: Ints
    returns: Floats
    positions: Floats
    bars: Floats
    interval: int


def _traded(rows: list[Any], session: Session, digest: str, first_ms: int, until_ms: int | None) -> TradedBars:
    kept: list[tuple[int, float, float, tuple[float, ...]]] = []
    equity_before, held_before = session.initial_equity, 0.0
    for ts, bundle, equity, position, code, *bar in rows:
        close_ms = ts + session.interval
        idle = code == ReasonCode.RISK_HALTED and position == 0.0 and held_before == 0.0
        if bundle == digest and close_ms > first_ms and (until_ms is None or close_ms <= until_ms) and not idle:
            earned = equity / equity_before - 1.0 if equity_before > 0.0 else math.nan
            kept.append((ts, earned, position, tuple(bar)))
        equity_before, held_before = equity, position
    return TradedBars(
        ts=np.array([row[0] for row in kept], dtype=np.int64),
        returns=np.array([row[1] for row in kept]),
        positions=np.array([row[2] for row in kept]),
        bars=np.array([row[3] for row in kept]).reshape(len(kept), len(COLUMNS)),
        interval=session.interval,
    )


def _differs(traded: TradedBars, market: Bars, session: Session) -> str:
    """Why bars are not the market's, naming the first that is not; empty if they are."""
    if (session.symbol, session.interval) != (market.symbol, market.interval):
        return f"it traded {session.symbol} at {session.interval // 1000} s"
    places = np.minimum(np.searchsorted(market.ts, traded.ts), len(market) - 1)
    there = market.ts[places] == traded.ts
    own = np.stack([getattr(market, name)[places] for name in COLUMNS], axis=1)
    same = there & np.isclose(traded.bars, own, rtol=SAME_BAR, atol=0.0).all(axis=1)
    if same.all():
        return ""
    wrong = int(np.argmin(same))
    moment = moment_text(int(traded.ts[wrong]))
    what = "differs from the market's own" if there[wrong] else "is none of the market's"
    return f"the bar of {moment} {what}; a replay of another source is no record"


def measure_record(traded: TradedBars, model: TradedModel, promise: Promise, trades: int) -> LiveRecord:
    """The numbers of a record.

    Args:
        traded: its bars.
        model: that traded them.
        promise: what it is held against.
        trades: how many it closed on them.
    """
    count, found = len(traded.ts), sharpe(traded.returns, model.bars_per_year)
    years = count / model.bars_per_year
    daily, days_per_year = daily_returns(traded.ts, compounded(traded.returns), 1.0)
    # The last day counts once it is over: a bet on half of it would be taken back later.
    over = (int(traded.ts[-1]) + traded.interval) % DAY_MS == 0
    whole = daily if over else daily[:-1]
    se = _error(found, years, daily, days_per_year)
    low, high = anytime_interval(found, se, years)
    shown = math.nan if model.backtest_sharpe is None else model.backtest_sharpe
    shrunken = shrunken_sharpe(shown, promise.backtest_se)
    expected = promise.min_ratio * (min(shown, shrunken) if math.isfinite(shrunken) else shown)
    decay = decay_e_values(whole, promised=expected, days_per_year=days_per_year) if expected > 0.0 else None
    return LiveRecord(
        version=model.name,
        bundle_digest=model.digest,
        bars=count,
        sharpe=found,
        backtest_sharpe=model.backtest_sharpe,
        years=years,
        se=se,
        low=low,
        high=high,
        flat_share=float(np.count_nonzero(traded.positions == 0.0)) / count,
        trades=trades,
        shrunken_sharpe=shrunken if math.isfinite(shrunken) else None,
        e_value=_last(gain_e_values(whole)),
        decay_e_value=None if decay is None else _last(decay),
        looks=len(whole),
    )


def _error(found: float, years: float, daily: Floats, days_per_year: float) -> float:
    """Standard error of a Sharpe ratio: of independent returns at least, more if days depend on each other."""
    independent = math.sqrt(1.0 / years + found**2 / (2.0 * max(len(daily), 1)))
    dependent = sharpe_standard_error(daily, days_per_year)
    return independent if math.isnan(dependent) else max(independent, dependent)


def _last(values: Floats) -> float:
    return float(values[-1]) if len(values) else 1.0
