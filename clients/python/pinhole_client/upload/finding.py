"""Which files there are, in folders of any kind: without end, unreadable, named in bytes that are no text."""

import mimetypes
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

# As the page has them: see web/src/uploads/droppedFiles.ts.
SIDECARS = (".xmp", ".aae", ".json", ".pp3", ".dop", ".thm")
_PHOTOS = ".heic .heif .hif .avif .jxl .webp .tif .tiff .dng .cr2 .cr3 .nef .arw .raf .rw2 .orf"
_VIDEOS = ".mov .m4v .mts .m2ts .mkv .avi .3gp"
_EXTENSIONS = tuple(f"{_PHOTOS} {_VIDEOS}".split())
# Without those of the machine, so that it takes the same files everywhere.
_TYPES = mimetypes.MimeTypes()
_MOST_SEGMENTS, _MOST_CHARACTERS = 32, 4096  # of a path that the API keeps


@dataclass(frozen=True, slots=True)
class Stamp:
    """By what a file is taken for the one that it was."""

    size_bytes: int
    modified_ns: int
    inode: int

    @classmethod
    def of(cls, status: os.stat_result) -> "Stamp":
        return cls(status.st_size, status.st_mtime_ns, status.st_ino)


@dataclass(slots=True, eq=False)
class LocalFile:
    """A file to send. path: absolute. root_length: of the part of it that is not told; 0 where no folder was named."""

    path: str
    root_length: int
    stamp: Stamp
    sha256: bytes | None = None
    changes: int = 0

    @property
    def filename(self) -> str:
        return _text(os.path.basename(self.path))  # noqa: PTH119 - a name that may hold any bytes

    @property
    def relative_path(self) -> str | None:
        """From the folder that was named, with its name: `trip/day two/beach.jpg`."""
        if self.root_length == 0:
            return None
        segments = _text(self.path[self.root_length :]).replace(os.sep, "/").split("/")[-_MOST_SEGMENTS:]
        while sum(map(len, segments)) + len(segments) - 1 > _MOST_CHARACTERS:
            del segments[0]
        return "/".join(segments)

    @property
    def content_type(self) -> str:
        return _TYPES.guess_type(self.filename)[0] or ""


class Finder:
    """Goes through what was named, each folder once, and counts what it leaves out.

    on_trouble: told the path that can't be read, and why.
    """

    def __init__(self, on_trouble: Callable[[str, str], None]) -> None:
        self.sidecars = 0
        self.left_out = 0
        self._on_trouble = on_trouble
        self._visited: set[tuple[int, int]] = set()

    def find(self, named: Iterable[str]) -> Iterator[LocalFile]:
        """The files, folder by folder, in the order of their names. Hidden ones are left out, as on the page."""
        for path in map(os.path.abspath, named):
            if os.path.isdir(path):  # noqa: PTH112
                parent = os.path.dirname(path)  # noqa: PTH120
                yield from self._in_folder(path, len(parent.rstrip(os.sep)) + 1)
            elif (file := self._file(path, 0)) is not None:
                yield file

    def _in_folder(self, folder: str, root_length: int) -> Iterator[LocalFile]:
        waiting = [folder]
        while waiting:
            path = waiting.pop()
            try:
                status = os.stat(path)  # noqa: PTH116
                if (status.st_dev, status.st_ino) in self._visited:
                    continue  # another way to it, or a link in a circle
                self._visited.add((status.st_dev, status.st_ino))
                with os.scandir(path) as entries:
                    visible = sorted((entry for entry in entries if not entry.name.startswith(".")), key=_name)
            except OSError as error:
                self._on_trouble(path, reason(error))
                continue
            folders = []
            for entry in visible:
                try:
                    is_folder = stat.S_ISDIR(entry.stat().st_mode) if entry.is_symlink() else entry.is_dir()
                except OSError as error:
                    self._on_trouble(entry.path, reason(error))
                    continue
                if is_folder:
                    folders.append(entry.path)
                elif (file := self._file(entry.path, root_length)) is not None:
                    yield file
            waiting += reversed(folders)

    def _file(self, path: str, root_length: int) -> LocalFile | None:
        """None for what is none to send. What was named by itself is meant, whatever its name; but for sidecars."""
        lower = path.lower()
        if lower.endswith(SIDECARS):
            self.sidecars += 1
            return None
        if root_length and not _looks_like_media(lower):
            self.left_out += 1
            return None
        try:
            status = os.stat(path)  # noqa: PTH116
        except OSError as error:
            self._on_trouble(path, reason(error))
            return None
        if not stat.S_ISREG(status.st_mode):
            self.left_out += 1
            return None
        return LocalFile(path, root_length, Stamp.of(status))


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def reason(error: OSError) -> str:
    """Why a file can't be read, in a few words."""
    if isinstance(error, FileNotFoundError):
        return "is gone, or a link that leads nowhere"
    return f"can't be read: {error.strerror or error}"


def shown(path: str) -> str:
    """A path that a terminal may be given: what would move its cursor, or is no text, is spelled out."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _text(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "replace")


def _looks_like_media(lower: str) -> bool:
    kind, packed = _TYPES.guess_type(lower)
    return lower.endswith(_EXTENSIONS) or (packed is None and (kind or "").startswith(("image/", "video/")))
