"""Pinhole: the domain, its use cases and its SQL. Knows no Lambda, no Chalice, no HTTP."""
