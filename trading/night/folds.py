"""Walk-forward folds of a night: their splits, and what the models trained on them earned, as one artifact."""

from __future__ import annotations

from trading.checks.walk_forward import FoldTrack
from trading.model.model import TradingModel
from trading.night.artifacts import BACKTEST, FOLDS, MODEL, SPLITS, BacktestRecord, Folds
from trading.night.reads import reads
from trading.night.workspace import Night
from trading.splits import Splits
from trading.store import Ref
from trading.values import Frozen


class Fold(Frozen):
    """A fold, the model of the candidate's recipe that was trained on it, and its backtest of the fold's test range."""

    splits_ref: Ref[Splits]
    model_ref: Ref[TradingModel]
    backtest_ref: Ref[BacktestRecord]


@reads("splits")
def make_folds(night: Night, splits_ref: Ref[Splits]) -> tuple[Ref[Splits], ...]:
    """The splits of every fold that the settings ask for, in time order.

    Args:
        night: how many folds, and the shares of train and validation.
        splits_ref: of the night.

    Raises:
        DataError: ``BARS_TOO_FEW`` if a part of a fold would be too small.
    """
    from trading import splits

    store = night.store
    made = splits.make_folds(store.get(SPLITS, splits_ref), night.settings.splits)
    return tuple(store.put(SPLITS, fold) for fold in made)


@reads()
def gather_folds(night: Night, folds: tuple[Fold, ...]) -> Ref[Folds]:
    """What every fold earned on its test range.

    Args:
        night: whose store holds them.
        folds: in time order.
    """
    return night.store.put(FOLDS, tuple(_track(night, fold) for fold in folds))


def _track(night: Night, fold: Fold) -> FoldTrack:
    store = night.store
    record, limits = store.get(BACKTEST, fold.backtest_ref), store.get(MODEL, fold.model_ref).spec.limits
    equity = record.equity.copy()
    # Metrics close the last position, the equity of a backtest marks it only.
    equity[-1] = limits.initial_equity * (1.0 + record.metrics["total_return"])
    return FoldTrack(
        splits=store.get(SPLITS, fold.splits_ref),
        equity=equity,
        initial=limits.initial_equity,
        trades=int(record.metrics["trades"]),
    )
