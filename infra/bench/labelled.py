"""Pictures that packages bring, and what people see in them."""

import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from infra.models import fetch
from pinhole_models import model_set
from pinhole_models.model_directory import default_directory
from pinhole_models.roles import Pixels

_PICTURES = Path(__file__).parent / "pictures.toml"
_LABELS = Path(__file__).parent / "labels.tsv"


@dataclass(frozen=True, slots=True)
class Labelled:
    """A picture, and what `labels.tsv` says of it. faces: the least and the most that are right; None where that is a
    matter of taste."""

    name: str
    path: Path
    who: str
    faces: tuple[int, int] | None
    objects: frozenset[str]
    also: frozenset[str]
    tags: frozenset[str]

    def pixels(self) -> Pixels:
        """RGB, as the worker decodes it."""
        picture = cv2.imread(str(self.path), cv2.IMREAD_COLOR_RGB)
        assert picture is not None, self.path
        return np.asarray(picture, np.uint8)


def brought() -> dict[str, Path]:
    """What `pictures.toml` names, by name; fetched where that was not done.

    Raises:
        CannotStart: it can't be fetched.
    """
    carried = model_set.read(str(_PICTURES), default_directory().parent)
    fetch.fetch(carried)
    return {path.removeprefix(f"{carried.name}/"): carried.directory / path for path in carried.files}


def pictures() -> list[Labelled]:
    """All that are labelled. Raises CannotStart, as `brought` does."""
    return of(brought())


def of(there: Mapping[str, Path]) -> list[Labelled]:
    """All that are labelled. there: where those lie that no installed package brings, by name."""
    return [_labelled(row, there) for row in rows()]


def rows() -> list[Mapping[str, str]]:
    """The lines of `labels.tsv`."""
    lines = [line for line in _LABELS.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    header, *rest = (line.split("\t") for line in lines)
    return [dict(zip(header, cells, strict=True)) for cells in rest]


def _labelled(row: Mapping[str, str], there: Mapping[str, Path]) -> Labelled:
    name = row["picture"]
    path = there.get(name) or Path(sysconfig.get_path("platlib")) / name
    objects, also, tags = (frozenset(_words(row[column])) for column in ("objects", "also", "tags"))
    return Labelled(name, path, row["who"], _bounds(row["faces"]), objects, also, tags)


def _words(cell: str) -> Sequence[str]:
    return cell.split(", ") if cell else []


def _bounds(cell: str) -> tuple[int, int] | None:
    if cell == "?":
        return None
    least, _, most = cell.partition("-")
    return int(least), int(most or least)
