"""Every setting of the platform: frozen models with units, bounds and defaults, one file a table."""

from trading.settings.models.base import Fraction, NonNegativeFloat, PositiveFloat, Spec
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
from trading.settings.models.market import MarketSpec, plain_symbol
from trading.settings.models.market_regimes import ConditionSpec, MarketRegimeSpec, RuleSpec
from trading.settings.models.policy import PolicySpec
from trading.settings.models.promotion import PromotionSpec
from trading.settings.models.regimes import RegimeSpec
from trading.settings.models.risk import RiskSpec
from trading.settings.models.runtime import RuntimeSpec
from trading.settings.models.splits import SplitSpec
from trading.settings.models.stress import StressSpec
from trading.settings.models.tables import SevengatesSettings, tables

__all__ = [
    "CalibrationSpec",
    "ConditionSpec",
    "CostSpec",
    "DepthSpec",
    "DriftSpec",
    "EngineSpec",
    "FeatureSpec",
    "Fraction",
    "GateSpec",
    "InstrumentSpec",
    "LeakageSpec",
    "LiveSpec",
    "MarketRegimeSpec",
    "MarketSpec",
    "NonNegativeFloat",
    "PolicySpec",
    "PositiveFloat",
    "PromotionSpec",
    "RegimeSpec",
    "RiskSpec",
    "RuleSpec",
    "RuntimeSpec",
    "SevengatesSettings",
    "Spec",
    "SplitSpec",
    "StressSpec",
    "plain_symbol",
    "tables",
]
