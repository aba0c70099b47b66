from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from envs.vectorised import LaneVecEnv
from tests.support import random_model, small_bars
from trading.engines.stream import compute_signals
from trading.errors import ConfigError
from trading.settings.models import PolicySpec
from trading.simulation.backtest import run_backtest
from trading.training.jobs import TrainingJob
from trading.training.trainers import TRAINERS, trainer

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "trainer" / "constant_action.py"


def example() -> object:
    spec = importlib.util.spec_from_file_location("constant_action", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.train


def test_a_trainer_is_one_file_and_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TRAINERS, "constant_action", example)
    bars, model = small_bars(60), random_model(1)
    job = TrainingJob(
        name="one",
        seed=3,
        bars=bars,
        signals=compute_signals(model, bars),
        model=model,
        train=(200, 900),
        validation=(950, 1400),
        spec=PolicySpec(trainer="constant_action"),
    )
    said: list[tuple[str, float]] = []
    (result,) = trainer("constant_action")([job], LaneVecEnv, workers=1, progress=lambda *done: said.append(done))
    assert said == [("one", 1.0)]
    learned = run_backtest(replace(model, layers=result.layers), bars, 950, 1400)
    constant = run_backtest(model, bars, 950, 1400, fixed_action=result.layers.b2.tolist())
    assert learned.ledger_sha256 == constant.ledger_sha256
    assert np.isfinite(result.validation_score)
    seen = {record.part: (record.first_ts, record.last_ts) for record in result.fits}
    assert seen == {"policy": (bars.ts[200], bars.ts[899]), "choice": (bars.ts[950], bars.ts[1_399])}


def test_an_unknown_trainer_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match="sb4") as refused:
        trainer("sb4")
    assert "sb3" in refused.value.remedy
