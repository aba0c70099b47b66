"""Every setting of the platform: frozen models with units, bounds and defaults.

The small models are also the parameters of the flows, so a form in the Prefect UI shows the same bounds.
:func:`load_settings` joins ``sevengates.toml`` and ``SEVENGATES_*`` variables.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, SecretStr, field_validator, model_validator

Fraction = Annotated[FiniteFloat, Field(ge=0.0, le=1.0)]
PositiveFloat = Annotated[FiniteFloat, Field(gt=0.0)]
NonNegativeFloat = Annotated[FiniteFloat, Field(ge=0.0)]


class Spec(BaseModel):
    """Immutable settings; an unknown key or a NaN is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


_SYMBOL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._:/-]*[A-Za-z0-9])?")


def plain_symbol(symbol: str) -> str:
    """A symbol as models and folders are named after it."""
    return symbol.lower().replace("/", "-").replace(":", "-")


class MarketSpec(Spec):
    """Which bars to trade, and how to read them."""

    symbols: tuple[str, ...] = Field(
        default=("SIM",), min_length=1, description="Symbols of the night; each gets a model of its own."
    )
    source: str = Field(
        default="sim:edge=1",
        description="Where bars come from: `sim:edge=1,seed=7`, `csv:PATH`, `parquet:PATH`, `ticks:PATH`, or a plain "
        "path. `{symbol}` in a path is replaced by the symbol.",
    )
    interval: str = Field(
        default="1h", pattern=r"^[1-9][0-9]{0,5}[smhd]$", description="Length of the traded bar, for example 15m."
    )
    history_bars: int = Field(
        default=40_000, ge=2_000, description="At most this many traded bars before `as_of` are used."
    )
    on_duplicate: Literal["error", "keep-first", "keep-last"] = Field(
        default="error", description="What to do with a repeated timestamp."
    )
    on_unsorted: Literal["error", "sort"] = Field(default="error", description="What to do when timestamps go back.")
    on_gap: Literal["error", "keep-longest", "allow"] = Field(
        default="error",
        description="What to do when `max_gap_share` is breached: refuse, keep the longest stretch that meets the "
        "contract, or go on.",
    )
    max_gap_share: Fraction = Field(default=0.01, description="Largest share of missing bars on the source's grid.")
    max_zero_volume_share: Fraction = Field(default=0.05, description="Largest share of bars that trade nothing.")
    max_jump: FiniteFloat = Field(
        default=4.0,
        gt=1.0,
        description="Largest ratio, up or down, between a bar's open and the close before it; a larger one is a split, "
        "another unit or another symbol.",
    )
    session: Literal["continuous", "exchange"] = Field(
        default="continuous", description="`exchange`: closed nights and weekends are not gaps."
    )

    @field_validator("symbols")
    @classmethod
    def _name_models(cls, symbols: tuple[str, ...]) -> tuple[str, ...]:
        models: dict[str, str] = {}
        for symbol in symbols:
            if not _SYMBOL.fullmatch(symbol):
                raise ValueError(
                    f"{symbol!r} is no symbol: write letters, digits and . _ - / : after a letter or digit"
                )
            other = models.setdefault(plain_symbol(symbol), symbol)
            if other != symbol:
                raise ValueError(f"{other} and {symbol} would be one model, {plain_symbol(symbol)}: name one of them")
        return symbols


class SplitSpec(Spec):
    """Shares of the history, in time order; purge and embargo follow from look-back and holding time."""

    train: Fraction = Field(default=0.55, gt=0.0, description="Share of bars that fits scaler, regimes and policy.")
    validation: Fraction = Field(
        default=0.15, gt=0.0, description="Share of bars that fits calibration and selects seeds."
    )

    @model_validator(mode="after")
    def _leaves_a_test_split(self) -> SplitSpec:
        if not self.train + self.validation <= 0.9:
            raise ValueError("train + validation must leave at least 0.1 of the bars for the test split")
        return self


class FeatureSpec(Spec):
    """Look-backs of the feature steps, in bars."""

    fast: int = Field(default=6, ge=2, le=500, description="Short horizon of returns, bars.")
    medium: int = Field(
        default=12, ge=3, le=2_000, description="Middle horizon of returns, volatility and range, bars."
    )
    slow: int = Field(default=96, ge=4, le=10_000, description="Long horizon of returns, volatility and trend, bars.")
    vwap: int = Field(
        default=48, ge=2, le=10_000, description="Window of the rolling VWAP, z-score and volume z-score, bars."
    )

    @model_validator(mode="after")
    def _ordered(self) -> FeatureSpec:
        if not self.fast < self.medium < self.slow:
            raise ValueError(f"fast < medium < slow is needed, got {self.fast}, {self.medium}, {self.slow}")
        return self


