"""The campaign behind ``docs/promotion.md``: how often a night approves what it should not, and what it should."""
