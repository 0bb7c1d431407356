"""What became of each file, and of files of the same bytes together: the first is sent, and stands for all."""

import threading
from dataclasses import dataclass, field
from typing import Literal

from pinhole_client.upload.finding import LocalFile


@dataclass(slots=True)
class Counts:
    """How far a run is.

    added: of a run that sends nothing, what would be. same: of the same bytes as one of those. Bytes to read are of
    files whose hashes are not known; those to send, of files not there yet.
    """

    files: int = 0
    looked_at: int = 0
    there: int = 0
    same: int = 0
    to_send: int = 0
    added: int = 0
    bytes_to_read: int = 0
    bytes_read: int = 0
    bytes_to_send: int = 0
    bytes_sent: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)
    """Path and reason of what is not in the library."""


class Outcomes:
    """May be used by several threads at once. Every file that is taken ends once."""

    def __init__(self) -> None:
        self.counts = Counts()
        self.changing = threading.Condition()
        self.pending = 0
        # Files of the same bytes of which none has ended, the one that stands for them first.
        self._alike: dict[bytes, list[LocalFile]] = {}
        # Why bytes were refused, None for those in the library; and whether they were new to it.
        self._ended: dict[bytes, tuple[str | None, bool]] = {}

    def take(self) -> None:
        """One more file, which is to end once."""
        with self.changing:
            self.pending += 1
            self.counts.files += 1

    def join(self, file: LocalFile) -> bool:
        """Take in a file whose hash is known. Whether it stands for its bytes."""
        assert file.sha256 is not None
        with self.changing:
            if file.sha256 in self._ended:
                refusal, is_new = self._ended[file.sha256]
                self._end(file, refusal, "same" if is_new else "there")
                return False
            alike = self._alike.setdefault(file.sha256, [])
            alike.append(file)
            return alike[0] is file

    def settle(self, file: LocalFile, refusal: str | None, *, is_new: bool = False) -> None:
        """The server has decided on these bytes: they are in the library, or are refused for this reason."""
        assert file.sha256 is not None
        with self.changing:
            self._ended[file.sha256] = refusal, is_new
            for each in self._alike.pop(file.sha256, []):
                self._end(each, refusal, "there" if not is_new else "added" if each is file else "same")

    def leave(self, file: LocalFile) -> LocalFile | None:
        """A file no longer has these bytes: the one that has to take its place, if it stood for others."""
        with self.changing:
            alike = self._alike.get(file.sha256, []) if file.sha256 is not None else []
            if file not in alike:
                return None
            was_first = alike[0] is file
            alike.remove(file)
            if not alike:
                assert file.sha256 is not None
                del self._alike[file.sha256]
            return alike[0] if was_first and alike else None

    def lose(self, file: LocalFile, why: str) -> LocalFile | None:
        """A file can't be sent. The one that has to take its place, if it stood for others."""
        heir = self.leave(file)
        with self.changing:
            self._end(file, why)
        return heir

    def trouble(self, path: str, why: str) -> None:
        """What could not even be taken."""
        with self.changing:
            self.counts.failed.append((path, why))

    def add(self, **more: int) -> None:
        """Count so many more of each."""
        with self.changing:
            for name, number in more.items():
                setattr(self.counts, name, getattr(self.counts, name) + number)

    def _end(self, file: LocalFile, refusal: str | None, as_what: Literal["added", "there", "same"] = "there") -> None:
        self.pending -= 1
        if refusal is None:
            self.add(**{as_what: 1})
        else:
            self.counts.failed.append((file.path, refusal))
        self.changing.notify_all()
