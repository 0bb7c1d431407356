"""TIFF files whose samples are not of the ordinary kinds: shown as they are meant, or said to be of a kind that isn't
supported; never damaged.
"""

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pinhole.errors import FileRejected
from pinhole.imaging import file_type, metadata, renditions
from tests.fixtures import photos

LIMIT = 100_000_000
WIDTH, HEIGHT = 96, 64
SCENE: NDArray[np.float64] = np.asarray(photos.scene(), dtype=np.float64) / 255
DEFLATE = 8


def directory(tags: dict[int, tuple[int, list[int]]], at: int, order: str = "<", following: int = 0) -> bytes:
    """At `at` of the file: type (3 or 4) and values of each tag, those that are long behind the entries."""
    behind, entries = b"", b""
    for tag, (kind, values) in sorted(tags.items()):
        packed = struct.pack(f"{order}{len(values)}{'H' if kind == 3 else 'I'}", *values)
        if len(packed) > 4:
            place = at + 2 + 12 * len(tags) + 4 + len(behind)
            behind, packed = behind + packed, struct.pack(order + "I", place)
        entries += struct.pack(order + "HHI", tag, kind, len(values)) + packed.ljust(4, b"\0")
    return struct.pack(order + "H", len(tags)) + entries + struct.pack(order + "I", following) + behind


