"""Files that cost little to make and much to read: refused before the work, or read without what makes them costly.

Each in a process that may use less than the attack would: 20 seconds of CPU, and the memory that stands beside it.
"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

import pinhole
from pinhole.errors import FileRejected
from pinhole.imaging import apart, file_type, metadata, renditions
from tests.core.imaging import bombs
from tests.fixtures import photos

MEGABYTE = 1 << 20
LIMIT = 256_000_000

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a process's memory")

READ_AND_RENDER = """
import resource, sys
from pathlib import Path
import numpy  # loaded late, and no cost of the file
from pinhole.errors import FileRejected
from pinhole.imaging import file_type, metadata, renditions
path, limit = Path(sys.argv[1]), int(sys.argv[2])
used = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_DATA, (used + limit, used + limit))
resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
try:
    kind = file_type.identify(path)
    metadata.read(path, kind, 256_000_000, path.name)
    renditions.make(path, kind, 256_000_000, path.parent)
except FileRejected as refusal:
    print(refusal.code, refusal.detail)
"""


def said(path: Path, limit: int) -> str:
    """Of the file, by a process that may use `limit` bytes more than it needs to start; nothing where it is shown."""
    child = subprocess.run(
        [sys.executable, "-c", READ_AND_RENDER, str(path), str(limit)],
        env={"PYTHONPATH": str(Path(pinhole.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == 0, child.stderr[-2000:] or f"ended by signal {-child.returncode}"
    return child.stdout.strip()


@pytest.mark.parametrize(
    ("bomb", "sentence"),
    [
        (bombs.png_column, "too_many_pixels The picture has 1 × 250,000,001 pixels; the limit for a side is 250,000"),
        (bombs.png_row, "too_many_pixels The picture has 250,000,001 × 1 pixels; the limit for a side is 250,000"),
        (bombs.png_of_empty_parts, "corrupt The file is damaged: it has more than 250,000 parts."),
        (bombs.jpeg_of_scans, "too_costly The file draws its picture over and over: "),
        (bombs.jpeg_of_tables, "corrupt The file is damaged: its tables are impossibly large."),
        (bombs.gif_of_comments, "corrupt The file is damaged: it has more than 5,000,000 parts."),
        (bombs.webp_header, "too_many_pixels The picture needs 4,345 MB when decoded (16,383 × 15,600 pixels in"),
        (bombs.webp_of_frames, "corrupt The file is damaged: it has more than 250,000 parts."),
        (bombs.heic_grid, "too_costly The file draws its picture over and over: "),
        (bombs.heic_overlay, "too_costly The file draws its picture over and over: "),
        (bombs.heic_of_slices, "too_costly The file draws its picture over and over: "),
        (bombs.heic_of_hidden_size, "too_costly The file draws its picture over and over: "),
        (bombs.heif_of_boxes, "corrupt The file is damaged and can't be read as HEIC."),
        (bombs.tiff_of_strips, "corrupt The file is damaged: its directory is impossibly large."),
        (bombs.tiff_of_values, "corrupt The file is damaged: its directory is impossibly large."),
        (bombs.tiff_of_tiles, "too_many_pixels The picture needs 25,000 MB when decoded (250,000 × 1 pixels in this"),
        (bombs.tiff_of_scans, "too_costly The file draws its picture over and over: "),
        (bombs.bmp_of_runs, "too_costly The file packs its picture in run lengths. A BMP that does may have 50 mega"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_would_take_too_much_is_refused_before_the_work(
    tmp_path: Path, bomb: Callable[[Path], None], sentence: str
) -> None:
    bomb(tmp_path / "bomb")
    assert said(tmp_path / "bomb", 100 * MEGABYTE)[: len(sentence)] == sentence


@pytest.mark.parametrize(
    "bomb",
    [
        bombs.png_of_raw_profiles,
        bombs.png_of_xmp,
        bombs.png_of_comments,
        bombs.png_of_profiles,
        bombs.png_private,
        bombs.jpeg_of_exifs,
        bombs.jpeg_of_packets,
        bombs.jpeg_of_values,
        bombs.jpeg_of_stray_bytes,
        bombs.gif_of_endings,
        bombs.jxl_of_boxes,
        bombs.xmp_of_elements,
    ],
    ids=lambda bomb: bomb.__name__,
)
def test_metadata_beyond_their_budget_are_left_out_and_the_photo_stays(
    tmp_path: Path, bomb: Callable[[Path], None]
) -> None:
    bomb(tmp_path / "bomb")
    assert said(tmp_path / "bomb", 150 * MEGABYTE) == ""


@pytest.mark.parametrize("mode", ["LA", "RGBA", "P"])
def test_a_transparent_picture_takes_no_memory_for_copies_of_it(tmp_path: Path, mode: str) -> None:
    image = Image.new("RGBA", (7000, 7000)).convert("P" if mode == "P" else mode)
    options = {"transparency": 0} if mode == "P" else {}
    path = photos.save(tmp_path / "original", image, "PNG", compress_level=1, **options)
    assert said(path, 7000 * 7000 * (1 if mode == "P" else 4) + 150 * MEGABYTE) == ""


def test_a_progressive_jpeg_of_as_many_scans_as_editors_make_is_shown(tmp_path: Path) -> None:
    path = photos.save(tmp_path / "original", Image.new("RGB", (12_000, 9000)), "JPEG", progressive=True)
    assert said(path, 600 * MEGABYTE) == ""


def test_xmp_behind_texts_that_take_the_budget_is_left_out_and_before_them_read(tmp_path: Path) -> None:
    packet = (
        b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:d="http://purl.org/dc/elements/1.1/">'
        b"<rdf:Description><d:title>Dunes</d:title></rdf:Description></rdf:RDF>"
    )
    xmp = bombs.chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + bombs.deflated(packet, 1))
    other = bombs.chunk(b"zTXt", b"Raw profile type exif\0\0" + bombs.deflated(b"\n" * MEGABYTE, 8))
    for before, title in (([xmp, other, other, other], "Dunes"), ([other, other, other, xmp], None)):
        bombs.png(tmp_path / "original", 8, 8, before=before)
        assert metadata.read(tmp_path / "original", file_type.PNG, LIMIT, "x.png").title == title


def test_a_decoder_that_takes_too_long_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = photos.save(tmp_path / "original", Image.new("RGB", (8000, 8000)), "JXL", effort=1)
    monkeypatch.setattr(apart, "CPU_SECONDS", 1)
    with pytest.raises(FileRejected) as refusal:
        renditions.make(path, file_type.JXL, LIMIT, tmp_path)
    assert refusal.value.code == "too_costly"
    assert refusal.value.detail == "The picture takes more than 1 seconds to decode, which is the limit."


@pytest.mark.parametrize("format_name", ["WEBP", "AVIF", "JXL"])
def test_the_memory_that_a_decoder_takes_counts_not_the_pixels_alone(tmp_path: Path, format_name: str) -> None:
    path = photos.save(tmp_path / "original", photos.scene(1000, 800), format_name)
    with pytest.raises(FileRejected) as refusal:
        renditions.make(path, file_type.identify(path), 800_000, tmp_path)
    assert refusal.value.code == "too_many_pixels"
    assert refusal.value.detail.startswith("The picture needs ")
    assert refusal.value.detail.endswith(" MB when decoded (1,000 × 800 pixels in this format); the limit is 6 MB.")
