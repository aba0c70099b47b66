"""The liquidity engine: with an imbalance of signed volume while the spread is small."""
