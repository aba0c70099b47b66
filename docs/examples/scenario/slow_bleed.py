"""A stress scenario: prices bleed a little on every bar, and the spread doubles because nobody wants to buy."""

from __future__ import annotations

from trading.checks.scenarios import CostShock, Moves, Scenario

LOSS_PER_BAR = 0.0005
"""Log distance by which every bar ends lower than it did."""


def slow_bleed(moves: Moves) -> None:
    """Every bar closes 0.05 % lower against the bar before than it did, and its low is as much lower."""
    moves.close -= LOSS_PER_BAR
    moves.low -= LOSS_PER_BAR


SLOW_BLEED = Scenario("slow_bleed", slow_bleed, CostShock(spread=2.0))
