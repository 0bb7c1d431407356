"""Real files of cameras and phones, and what exiftool reads from them. Skipped where the samples are not."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat

from pinhole.errors import FileRejected
from pinhole.imaging import capture_time, file_type, metadata, renditions
from pinhole.imaging.capture_time import CaptureTime
from pinhole.imaging.metadata import FileMetadata
from pinhole.imaging.sizes import fit

ROOT = Path(__file__).parents[3]
SAMPLES = Path(os.environ.get("PINHOLE_SAMPLES") or ROOT.parent / "shared" / "samples")
LIMIT = 256_000_000
EXPECTED: dict[str, dict[str, Any]] = (
    json.loads((SAMPLES / "expected.json").read_text()) if (SAMPLES / "expected.json").exists() else {}
)
PHOTOS = sorted(name for name in EXPECTED if not name.startswith("broken/") and not name.endswith(".xmp"))
BROKEN = sorted(name for name in EXPECTED if name.startswith("broken/"))

pytestmark = pytest.mark.skipif(not EXPECTED, reason=f"no samples at {SAMPLES}")

SAME_NAMES = {
    "Make": "camera_make",
    "Model": "camera_model",
    "FNumber": "f_number",
    "ExposureTime": "exposure_seconds",
    "FocalLength": "focal_length_mm",
    "ISO": "iso",
    "GPSLatitude": "latitude",
    "GPSLongitude": "longitude",
    "Orientation": "orientation",
}


def read(name: str) -> FileMetadata:
    path = SAMPLES / name
    return metadata.read(path, file_type.identify(path), LIMIT, path.name)


def taken(name: str) -> CaptureTime:
    now = datetime(2026, 11, 1, tzinfo=UTC)
    return capture_time.resolve(read(name).time, Path(name).name, None, now, "UTC", now)


@pytest.mark.parametrize("name", PHOTOS)
def test_a_file_says_to_us_what_it_says_to_exiftool(name: str) -> None:
    expected, found = EXPECTED[name], read(name)
    assert file_type.identify(SAMPLES / name).mime == expected["MIMEType"]
    for theirs, ours in SAME_NAMES.items():
        value = expected.get(theirs) if expected.get(theirs) != "" else None
        default = 1 if ours == "orientation" else None
        if isinstance(value, int | float):
            assert getattr(found, ours) == pytest.approx(value, rel=1e-5), ours
        else:
            assert getattr(found, ours) == (default if value is None else value), ours
    size = (expected["ImageWidth"], expected["ImageHeight"])
    assert (found.width, found.height) == (size[::-1] if expected.get("Orientation", 1) >= 5 else size)
    json.dumps(found.exif, allow_nan=False)


@pytest.mark.parametrize("name", [name for name in PHOTOS if "DateTimeOriginal" in EXPECTED[name]])
def test_the_local_time_is_the_cameras(name: str) -> None:
    written = EXPECTED[name]["DateTimeOriginal"][:19]
    assert taken(name).taken_at_local.replace(microsecond=0).strftime("%Y:%m:%d %H:%M:%S") == written


@pytest.mark.parametrize(
    ("name", "zone", "offset_hours", "confidence"),
    [
        ("cameras/DSCN0029.jpg", "Europe/Rome", 2, "medium"),
        ("cameras/HMD_Nokia_8.3_5G.jpg", "Europe/Helsinki", 3, "high"),
        ("cameras/iphone_hdr_YES.jpg", "Europe/Madrid", 2, "high"),
        ("formats/IMG_2682.heic", "America/Chicago", -5, "high"),
        ("formats/iphone_13_pro_max.HEIC", None, 1, "high"),
        ("formats/cat.hif", None, -5, "high"),
        ("metadata/gps-datetime.jpg", "America/Los_Angeles", -8, "high"),
        ("metadata/thompson-springs.jpg", "America/Denver", -7, "medium"),
        ("metadata/empty_gps.jpg", None, None, "low"),
        ("metadata/date-priority-test.jpg", None, None, "low"),
        ("scenes/prairie_falcon.jpg", None, None, "low"),
    ],
)
def test_the_zone_is_found_as_far_as_the_file_allows(
    name: str, zone: str | None, offset_hours: int | None, confidence: str
) -> None:
    found = taken(name)
    assert (found.timezone_name, found.time_confidence) == (zone, confidence)
    offset = None if offset_hours is None else timedelta(hours=offset_hours).total_seconds()
    assert found.utc_offset_seconds == offset


def test_people_and_titles_are_found_where_editors_put_them() -> None:
    falcon = read("scenes/prairie_falcon.jpg")
    assert falcon.title == "Prairie falcon female with eggs"
    assert {"SFAN", "PINN", "raptors"} <= set(falcon.keywords)
    assert read("faces/portrait.jpg").keywords == ("Marie Curie", "Pierre Curie")
    assert read("scenes/el_torcal_rocks.jpg").description is None  # the camera's "SONY DSC" describes nothing


def test_an_hdr_picture_is_known() -> None:
    assert read("cameras/iphone_hdr_YES.jpg").is_hdr
    assert read("formats/iphone_13_pro_max.HEIC").is_hdr
    assert not read("cameras/Canon_40D.jpg").is_hdr
    assert read("formats/chi.gif").is_animated


@pytest.mark.parametrize("name", PHOTOS)
def test_every_sample_becomes_renditions(tmp_path: Path, name: str) -> None:
    path = SAMPLES / name
    made = renditions.make(path, file_type.identify(path), LIMIT, tmp_path)
    largest, said = made.files[0], read(name)
    assert said.width
    assert said.height
    assert (largest.width, largest.height) == fit(said.width, said.height, 1440)
    assert len(made.files) == 3
    assert made.colours
    assert 5 < len(made.thumb_hash) <= 25


def test_eight_orientations_show_one_scene(tmp_path: Path) -> None:
    shown = []
    for number in range(1, 9):
        path = SAMPLES / f"orientation/landscape_{number}.jpg"
        directory = tmp_path / str(number)
        directory.mkdir()
        made = renditions.make(path, file_type.identify(path), LIMIT, directory)
        with Image.open(made.files[-1].path) as image:
            shown.append(image.convert("L"))
    for other in shown[1:]:
        assert ImageStat.Stat(ImageChops.difference(shown[0], other)).mean[0] < 8


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_sample_is_refused_with_a_reason(tmp_path: Path, name: str) -> None:
    path = SAMPLES / name
    with pytest.raises(FileRejected) as refusal:
        renditions.make(path, file_type.identify(path), LIMIT, tmp_path)
    assert refusal.value.code in ("truncated", "corrupt", "empty_file")
    assert refusal.value.detail.startswith("The file is ")
