"""The regimes engine: a Gaussian hidden Markov model, filtered forward only."""
