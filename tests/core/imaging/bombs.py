"""Files made to cost more than they are worth, each a few lines of what an attacker would write."""

import struct
import zlib
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

import brotli  # type: ignore[import-untyped]
from PIL import Image

from tests.fixtures import photos

MEGABYTE = 1 << 20
SIDE = 4000  # of the picture that others are put together of


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(path: Path, width: int, height: int, *, colour: int = 2, before: Iterable[bytes] = ()) -> None:
    """A flat picture; `colour` is PNG's number for grey (0), RGB (2), grey and alpha (4)."""
    row = bytes(1 + width * {0: 1, 2: 3, 4: 2}[colour])
    rows = zlib.compressobj(9)
    with path.open("wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)))
        file.writelines(before)
        at_once = max(1, MEGABYTE // len(row))
        packed = [rows.compress(row * min(at_once, height - at)) for at in range(0, height, at_once)]
        file.write(chunk(b"IDAT", b"".join(packed) + rows.flush()) + chunk(b"IEND", b""))


def deflated(unit: bytes, count: int) -> bytes:
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(unit) for _ in range(count)) + packer.flush()


def png_of_raw_profiles(path: Path) -> None:
    """Twenty texts of 8 MB of empty lines, each of which once became an object."""
    text = chunk(b"zTXt", b"Raw profile type exif\0\0" + deflated(b"\n" * MEGABYTE, 8))
    png(path, 8, 8, before=[text] * 20)


def png_of_xmp(path: Path) -> None:
    text = chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + deflated(b" " * MEGABYTE, 8))
    png(path, 8, 8, before=[text] * 2000)


def png_of_comments(path: Path) -> None:
    text = chunk(b"zTXt", b"Comment\0\0" + deflated(b" " * (MEGABYTE - 1), 1))
    png(path, 8, 8, before=[text] * 20_000)


def png_of_profiles(path: Path) -> None:
    text = chunk(b"iCCP", b"icc\0\0" + deflated(b" " * (MEGABYTE - 1), 1))
    png(path, 8, 8, before=[text] * 20_000)


def png_column(path: Path) -> None:
    png(path, 1, 250_000_001, colour=0)


def png_row(path: Path) -> None:
    png(path, 250_000_001, 1, colour=0)


def png_private(path: Path) -> None:
    """A chunk of two gigabytes that nobody knows; most of the file are holes."""
    length = (1 << 31) - 1
    with path.open("wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)))
        file.write(struct.pack(">I", length) + b"prVt")
        file.seek(length, 1)
        file.write(b"\0\0\0\0" + chunk(b"IDAT", zlib.compress(bytes(8 * 25))) + chunk(b"IEND", b""))


def png_of_empty_parts(path: Path) -> None:
    png(path, 8, 8, before=[chunk(b"IDAT", b"") * 100_000] * 3)


def scans(path: Path, side: int, count: int) -> None:
    """A progressive JPEG whose last scan, of nothing, comes again and again."""
    buffer = BytesIO()
    Image.new("L", (side, side), 128).save(buffer, "JPEG", progressive=True)
    content = buffer.getvalue()
    last = content[content.rindex(b"\xff\xda") : -2]
    path.write_bytes(content[:-2] + last * count + content[-2:])


def jpeg_of_scans(path: Path) -> None:
    scans(path, 8000, 480)


def jpeg(path: Path, before: Iterable[bytes]) -> None:
    buffer = BytesIO()
    photos.scene().save(buffer, "JPEG")
    content = buffer.getvalue()
    at = content.index(b"\xff\xdb")
    with path.open("wb") as file:
        file.write(content[:at])
        file.writelines(before)
        file.write(content[at:])


def segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, 2 + len(data)) + data


def jpeg_of_exifs(path: Path) -> None:
    jpeg(path, [segment(0xE1, b"Exif\0\0" + bytes(65_500))] * 1000)


