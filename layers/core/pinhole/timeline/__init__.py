"""The timeline, and the lists of photos beside it: their months, and the items of a month, newest first."""
