"""What a file is, by its bytes."""

from pathlib import Path

import pytest

from pinhole.errors import FileRejected
from pinhole.imaging.file_type import FileType, identify
from tests.fixtures import photos


def ftyp(major: bytes, *compatible: bytes) -> bytes:
    brands = major + b"\0\0\0\0" + b"".join(compatible)
    return (8 + len(brands)).to_bytes(4, "big") + b"ftyp" + brands + b"\0\0\0\x08free"


def of(tmp_path: Path, content: bytes, name: str = "original") -> FileType:
    path = tmp_path / name
    path.write_bytes(content)
    return identify(path)


@pytest.mark.parametrize(
    ("format_name", "mime"),
    [
        ("JPEG", "image/jpeg"),
        ("PNG", "image/png"),
        ("GIF", "image/gif"),
        ("WEBP", "image/webp"),
        ("AVIF", "image/avif"),
        ("HEIF", "image/heic"),
        ("TIFF", "image/tiff"),
        ("BMP", "image/bmp"),
        ("JXL", "image/jxl"),
    ],
)
def test_a_photo_is_known_by_its_bytes_whatever_its_name(tmp_path: Path, format_name: str, mime: str) -> None:
    path = photos.save(tmp_path / "holiday.mp4", photos.scene(), format_name)
    assert (identify(path).mime, identify(path).kind) == (mime, "photo")


@pytest.mark.parametrize("big", [False, True])
def test_an_animation_is_a_photo(tmp_path: Path, big: bool) -> None:
    frames = [photos.scene(), photos.scene().rotate(180)]
    for format_name, extension in (("PNG", "png"), ("GIF", "gif"), ("WEBP", "webp")):
        path = photos.save(tmp_path / "original", frames[0], format_name, save_all=True, append_images=frames[1:])
        assert identify(path).extension == extension


@pytest.mark.parametrize(
    ("content", "mime"),
    [
        (ftyp(b"heic", b"mif1"), "image/heic"),
        (ftyp(b"mif1", b"heic"), "image/heif"),
        (ftyp(b"heix", b"mif1"), "image/heif"),
        (ftyp(b"mif1", b"avif", b"miaf"), "image/avif"),
        (ftyp(b"avis", b"avif"), "image/avif"),
        (ftyp(b"crx ", b"isom"), "image/x-canon-cr3"),
        (ftyp(b"isom", b"iso2", b"avc1", b"mp41"), "video/mp4"),
        (ftyp(b"mp42", b"isom"), "video/mp4"),
        (ftyp(b"M4V ", b"isom"), "video/x-m4v"),
        (ftyp(b"qt  "), "video/quicktime"),
        (ftyp(b"3gp5", b"isom"), "video/3gpp"),
        (b"\0\0\x10\0moov" + b"\0" * 20, "video/quicktime"),
        (b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm", "video/webm"),
        (b"\x1a\x45\xdf\xa3\xa3B\x86\x81\x01B\x82\x88matroska", "video/x-matroska"),
        (b"RIFF\0\0\1\0AVI LIST", "video/x-msvideo"),
        ((b"\x47" + b"\0" * 187) * 6, "video/mp2t"),
        ((b"\0\0\0\0\x47" + b"\0" * 187) * 6, "video/mp2t"),
        (b"FUJIFILMCCD-RAW 0201", "image/x-fuji-raf"),
        (b"IIU\0\x18\0\0\0", "image/x-panasonic-rw2"),
        (b"IIRO\x08\0\0\0", "image/x-olympus-orf"),
        (b"II*\0\x10\0\0\0CR\2\0" + b"\0" * 8, "image/x-canon-cr2"),
        (
            photos.tiff([text := photos.text(0x10F, "NIKON CORPORATION"), photos.short(0x106, 32803)]),
            "image/x-nikon-nef",
        ),
        (photos.tiff([photos.text(0x10F, "SONY"), photos.short(0x106, 32803, order=">")], ">"), "image/x-sony-arw"),
        (photos.tiff([photos.text(0x10F, "Hasselblad"), photos.short(0x106, 34892)]), "image/x-dcraw"),
        (photos.tiff([text, photos.short(0x106, 2)]), "image/tiff"),
        (photos.dng(photos.scene()), "image/x-adobe-dng"),
    ],
)
def test_the_bytes_decide(tmp_path: Path, content: bytes, mime: str) -> None:
    found = of(tmp_path, content, "photo.jpg")
    assert found.mime == mime
    assert found.kind == mime.split("/")[0].replace("image", "photo")


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<html><body>404 Not Found</body></html>",
        b"PK\3\4",
        b"BM is how this letter begins, and it is not a bitmap",
        b"\xff\xd8",
        b"RIFF\0\0\1\0WAVEfmt ",
        b"ID3\4\0\0",
        b"\x47",
        b"\0" * 4096,
        ftyp(b"M4A ", b"isom", b"mp42"),
        ftyp(b"what"),
        b"\x1a\x45\xdf\xa3",
    ],
)
def test_what_is_no_photo_or_video_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(FileRejected) as refusal:
        of(tmp_path, content, "photo.jpg")
    assert refusal.value.code == "unsupported_type"


def test_an_empty_file_is_called_empty(tmp_path: Path) -> None:
    with pytest.raises(FileRejected) as refusal:
        of(tmp_path, b"")
    assert (refusal.value.code, refusal.value.detail) == ("empty_file", "The file is empty.")
