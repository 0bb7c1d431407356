"""The one place where what decoders raise on bad bytes becomes `FileRejected`."""

import errno
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from pinhole.errors import FileRejected
from pinhole.imaging.file_type import FileType, Loader

# Pillow and its plugins raise all of these on bad bytes. Not MemoryError: the file may be good, the machine small.
_DECODER_ERRORS = (
    ArithmeticError, AssertionError, AttributeError, EOFError, LookupError, RuntimeError, SyntaxError, TypeError,
    ValueError, struct.error, zlib.error,
)  # fmt: skip
# Their decoders take the whole file into memory.
_LOADED_WHOLE = (Loader.WEBP, Loader.AVIF, Loader.HEIF, Loader.JXL)
_MAX_WHOLE_BYTES = 1_000_000_000
_SAID_OF_A_CUT_FILE = ("truncated", "end of file", "end-of-file", "premature end")
_SAID_OF_AN_UNKNOWN_KIND = ("unsupported", "not supported", "not yet supported", "not implemented", "no codec")


@contextmanager
def refusing_bad_bytes(path: Path, file_type: FileType, max_pixels: int) -> Iterator[None]:
    """Around calls of a decoder. Raises FileRejected (`truncated`, `corrupt`, `unsupported_type`, `too_many_pixels`,
    `too_large`).

    MemoryError and the disk's OSError pass: they say nothing about the file.
    """
    _check_bytes(path, file_type)
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, max_pixels
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise FileRejected(
            f"The picture has more than {max_pixels / 1e6:,.0f} megapixels, which is the limit.",
            code="too_many_pixels",
        ) from error
    except OSError as error:
        # Decoders raise OSError without a number; EINVAL is a seek to a place that the file made up.
        if error.errno not in (None, errno.EINVAL):
            raise
        raise _damaged(path, file_type, str(error)) from error
    except _DECODER_ERRORS as error:
        raise _damaged(path, file_type, str(error)) from error
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def _check_bytes(path: Path, file_type: FileType) -> None:
    size = path.stat().st_size
    if file_type.loader in _LOADED_WHOLE and size > _MAX_WHOLE_BYTES:
        raise FileRejected(
            f"The file has {size / 1e6:,.0f} MB; the limit for {file_type.extension.upper()} is "
            f"{_MAX_WHOLE_BYTES / 1e6:,.0f} MB.",
            code="too_large",
        )


def not_supported(name: str) -> FileRejected:
    """What to raise for a file that may well be whole. `name`: of its format."""
    return FileRejected(f"The picture is a {name} of a kind that is not supported.", code="unsupported_type")


def _damaged(path: Path, file_type: FileType, reason: str) -> FileRejected:
    """What to raise for a file that can't be decoded; `reason` is the decoder's own message."""
    if any(said in reason.lower() for said in _SAID_OF_A_CUT_FILE) or claims_more_bytes(path):
        return FileRejected(
            "The file is incomplete: its end is missing. It may have been copied only in part.",
            code="truncated",
        )
    if any(said in reason.lower() for said in _SAID_OF_AN_UNKNOWN_KIND):
        return not_supported(file_type.extension.upper())
    return FileRejected(f"The file is damaged and can't be read as {file_type.extension.upper()}.", code="corrupt")


def claims_more_bytes(path: Path) -> bool:
    """Whether a RIFF or ISO base media file is shorter than its outermost boxes say."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] == b"RIFF":
            return int.from_bytes(head[4:8], "little") + 8 > size
        if head[4:8] not in (b"ftyp", b"JXL "):
            return False
        at = 0
        for _ in range(64):
            file.seek(at)
            header = file.read(16)
            if len(header) < 8:
                return bool(header)
            length = int.from_bytes(header[:4], "big")
            if length == 1:
                length = int.from_bytes(header[8:16], "big")
            if length < 8:  # 0: to the end of the file
                return False
            at += length
            if at >= size:
                return at > size
    return False