def tiff(
    pieces: list[bytes], *, photometric: int, bits: int, samples: int, order: str = "<", **tags: tuple[int, list[int]]
) -> bytes:
    """One page of 96 × 64 in strips of equal height, or in tiles where `tags` say so."""
    data, offsets = b"", []
    for piece in pieces:
        offsets.append(8 + len(data))
        data += piece
    is_tiled = "t0x142" in tags
    said: dict[int, tuple[int, list[int]]] = {
        0x100: (4, [WIDTH]), 0x101: (4, [HEIGHT]), 0x102: (3, [bits] * samples), 0x103: (3, [1]),
        0x106: (3, [photometric]), 0x115: (3, [samples]), 0x116: (4, [HEIGHT // len(pieces)]),
        0x144 if is_tiled else 0x111: (4, offsets), 0x145 if is_tiled else 0x117: (4, [len(piece) for piece in pieces]),
    }  # fmt: skip
    said |= {int(name[1:], 16): value for name, value in tags.items()}
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8 + len(data))
    return head + data + directory(said, 8 + len(data), order)


def shown(tmp_path: Path, content: bytes) -> Image.Image:
    path = tmp_path / "original"
    path.write_bytes(content)
    kind = file_type.identify(path)
    read = metadata.read(path, kind, LIMIT, path.name)
    made = renditions.make(path, kind, LIMIT, tmp_path)
    with Image.open(made.files[0].path) as image:
        assert image.size == (read.width, read.height)
        return image.convert("RGB")


def refusal(tmp_path: Path, content: bytes) -> str:
    with pytest.raises(FileRejected) as refused:
        shown(tmp_path, content)
    return refused.value.code


def floats(dtype: str) -> bytes:
    return SCENE.astype(dtype).tobytes()


FLOAT: dict[str, Any] = {"t0x153": (3, [3, 3, 3])}


@pytest.mark.parametrize(("dtype", "order"), [("<f2", "<"), (">f4", ">"), ("<f4", "<"), ("<f8", "<")])
def test_floats_are_shown(tmp_path: Path, dtype: str, order: str) -> None:
    bits = 8 * np.dtype(dtype).itemsize
    content = tiff([floats(dtype)], photometric=2, bits=bits, samples=3, order=order, **FLOAT)
    assert photos.corners(shown(tmp_path, content)) == photos.CORNERS


def test_floats_brighter_than_white_and_none_at_all_keep_the_rest_in_order(tmp_path: Path) -> None:
    samples = SCENE.astype(np.float32) * 4
    samples[0, 0], samples[0, 1], samples[0, 2] = np.nan, np.inf, -np.inf
    content = tiff([samples.tobytes()], photometric=2, bits=32, samples=3, **FLOAT)
    assert photos.corners(shown(tmp_path, content)) == photos.CORNERS


def test_differences_of_floats_are_summed_up(tmp_path: Path) -> None:
    planes = SCENE.astype(">f4").view(np.uint8).reshape(HEIGHT, WIDTH * 3, 4).transpose(0, 2, 1)
    pixels = np.ascontiguousarray(planes).reshape(HEIGHT, -1, 3)
    differences = np.diff(pixels, axis=1, prepend=np.zeros((HEIGHT, 1, 3), np.uint8))
    strips = [zlib.compress(part.tobytes()) for part in np.split(differences, 4)]
    tags: dict[str, Any] = {"t0x103": (3, [DEFLATE]), "t0x13D": (3, [3]), **FLOAT}
    content = tiff(strips, photometric=2, bits=32, samples=3, **tags)
    assert photos.corners(shown(tmp_path, content)) == photos.CORNERS


@pytest.mark.parametrize("order", ["<", ">"])
def test_differences_of_long_integers_are_summed_up(tmp_path: Path, order: str) -> None:
    samples = (SCENE * 0xFFFFFFFF).astype(np.uint32)
    differences = np.diff(samples, axis=1, prepend=np.zeros((HEIGHT, 1, 3), np.uint32)).astype(f"{order}u4")
    tags: dict[str, Any] = {"t0x103": (3, [DEFLATE]), "t0x13D": (3, [2])}
    content = tiff([zlib.compress(differences.tobytes())], photometric=2, bits=32, samples=3, order=order, **tags)
    assert photos.corners(shown(tmp_path, content)) == photos.CORNERS


def test_twelve_bits_are_unpacked(tmp_path: Path) -> None:
    samples = (SCENE * 4095).astype(np.uint16).reshape(HEIGHT, -1, 2)
    first, second = samples[..., 0], samples[..., 1]
    packed = np.stack([first >> 4, (first & 15) << 4 | second >> 8, second & 255], axis=-1).astype(np.uint8)
    content = tiff([packed.tobytes()], photometric=2, bits=12, samples=3)
    assert photos.corners(shown(tmp_path, content)) == photos.CORNERS


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("photometric", "samples"), [(2, SCENE), (2, np.dstack([SCENE, SCENE[..., :1] * 0 + 1])), (5, 1 - SCENE)]
)
def test_sixteen_bits_in_planes_are_put_together(
    tmp_path: Path, order: str, photometric: int, samples: NDArray[np.float64]
) -> None:
    if photometric == 5:
        samples = np.dstack([samples, samples[..., :1] * 0])
    planes = [(plane * 0xFFFF).astype(f"{order}u2").tobytes() for plane in np.moveaxis(samples, 2, 0)]
    tags: dict[str, Any] = {"t0x11C": (3, [2]), "t0x116": (4, [HEIGHT])}
    if photometric == 2 and len(planes) == 4:
        tags["t0x152"] = (3, [2])
    content = tiff(planes, photometric=photometric, bits=16, samples=len(planes), order=order, **tags)
    assert photos.corners(shown(tmp_path, content)) == photos.CORNERS


