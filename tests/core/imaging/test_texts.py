"""Texts in every encoding that writers use, and which of them no person wrote."""

import struct
from pathlib import Path

import pytest
from PIL import Image

from pinhole.imaging.camera_text import is_said
from tests.core.imaging.files import iptc, of, read, segmented, xmp
from tests.fixtures import photos


def commented(tmp_path: Path, comment: bytes, kind: int = 7, order: str = "<") -> str | None:
    pointer = photos.tiff([photos.long(0x8769, 26, order=order)], order)
    block = pointer + photos.directory([(0x9286, kind, len(comment), comment)], 26, order)
    return read(photos.save(tmp_path / "original", photos.scene(), "JPEG", exif=b"Exif\0\0" + block)).description


@pytest.mark.parametrize(
    "comment",
    [
        b"ASCII\0\0\0Our first day",
        b"ascii\0\0\0Our first day\0\0\0\0",
        b"\0" * 8 + b"Our first day\0",
        b"        Our first day  ",
        b"Our first day",
        b'charset="Ascii" Our first day',
        b"ASCII\0\0\0charset=Ascii Our first day",
        b"UNICODE\0" + "Our first day".encode("utf-16-le"),
        b"UNICODE\0" + "Our first day".encode("utf-16-be"),
        b"UNICODE\0" + "Our first day".encode("utf-16"),
        b"UNICODE\0Our first day",
        b"UNICODE\0Our first day\0",
        b"JIS\0\0\0\0\0Our first day",
        b"ASCII\0\0\0Our \x01first day",
    ],
)
@pytest.mark.parametrize("kind", [7, 2, 1])
@pytest.mark.parametrize("order", ["<", ">"])
def test_a_comment_is_read_whatever_writers_made_of_it(tmp_path: Path, comment: bytes, kind: int, order: str) -> None:
    assert commented(tmp_path, comment, kind, order) == "Our first day"


@pytest.mark.parametrize("text", ["Дом", "Köln am Rhein", "東京", "中文字", "한국", "בית", "🎉 à Paris"])
def test_a_comment_in_utf_16_has_the_byte_order_of_the_exif(tmp_path: Path, text: str) -> None:
    assert commented(tmp_path, b"UNICODE\0" + text.encode("utf-16-be"), order=">") == text
    assert commented(tmp_path, b"UNICODE\0" + text.encode("utf-16-le"), order="<") == text
    assert commented(tmp_path, b"UNICODE\0" + text.encode(), order=">") == text


@pytest.mark.parametrize(
    "text",
    [
        "दिल्ली में शाम", "माँ", "ਅੰਮ੍ਰਿਤਸਰ", "കൊച്ചി", "কলকাতা", "சென்னை", "హైదరాబాద్", "અમદાવાદ", "ಮೈಸೂರು", "කොළඹ",
        "თბილისი", "Երևան", "አዲስ አበባ", "ភ្នំពេញ", "ວຽງຈັນ", "ရန်ကုန်", "བོད", "لاہور", "กรุงเทพ", "Αθήνα", "Đà Nẵng",
    ],
)  # fmt: skip
def test_a_comment_in_any_alphabet_is_read_in_every_encoding(tmp_path: Path, text: str) -> None:
    for order in "<>":
        for encoding in ("utf-16-le", "utf-16-be", "utf-8"):
            assert commented(tmp_path, b"UNICODE\0" + text.encode(encoding), order=order) == text


@pytest.mark.parametrize(
    "text", ["Hi mum", "me", "At sea", "Paris!", "IMG_1234", "7 km", "3rd day!", "1985", "Oh my!", "Snow", "東京　春"]
)
def test_a_short_comment_in_utf_8_does_not_become_ideographs(tmp_path: Path, text: str) -> None:
    assert commented(tmp_path, b"UNICODE\0" + text.encode(), order="<") == text
    assert commented(tmp_path, b"UNICODE\0" + text.encode(), order=">") == text


