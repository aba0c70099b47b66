"""Fits the law of impact to an order book that is walked at every snapshot, and says how sure the fit is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from trading.arrays import Floats, Ints
from trading.codes import ReasonCode
from trading.errors import DataError
from trading.market.impact.law import Estimate, Law, block_draws, fit_law
from trading.market.impact.minutes import Minutes, measure_minutes, too_short
from trading.market.impact.realised import BLOCK_MS, Realised, realised_impact
from trading.market.impact.records import Book, Trades
from trading.market.impact.walk import cost_beyond_best
from trading.market.raw import common_step
from trading.moments import moment_text
from trading.seeds import seed_for
from trading.values import Frozen

SMALLEST = 1e-4
PER_DECADE = 5
DECADES = 4
"""Sizes go from :data:`SMALLEST` of a minute's volume to all of it."""
EXHAUSTED_ONE_IN = 20
"""A size is fitted if at most one walk in this many ends the book: those left out are the expensive ones."""
FEWEST_SIZES = 3
FEWEST_SNAPSHOTS = 60
DRAWS = 2_000


class SizeCost(Frozen):
    """What orders of one size cost.

    Attributes:
        participation: order size over the volume of its minute.
        quantity: mean size, units of the asset.
        walks: snapshots times two sides.
        exhausted: walks that ended the book; they have no cost and are left out of it.
        cost: mean cost beyond half the spread, fraction of price, over the walks that did not end the book.
        relative: that cost over the mean volatility of the same walks' minutes.
        error: of ``relative``; None if the laws are not fitted to this size.
        root_ratio: ``relative`` over what the square root says; None likewise.
        free_ratio: ``relative`` over what the free law says; None likewise.
    """

    participation: float
    quantity: float
    walks: int
    exhausted: int
    cost: float
    relative: float
    error: float | None = None
    root_ratio: float | None = None
    free_ratio: float | None = None


class Calibration(Frozen):
    """The law of impact of one market over one stretch of time.

    Attributes:
        trades_file: name of the file of trades.
        book_file: name of the file of snapshots.
        first: moment of the first minute, text.
        minutes: that are used.
        minutes_left_out: whole minutes in which the price did not move, or snapshots are missing.
        snapshots: in these minutes.
        snapshots_left_out: outside of these minutes.
        agreement: share of snapshots whose last trade lies between bid and ask.
        half_spread: mean, fraction of price.
        sigma: mean volatility of one minute's log return.
        volume: mean volume of a minute, units of the asset.
        sizes: of the orders, smallest first; the last is the largest that any snapshot held.
        square_root: the law with exponent 1/2.
        free: the law with its exponent fitted too.
        y: of the square root, with its error.
        exponent: of the free law, with its error.
        realised: what the price did while others traded, a check of the magnitude.
        seed: of the bootstrap.
    """

    trades_file: str
    book_file: str
    first: str
    minutes: int
    minutes_left_out: int
    snapshots: int
    snapshots_left_out: int
    agreement: float
    half_spread: Estimate
    sigma: float
    volume: float
    sizes: tuple[SizeCost, ...]
    square_root: Law
    free: Law
    y: Estimate
    exponent: Estimate
    realised: tuple[Realised, ...]
    seed: int