class RegimeSpec(Spec):
    """The Gaussian hidden Markov model of market regimes."""

    seeds: int = Field(default=4, ge=1, le=50, description="Number of starts; the best likelihood wins.")
    iterations: int = Field(default=60, ge=5, le=1_000, description="Largest number of EM iterations of one start.")
    tolerance: PositiveFloat = Field(default=1e-2, description="EM stops when the log-likelihood gains less than this.")
    min_occupancy: Fraction = Field(default=0.03, description="A fit with a state rarer than this is refused.")
    features: tuple[str, ...] = Field(
        default=("log_range_medium", "log_volatility_medium", "trend_slow"),
        min_length=1,
        description="Features the model sees.",
    )
    direction_threshold: Fraction = Field(
        default=0.5, description="Long when P(bull) - P(bear) is over this, short when under its negative."
    )


class PolicySpec(Spec):
    """PPO training and the bounds of what the agent may choose."""

    seeds: int = Field(default=2, ge=1, le=32, description="Policies trained; the best on validation wins.")
    steps: int = Field(default=60_000, ge=1_000, description="Decisions per policy over all curriculum levels.")
    lanes: int = Field(default=64, ge=1, le=1_024, description="Parallel simulation lanes of the training environment.")
    hidden: int = Field(default=64, ge=4, le=1_024, description="Units in each of the two hidden layers.")
    learning_rate: PositiveFloat = Field(default=1e-3, description="Adam step size.")
    batch_size: int = Field(default=512, ge=16, description="Decisions per gradient step.")
    rollout: int = Field(default=32, ge=4, description="Decisions per lane between updates.")
    epochs: int = Field(default=6, ge=1, le=100, description="Passes over one rollout.")
    gamma: Fraction = Field(default=0.5, description="Discount per decision; trades are nearly independent.")
    entropy: NonNegativeFloat = Field(default=0.002, description="Weight of the entropy bonus.")
    workers: int = Field(default=2, ge=1, le=64, description="Training processes, one thread each.")
    min_duration: int = Field(default=6, ge=1, description="Shortest holding time, bars.")
    max_duration: int = Field(default=96, ge=2, description="Longest holding time, bars.")
    min_stop: PositiveFloat = Field(
        default=3.0, description="Closest stop, in standard deviations of a medium-horizon return."
    )
    max_stop: PositiveFloat = Field(default=6.0, description="Widest stop, same unit.")
    min_target: PositiveFloat = Field(default=1.0, description="Closest target, same unit.")
    max_target: PositiveFloat = Field(default=8.0, description="Widest target, same unit.")
    risk_aversion: NonNegativeFloat = Field(default=2.0, description="Penalty on squared trade returns in the reward.")

    @model_validator(mode="after")
    def _ranges(self) -> PolicySpec:
        for low, high in (("min_duration", "max_duration"), ("min_stop", "max_stop"), ("min_target", "max_target")):
            if not getattr(self, low) < getattr(self, high):
                raise ValueError(f"{low} must be under {high}, got {getattr(self, low)} and {getattr(self, high)}")
        return self


class CostSpec(Spec):
    """What trading costs in the simulation; printed with every report."""

    fee_bps: NonNegativeFloat = Field(default=4.0, description="Fee per side, basis points of notional.")
    spread_bps: NonNegativeFloat = Field(
        default=2.0, description="Full quoted spread, basis points; half is paid per side."
    )
    impact_bps: NonNegativeFloat = Field(
        default=20.0,
        description="Slippage in basis points when an order is all of a bar's volume; grows with the square root.",
    )
    latency_bars: int = Field(
        default=0, ge=0, le=100, description="Extra bars between decision and fill; 0 fills at the next open."
    )
    max_participation: Fraction = Field(
        default=0.1, gt=0.0, description="Largest share of a bar's volume one fill may take."
    )
    lot: PositiveFloat = Field(default=1e-6, description="Smallest tradable quantity, units of the asset.")
    tick: PositiveFloat = Field(default=1e-8, description="Smallest price increment.")


class RiskSpec(Spec):
    """Limits that no model can override."""

    initial_equity: PositiveFloat = Field(default=100_000.0, description="Paper equity at the start, quote currency.")
    size_cap: Fraction = Field(default=0.35, gt=0.0, description="Largest position notional, share of equity.")
    volatility_target: PositiveFloat = Field(default=0.25, description="Annualised; size is scaled down above it.")
    min_confidence: Fraction = Field(default=0.5, description="No new position under this effective confidence.")
    cooldown_bars: int = Field(default=12, ge=0, description="Bars without a new position after an exit.")
    halt_drawdown: Fraction = Field(
        default=0.25, gt=0.0, description="No new position once drawdown reaches this share."
    )


class CalibrationSpec(Spec):
    """How regime confidence becomes a probability of profit."""

    method: Literal["sigmoid", "isotonic"] = Field(
        default="sigmoid", description="Platt scaling or isotonic regression."
    )
    horizon_bars: int = Field(
        default=24, ge=1, le=2_000, description="A signal is right if it profits after costs this many bars on."
    )
    bins: int = Field(default=10, ge=2, le=100, description="Equal-width bins of the expected calibration error.")


