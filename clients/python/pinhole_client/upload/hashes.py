"""The hashes of files, remembered from run to run: by path, and by the stamp that the file had when it was read.

Each is written in a transaction of its own after the file was read whole and found unchanged. A process that dies
leaves out at most the hash that it was about to write.
"""

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

from pinhole_client.upload.finding import Stamp

_PATIENCE_SECONDS = 60  # with another run that writes


def state_file() -> Path:
    """Where hashes are kept: under XDG_STATE_HOME, else `~/.local/state`."""
    named = Path(os.environ.get("XDG_STATE_HOME", ""))
    home = named if named.is_absolute() else Path.home() / ".local" / "state"
    return home / "pinhole" / "upload.sqlite3"


class Hashes:
    """May be used by several threads at once, and by several processes.

    Raises OSError or sqlite3.Error where the file can't be written. A damaged one is made anew: it spares work alone.
    """

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(0o700, parents=True, exist_ok=True)
        self._lock = threading.Lock()
        try:
            self._open(file)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            for suffix in ("", "-wal", "-shm"):
                Path(f"{file}{suffix}").unlink(missing_ok=True)
            self._open(file)

    def known(self, path: str, stamp: Stamp) -> bytes | None:
        """The SHA-256 of a file, if it was read while it had this stamp."""
        asked = (os.fsencode(path), stamp.size_bytes, stamp.modified_ns, stamp.inode)
        with self._locked() as connection:
            row = connection.execute(
                "SELECT sha256 FROM file WHERE path = ? AND size_bytes = ? AND modified_ns = ? AND inode = ?", asked
            ).fetchone()
        return None if row is None else bytes(row[0])

    def note(self, path: str, stamp: Stamp, sha256: bytes) -> None:
        """Remember the hash of a file that had this stamp before and after it was read."""
        row = (os.fsencode(path), stamp.size_bytes, stamp.modified_ns, stamp.inode, sha256)
        with self._locked() as connection:
            connection.execute("INSERT OR REPLACE INTO file VALUES (?, ?, ?, ?, ?)", row)

    def forget(self, path: str) -> None:
        """The hash turned out to be wrong."""
        with self._locked() as connection:
            connection.execute("DELETE FROM file WHERE path = ?", (os.fsencode(path),))

    def close(self) -> None:
        with self._locked() as connection:
            connection.close()

    def _open(self, file: Path) -> None:
        self._connection = sqlite3.connect(
            file, timeout=_PATIENCE_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            self._connection.execute("PRAGMA journal_mode = WAL")
            # What a power cut takes with it is read again.
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.execute(
                """
                CREATE TABLE IF NOT EXISTS file (
                    path BLOB PRIMARY KEY, size_bytes INTEGER NOT NULL, modified_ns INTEGER NOT NULL,
                    inode INTEGER NOT NULL, sha256 BLOB NOT NULL
                ) WITHOUT ROWID
                """
            )
        except sqlite3.Error:
            self._connection.close()
            raise

    @contextlib.contextmanager
    def _locked(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            yield self._connection
