"""The reward of one decision: what equity gained until the next one, less a penalty for risk."""

from __future__ import annotations

from trading.arrays import Floats

UNIT = 100.0


def decision_reward(log_return: Floats, risk_aversion: float) -> Floats:
    """Mean-variance utility of log equity changes, in percent: ``100 r - risk_aversion / 2 * (100 r)**2 / 100``.

    Args:
        log_return: shape (L,), log equity change of each lane between two decisions.
        risk_aversion: 0 is a risk-neutral agent; 1 about a Kelly bettor on top of the logarithm.
    """
    percent = UNIT * log_return
    return percent - 0.5 * risk_aversion * percent * percent / UNIT
