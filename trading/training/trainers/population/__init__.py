"""PPO for many policies at once: a population of equally shaped learners as one batched torch program."""

from trading.training.trainers.population.trainer import train

__all__ = ["train"]
