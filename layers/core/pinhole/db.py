"""PostgreSQL: one lazy connection per process, checked and reopened, and transactions on it."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import Connection, IsolationLevel

from pinhole.errors import Unavailable
from pinhole.settings import settings

# The server's trouble and not the statement's: it gave way to another transaction, has no room on disk or in memory, is
# shutting down, or can't read its disk.
PASSING = ("40", "53", "57P", "58")

_connection: Connection | None = None


def _connected() -> Connection:
    global _connection
    if _connection is not None and not _connection.closed:
        return _connection
    try:
        # A proxy that shares server connections can't keep prepared statements.
        _connection = psycopg.connect(
            settings().database_url, autocommit=True, prepare_threshold=None, connect_timeout=5
        )
    except psycopg.OperationalError as error:
        raise Unavailable(f"The database does not answer: {error}", code="database_unavailable") from error
    return _connection


def _lost(error: psycopg.OperationalError, connection: Connection) -> bool:
    return connection.closed or error.sqlstate is None


def _passes(error: psycopg.OperationalError) -> bool:
    return error.sqlstate is not None and error.sqlstate.startswith(PASSING)


@contextmanager
def transaction(*, snapshot: bool = False) -> Iterator[Connection]:
    """A transaction that commits at the end of the block and rolls back when it raises.

    snapshot: read only, REPEATABLE READ: every statement of the block sees the same moment.
    Raises Unavailable when the database can't be reached, goes away in between, or is in trouble itself.
    """
    connection = _awake()
    try:
        # Said with BEGIN, they cost no round trip of their own.
        connection.isolation_level = IsolationLevel.REPEATABLE_READ if snapshot else None
        connection.read_only = True if snapshot else None
        with connection.transaction():
            yield connection
    except psycopg.OperationalError as error:
        if _lost(error, connection):
            connection.close()
        elif not _passes(error):
            raise
        raise Unavailable(f"The database did not do it: {error}", code="database_unavailable") from error
    except psycopg.Error as error:
        # Its text goes on to quote the row. What that says of a photo, such as its position, is not for logs.
        error.args = (error.diag.message_primary or str(error),)
        raise


def _awake() -> Connection:
    """The connection, replaced when the server closed it while it lay idle."""
    connection = _connected()
    try:
        connection.execute("")
    except psycopg.OperationalError as error:
        if not _lost(error, connection):
            raise
        connection.close()
        connection = _connected()
    return connection


def disconnect() -> None:
    """Close this process's connection, if there is one; the next transaction opens another."""
    global _connection
    if _connection is not None:
        _connection.close()
        _connection = None
