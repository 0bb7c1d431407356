"""XMP, IPTC and EXIF wherever containers hold them, whole or damaged in a place."""

import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from pinhole.imaging import file_type, metadata
from pinhole.imaging.metadata import FileMetadata
from tests.core.imaging.files import LIMIT, iptc, of, png_with, read, segmented, xmp
from tests.fixtures import photos

APP1, APP13 = 0xE1, 0xED
XMP, EXTENSION = b"http://ns.adobe.com/xap/1.0/\0", b"http://ns.adobe.com/xmp/extension/\0"
SUBJECT = "<dc:subject><rdf:Bag><rdf:li>sea</rdf:li></rdf:Bag></dc:subject>"
NOTE = "http://ns.adobe.com/xmp/note/"


def wrapped(packet: bytes) -> bytes:
    mark = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'.encode()
    return mark + packet + b"\n" * 50 + b'<?xpacket end="w"?>'


def tiff_with(path: Path, *entries: photos.Entry, order: str = "<") -> Path:
    """One black pixel, and what else a TIFF may hold."""
    return_to = [
        photos.short(0x100, 1, order=order),
        photos.short(0x101, 1, order=order),
        photos.short(0x102, 8, order=order),
        photos.short(0x103, 1, order=order),
        photos.short(0x106, 1, order=order),
        photos.long(0x111, 8, order=order),
        photos.short(0x115, 1, order=order),
        photos.long(0x116, 1, order=order),
        photos.long(0x117, 1, order=order),
    ]
    path.write_bytes(photos.tiff([*return_to, *entries], order))
    return path


def resources(*blocks: tuple[int, bytes]) -> bytes:
    return b"".join(
        b"8BIM" + struct.pack(">H", number) + b"\0\0" + struct.pack(">I", len(data)) + data + b"\0" * (len(data) % 2)
        for number, data in blocks
    )


def data_sets(*records: tuple[int, int, bytes]) -> bytes:
    return iptc(*records)[26:]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-16", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("is_wrapped", [True, False])
def test_xmp_is_read_in_every_encoding_that_it_may_have(tmp_path: Path, encoding: str, *, is_wrapped: bool) -> None:
    packet = xmp("<dc:title>Köln</dc:title>", xmp_Rating="4")
    content = (wrapped(packet) if is_wrapped else packet).decode().encode(encoding)
    found = read(segmented(tmp_path / "original", (APP1, XMP + content)))
    assert (found.title, found.rating) == ("Köln", 4)


@pytest.mark.parametrize("kind", [1, 2, 7])
def test_long_xmp_of_a_tiff_is_read_whatever_type_it_is_stored_as(tmp_path: Path, kind: int) -> None:
    packet = xmp(f"<dc:rights>{'x' * 100_000}</dc:rights>{SUBJECT}", xmp_Rating="4")
    found = read(tiff_with(tmp_path / "original", (0x2BC, kind, len(packet), packet)))
    assert (found.rating, found.keywords) == (4, ("sea",))


def test_long_xmp_and_iptc_of_a_dng_are_read(tmp_path: Path) -> None:
    packet = xmp(f"<dc:rights>{'x' * 100_000}</dc:rights>", xmp_Rating="4")
    written = data_sets((2, 5, b"A title")).ljust(12, b"\0")
    whole = photos.dng(photos.scene(128, 96))
    at = len(whole) + len(whole) % 2
    # The first directory moves to the end, with more in it.
    (count,) = struct.unpack("<H", whole[8:10])
    entries = whole[10 : 10 + 12 * count]
    added = struct.pack("<HHII", 0x2BC, 1, len(packet), at) + struct.pack("<HHII", 0x83BB, 4, 3, at + len(packet))
    directory = struct.pack("<H", count + 2) + entries + added + bytes(4)
    path = tmp_path / "original"
    start = at + len(packet) + len(written)
    path.write_bytes(
        b"II*\0" + struct.pack("<I", start) + whole[8:].ljust(at - 8, b"\0") + packet + written + directory
    )
    found = metadata.read(path, file_type.DNG, LIMIT, "photo.dng")
    assert (found.rating, found.title) == (4, "A title")


