"""The regime model: fitting, naming, matching, and the causal filter step."""
