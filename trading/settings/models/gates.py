"""Settings table ``[gates]``: thresholds of the seven gates."""

from __future__ import annotations

from pydantic import Field, FiniteFloat

from trading.settings.models.base import Fraction, NonNegativeFloat, Spec


class GateSpec(Spec):
    """Thresholds of the seven gates."""

    min_sharpe: FiniteFloat = Field(default=1.0, description="Annualised Sharpe ratio on the test split.")
    min_win_rate: Fraction = Field(default=0.50, description="Share of trades that gain after costs.")
    min_profit_factor: NonNegativeFloat = Field(default=1.5, description="Gross gains over gross losses.")
    min_trades: int = Field(
        default=50, ge=0, description="Trades on the test split; fewer prove nothing, and none never passes."
    )
    min_psr: Fraction = Field(
        default=0.95, description="Probability that the true Sharpe ratio is over 0, by a stationary bootstrap."
    )
    min_dsr: Fraction = Field(
        default=0.0, description="The same over the best of all trials so far; 0 only shows it in the verdict."
    )
    min_alpha_t: FiniteFloat = Field(
        default=1.645, description="t-value of what is left of the returns beyond beta times the market's."
    )
    min_market_margin: FiniteFloat = Field(
        default=0.0, description="Sharpe ratio less that of buying and holding on the same bars."
    )
    max_timing_p: Fraction = Field(
        default=0.05, description="Probability that the same positions at other times would have done as well."
    )
    min_start_agreement: Fraction = Field(
        default=0.0,
        description="Share of test bars on which the ten best starts of the regime model have to take the same side, "
        "or none; 0 only notes it.",
    )
    min_baselines_beaten: int = Field(
        default=0,
        ge=0,
        le=2,
        description="Of the mean action held constant and the signal followed, how many the Sharpe ratio must beat; 0 "
        "only notes it.",
    )
    max_overfitting: Fraction = Field(
        default=1.0,
        description="Probability that the best seed on one half of the test ranges is in the lower half on the "
        "other; 1 only shows it.",
    )
    max_drawdown: Fraction = Field(default=0.15, description="Largest drawdown, share of equity.")
    max_volatility: NonNegativeFloat = Field(default=0.30, description="Annualised volatility of equity returns.")
    max_consecutive_losses: int = Field(default=5, ge=0, description="Longest run of losing trades.")
    losses_over_trades: int = Field(
        default=0, ge=0, description="Last trades over which that run is looked for; 0 is all of the test split."
    )
    max_brier: Fraction = Field(default=0.25, description="Brier score of effective confidence on the test split.")
    max_ece: Fraction = Field(default=0.10, description="Expected calibration error on the test split.")
    min_brier_skill: FiniteFloat = Field(
        default=0.0,
        description="Brier skill of confidence against the base rate of its side; it and its lower bound are over.",
    )
    max_share_at_mode: Fraction = Field(default=0.5, description="Share of decisions at one confidence.")
    max_psi: NonNegativeFloat = Field(
        default=0.2,
        description="Largest PSI over features, test split against training split, over what chance alone makes of it.",
    )
    min_live_ratio: Fraction = Field(default=0.70, description="Live Sharpe as a share of backtest Sharpe.")
    min_live_bars: int = Field(
        default=200, ge=2, description="A live record of fewer bars counts as none: its Sharpe ratio would be noise."
    )