def calibrate(trades: Trades, book: Book, seed: int = 0) -> Calibration:
    """Walk the book at every snapshot of the shared minutes and fit both laws to the mean cost of each size.

    Sizes are shares of the volume of the snapshot's own minute and costs are related to its own volatility, as in the
    simulator. Errors resample blocks of 30 s of snapshots; the volatility and volume of a minute are taken as given.

    Args:
        trades: of a market.
        book: of the same market at the same time.
        seed: of the bootstrap.

    Raises:
        DataError: ``BOOK_APART`` or ``IMPACT_TOO_SHORT`` as :func:`trading.market.impact.minutes.measure_minutes`;
            ``IMPACT_NO_COST`` if fewer than :data:`FEWEST_SIZES` sizes cost anything beyond the spread.
    """
    minutes = measure_minutes(trades, book)
    index = minutes.index_of(book.ts)
    used = np.flatnonzero(index >= 0)
    if len(used) < FEWEST_SNAPSHOTS:
        raise too_short(f"{book.name} has {len(used)} snapshots in the minutes used; {FEWEST_SNAPSHOTS} are needed.")
    walks = [walk for walk in _walk_sizes(book, minutes, used, index[used]) if walk.finished]
    fitted = [walk for walk in walks if walk.is_fitted]
    if len(fitted) < FEWEST_SIZES:
        raise _no_cost(book.name, walks)
    x = np.array([walk.participation for walk in fitted])
    relative = np.array([walk.relative for walk in fitted])
    square_root, free = fit_law(x, relative, 0.5), fit_law(x, relative)
    block = max(1, min(BLOCK_MS // common_step(book.ts), len(used)))
    draws = block_draws(len(used), block=block, draws=DRAWS, seed=seed_for(seed, "impact", "walk"))
    resampled = _resampled(fitted, draws)
    y, exponent = _law_errors(x, resampled)
    errors = {walk.participation: _deviation(column) for walk, column in zip(fitted, resampled.T, strict=True)}
    spread = book.half_spread[used]
    return Calibration(
        trades_file=trades.name,
        book_file=book.name,
        first=moment_text(minutes.start_ms[0]),
        minutes=len(minutes.start_ms),
        minutes_left_out=minutes.left_out,
        snapshots=len(used),
        snapshots_left_out=len(book.ts) - len(used),
        agreement=minutes.agreement,
        half_spread=Estimate(value=float(spread.mean()), error=_deviation(spread[draws].mean(axis=1))),
        sigma=float(minutes.sigma.mean()),
        volume=float(minutes.volume.mean()),
        sizes=tuple(_size_cost(walk, errors.get(walk.participation), square_root, free) for walk in walks),
        square_root=square_root,
        free=free,
        y=Estimate(value=square_root.y, error=y),
        exponent=Estimate(value=free.exponent, error=exponent),
        realised=realised_impact(trades, book, minutes, seed),
        seed=seed,
    )


@dataclass(frozen=True, eq=False)
class _Walk:
    """Both sides of the book at every snapshot, walked for one size; sums are over the walks that were finished."""

    participation: float
    quantity: float
    count: int
    finished: int
    cost: Floats
    sigma: Floats

    @property
    def relative(self) -> float:
        # A ratio of means, so that the law charges on average what the walks cost on average.
        return float(self.cost.sum() / self.sigma.sum())

    @property
    def exhausted(self) -> int:
        return self.count - self.finished

    @property
    def is_held(self) -> bool:
        return self.exhausted * EXHAUSTED_ONE_IN <= self.count

    @property
    def is_fitted(self) -> bool:
        return self.is_held and float(self.cost.sum()) > 0.0


def _walk_sizes(book: Book, minutes: Minutes, used: Ints, minute: Ints) -> Iterator[_Walk]:
    volume, sigma, mid = minutes.volume[minute], minutes.sigma[minute], book.mid[used]
    sides = ((book.bid_price[used], book.bid_quantity[used]), (book.ask_price[used], book.ask_quantity[used]))
    for step in range(PER_DECADE * DECADES + 1):
        participation = SMALLEST * 10.0 ** (step / PER_DECADE)
        wanted = participation * volume
        costs = np.stack([cost_beyond_best(price, held, wanted) / mid for price, held in sides])
        finished = np.isfinite(costs)
        yield _Walk(
            participation,
            quantity=float(wanted.mean()),
            count=costs.size,
            finished=int(finished.sum()),
            cost=np.where(finished, costs, 0.0).sum(axis=0),
            sigma=finished.sum(axis=0) * sigma,
        )


def _size_cost(walk: _Walk, error: float | None, square_root: Law, free: Law) -> SizeCost:
    expected = [law.y * walk.participation**law.exponent for law in (square_root, free)]
    root_ratio, free_ratio = (None if error is None else walk.relative / cost for cost in expected)
    return SizeCost(
        participation=walk.participation,
        quantity=walk.quantity,
        walks=walk.count,
        exhausted=walk.exhausted,
        cost=float(walk.cost.sum() / walk.finished),
        relative=walk.relative,
        error=error,
        root_ratio=root_ratio,
        free_ratio=free_ratio,
    )


def _resampled(fitted: list[_Walk], draws: Ints) -> Floats:
    """Relative cost of each size in each draw, shape (draws, sizes)."""
    return np.stack([walk.cost[draws].sum(axis=1) / walk.sigma[draws].sum(axis=1) for walk in fitted], axis=1)


def _law_errors(x: Floats, resampled: Floats) -> tuple[float, float]:
    """Standard errors of Y of the square root and of the free exponent.

    A size that costs nothing in a draw has no logarithm and is left out of that draw. Where fewer than
    :data:`FEWEST_SIZES` are left the error would be that of lucky draws, and the fit is refused.
    """
    fits: list[tuple[float, float]] = []
    for relative in resampled:
        some = relative > 0.0
        if some.sum() < FEWEST_SIZES:
            raise DataError(
                ReasonCode.IMPACT_NO_COST,
                f"in a resampled series {int(some.sum())} of {len(x)} sizes cost more than the spread; at least "
                f"{FEWEST_SIZES} are needed.",
                remedy="Record for longer, or at a busier time.",
            )
        fits.append((fit_law(x[some], relative[some], 0.5).y, fit_law(x[some], relative[some]).exponent))
    y, exponent = np.array(fits).T
    return _deviation(y), _deviation(exponent)


def _no_cost(name: str, walks: list[_Walk]) -> DataError:
    held = [walk for walk in walks if walk.is_held]
    free = sum(not walk.is_fitted for walk in held)
    return DataError(
        ReasonCode.IMPACT_NO_COST,
        f"{name}: the book holds {len(held)} sizes from {SMALLEST:g} of a minute's volume in all but one of "
        f"{EXHAUSTED_ONE_IN} walks, and {free} of them never cost more than the spread; {FEWEST_SIZES} that do are "
        "needed.",
        remedy="Record more levels of the book.",
        held=len(held),
        free=free,
    )


def _deviation(values: Floats) -> float:
    return float(values.std(ddof=1))
