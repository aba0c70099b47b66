"""Two versions side by side: the same bars and costs for both, whatever their engines and own costs are."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from tests.support import random_model, small_bars
from tests.support.models import costs_of, make_model
from trading.codes import ReasonCode
from trading.engines.base import parsed_options
from trading.engines.stream import model_lookback
from trading.engines.table import engine_class
from trading.errors import DataError
from trading.model.bundle import Bundle, write_bundle
from trading.model.lineage import Lineage
from trading.model.model import TradingModel
from trading.model.spec import EngineIdentity
from trading.night.comparison import VersionComparison, compare_versions
from trading.simulation.backtest import run_backtest

BARS = small_bars(60)
COSTS = costs_of(fee_bps=8.0)
TEST = int(BARS.ts[900])
LATER = int(BARS.ts[1_000])


def bundle_of(folder: Path, model: TradingModel, *, test: int | None = TEST) -> Bundle:
    """A bundle whose test split begins at a moment; None is a bundle that does not say."""
    ranges = {} if test is None else {"test": (test, int(BARS.ts[-1]))}
    lineage = Lineage(symbol="SIM", interval="1h", as_of_ms=1_790_000_000_000, ranges=ranges)
    return write_bundle(folder, model, lineage, {}, {"decision": "APPROVED", "paper_only": True}, "# Card\n")


def moving_average() -> TradingModel:
    """The arrays of a random model around another engine."""
    options = parsed_options("moving_average", engine_class("moving_average"), {"fast": 4, "slow": 30})
    identity = EngineIdentity(
        name="moving_average",
        tag="ma_v1",
        revision=1,
        options=options.model_dump(mode="json"),
        extras=engine_class("moving_average").extras,
    )
    kept = {name: array for name, array in random_model(5).arrays().items() if not name.startswith("engine.")}
    return make_model(kept, engine=identity)


@pytest.fixture
def one(tmp_path: Path) -> Bundle:
    return bundle_of(tmp_path / "one", random_model(2, costs=costs_of(fee_bps=1.0)))


@pytest.fixture
def other(tmp_path: Path) -> Bundle:
    return bundle_of(tmp_path / "other", moving_average(), test=LATER)


def compared(one: Bundle, other: Bundle, *, start_ms: int | None = None) -> VersionComparison:
    return compare_versions("sevengates-sim-1h", (3, 7), (one, other), BARS, costs=COSTS, start_ms=start_ms)


def test_the_order_of_the_versions_changes_nothing_but_their_order(one: Bundle, other: Bundle) -> None:
    forward = compared(one, other)
    back = compare_versions("sevengates-sim-1h", (7, 3), (other, one), BARS, costs=COSTS)
    assert back.results == (forward.results[1], forward.results[0])
    assert (back.first_ms, back.last_ms, back.bars) == (forward.first_ms, forward.last_ms, forward.bars)
    assert back.correlation == pytest.approx(forward.correlation, abs=1e-12)
    assert [result.version for result in forward.results] == [3, 7]
    assert [result.tag for result in forward.results] == ["hmm_v1", "ma_v1"]
    assert [result.bundle_digest for result in forward.results] == [one.digest, other.digest]


def test_both_trade_the_bars_from_the_later_test_split_on_at_the_costs_asked_for(one: Bundle, other: Bundle) -> None:
    comparison = compared(one, other)
    assert (comparison.first_ms, comparison.bars) == (LATER, len(BARS) - 1_000)
    assert comparison.last_ms == int(BARS.ts[-1]) + BARS.interval
    assert not comparison.seen_in_training
    at_own_costs = run_backtest(one.model, BARS, 1_000)
    at_these = run_backtest(random_model(2, costs=COSTS), BARS, 1_000)
    assert comparison.results[0].metrics == dict(at_these.metrics)
    assert comparison.results[0].ledger_sha256 == at_these.ledger_sha256 != at_own_costs.ledger_sha256
    assert comparison.results[1].ledger_sha256 != at_these.ledger_sha256
    assert all(result.metrics["trades"] > 5 for result in comparison.results)


def test_bars_before_a_test_split_are_said_to_be_seen_in_training(one: Bundle, other: Bundle) -> None:
    assert compared(one, other, start_ms=TEST).seen_in_training
    assert not compared(one, one, start_ms=TEST).seen_in_training
    assert not compared(one, other, start_ms=LATER + BARS.interval).seen_in_training


def test_a_bundle_that_does_not_say_what_it_has_seen_is_compared_from_the_warm_up_on_and_said_so(
    one: Bundle, tmp_path: Path
) -> None:
    silent = bundle_of(tmp_path / "silent", moving_average(), test=None)
    comparison = compared(one, silent)
    longest = max(model_lookback(one.model), model_lookback(silent.model))
    assert comparison.first_ms == int(BARS.ts[longest])
    assert comparison.seen_in_training


def test_a_start_within_the_warm_up_is_the_end_of_the_warm_up(one: Bundle, other: Bundle) -> None:
    longest = max(model_lookback(one.model), model_lookback(other.model))
    assert compared(one, other, start_ms=0).first_ms == int(BARS.ts[longest])


def test_a_version_moves_as_itself(one: Bundle) -> None:
    assert compared(one, one).correlation == pytest.approx(1.0, abs=1e-12)


def test_a_version_that_never_moves_has_no_correlation_and_is_still_json(one: Bundle, tmp_path: Path) -> None:
    spec = one.model.spec
    careful = spec.model_copy(update={"limits": spec.limits.model_copy(update={"min_confidence": 1.0})})
    still = bundle_of(tmp_path / "still", make_model(one.model.arrays(), engine=spec.engine, limits=careful.limits))
    comparison = compared(one, still)
    assert comparison.results[1].metrics["trades"] == 0
    assert math.isnan(comparison.correlation)
    data = comparison.as_json()
    assert data["correlation"] == "nan"
    assert data["results"][1]["metrics"]["sharpe"] == "nan"


@pytest.mark.parametrize("left", [0, 1])
def test_too_few_bars_are_refused(left: int, one: Bundle, other: Bundle) -> None:
    after = int(BARS.ts[-1]) + BARS.interval * (1 - left)
    with pytest.raises(DataError, match=f"leave {left} to compare on") as caught:
        compared(one, other, start_ms=after)
    assert caught.value.code == ReasonCode.BARS_TOO_FEW
    assert compared(one, other, start_ms=int(BARS.ts[-2])).bars == 2
