"""Which files there are, in folders of any kind: without end, unreadable, named in bytes that are no text."""

import mimetypes
import os
import stat
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

# The page has all of these too: `python -m infra generate` tells it them.
SIDECARS = (".xmp", ".aae", ".json", ".pp3", ".dop", ".thm")
_PHOTOS = ".heic .heif .hif .avif .jxl .webp .tif .tiff .dng .cr2 .cr3 .nef .arw .raf .rw2 .orf"
_VIDEOS = ".mov .m4v .mts .m2ts .mkv .avi .3gp"
_TEXTS = (
    ".txt .md .rtf .pdf .doc .docx .odt .xls .xlsx .ods .csv .ppt .pptx .odp .htm .html .xml .log .ini .db .url .lnk"
)
_OTHERS = ".mp3 .m4a .aac .wav .flac .ogg .opus .zip .rar .7z .gz .tar .iso .exe .dll .js .css .py"
# Beside the names that are known to be of pictures or films everywhere.
PHOTOS, VIDEOS = tuple(_PHOTOS.split()), tuple(_VIDEOS.split())
# Never sent. Names that are in none of these say nothing: of such a file only the bytes tell.
NO_MEDIA = tuple(f"{_TEXTS} {_OTHERS}".split())
# Without those of the machine, so that it takes the same files everywhere.
_TYPES = mimetypes.MimeTypes()
_SPECIAL = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
_MOST_SEGMENTS, _MOST_CHARACTERS = 32, 4096  # of a path that the API keeps


@dataclass(frozen=True, slots=True)
class Stamp:
    """By what a file is taken for the one that it was."""

    size_bytes: int
    modified_ns: int
    changed_ns: int
    """Of what nobody can set, other than the time of the last modification. On Windows of the file's making."""
    inode: int

    @classmethod
    def of(cls, status: os.stat_result) -> "Stamp":
        return cls(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


@dataclass(slots=True, eq=False)
class LocalFile:
    """A file to send. path: absolute. root_length: of the part of it that is not told; 0 where no folder was named."""

    path: str
    root_length: int
    stamp: Stamp
    sha256: bytes | None = None
    changes: int = 0
    sent_again: int = 0

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


@dataclass(slots=True)
class LeftOut:
    """How many were not sent, by why. links: to files that are sent by their own names."""

    sidecars: int = 0
    other_names: int = 0
    links: int = 0


class Finder:
    """Goes through what was named, each folder once, and counts what it leaves out.

    on_trouble: told the path that can't be read, and why.
    """

    def __init__(self, on_trouble: Callable[[str, str], None]) -> None:
        self.left_out = LeftOut()
        self._on_trouble = on_trouble
        self._visited: set[tuple[int, int]] = set()
        self._named: set[str] = set()
        # Symbolic links, each with the length of its root. They come last, for a file is best known by its own name.
        self._links: deque[tuple[str, int]] = deque()

    def find(self, named: Iterable[str]) -> Iterator[LocalFile]:
        """The files, folder by folder, in the order of their names. Hidden ones are left out, as on the page.

        A link is followed once all else was found, and left out if its file was.
        """
        for path in map(os.path.abspath, named):
            is_folder = os.path.isdir(path)  # noqa: PTH112
            root_length = len(os.path.dirname(path).rstrip(os.sep)) + 1 if is_folder else 0  # noqa: PTH120
            if os.path.islink(path):  # noqa: PTH114
                self._links.append((path, root_length))
            elif is_folder:
                yield from self._in_folder(path, root_length)
            elif (file := self._file(path, 0)) is not None:
                self._named.add(os.path.realpath(path))
                yield file
        while self._links:
            path, root_length = self._links.popleft()
            try:
                is_folder = stat.S_ISDIR(os.stat(path).st_mode)  # noqa: PTH116
            except OSError as error:
                self._on_trouble(path, reason(error))
                continue
            if is_folder:
                yield from self._in_folder(path, root_length)
            elif (file := self._file(path, root_length, is_link=True)) is not None:
                yield file

    def _in_folder(self, folder: str, root_length: int) -> Iterator[LocalFile]:
        waiting = [folder]
        while waiting:
            path = waiting.pop()
            try:
                status = os.stat(path)  # noqa: PTH116
                if (status.st_dev, status.st_ino) in self._visited:
                    continue  # another way to it, or a link in a circle
                with os.scandir(path) as entries:
                    visible = sorted((entry for entry in entries if not entry.name.startswith(".")), key=_name)
                self._visited.add((status.st_dev, status.st_ino))
            except OSError as error:
                self._on_trouble(path, reason(error))
                continue
            folders = []
            for entry in visible:
                try:
                    is_link, is_folder = entry.is_symlink(), entry.is_dir(follow_symlinks=False)
                except OSError as error:
                    self._on_trouble(entry.path, reason(error))
                    continue
                if is_link:
                    self._links.append((entry.path, root_length))
                elif is_folder:
                    folders.append(entry.path)
                elif (file := self._file(entry.path, root_length)) is not None:
                    yield file
            waiting += reversed(folders)

    def _file(self, path: str, root_length: int, *, is_link: bool = False) -> LocalFile | None:
        """None for what is none to send. What was named by itself is, unless its name is known to be no photo's."""
        lower = path.lower()
        if lower.endswith(SIDECARS):
            self.left_out.sidecars += 1
            return None
        if lower.endswith(NO_MEDIA) or (root_length and not _looks_like_media(lower)):
            self.left_out.other_names += 1
            return None
        try:
            status = os.stat(path)  # noqa: PTH116
            is_found = is_link and self._has_found(os.path.realpath(path))
        except OSError as error:
            self._on_trouble(path, reason(error))
            return None
        if is_found:
            self.left_out.links += 1
            return None
        if not stat.S_ISREG(status.st_mode):
            self._on_trouble(path, f"is {_SPECIAL.get(stat.S_IFMT(status.st_mode), 'something else')}, and no file")
            return None
        return LocalFile(path, root_length, Stamp.of(status))

    def _has_found(self, path: str) -> bool:
        """Whether a real path was found among what was named. Raises OSError."""
        folder, name = os.path.split(path)
        if path in self._named:
            return True
        if name.startswith(".") or not _looks_like_media(name.lower()):
            return False
        status = os.stat(folder)  # noqa: PTH116
        return (status.st_dev, status.st_ino) in self._visited


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def reason(error: OSError) -> str:
    """Why a file can't be read, in a few words."""
    if isinstance(error, FileNotFoundError):
        return "is gone, or a link that leads nowhere"
    return f"can't be read: {error.strerror or error}"


def shown(path: str) -> str:
    """A path that a terminal may be given: what would move its cursor, or is no text, is spelled out."""
    return spelled(os.fsencode(path).decode("utf-8", "backslashreplace"))


def spelled(text: str) -> str:
    """Text without what would move a terminal's cursor."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _text(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "replace")


def _looks_like_media(lower: str) -> bool:
    kind, packed = _TYPES.guess_type(lower)
    return lower.endswith((*PHOTOS, *VIDEOS)) or (packed is None and (kind or "").startswith(("image/", "video/")))