@pytest.mark.parametrize("text", ["地区", "根据", "特别", "ない", "です", "こと", "자치구"])
def test_ideographs_with_letters_for_bytes_do_not_become_ascii(tmp_path: Path, text: str) -> None:
    assert commented(tmp_path, b"UNICODE\0" + text.encode("utf-16-le"), order="<") == text
    assert commented(tmp_path, b"UNICODE\0" + text.encode("utf-16-be"), order=">") == text


@pytest.mark.parametrize("text", ["Дом у моря", "Köln am Rhein", "日本語のコメント"])
def test_a_comment_in_the_other_byte_order_is_read_where_the_text_tells(tmp_path: Path, text: str) -> None:
    assert commented(tmp_path, b"UNICODE\0" + text.encode("utf-16-le"), order=">") == text
    assert commented(tmp_path, b"UNICODE\0" + text.encode("utf-16-be"), order="<") == text


@pytest.mark.parametrize("encoding", ["iso2022_jp", "shift_jis"])
def test_a_comment_in_jis_is_read(tmp_path: Path, encoding: str) -> None:
    assert commented(tmp_path, b"JIS\0\0\0\0\0" + "東京の春".encode(encoding)) == "東京の春"


@pytest.mark.parametrize(
    "comment", [b"", b"ASCII\0\0\0", b"ASCII\0\0\0" + b" " * 64, b"UNICODE\0" + b"\0" * 64, b"\0" * 99]
)
def test_a_blank_comment_is_none(tmp_path: Path, comment: bytes) -> None:
    assert commented(tmp_path, comment) is None


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("Straße – “Köln”".encode(), "Straße – “Köln”"),
        ("Straße – “Köln”".encode("cp1252"), "Straße – “Köln”"),
        ("Café".encode("cp1252"), "Café"),
        ("Straße in Kölé".encode()[:-1], "Straße in Köl"),
    ],
)
def test_a_caption_without_a_character_set_is_utf_8_or_windows_1252(
    tmp_path: Path, written: bytes, read_as: str
) -> None:
    entry = (0x10E, 2, len(written) + 1, written + b"\0")
    path = photos.save(tmp_path / "original", photos.scene(), "JPEG", exif=b"Exif\0\0" + photos.tiff([entry]))
    assert read(path).description == read_as
    assert read(segmented(tmp_path / "iptc", (0xED, iptc((2, 120, written))))).description == read_as


@pytest.mark.parametrize(
    "text",
    [
        "OLYMPUS DIGITAL CAMERA         ",
        "SONY DSC",
        "KONICA MINOLTA DIGITAL CAMERA",
        "MINOLTA DIGITAL CAMERA",
        "KODAK Digital Still Camera",
        "MOULTRIE DIGITAL GAME CAMERA",
        "SAMSUNG CAMERA PICTURES",
        "Samsung",
        "<KENOX S1050 / Samsung S1050>",
        "<Digimax i5, Samsung #1>",
        "DCIM\\100GOPRO\\GOPR0123.JPG",
        "DCIM/100MEDIA/DJI_0001.JPG",
        "Digital Camera",
        "Exif_JPEG_PICTURE",
        "EXIF JPEG",
        "sdr",
        "sdr_HDRB",
        "cof",
        "_cuva",
        "rhdr_cuva",
        "hdrpl",
        "oznorWO",
        "mde_soft",
        "fbthdr",
        "btfmdn",
        "edf",
        "oplus_8388608",
        "oplus_0",
        "_oplus_32",
        "GCM_TAG",
        "Screenshot",
        "untitled",
        "default",
        "(null)",
        "ASCII",
        "Type your comment here",
        "Processed with VSCO with a6 preset",
        "Processed By eBay with ImageMagick, z1.1.0. ||B2",
        "Created with GIMP",
        "Created with The GIMP",
        "CREATOR: gd-jpeg v1.0 (using IJG JPEG v62), quality = 90",
        "File written by Adobe Photoshop\xa8 5.2",
        "LEAD Technologies Inc. V1.01",
        "AppleMark",
        "filter: 0; fileterIntensity: 0.0; filterMask: 0; captureOrientation: 0; module: photo; touch: (-1.0, -1.0)",
        '{"mirror":false,"sensor_type":"rear"}',
        "ffd8ffe000104a46494600010101004800480000",
        "Camera Obscura",
        "Pinhole Camera Obscura",
        "\x01\x02\x03\x80binary\x05\x06",
        "\ufffd\ufffda",
        "?????",
        " ;; ",
        "----",
    ],
)
def test_what_cameras_and_programs_write_is_no_description(text: str) -> None:
    assert not is_said(text, "Pinhole", "Camera Obscura")


