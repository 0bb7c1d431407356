"""Small files that once went wrong, each of a kind, and what is right. Skipped where the cases are not."""

import json
import os
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageStat

from pinhole.errors import FileRejected
from pinhole.imaging import capture_time, file_type, metadata, renditions
from pinhole.imaging.facts import Facts

ROOT = Path(__file__).parents[3]
CASES = Path(os.environ.get("PINHOLE_CASES") or ROOT.parent / "shared" / "cases") / "files"
LIMIT = 256_000_000
NOW = datetime(2026, 11, 1, tzinfo=UTC)
EXPECTED: list[dict[str, Any]] = (
    json.loads((CASES / "cases.json").read_text()) if (CASES / "cases.json").exists() else []
)
# Red, green and blue on an average, of those of which it is known how they look.
MEANS = {
    "noeoi.jpg": (128, 126, 129),
    "png_1bit_trns.png": (255, 255, 255),
    "png_gama1.png": (128, 126, 129),
    "tif_half.tif": (128, 126, 129),
    "tif_rgbf.tif": (128, 126, 129),
}

pytestmark = pytest.mark.skipif(not EXPECTED, reason=f"no cases at {CASES}")


def shown(path: Path, directory: Path) -> str:
    """`ready`, or the code of the refusal."""
    try:
        renditions.make(path, file_type.identify(path), LIMIT, directory)
    except FileRejected as refusal:
        return refusal.code
    return "ready"


def answered(path: Path) -> dict[str, Any]:
    """Of the file, by the names of the API."""
    read = metadata.read(path, file_type.identify(path), LIMIT, path.name)
    taken = capture_time.resolve(read.time, path.name, None, NOW, "UTC", NOW)
    facts = {each.name: getattr(read, each.name) for each in fields(Facts)}
    facts |= {"width": read.width, "height": read.height, "has_clip": read.clip is not None}
    facts |= {"utc_offset_seconds": taken.utc_offset_seconds}
    facts |= {"taken_at_local": taken.taken_at_local.replace(microsecond=0).isoformat()}
    return {
        "".join(part.capitalize() if at else part for at, part in enumerate(name.split("_"))): value
        for name, value in facts.items()
    }


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, id=f"{case['kind']}-{case['file']}") for case in EXPECTED],
)
def test_what_once_went_wrong_is_right(tmp_path: Path, case: dict[str, Any]) -> None:
    path, expected = CASES / case["file"], dict(case["expect"])
    if "not" in expected:
        assert shown(path, tmp_path) != expected.pop("not"), case["what"]
        return
    if not expected or "state" in expected:  # else some have no pixels
        assert shown(path, tmp_path) == expected.pop("state", "ready"), case["what"]
    found = answered(path)
    for name, value in expected.items():
        if name.endswith("!"):
            assert found[name[:-1]], case["what"]
        elif isinstance(value, float):
            assert found[name] == pytest.approx(value, abs=1e-4), case["what"]
        elif name == "takenAtLocal":
            assert found[name] in ([value] if isinstance(value, str) else value), case["what"]
        else:
            assert found[name] == (tuple(value) if isinstance(value, list) else value), case["what"]


@pytest.mark.parametrize("name", MEANS)
def test_what_once_looked_wrong_has_the_colours_that_it_should(tmp_path: Path, name: str) -> None:
    assert shown(CASES / name, tmp_path) == "ready"
    with Image.open(tmp_path / "1440.webp") as image:
        means = ImageStat.Stat(image.convert("RGB")).mean
    assert max(abs(found - mean) for found, mean in zip(means, MEANS[name], strict=True)) <= 4
