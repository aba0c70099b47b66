"""Checks that turn a candidate and its data into evidence: drift, leakage, calibration, stress."""
