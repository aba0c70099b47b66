"""Evidence in, verdict out: the gates, one file each, and the verdict over them."""
