"""The table of `python -m infra bench`: what is met, and how it is told."""

import json
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageFilter

from infra.bench import command, rows
from infra.bench.rows import Aim, Row
from infra.bench.similarity import ssim

INFINITE = float("inf")


@pytest.mark.parametrize(
    ("ours", "floor", "aim", "met"),
    [
        (250, None, Aim("ours", 250), True),
        (250.1, None, Aim("ours", 250), False),
        (49, None, Aim("ours", INFINITE, 49), True),
        (48.9, None, Aim("ours", INFINITE, 49), False),
        (85, 100, Aim("ratio", 0.85), True),
        (86, 100, Aim("ratio", 0.85), False),
        (0.5, 1, Aim("ours", 0.4), False),
        (80, 100, Aim("ratio", INFINITE, 0.8), True),
        (79, 100, Aim("ratio", INFINITE, 0.8), False),
        (105, 100, Aim("ratio", 1.05, 0.95), True),
        (106, 100, Aim("ratio", 1.05, 0.95), False),
        (94, 100, Aim("ratio", 1.05, 0.95), False),
        (1, 100, None, None),
    ],
)
def test_an_aim_is_met_within_its_bounds(ours: float, floor: float | None, aim: Aim | None, met: bool | None) -> None:
    assert Row("r", "ms", ours, floor, aim=aim).met is met


def test_the_ratio_is_ours_to_the_floor() -> None:
    assert Row("r", "ms", 30, 20).ratio == 1.5
    assert Row("r", "ms", 30).ratio is None


@pytest.mark.parametrize(
    ("aim", "text"),
    [
        (Aim("ours", 1.5), "ours ≤ 1.5"),
        (Aim("ratio", 0.85), "ratio ≤ 0.85"),
        (Aim("ratio", INFINITE, 0.8), "ratio ≥ 0.8"),
        (Aim("ratio", 1.05, 0.95), "ratio 0.95 to 1.05"),
    ],
)
def test_an_aim_is_told_with_the_bounds_it_has(aim: Aim, text: str) -> None:
    assert str(aim) == text


SOME = [
    Row("photo: CPU", "ms", 290, 341, "sharp", Aim("ratio", 0.85)),
    Row("photo: SSIM", "", 0.98312, 0.98512, "sharp"),
    Row("memory", "MB", 1234.5, aim=Aim("ours", 700)),
]


def test_the_table_has_a_line_for_each_row_and_says_what_is_not_met() -> None:
    assert rows.table(SOME) == (
        "              ours      floor         ratio  aim           met?\n"
        "photo: CPU     290  ms    341  sharp   0.85  ratio ≤ 0.85  NO\n"
        "photo: SSIM  0.983      0.985  sharp   1.00\n"
        "memory       1,234  MB                       ours ≤ 700    NO"
    )


@pytest.mark.parametrize(
    ("most", "code", "told"), [(700, 0, ""), (699, 1, "Not met:\n  memory: 700 MB, to be ours ≤ 699\n")]
)
def test_the_command_fails_and_names_what_is_not_met(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], most: float, code: int, told: str
) -> None:
    measured = [Row("memory", "MB", 700, aim=Aim("ours", most)), Row("photo", "ms", 1)]
    monkeypatch.setitem(command.MEASUREMENTS, "memory", lambda: iter(measured))
    assert command.run(["memory"], json=False) == code
    said = capsys.readouterr().err
    assert said.endswith(told)
    assert ("Not met" in said) == (code == 1)


def test_json_has_the_numbers_whole_and_null_for_what_is_not_there() -> None:
    assert json.loads(rows.as_json(SOME[1:])) == [
        {
            "name": "photo: SSIM",
            "unit": "",
            "ours": 0.98312,
            "floor": 0.98512,
            "floorIs": "sharp",
            "ratio": 0.98312 / 0.98512,
            "aim": None,
            "met": None,
        },
        {
            "name": "memory",
            "unit": "MB",
            "ours": 1234.5,
            "floor": None,
            "floorIs": None,
            "ratio": None,
            "aim": "ours ≤ 700",
            "met": False,
        },
    ]


def test_contestants_take_turns_and_the_first_turn_does_not_count() -> None:
    turns = []

    def gives(name: str, results: list[float]) -> Callable[[], float]:
        def measure() -> float:
            turns.append(name)
            return results.pop(0)

        return measure

    medians = rows.medians({"a": gives("a", [90, 1, 5, 3]), "b": gives("b", [0, 7, 7, 8])}, 3)

    assert medians == {"a": 3, "b": 7}
    assert turns == ["a", "b"] * 4


def test_a_picture_is_like_itself_and_the_less_so_the_more_is_lost() -> None:
    picture = Image.fromarray(np.random.default_rng(1).integers(0, 256, (64, 48), dtype=np.uint8))
    little, much = (picture.filter(ImageFilter.GaussianBlur(radius)) for radius in (0.5, 2))

    assert ssim(picture, picture) == pytest.approx(1)
    assert 1 > ssim(little, picture) > ssim(much, picture) > 0


def test_similarity_is_that_of_the_paper_for_planes_of_one_colour() -> None:
    dark, light = (Image.new("L", (16, 16), shade) for shade in (50, 100))
    c1 = (0.01 * 255) ** 2
    assert ssim(dark, light) == pytest.approx((2 * 50 * 100 + c1) / (50**2 + 100**2 + c1))
