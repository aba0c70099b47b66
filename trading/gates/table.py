"""The gates that a candidate has to pass, one row each.

To add one: a file with its rules, one row here, and its thresholds as fields of the settings table ``[gates]``.
"""

from __future__ import annotations

from trading.checks.named import by_name
from trading.gates.calibration import CALIBRATION
from trading.gates.drift import DRIFT
from trading.gates.gate import Gate
from trading.gates.leakage import LEAKAGE
from trading.gates.live_consistency import LIVE_CONSISTENCY
from trading.gates.performance import PERFORMANCE
from trading.gates.risk import RISK
from trading.gates.stress import STRESS

GATES: dict[str, Gate] = by_name(PERFORMANCE, RISK, CALIBRATION, STRESS, LEAKAGE, DRIFT, LIVE_CONSISTENCY)
"""By name, in the order in which a verdict lists them."""
