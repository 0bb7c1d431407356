"""The REST API: thin doors in front of pinhole's use cases."""
