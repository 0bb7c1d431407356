"""Table `item_analysis`: which models looked at which pictures, whatever they found."""

from collections.abc import Sequence

from psycopg import Connection

from pinhole.seen import Look

# A video once it has stills, of which the first is looked at first.
_LOOKED_AT = """
    (item.kind = 'photo' OR EXISTS (
        SELECT FROM rendition
        WHERE rendition.owner_id = item.owner_id AND rendition.item_id = item.id AND name = 'still-0.webp'
        OFFSET 0 -- each looked up by itself
    ))
"""
_LACKS = f"""
    FROM media_item AS item
    WHERE item.renditions_at IS NOT NULL AND {_LOOKED_AT} AND EXISTS (
        SELECT FROM unnest(%(models)s::smallint[]) AS wanted (model_id)
        WHERE NOT EXISTS (
            SELECT FROM item_analysis AS look
            WHERE look.owner_id = item.owner_id AND look.item_id = item.id AND look.percentage = 0
              AND look.model_id = wanted.model_id
        )
    )
"""  # noqa: S608


def insert(conn: Connection, look: Look) -> bool:
    """Note a look. False when it is noted already: then what was found is, too."""
    return (
        conn.execute(
            "INSERT INTO item_analysis (owner_id, item_id, percentage, model_id) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT DO NOTHING",
            look.key,
        ).rowcount
        == 1
    )


def list_looks(conn: Connection, owner_id: int, item_id: str) -> set[tuple[int, int]]:
    """Which pictures of an item which models have looked at: percentages and ids."""
    return set(
        conn.execute(
            "SELECT percentage, model_id FROM item_analysis WHERE owner_id = %s AND item_id = %s", (owner_id, item_id)
        ).fetchall()
    )


def any_under_way(conn: Connection, stage: str, model_ids: Sequence[int]) -> bool:
    """Whether a photo that one of these models has not looked at is still to be looked at, in their stage."""
    [(is_left,)] = conn.execute(
        f"""
        SELECT EXISTS (
            SELECT FROM (
                SELECT owner_id, subject_id FROM job
                WHERE stage = %(stage)s AND state = 'waiting' AND subject_kind = 'item' AND variant = ''
                UNION ALL
                SELECT owner_id, subject_id FROM job
                WHERE stage = %(stage)s AND state = 'running' AND subject_kind = 'item' AND variant = ''
            ) AS open
            WHERE EXISTS (
                SELECT {_LACKS} AND item.owner_id = open.owner_id AND item.id = open.subject_id
                OFFSET 0 -- each looked up by itself: joined, all items would be read
            )
        )
        """,  # noqa: S608
        {"stage": stage, "models": list(model_ids)},
    )
    return bool(is_left)


def count_lost(conn: Connection, stage: str, model_ids: Sequence[int]) -> tuple[int, int]:
    """How many photos one of these models has not looked at since their stage failed; and how many there are."""
    [(lost, photos)] = conn.execute(
        f"""
        SELECT
            (
                SELECT count(*) {_LACKS} AND EXISTS (
                    SELECT FROM job
                    WHERE job.owner_id = item.owner_id AND job.subject_kind = 'item' AND job.subject_id = item.id
                      AND job.stage = %(stage)s AND job.variant = '' AND job.state = 'failed'
                )
            ),
            (SELECT count(*) FROM media_item AS item WHERE renditions_at IS NOT NULL AND {_LOOKED_AT})
        """,  # noqa: S608
        {"stage": stage, "models": list(model_ids)},
    )
    return int(lost), int(photos)


def list_lacking(
    conn: Connection, stage: str, model_ids: Sequence[int], after: tuple[int, str], limit: int
) -> list[tuple[int, str]]:
    """Photos that one of these models has not looked at, and of which no look is asked for or has failed.

    In the order of owner and id, those behind `after`, at most `limit`.
    """
    rows = conn.execute(
        f"""
        SELECT item.owner_id, item.id {_LACKS}
          AND (item.owner_id, item.id) > (%(owner_id)s, %(item_id)s)
          AND NOT EXISTS (
            SELECT FROM job
            WHERE job.owner_id = item.owner_id AND job.subject_kind = 'item' AND job.subject_id = item.id
              AND job.stage = %(stage)s AND job.variant = '' AND job.state <> 'done'
            OFFSET 0 -- each looked up by itself: joined, all jobs would be read
          )
        ORDER BY item.owner_id, item.id LIMIT %(limit)s
        """,  # noqa: S608
        {"stage": stage, "models": list(model_ids), "owner_id": after[0], "item_id": after[1], "limit": limit},
    )
    return [(owner_id, item_id) for owner_id, item_id in rows]
