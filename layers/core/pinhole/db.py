"""PostgreSQL: one lazy connection for each thread, checked and reopened, and transactions on it."""

import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any, TypeVar

import psycopg
from psycopg import Connection, IsolationLevel
from psycopg.types.json import Jsonb

from pinhole.errors import ErrorCode, Unavailable
from pinhole.settings import settings

# The server's trouble and not the statement's: it gave way to another transaction, has no room on disk or in memory, is
# shutting down, or can't read its disk.
PASSING = ("40", "53", "57P", "58")


class _Closed:
    """Closes a connection when nobody has this any more: with its thread, since nobody else could."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __del__(self) -> None:
        self._connection.close()


class _Own(threading.local):
    connection: Connection | None = None
    closed_at_last: _Closed | None = None


_own = _Own()

T = TypeVar("T")


def _connected() -> Connection:
    if _own.connection is not None and not _own.connection.closed:
        return _own.connection
    try:
        # A proxy that shares server connections can't keep prepared statements.
        connection = psycopg.connect(
            settings().database_url, autocommit=True, prepare_threshold=None, connect_timeout=5
        )
    except psycopg.OperationalError as error:
        raise Unavailable(f"The database does not answer: {error}", code=ErrorCode.DATABASE_UNAVAILABLE) from error
    if connection.info.host.startswith("/"):
        # No proxy lies behind a socket. Still only what says `prepare=True`: most plans depend on whose rows it is.
        connection.prepare_threshold = sys.maxsize
    _own.connection, _own.closed_at_last = connection, _Closed(connection)
    return connection


@contextmanager
def transaction(*, snapshot: bool = False) -> Iterator[Connection]:
    """A transaction that commits at the end of the block and rolls back when it raises.

    snapshot: read only, REPEATABLE READ: every statement of the block sees the same moment.
    Raises Unavailable when the database can't be reached, goes away in between, or is in trouble itself.
    """
    with _failures_told(), _begun(snapshot) as connection:
        yield connection


def statement(read: Callable[[Connection], T]) -> T:
    """What `read` reads by one statement, which is a transaction by itself: one round trip instead of three.

    It is called again, with another connection, when the server closed this one while it lay idle.
    Raises Unavailable as `transaction` does.
    """
    with _failures_told():
        try:
            return read(_connected())
        except psycopg.OperationalError as error:
            if not _lost(error):
                raise
            disconnect()
            return read(_connected())


@contextmanager
def _failures_told() -> Iterator[None]:
    try:
        yield
    except psycopg.OperationalError as error:
        if _lost(error):
            disconnect()
        elif not _passes(error):
            raise
        raise Unavailable(f"The database did not do it: {error}", code=ErrorCode.DATABASE_UNAVAILABLE) from error
    except psycopg.Error as error:
        # Its text goes on to quote the row. What that says of a photo, such as its position, is not for logs.
        error.args = (error.diag.message_primary or str(error),)
        raise


@contextmanager
def _begun(snapshot: bool) -> Iterator[Connection]:
    """A transaction, on another connection when the server closed this one while it lay idle: BEGIN finds out."""
    with ExitStack() as begun:
        try:
            connection = _enter(begun, snapshot)
        except psycopg.OperationalError as error:
            if not _lost(error):
                raise
            disconnect()
            connection = _enter(begun, snapshot)
        yield connection


def _enter(begun: ExitStack, snapshot: bool) -> Connection:
    connection = _connected()
    # What goes with BEGIN takes no round trip of its own.
    connection.isolation_level = IsolationLevel.REPEATABLE_READ if snapshot else None
    connection.read_only = True if snapshot else None
    begun.enter_context(connection.transaction())
    return connection


def _lost(error: psycopg.OperationalError) -> bool:
    return _own.connection is None or _own.connection.closed or error.sqlstate is None


def _passes(error: psycopg.OperationalError) -> bool:
    return error.sqlstate is not None and error.sqlstate.startswith(PASSING)


def readable_json(value: Any) -> Jsonb:
    """A value for a column of JSON, with letters as they are: escaped, other scripts take three times as much."""
    return Jsonb(value, partial(json.dumps, ensure_ascii=False))


def disconnect() -> None:
    """Close this thread's connection, if there is one; the next transaction opens another."""
    if _own.connection is not None:
        _own.connection.close()
        _own.connection = None
