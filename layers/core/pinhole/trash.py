"""Back from the trash by an upload: whoever sends bytes again wants to have them, and is told that they are kept."""

from datetime import UTC, date

from psycopg import Connection

from pinhole.tables import media_item, outbox
from pinhole.tables.outbox import Change


def restore(conn: Connection, owner_id: int, item_id: str) -> list[date] | None:
    """Take an item back whose bytes its owner uploads again, as Google Photos does: the trash is emptied some day.

    None where it does not lie there. Else the months that it came back to, for who bumps them last in the transaction:
    one, or none where it is not listed. It is in the journal as every edit is, and no change that could be undone.
    """
    restored = media_item.restore(conn, owner_id, item_id)
    if restored is None:
        return None
    trashed_at, month = restored
    outbox.add(
        conn,
        owner_id,
        item_id,
        Change.EDITED,
        actor_id=owner_id,
        before={"trashedAt": trashed_at.astimezone(UTC).isoformat()},
        after={"trashedAt": None},
    )
    return [] if month is None else [month]
