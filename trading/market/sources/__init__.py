"""Where bars come from: one file a kind and one row in the table; beside them what reads cells and columns."""
