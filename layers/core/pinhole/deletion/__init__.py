"""Deleting users with all that is theirs: asked for at once, done by and by."""

from pinhole.deletion.asked import begin, begin_own
from pinhole.deletion.job import ask, go_on, read_message, send_stale
from pinhole.tables.deletion import Progress

__all__ = ["Progress", "ask", "begin", "begin_own", "go_on", "read_message", "send_stale"]