def jpeg_of_packets(path: Path) -> None:
    """Of XMP: 40,000 packets, each of which names another extension, and as many extensions."""
    names = [f"{index:032X}".encode() for index in range(40_000)]
    packets = [segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<a HasExtendedXMP='" + name + b"'/>") for name in names]
    head = b"http://ns.adobe.com/xmp/extension/\0"
    jpeg(path, [*packets, *(segment(0xE1, head + name + bytes(8) + b"<b/>") for name in names)])


def jpeg_of_values(path: Path) -> None:
    """A directory of 60,000 values, each of which is the whole block."""
    count = 60_000
    entries = b"".join(struct.pack("<HHII", index + 300, 7, 700_000, 8) for index in range(count))
    block = b"II*\0" + struct.pack("<IH", 8, count) + entries + bytes(100_000)
    parts = [b"Exif\0\0" + block[at : at + 65_000] for at in range(0, len(block), 65_000)]
    jpeg(path, [segment(0xE1, part) for part in parts])


def jpeg_of_stray_bytes(path: Path) -> None:
    jpeg(path, [bytes(MEGABYTE)] * 30)


def jpeg_of_tables(path: Path) -> None:
    jpeg(path, [segment(0xDB, (b"\0" + b"\1" * 64) * 1000)] * 1500)


def gif(path: Path, width: int, height: int, before: Iterable[bytes] = (), after: Iterable[bytes] = ()) -> None:
    buffer = BytesIO()
    Image.new("P", (width, height)).save(buffer, "GIF")
    content = buffer.getvalue()
    at = content.index(b",\0\0\0\0")
    with path.open("wb") as file:
        file.write(content[:at])
        file.writelines(before)
        file.write(content[at:-1])
        file.writelines(after)
        file.write(b";")


def gif_of_comments(path: Path) -> None:
    gif(path, 8, 8, before=[b"!\xfe", *[b"\1x" * MEGABYTE] * 20, b"\0"])


def gif_of_endings(path: Path) -> None:
    """Its picture is followed by ten million blocks of one byte, which hide whether it moves."""
    buffer = BytesIO()
    Image.new("P", (8, 8)).save(buffer, "GIF")
    with path.open("wb") as file:
        file.write(buffer.getvalue()[:-2])
        file.writelines([b"\1\0" * MEGABYTE] * 10)
        file.write(b"\0;")


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"WEBP" + b"".join(
        kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for kind, data in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def webp_header(path: Path) -> None:
    """A VP8X canvas of 16,383 × 15,600, and nothing on it: 30 bytes and a little."""
    size = (16_382).to_bytes(3, "little") + (15_599).to_bytes(3, "little")
    path.write_bytes(riff((b"VP8X", b"\2\0\0\0" + size), (b"ANIM", bytes(6))))


def webp_of_frames(path: Path) -> None:
    buffer = BytesIO()
    Image.new("RGB", (1, 1)).save(buffer, "WEBP", lossless=True)
    frame = buffer.getvalue()[12:]
    body = bytes(16) + frame
    moving = b"ANMF" + struct.pack("<I", len(body)) + body
    with path.open("wb") as file:
        count = 1_500_000
        head = b"VP8X" + struct.pack("<I", 10) + b"\2\0\0\0" + bytes(6) + b"ANIM" + struct.pack("<I", 6) + bytes(6)
        file.write(b"RIFF" + struct.pack("<I", 4 + len(head) + count * len(moving)) + b"WEBP" + head)
        file.writelines([moving * 1000] * (count // 1000))


def box(kind: bytes, *contents: bytes) -> bytes:
    content = b"".join(contents)
    return struct.pack(">I4s", 8 + len(content), kind) + content


def full_box(kind: bytes, *contents: bytes, version: int = 0) -> bytes:
    return box(kind, bytes([version, 0, 0, 0]), *contents)


def derived(kind: bytes, data: bytes, references: int, *, claimed: int = SIDE, slices: int = 0) -> bytes:
    """A picture that is put together of one coded picture, `references` times over.

    claimed: how large that is said to be. slices: how often its last slice comes again, as one that begins no picture.
    """
    buffer = BytesIO()
    Image.new("RGB", (SIDE, SIDE), (90, 90, 90)).save(buffer, "HEIF", quality=30)
    source = buffer.getvalue()
    at = source.index(b"mdat") + 4
    length = struct.unpack(">I", source[at - 8 : at - 4])[0] - 8
    coded = source[at : at + length]
    last = 0
    while (following := last + 4 + struct.unpack(">I", coded[last : last + 4])[0]) < len(coded):
        last = following
    coded += (coded[last : last + 6] + bytes([coded[last + 6] & 0x7F]) + coded[last + 7 :]) * slices
    properties = source[source.index(b"ipco") - 4 :]
    properties = properties[: struct.unpack(">I", properties[:4])[0]]
    children, where = [], 8
    while where < len(properties):
        size = struct.unpack(">I", properties[where : where + 4])[0]
        children.append(properties[where : where + size])
        where += size
    config = next(child for child in children if child[4:8] == b"hvcC")

    def meta(offset: int) -> bytes:
        entries = [full_box(b"infe", struct.pack(">HH4sB", number, 0, name, 0), version=2)
                   for number, name in ((1, kind), (2, b"hvc1"))]  # fmt: skip
        locations = struct.pack(">HHHHII", 1, 0, 0, 1, offset, len(data))
        coded_at = offset + len(data)
        locations += struct.pack(">HHHHIIII", 2, 0, 0, 2, coded_at, 2, coded_at + 2, len(coded) - 2)
        sizes = [
            full_box(b"ispe", struct.pack(">II", SIDE, SIDE)),
            full_box(b"ispe", struct.pack(">II", *[claimed] * 2)),
        ]
        associations = struct.pack(">IHBBHBBB", 2, 1, 1, 1, 2, 2, 2, 0x83)
        return full_box(
            b"meta",
            full_box(b"hdlr", bytes(4) + b"pict" + bytes(13)),
            full_box(b"pitm", struct.pack(">H", 1)),
            full_box(b"iinf", struct.pack(">H", 2), *entries),
            full_box(b"iref", box(b"dimg", struct.pack(">HH", 1, references), struct.pack(">H", 2) * references)),
            box(b"iprp", box(b"ipco", *sizes, config), full_box(b"ipma", associations)),
            full_box(b"iloc", struct.pack(">HH", 0x4400, 2), locations, version=1),
        )

    head = box(b"ftyp", b"heic\0\0\0\0mif1heicmiaf")
    return head + meta(len(head) + len(meta(0)) + 8) + box(b"mdat", data, coded)


def heic_overlay(path: Path) -> None:
    """500 times the same picture of 16 megapixels, laid over one another."""
    data = struct.pack(">BB4HII", 0, 1, 0, 0, 0, 0, SIDE, SIDE) + bytes(8 * 500)
    path.write_bytes(derived(b"iovl", data, 500))


def heic_grid(path: Path) -> None:
    """A grid of 256 cells of 16 megapixels, of which it shows 16."""
    data = struct.pack(">BBBBII", 0, 1, 15, 15, SIDE, SIDE)
    path.write_bytes(derived(b"grid", data, 256))


def heic_of_slices(path: Path) -> None:
    """A picture of 16 megapixels that 100 more slices draw again; the length of its first unit lies in two places."""
    path.write_bytes(derived(b"grid", struct.pack(">BBBBII", 0, 1, 0, 0, SIDE, SIDE), 1, slices=100))


def heic_of_hidden_size(path: Path) -> None:
    """A grid of 256 pictures that are said to have 64 × 64 pixels, and have 16 megapixels."""
    path.write_bytes(derived(b"grid", struct.pack(">BBBBII", 0, 1, 15, 15, 1024, 1024), 256, claimed=64))


def heif_of_boxes(path: Path) -> None:
    leaf = box(b"ispe", bytes(4) + struct.pack(">II", 8, 8)) * 500
    meta = full_box(b"meta", box(b"iprp", box(b"ipco", leaf) * 100) * 10)
    path.write_bytes(box(b"ftyp", b"heic\0\0\0\0mif1heic") + meta * 3)


def tiff(path: Path, entries: list[photos.Entry], size: int = 0) -> None:
    path.write_bytes(photos.tiff(entries))
    if size:
        with path.open("r+b") as file:
            file.truncate(size)


def tiff_of_strips(path: Path) -> None:
    """Four million strips of one row, of which 8 exist."""
    count = 4_000_000
    at = 1024
    entries = [photos.long(0x100, 8), photos.long(0x101, 8), photos.short(0x102, 8), photos.short(0x103, 1),
               photos.short(0x106, 1), (0x111, 4, count, struct.pack("<I", at)), photos.short(0x115, 1),
               photos.long(0x116, 1), (0x117, 4, count, struct.pack("<I", at))]  # fmt: skip
    tiff(path, entries, at + 4 * count)


def tiff_of_values(path: Path) -> None:
    count, size = 60_000, 4 << 20
    entries = b"".join(struct.pack("<HHII", index + 0x1000, 7, size, 8) for index in range(count))
    head = [photos.long(0x100, 8), photos.long(0x101, 8), photos.short(0x102, 8)]
    first = b"".join(
        struct.pack("<HHI", tag, kind, number) + value.ljust(4, b"\0") for tag, kind, number, value in head
    )
    path.write_bytes(b"II*\0" + struct.pack("<IH", 8, count + 3) + first + entries + bytes(4 + size))


def tiff_of_tiles(path: Path) -> None:
    """A row of 250,000 pixels in tiles of 16 × 100,000, all of which lie in the same bytes."""
    side = 100_000
    packed = deflated(bytes(side), 16)
    count = 250_000 // 16
    at = 1024
    offsets = at + len(packed)
    entries = [photos.long(0x100, 250_000), photos.long(0x101, 1), photos.short(0x102, 8), photos.short(0x103, 8),
               photos.short(0x106, 1), photos.short(0x115, 1), photos.long(0x142, 16), photos.long(0x143, side),
               (0x144, 4, count, struct.pack("<I", offsets)),
               (0x145, 4, count, struct.pack("<I", offsets + 4 * count))]  # fmt: skip
    head = photos.tiff(entries)
    path.write_bytes(
        head.ljust(at, b"\0") + packed + struct.pack("<I", at) * count + struct.pack("<I", len(packed)) * count
    )


def tiff_of_scans(path: Path) -> None:
    """Strips of 1,024 × 1,024 pixels, all of them the same JPEG of 90 scans."""
    strip = path.with_suffix(".strip")
    scans(strip, 1024, 80)
    content = strip.read_bytes()
    count, at = 200, 1024
    offsets = at + len(content)
    entries = [photos.long(0x100, 1024), photos.long(0x101, 1024 * count), photos.short(0x102, 8),
               photos.short(0x103, 7), photos.short(0x106, 1), photos.short(0x115, 1), photos.long(0x116, 1024),
               (0x111, 4, count, struct.pack("<I", offsets)),
               (0x117, 4, count, struct.pack("<I", offsets + 4 * count))]  # fmt: skip
    head = photos.tiff(entries).ljust(at, b"\0") + content
    path.write_bytes(head + struct.pack("<I", at) * count + struct.pack("<I", len(content)) * count)


def bmp_of_runs(path: Path) -> None:
    """Rows of one pixel and an end: the rest is filled byte by byte."""
    width, height = 15_900, 15_900
    head = struct.pack("<IHHIIiiHHIIiiII", 0, 0, 0, 54 + 1024, 40, width, height, 1, 8, 1, 0, 0, 0, 256, 0)
    path.write_bytes(b"BM" + head + bytes(1024) + b"\1\0\0\0" * height + b"\0\1")


def jxl_of_boxes(path: Path) -> None:
    """4,000 boxes that unpack to 4 MB each, all under other names."""
    packed: bytes = brotli.compress(b" " * (4 * MEGABYTE))
    buffer = BytesIO()
    photos.scene().save(buffer, "JXL")
    codestream = box(b"jxlc", buffer.getvalue())
    head = b"\0\0\0\x0cJXL \r\n\x87\n" + box(b"ftyp", b"jxl \0\0\0\0jxl ")
    path.write_bytes(head + codestream + b"".join(box(b"brob", b"%04d" % i, packed) for i in range(4000)))


def xmp_of_elements(path: Path) -> None:
    packet = (
        b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:d="http://purl.org/dc/elements/1.1/">'
        b"<rdf:Description>" + b"<d:a>x</d:a>" * 85_000 + b"</rdf:Description></rdf:RDF>"
    )
    png(path, 8, 8, before=[chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet)])
