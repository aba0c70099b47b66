from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.support import random_model, small_bars
from trading.live.decider import Decider, SignalStream
from trading.simulation.parameters import model_parameters
from trading.simulation.signals import Signals, compute_signals
from trading.steps.bar import Bar

BARS = small_bars(20)


def stream_to(stream: SignalStream, stop: int, start: int = 0) -> list[tuple[np.ndarray, ...]]:
    rows = []
    for index in range(start, stop):
        signal = stream.on_bar(Bar(*BARS.row(index)))
        numbers = np.array([signal.warm, signal.direction, signal.confidence])
        rows.append((stream.raw.copy(), stream.scaled.copy(), stream.belief.copy(), numbers))
    return rows


def assert_equal_to_batch(row: tuple[np.ndarray, ...], batch: Signals, t: int) -> None:
    raw, scaled, belief, numbers = row
    np.testing.assert_allclose(raw, batch.raw[t], rtol=0, atol=1e-9)
    np.testing.assert_allclose(scaled, batch.scaled[t], rtol=0, atol=1e-9)
    np.testing.assert_allclose(belief, batch.beliefs[t], rtol=0, atol=1e-9)
    np.testing.assert_allclose(numbers, [batch.warm[t], batch.direction[t], batch.confidence[t]], rtol=0, atol=1e-9)


@given(seed=st.integers(0, 1_000))
def test_the_stream_has_the_batch_values_at_every_bar(seed: int) -> None:
    model = random_model(seed)
    batch = compute_signals(model, BARS)
    for t, row in enumerate(stream_to(SignalStream(model), 150)):
        assert_equal_to_batch(row, batch, t)


@given(seed=st.integers(0, 1_000), t=st.integers(0, len(BARS) - 1))
def test_the_stream_up_to_a_bar_equals_the_batch_over_the_bars_before_it_alone(seed: int, t: int) -> None:
    model = random_model(seed)
    row = stream_to(SignalStream(model), t + 1)[-1]
    assert_equal_to_batch(row, compute_signals(model, BARS.slice(0, t + 1)), t)


@given(seed=st.integers(0, 1_000), pause=st.integers(0, 100))
def test_a_saved_stream_goes_on_as_if_it_had_never_stopped(seed: int, pause: int) -> None:
    model = random_model(seed)
    stream = SignalStream(model)
    stream_to(stream, pause)
    other = SignalStream(model)
    other.restore(stream.save())
    for ours, theirs in zip(stream_to(stream, 120, pause), stream_to(other, 120, pause), strict=True):
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_decider_packs_the_parameters_that_the_backtest_packs() -> None:
    model = random_model(3)
    np.testing.assert_array_equal(Decider(model).parameters, model_parameters(model))


def test_the_raw_confidence_is_the_regime_probability_before_the_calibrator() -> None:
    stream = SignalStream(random_model(3))
    signals = [stream.on_bar(Bar(*BARS.row(index))) for index in range(150)]
    directed = [signal for signal in signals if signal.direction != 0]
    assert directed
    assert all(0.3 < signal.confidence_raw <= 1.0 for signal in directed)
    assert any(signal.confidence_raw != signal.confidence for signal in directed)
