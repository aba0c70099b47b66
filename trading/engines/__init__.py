"""Kinds of model: what says a direction and a confidence at each bar."""
