"""Table `item_analysis`: which models looked at which pictures, whatever they found."""

from collections.abc import Sequence

from psycopg import Connection

from pinhole.seen import Look

_LACKS = """
    FROM media_item AS item
    WHERE item.kind = 'photo' AND item.renditions_at IS NOT NULL AND EXISTS (
        SELECT FROM unnest(%(models)s::smallint[]) AS wanted (model_id)
        WHERE NOT EXISTS (
            SELECT FROM item_analysis AS look
            WHERE look.owner_id = item.owner_id AND look.item_id = item.id AND look.percentage = 0
              AND look.model_id = wanted.model_id
        )
    )
"""


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


def any_under_way(conn: Connection, stage: str, model_ids: Sequence[int]) -> bool:
    """Whether a photo that one of these models has not looked at is still to be looked at, in their stage."""
    [(is_left,)] = conn.execute(
        f"""
        SELECT EXISTS (
            SELECT {_LACKS}
              AND EXISTS (
                SELECT FROM job
                WHERE job.owner_id = item.owner_id AND job.subject_kind = 'item' AND job.subject_id = item.id
                  AND job.stage = %(stage)s AND job.variant = '' AND job.state IN ('waiting', 'running')
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
            (SELECT count(*) FROM media_item WHERE kind = 'photo' AND renditions_at IS NOT NULL)
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
          )
        ORDER BY item.owner_id, item.id LIMIT %(limit)s
        """,  # noqa: S608
        {"stage": stage, "models": list(model_ids), "owner_id": after[0], "item_id": after[1], "limit": limit},
    )
    return [(owner_id, item_id) for owner_id, item_id in rows]
