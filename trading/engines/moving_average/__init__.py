"""The moving average engine: with the trend, where a fast average is away from a slow one."""
