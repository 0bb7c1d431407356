"""Table `model`: the models that looked at pictures, and which of each role answers."""

from collections.abc import Sequence

from psycopg import Connection

from pinhole.seen import Model, Role


def known(conn: Connection, model: Model) -> int:
    """Id of a model, from now on known."""
    values = (model.role, model.name, model.version, model.dimension)
    conn.execute(
        "INSERT INTO model (role, name, version, dimension) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (role, name, version) DO NOTHING",
        values,
    )
    [(model_id,)] = conn.execute(
        "SELECT id FROM model WHERE role = %s AND name = %s AND version = %s", (model.role, model.name, model.version)
    )
    return int(model_id)


def answer_first(conn: Connection, model_ids: Sequence[int]) -> None:
    """Have these models answer for the roles that none has answered for yet."""
    conn.execute(
        """
        UPDATE model SET answers = true
        WHERE id = ANY(%s) AND NOT EXISTS (SELECT FROM model AS other WHERE other.role = model.role AND other.answers)
        """,
        (list(model_ids),),
    )


def list_pending(conn: Connection, model_ids: Sequence[int]) -> list[int]:
    """Those of these models that have not looked at every photo yet."""
    pending = conn.execute("SELECT id FROM model WHERE id = ANY(%s) AND complete_at IS NULL", (list(model_ids),))
    return [model_id for (model_id,) in pending]


def answers(conn: Connection, role: Role) -> bool:
    """Whether any model answers for a role."""
    return conn.execute("SELECT FROM model WHERE role = %s AND answers", (role,)).rowcount == 1


def answer(conn: Connection, model_ids: Sequence[int]) -> None:
    """These models have looked at every photo: they answer from the commit on, and no other ones of their roles."""
    values = (list(model_ids),)
    conn.execute(
        "UPDATE model SET answers = false WHERE answers AND role IN (SELECT role FROM model WHERE id = ANY(%s))", values
    )
    conn.execute("UPDATE model SET answers = true, complete_at = now() WHERE id = ANY(%s)", values)
