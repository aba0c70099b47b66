"""Bundles, the promotion ledger, and the one adapter to MLflow."""