class DriftSpec(Spec):
    """Limits of distribution drift, per feature."""

    bins: int = Field(default=10, ge=3, le=100, description="Quantile bins of PSI, frozen on the training split.")
    critical_psi: PositiveFloat = Field(default=0.5, description="PSI at which one feature alone is critical drift.")
    critical_ks: Fraction = Field(
        default=0.4, description="Kolmogorov-Smirnov distance at which a feature is critical drift."
    )


class LeakageSpec(Spec):
    """How hard to look for features that know the future."""

    prefix_points: int = Field(
        default=12, ge=2, le=1_000, description="Moments at which features are computed again from the past alone."
    )
    max_target_correlation: Fraction = Field(
        default=0.3, gt=0.0, description="Rank correlation with the next bar's return that no honest feature reaches."
    )


class StressSpec(Spec):
    """What the candidate must survive in each of the eight scenarios."""

    max_drawdown: Fraction = Field(default=0.25, description="Largest drawdown in any scenario, share of equity.")
    max_loss: Fraction = Field(default=0.20, description="Largest loss of equity at the end of any scenario.")


class GateSpec(Spec):
    """Thresholds of the seven gates."""

    min_sharpe: FiniteFloat = Field(default=1.0, description="Annualised Sharpe ratio on the test split.")
    min_win_rate: Fraction = Field(default=0.50, description="Share of trades that gain after costs.")
    min_profit_factor: NonNegativeFloat = Field(default=1.5, description="Gross gains over gross losses.")
    max_drawdown: Fraction = Field(default=0.15, description="Largest drawdown, share of equity.")
    max_volatility: NonNegativeFloat = Field(default=0.30, description="Annualised volatility of equity returns.")
    max_consecutive_losses: int = Field(default=5, ge=0, description="Longest run of losing trades.")
    max_brier: Fraction = Field(default=0.25, description="Brier score of effective confidence on the test split.")
    max_ece: Fraction = Field(default=0.10, description="Expected calibration error on the test split.")
    max_psi: NonNegativeFloat = Field(
        default=0.2, description="Mean PSI over features, test split against training split."
    )
    min_live_ratio: Fraction = Field(default=0.70, description="Live Sharpe as a share of backtest Sharpe.")
    min_live_bars: int = Field(
        default=200, ge=2, description="A live record of fewer bars counts as none: its Sharpe ratio would be noise."
    )


class PromotionSpec(Spec):
    """When a candidate replaces the champion."""

    min_improvement: FiniteFloat = Field(default=0.05, description="Sharpe gained over the champion on the same bars.")


class LiveSpec(Spec):
    """The live runner."""

    venue: str = Field(
        default="paper",
        min_length=1,
        description="Where orders go: paper, or a venue that an installed package offers.",
    )
    bars_per_second: NonNegativeFloat = Field(default=0.0, description="Replay speed; 0 is as fast as possible.")
    poll_seconds: PositiveFloat = Field(default=5.0, description="How often the model watch asks the registry.")
    model_wait_seconds: PositiveFloat = Field(
        default=30.0, description="How long the runner waits at its start for a promoted model."
    )


class RuntimeSpec(Spec):
    """Where state lives and which services are used."""

    home: str = Field(default="var", min_length=1, description="Folder of all run-time state.")
    store: str = Field(
        default="", description="Artifact store, a folder or an fsspec URL such as s3://bucket; empty: HOME/store."
    )
    tracking_uri: str = Field(default="", description="MLflow tracking and registry URI; empty: SQLite under HOME.")
    ledger: str = Field(default="", description="SQLite file of the promotion ledger; empty: HOME/ledger.db.")
    tracking_token: SecretStr = Field(default=SecretStr(""), description="Bearer token for a remote MLflow server.")
    seed: int = Field(default=7, ge=0, description="Root of every random number.")
    symbols_at_a_time: int = Field(
        default=2, ge=1, le=1_000, description="Nights of different symbols that run side by side."
    )
    task_runner: Literal["threads", "dask", "ray"] = Field(
        default="threads",
        description="What runs them: threads of one process, or a Dask or Ray cluster (extras dask and ray).",
    )


class SevengatesSettings(Spec):
    """All settings, one table of ``sevengates.toml`` each."""

    market: MarketSpec = MarketSpec()
    splits: SplitSpec = SplitSpec()
    features: FeatureSpec = FeatureSpec()
    regimes: RegimeSpec = RegimeSpec()
    policy: PolicySpec = PolicySpec()
    costs: CostSpec = CostSpec()
    risk: RiskSpec = RiskSpec()
    calibration: CalibrationSpec = CalibrationSpec()
    drift: DriftSpec = DriftSpec()
    leakage: LeakageSpec = LeakageSpec()
    stress: StressSpec = StressSpec()
    gates: GateSpec = GateSpec()
    promotion: PromotionSpec = PromotionSpec()
    live: LiveSpec = LiveSpec()
    runtime: RuntimeSpec = RuntimeSpec()
