"""The feature steps, their warm-up, and their batch form."""
