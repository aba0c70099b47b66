from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from trading.codes import ReasonCode
from trading.errors import DataError
from trading.settings.models import SplitSpec
from trading.splits import MINIMUM_BARS, Range, Splits, make_folds, make_splits, overlaps, refuse_overlaps

SHARES = st.builds(
    lambda train, validation: SplitSpec(train=train, validation=validation), st.floats(0.1, 0.7), st.floats(0.05, 0.2)
)
TS = 1_700_000_000_000 + 3_600_000 * np.arange(100_000, dtype=np.int64)


SIZES = {"lookback": st.integers(0, 500), "max_holding": st.integers(1, 300), "warmup": st.integers(0, 500)}


@given(spec=SHARES, extra=st.integers(0, 60_000), **SIZES)
def test_splits_use_every_bar_but_warm_up_and_gaps(
    spec: SplitSpec, extra: int, lookback: int, max_holding: int, warmup: int
):
    n_bars = needed_bars(spec, lookback, max_holding, warmup) + extra
    splits = make_splits(n_bars, spec, lookback=lookback, max_holding=max_holding, warmup=warmup)
    assert splits.train.start == warmup
    assert splits.test.stop == n_bars
    gaps = (splits.validation.start - splits.train.stop, splits.test.start - splits.validation.stop)
    assert gaps == (lookback + max_holding + 1,) * 2
    assert all(splits.part(name).size >= least for name, least in MINIMUM_BARS.items())
    assert overlaps(splits, TS) == []
    refuse_overlaps(splits, TS)
    assert Splits.model_validate_json(splits.model_dump_json()) == splits


@given(spec=SHARES, **SIZES)
def test_one_bar_less_than_needed_is_refused(spec: SplitSpec, lookback: int, max_holding: int, warmup: int):
    needed = needed_bars(spec, lookback, max_holding, warmup)
    with pytest.raises(DataError):
        make_splits(needed - 1, spec, lookback=lookback, max_holding=max_holding, warmup=warmup)


@given(spec=SHARES, folds=st.integers(1, 8), extra=st.integers(50_000, 70_000), **SIZES)
def test_folds_test_the_later_half_before_the_test_split_and_train_on_all_before(
    spec: SplitSpec, folds: int, extra: int, lookback: int, max_holding: int, warmup: int
) -> None:
    spec = spec.model_copy(update={"folds": folds})
    night = make_splits(
        needed_bars(spec, lookback, max_holding, warmup) + extra,
        spec,
        lookback=lookback,
        max_holding=max_holding,
        warmup=warmup,
    )
    made = make_folds(night, spec)
    assert len(made) == folds
    last = night.test.start - night.gap
    assert made[0].test.start == (warmup + last) // 2
    assert made[-1].test.stop == last
    assert all(one.test.stop == other.test.start for one, other in pairwise(made))
    for fold in made:
        assert fold.train.start == warmup
        assert overlaps(fold, TS) == []
        assert fold.validation.stop + fold.gap == fold.test.start
        ratio = fold.train.size / (fold.train.size + fold.validation.size)
        assert ratio == pytest.approx(spec.train / (spec.train + spec.validation), abs=1e-2)


def test_no_folds_are_made_unless_asked_for() -> None:
    night = make_splits(9_000, SplitSpec(), lookback=96, max_holding=96, warmup=100)
    assert make_folds(night, SplitSpec()) == ()


def test_too_many_folds_for_the_history_are_refused_with_the_fold() -> None:
    spec = SplitSpec(folds=8)
    night = make_splits(2_500, spec, lookback=96, max_holding=96, warmup=100)
    with pytest.raises(DataError, match=r"too few for 8 walk-forward folds.*train would have \d+ of at least 500"):
        make_folds(night, spec)


def needed_bars(spec: SplitSpec, lookback: int, max_holding: int, warmup: int) -> int:
    with pytest.raises(DataError) as refused:
        make_splits(1, spec, lookback=lookback, max_holding=max_holding, warmup=warmup)
    assert refused.value.code is ReasonCode.BARS_TOO_FEW
    needed = refused.value.fields["needed"]
    assert isinstance(needed, int)
    return needed


def test_too_few_bars_are_refused_with_the_numbers():
    with pytest.raises(DataError) as refused:
        make_splits(900, SplitSpec(), lookback=96, max_holding=96, warmup=100)
    assert "900 bars are too few, 1396 are needed" in refused.value.message


@given(missing=st.integers(1, 400))
def test_a_gap_too_small_is_refused_with_the_bars_both_splits_know(missing: int):
    good = make_splits(5_000, SplitSpec(), lookback=96, max_holding=48, warmup=100)
    start = good.validation.start - missing
    close = good.model_copy(update={"validation": Range(start, good.validation.stop)})
    found = overlaps(close, TS)
    assert [(o.earlier, o.later) for o in found] == [("train", "validation")]
    assert found[0].needed - found[0].gap == missing
    assert (found[0].first_bar, found[0].last_bar) == (start - 96, good.train.stop + 48)
    assert found[0].last_bar - found[0].first_bar + 1 == missing
    with pytest.raises(DataError, match="both know the bars of 2024-") as refused:
        refuse_overlaps(close, TS)
    assert refused.value.code is ReasonCode.SPLIT_OVERLAP


def test_splits_out_of_time_order_are_refused():
    swapped = Splits(
        train=Range(3_000, 5_000),
        validation=Range(2_000, 2_500),
        test=Range(10, 1_500),
        bars=5_000,
        lookback=9,
        max_holding=9,
    )
    assert len(overlaps(swapped, TS)) == 3


def test_a_split_outside_the_bars_is_no_split():
    with pytest.raises(ValidationError):
        Splits(train=Range(0, 10), validation=Range(20, 30), test=Range(40, 51), bars=50, lookback=1, max_holding=1)
