"""What people change of their items, of one or of thousands at once, and take back again."""

from pinhole.edits.asked import Edit, Selection, asked
from pinhole.edits.changes import MAX_AT_ONCE, edit_item, edit_items, read, undo
from pinhole.edits.job import Message, give_up, go_on, read_message, send_stale
from pinhole.edits.said import MAX_KEYWORDS
from pinhole.tables.change import Change

__all__ = [
    "MAX_AT_ONCE",
    "MAX_KEYWORDS",
    "Change",
    "Edit",
    "Message",
    "Selection",
    "asked",
    "edit_item",
    "edit_items",
    "give_up",
    "go_on",
    "read",
    "read_message",
    "send_stale",
    "undo",
]
