"""The worker: models look at every photo that its queues ask for."""
