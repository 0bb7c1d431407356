"""A picture that somebody searches with, as pixels. By Pillow, which `pinhole_models.clip` needs anyway."""

import io

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from pinhole_models.roles import Pixels

FORMATS = ("JPEG", "PNG", "WEBP")
MAX_PIXELS = 2048 * 2048  # a client scales it to 512 by 512; this much takes 30 MB
# libjpeg goes over the whole picture for each scan, of which a small file can have thousands, and others ten.
MAX_SCANS = 100
_START_OF_SCAN = b"\xff\xda"
# By EXIF's orientation. Not by Pillow's exif_transpose: that writes the EXIF anew, and fails by any value that is odd.
_TURNED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class NoPicture(Exception):
    """These bytes are no picture that is taken. The text says why, to the person who sent it."""


def decode(content: bytes) -> Pixels:
    """The pixels of a JPEG, PNG or WebP as it is to be shown: RGB, uint8, (height, width, 3).

    Its first frame where it moves. What is not opaque is shown on white.

    Raises:
        NoPicture: it is none, is broken, or would take too much to decode: its size is looked at before its pixels.
    """
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise NoPicture(f"has {image.width} x {image.height} pixels: at most {MAX_PIXELS:,} are taken")
            if image.format == "JPEG" and content.count(_START_OF_SCAN) > MAX_SCANS:
                raise NoPicture("is a JPEG of more scans than are taken")
            turned = _TURNED.get(image.getexif().get(ExifTags.Base.Orientation, 1))
            shown = image if turned is None else image.transpose(turned)
            if shown.has_transparency_data:
                white = Image.new("RGBA", shown.size, "white")
                shown = Image.alpha_composite(white, shown.convert("RGBA"))
            return np.asarray(shown.convert("RGB"))
    except Image.DecompressionBombError as error:
        raise NoPicture(f"has more pixels than are taken: at most {MAX_PIXELS:,}") from error
    except UnidentifiedImageError as error:
        raise NoPicture("is no JPEG, PNG or WebP") from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise NoPicture("is broken") from error
