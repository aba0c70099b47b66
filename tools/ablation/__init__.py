"""What each choice of training is worth: whole nights on fresh markets, with one choice changed at a time."""
