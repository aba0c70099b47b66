"""The promotion ledger, its mirror in MLflow, and the two MLflow clients: the training wing's and the runner's."""
