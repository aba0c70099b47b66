"""Settings table ``[policy]``: PPO training, and the bounds of what the agent may choose."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, FiniteFloat, model_validator

from trading.settings.models.base import Fraction, NonNegativeFloat, PositiveFloat, Spec

MOST_UNITS = 4_096
"""Hidden units of a layer that a bundle may have."""


class PolicySpec(Spec):
    """What chooses size, duration, stop and target: PPO training, or a fixed action; and the bounds of the choice."""

    kind: Literal["ppo", "fixed"] = Field(
        default="ppo", description="`ppo` trains an agent, `fixed` always takes `action`."
    )
    action: tuple[Annotated[FiniteFloat, Field(ge=-1.0, le=1.0)], ...] = Field(
        default=(0.0, 0.0, 0.0, 0.0),
        min_length=4,
        max_length=4,
        description="Size, duration, stop and target of a fixed policy, each -1 (least) to 1 (most).",
    )
    trainer: str = Field(
        default="sb3",
        min_length=1,
        description="What trains the agent: `sb3` is stable-baselines3, one policy after another in each process, and "
        "the reference; `population` learns by the same rule, all policies of a process at once, one batched program.",
    )
    device: Literal["cpu", "cuda"] = Field(
        default="cpu",
        description="Where networks are evaluated and trained; the market is always simulated by the processor. `cuda` "
        "needs such a device and a build of torch that knows it.",
    )
    seeds: int = Field(default=2, ge=1, le=32, description="Policies trained; the best on validation wins.")
    average: int = Field(
        default=1,
        ge=1,
        le=32,
        description="So many of the best policies on validation are taken, and act by the mean of what each would do.",
    )
    steps: int = Field(default=60_000, ge=1_000, description="Decisions per policy over all curriculum levels.")
    lanes: int = Field(default=64, ge=1, le=1_024, description="Parallel simulation lanes of the training environment.")
    hidden: int = Field(default=64, ge=4, le=1_024, description="Units in each of the two hidden layers.")
    learning_rate: PositiveFloat = Field(default=1e-3, description="Adam step size.")
    batch_size: int = Field(default=512, ge=16, description="Decisions per gradient step.")
    rollout: int = Field(default=32, ge=4, description="Decisions per lane between updates.")
    epochs: int = Field(default=6, ge=1, le=100, description="Passes over one rollout.")
    gamma: Fraction = Field(default=0.5, description="Discount per decision; trades are nearly independent.")
    entropy: NonNegativeFloat = Field(default=0.002, description="Weight of the entropy bonus.")
    workers: int = Field(default=2, ge=1, le=64, description="Training processes, one thread each.")
    min_duration: int = Field(default=6, ge=1, description="Shortest holding time, bars.")
    max_duration: int = Field(default=192, ge=2, description="Longest holding time, bars.")
    exit_with_signal: bool = Field(
        default=True,
        description="Leave a position before its time when the signal no longer names its side.",
    )
    exit_patience: int = Field(
        default=8,
        ge=0,
        description="Closes in a row at which the signal may leave the side unnamed before the position is left: one "
        "that wavers for some bars does not cost a trade. 0 leaves at the first.",
    )
    review_bars: int = Field(
        default=0,
        ge=0,
        description="Bars of an open position after which the policy is asked about it again: to keep all of it, a "
        "part or nothing, and to move its stop closer. 0 never asks.",
    )
    min_stop: PositiveFloat = Field(
        default=3.0, description="Closest stop, in standard deviations of a medium-horizon return."
    )
    max_stop: PositiveFloat = Field(default=6.0, description="Widest stop, same unit.")
    min_target: PositiveFloat = Field(default=1.0, description="Closest target, same unit.")
    max_target: PositiveFloat = Field(
        default=3.0,
        description="Widest target, same unit. A target that is nearer than the stop is met more often, and losses in "
        "a row are rarer for it.",
    )
    risk_aversion: NonNegativeFloat = Field(default=50.0, description="Penalty on squared trade returns in the reward.")

    @model_validator(mode="after")
    def _enough(self) -> PolicySpec:
        if self.average > self.seeds:
            raise ValueError(f"average {self.average} is over seeds, {self.seeds}: so many policies are not trained")
        if self.average > 1 and self.average * self.hidden > MOST_UNITS:
            raise ValueError(
                f"{self.average} policies of {self.hidden} hidden units have more than {MOST_UNITS:,} together; lower "
                "average or hidden"
            )
        return self

    @model_validator(mode="after")
    def _ranges(self) -> PolicySpec:
        for low, high in (("min_duration", "max_duration"), ("min_stop", "max_stop"), ("min_target", "max_target")):
            if not getattr(self, low) < getattr(self, high):
                raise ValueError(f"{low} must be under {high}, got {getattr(self, low)} and {getattr(self, high)}")
        return self
