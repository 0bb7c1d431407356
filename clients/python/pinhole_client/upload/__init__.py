"""`pinhole-upload`: sends folders of photos, and nothing twice."""
