"""The map leads to what is there."""

import re

import pytest

from infra.bootstrap import REPOSITORY

PAGE = (REPOSITORY / "docs" / "architecture.md").read_text("utf-8")
PLACES = sorted(
    {name for name in re.findall(r"`([\w./*-]+)`", PAGE) if "/" in name and not name.startswith(("/", "python"))}
)


def test_the_map_names_thirty_changes_or_more() -> None:
    _, _, changes = PAGE.partition("## To change X, go to Y")
    assert len(re.findall(r"^\| [^-|].* \|$", changes, re.MULTILINE)) > 30


@pytest.mark.parametrize("place", PLACES)
def test_each_place_on_the_map_exists(place: str) -> None:
    assert (REPOSITORY / place).exists()


def test_every_room_and_every_part_of_the_product_is_on_the_map() -> None:
    rooms = [path for room in ("layers/core/pinhole", "functions", "infra") for path in (REPOSITORY / room).iterdir()]
    packages = {f"{path.relative_to(REPOSITORY).as_posix()}/" for path in rooms if (path / "__init__.py").exists()}
    assert packages - set(PLACES) == set()
