"""Who may see what, as SQL: written once, and built into every statement that reads for somebody.

Each is a condition on `media_item`, with the one parameter `viewer_id`.
"""

from psycopg.sql import SQL

MAY_SEE = SQL("(media_item.owner_id = %(viewer_id)s AND media_item.visible)")
"""Items that a user may see, wherever they meet them."""

HIDDEN = SQL("(media_item.owner_id = %(viewer_id)s AND NOT media_item.visible)")
"""A user's items that they may not see: for what looks at nearly all that they have, since these are few."""

LISTED = SQL("(media_item.owner_id = %(viewer_id)s AND media_item.listed)")
"""Items that are in a user's timeline."""

MAY_OPEN = SQL(
    "(media_item.owner_id = %(viewer_id)s AND media_item.missing_at IS NULL AND media_item.failed_at IS NULL"
    " AND media_item.visibility IN ('timeline', 'archive') AND media_item.processed)"
)
"""Items that their owner may open by their id, and edit: what they may see, and what lies in their trash."""

TRASHED = SQL("({may_open} AND media_item.trashed_at IS NOT NULL)").format(may_open=MAY_OPEN)
"""Items that lie in a user's trash."""