@pytest.mark.parametrize("order", ["<", ">"])
def test_grey_of_twelve_bits_is_as_bright_as_it_is_meant(tmp_path: Path, order: str) -> None:
    packed = bytes([0x80, 0x08, 0x00]) * (WIDTH * HEIGHT // 2)
    image = shown(tmp_path, tiff([packed], photometric=1, bits=12, samples=1, order=order))
    assert image.getpixel((48, 32)) == (128, 128, 128)


@pytest.mark.parametrize("order", ["<", ">"])
def test_grey_of_thirty_two_bits_keeps_its_order_beyond_the_middle(tmp_path: Path, order: str) -> None:
    samples = np.repeat(np.linspace(0, 0xFFFFFFFF, WIDTH)[np.newaxis], HEIGHT, 0).astype(f"{order}u4")
    image = shown(tmp_path, tiff([samples.tobytes()], photometric=1, bits=32, samples=1, order=order)).convert("L")
    assert [image.getpixel((x, 32)) for x in (0, 44, 51, 95)] == pytest.approx([0, 118, 137, 255], abs=2)


@pytest.mark.parametrize("order", ["<", ">"])
def test_colours_of_thirty_two_bits_are_not_made_brighter(tmp_path: Path, order: str) -> None:
    samples = np.full((HEIGHT, WIDTH, 3), 0x40000000).astype(f"{order}u4")
    image = shown(tmp_path, tiff([samples.tobytes()], photometric=2, bits=32, samples=3, order=order))
    assert image.getpixel((48, 32)) == (64, 64, 64)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("scale", [1, 257])
def test_a_palette_of_eight_bits_is_not_black(tmp_path: Path, order: str, bits: int, scale: int) -> None:
    colours = np.zeros((3, 1 << bits), np.int64)
    colours[:, 1] = (200, 100, 50)
    content = tiff(
        [bytes([1 if bits == 8 else 0x11]) * (WIDTH * HEIGHT * bits // 8)],
        photometric=3, bits=bits, samples=1, order=order, t0x140=(3, (colours * scale).ravel().tolist()),
    )  # fmt: skip
    found = shown(tmp_path, content).getpixel((48, 32))
    assert isinstance(found, tuple)
    assert found == pytest.approx((200, 100, 50), abs=3)


@pytest.mark.parametrize("order", ["<", ">"])
def test_deep_grey_of_which_0_is_white_is_no_negative(tmp_path: Path, order: str) -> None:
    samples = np.full((HEIGHT, WIDTH), 0xE000).astype(f"{order}u2")
    image = shown(tmp_path, tiff([samples.tobytes()], photometric=0, bits=16, samples=1, order=order))
    assert image.getpixel((48, 32)) == (31, 31, 31)


def test_samples_in_planes_and_tiles_are_put_together(tmp_path: Path) -> None:
    samples = (SCENE * 0xFFFFFFFF).astype(np.uint32)
    padded = np.zeros((64, 128, 3), np.uint32)
    padded[:, :WIDTH] = samples
    tiles = [
        padded[top : top + 32, left : left + 64, plane].tobytes()
        for plane in range(3)
        for top in (0, 32)
        for left in (0, 64)
    ]
    tags: dict[str, Any] = {"t0x142": (4, [64]), "t0x143": (4, [32]), "t0x11C": (3, [2])}
    content = tiff(tiles, photometric=2, bits=32, samples=3, **tags)
    assert photos.corners(shown(tmp_path, content)) == photos.CORNERS


def test_lab_of_sixteen_bits_is_converted(tmp_path: Path) -> None:
    # sRGB's (200, 100, 50) is L 54.1, a 38, b 46 under D50.
    pixel = struct.pack("<Hhh", round(54.1 / 100 * 65535), 38 * 256, 46 * 256)
    image = shown(tmp_path, tiff([pixel * WIDTH * HEIGHT], photometric=8, bits=16, samples=3))
    found = image.getpixel((48, 32))
    assert isinstance(found, tuple)
    assert max(abs(a - b) for a, b in zip(found, (200, 100, 50), strict=True)) <= 5


@pytest.mark.parametrize(("extra", "ink"), [(1, 128), (2, 255)])
def test_cmyk_with_alpha_lies_on_paper(tmp_path: Path, extra: int, ink: int) -> None:
    pixels = np.zeros((HEIGHT, WIDTH, 5), np.uint8)
    pixels[:, 48:] = (0, 0, 0, ink, 128)  # half a black
    pixels[:, :24] = (255, 255, 255, 255, 0) if extra == 2 else 0  # nothing
    content = tiff([pixels.tobytes()], photometric=5, bits=8, samples=5, t0x152=(3, [extra]))
    image = shown(tmp_path, content)
    assert image.getpixel((12, 32)) == (255, 255, 255)
    half = image.getpixel((84, 32))
    assert isinstance(half, tuple)
    assert 110 <= min(half) <= max(half) <= 145


def test_alpha_beside_floats_lies_on_paper(tmp_path: Path) -> None:
    pixels = np.concatenate([SCENE, np.ones((HEIGHT, WIDTH, 1))], axis=2)
    pixels[:, :48, 3] = 0
    content = tiff(
        [pixels.astype(np.float32).tobytes()], photometric=2, bits=32, samples=4, t0x152=(3, [2]), t0x153=(3, [3] * 4)
    )
    assert photos.corners(shown(tmp_path, content)) == (photos.WHITE, photos.GREEN, photos.WHITE, photos.WHITE)


def test_strips_that_are_webp_are_decoded(tmp_path: Path) -> None:
    path = photos.save(tmp_path / "strip", photos.scene(), "WEBP", lossless=True)
    content = tiff([path.read_bytes()], photometric=2, bits=8, samples=3, t0x103=(3, [50001]))
    assert photos.corners(shown(tmp_path, content)) == photos.CORNERS


@pytest.mark.parametrize("orientation", range(1, 9))
def test_what_pillow_does_not_know_is_turned_as_well(tmp_path: Path, orientation: int) -> None:
    stored = np.asarray(photos.as_stored(photos.scene(), orientation))
    height, width = stored.shape[:2]
    tags: dict[str, Any] = {"t0x100": (4, [width]), "t0x101": (4, [height]), "t0x116": (4, [height])}
    content = tiff(
        [(stored / 255).astype(np.float32).tobytes()],
        photometric=2, bits=32, samples=3, t0x112=(3, [orientation]), **tags, **FLOAT,
    )  # fmt: skip
    image = shown(tmp_path, content)
    assert (image.size, photos.corners(image)) == ((WIDTH, HEIGHT), photos.CORNERS)


@pytest.mark.parametrize("compression", [34887, 34712, 50002, 34892])
def test_a_compression_that_nobody_here_unpacks_is_not_supported(tmp_path: Path, compression: int) -> None:
    content = tiff([bytes(64)], photometric=2, bits=8, samples=3, t0x103=(3, [compression]))
    assert refusal(tmp_path, content) == "unsupported_type"


@pytest.mark.parametrize(("photometric", "bits", "samples"), [(32844, 16, 1), (3, 12, 1), (6, 16, 3), (2, 24, 3)])
def test_samples_that_nobody_here_knows_are_not_supported(
    tmp_path: Path, photometric: int, bits: int, samples: int
) -> None:
    content = tiff([bytes(WIDTH * HEIGHT * 9)], photometric=photometric, bits=bits, samples=samples)
    assert refusal(tmp_path, content) == "unsupported_type"


def test_floats_that_end_early_are_truncated(tmp_path: Path) -> None:
    content = tiff([floats("<f4")], photometric=2, bits=32, samples=3, t0x117=(4, [1 << 30]), **FLOAT)
    assert refusal(tmp_path, content) == "truncated"


def test_a_picture_of_endless_strips_is_too_costly(tmp_path: Path) -> None:
    tags: dict[str, Any] = {"t0x101": (4, [30_000]), "t0x116": (4, [1])}
    content = tiff([floats("<f4")], photometric=2, bits=32, samples=3, **tags, **FLOAT)
    assert refusal(tmp_path, content) == "too_costly"


@pytest.mark.parametrize("kind", [{0xFE: (4, [1])}, {0xFE: (4, [4])}, {0xFF: (3, [2])}])
def test_the_first_page_that_is_no_reduced_copy_is_shown(
    tmp_path: Path, kind: dict[int, tuple[int, list[int]]]
) -> None:
    small = photos.save(tmp_path / "small", Image.new("RGB", (24, 16)), "TIFF")
    whole = tiff([np.asarray(photos.scene()).tobytes()], photometric=2, bits=8, samples=3)
    first = {
        0x100: (4, [24]), 0x101: (4, [16]), 0x102: (3, [8] * 3), 0x103: (3, [1]), 0x106: (3, [2]), 0x111: (4, [8]),
        0x115: (3, [3]), 0x116: (4, [16]), 0x117: (4, [24 * 16 * 3]), **kind,
    }  # fmt: skip
    (second,) = struct.unpack_from("<I", whole, 4)
    content = whole[:4] + struct.pack("<I", len(whole)) + whole[8:]
    assert photos.corners(shown(tmp_path, content + directory(first, len(content), following=second))) == photos.CORNERS
    assert shown(tmp_path, small.read_bytes()).size == (24, 16)
