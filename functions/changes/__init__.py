"""SQS <- changes of more items than one call takes."""
