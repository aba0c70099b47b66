"""A prudent model, and models that some stress scenario must refuse, all of the platform's own pieces.

Each follows the moving averages of an embedded market whose trends are strong, so that on the bars as they are it earns
and stays inside the owner's limits: nothing but a shock gives it away.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from tests.support import START_MS
from tests.support.models import COSTS, HOUR_MS, INPUTS, KNOWN, USUAL_WINDOWS, costs_of, limits_of, make_model, one_map
from trading.engines.base import parsed_options
from trading.engines.table import engine_class
from trading.market.bars import Bars
from trading.market.sources.simulated import SimulatedMarket, simulate
from trading.model.model import TradingModel, layer_shapes
from trading.model.spec import ActionBounds, Costs, EngineIdentity, PolicyShape
from trading.steps.observation import observation_names

ENGINE = "moving_average"
START, STOP = 500, 6_000
BOUNDS = ActionBounds(min_duration=6, max_duration=96, min_stop=3.0, max_stop=6.0, min_target=1.0, max_target=8.0)
FULL_SIZE = (1.0, 1.0, 0.0, 1.0)
BRIEF = (1.0, -1.0, 0.0, 1.0)
ALL_IN = {"size_cap": 1.0, "volatility_target": 5.0}
LEVERAGED = {"size_cap": 2.0, "max_leverage": 3.0, "volatility_target": 5.0}
NO_STOP = {"min_stop": 50.0, "max_stop": 60.0}


class Planted(NamedTuple):
    """A model, and the scenarios that must refuse it."""

    model: TradingModel
    refused_by: frozenset[str]


def market() -> Bars:
    """The bars that all of them trade."""
    return simulate(SimulatedMarket(edge=2.0, seed=7), START_MS + STOP * HOUR_MS).bars


def prudent() -> TradingModel:
    """A third of equity, scaled by volatility, with a stop."""
    return _model(FULL_SIZE)


def planted() -> dict[str, Planted]:
    """Models by what is wrong with them."""
    fees = costs_of(fee_bps=10.0, maker_fee_bps=10.0)
    return {
        "all in": Planted(
            _model(FULL_SIZE, limits=ALL_IN), frozenset({"flash_crash", "gap_at_open", "volatility_spike"})
        ),
        "all in without a stop": Planted(
            _model(FULL_SIZE, bounds=NO_STOP, limits=ALL_IN), frozenset({"volatility_spike", "regime_flip"})
        ),
        "leverage on a close stop": Planted(
            _model(FULL_SIZE, bounds={"min_stop": 0.5, "max_stop": 1.5}, limits=LEVERAGED),
            frozenset({"gap_at_open", "data_outage"}),
        ),
        "martingale": Planted(
            _bettor({"last_trade": -4.0}, base=0.1, reach=0.9, limits=LEVERAGED),
            frozenset({"flash_crash", "whipsaw_chop"}),
        ),
        "averages down": Planted(
            _bettor({"drawdown": 1.5}, base=-0.6, reach=1.2, bounds=NO_STOP, limits=LEVERAGED),
            frozenset({"regime_flip", "whipsaw_chop", "data_outage"}),
        ),
        "too big for its market": Planted(
            _model(FULL_SIZE, bounds={"min_stop": 0.5, "max_stop": 1.5}, limits={**ALL_IN, "initial_equity": 3e7}),
            frozenset({"liquidity_drought"}),
        ),
        "overtrader": Planted(
            _model(BRIEF, costs=fees, limits={"size_cap": 1.0, "volatility_target": 1.0, "cooldown_bars": 0}),
            frozenset({"fee_latency_shock"}),
        ),
    }


def _model(
    action: tuple[float, ...],
    *,
    bounds: Mapping[str, float] | None = None,
    limits: Mapping[str, Any] | None = None,
    costs: Costs = COSTS,
) -> TradingModel:
    return _made({}, PolicyShape(kind="fixed", action=action), bounds, limits, costs)


def _bettor(
    weights: Mapping[str, float],
    *,
    base: float,
    reach: float,
    bounds: Mapping[str, float] | None = None,
    limits: Mapping[str, Any] | None = None,
) -> TradingModel:
    """A model whose size follows some of its inputs: from ``base`` up and down by ``reach``."""
    layers = {name: np.zeros(shape) for name, shape in layer_shapes(1, INPUTS).items()}
    for name, weight in weights.items():
        layers["w0"][0, observation_names(KNOWN).index(name)] = weight
    layers["w1"][0, 0] = 2.0
    layers["w2"][0, 0] = reach
    layers["b2"][:] = (base, *FULL_SIZE[1:])
    arrays = {f"policy.{name}": array for name, array in layers.items()}
    return _made(arrays, None, bounds, limits, COSTS)


def _made(
    layers: Mapping[str, Any],
    policy: PolicyShape | None,
    bounds: Mapping[str, float] | None,
    limits: Mapping[str, Any] | None,
    costs: Costs,
) -> TradingModel:
    kind = engine_class(ENGINE)
    arrays = {
        "scaler.mean": np.zeros(len(KNOWN)),
        "scaler.deviation": np.ones(len(KNOWN)),
        **one_map([0.0, 1.0], [0.0, 1.0]),
        **layers,
    }
    return make_model(
        arrays,
        windows=USUAL_WINDOWS,
        engine=EngineIdentity(
            name=ENGINE,
            tag=kind.tag,
            revision=kind.revision,
            options=parsed_options(ENGINE, kind, {}).model_dump(),
            extras=kind.extras,
        ),
        policy=policy,
        actions=BOUNDS.model_copy(update=dict(bounds or {})),
        costs=costs,
        limits=limits_of(**{"cooldown_bars": 12, **(limits or {})}),
    )
