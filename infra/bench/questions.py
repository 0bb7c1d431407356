"""What people look for, in three languages, and which of the pictures that packages bring show it.

The questions and the judgements were written by looking at the pictures, before any model looked at one. Another file
is refused: whoever changes a question once the answers are known measures nothing any more.
"""

import hashlib
import os
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from infra.bench import labelled

LANGUAGES = ("en", "nl", "de")
FILE = Path(__file__).parent / "questions.tsv"
_SHA256 = "6403e846668afaadcc8e5c9415f074622b2271fd764d15a66567381618dd6411"

# Of the folder that PINHOLE_SAMPLES names: one of each picture, and those that Pillow opens.
SAMPLES = (
    *("cameras/Canon_40D.jpg", "cameras/DSCN0010.jpg", "cameras/DSCN0029.jpg", "cameras/HMD_Nokia_8.3_5G.jpg"),
    *("cameras/Nikon_D70.jpg", "cameras/iphone_hdr_YES.jpg", "faces/portrait.jpg", "formats/8bit-sRGB.avif"),
    *("formats/Arbitro.tiff", "formats/IMG_2682.heic", "formats/cat.hif", "formats/denali.webp"),
    *("formats/density_plot.png", "formats/iphone_13_pro_max.HEIC", "metadata/empty_gps.jpg"),
    *("metadata/gps-datetime.jpg", "metadata/thompson-springs.jpg", "orientation/landscape_1.jpg"),
    *("scenes/cyclamen_persicum.jpg", "scenes/el_torcal_rocks.jpg", "scenes/notocactus_minimus.jpg"),
    *("scenes/orychophragmus_violaceus.jpg", "scenes/polemonium_reptans.jpg", "scenes/prairie_falcon.jpg"),
    *("scenes/silver_fir.jpg", "scenes/tanners_ridge.jpg", "scenes/wood_anemones.jpg"),
    *("text/book-beside-flowers.jpg", "text/handwritten-notes.jpg"),
)


@dataclass(frozen=True, slots=True)
class Question:
    """What is typed, by language. shows: names of the pictures that show it; also: of those that may come or not.

    is_tuning: of the half that numbers may be chosen on; the other half says how good they are.
    """

    typed: Mapping[str, str]
    shows: frozenset[str]
    also: frozenset[str]
    is_absent: bool
    is_tuning: bool


def pictures() -> dict[str, Path]:
    """All pictures that are asked for, by name. Raises CannotStart, as `labelled.brought` does."""
    brought = {name: path for name, path in labelled.brought().items() if path.suffix != ".ttf"}
    installed = {row["picture"]: Path(sysconfig.get_path("platlib")) / row["picture"] for row in labelled.rows()}
    folder = os.environ.get("PINHOLE_SAMPLES")
    samples = {f"samples/{name}": Path(folder) / name for name in SAMPLES} if folder else {}
    return {**installed, **brought, **samples}


def of(names: Sequence[str]) -> list[Question]:
    """The questions that these pictures answer, and those that none does.

    Raises:
        ValueError: the file was changed, or names a picture that there is not.
    """
    content = FILE.read_bytes()
    if (digest := hashlib.sha256(content).hexdigest()) != _SHA256:
        raise ValueError(f"{FILE.name} was changed, its sha256 is {digest}: the answers are known by now")
    lines = [line for line in content.decode().splitlines() if not line.startswith("#")]
    header, *rows = (line.split("\t") for line in lines)
    found = [_question(dict(zip(header, row, strict=True)), names, number % 2 == 0) for number, row in enumerate(rows)]
    return [question for question in found if question.shows or question.is_absent]


def _question(row: Mapping[str, str], names: Sequence[str], is_tuning: bool) -> Question:
    shows, also = (_named(row[column], names) for column in ("shows", "also"))
    return Question(
        {language: row[language] for language in LANGUAGES}, shows, also - shows, not row["shows"], is_tuning
    )


def _named(cell: str, names: Sequence[str]) -> frozenset[str]:
    patterns = cell.split(", ") if cell else []
    found = {pattern: [name for name in names if fnmatchcase(name, pattern)] for pattern in patterns}
    if unknown := [pattern for pattern, own in found.items() if not own and not pattern.startswith("samples/")]:
        raise ValueError(f"{FILE.name} names {unknown[0]}, which is no picture")
    return frozenset(name for own in found.values() for name in own)
