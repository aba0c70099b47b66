"""Settings table ``[gates]``: thresholds of the seven gates."""

from __future__ import annotations

from pydantic import Field, FiniteFloat

from trading.settings.models.base import Fraction, NonNegativeFloat, Spec


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
    min_brier_skill: FiniteFloat = Field(
        default=0.0,
        description="Brier skill of confidence against the base rate of its side; it and its lower bound are over.",
    )
    max_share_at_mode: Fraction = Field(default=0.5, description="Share of decisions at one confidence.")
    max_psi: NonNegativeFloat = Field(
        default=0.2, description="Mean PSI over features, test split against training split."
    )
    min_live_ratio: Fraction = Field(default=0.70, description="Live Sharpe as a share of backtest Sharpe.")
    min_live_bars: int = Field(
        default=200, ge=2, description="A live record of fewer bars counts as none: its Sharpe ratio would be noise."
    )
