"""SQS <- dead-letter queues: reports into the ledger."""
