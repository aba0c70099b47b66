"""Training: jobs, trainers, calibrator, curriculum, reward and the assembly of a model."""