def test_extended_xmp_is_put_together_by_its_offsets(tmp_path: Path) -> None:
    digest = b"0123456789ABCDEF0123456789ABCDEF"
    more = xmp(f"<dc:rights>{'x' * 100_000}</dc:rights>{SUBJECT}")
    first = xmp(f"<n:HasExtendedXMP xmlns:n='{NOTE}'>{digest.decode()}</n:HasExtendedXMP>", xmp_Rating="4")
    parts = [
        (APP1, EXTENSION + digest + struct.pack(">II", len(more), at) + more[at : at + 60_000])
        for at in range(0, len(more), 60_000)
    ]
    found = read(segmented(tmp_path / "original", parts[1], (APP1, XMP + first), parts[0]))
    assert (found.rating, found.keywords) == (4, ("sea",))
    other = read(segmented(tmp_path / "other", (APP1, XMP + xmp(xmp_Rating="4")), *parts))
    assert (other.rating, other.keywords) == (4, ())
    missing = read(segmented(tmp_path / "missing", (APP1, XMP + first), parts[1]))
    assert (missing.rating, missing.keywords) == (4, ())


def test_extended_xmp_that_is_too_large_costs_nothing_else(tmp_path: Path) -> None:
    digest = b"0123456789ABCDEF0123456789ABCDEF"
    first = xmp(f"<n:HasExtendedXMP xmlns:n='{NOTE}'>{digest.decode()}</n:HasExtendedXMP>", xmp_Rating="4")
    parts = [
        (APP1, EXTENSION + digest + struct.pack(">II", 40 * 60_000, at * 60_000) + b"x" * 60_000) for at in range(40)
    ]
    assert read(segmented(tmp_path / "original", (APP1, XMP + first), *parts)).rating == 4


def test_of_several_packets_a_later_one_says_what_the_first_does_not(tmp_path: Path) -> None:
    first, second = xmp(xmp_Rating="4"), xmp(SUBJECT, xmp_Rating="2")
    segments = [(APP1, XMP + wrapped(packet)) for packet in (first, second)]
    found = read(segmented(tmp_path / "original", *segments))
    assert (found.rating, found.keywords) == (4, ("sea",))
    behind = wrapped(first) + wrapped(second)
    found = read(segmented(tmp_path / "behind", (APP1, XMP + behind)))
    assert (found.rating, found.keywords) == (4, ("sea",))
    broken = read(segmented(tmp_path / "broken", (APP1, XMP + first[:200]), (APP1, XMP + second)))
    assert (broken.rating, broken.keywords) == (2, ("sea",))


@pytest.mark.parametrize(
    "bad",
    [b"\x01", b"\x00", b"&#x1;", b"&#0;", b"\xff", b"\xc3(", b"\xef\xbf\xbf", b"&#xFFFE;", b"&#xD800;", b"&#99999999;"],
)
def test_a_bad_character_in_xmp_loses_its_value_and_nothing_else(tmp_path: Path, bad: bytes) -> None:
    packet = xmp("<dc:title>A @ title</dc:title><dc:description>Köln</dc:description>", xmp_Rating="4")
    packet = packet.replace(b"@", bad)
    for path in (
        segmented(tmp_path / "jpeg", (APP1, XMP + packet)),
        tiff_with(tmp_path / "tiff", (0x2BC, 1, len(packet), packet)),
    ):
        found = read(path)
        assert (found.title, found.description, found.rating) == (None, "Köln", 4)


@pytest.mark.parametrize("bare", ["Tom & Anna", "Q&A", "a&nbsp;b"])
def test_a_bare_ampersand_in_xmp_stands_for_itself(tmp_path: Path, bare: str) -> None:
    packet = xmp(f"<dc:title>{bare}</dc:title><dc:description>1 &lt; 2</dc:description>", xmp_Rating="4")
    found = of(tmp_path, xmp=packet)
    assert (found.title, found.description, found.rating) == (bare, "1 < 2", 4)


def test_xmp_of_a_gif_is_read(tmp_path: Path) -> None:
    path = photos.save(tmp_path / "original", photos.scene(), "GIF")
    content = path.read_bytes()
    trailer = b"\1" + bytes(range(255, -1, -1)) + b"\0"
    block = b"\x21\xff\x0bXMP DataXMP" + wrapped(xmp("<dc:title>Waves</dc:title>")) + trailer
    at = content.index(b"\x2c", 13 + 3 * 2 ** ((content[10] & 7) + 1))
    path.write_bytes(content[:at] + block + content[at:])
    found = read(path)
    assert (found.title, found.is_animated) == ("Waves", False)
    path.write_bytes(content[:-1] + block + content[-1:])
    assert read(path).title == "Waves"


