"""Who may see what, as SQL: written once, and built into every statement that reads for somebody.

Each is a condition on `media_item`, with the one parameter `viewer_id`.
"""

from psycopg.sql import SQL

MAY_SEE = SQL("(media_item.owner_id = %(viewer_id)s AND media_item.visible)")
"""Items that a user may see, wherever they meet them."""

LISTED = SQL("(media_item.owner_id = %(viewer_id)s AND media_item.listed)")
"""Items that are in a user's timeline."""
