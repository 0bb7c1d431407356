"""Takes files through hashing, the question whether the library has them, and sending, all at the same time."""

import os
import queue
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

from pinhole_client import wire
from pinhole_client.client import Client
from pinhole_client.errors import BrokenAnswer, ClientError, StoreRefused
from pinhole_client.retrying import patiently
from pinhole_client.sending import FileChanged, Sending, give_up
from pinhole_client.upload.finding import LocalFile, Stamp, reason
from pinhole_client.upload.follower import Follower
from pinhole_client.upload.hashes import Hashes
from pinhole_client.upload.outcomes import Counts, Outcomes
from pinhole_client.upload.reading import sha256_of, still_stamp

READ_AT_ONCE = 2
SEND_AT_ONCE = 4
_CHECKED_AT_ONCE = 1000  # of 5,000 that a request may ask about
_TOLD_AT_ONCE = 500
_GATHER_SECONDS = 0.3
_DRAW_SECONDS = 0.2
_LEAVE_SECONDS = 0.5
_MOST_CHANGES = 5
_MOST_SENT_AGAIN = 2  # what the store acknowledged, and lost
_UNAUTHORIZED = 401
_OTHER_BYTES = ("checksum_mismatch", "size_mismatch")

_Queue = queue.SimpleQueue[LocalFile | None]


class Teller(Protocol):
    """Who watches a run."""

    def draw(self, counts: Counts) -> None:
        """Something may have changed."""

    def trouble(self, sentence: str) -> None:
        """It waits for this to pass."""

    def would_send(self, path: str) -> None:
        """Of a run that sends nothing: it would be sent."""


class _Stopped(Exception):
    """The run is over before this was done."""


