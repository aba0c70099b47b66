"""The stages of a night as plain functions of a night and references, and what they follow from and make."""
