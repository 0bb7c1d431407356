"""SQS <- users who are being deleted."""
