"""The WebSocket API, and the queue of what it has to tell."""
