from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.support.synthetic import walk
from tools.promotion.markets import EDGES, FIRST_SEED, NULLS, RIDES, SHORTEST, riding, write_bars
from trading.market.bars import Bars
from trading.market.load import load_bars

REAL = walk(seed=3, bars=6_000, drift=0.0008)


def made(kind: str, number: int, folder: Path) -> Bars:
    """The bars that a night of a kind reads."""
    settings = {**NULLS, **EDGES}[kind](number, REAL, write_bars(folder))
    return load_bars(settings.market, "SIM", None, folder / "quarantine").bars


@pytest.mark.parametrize("kind", ["real, drawn again", "real, signs flipped"])
def test_drawn_bars_keep_the_contract_and_volatility_and_lose_the_drift(kind: str, tmp_path: Path) -> None:
    bars = made(kind, 1, tmp_path)
    moves, before = np.diff(np.log(bars.close)), np.diff(np.log(REAL.close))
    assert len(bars) > 5_900
    assert moves.std() == pytest.approx(before.std(), rel=0.05)
    assert abs(moves.mean()) < abs(before.mean()) / 4.0


def test_a_turned_bar_is_a_real_one_or_its_mirror_image(tmp_path: Path) -> None:
    bars = made("real, signs flipped", 2, tmp_path)
    n = len(bars) - 1
    up, down = (np.log(getattr(bars, name)[1:] / bars.close[:-1]) for name in ("high", "low"))
    real_up, real_down = (np.log(getattr(REAL, name)[-n:] / REAL.close[-n - 1 : -1]) for name in ("high", "low"))
    same, mirrored = np.isclose(up, real_up, atol=1e-9), np.isclose(up, -real_down, atol=1e-9)
    assert (same | mirrored).all()
    assert 0.45 < same.mean() < 0.55
    assert np.allclose(np.where(same, real_down, -real_up), down, atol=1e-9)


@pytest.mark.parametrize("number", range(3))
def test_a_ride_has_the_sharpe_ratio_it_is_named_after(number: int, tmp_path: Path) -> None:
    bars = made("riders of a drift", number, tmp_path)
    moves = np.diff(np.log(bars.close))
    ratio = moves.mean() / moves.std() * np.sqrt(bars.bars_per_year)
    assert ratio == pytest.approx(RIDES[number], abs=0.05)
    assert riding(number, REAL, write_bars(tmp_path)).policy.kind == "fixed"


def test_short_histories_are_short_and_by_turns_embedded_and_drawn(tmp_path: Path) -> None:
    for number in range(4):
        market = NULLS["short histories"](number, REAL, write_bars(tmp_path)).market
        assert SHORTEST <= market.history_bars <= 5_000
        assert market.source.startswith("sim:") == (number % 2 == 0)


def test_no_two_nights_are_of_the_same_market(tmp_path: Path) -> None:
    one, other = (made("real, drawn again", number, tmp_path) for number in (1, 2))
    assert not np.array_equal(one.close, other.close)
    sources = {NULLS["embedded, no edge"](number, REAL, write_bars(tmp_path)).market.source for number in range(9)}
    assert len(sources) == 9
    assert f"sim:edge=0,seed={FIRST_SEED}" in sources
