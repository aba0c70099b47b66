"""How much of a result dearer trading would have taken: the same bars at several times the costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from trading.market.bars import Bars
from trading.model.model import TradingModel
from trading.model.spec import Costs
from trading.simulation.lanes import LaneRun, run_lanes
from trading.simulation.parameters import model_parameters

COST_FACTORS = (1.0, 2.0, 4.0)
_DEARER = ("fee_bps", "maker_fee_bps", "spread_bps", "impact_bps", "impact", "borrow_bps_per_day")


def dearer_costs(costs: Costs, factor: float) -> Costs:
    """Fees, spread, slippage and interest times a factor; how orders fill stays as it is.

    Funding is multiplied where a long pays it: where he is paid, more of it is no cost. The funding that comes with
    the bars is theirs.

    Args:
        costs: of a model.
        factor: at least 0.
    """
    changed = {name: getattr(costs, name) * factor for name in _DEARER}
    funding = costs.funding_bps_per_day
    changed["funding_bps_per_day"] = funding * factor if funding > 0.0 else funding
    return costs.model_copy(update=changed)


def trade_at_costs(
    model: TradingModel, bars: Bars, start: int, stop: int, factors: Sequence[float] = COST_FACTORS
) -> list[LaneRun]:
    """Trade the same bars once for each factor, as lanes; a factor of 1 is the backtest itself.

    Args:
        model: what decides; it was trained at its own costs and does not know of others.
        bars: of its market.
        start: first traded bar.
        stop: bar after the last traded one.
        factors: of the costs.
    """
    dearer = [model.spec.changed(costs=dearer_costs(model.spec.costs, factor)) for factor in factors]
    packed = [model_parameters(replace(model, spec=spec)) for spec in dearer]
    return run_lanes(model, [bars] * len(packed), packed, start, stop)
