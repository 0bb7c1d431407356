"""The picture with all pixels: of formats that no browser shows, upright, in sRGB."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageCms

from pinhole.imaging import decoding, file_type, metadata, renditions, sizes, srgb
from tests.core.imaging.test_samples import EXPECTED, SAMPLES
from tests.fixtures import photos

LIMIT = 256_000_000
ROOM = 3  # of 255: what a JPEG may be off in a plain part


def full_size(path: Path) -> Image.Image:
    """It, decoded. It has the size that is told of the photo."""
    kind = file_type.identify(path)
    made = renditions.make_full_size(path, kind, LIMIT, path.parent)
    said = metadata.read(path, kind, LIMIT, path.name)
    with Image.open(made.path) as image:
        image.load()
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (made.width, made.height))
        assert image.size == (said.width, said.height)
        assert image.info.keys().isdisjoint({"exif", "icc_profile"})
    return image


@pytest.mark.parametrize("orientation", [1, 6, 8])
@pytest.mark.parametrize("name", ["JPEG", "TIFF", "PNG", "AVIF", "HEIF"])
def test_all_pixels_of_any_format_stand_upright(tmp_path: Path, name: str, orientation: int) -> None:
    stored = photos.as_stored(photos.scene(160, 1500), orientation)
    path = photos.save(tmp_path / "original", stored, name, exif=photos.exif(orientation).tobytes(), quality=95)
    image = full_size(path)
    assert image.size == (160, 1500)
    assert photos.corners(image) == photos.CORNERS


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_raw_is_developed_where_its_preview_has_fewer_pixels(tmp_path: Path, orientation: int) -> None:
    path = tmp_path / "original.dng"
    stored = photos.as_stored(photos.scene(1300, 1200), orientation)
    path.write_bytes(photos.dng(stored, orientation, _jpeg(photos.scene(1110, 1025))))
    image = full_size(path)
    assert image.size == (1300, 1200)
    assert photos.corners(image) == photos.CORNERS


def test_a_developed_raw_is_cut_as_the_camera_was_told_to(tmp_path: Path) -> None:
    path = tmp_path / "original.dng"
    path.write_bytes(photos.dng(photos.scene(1600, 1200), 1, _jpeg(photos.scene(1010, 1010))))
    assert full_size(path).size == (1200, 1200)


def test_a_preview_of_all_pixels_is_taken_in_the_camera_s_own_colours(tmp_path: Path) -> None:
    path = tmp_path / "original.dng"
    path.write_bytes(photos.dng(Image.new("RGB", (1600, 1200), "black"), 1, _jpeg(photos.scene(1600, 1200))))
    assert photos.corners(full_size(path)) == photos.CORNERS


def test_colours_are_converted_in_every_strip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renditions, "_STRIP_PIXELS", 10_000)
    lab = ImageCms.createProfile("sRGB")
    swapped = Image.new("RGB", (300, 1700), (200, 100, 50))
    path = photos.save(tmp_path / "original", swapped, "TIFF", icc_profile=ImageCms.ImageCmsProfile(lab).tobytes())
    image = full_size(path)
    for y in (0, 850, 1699):
        pixel = image.getpixel((150, y))
        assert isinstance(pixel, tuple)
        assert max(abs(a - b) for a, b in zip(pixel, (200, 100, 50), strict=True)) <= ROOM


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "CMYK", "P", "LA", "I;16", "F"])
def test_strips_of_a_picture_that_is_scaled_down_fit_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    slope = Image.linear_gradient("L").resize((300, 1700))
    deep = slope.convert("I").point(lambda sample: sample * 257)
    source = (slope.convert("RGB") if mode == "CMYK" else deep if mode == "I;16" else slope).convert(mode)
    if mode == "LA":
        source.putalpha(255)
    path = photos.save(tmp_path / "original", source, "PNG" if mode in ("P", "LA") else "TIFF")
    monkeypatch.setattr(sizes, "_MAX_FULL_PIXELS", 260_000)
    made: list[Image.Image] = []
    for pixels in (1 << 20, 10_000):
        monkeypatch.setattr(decoding, "_STRIP_PIXELS", pixels)
        monkeypatch.setattr(srgb, "_STRIP_PIXELS", pixels)
        renditions.make_full_size(path, file_type.identify(path), LIMIT, tmp_path)
        with Image.open(tmp_path / "full.jpg") as image:
            made.append(image.convert("L"))
    assert made[0].size == (214, 1213)
    assert max(ImageChops.difference(*made).tobytes()) <= ROOM
    assert max(made[1].crop((0, 0, 214, 3)).tobytes()) <= ROOM
    assert min(made[1].crop((0, 1210, 214, 1213)).tobytes()) >= 255 - ROOM


def test_transparent_parts_are_white(tmp_path: Path) -> None:
    path = photos.save(tmp_path / "original", Image.new("RGBA", (40, 1600), (0, 0, 0, 0)), "TIFF")
    assert full_size(path).getpixel((20, 800)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("original", "made"),
    [
        ((4032, 3024), (4032, 3024)),
        ((20_000, 1600), (20_000, 1600)),  # wider than a WebP may be
        ((131_000, 800), (65_500, 400)),
        ((20_000, 12_000), (14_142, 8_485)),
        ((200_000, 1), (65_500, 1)),
    ],
)
def test_panoramas_are_as_large_as_a_jpeg_and_a_browser_can_have_them(
    original: tuple[int, int], made: tuple[int, int]
) -> None:
    assert sizes.whole(*original) == made


@pytest.mark.skipif(not EXPECTED, reason=f"no samples at {SAMPLES}")
@pytest.mark.parametrize(("name", "size"), [("IMG_2682.heic", (4032, 3024)), ("iphone_13_pro_max.HEIC", (3024, 4032))])
def test_photos_of_phones_have_all_their_pixels(tmp_path: Path, name: str, size: tuple[int, int]) -> None:
    path = tmp_path / name
    path.write_bytes((SAMPLES / "formats" / name).read_bytes())
    assert full_size(path).size == size


def _jpeg(image: Image.Image) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=95)
    return buffer.getvalue()
