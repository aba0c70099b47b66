"""What the simulator assumed of the numbers in a report, in sentences; ``docs/simulation.md`` has every rule."""

from __future__ import annotations

from trading.model.spec import ModelSpec


def assumptions(spec: ModelSpec) -> list[str]:
    """What the simulator assumes and the limits that bind every model, one sentence each.

    Args:
        spec: of the model: how orders fill, units of the market, limits, and what its confidence means.
    """
    costs, instrument, limits, break_even = spec.costs, spec.instrument, spec.limits, spec.confidence.break_even
    wait = "the next bar's open" if costs.latency_bars == 0 else f"the open {costs.latency_bars + 1} bars later"
    late = f", {costs.latency_ms} ms after the close" if costs.latency_ms else ""
    slippage = [f"{costs.impact_bps:g} bps"] if costs.impact_bps or not costs.impact else []
    slippage += [f"{costs.impact:g} volatilities of the bar"] if costs.impact else []
    wicks = (
        "Extremes of bars are taken as reported."
        if costs.wick_limit == 0.0
        else f"A wick longer than {costs.wick_limit:g} typical ranges fills nothing beyond that."
    )
    stops = f" plus {costs.stop_slip:.0%} of the way from there to the bar's extreme" if costs.stop_slip else ""
    limits_fill = (
        "A target fills at its own price if the bar trades through it, from the volume beyond it"
        if costs.limit_through
        else "A target fills at its own price when touched"
    )
    sizes = (
        "Sizes do not depend on confidence."
        if break_even is None
        else f"Sizes grow with effective confidence, from nothing at {break_even:.3f} to all of it at 1."
    )
    patience = spec.actions.exit_patience
    follows = [
        "A position leaves at the first close at which the signal does not name its side."
        if patience == 0
        else f"A position leaves when the signal has not named its side at more than {patience} closes in a row."
    ]
    crises = [rule.reason for rule in spec.market_rules if rule.regime == "crisis"]
    shallow = spec.depth is not None and spec.depth.tier != "full"
    depth = [f"Training depth is {spec.depth}."] if shallow else []
    return [
        f"A decision at the close of a bar fills at {wait}{late} at the earliest.",
        f"A taker pays a fee of {costs.fee_bps:g} bps, half of a spread of {costs.spread_bps:g} bps, and a slippage of "
        f"{' plus '.join(slippage)} times the square root of its share of the bar's volume; a resting limit pays "
        f"{costs.maker_fee_bps:g} bps.",
        f"All fills of a bar take at most {costs.max_participation:.0%} of its volume: the rest of an entry is "
        "cancelled, the rest of an exit waits.",
        wicks,
        f"If a bar touches both stop and target, the stop was first. A stop fills at its price or the open beyond it"
        f"{stops}.",
        f"{limits_fill}; the rest stays a limit.",
        f"Holding pays {costs.funding_bps_per_day:g} bps a day beside the funding of the bars, and "
        f"{costs.borrow_bps_per_day:g} bps a day for a borrowed asset or borrowed cash.",
        f"A position is at most {limits.size_cap:.0%} of equity, at its fill too, scaled down where volatility is over "
        f"{limits.volatility_target:.0%} a year. The exchange closes it where equity is "
        f"{limits.maintenance_margin:.0%} of its notional; nobody owes more than he has.",
        f"No entry under an effective confidence of {limits.min_confidence:g}, within {limits.cooldown_bars} bars "
        f"after an exit, or after a drawdown of {limits.halt_drawdown:.0%}.",
        sizes,
        *(follows if spec.actions.exit_with_signal else []),
        *([f"In a crisis nothing is held: {'; or '.join(crises)}."] if crises else []),
        *depth,
        f"Quantities are multiples of {instrument.lot * instrument.contract_size:g} units, prices of "
        f"{instrument.tick:g}, entries at least {instrument.min_notional:g}; takers' prices are rounded against them. "
        f"Equity starts at {limits.initial_equity:,.0f}.",
    ]
