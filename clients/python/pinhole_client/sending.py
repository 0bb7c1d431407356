"""The bytes of one upload, in one PUT or in parts. They are read as they are sent: no file is ever held whole."""

import errno
import hashlib
import os
import stat
import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import BinaryIO

from pinhole_client import wire
from pinhole_client.client import Client
from pinhole_client.errors import ClientError, Problem
from pinhole_client.retrying import Pause, patiently

_BLOCK_BYTES = 1024 * 1024
_MOST_COMPLETIONS = 3
_PARTS_AT_ONCE = 3

Progress = Callable[[int], None]
"""Told how many more bytes were sent; fewer than none where they have to be sent again."""


class FileChanged(Exception):
    """The file is no longer the one that was promised."""


def require_file(status: os.stat_result) -> None:
    """Raises OSError for what is no file, such as a pipe, of which bytes may come some day or never."""
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is no file any more")


def opened(path: str) -> BinaryIO:
    """A file to read, by a name that may hold any bytes. Raises OSError, also for what has become no file."""
    # A pipe, too, is opened at once. A link is followed, as when it was found: the stamp is of what it leads to.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        require_file(os.fstat(descriptor))
    except OSError:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb", buffering=0)


class Sending:
    """One file on its way. path: read with a handle of its own by each part. pause: as of `patiently`.

    is_same: whether a file is still the one that was promised, by its stat. It is asked before the last bytes of each
    PUT, so that the store never has the whole of something else.
    """

    def __init__(
        self, client: Client, path: str, is_same: Callable[[os.stat_result], bool], pause: Pause, progress: Progress
    ) -> None:
        self._client = client
        self._path = path
        self._is_same = is_same
        self._pause = pause
        self._progress = progress

    def single(self, begun: wire.SingleUpload, size_bytes: int) -> None:
        """Send a file with one PUT. Raises ClientError, FileChanged, OSError."""
        target: wire.SingleUpload | None = begun

        def attempt() -> None:
            nonlocal target
            fresh, target = target or self._fresh(begun["id"]), None
            if fresh is not None:
                self._put(fresh, 0, size_bytes)

        patiently(attempt, self._pause)

    def parts(self, begun: wire.MultipartUpload, size_bytes: int) -> None:
        """Send what the store does not hold yet of a file, part by part, and put it together.

        Raises ClientError, FileChanged, OSError.
        """
        for completion in range(1, _MOST_COMPLETIONS + 1):
            self._send_all(begun, self._missing(begun, size_bytes))
            with opened(self._path) as file:
                self._check(file)
            try:
                return patiently(lambda: self._client.complete(begun["id"]), self._pause)
            except Problem as problem:
                if problem.code != "wrong_parts" or completion == _MOST_COMPLETIONS:
                    raise
        raise AssertionError("the last completion returns or raises")

    def _fresh(self, upload_id: str) -> wire.SingleUpload | None:
        """None when the file has arrived, though an earlier attempt never heard of it."""
        # First: a store that has it breaks the connection off before it says so.
        states = {outcome["state"] for outcome in self._client.complete_many([upload_id])}
        if states & {"received", "ready", "duplicate", "failed"}:
            return None
        return self._client.sign_again(upload_id)

    def _missing(self, begun: wire.MultipartUpload, size_bytes: int) -> list[tuple[int, int, int]]:
        """Number, first byte and length of each part that is still to be sent."""
        status = patiently(lambda: self._client.upload_status(begun["id"]), self._pause)
        stored = {part["partNumber"]: part["sizeBytes"] for part in status["parts"]}
        starts = (number * begun["partSizeBytes"] for number in range(begun["partCount"]))
        parts = [
            (number, start, min(begun["partSizeBytes"], size_bytes - start))
            for number, start in enumerate(starts, start=1)
        ]
        return [part for part in parts if stored.get(part[0]) != part[2]]

    def _send_all(self, begun: wire.MultipartUpload, parts: Iterable[tuple[int, int, int]]) -> None:
        """Some at a time; raises the first error, once none is at work any more."""
        waiting = deque(parts)
        errors: list[BaseException] = []

        def lane() -> None:
            try:
                while True:
                    try:
                        part = waiting.popleft()
                    except IndexError:
                        return
                    self._send_part(begun["id"], *part)
            except BaseException as error:  # noqa: BLE001 - the edge of a thread
                waiting.clear()
                errors.append(error)

        # Not those of a pool, which a process that ends waits for, however long a store keeps silent.
        lanes = [threading.Thread(target=lane, daemon=True) for _ in range(_PARTS_AT_ONCE)]
        for thread in lanes:
            thread.start()
        for thread in lanes:
            thread.join()
        if errors:
            raise errors[0]

    def _send_part(self, upload_id: str, number: int, start: int, length: int) -> None:
        def attempt() -> None:
            sha256 = self._hash(start, length)
            self._put(self._client.sign_part(upload_id, number, sha256), start, length)

        patiently(attempt, self._pause)

    def _put(self, target: wire.SingleUpload | wire.PartUrl, start: int, length: int) -> None:
        with opened(self._path) as file:
            self._check(file)
            content = _Slice(file, start, length, lambda: self._check(file), self._progress)
            try:
                self._client.put(target, content, length)
            except _Unreadable as failure:
                self._progress(-content.taken)
                raise failure.error from None
            except BaseException:
                self._progress(-content.taken)
                raise
            self._progress(length - content.taken)

    def _hash(self, start: int, length: int) -> str:
        digest = hashlib.sha256()
        with opened(self._path) as file:
            content = _Slice(file, start, length, lambda: self._check(file), lambda _: None)
            try:
                while block := content.read(_BLOCK_BYTES):
                    digest.update(block)
            except _Unreadable as failure:
                raise failure.error from None
        return digest.hexdigest()

    def _check(self, file: BinaryIO) -> None:
        if not self._is_same(os.fstat(file.fileno())):
            raise FileChanged


class _Unreadable(Exception):
    """The file can't be read on. An OSError itself would be taken for one of the connection."""

    def __init__(self, error: OSError) -> None:
        self.error = error


class _Slice:
    """A part of a file as something to read. Raises FileChanged where the file ends before it, and _Unreadable."""

    def __init__(self, file: BinaryIO, start: int, length: int, check: Callable[[], None], progress: Progress) -> None:
        file.seek(start)
        self._file = file
        self._length = length
        self._check = check
        self._progress = progress
        self.taken = 0

    def read(self, size: int, /) -> bytes:
        left = self._length - self.taken
        if left == 0:
            return b""
        try:
            block = self._file.read(min(size, left))
        except OSError as error:
            raise _Unreadable(error) from error
        if not block:
            raise FileChanged
        if len(block) == left:
            self._check()
        self.taken += len(block)
        self._progress(len(block))
        return block


def give_up(client: Client, upload_id: str) -> None:
    """Leave nothing open of an upload that is of no use any more. If this fails, it expires by itself."""
    with suppress(ClientError):
        client.abort(upload_id)
