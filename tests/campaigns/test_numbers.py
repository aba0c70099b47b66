"""Whether the platform learns what there is to learn and refuses what there is not; figures in ``docs/numbers.md``.

``make campaign`` runs everything; ``pytest -m campaign tests/campaigns/test_numbers.py -s`` this file alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tests.campaigns.nights import JudgedNight, judged_night
from trading.engines.stream import compute_signals
from trading.market.sources.simulated import SimulatedMarket, simulate, true_filter
from trading.simulation.backtest import run_backtest
from trading.steps.opinion import DOUBT, EXTRAS

pytestmark = pytest.mark.campaign

PAIRED_SEEDS = {"seen": (1, 2, 3, 4, 5, 6, 7), "fresh": (11, 12, 13, 14, 15, 16, 17)}
"""Market seeds whose test results were looked at when the defaults were chosen, and seeds that nobody had looked at."""
NIGHTS_WITHOUT_EDGE = 20
MIDDLE = 0.0


@dataclass(frozen=True)
class Paired:
    """One seed's night and its fixed rivals on the same bars, signals, costs and limits."""

    seed: int
    night: JudgedNight
    fitted_accuracy: float
    true_accuracy: float
    fixed: dict[str, float]
    same_size: dict[str, float]


@pytest.fixture(scope="module", params=PAIRED_SEEDS)
def paired(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Paired]:
    return [_pair(tmp_path_factory.mktemp(f"edge-{seed}"), seed) for seed in PAIRED_SEEDS[request.param]]


def _pair(folder: Path, seed: int) -> Paired:
    night = judged_night(folder, f"sim:edge=1,seed={seed}")
    test = slice(night.splits.test.start, night.splits.test.stop)
    market = SimulatedMarket(edge=1.0, seed=seed)
    path = simulate(market, int(night.bars.ts[-1]) + night.bars.interval)
    shift = len(path.bars) - len(night.bars)
    regime, truth = path.regime[shift:], true_filter(market, path)[shift:]
    beliefs = compute_signals(night.model, night.bars).opinions[:, EXTRAS:DOUBT]
    policy = run_backtest(night.model, night.bars, test.start, test.stop)
    size = _mean_size(night, policy.trades)
    rivals = [
        run_backtest(night.model, night.bars, test.start, test.stop, fixed_action=action).metrics
        for action in ([MIDDLE] * 4, [2.0 * size - 1.0, MIDDLE, MIDDLE, MIDDLE])
    ]
    return Paired(
        seed,
        night,
        float((beliefs[test].argmax(axis=1) == regime[test]).mean()),
        float((truth[test].argmax(axis=1) == regime[test]).mean()),
        *rivals,
    )


def _mean_size(night: JudgedNight, trades: list[dict[str, float]]) -> float:
    """The policy's mean size as a share of the cap, so that a fixed rival can risk as much."""
    equity, sizes = night.model.spec.limits.initial_equity, []
    for trade in trades:
        sizes.append(abs(trade["quantity"]) * trade["entry_price"] / equity)
        equity += trade["pnl"]
    return min(1.0, float(np.mean(sizes)) / night.model.spec.limits.size_cap)


def test_the_causal_filter_names_the_true_regime_on_three_bars_of_four(paired: list[Paired]) -> None:
    print(f"\n{'seed':>5} {'fitted filter':>14} {'true parameters':>16}")
    for pair in paired:
        print(f"{pair.seed:>5} {pair.fitted_accuracy:14.1%} {pair.true_accuracy:16.1%}")
    # On one seed in seven a regime without a drift may have risen in training, and be called a bull all the same.
    assert sorted(pair.fitted_accuracy for pair in paired)[1] >= 0.75


def test_the_policy_earns_more_after_costs_than_fixed_size_stop_and_target(paired: list[Paired]) -> None:
    print(f"\n{'seed':>5} {'policy':>16} {'fixed, middle':>16} {'fixed, same size':>18}   (total return, Sharpe)")
    for pair in paired:
        cells = [pair.night.metrics, pair.fixed, pair.same_size]
        print(f"{pair.seed:>5} " + "   ".join(f"{m['total_return']:7.1%} {m['sharpe']:6.2f}" for m in cells))
    for rival in ("fixed", "same_size"):
        gains = np.array([pair.night.metrics["total_return"] - getattr(pair, rival)["total_return"] for pair in paired])
        sharpe = np.array([pair.night.metrics["sharpe"] - getattr(pair, rival)["sharpe"] for pair in paired])
        t = gains.mean() / (gains.std(ddof=1) / np.sqrt(len(gains)))
        print(f"against {rival}: mean gain {gains.mean():.1%} (t {t:.1f}), mean Sharpe gain {sharpe.mean():.2f}")
        print(f"  more return on {(gains > 0).sum()} of {len(gains)} seeds")
        assert gains.mean() > 0
        # The rival of the same size knows one number of the policy; it is only to be beaten on average.
        assert rival == "same_size" or (gains > 0).all()


def test_candidates_of_a_market_with_edge_pass_the_seven_gates(paired: list[Paired]) -> None:
    approved = [pair.seed for pair in paired if pair.night.verdict.approved]
    print(f"\napproved with edge 1: {len(approved)} of {len(paired)} (seeds {approved})")
    for pair in paired:
        print(f"{pair.seed:>5} {pair.night.verdict.decision} {[gate.name for gate in pair.night.verdict.failed]}")
    default = SimulatedMarket().seed
    assert default in approved or default not in [pair.seed for pair in paired]
    assert len(approved) >= len(paired) // 2


def test_nineteen_of_twenty_nights_without_edge_end_without_approval(tmp_path: Path) -> None:
    approved = []
    for seed in range(NIGHTS_WITHOUT_EDGE):
        night = judged_night(tmp_path / str(seed), f"sim:edge=0,seed={seed}")
        failed = [gate.name for gate in night.verdict.failed]
        print(f"\nedge 0, seed {seed:>2}: {night.verdict.decision}, failed {failed}", end="", flush=True)
        if night.verdict.approved:
            approved.append(seed)
    print(f"\napproved without edge: {len(approved)} of {NIGHTS_WITHOUT_EDGE}")
    assert len(approved) <= 1
