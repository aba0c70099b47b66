"""What chance alone would do: resampling, errors and tests of returns, without a market or a model."""
