"""Walk-forward folds of a night: their splits, and what the models trained on them earned, as one artifact."""

from __future__ import annotations

from trading.checks.overfitting import seed_returns
from trading.checks.walk_forward import FoldTrack
from trading.market.bars import Bars
from trading.night.artifacts import BACKTEST, BARS, FOLDS, MODEL, POLICIES, SPLITS, BacktestRecord, Folds
from trading.night.fit import TrainedModel
from trading.night.reads import reads
from trading.night.workspace import Night
from trading.splits import Splits
from trading.store import Ref, Store
from trading.values import Frozen


class Fold(Frozen):
    """A fold, the model of the candidate's recipe that was trained on it, and its backtest of the fold's test range."""

    splits_ref: Ref[Splits]
    trained: TrainedModel
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
def gather_folds(night: Night, bars_ref: Ref[Bars], folds: tuple[Fold, ...]) -> Ref[Folds]:
    """What every fold, and every seed of it, earned on its test range.

    Args:
        night: whose store holds them.
        bars_ref: of the night.
        folds: in time order.
    """
    store = night.store
    return store.put(FOLDS, tuple(_track(store, store.get(BARS, bars_ref), fold) for fold in folds))


def _track(store: Store, bars: Bars, fold: Fold) -> FoldTrack:
    splits, model = store.get(SPLITS, fold.splits_ref), store.get(MODEL, fold.trained.model_ref)
    record, limits = store.get(BACKTEST, fold.backtest_ref), model.spec.limits
    equity = record.equity.copy()
    # Metrics close the last position, the equity of a backtest marks it only.
    equity[-1] = limits.initial_equity * (1.0 + record.metrics["total_return"])
    return FoldTrack(
        splits=splits,
        equity=equity,
        initial=limits.initial_equity,
        trades=int(record.metrics["trades"]),
        seeds=seed_returns(model, bars, splits, store.get(POLICIES, fold.trained.policies_ref)),
    )
