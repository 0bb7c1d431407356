"""Search: what somebody looks for, as words, dates and other filters, and the items that are like it."""
