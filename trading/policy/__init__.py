"""Observation and policy steps, PPO training, curriculum, reward and model assembly."""
