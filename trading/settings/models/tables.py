"""All settings: every table once, in the order in which the documentation shows them.

Adding a table is one file beside this one and one line here; flows, command line and documentation follow.
"""

from __future__ import annotations

from typing import cast

from trading.settings.models.base import Spec
from trading.settings.models.calibration import CalibrationSpec
from trading.settings.models.costs import CostSpec
from trading.settings.models.depth import DepthSpec
from trading.settings.models.drift import DriftSpec
from trading.settings.models.engine import EngineSpec
from trading.settings.models.features import FeatureSpec
from trading.settings.models.gates import GateSpec
from trading.settings.models.instrument import InstrumentSpec
from trading.settings.models.leakage import LeakageSpec
from trading.settings.models.live import LiveSpec
from trading.settings.models.market import MarketSpec
from trading.settings.models.market_regimes import MarketRegimeSpec
from trading.settings.models.policy import PolicySpec
from trading.settings.models.promotion import PromotionSpec
from trading.settings.models.regimes import RegimeSpec
from trading.settings.models.risk import RiskSpec
from trading.settings.models.runtime import RuntimeSpec
from trading.settings.models.splits import SplitSpec
from trading.settings.models.stress import StressSpec


class SevengatesSettings(Spec):
    """All settings, one table of ``sevengates.toml`` each."""

    market: MarketSpec = MarketSpec()
    splits: SplitSpec = SplitSpec()
    features: FeatureSpec = FeatureSpec()
    engine: EngineSpec = EngineSpec()
    regimes: RegimeSpec = RegimeSpec()
    market_regimes: MarketRegimeSpec = MarketRegimeSpec()
    policy: PolicySpec = PolicySpec()
    costs: CostSpec = CostSpec()
    instrument: InstrumentSpec = InstrumentSpec()
    risk: RiskSpec = RiskSpec()
    calibration: CalibrationSpec = CalibrationSpec()
    depth: DepthSpec = DepthSpec()
    drift: DriftSpec = DriftSpec()
    leakage: LeakageSpec = LeakageSpec()
    stress: StressSpec = StressSpec()
    gates: GateSpec = GateSpec()
    promotion: PromotionSpec = PromotionSpec()
    live: LiveSpec = LiveSpec()
    runtime: RuntimeSpec = RuntimeSpec()


def tables(settings: type[SevengatesSettings] = SevengatesSettings) -> dict[str, type[Spec]]:
    """The model of every table by its name, in order.

    Args:
        settings: whose tables; a class derived from the settings may have more.
    """
    return {name: cast("type[Spec]", field.annotation) for name, field in settings.model_fields.items()}
