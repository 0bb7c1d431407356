"""The map leads to what is there."""

import re
import tomllib
from functools import cache
from itertools import pairwise

import pytest

from infra.bootstrap import REPOSITORY
from tests.docs.command_line import command_names

PAGE = (REPOSITORY / "docs" / "architecture.md").read_text("utf-8")
CORE = REPOSITORY / "layers" / "core" / "pinhole"
BEFORE, _, FROM_LAYERS = PAGE.partition("| layer | modules |\n|---|---|\n")
LAYERS, _, AFTER = FROM_LAYERS.partition("\n\n")
ROWS = [re.findall(r"`([^`]+)`", row) for row in LAYERS.splitlines()]
NAMES = sorted(set(re.findall(r"`([^`]+)`", BEFORE + AFTER)))
PLACES = [name for name in NAMES if re.fullmatch(r"[\w.-]+/[\w./*-]*|[\w-]+\.\w+", name)]
COMMANDS = set(command_names())
WORDS = [name for name in NAMES if re.fullmatch(r"[\w-]+", name) and name not in COMMANDS]


def test_the_map_names_thirty_changes_or_more() -> None:
    _, _, changes = PAGE.partition("## To change X, go to Y")
    assert len(re.findall(r"^\| [^-|].* \|$", changes, re.MULTILINE)) > 30


@pytest.mark.parametrize("place", PLACES)
def test_each_place_on_the_map_exists(place: str) -> None:
    # A file that many rooms have is named without its path.
    assert (REPOSITORY / place).exists() or ("/" not in place and any((REPOSITORY / "tests").rglob(place)))


@pytest.mark.parametrize("word", WORDS)
def test_each_other_name_on_the_map_is_used_in_the_code(word: str) -> None:
    assert re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", _code())


def test_the_map_names_each_command() -> None:
    [row] = re.findall(r"^\| `infra/` \| .*`python -m infra`: (.*?) \|", PAGE, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", row)) == COMMANDS


def test_every_room_and_every_part_of_the_product_is_on_the_map() -> None:
    rooms = [path for room in ("functions", "infra") for path in (REPOSITORY / room).iterdir()]
    packages = {f"{path.relative_to(REPOSITORY).as_posix()}/" for path in rooms if (path / "__init__.py").exists()}
    assert packages - set(PLACES) == set()


def test_each_module_of_the_product_is_in_one_layer_of_the_map() -> None:
    packages = [f"{path.parent.name}/" for path in CORE.glob("*/__init__.py")]
    modules = [path.name for path in CORE.glob("*.py") if path.name != "__init__.py"]
    assert sorted(name for row in ROWS for name in row) == sorted(packages + modules)


def test_the_layers_of_the_map_are_those_that_imports_are_checked_by() -> None:
    settings = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
    [contract] = [one for one in settings["tool"]["importlinter"]["contracts"] if one["type"] == "layers"]
    row_of = {name.removesuffix("/").removesuffix(".py"): number for number, row in enumerate(ROWS) for name in row}
    checked = [[row_of[name.strip()] for name in layer.split("|")] for layer in contract["layers"]]
    for above, below in pairwise(checked):
        assert max(above) <= min(below)


@cache
def _code() -> str:
    rooms = [REPOSITORY / room for room in ("functions", "infra", "layers", "migrations")]
    files = [path for room in rooms for path in room.rglob("*") if path.suffix in {".py", ".sql", ".yaml"}]
    files += [REPOSITORY / name for name in ("pyproject.toml", "template.yaml", "tests/requirements.in")]
    return "\n".join(path.read_text("utf-8") for path in files)
