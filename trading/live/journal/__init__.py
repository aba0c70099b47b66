"""The journal: one SQLite file with everything a runner saw, decided and meant to do."""
