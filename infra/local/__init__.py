"""PostgreSQL, object store, queues, functions and gateway as local processes."""