@pytest.mark.parametrize("size", [20, 60, 328, 70_000])
@pytest.mark.parametrize("kind", [1, 4, 7, 2])
@pytest.mark.parametrize("order", ["<", ">"])
def test_iptc_of_a_tiff_is_read_whatever_type_it_is_stored_as(tmp_path: Path, size: int, kind: int, order: str) -> None:
    records = [(2, 5, b"A title"), *[(2, 120, b"c" * min(size - 17, 30_000))] * (size > 20)]
    block = data_sets(*records).ljust(size, b"\0")
    entry = (0x83BB, kind, len(block) // (4 if kind == 4 else 1), block)
    assert read(tiff_with(tmp_path / "original", entry, order=order)).title == "A title"


def test_iptc_of_a_tiff_is_read_where_its_bytes_were_turned_as_numbers(tmp_path: Path) -> None:
    block = data_sets((2, 5, b"A title")).ljust(20, b"\0")
    turned = b"".join(block[at : at + 4][::-1] for at in range(0, len(block), 4))
    assert read(tiff_with(tmp_path / "original", (0x83BB, 4, 5, turned))).title == "A title"


def test_iptc_and_xmp_in_the_photoshop_block_of_a_tiff_are_read(tmp_path: Path) -> None:
    block = resources((0x03ED, b"abc"), (0x0404, data_sets((2, 5, b"A title"))), (0x0424, xmp(xmp_Rating="4")))
    found = read(tiff_with(tmp_path / "original", (0x8649, 1, len(block), block)))
    assert (found.title, found.rating) == ("A title", 4)


def test_photoshops_resources_may_lie_in_several_segments(tmp_path: Path) -> None:
    whole = resources((0x03ED, b"abc"), (0x0404, data_sets((2, 5, b"A title"))))
    head = b"Photoshop 3.0\0"
    for cut in (16, 20, 40):
        path = segmented(tmp_path / "original", (APP13, head + whole[:cut]), (APP13, head + whole[cut:]))
        assert read(path).title == "A title"
    stray = segmented(tmp_path / "stray", (APP13, head + resources((0x03ED, b"abc")) + b"??"), (APP13, head + whole))
    assert read(stray).title == "A title"


def raw_profile(kind: str, block: bytes, behind: str = "", packed: bool = True) -> tuple[bytes, bytes]:
    lines = "\n".join(block.hex()[at : at + 72] for at in range(0, 2 * len(block), 72))
    text = f"\n{kind}\n{len(block):8}\n{lines}\n{behind}".encode()
    keyword = f"Raw profile type {kind}".encode()
    return (b"zTXt", keyword + b"\0\0" + zlib.compress(text)) if packed else (b"tEXt", keyword + b"\0" + text)


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("behind", ["", "00", "0", "0g", "\n\nmore"])
def test_the_raw_profiles_of_imagemagicks_png_are_read(tmp_path: Path, behind: str, *, packed: bool) -> None:
    tags = Image.Exif()
    tags[0x110] = "Camera Obscura"
    exif = tags.tobytes()
    assert exif.startswith(b"Exif\0\0")

    def found(kind: str, block: bytes) -> FileMetadata:
        return read(png_with(tmp_path / "original", raw_profile(kind, block, behind, packed)))

    for kind, block in (("exif", exif), ("APP1", exif), ("exif", exif[6:])):
        assert found(kind, block).camera_model == "Camera Obscura"
    written = data_sets((2, 5, "Straße".encode("cp1252")))
    for kind, block in (
        ("iptc", written),
        ("8bim", resources((0x0404, written))),
        ("iptc", resources((0x0404, written))),
    ):
        assert found(kind, block).title == "Straße"
    for kind, block in (("xmp", xmp(xmp_Rating="4")), ("APP1", XMP + xmp(xmp_Rating="4"))):
        assert found(kind, block).rating == 4


def test_a_raw_profile_that_is_none_costs_nothing_else(tmp_path: Path) -> None:
    for text in (b"", b"\niptc\n", b"\niptc\nmany\n1c02", b"\niptc\n 9\nzz", b"\niptc\n" + b"9" * 5000 + b"\n1c02"):
        chunk = b"Raw profile type iptc\0" + text
        packet = b"XML:com.adobe.xmp\0\0\0\0\0" + xmp(xmp_Rating="4")
        found = read(png_with(tmp_path / "original", (b"tEXt", chunk), (b"iTXt", packet)))
        assert (found.title, found.rating) == (None, 4)


HIERARCHY = (
    "<mwg-kw:Keywords rdf:parseType='Resource'><mwg-kw:Hierarchy><rdf:Bag><rdf:li rdf:parseType='Resource'>"
    "<mwg-kw:Keyword>Places</mwg-kw:Keyword><mwg-kw:Children><rdf:Bag><rdf:li mwg-kw:Keyword='Paris'/></rdf:Bag>"
    "</mwg-kw:Children></rdf:li></rdf:Bag></mwg-kw:Hierarchy></mwg-kw:Keywords>"
)
CATEGORIES = "<Categories><Category Assigned='0'>Places<Category Assigned='1'>Paris</Category></Category></Categories>"


@pytest.mark.parametrize(
    "content",
    [
        "<digiKam:TagsList><rdf:Seq><rdf:li>Places/Paris</rdf:li></rdf:Seq></digiKam:TagsList>",
        "<MicrosoftPhoto:LastKeywordXMP><rdf:Bag><rdf:li>Places/Paris</rdf:li></rdf:Bag></MicrosoftPhoto:LastKeywordXMP>",
        "<lr:hierarchicalSubject><rdf:Bag><rdf:li>Places|Paris</rdf:li></rdf:Bag></lr:hierarchicalSubject>",
        "<mediapro:CatalogSets><rdf:Bag><rdf:li>Places|Paris</rdf:li></rdf:Bag></mediapro:CatalogSets>",
        "<acdsee:keywords><rdf:Bag><rdf:li>Paris</rdf:li></rdf:Bag></acdsee:keywords>",
        f"<acdsee:categories>{CATEGORIES.replace('<', '&lt;')}</acdsee:categories>",
        HIERARCHY,
    ],
)
def test_keywords_of_a_hierarchy_are_its_last_words(tmp_path: Path, content: str) -> None:
    assert of(tmp_path, xmp=xmp(content)).keywords == ("Paris",)


def test_a_keyword_that_stands_in_several_lists_is_one(tmp_path: Path) -> None:
    content = (
        "<dc:subject><rdf:Bag><rdf:li>Paris</rdf:li><rdf:li>AC/DC</rdf:li></rdf:Bag></dc:subject>"
        "<digiKam:TagsList><rdf:Seq><rdf:li>Places/Paris</rdf:li><rdf:li>AC/DC</rdf:li></rdf:Seq></digiKam:TagsList>"
    )
    assert of(tmp_path, xmp=xmp(content)).keywords == ("Paris", "AC/DC")


@pytest.mark.parametrize(
    ("percent", "stars"),
    [("1", 1), ("25", 2), ("50", 3), ("75", 4), ("99", 5), ("0", None), ("-1", None), ("200", None)],
)
def test_windows_rates_in_percent(tmp_path: Path, percent: str, stars: int | None) -> None:
    assert of(tmp_path, xmp=xmp(MicrosoftPhoto_Rating=percent)).rating == stars
    if percent.isdecimal():
        tags = Image.Exif()
        tags[0x4749] = int(percent)
        assert of(tmp_path, exif=tags).rating == stars


def test_stars_come_before_percent(tmp_path: Path) -> None:
    assert of(tmp_path, xmp=xmp(xmp_Rating="2", MicrosoftPhoto_Rating="99")).rating == 2
    assert of(tmp_path, xmp=xmp(xmp_Rating="0", MicrosoftPhoto_Rating="99")).rating is None
    assert of(tmp_path, xmp=xmp(acdsee_rating="3")).rating == 3


@pytest.mark.parametrize("entry", [photos.short(0x8827, 800), photos.short(0x17, 800), photos.long(0x37, 800)])
def test_the_iso_of_panasonics_raw_is_in_its_first_directory(
    tmp_path: Path, entry: photos.Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "original"
    path.write_bytes(photos.tiff([entry], magic=0x55))
    monkeypatch.setattr("pinhole.imaging.apart.raw_size", lambda *_: (64, 48))  # which LibRaw reads from pixels
    assert file_type.identify(path) == file_type.RW2
    assert metadata.read(path, file_type.RW2, LIMIT, "photo.rw2").iso == 800
