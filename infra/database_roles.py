"""The roles that parts of the system have in the database. Migrations grant each what its part does, and no more.

Roles belong to the server and not to one database: so no migration makes these, and databases of a server share them.
"""

import secrets
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

INGEST = "pinhole_ingest"
WORKER = "pinhole_worker"

# Two that make it at once, also for two databases, are told by one or the other error, depending on who is how far.
_MAKE = sql.SQL(
    """
    DO $$ BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {literal}) THEN CREATE ROLE {name} NOLOGIN; END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END $$
    """
)


def make(url: str) -> None:
    """Make the roles, which can't log in yet, where they are not there. `url`: of a role that may make others.

    Raises:
        psycopg.Error: the database does not answer, or refuses.
    """
    with psycopg.connect(url, autocommit=True) as conn:
        for role in (INGEST, WORKER):
            conn.execute(_MAKE.format(literal=sql.Literal(role), name=sql.Identifier(role)))


def logs_in(url: str, role: str) -> bool:
    """Whether a role was ever let in. Raises psycopg.Error."""
    with psycopg.connect(url, autocommit=True) as conn:
        return conn.execute("SELECT FROM pg_roles WHERE rolname = %s AND rolcanlogin", [role]).rowcount == 1


def let_in(url: str, role: str) -> str:
    """Have a role log in with a new password from now on. The same URL with this role and password.

    It is made if it is not there.

    Raises:
        psycopg.Error: the database does not answer, or refuses.
    """
    make(url)
    password = secrets.token_urlsafe(32)
    # In clear: some hosts of PostgreSQL take no other.
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(role), sql.Literal(password)))
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{role}:{password}@{parts.netloc.rpartition('@')[2]}"))
