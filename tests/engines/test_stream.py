from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.support import random_model, small_bars
from tests.support.models import WILD, at_depth, ruled
from trading.engines.stream import Signals, SignalStream, compute_signals
from trading.steps.observation import View, view_at
from trading.steps.opinion import CONFIDENCE

BARS = small_bars(20)
ROWS = list(BARS.rows())


def stream_to(stream: SignalStream, stop: int, start: int = 0) -> list[View]:
    views = [stream.on_bar(bar) for bar in ROWS[start:stop]]
    return [view._replace(features=view.features.copy(), opinion=view.opinion.copy()) for view in views[-1:]]


def assert_equal_to_batch(view: View, batch: Signals, t: int) -> None:
    expected = view_at(BARS.columns(), batch.columns(), t)
    np.testing.assert_allclose(view.signal, expected.signal, rtol=0, atol=1e-9)
    np.testing.assert_allclose(view.features, expected.features, rtol=0, atol=1e-9)
    np.testing.assert_allclose(view.opinion, expected.opinion, rtol=0, atol=1e-9)


@given(seed=st.integers(0, 1_000), t=st.integers(0, 150))
def test_the_stream_has_the_batch_values_at_every_bar(seed: int, t: int) -> None:
    model = random_model(seed)
    assert_equal_to_batch(stream_to(SignalStream(model), t + 1)[-1], compute_signals(model, BARS), t)


@given(seed=st.integers(0, 1_000), t=st.integers(0, len(BARS) - 1))
def test_the_stream_up_to_a_bar_equals_the_batch_over_the_bars_before_it_alone(seed: int, t: int) -> None:
    model = random_model(seed)
    assert_equal_to_batch(stream_to(SignalStream(model), t + 1)[-1], compute_signals(model, BARS.slice(0, t + 1)), t)


@given(seed=st.integers(0, 1_000), cuts=st.lists(st.integers(1, len(BARS) - 1), min_size=1, max_size=4))
def test_stretches_of_any_length_give_the_numbers_of_the_whole(seed: int, cuts: list[int]) -> None:
    model = random_model(seed)
    whole, stream, begin = compute_signals(model, BARS), SignalStream(model), 0
    for end in [*sorted(cuts), len(BARS)]:
        part = stream.advance(BARS.slice(begin, end))
        for found, expected in zip(part.columns(), whole.slice(begin, end).columns(), strict=True):
            np.testing.assert_array_equal(found, expected)
        begin = end


@given(seed=st.integers(0, 1_000), pause=st.integers(0, 100))
def test_a_saved_stream_goes_on_as_if_it_had_never_stopped(seed: int, pause: int) -> None:
    model = random_model(seed)
    stream = SignalStream(model)
    for bar in ROWS[:pause]:
        stream.on_bar(bar)
    other, state = SignalStream(model), stream.save()
    assert state is not None
    other.restore(state)
    for bar in ROWS[pause:120]:
        ours, theirs = stream.on_bar(bar), other.on_bar(bar)
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_copy_goes_its_own_way() -> None:
    stream = SignalStream(random_model(3))
    stream.advance(BARS.slice(0, 100))
    copy = stream.copy()
    ahead = copy.advance(BARS.slice(100, 200))
    again = stream.advance(BARS.slice(100, 200))
    np.testing.assert_array_equal(ahead.opinions, again.opinions)


def test_the_raw_confidence_is_the_regime_probability_before_the_calibrator() -> None:
    signals = compute_signals(random_model(3), BARS)
    directed = signals.direction != 0
    raw = signals.opinions[directed, CONFIDENCE]
    assert len(raw) > 10
    assert ((raw > 0.3) & (raw <= 1.0)).all()
    assert (raw != signals.confidence[directed]).any()


@given(seed=st.integers(0, 1_000), t=st.integers(0, len(BARS) - 1))
def test_a_shallow_training_takes_its_part_of_every_confidence_in_stream_and_batch_alike(seed: int, t: int) -> None:
    full = random_model(seed)
    shallow = at_depth(full, 0.7)
    batch, before = compute_signals(shallow, BARS), compute_signals(full, BARS)
    np.testing.assert_allclose(batch.confidence, 0.7 * before.confidence, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(batch.direction, before.direction)
    np.testing.assert_array_equal(batch.opinions, before.opinions)
    assert stream_to(SignalStream(shallow), t + 1)[-1].signal.confidence == batch.confidence[t]


@given(seed=st.integers(0, 1_000), t=st.integers(0, len(BARS) - 1))
def test_what_the_rules_call_the_market_is_the_same_in_stream_and_batch(seed: int, t: int) -> None:
    model = ruled(random_model(seed), WILD)
    batch = compute_signals(model, BARS)
    assert 0 < batch.cash.sum() < len(BARS)
    stream = SignalStream(model)
    view = stream_to(stream, t + 1)[-1]
    assert_equal_to_batch(view, batch, t)
    named = stream.market_regime(view)
    assert (named.regime == "crisis") == bool(batch.cash[t])
    assert (named.rule, named.reason) == ((1, WILD.reason) if batch.cash[t] else (0, "no rule holds"))


def test_without_rules_nothing_is_a_crisis_and_the_market_is_choppy() -> None:
    stream = SignalStream(random_model(3))
    assert not compute_signals(random_model(3), BARS).cash.any()
    assert stream.market_regime(stream_to(stream, 90)[-1]) == ("choppy", 0, "no rule holds")
