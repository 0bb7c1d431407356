"""One module per table, and every write to a table is in its module.

Functions take the connection first and never commit: the caller opens the transaction.
"""
