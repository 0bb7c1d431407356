"""Table `model`: the models that looked at pictures, and which of each role answers."""

from collections.abc import Sequence

from psycopg import Connection

from pinhole.seen import Model, Role


def known(conn: Connection, model: Model) -> int:
    """Id of a model, from now on known."""
    values = (model.role, model.name, model.version, model.dimension)
    while True:
        there = conn.execute(
            "SELECT id FROM model WHERE role = %s AND name = %s AND version = %s AND dimension IS NOT DISTINCT FROM %s",
            values,
        ).fetchone()
        if there is not None:
            return int(there[0])
        # Only now: each try takes an id, of which there are 32,767.
        conn.execute(
            "INSERT INTO model (role, name, version, dimension) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING", values
        )


def answer_first(conn: Connection, model_ids: Sequence[int]) -> None:
    """Have these models answer for the roles that none has answered for yet."""
    lock(conn, model_ids)
    conn.execute(
        """
        UPDATE model SET answers = true
        WHERE id = ANY(%s) AND NOT EXISTS (SELECT FROM model AS other WHERE other.role = model.role AND other.answers)
        """,
        (list(model_ids),),
    )


def list_pending(conn: Connection, model_ids: Sequence[int]) -> list[int]:
    """Those of these models that have not looked at every photo yet, or not at those since others answer."""
    pending = conn.execute(
        "SELECT id FROM model WHERE id = ANY(%s) AND (complete_at IS NULL OR NOT answers)", (list(model_ids),)
    )
    return [model_id for (model_id,) in pending]


def list_answering(conn: Connection, model_ids: Sequence[int]) -> list[int]:
    """Those of these models that answer."""
    there = conn.execute("SELECT id FROM model WHERE id = ANY(%s) AND answers", (list(model_ids),))
    return [model_id for (model_id,) in there]


def answering(conn: Connection, role: Role) -> Model | None:
    """The model that answers for a role."""
    row = conn.execute("SELECT name, version, dimension FROM model WHERE role = %s AND answers", (role,)).fetchone()
    return None if row is None else Model(role, *row)


def answer(conn: Connection, model_ids: Sequence[int]) -> None:
    """Have these models answer from the commit on, and no other ones of their roles. They are locked."""
    values = (list(model_ids),)
    conn.execute(
        "UPDATE model SET answers = false WHERE answers AND role IN (SELECT role FROM model WHERE id = ANY(%s))", values
    )
    conn.execute("UPDATE model SET answers = true, complete_at = now() WHERE id = ANY(%s)", values)


def lock(conn: Connection, model_ids: Sequence[int]) -> dict[int, bool]:
    """Those of these models that there are, and whether each answers: until the commit, none comes to or goes."""
    conn.execute("SELECT pg_advisory_xact_lock('model'::regclass::bigint)")
    return dict(conn.execute("SELECT id, answers FROM model WHERE id = ANY(%s)", (list(model_ids),)).fetchall())


def delete_looks(conn: Connection, model_id: int, limit: int) -> int:
    """Delete what a model saw, of so many photos at most. Of how many."""
    return conn.execute(
        """
        DELETE FROM item_analysis
        WHERE ctid = ANY(ARRAY(SELECT ctid FROM item_analysis WHERE model_id = %s LIMIT %s))
        """,
        (model_id, limit),
    ).rowcount


def delete(conn: Connection, model_id: int) -> None:
    """Delete a model that has seen nothing."""
    conn.execute("DELETE FROM model WHERE id = %s", (model_id,))
