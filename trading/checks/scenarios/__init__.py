"""Adversarial scenarios: what each does to the prices and to the costs of the test split, one row of a table each."""

from trading.checks.scenarios.moves import Moves
from trading.checks.scenarios.scenario import CostShock, Scenario, stressed_bars, stressed_parameters
from trading.checks.scenarios.table import SCENARIOS

__all__ = ["SCENARIOS", "CostShock", "Moves", "Scenario", "stressed_bars", "stressed_parameters"]
