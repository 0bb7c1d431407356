"""Files that are at fault, in bounded memory; and machines that are, which the files are not blamed for."""

import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

import pinhole
from pinhole.errors import FileRejected
from pinhole.imaging import file_type, metadata, renditions
from pinhole.imaging.file_type import JPEG
from pinhole.imaging.refusal import refusing_bad_bytes
from tests.core.imaging.bombs import chunk
from tests.fixtures import photos

LIMIT = 256_000_000
MEGABYTE = 1 << 20

limits_memory = pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a process's memory")

READ_AND_RENDER = """
import resource, sys, warnings
from pathlib import Path
import numpy  # loaded late, and no cost of the file
from pinhole.errors import FileRejected
from pinhole.imaging import file_type, metadata, renditions
path, limit = Path(sys.argv[1]), int(sys.argv[2])
used = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_DATA, (used + limit, used + limit))
warnings.simplefilter("error")
try:
    kind = file_type.identify(path)
    metadata.read(path, kind, 256_000_000, path.name)
    renditions.make(path, kind, 256_000_000, path.parent)
except FileRejected as refusal:
    print(refusal.code, refusal.detail)
"""


def refused(path: Path, limit: int = 200 * MEGABYTE) -> str:
    """What a process that may use `limit` bytes more than it needs to start says of the file."""
    result = subprocess.run(
        [sys.executable, "-c", READ_AND_RENDER, str(path), str(limit)],
        env={"PYTHONPATH": str(Path(pinhole.__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    return result.stdout.strip()


def png(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, data) for kind, data in parts)


def jpeg_header(width: int, height: int) -> bytes:
    start = b"\xff\xc0" + struct.pack(">HBHHB", 17, 8, height, width, 3) + b"\1\x11\0\2\x11\0\3\x11\0"
    return b"\xff\xd8" + start + b"\xff\xda" + b"\0\x0c\3\1\0\2\0\3\0\0\x3f\0" + b"\0" * 50 + b"\xff\xd9"


def deep_tiff(width: int, height: int, *bits: int) -> bytes:
    entries = [
        photos.long(0x100, width),
        photos.long(0x101, height),
        photos.short(0x102, *bits),
        photos.short(0x103, 8),
        photos.short(0x106, 2 if len(bits) > 1 else 1),
        photos.long(0x111, 8),
        photos.short(0x115, len(bits)),
        photos.long(0x116, height),
        photos.long(0x117, 100),
    ]
    return photos.tiff(entries)


def declared(format_name: str) -> bytes:
    """A small picture whose container declares it large."""
    buffer = BytesIO()
    photos.scene(512, 512).save(buffer, format_name)
    small = struct.pack(">4sIII", b"ispe", 0, 512, 512)
    assert small in buffer.getvalue()
    return buffer.getvalue().replace(small, struct.pack(">4sIII", b"ispe", 0, 100_000, 100_000))


def huge_webp() -> bytes:
    """16,384 pixels each way: the most that 14 bits hold."""
    buffer = BytesIO()
    photos.scene().save(buffer, "WEBP", lossless=True)
    content = bytearray(buffer.getvalue())
    sizes = content.index(b"VP8L") + 9
    content[sizes : sizes + 4] = (content[sizes + 3] << 24 | (1 << 28) - 1).to_bytes(8, "little")[:4]
    return bytes(content)


def split_jxl(*parts: bytes) -> bytes:
    head = b"\0\0\0\x0cJXL \r\n\x87\n" + box(b"ftyp", b"jxl \0\0\0\0jxl ")
    return head + b"".join(box(b"jxlp", struct.pack(">I", number) + part) for number, part in enumerate(parts))


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def composed_heic(kind: bytes, data: bytes, *, apart: bool) -> bytes:
    """A picture put together of others, which says its size in `data`; these lie in the `mdat` box if `apart`."""
    item = box(b"infe", b"\2\0\0\0" + struct.pack(">HH", 1, 0) + kind + b"\0")
    size = box(b"ispe", struct.pack(">III", 0, 100, 100))
    where = struct.pack(">HHHHHH", 1, 0 if apart else 1, 0, 2, 32 if apart else 0, 3)
    where += struct.pack(">HH", 35 if apart else 3, len(data) - 3)
    meta = box(b"iinf", b"\0\0\0\0\0\1" + item) + box(b"iprp", box(b"ipco", size)) + box(b"idat", data)
    meta += box(b"iloc", b"\1\0\0\0\x22\0\0\1" + where)
    start = box(b"ftyp", b"heic\0\0\0\0mif1heic")
    return start + (box(b"mdat", data) if apart else b"") + box(b"meta", b"\0\0\0\0" + meta)


JXL_HEADER = b"\xff\x0a" + (0b0_11 << 1 | (99_999 << 3) | 0b001 << 33).to_bytes(30, "little")

BOMBS = {
    "png": png(100_000, 100_000),
    "jpeg": jpeg_header(65_500, 65_500),
    "gif": b"GIF89a" + struct.pack("<HHBBB", 65535, 65535, 0, 0, 0) + b",\0\0\0\0\xff\xff\xff\xff\0\2\0;",
    "bmp": b"BM" + struct.pack("<IHHIIiiHHI", 100, 0, 0, 54, 40, 100_000, 100_000, 1, 24, 0) + b"\0" * 46,
    "tiff": deep_tiff(100_000, 100_000, 8, 8, 8),
    "deep tiff": deep_tiff(15_000, 15_000, 64, 64, 64, 64),
    "many samples": deep_tiff(15_000, 15_000, *[16] * 40),
    "jxl": JXL_HEADER,
    "jxl in parts": split_jxl(JXL_HEADER[:2], JXL_HEADER[2:5], JXL_HEADER[5:]),
    "webp": huge_webp(),
    "heif": declared("HEIF"),
    "avif": declared("AVIF"),
    "heif grid": composed_heic(b"grid", struct.pack(">BBBBII", 0, 1, 255, 255, 100_000, 100_000), apart=False),
    "heif grid apart": composed_heic(b"grid", struct.pack(">BBBBHH", 0, 0, 255, 255, 65535, 65535), apart=True),
    "heif overlay": composed_heic(b"iovl", struct.pack(">BB8sII", 0, 1, b"", 100_000, 100_000), apart=False),
}  # fmt: skip


@limits_memory
@pytest.mark.parametrize("name", BOMBS)
def test_a_header_that_claims_too_much_is_refused_before_anything_is_decoded(tmp_path: Path, name: str) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(BOMBS[name])
    assert refused(path).startswith("too_many_pixels The picture ")


@limits_memory
def test_a_real_bomb_is_refused_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "bomb"
    rows = zlib.compressobj(9)
    row = b"\0" * (1 + 3 * 20_000)
    data = b"".join(rows.compress(row) for _ in range(20_000)) + rows.flush()
    path.write_bytes(png(20_000, 20_000).split(b"IDAT")[0][:-4])
    with path.open("ab") as file:
        file.write(chunk(b"IDAT", data))
    assert path.stat().st_size < 3 * MEGABYTE
    assert refused(path, 50 * MEGABYTE) == (
        "too_many_pixels The picture has more than 256 megapixels, which is the limit."
    )


def text_bomb(compressed: bytes) -> bytes:
    return png(8, 8, (b"zTXt", b"Comment\0\0" + compressed))


def profile_bomb(compressed: bytes) -> bytes:
    return png(8, 8, (b"iCCP", b"icc\0\0" + compressed))


@limits_memory
@pytest.mark.parametrize("bomb", [text_bomb, profile_bomb])
def test_text_that_unpacks_to_gigabytes_is_left_out(tmp_path: Path, bomb: Callable[[bytes], bytes]) -> None:
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(b"\0" * MEGABYTE) for _ in range(1024)) + packer.flush()
    path = tmp_path / "bomb"
    path.write_bytes(bomb(packed))
    assert refused(path, 100 * MEGABYTE) == ""


@limits_memory
@pytest.mark.parametrize("format_name", ["WEBP", "AVIF", "HEIF", "JXL"])
def test_a_file_that_its_decoder_would_take_whole_into_memory_has_a_limit(tmp_path: Path, format_name: str) -> None:
    path = photos.save(tmp_path / "original", photos.scene(), format_name)
    with path.open("r+b") as file:
        file.truncate(1_200_000_000)
    extension = {"HEIF": "HEIC"}.get(format_name, format_name)
    assert refused(path) == f"too_large The file has 1,200 MB; the limit for {extension} is 1,000 MB."


def test_a_jpeg_xl_that_ends_in_its_header_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "original"
    path.write_bytes(split_jxl(JXL_HEADER[:2], JXL_HEADER[2:4]))
    with pytest.raises(FileRejected) as refusal:
        metadata.read(path, file_type.identify(path), LIMIT, "x.jxl")
    assert refusal.value.code == "corrupt"


@limits_memory
@pytest.mark.parametrize("container", ["JPEG", "TIFF"])
def test_a_value_that_a_thousand_entries_point_to_is_not_read_a_thousand_times(tmp_path: Path, container: str) -> None:
    count, value = 1020, b"\xc0" * 50_000  # as signed bytes, each of which Python keeps in an object of its own
    at = 8 + 2 + 12 * count + 4
    first = struct.pack("<HHII", 0x14A, 4, 8, at + len(value))
    entries = [first, *(struct.pack("<HHII", 0x1000 + i, 6, len(value), at) for i in range(count - 3))]
    entries += [struct.pack("<HHII", tag, 4, 1, 8) for tag in (0x8769, 0x8825)]
    block = (
        b"II*\0" + struct.pack("<IH", 8, count) + b"".join(entries) + bytes(4) + value + struct.pack("<8I", *[8] * 8)
    )
    path = tmp_path / "original"
    if container == "TIFF":
        path.write_bytes(block)
        assert refused(path).startswith("corrupt")
    else:
        photos.save(path, photos.scene(), container, exif=b"Exif\0\0" + block)
        assert refused(path) == ""


@limits_memory
def test_a_large_float_tiff_is_reduced_before_it_is_scaled(tmp_path: Path) -> None:
    path = photos.save(tmp_path / "original", Image.new("F", (5000, 5000), 0.5), "TIFF", compression="tiff_deflate")
    assert refused(path, 300 * MEGABYTE) == ""


@limits_memory
def test_xmp_that_multiplies_entities_is_not_read(tmp_path: Path) -> None:
    entities = '<!ENTITY a0 "boom">' + "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 12))
    packet = (
        f'<!DOCTYPE x [{entities}]><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/"><rdf:Description><dc:title>&a11;</dc:title>'
        "</rdf:Description></rdf:RDF>"
    )
    path = photos.save(tmp_path / "original", photos.scene(), "JPEG", xmp=packet.encode())
    assert refused(path, 60 * MEGABYTE) == ""
    assert metadata.read(path, JPEG, LIMIT, "x.jpg").title is None


@limits_memory
def test_directories_that_point_at_themselves_end(tmp_path: Path) -> None:
    path = tmp_path / "original"
    path.write_bytes(
        photos.tiff([photos.long(0x8769, 8), photos.long(0x8825, 8), photos.long(0x14A, 8, 8)], next_offset=8)
    )
    assert refused(path).startswith("corrupt")


@limits_memory
def test_a_value_of_gigabytes_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "original"
    content = photos.tiff([photos.long(0x100, 8), photos.long(0x101, 8), (0x10E, 2, 1 << 31, struct.pack("<I", 100))])
    with path.open("wb") as file:
        file.write(content)
        file.truncate(3 << 30)
    assert refused(path) == "corrupt The file is damaged: its directory is impossibly large."


FORMATS = ["JPEG", "PNG", "GIF", "WEBP", "AVIF", "HEIF", "TIFF", "BMP", "JXL"]


def picture(path: Path, format_name: str) -> Path:
    """With detail, so that a file has enough bytes to lose some."""
    image = Image.effect_noise((160, 120), 60).convert("RGB")
    return photos.save(path, image, format_name, **({"compression": "tiff_lzw"} if format_name == "TIFF" else {}))


@pytest.mark.parametrize("format_name", FORMATS)
def test_half_a_file_is_refused_as_incomplete(tmp_path: Path, format_name: str) -> None:
    whole = picture(tmp_path / "whole", format_name).read_bytes()
    path = tmp_path / "half"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FileRejected) as refusal:
        renditions.make(path, file_type.identify(path), LIMIT, tmp_path)
    # A bare JPEG XL codestream or a TIFF doesn't know how long it should be.
    assert refusal.value.code in (
        {"truncated"} if format_name not in ("JXL", "TIFF", "GIF") else {"truncated", "corrupt"}
    )


def test_a_jpeg_that_decoders_guess_over_is_refused(tmp_path: Path) -> None:
    image = Image.effect_noise((160, 120), 60)
    path = photos.save(tmp_path / "original", image, "JPEG", restart_marker_rows=1)
    content = bytearray(path.read_bytes())
    middle = content.index(b"\xff\xd3") + 20
    content[middle : middle + 2] = b"\xff\x9f"
    path.write_bytes(content)
    with Image.open(path) as guessed:
        guessed.load()
    with pytest.raises(FileRejected) as refusal:
        renditions.make(path, JPEG, LIMIT, tmp_path)
    assert (refusal.value.code, refusal.value.detail) == ("corrupt", "The file is damaged and can't be read as JPG.")


@pytest.mark.parametrize(("stray", "scans", "is_refused"), [(b"", 400, False), (b"", 600, True), (b"stray", 600, True)])
def test_a_jpeg_that_is_drawn_hundreds_of_times_is_refused(
    tmp_path: Path, stray: bytes, scans: int, is_refused: bool
) -> None:
    path = photos.save(tmp_path / "original", Image.new("L", (16, 16), 128), "JPEG", progressive=True)
    content = path.read_bytes()
    last = content[content.rindex(b"\xff\xda") : -2]
    path.write_bytes(content[:-2] + stray + scans * last + content[-2:])
    if not is_refused:
        assert metadata.read(path, JPEG, LIMIT, "x.jpg").width == 16
        return
    with pytest.raises(FileRejected, match="it draws its picture more than 500 times") as refusal:
        metadata.read(path, JPEG, LIMIT, "x.jpg")
    assert refusal.value.code == "corrupt"


def test_a_jpeg_of_endless_comments_is_refused(tmp_path: Path) -> None:
    path = photos.save(tmp_path / "original", photos.scene(), "JPEG")
    content = path.read_bytes()
    path.write_bytes(content[:2] + b"\xff\xfe\0\2" * 100_000 + content[2:])
    with pytest.raises(FileRejected, match="more than 100,000 parts"):
        metadata.read(path, JPEG, LIMIT, "x.jpg")


def test_a_full_machine_is_not_blamed_on_the_file(tmp_path: Path) -> None:
    path = picture(tmp_path / "original", "JPEG")
    for failure in (MemoryError(), OSError(28, "No space left on device"), OSError(5, "Input/output error")):
        with pytest.raises(type(failure)):
            with refusing_bad_bytes(path, JPEG, LIMIT):
                raise failure


@limits_memory
def test_too_little_memory_for_a_good_picture_is_not_blamed_on_it(tmp_path: Path) -> None:
    path = photos.save(tmp_path / "original", Image.new("RGB", (9000, 9000)), "PNG")
    with pytest.raises(subprocess.CalledProcessError) as failure:
        refused(path, 100 * MEGABYTE)
    assert "MemoryError" in failure.value.stderr


def damage(data: st.DataObject, content: bytes) -> bytes:
    damaged = bytearray(content)
    for _ in range(data.draw(st.integers(0, 6), "bytes changed")):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    start = data.draw(st.integers(0, len(damaged)), "cut from")
    if data.draw(st.booleans(), "cut out"):
        del damaged[start : start + data.draw(st.integers(1, 64))]
    elif data.draw(st.booleans(), "cut off"):
        del damaged[start:]
    return bytes(damaged)


@pytest.fixture(scope="module", params=[*FORMATS, "DNG", "JPEG in JXL"])
def original(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("original") / "original"
    tags = photos.exif(
        6, t0x9003="2020:01:01 00:00:00", t0x927C=b"Apple iOS\0\0\1MM\0\1\0\x11\0\2\0\0\0\5\0\0\0\x20ABCD\0"
    )
    scene = photos.scene()
    if request.param == "DNG":
        return photos.dng(scene, 6)
    if request.param == "JPEG in JXL":
        return photos.jpeg_in_jxl(path, scene, tags).read_bytes()
    options = {} if request.param in ("GIF", "BMP") else {"exif": tags.tobytes()}
    return photos.save(path, scene, request.param, **options).read_bytes()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_of_any_kind_ends_in_a_refusal_or_a_picture(
    tmp_path: Path, original: bytes, data: st.DataObject
) -> None:
    path = tmp_path / "damaged"
    path.write_bytes(damage(data, original))
    try:
        kind = file_type.identify(path)
        metadata.read(path, kind, LIMIT, "x")
        if kind.kind == "photo":
            renditions.make(path, kind, LIMIT, tmp_path)
    except FileRejected as refusal:
        assert refusal.detail  # noqa: PT017
