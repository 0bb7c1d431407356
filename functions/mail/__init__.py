"""SQS <- mails about accounts."""
