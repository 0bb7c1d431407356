"""The `login_ticket` table: what waits for a second factor or a passkey. Of a ticket only its hash is kept."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from psycopg import Connection

from pinhole.tables.user import User

Kind = Literal["second_factor", "passkey", "enrolment"]
MAX_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Ticket:
    """An open ticket. user: whose it is, as they are now; None: nobody's yet, of kind passkey."""

    challenge: bytes
    user: User | None


def insert(
    conn: Connection, kind: Kind, token_hash: bytes, user_id: int | None, challenge: bytes, expires_at: datetime
) -> None:
    """Add a ticket, of this user as long as their password is the one that they have now."""
    conn.execute(
        """
        INSERT INTO login_ticket (token_hash, kind, user_id, password_hash, challenge, expires_at)
        VALUES (%(hash)s, %(kind)s, %(user_id)s, (SELECT password_hash FROM users WHERE id = %(user_id)s),
                %(challenge)s, %(expires_at)s)
        """,
        {
            "hash": token_hash,
            "kind": kind,
            "user_id": user_id,
            "challenge": challenge,
            "expires_at": expires_at,
        },
    )


def attempt(conn: Connection, kind: Kind, token_hash: bytes) -> Ticket | None:
    """Count an attempt by a ticket.

    None where it is unknown, used up, expired, or had all its attempts, and where its user is disabled or has another
    password by now.
    """
    row = conn.execute(
        """
        WITH tried AS (
            UPDATE login_ticket SET attempts = attempts + 1
            WHERE token_hash = %(hash)s AND kind = %(kind)s AND expires_at > now() AND attempts < %(most)s
              AND (user_id IS NULL OR EXISTS (
                SELECT FROM users WHERE id = login_ticket.user_id AND disabled_at IS NULL
                  AND users.password_hash = login_ticket.password_hash))
            RETURNING challenge, user_id
        )
        SELECT challenge, id, name, role, folder FROM tried LEFT JOIN users ON users.id = tried.user_id
        """,
        {"hash": token_hash, "kind": kind, "most": MAX_ATTEMPTS},
    ).fetchone()
    if row is None:
        return None
    challenge, *found = row
    return Ticket(challenge, None if found[0] is None else User(*found))


def use(conn: Connection, kind: Kind, token_hash: bytes) -> bool:
    """Use a ticket up. False where it is gone, expired or ended: of two at once one gets it.

    Its user stays enabled and has this password until the transaction ends, since a session may begin by it.
    """
    return (
        conn.execute(
            """
            WITH still AS (
                SELECT FROM users JOIN login_ticket ON login_ticket.user_id = users.id
                WHERE token_hash = %(hash)s AND disabled_at IS NULL AND users.password_hash = login_ticket.password_hash
                FOR SHARE OF users
            )
            DELETE FROM login_ticket
            WHERE token_hash = %(hash)s AND kind = %(kind)s AND expires_at > now()
              AND (user_id IS NULL OR EXISTS (SELECT FROM still))
            """,
            {"hash": token_hash, "kind": kind},
        ).rowcount
        == 1
    )


def delete_of_user(conn: Connection, user_id: int) -> None:
    """End all tickets of a user."""
    conn.execute("DELETE FROM login_ticket WHERE user_id = %s", [user_id])


def delete_expired(conn: Connection) -> int:
    """Forget tickets that nobody used in time. How many."""
    return conn.execute("DELETE FROM login_ticket WHERE expires_at <= now()").rowcount
