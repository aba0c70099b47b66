"""The live runner: bars in, decisions written down, orders to a venue; it knows nothing of training or MLflow."""
