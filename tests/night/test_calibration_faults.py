"""Confidence that tells nothing is planted into a night, through fit, check and gate, and has to fail there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.checks.samples import only
from tests.support.models import at_depth
from trading.checks.calibration import CalibrationEvidence
from trading.checks.check import Part
from trading.engines import checked
from trading.engines.stream import Signals
from trading.gates.calibration import CALIBRATION
from trading.gates.gate import GateResult, ask_gate
from trading.market.bars import Bars
from trading.model.model import TradingModel
from trading.night import data, fit
from trading.night.artifacts import FIT_REPORT, MODEL, check_kind
from trading.night.evidence import measuring, parts_of
from trading.night.workspace import Night, open_night
from trading.settings.models import MarketSpec, PolicySpec, RegimeSpec, RuntimeSpec, SevengatesSettings
from trading.steps.opinion import Calibrator
from trading.store import Ref

POLICY = PolicySpec(kind="fixed", action=(1.0, 1.0, 0.0, 1.0))


class Fitted:
    """A night up to its fit, of a market with so much edge, and what the gate says of a model in it."""

    def __init__(self, home: str, edge: float) -> None:
        settings = SevengatesSettings(
            market=MarketSpec(source=f"sim:edge={edge:g},seed=7"),
            policy=POLICY,
            regimes=RegimeSpec(seeds=1),
            runtime=RuntimeSpec(home=home),
        )
        self.night: Night = open_night(settings, "SIM", "2026-11-20")
        bars = data.load_bars(self.night).bars_ref
        features = data.compute_features(self.night, bars)
        splits = data.make_splits(self.night, bars, self.night.plan.engines)
        fitted = fit.fit_model(self.night, bars, features, splits, self.night.plan.engines[0])
        self.report: dict[str, Any] = self.night.store.get(FIT_REPORT, fitted.report_ref)["calibrator"]
        self.model: TradingModel = self.night.store.get(MODEL, fitted.model_ref)
        self.parts: dict[Part, Ref[Any]] = {
            "bars": bars,
            "features": features,
            "splits": splits,
            "model": fitted.model_ref,
            "fit_report": fitted.report_ref,
        }

    def judged(
        self, calibrator: Calibrator | None = None, modifier: float = 1.0
    ) -> tuple[CalibrationEvidence, GateResult]:
        """Evidence and result of the model with another calibrator than its own, or less of its depth."""
        model = self.model if calibrator is None else replace(self.model, calibrator=calibrator)
        model = model if modifier == 1.0 else at_depth(model, modifier)
        parts: dict[Part, Ref[Any]] = {**self.parts, "model": self.night.store.put(MODEL, model)}
        ref = measuring("calibration")(self.night, parts_of("calibration", parts))
        evidence = self.night.store.get(check_kind("calibration"), ref)
        assert isinstance(evidence, CalibrationEvidence)
        return evidence, ask_gate(CALIBRATION, only(evidence), self.night.settings.gates.model_dump())


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    return Fitted(str(tmp_path_factory.mktemp("edge")), 1.0)


def failed(result: GateResult) -> set[str]:
    return {rule.name for rule in result.rules if not rule.passed}


def test_a_calibrator_that_tells_bars_apart_passes(edge: Fitted) -> None:
    evidence, result = edge.judged()
    assert result.passed, result.reason
    assert evidence.bss_low is not None
    assert evidence.bss_low > 0.0
    assert [row["side"] for row in edge.report["sides"]] == ["long", "short"]


@pytest.mark.parametrize("side_by_side", [False, True], ids=["one constant", "one for each side"])
def test_a_constant_confidence_fails(edge: Fitted, side_by_side: bool) -> None:
    rates = [row["base_rate"] for row in edge.report["sides"]] if side_by_side else [edge.report["base_rate"]] * 2
    own = edge.model.calibrator
    level = own._replace(
        weights=np.zeros_like(own.weights), y=np.repeat(np.array(rates)[:, None], own.y.shape[1], axis=1)
    )
    evidence, result = edge.judged(level)
    assert evidence.brier is not None
    assert evidence.brier < 0.25
    assert {"brier_skill_low"} <= failed(result)
    assert "share_at_mode" in failed(result) or side_by_side


def test_a_shallow_training_is_judged_by_its_probabilities_and_not_by_what_is_taken_from_them(edge: Fitted) -> None:
    full, passed = edge.judged()
    shallow, result = edge.judged(modifier=0.7)
    assert passed.passed
    assert result.passed, result.reason
    for name in ("brier", "bss", "bss_low", "ece"):
        assert getattr(shallow, name) == pytest.approx(getattr(full, name), abs=1e-4)


def test_its_own_confidence_reversed_fails(edge: Fitted) -> None:
    own = edge.model.calibrator
    middle = own.y.mean(axis=1, keepdims=True)
    turned = Calibrator(-own.weights, -own.x[:, ::-1], np.clip(2.0 * middle - own.y[:, ::-1], 0.0, 1.0).copy())
    assert {"brier_skill", "brier_skill_low"} <= failed(edge.judged(turned)[1])


def test_its_own_confidence_shuffled_fails(edge: Fitted, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = checked.checked_signals

    def shuffled(model: TradingModel, bars: Bars) -> Signals:
        signals = honest(model, bars)
        confidence = signals.confidence.copy()
        spoken = np.flatnonzero(signals.direction)
        confidence[spoken] = np.random.default_rng(0).permutation(confidence[spoken])
        return replace(signals, confidence=confidence)

    monkeypatch.setattr(checked, "checked_signals", shuffled)
    assert {"brier_skill", "brier_skill_low"} <= failed(edge.judged()[1])


def test_the_calibrator_of_the_other_side_fails(edge: Fitted) -> None:
    own = edge.model.calibrator
    assert "brier_skill_low" in failed(edge.judged(Calibrator(own.weights[::-1], own.x[::-1], own.y[::-1]))[1])


def test_where_nothing_can_be_learned_the_gate_fails(tmp_path_factory: pytest.TempPathFactory) -> None:
    null = Fitted(str(tmp_path_factory.mktemp("null")), 0.0)
    assert "brier_skill_low" in failed(null.judged()[1])
