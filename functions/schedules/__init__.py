"""One handler per schedule."""
