"""SQS <- S3 ObjectCreated: ingest of originals."""
