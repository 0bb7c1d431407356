"""The directory that holds everything of one local instance: database, objects, secrets.

version         format of this directory
lock            held by the instance that runs on it
secrets.json    what signs tokens and media URLs, and the application's keys of store and queue
paused.json     event sources that are switched off
running.json    where the instance that runs on it takes orders, while it does
demo.json       name and password of the demo's user, where `--demo` made it
log             what its functions said, and log.1 before that
postgres/ store/ queue/ worker/ captions/ videos/     one directory per service
"""

import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from fasteners import InterProcessLock

from infra.bootstrap import CannotStart
from infra.local import postgres, queue, store, worker
from infra.local.files import UNFINISHED, write_whole

VERSION = "2"
VERSION_FILE = "version"
LOCK = "lock"
RUNNING = "running.json"


@dataclass(frozen=True, slots=True)
class Secrets:
    """Made once per data directory. `media_keys` is {key id: secret}; `media_key_id` signs new URLs.

    What the store's keys sign, the queue takes too.
    """

    token_secret: str = field(repr=False)
    media_keys: dict[str, str] = field(repr=False)
    media_key_id: str
    store_access_key: str
    store_secret_key: str = field(repr=False)

    @property
    def store(self) -> store.Credentials:
        return store.Credentials(self.store_access_key, self.store_secret_key)


class InUse(CannotStart):
    """An instance runs on the directory."""


class DataDirectory:
    """An open data directory, which no other instance uses meanwhile."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.postgres = path / "postgres"
        self.store = path / "store"
        self.queue = path / "queue"
        self.worker = path / "worker"
        self.captions = path / "captions"
        self.videos = path / "videos"

    @property
    def workers(self) -> tuple[Path, ...]:
        """The directories of all workers that an instance may have."""
        return self.worker, self.captions, self.videos

    @property
    def is_empty(self) -> bool:
        """Whether nothing was made here yet, or only begun."""
        return {entry.name for entry in self.path.iterdir()} <= {LOCK, VERSION_FILE + UNFINISHED}

    def clear(self) -> None:
        """Delete all it holds, with what may still run in it."""
        worker.end_leftovers(*self.workers)
        postgres.end_leftovers(self.postgres)
        store.end_leftovers(self.store)
        queue.end_leftovers(self.queue)
        # The version goes last: a directory without one, but not empty, is not recognised as ours.
        for entry in sorted(self.path.iterdir(), key=lambda entry: entry.name == VERSION_FILE):
            if entry.is_dir():
                shutil.rmtree(entry)
            elif entry.name != LOCK:
                entry.unlink()

    def prepare(self) -> Secrets:
        """Make it what this version works with, if it is empty, and read its secrets.

        Raises:
            CannotStart: it holds something else, or is of another version.
        """
        if self.is_empty:
            write_whole(self.path / VERSION_FILE, VERSION)
        self.check()
        self._keep_private()
        file = self.path / "secrets.json"
        if not file.exists():
            write_whole(file, json.dumps(asdict(new_secrets())))
        return Secrets(**json.loads(file.read_text()))

    @property
    def paused(self) -> set[str]:
        """UUIDs of the event sources that are switched off."""
        file = self.path / "paused.json"
        return set(json.loads(file.read_text())) if file.exists() else set()

    def keep_paused(self, event_sources: set[str]) -> None:
        """Have these switched off, and no others, also after the next start."""
        write_whole(self.path / "paused.json", json.dumps(sorted(event_sources)))

    def publish(self, lambda_url: str | None) -> None:
        """Tell `python -m infra admin` where this instance takes orders; None: nowhere any more."""
        if lambda_url is None:
            (self.path / RUNNING).unlink(missing_ok=True)
        else:
            write_whole(self.path / RUNNING, json.dumps({"lambda": lambda_url}))

    def check(self) -> None:
        """Raise CannotStart unless it is empty or ours."""
        version = self.path / VERSION_FILE
        if not version.exists() and not self.is_empty:
            raise CannotStart(f"{self.path} holds other files: choose an empty directory with --data")
        if version.exists() and (found := version.read_text().strip()) != VERSION:
            raise CannotStart(
                f"{self.path} was made by another version of Pinhole (format {found}, not {VERSION}):"
                " use that version, or choose another directory with --data"
            )

    def _keep_private(self) -> None:
        """Let nobody else in but, where root starts PostgreSQL, the account that it runs as."""
        if os.name != "posix" or self.path.stat().st_uid != os.geteuid():
            return
        if (user := postgres.system_user()) is not None:
            shutil.chown(self.path, group=user)
        self.path.chmod(0o700 if user is None else 0o710)


def new_secrets() -> Secrets:
    credentials = store.new_credentials()
    return Secrets(
        token_secret=secrets.token_urlsafe(48),
        media_keys={"k1": secrets.token_urlsafe(32)},
        media_key_id="k1",
        store_access_key=credentials.access_key,
        store_secret_key=credentials.secret_key,
    )


def published(path: Path) -> str | None:
    """Where the instance that runs on this directory takes orders; None when it is only about to start."""
    file = path / RUNNING
    if not file.exists():
        return None
    url: str = json.loads(file.read_text())["lambda"]
    return url


@contextmanager
def opened(path: Path) -> Iterator[DataDirectory]:
    """Open a data directory, which is made on first use, and keep other instances out.

    Where nothing was made in it, nothing is left.

    Raises:
        CannotStart: it can't be written, is the library of another account, or (InUse) an instance runs on it.
    """
    path = path.absolute()
    try:
        missing = [directory for directory in (path, *path.parents) if not directory.exists()]
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check_owner(path)
        lock = InterProcessLock(path.resolve() / LOCK)
        free = lock.acquire(blocking=False) and (path / LOCK).exists()  # else it was of a start that left nothing
    except OSError as error:
        reason = error.strerror or str(error)
        raise CannotStart(f"{path} can't be written ({reason}): choose another directory with --data") from error
    if not free:
        raise InUse(f"Pinhole already runs on {path}: stop it, or choose another directory with --data")
    try:
        yield DataDirectory(path.resolve())
    finally:
        if not (path / VERSION_FILE).exists() and os.name == "posix":  # elsewhere a file that is open stays
            (path / LOCK).unlink()
            for directory in missing:
                if not any(directory.iterdir()):
                    directory.rmdir()
        lock.release()


def _check_owner(path: Path) -> None:
    """Raise CannotStart for a library of another account: PostgreSQL takes no files of others, nor does root's."""
    if os.name != "posix":
        return
    try:
        owner = (path / VERSION_FILE).stat().st_uid
    except FileNotFoundError:
        return
    except PermissionError:
        owner = path.stat().st_uid
    if owner != os.geteuid():
        raise CannotStart(
            f"{path} is a library of the account {_name(owner)}: start Pinhole as that account, or choose another"
            " directory with --data"
        )


def _name(uid: int) -> str:
    import pwd  # not on Windows

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