@pytest.mark.parametrize(
    "text",
    [
        "Our first day",
        "My new digital camera",
        "The camera",
        "Sony and Anna",
        "Samsung office, Seoul",
        "Paris",
        "Mona",
        "Nora",
        "sea",
        "HDR of the harbour",
        "Burst pipe in the cellar",
        "Burst",
        "Nor",
        "Default city",
        "Apple",
        "Camera",
        "Traveler",
        "Created with love by Anna",
        "Processed with great care",
        "Made with Tom in the garden",
        "DCIM stands for digital camera images",
        "Scanner for sale",
        "Tom: left; Anna: right",
        "Left: Tom; middle: Anna; right: Ben",
        "❤️",
        "1985",
        "Мама",
        "家",
        "Line one\nline two",
    ],
)
def test_what_people_write_stays(text: str) -> None:
    assert is_said(text, "Pinhole", "Camera Obscura")


def test_a_persons_words_count_behind_a_cameras(tmp_path: Path) -> None:
    tags = Image.Exif()
    tags[0x10E] = "OLYMPUS DIGITAL CAMERA         "
    assert of(tmp_path, exif=tags).description is None
    tags.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0Our first day"
    assert of(tmp_path, exif=tags).description == "Our first day"


def test_words_of_cameras_are_no_title_either_and_not_in_xmp(tmp_path: Path) -> None:
    packet = xmp(
        "<dc:title><rdf:Alt><rdf:li>SONY DSC</rdf:li></rdf:Alt></dc:title>"
        "<dc:description><rdf:Alt><rdf:li>OLYMPUS DIGITAL CAMERA</rdf:li></rdf:Alt></dc:description>"
    )
    found = of(tmp_path, xmp=packet)
    assert (found.title, found.description) == (None, None)


def test_binary_blocks_are_no_description(tmp_path: Path) -> None:
    assert commented(tmp_path, struct.pack("<64I", *range(7, 0xFFFFFFF, 0xFFFFFFF // 64)[:64])) is None


def test_screenshots_are_told_by_xmp_too(tmp_path: Path) -> None:
    found = of(tmp_path, xmp=xmp(exif_UserComment="Screenshot"))
    assert (found.is_screenshot, found.description) == (True, None)


def test_xmp_with_an_undeclared_prefix_or_without_its_end_keeps_the_rest(tmp_path: Path) -> None:
    packet = xmp("<dc:title><rdf:Alt><rdf:li>Sea</rdf:li></rdf:Alt></dc:title><dc:description>By the</dc:description>")
    undeclared = packet.replace(b'rdf:about=""', b'rdf:about="" who:knows="it"')
    assert of(tmp_path, xmp=undeclared).description == "By the"
    cut = of(tmp_path, xmp=packet[: packet.index(b" the<")])
    assert (cut.title, cut.description) == ("Sea", None)


def test_an_altitude_in_xmp_may_say_in_words_that_it_is_below_the_sea(tmp_path: Path) -> None:
    packet = xmp(exif_GPSAltitude="420/1", exif_GPSAltitudeRef="Below Sea Level")
    assert of(tmp_path, xmp=packet).altitude_m == -420