class Run:
    """One pass over some files. dry_run: asks what is missing, and sends nothing."""

    def __init__(self, client: Client, hashes: Hashes, teller: Teller, *, dry_run: bool) -> None:
        self.outcomes = Outcomes()
        self._client = client
        self._hashes = hashes
        self._teller = teller
        self._dry_run = dry_run
        self._follower = Follower(client, self._followed)
        self._is_over = threading.Event()
        self._fatal: BaseException | None = None
        self._to_read: _Queue = queue.SimpleQueue()
        self._to_check: _Queue = queue.SimpleQueue()
        self._to_send: _Queue = queue.SimpleQueue()
        # Uploads of an earlier run whose bytes have arrived, by SHA-256.
        self._arrived: dict[str, str] = {}

    def run(self, files: Iterable[LocalFile]) -> Counts:
        """Take each file to its end. What became of them.

        Raises ClientError: the session has ended and can't be renewed, or this is no Pinhole. Nothing else of the
        server's ends a run: it waits while the server is away.
        """
        threads = [threading.Thread(target=self._guarded, args=[work], daemon=True) for work in self._works()]
        self._note_arrived()
        for thread in threads:
            thread.start()
        try:
            for file in files:
                if self._is_over.is_set():
                    break
                self._take(file)
                self._draw()
            with self.outcomes.changing:
                while self.outcomes.pending > 0 and not self._is_over.is_set():
                    self.outcomes.changing.wait(_DRAW_SECONDS)
                    self._draw()
        finally:
            self._end()
            # Not for one that waits for a server which keeps silent: it ends with the process.
            deadline = time.monotonic() + _LEAVE_SECONDS
            for thread in threads:
                thread.join(max(0.0, deadline - time.monotonic()))
        if self._fatal is not None:
            raise self._fatal
        return self.outcomes.counts

    def _works(self) -> list[Callable[[], None]]:
        return [
            *[lambda: self._each(self._to_read, self._read)] * READ_AT_ONCE,
            *[lambda: self._each(self._to_send, self._send)] * SEND_AT_ONCE,
            self._check_all,
            lambda: self._follower.run(self._is_over, self._pause),
        ]

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except _Stopped:
            pass
        except BaseException as error:  # noqa: BLE001 - the edge of a thread: `run` raises it
            self._fatal = self._fatal or error
            self._end()

    def _end(self) -> None:
        self._is_over.set()
        for waiting, readers in ((self._to_read, READ_AT_ONCE), (self._to_send, SEND_AT_ONCE), (self._to_check, 1)):
            for _ in range(readers):
                waiting.put(None)
        self._follower.wake()

    def _each(self, waiting: _Queue, do: Callable[[LocalFile], None]) -> None:
        while (file := waiting.get()) is not None and not self._is_over.is_set():
            do(file)

    def _draw(self) -> None:
        self._teller.draw(self.outcomes.counts)

    def _pause(self, seconds: float, trouble: ClientError) -> None:
        self._teller.trouble(str(trouble))
        if self._is_over.wait(seconds):
            raise _Stopped

    def _pause_or_make_room(self, seconds: float, trouble: ClientError) -> None:
        """At a limit of what is open, room is made by telling what has arrived."""
        if trouble.code == "too_many_uploads":
            with suppress(ClientError):
                if self._follower.report():
                    return
        self._pause(seconds, trouble)

    def _note_arrived(self) -> None:
        unended = patiently(self._client.open_uploads, self._pause)
        self._arrived = {upload["sha256"]: upload["id"] for upload in unended if upload["state"] == "received"}
        if self._dry_run:
            return
        waiting = {upload["id"]: upload["sha256"] for upload in unended if upload["state"] == "waiting"}
        for start in range(0, len(waiting), _TOLD_AT_ONCE):
            some = list(waiting)[start : start + _TOLD_AT_ONCE]
            for outcome in patiently(partial(self._client.complete_many, some), self._pause):
                if outcome["state"] == "received":
                    self._arrived[waiting[outcome["id"]]] = outcome["id"]

    def _take(self, file: LocalFile) -> None:
        self.outcomes.take()
        file.sha256 = self._hashes.known(file.path, file.stamp)
        if file.sha256 is None:
            self._queue_to_read(file)
        else:
            self._to_check.put(file)

    def _queue_to_read(self, file: LocalFile) -> None:
        self.outcomes.add(bytes_to_read=file.stamp.size_bytes)
        self._to_read.put(file)

    def _read(self, file: LocalFile) -> None:
        try:
            before, file.stamp = file.stamp, still_stamp(file.path, self._is_over)
            self.outcomes.add(bytes_to_read=file.stamp.size_bytes - before.size_bytes)
            if file.stamp.size_bytes == 0:
                self._lose(file, "is empty")
                return
            file.sha256 = sha256_of(file.path, file.stamp, self._count_read)
        except OSError as error:
            self._lose(file, reason(error))
        except FileChanged:
            self._again(file)
        else:
            self._hashes.note(file.path, file.stamp, file.sha256)
            self._to_check.put(file)

    def _count_read(self, more: int) -> None:
        if self._is_over.is_set():
            raise _Stopped
        self.outcomes.add(bytes_read=more)

    def _check_all(self) -> None:
        while not self._is_over.is_set():
            files: list[LocalFile] = []
            file = self._to_check.get()
            while file is not None:
                files.append(file)
                if len(files) == _CHECKED_AT_ONCE:
                    break
                try:
                    file = self._to_check.get(timeout=_GATHER_SECONDS)
                except queue.Empty:
                    break
            if files and not self._is_over.is_set():
                self.outcomes.add(looked_at=len(files))
                self._check([file for file in files if self.outcomes.join(file)])

    def _check(self, files: list[LocalFile]) -> None:
        if not files:
            return
        existing = patiently(lambda: self._client.existing([_hex(file) for file in files]), self._pause)
        for file in files:
            if _hex(file) in existing:
                self.outcomes.settle(file, None)
            elif self._dry_run:
                self._would_send(file)
            elif (upload_id := self._arrived.pop(_hex(file), None)) is not None:
                self._follower.follow(upload_id, file)
            else:
                self._queue_to_send(file)

    def _would_send(self, file: LocalFile) -> None:
        is_new = _hex(file) not in self._arrived
        if is_new:
            self.outcomes.add(to_send=1, bytes_to_send=file.stamp.size_bytes)
            self._teller.would_send(file.path)
        self.outcomes.settle(file, None, is_new=is_new)

    def _queue_to_send(self, file: LocalFile) -> None:
        self.outcomes.add(to_send=1, bytes_to_send=file.stamp.size_bytes)
        self._to_send.put(file)

    def _send(self, file: LocalFile) -> None:
        begun: wire.SingleUpload | wire.MultipartUpload | None = None
        try:
            answer = patiently(lambda: self._client.begin(_promise(file)), self._pause_or_make_room)
            if answer["state"] == "duplicate":
                self.outcomes.settle(file, None)
                return
            begun = answer
            self._transfer(file, begun)
            self._follower.follow(begun["id"], file)
        except (FileChanged, OSError, ClientError) as error:
            self._not_sent(file, begun, error)

    def _not_sent(
        self,
        file: LocalFile,
        begun: wire.SingleUpload | wire.MultipartUpload | None,
        error: FileChanged | OSError | ClientError,
    ) -> None:
        if isinstance(error, BrokenAnswer) or (isinstance(error, ClientError) and error.status == _UNAUTHORIZED):
            raise error
        if begun is not None:
            if isinstance(error, ClientError) and error.code == "upload_not_waiting":
                self._follower.follow(begun["id"], file)  # another client was quicker
                return
            # Before another file of the same bytes goes on with it.
            give_up(self._client, begun["id"])
        match error:
            case FileChanged():
                self._again(file)
            case StoreRefused(status=400) if file.changes < _MOST_CHANGES:
                self._again(file)  # other bytes than it had when it was read, by the same stamp
            case OSError():
                self._lose(file, reason(error))
            case _:
                self._lose(file, str(error))

    def _transfer(self, file: LocalFile, begun: wire.SingleUpload | wire.MultipartUpload) -> None:
        def is_same(status: os.stat_result) -> bool:
            return Stamp.of(status) == file.stamp

        sending = Sending(self._client, file.path, is_same, self._pause, self._count_sent)
        if begun["method"] == "single":
            sending.single(begun, file.stamp.size_bytes)
        else:
            sending.parts(begun, file.stamp.size_bytes)

    def _count_sent(self, more: int) -> None:
        self.outcomes.add(bytes_sent=more)
        if more > 0 and self._is_over.is_set():
            raise _Stopped

    def _followed(self, file: LocalFile, outcome: wire.UploadOutcome | None) -> None:
        state, error = ("forgotten", None) if outcome is None else (outcome["state"], outcome["error"])
        if state in {"ready", "duplicate"}:
            self.outcomes.settle(file, None, is_new=state == "ready")
        elif state == "waiting" and file.sent_again < _MOST_SENT_AGAIN:
            file.sent_again += 1
            self._queue_to_send(file)
        elif error is None:
            self._lose(file, f"was sent, and its upload is {state}: send it again")
        elif error["code"] in _OTHER_BYTES and file.changes < _MOST_CHANGES:
            self._again(file)
        else:
            self.outcomes.settle(file, error["detail"])

    def _again(self, file: LocalFile) -> None:
        """Begin anew with a file that has changed."""
        if file.changes == _MOST_CHANGES:
            self._lose(file, "is still being written to")
            return
        self._pass_on(self.outcomes.leave(file))
        self._hashes.forget(file.path)
        file.changes += 1
        file.sha256 = None
        self._queue_to_read(file)

    def _lose(self, file: LocalFile, why: str) -> None:
        self._pass_on(self.outcomes.lose(file, why))

    def _pass_on(self, heir: LocalFile | None) -> None:
        if heir is not None:
            self._queue_to_send(heir)


def _hex(file: LocalFile) -> str:
    assert file.sha256 is not None
    return file.sha256.hex()


def _promise(file: LocalFile) -> wire.BeginUpload:
    return {
        "filename": file.filename,
        "relativePath": file.relative_path,
        "sizeBytes": file.stamp.size_bytes,
        "sha256": _hex(file),
        "contentType": file.content_type,
        "modifiedAt": _moment(file.stamp.modified_ns),
    }


def _moment(nanoseconds: int) -> str | None:
    """ISO 8601; None for what is no moment to the API."""
    try:
        moment = datetime.fromtimestamp(nanoseconds / 1e9, UTC)
    except (OverflowError, ValueError, OSError):
        return None
    return moment.isoformat() if 2 <= moment.year <= 9998 else None
