from __future__ import annotations

import io
import math
import sys
import threading

import numpy as np
import pytest
from matplotlib.figure import Figure

from tests.checks.samples import survived
from trading.checks.calibration import ReliabilityBin
from trading.checks.scenarios import SCENARIOS
from trading.reports.figures import (
    equity_figure,
    regimes_figure,
    reliability_figure,
    stress_figure,
    training_figure,
)
from trading.results import CheckResult

N = 9_000
TS = np.arange(N, dtype=np.int64) * 3_600_000 + 1_640_000_000_000


def png(figure: Figure) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=60)
    return stream.getvalue()


def texts(figure: Figure) -> str:
    return " ".join(item.get_text() for axes in figure.axes for item in [*axes.texts, *(legend_texts(axes) or [])])


def legend_texts(axes: object) -> list[object]:
    legend = axes.get_legend()  # type: ignore[attr-defined]
    return [] if legend is None else list(legend.get_texts())


def walk(seed: int) -> np.ndarray:
    return 100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.01, N)))


def test_the_equity_figure_names_candidate_champion_and_holding_with_their_gains() -> None:
    equity, champion, price = walk(1), walk(2), walk(3)
    figure = equity_figure(TS, equity, title="SIM", price=price, champion=champion)
    assert png(figure).startswith(b"\x89PNG")
    for name, curve in (("candidate", equity), ("champion", champion), ("holding", price)):
        assert f"{name} {curve[-1] / curve[0] - 1:+.1%}" in texts(figure)


def test_long_series_are_thinned_and_keep_their_last_point() -> None:
    figure = equity_figure(TS, walk(1), title="SIM")
    line = next(line for line in figure.axes[0].lines if str(line.get_label()).startswith("candidate"))
    x = np.asarray(line.get_xdata(), dtype=float)
    assert len(x) <= 4_000
    assert x[-1] == pytest.approx(TS[-1] / 86_400_000)


def test_the_regimes_figure_states_the_share_of_each_regime_and_skips_the_warm_up() -> None:
    beliefs = np.zeros((N, 3))
    beliefs[np.arange(N), np.arange(N) % 2] = 1.0
    beliefs[:100] = math.nan
    figure = regimes_figure(TS, walk(1), beliefs, title="SIM")
    assert png(figure)
    assert all(text in texts(figure) for text in ("bull 50%", "bear 50%", "chop 0%"))


def test_the_regimes_figure_of_a_model_that_never_warmed_up_is_empty_but_drawn() -> None:
    assert png(regimes_figure(TS, walk(1), np.full((N, 3), math.nan), title="SIM"))


def test_the_reliability_figure_draws_filled_bins_only() -> None:
    rows = [
        ReliabilityBin(low=0.0, high=0.5, confidence=None, frequency=None, count=0),
        ReliabilityBin(low=0.5, high=1.0, confidence=0.7, frequency=1.0, count=3),
    ]
    figure = reliability_figure(rows, brier=0.21, ece=0.3, title="SIM")
    assert png(figure)
    assert "Brier 0.210" in texts(figure)
    curve = next(line for line in figure.axes[0].lines if str(line.get_label()).startswith("signals"))
    assert list(np.asarray(curve.get_xdata())) == [0.7]


def test_the_stress_figure_shows_every_scenario_and_survives_numbers_that_are_missing() -> None:
    checks = [
        CheckResult(
            name=name,
            passed=index > 0,
            threshold=0.25,
            evidence={} if index == 0 else survived(name).evidence | {"total_return": -0.02},
        )
        for index, name in enumerate(SCENARIOS)
    ]
    figure = stress_figure(checks, title="SIM")
    assert png(figure)
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == [name.replace("_", " ") for name in SCENARIOS]
    assert "FAIL" in texts(figure)
    assert texts(figure).count("-2.0%") == texts(figure).count("8.0%") == 7
    assert figure.axes[0].get_xlabel() == "drawdown, 90% quantile of 16 draws; | without shocks"


def test_the_stress_figure_shows_evidence_of_one_draw_as_an_earlier_release_wrote_it() -> None:
    numbers = {"max_drawdown": 0.1, "total_return": -0.02, "sharpe": 1.0, "trades": 12.0}
    figure = stress_figure(
        [CheckResult(name="flash_crash", passed=True, threshold=0.25, evidence=numbers)], title="SIM"
    )
    assert png(figure)
    assert "-2.0%" in texts(figure)
    assert figure.axes[0].get_xlabel() == "worst drawdown"


def test_the_training_figure_draws_the_chosen_policy_thick_and_names_the_levels() -> None:
    policies = [
        {
            "name": f"SIM-{seed}",
            "validation_score": 0.01 * seed if seed else "-inf",
            "curve": [
                {"decisions": 100 * step, "level": "free" if step < 3 else "real", "mean_reward": 0.1 * step}
                for step in range(1, 6)
            ],
        }
        for seed in range(3)
    ]
    figure = training_figure(policies, taken={"SIM-1"}, title="SIM")
    assert png(figure)
    lines = {str(line.get_label()): line for line in figure.axes[0].lines}
    chosen = lines["SIM-1, +0.0100 on validation, chosen"]
    others = [lines["SIM-0, -inf on validation"], lines["SIM-2, +0.0200 on validation"]]
    assert all(line.get_linewidth() < chosen.get_linewidth() for line in others)
    assert list(np.asarray(chosen.get_xdata())) == [100, 200, 300, 400, 500]
    np.testing.assert_allclose(np.asarray(chosen.get_ydata()), [0.1, 0.2, 0.3, 0.4, 0.5])
    assert [text.get_text() for text in figure.axes[0].texts] == [" free", " real"]


def test_figures_may_be_drawn_by_several_threads_and_leave_pyplot_alone() -> None:
    sizes: list[int] = []
    threads = [
        threading.Thread(target=lambda: sizes.append(len(png(equity_figure(TS, walk(1), title="SIM")))))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(sizes)) == 1
    assert "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()
