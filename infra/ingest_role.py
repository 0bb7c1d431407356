"""The role that ingest has in the database. Migrations grant it what ingest does, which of accounts is next to nothing.

Roles belong to the server and not to one database: so no migration makes this one, and databases of a server share it.
"""

import secrets
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

NAME = "pinhole_ingest"

# Two that make it at once, also for two databases, are told by one or the other error, depending on who is how far.
_MAKE = sql.SQL(
    """
    DO $$ BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {literal}) THEN CREATE ROLE {name} NOLOGIN; END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END $$
    """
).format(literal=sql.Literal(NAME), name=sql.Identifier(NAME))


def make(url: str) -> None:
    """Make the role, which can't log in yet, unless it is there. `url`: of a role that may make others.

    Raises:
        psycopg.Error: the database does not answer, or refuses.
    """
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(_MAKE)


def logs_in(url: str) -> bool:
    """Whether it was ever let in. Raises psycopg.Error."""
    with psycopg.connect(url, autocommit=True) as conn:
        return conn.execute("SELECT FROM pg_roles WHERE rolname = %s AND rolcanlogin", [NAME]).rowcount == 1


def let_in(url: str) -> str:
    """Have it log in with a new password from now on. The same URL with this role and password.

    It is made if it is not there.

    Raises:
        psycopg.Error: the database does not answer, or refuses.
    """
    make(url)
    password = secrets.token_urlsafe(32)
    # In clear: some hosts of PostgreSQL take no other.
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(NAME), sql.Literal(password)))
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{NAME}:{password}@{parts.netloc.rpartition('@')[2]}"))
