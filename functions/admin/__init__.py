"""What operators ask for, run where the database, the queues and the buckets are at hand."""
