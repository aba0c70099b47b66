"""The part of a model that is JSON, with a schema of its own.

No settings model is embedded, so that renaming a setting never makes a bundle unreadable.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, FiniteFloat, model_validator

from trading.model.depth import TrainingDepth
from trading.steps.features import FeatureWindows
from trading.steps.policy import ACTIONS
from trading.values import Frozen

Share = Annotated[FiniteFloat, Field(ge=0.0, le=1.0)]
Positive = Annotated[FiniteFloat, Field(gt=0.0)]
NotNegative = Annotated[FiniteFloat, Field(ge=0.0)]
Digest = Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")]


class Windows(Frozen):
    """Look-backs of the feature steps, bars."""

    fast: int = Field(ge=1)
    medium: int = Field(ge=1)
    slow: int = Field(ge=1)
    vwap: int = Field(ge=1)

    def as_step(self) -> FeatureWindows:
        """The same as the feature step takes it."""
        return FeatureWindows(self.fast, self.medium, self.slow, self.vwap)


class EngineIdentity(Frozen):
    """Which kind of model says direction and confidence, and what it needs beside its arrays.

    Attributes:
        name: of the engine, as in the table of engines.
        tag: shown with every version, for example ``hmm_v1``.
        revision: of the meaning of options and arrays; an engine reads every revision it ever wrote.
        code: SHA-256 of the code of an engine from outside the package; empty for a built-in one.
        options: plain data that the light half needs.
        extras: names of the further numbers that the policy sees.
    """

    name: str = Field(min_length=1)
    tag: str = Field(min_length=1)
    revision: int = Field(ge=1)
    code: Digest = ""
    options: dict[str, Any] = Field(default_factory=dict)
    extras: tuple[str, ...] = ()


class PolicyShape(Frozen):
    """What chooses size, duration, stop and target.

    Attributes:
        kind: ``ppo``, two tanh layers of ``hidden`` units; or ``fixed``, always ``action``.
        hidden: units of a layer; 0 for a fixed action.
        action: in [-1, 1] each; empty for a trained policy.
    """

    kind: Literal["ppo", "fixed"]
    hidden: int = Field(default=0, ge=0, le=4_096)
    action: tuple[Annotated[FiniteFloat, Field(ge=-1.0, le=1.0)], ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> PolicyShape:
        if self.kind == "ppo" and (self.hidden < 1 or self.action):
            raise ValueError("a trained policy has hidden units and no fixed action")
        if self.kind == "fixed" and (self.hidden or len(self.action) != len(ACTIONS)):
            raise ValueError(f"a fixed policy is {len(ACTIONS)} numbers and has no hidden units")
        return self


ConfidenceMethod = Literal["unknown", "base_rate", "isotonic", "platt", "temperature", "logistic", "pooled"]
"""How confidence was calibrated; ``unknown`` is what a bundle says that was written before it was noted."""


class ConfidenceMeaning(Frozen):
    """What the calibrated confidence of a model is the probability of.

    Attributes:
        method: that fitted the calibrator.
        horizon_bars: bars after which a signal was right or wrong; 0 if that was not noted.
        break_even: confidence at which following the signal gains nothing on average; the size of an order grows from
            none there to all of it at 1. None leaves sizes alone.
    """

    method: ConfidenceMethod = "unknown"
    horizon_bars: int = Field(default=0, ge=0)
    break_even: Annotated[FiniteFloat, Field(ge=0.0, lt=1.0)] | None = None


class Condition(Frozen):
    """A number and the range it has to lie in; a bound that is None asks for nothing.

    Attributes:
        input: name of a number of the signal, of the engine or of a feature, see
            :func:`trading.model.rules.rule_inputs`.
        at_least: least value.
        at_most: greatest value.
    """

    input: str = Field(min_length=1)
    at_least: FiniteFloat | None = None
    at_most: FiniteFloat | None = None


class MarketRule(Frozen):
    """What a market is called if every condition is met.

    Attributes:
        regime: one of :data:`trading.steps.market_regime.MARKET_REGIMES`.
        when: at least one condition.
        reason: for people.
    """

    regime: Literal["bull_momentum", "bear_defensive", "theme_driven", "crisis", "choppy"]
    when: tuple[Condition, ...] = Field(min_length=1, max_length=20)
    reason: str


class ActionBounds(Frozen):
    """What the policy may choose: holding time in bars, stop and target in deviations of a medium-horizon return.

    Attributes:
        exit_with_signal: whether a position is left before its time when the signal no longer names its side.
        exit_patience: closes in a row that the signal may leave the side unnamed before that happens.
        review_bars: bars of a position after which the policy is asked about it again; 0 is never.
    """

    min_duration: int = Field(ge=1)
    max_duration: int = Field(ge=1)
    min_stop: Positive
    max_stop: Positive
    min_target: Positive
    max_target: Positive
    exit_with_signal: bool = False
    exit_patience: int = Field(default=0, ge=0)
    review_bars: int = Field(default=0, ge=0)


class Costs(Frozen):
    """How orders fill in the simulation and what that costs, in the units of the settings table of that name.

    A level of realism is not stored, but what it comes to: the null version of a choice is its null value.

    Attributes:
        fee_bps: of a taker.
        maker_fee_bps: of a resting limit.
        spread_bps: full quoted spread.
        impact_bps: constant slippage of an order that is all of a bar's volume.
        impact: slippage of such an order in volatilities of the bar; 0 is none.
        stop_slip: share of the way from a stop to the bar's extreme; 0 is none.
        limit_through: whether a resting limit needs a trade-through.
        wick_limit: longest confirmed wick in typical ranges; 0 confirms every one.
        latency_bars: between a decision and its fill.
        latency_ms: between a decision and its fill too, side by side with the bars.
        funding_bps_per_day: that a long pays to shorts, beside what the bars carry.
        borrow_bps_per_day: of a short's notional, and of a long's borrowed cash.
        max_participation: share of a bar's volume that its fills may take together.
    """

    fee_bps: NotNegative
    maker_fee_bps: NotNegative
    spread_bps: NotNegative
    impact_bps: NotNegative
    impact: NotNegative
    stop_slip: Share
    limit_through: bool
    wick_limit: NotNegative
    latency_bars: int = Field(ge=0)
    latency_ms: int = Field(ge=0)
    funding_bps_per_day: FiniteFloat
    borrow_bps_per_day: NotNegative
    max_participation: Share


class Instrument(Frozen):
    """What an exchange says of the units in which its market trades.

    Attributes:
        tick: smallest price step, quote currency.
        lot: smallest quantity, contracts.
        contract_size: units of the asset in a contract.
        min_notional: smallest entry, quote currency.
    """

    tick: Positive
    lot: Positive
    contract_size: Positive
    min_notional: NotNegative


class Limits(Frozen):
    """What no model may exceed, in the units of the settings table ``risk``."""

    initial_equity: Positive
    size_cap: Positive
    max_leverage: Annotated[FiniteFloat, Field(ge=1.0)]
    maintenance_margin: Annotated[FiniteFloat, Field(ge=0.0, lt=1.0)]
    volatility_target: Positive
    min_confidence: Share
    cooldown_bars: int = Field(ge=0)
    halt_drawdown: Share

    @model_validator(mode="after")
    def _within_leverage(self) -> Limits:
        if not self.size_cap <= self.max_leverage:
            raise ValueError(f"size_cap {self.size_cap:g} is over max_leverage {self.max_leverage:g}")
        return self


class ModelSpec(Frozen):
    """Names, bounds and limits of a model.

    Attributes:
        symbol: the market.
        interval: milliseconds of a traded bar.
        bars_per_year: as the market trades.
        feature_names: what the scaler knows, in its order.
        windows: look-backs of the features.
        observation_names: the policy's inputs, in their order.
        engine: what says direction and confidence.
        policy: what chooses the action.
        actions: bounds of the action.
        costs: of the simulation it was trained and judged with.
        instrument: units of its market.
        limits: of the orders it may place.
        confidence: what its confidence means.
        depth: of its training; None of a bundle that was written before it was noted, whose confidence counts in full.
        market_rules: what the market of a bar is called, in their order; the first that holds decides.
    """

    symbol: str = Field(min_length=1)
    interval: int = Field(ge=1)
    bars_per_year: Positive
    feature_names: tuple[str, ...] = Field(min_length=1)
    windows: Windows
    observation_names: tuple[str, ...] = Field(min_length=1)
    engine: EngineIdentity
    policy: PolicyShape
    actions: ActionBounds
    costs: Costs
    instrument: Instrument
    limits: Limits
    confidence: ConfidenceMeaning = ConfidenceMeaning()
    depth: TrainingDepth | None = None
    market_rules: tuple[MarketRule, ...] = Field(default=(), max_length=50)

    @property
    def modifier(self) -> float:
        """What calibrated confidence is multiplied by to be effective."""
        return 1.0 if self.depth is None else self.depth.modifier

    def changed(self, **parts: Any) -> ModelSpec:
        """The same with other parts, validated.

        Args:
            **parts: fields of the spec by name, each in place of the one there.
        """
        return ModelSpec.model_validate({**self.model_dump(), **parts})
