"""How many bytes of originals a user may have."""

from psycopg import Connection

from pinhole.settings import settings
from pinhole.tables import user


def quota(own: int | None) -> int | None:
    """Bytes for a user whose own quota is this, None where they have none: then the setting holds. None: no limit."""
    return settings().max_user_bytes if own is None else own


def quota_of(conn: Connection, user_id: int) -> int | None:
    """Bytes for this user; None: no limit."""
    return quota(user.read_quota(conn, user_id))
