"""Settings table ``[splits]``: shares of the history that train, validate and test."""

from __future__ import annotations

from pydantic import Field, model_validator

from trading.settings.models.base import Fraction, Spec


class SplitSpec(Spec):
    """Shares of the history, in time order; purge and embargo follow from look-back and holding time."""

    train: Fraction = Field(default=0.55, gt=0.0, description="Share of bars that fits scaler, regimes and policy.")
    validation: Fraction = Field(
        default=0.15, gt=0.0, description="Share of bars that fits calibration and selects seeds."
    )
    folds: int = Field(
        default=0,
        ge=0,
        le=50,
        description="Walk-forward folds on the bars before the test split, each trained anew like the candidate; 0 is "
        "none. Four or more make the error of the Sharpe ratio smaller, and take as many times the training.",
    )

    @model_validator(mode="after")
    def _leaves_a_test_split(self) -> SplitSpec:
        if not self.train + self.validation <= 0.9:
            raise ValueError("train + validation must leave at least 0.1 of the bars for the test split")
        return self
