"""Ingest: an original that arrived becomes an item with metadata and renditions."""
