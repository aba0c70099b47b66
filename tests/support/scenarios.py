"""Golden scenarios: a market, a model and settings that show one thing, and the accepted statistics of the backtest.

A file names all three and says in one sentence what it shows; ``tests/simulation/test_golden_scenarios.py`` holds it to
the sentence and to the accepted numbers (:mod:`tests.support.accepted`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tests.support import release_0_1
from tests.support.accepted import Accepted, read_accepted
from tests.support.models import KNOWN, one_map, random_model, regimes_of
from tests.support.synthetic import market
from trading.engines.choice import chosen_engines
from trading.engines.table import engine_class
from trading.market.bars import Bars
from trading.model.bundle import load_bundle
from trading.model.model import TradingModel, model_from
from trading.model.spec import EngineIdentity, ModelSpec
from trading.night.artifacts import numbers
from trading.settings.models import SevengatesSettings
from trading.simulation.backtest import BacktestResult, run_backtest
from trading.steps.observation import observation_names
from trading.training.assemble import model_spec

FOLDER = Path(__file__).resolve().parents[1] / "golden" / "scenarios"
SCENARIOS = tuple(sorted(path.stem for path in FOLDER.glob("*.json")))
START = 200
"""The first traded bar; those before it warm features and engine."""

COST_PARTS = ("fees", "spread", "slippage", "funding")


class Scenario(NamedTuple):
    """A scenario that was run.

    Attributes:
        bars: of its market.
        model: that traded.
        run: what it did.
    """

    bars: Bars
    model: TradingModel
    run: BacktestResult


def file_of(name: str) -> Path:
    """Where a scenario's file lies.

    Args:
        name: one of :data:`SCENARIOS`.
    """
    return FOLDER / f"{name}.json"


def accepted_scenario(name: str) -> Accepted:
    """What was accepted of a scenario.

    Args:
        name: one of :data:`SCENARIOS`.
    """
    return read_accepted(file_of(name))


@cache
def played(name: str) -> Scenario:
    """Run a scenario by its file.

    Args:
        name: one of :data:`SCENARIOS`.
    """
    about = accepted_scenario(name).about
    return play(about["market"], about["model"], about["settings"])


def play(described: Mapping[str, Any], model: Mapping[str, Any], settings: Mapping[str, Mapping[str, Any]]) -> Scenario:
    """Trade a market.

    Args:
        described: see :func:`tests.support.synthetic.market`; empty are the bars of release 0.1.
        model: ``{"bundle": NAME}`` of release 0.1, ``{"random": SEED}`` for regimes and a policy of random numbers, or
            empty for the engine and the fixed action of the settings.
        settings: tables that differ from the defaults.
    """
    bars = market(described) if described else release_0_1.bars()
    traded = _model(bars, model, SevengatesSettings.model_validate(settings))
    return Scenario(bars, traded, run_backtest(traded, bars, START))


def measured_scenario(name: str) -> dict[str, Any]:
    """The statistics of a scenario now.

    Args:
        name: one of :data:`SCENARIOS`.
    """
    run = played(name).run
    return {
        "ledger_sha256": run.ledger_sha256,
        "trades": len(run.trades),
        "sides": dict(sorted(Counter(trade["side"] for trade in run.trades).items())),
        "reasons": dict(sorted(Counter(trade["reason"] for trade in run.trades).items())),
        "costs": {part: sum(trade[part] for trade in run.trades) for part in COST_PARTS},
        "final_equity": float(run.equity[-1]),
        "metrics": numbers(run.metrics),
    }


def _model(bars: Bars, model: Mapping[str, Any], settings: SevengatesSettings) -> TradingModel:
    if "bundle" in model:
        return load_bundle(release_0_1.FOLDER / model["bundle"]).model
    if "random" in model:
        return model_from(_spec(bars, settings, regimes_of()), random_model(model["random"]).arrays())
    (choice,) = chosen_engines(settings)
    kind = engine_class(choice.name)
    identity = EngineIdentity(
        name=choice.name, tag=choice.tag, revision=kind.revision, options=choice.options, extras=kind.extras
    )
    plain = {
        "scaler.mean": np.zeros(len(KNOWN)),
        "scaler.deviation": np.ones(len(KNOWN)),
        **one_map([0.0, 1.0], [0.0, 1.0]),
    }
    return model_from(_spec(bars, settings, identity), plain)


def _spec(bars: Bars, settings: SevengatesSettings, engine: EngineIdentity) -> ModelSpec:
    """As the settings have it, of a model that knows the features of the test models."""
    return model_spec(bars, settings, engine).changed(feature_names=KNOWN, observation_names=observation_names(KNOWN))
