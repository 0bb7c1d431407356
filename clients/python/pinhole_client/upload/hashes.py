"""The hashes of files, remembered from run to run: by path, and by the stamp that the file had when it was read.

Each is written in a transaction of its own after the file was read whole and found unchanged. A process that dies
leaves out at most the hash that it was about to write.
"""

import os
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path
from typing import Any, cast

from pinhole_client.upload.finding import Stamp

_PATIENCE_SECONDS = 60  # with another run that writes
_SHA256_BYTES = 32
_TABLE = "CREATE TABLE file (path BLOB PRIMARY KEY, stamp TEXT NOT NULL, sha256 BLOB NOT NULL) WITHOUT ROWID"


def state_file() -> Path:
    """Where hashes are kept: under XDG_STATE_HOME, else `~/.local/state`."""
    named = Path(os.environ.get("XDG_STATE_HOME", ""))
    home = named if named.is_absolute() else Path.home() / ".local" / "state"
    return home / "pinhole" / "upload.sqlite3"


class Hashes:
    """May be used by several threads at once, and by several processes.

    Raises OSError or sqlite3.Error where the file can't be written. One that is damaged, or of another version, is made
    anew: it spares work alone. say: told so.
    """

    def __init__(self, file: Path, say: Callable[[str], None]) -> None:
        file.parent.mkdir(0o700, parents=True, exist_ok=True)
        self._file = file
        self._say = say
        self._lock = threading.Lock()
        try:
            self._connection = _opened(file)
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
            self._make_anew()

    def known(self, path: str, stamp: Stamp) -> bytes | None:
        """The SHA-256 of a file, if it was read while it had this stamp."""
        row = self._do("SELECT sha256 FROM file WHERE path = ? AND stamp = ?", os.fsencode(path), _text(stamp))
        # Of a damaged file anything may come.
        return row[0] if row is not None and isinstance(row[0], bytes) and len(row[0]) == _SHA256_BYTES else None

    def note(self, path: str, stamp: Stamp, sha256: bytes) -> None:
        """Remember the hash of a file that had this stamp before and after it was read."""
        self._do("INSERT OR REPLACE INTO file VALUES (?, ?, ?)", os.fsencode(path), _text(stamp), sha256)

    def forget(self, path: str) -> None:
        """The hash turned out to be wrong."""
        self._do("DELETE FROM file WHERE path = ?", os.fsencode(path))

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _do(self, statement: str, *values: bytes | str) -> tuple[Any, ...] | None:
        """The first row of the answer."""
        with self._lock:
            try:
                return cast("tuple[Any, ...] | None", self._connection.execute(statement, values).fetchone())
            except sqlite3.DatabaseError as error:
                if not _is_damage(error):
                    raise
            self._connection.close()
            self._make_anew()
            return cast("tuple[Any, ...] | None", self._connection.execute(statement, values).fetchone())

    def _make_anew(self) -> None:
        self._say(f"{self._file} is damaged or of another version, and is made anew: files are read again.")
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self._file}{suffix}").unlink(missing_ok=True)
        self._connection = _opened(self._file)


def _opened(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, timeout=_PATIENCE_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        # What a power cut takes with it is read again.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("BEGIN IMMEDIATE")
        tables = connection.execute("SELECT sql FROM sqlite_schema").fetchall()
        if not tables:
            connection.execute(_TABLE)
        elif tables != [(_TABLE,)]:
            raise sqlite3.DatabaseError("the table has another layout")
        connection.execute("COMMIT")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    """Not what passes, such as a full disk: that is of a class beneath."""
    return type(error) is sqlite3.DatabaseError


def _text(stamp: Stamp) -> str:
    """An inode may have more bits than a number of SQLite's."""
    return " ".join(map(str, astuple(stamp)))
