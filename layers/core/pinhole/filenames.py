"""File names from anywhere: what people read, and what is safe as the last part of a key."""

import re
import unicodedata
from collections.abc import Callable
from hashlib import sha256

MAX_NAME_CHARACTERS = 255
MAX_PATH_PARTS = 32  # the last ones
MAX_KEY_NAME_BYTES = 150  # well below the 255 bytes that stores and file systems allow
UNNAMED = "unnamed"

_JOINERS = "\u200c\u200d"  # Persian and Indic names need them, emoji too
_READABLE = re.compile(rf"[^.\s{_JOINERS}]")
_NOT_ON_WINDOWS = re.compile(r'[<>:"|?*]')
_DEVICES_ON_WINDOWS = re.compile(r"\A(con|prn|aux|nul|(com|lpt)[0-9¹²³])(?=[.\s]|\Z)", re.IGNORECASE)
_DRIVE = re.compile(r"\A[A-Za-z]:(?=[/\\])")
_EDGES = re.compile(r"\A[.\s]+|[.\s]+\Z")
_EXTENSION = re.compile(r"\.[0-9A-Za-z]{1,15}\Z")


def displayable(filename: str) -> str:
    """The name as people may see it: without folders and invisible characters, in NFC.

    1 to 255 characters, never only dots.
    """
    return next(reversed(_segments(filename)), UNNAMED)


def has_something_to_see(text: str) -> bool:
    """Whether a text is more than blanks and characters that nobody sees."""
    return any(shown not in _JOINERS and not shown.isspace() for shown in map(_shown, text))


def displayable_path(path: str) -> str:
    """Folders and name as people may see them, with slashes between them: each as `displayable` has it.

    At most the last 32. What names no folder of a library is left out: dots, and a drive of Windows.
    """
    return "/".join(_segments(_DRIVE.sub("", path))[-MAX_PATH_PARTS:]) or UNNAMED


def displayable_folder(path: str) -> str:
    """A folder as `folder_of` has it, from however somebody writes it; empty for the top."""
    return "/".join(_segments(path)[-MAX_PATH_PARTS + 1 :])


def folder_of(path: str | None) -> str:
    """The folder of what lies at a path as `displayable_path` has it; empty where it has none."""
    return "" if path is None else path.rpartition("/")[0]


def folder_key(folder: str) -> bytes:
    """16 bytes that stand for a folder as `folder_of` has it, which may be longer than an index takes."""
    return sha256(folder.encode()).digest()[:16]


def _segments(path: str) -> list[str]:
    """Folders and name, each as people may see it; those of which nothing can be seen are left out."""
    visible = "".join(_shown(character) for character in path)
    segments = (unicodedata.normalize("NFC", segment.strip()) for segment in re.split(r"[/\\]", visible))
    return [_shortened(segment, MAX_NAME_CHARACTERS, len) for segment in segments if _READABLE.search(segment)]


def key_name(filename: str) -> str:
    """The last part of an original's key: readable, and a file name on any system.

    1 to 150 bytes of UTF-8; what is longer is cut before its extension.
    """
    name = _EDGES.sub("", _NOT_ON_WINDOWS.sub("_", displayable(filename)))
    return _shortened(_DEVICES_ON_WINDOWS.sub(r"_\1", name), MAX_KEY_NAME_BYTES, lambda text: len(text.encode()))


def _shown(character: str) -> str:
    code, category = ord(character), unicodedata.category(character)
    if category in {"Cc", "Zl", "Zp"}:
        return " " if character.isspace() else ""
    noncharacter = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
    # Some of them turn the direction of a text, so that a name shows another extension than it has.
    hidden = category in {"Cf", "Cs"} and character not in _JOINERS
    return "" if hidden or noncharacter else character


def _shortened(name: str, limit: int, length: Callable[[str], int]) -> str:
    if length(name) <= limit:
        return name
    extension = "".join(_EXTENSION.findall(name))
    stem = name.removesuffix(extension)
    while length(stem) + length(extension) > limit:
        stem = stem[:-1]
    stem = _EDGES.sub("", stem)
    return (stem if _READABLE.search(stem) else UNNAMED) + extension
