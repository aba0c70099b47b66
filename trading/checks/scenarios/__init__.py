"""Adversarial scenarios: what each does to the prices and to the costs of the test split, one row of a table each."""

from trading.checks.scenarios.held import HeldPositions, held_positions
from trading.checks.scenarios.moves import Moves, Window
from trading.checks.scenarios.scenario import CostShock, Scenario, StressedMarket, stressed_market, stressed_parameters
from trading.checks.scenarios.table import SCENARIOS

__all__ = [
    "SCENARIOS",
    "CostShock",
    "HeldPositions",
    "Moves",
    "Scenario",
    "StressedMarket",
    "Window",
    "held_positions",
    "stressed_market",
    "stressed_parameters",
]
