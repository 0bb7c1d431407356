"""What operators do: look at queues and jobs, try again what failed, move dead letters back, pause."""
