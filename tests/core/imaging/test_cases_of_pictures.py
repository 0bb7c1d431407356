"""Files that failed once and how they must look, made for it or out of other people's bug reports. Skipped where they
are not.
"""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pinhole.imaging import file_type, metadata, renditions

ROOT = Path(__file__).parents[3]
CASES = Path(os.environ.get("PINHOLE_CASES") or ROOT.parent / "shared" / "cases") / "files"
LIMIT = 100_000_000
KINDS = {"hdr", "colour", "transparency", "tiff", "whole", "motion", "crop"}
EXPECTED: dict[str, dict[str, Any]] = (
    {case["file"]: case["expect"] for case in json.loads((CASES / "cases.json").read_text()) if case["kind"] in KINDS}
    if (CASES / "cases.json").exists()
    else {}
)
# Red, green and blue on an average, of those of which it is known how they look.
MEANS = {
    "png_1bit_trns.png": (255, 255, 255),
    "noeoi.jpg": (128, 126, 129),
    "png_gama1.png": (128, 126, 129),
    "tif_rgbf.tif": (128, 126, 129),
    "tif_half.tif": (128, 126, 129),
}

pytestmark = pytest.mark.skipif(not EXPECTED, reason=f"no cases at {CASES}")


@pytest.mark.parametrize("name", EXPECTED)
def test_a_file_that_failed_once_is_as_it_should_be(tmp_path: Path, name: str) -> None:
    path, expected = CASES / name, EXPECTED[name]
    kind = file_type.identify(path)
    read = metadata.read(path, kind, LIMIT, name)
    made = renditions.make(path, kind, LIMIT, tmp_path)
    assert read.is_hdr == expected.get("isHdr", read.is_hdr)
    assert (read.clip is not None) == expected.get("hasClip", read.clip is not None)
    size = (expected.get("width", read.width), expected.get("height", read.height))
    with Image.open(made.files[0].path) as image:
        assert (read.width, read.height) == image.size == size
        mean = np.asarray(image.convert("RGB")).reshape(-1, 3).mean(axis=0)
    if name in MEANS:
        assert np.abs(mean - MEANS[name]).max() <= 4, mean
