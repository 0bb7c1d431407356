"""Table `item_redirect`: where an item is found that was half of a live photo, and came later than the other half."""

from collections.abc import Iterable

from psycopg import Connection


def follow_all(conn: Connection, owner_id: int, item_ids: Iterable[str]) -> list[str]:
    """The ids that items have now that the owner knows by these: in their order, each once. Others stay as they are."""
    asked = list(dict.fromkeys(item_ids))
    if not asked:
        return []
    led: dict[str, str] = dict(
        conn.execute(
            "SELECT id, item_id FROM item_redirect WHERE owner_id = %s AND id = ANY(%s)", (owner_id, asked)
        ).fetchall()
    )
    return list(dict.fromkeys(led.get(item_id, item_id) for item_id in asked))


def follow(conn: Connection, owner_id: int, item_id: str) -> str:
    """The same of one."""
    [now] = follow_all(conn, owner_id, [item_id])
    return now
