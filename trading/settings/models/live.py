"""Settings table ``[live]``: the live runner."""

from __future__ import annotations

from pydantic import Field

from trading.settings.models.base import NonNegativeFloat, PositiveFloat, Spec


class LiveSpec(Spec):
    """The live runner."""

    venue: str = Field(
        default="paper",
        min_length=1,
        description="Where orders go: paper, or a venue that an installed package offers.",
    )
    bars_per_second: NonNegativeFloat = Field(default=0.0, description="Replay speed; 0 is as fast as possible.")
    poll_seconds: PositiveFloat = Field(default=5.0, description="How often the model watch asks the registry.")
    model_wait_seconds: PositiveFloat = Field(
        default=30.0, description="How long the runner waits at its start for a promoted model."
    )
