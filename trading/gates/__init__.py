"""Evidence in, verdict out: the seven gates."""
