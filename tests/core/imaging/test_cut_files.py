"""Files that end early: refused where pixels are missing, shown where only what comes behind them is."""

import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pinhole.errors import FileRejected
from pinhole.imaging import file_type, renditions
from tests.core.imaging import bombs
from tests.core.imaging.test_samples import EXPECTED, SAMPLES
from tests.fixtures import photos

LIMIT = 256_000_000
NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8))
WRITTEN: dict[str, tuple[str, dict[str, Any]]] = {
    "JPEG": ("JPEG", {}),
    "progressive JPEG": ("JPEG", {"progressive": True}),
    "JPEG with restarts": ("JPEG", {"restart_marker_rows": 1}),
    "PNG": ("PNG", {}),
    "GIF": ("GIF", {}),
    "WEBP": ("WEBP", {}),
    "lossless WEBP": ("WEBP", {"lossless": True}),
    "AVIF": ("AVIF", {}),
    "HEIF": ("HEIF", {}),
    "BMP": ("BMP", {}),
    "JXL": ("JXL", {}),
    "plain TIFF": ("TIFF", {}),
    "LZW TIFF": ("TIFF", {"compression": "tiff_lzw"}),
    "deflated TIFF": ("TIFF", {"compression": "tiff_deflate"}),
    "JPEG in TIFF": ("TIFF", {"compression": "jpeg"}),
}  # fmt: skip
SHARES = (0.1, 0.5, 0.9, 0.99)


def written(name: str, image: Image.Image = NOISE) -> bytes:
    format_name, options = WRITTEN[name]
    buffer = BytesIO()
    image.save(buffer, format_name, **options)
    return buffer.getvalue()


def shown(path: Path, content: bytes) -> bytes:
    """The largest rendition. Raises FileRejected."""
    path.write_bytes(content)
    return renditions.make(path, file_type.identify(path), LIMIT, path.parent).files[0].path.read_bytes()


def refusal(path: Path, content: bytes) -> str:
    with pytest.raises(FileRejected) as refused:
        shown(path, content)
    return str(refused.value.code)


@pytest.mark.parametrize("name", [*WRITTEN, "DNG"])
def test_a_file_without_some_of_its_pixels_is_refused(tmp_path: Path, name: str) -> None:
    whole = photos.dng(NOISE) if name == "DNG" else written(name)
    kept = [int(len(whole) * share) for share in SHARES]
    if name not in ("PNG", "GIF"):  # whose last four bytes show nothing
        kept.append(len(whole) - 4)
    for count in kept:
        assert refusal(tmp_path / "original", whole[:count]) in ("truncated", "corrupt")


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("JPEG", 1), ("JPEG", 2), ("progressive JPEG", 1), ("progressive JPEG", 2), ("JPEG with restarts", 2),
        ("PNG", 1), ("PNG", 4), ("PNG", 12), ("PNG", 14), ("PNG", 16), ("GIF", 1),
    ],
)  # fmt: skip
def test_a_file_that_lacks_only_what_comes_behind_its_pixels_is_shown_whole(
    tmp_path: Path, name: str, missing: int
) -> None:
    whole = written(name)
    assert shown(tmp_path / "original", whole[:-missing]) == shown(tmp_path / "original", whole)


@pytest.mark.skipif(not EXPECTED, reason=f"no samples at {SAMPLES}")
@pytest.mark.parametrize("name", sorted(name for name in EXPECTED if name.startswith("formats/")))
def test_a_sample_that_is_cut_is_refused_or_shown_whole(tmp_path: Path, name: str) -> None:
    content = (SAMPLES / name).read_bytes()
    whole = shown(tmp_path / "original", content)
    for count in [*(int(len(content) * share) for share in SHARES), len(content) - 4]:
        try:
            found = shown(tmp_path / "original", content[:count])
        except FileRejected as refused:
            assert refused.code in ("truncated", "corrupt")  # noqa: PT017
        else:
            assert found == whole


@pytest.mark.parametrize("name", ["JPEG", "JPEG with restarts"])
@pytest.mark.parametrize("tail", [b"\xff\xd9", bytes(20_000), bytes(200_000) + b"\xff\xff"], ids=len)
def test_half_a_jpeg_is_refused_whatever_its_other_half_was_filled_with(tmp_path: Path, name: str, tail: bytes) -> None:
    whole = written(name)
    assert refusal(tmp_path / "original", whole[: len(whole) // 2] + tail) == "truncated"


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_jpeg_as_grey_as_what_is_missing_of_others_is_shown(tmp_path: Path, mode: str) -> None:
    grey = Image.new(mode, (160, 120), tuple([128] * len(mode)) if mode != "L" else 128)
    whole = written("JPEG", grey)
    assert shown(tmp_path / "original", whole) == shown(tmp_path / "original", whole[:-2])


def png(*chunks: tuple[bytes, bytes], interlaced: bool = False) -> bytes:
    header = struct.pack(">IIBBBBB", 160, 120, 8, 0, 0, 0, interlaced)
    parts = [(b"IHDR", header), *chunks, (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(bombs.chunk(*part) for part in parts)


def test_a_png_whose_rows_end_early_is_refused_however_well_formed(tmp_path: Path) -> None:
    row = b"\0" + b"\xc8" * 160
    for count, parts in ((4, 1), (119, 1), (119, 3)):
        packed = zlib.compress(row * count, 0)
        pieces = [packed[index * len(packed) // parts : (index + 1) * len(packed) // parts] for index in range(parts)]
        assert refusal(tmp_path / "original", png(*((b"IDAT", piece) for piece in pieces))) == "truncated"
    assert shown(tmp_path / "original", png((b"IDAT", zlib.compress(row * 120))))


def test_an_interlaced_png_needs_all_its_passes(tmp_path: Path) -> None:
    # Columns and rows of each pass over 160 × 120 pixels.
    passes = [(20, 15), (20, 15), (40, 15), (40, 30), (80, 30), (80, 60), (160, 60)]
    rows = [(b"\0" + b"\xc8" * columns) * count for columns, count in passes]
    for count in range(1, 7):
        content = png((b"IDAT", zlib.compress(b"".join(rows[:count]))), interlaced=True)
        assert refusal(tmp_path / "original", content) == "truncated"
    assert shown(tmp_path / "original", png((b"IDAT", zlib.compress(b"".join(rows))), interlaced=True))


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA", "I;16"])
def test_a_png_as_black_as_what_is_missing_of_others_is_shown(tmp_path: Path, mode: str) -> None:
    assert shown(tmp_path / "original", written("PNG", Image.new(mode, (161, 3))))


def test_a_heic_that_is_put_together_of_others_needs_them_all(tmp_path: Path) -> None:
    whole = bombs.derived(b"grid", struct.pack(">BBBBII", 0, 1, 0, 0, bombs.SIDE, bombs.SIDE), 1)
    assert shown(tmp_path / "original", whole)
    assert refusal(tmp_path / "original", whole[:-4]) == "truncated"
