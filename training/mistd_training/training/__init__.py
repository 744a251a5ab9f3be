"""Training: configuration and presets, fresh data, the training loop, calibration of the intervals."""
