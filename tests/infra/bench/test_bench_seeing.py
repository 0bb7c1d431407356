"""What `infra bench` tells of how right the models are: its arithmetic, and a floor on a handful of pictures."""

from pathlib import Path

import numpy as np
import pytest
from PIL import ImageFont

from gpu_worker.looking import Looker, Picture
from gpu_worker.models import loading, tables
from infra import bootstrap
from infra.bench import labelled, seeing, written
from infra.bench.labelled import Labelled
from infra.bench.written import SPOILT, Page
from pinhole.seen import Box, DetectedObject, Face, Role, Seen, Tag
from pinhole_models.model_set import ModelSet


@pytest.mark.parametrize(
    ("text", "read", "wrong"),
    [("same", "same", 0), ("cat", "cart", 1), ("cat", "at", 1), ("cat", "", 3), ("ab", "ba", 2)],
)
def test_characters_added_removed_and_exchanged_count(text: str, read: str, wrong: int) -> None:
    assert written.distance(text, read) == wrong


def test_the_area_is_the_chance_that_one_person_is_more_alike_than_two() -> None:
    assert seeing.area([0.9, 0.8], [0.1, 0.2]) == 1
    assert seeing.area([0.9, 0.1], [0.5]) == 0.5
    assert seeing.area([0.5], [0.5]) == 0.5


def test_people_are_compared_by_name_and_within_one_picture() -> None:
    ann, ann_again, bob = _looked("ann", [1, 0]), _looked("ann", [0.8, 0.6]), _looked("bob", [0, 1])
    group = _looked("", [1, 0], [0.6, 0.8])

    same, others = seeing.pairs([ann, ann_again, bob, group])

    assert same == pytest.approx([0.8])
    assert sorted(others) == pytest.approx([0, 0.6, 0.6])


def test_faces_that_may_be_there_count_neither_as_missed_nor_as_wrong() -> None:
    looks = [_looked("ann", [1, 0]), _looked("ann", [1, 0]), _looked("bob", [0, 1]), _looked("", faces=(0, 2))]
    looks += [
        _looked("", [1, 0], faces=(0, 1)),
        _looked("", [1, 0], [0, 1], [1, 0], faces=(1, 2)),
        _looked("", faces=(1, 1)),
    ]

    found, wrong, *_ = seeing.faces(looks)

    assert found.ours == pytest.approx(4 / 5)
    assert wrong.ours == 1


def test_what_may_be_told_of_a_picture_is_right_and_need_not_be() -> None:
    picture = _labelled(objects={"cat", "cup"}, also={"spoon"})

    found, right = seeing.objects([(picture, _seen(objects=("cat", "cat", "spoon", "dog")))])

    assert found.ours == pytest.approx(1 / 2)
    assert right.ours == pytest.approx(2 / 3)


def test_a_tag_is_right_among_the_five_surest_of_pictures_that_some_word_fits() -> None:
    cat = _labelled(tags={"cat"})
    late = _seen(tags=("a", "b", "c", "d", "e", "cat"))

    among_five, told = seeing.tags(
        [(cat, _seen(tags=("dog", "cat"))), (cat, late), (_labelled(), _seen(tags=("dog",)))]
    )

    assert among_five.ours == pytest.approx(1 / 2)
    assert told.ours == pytest.approx(2 / 8)


def test_labels_are_words_that_the_models_know() -> None:
    rows = labelled.rows()
    kinds = set(tables.lines("coco.txt"))
    columns = [line.split("\t") for line in tables.lines("imagenet.tsv")]
    words = {word for label, wider in columns for word in (label, *wider.split(", "))}

    for row in rows:
        assert _words(row["objects"]) | _words(row["also"]) <= kinds, row["picture"]
        assert _words(row["tags"]) <= words, row["picture"]
    assert len({row["picture"] for row in rows}) == len(rows) >= 40


def test_text_is_read_whether_clean_or_spoilt(embedded: ModelSet, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = written.TEXTS["de"][:2]
    page = written.rendered(lines, ImageFont.load_default(36))
    pages = [Page("de", state, "\n".join(lines), SPOILT[state](page)) for state in ("clean", "blurred")]

    rows = list(seeing.text(loading.load(embedded, Role.OCR), pages))

    assert [row.name for row in rows] == ["characters misread, de, clean", "characters misread, de, blurred"]
    assert max(row.ours for row in rows) <= 5


def test_labelled_pictures_of_installed_packages_are_seen_as_they_were(embedded: ModelSet) -> None:
    bootstrap.install("infra/demo-requirements.txt")
    names = ("astronaut.png", "chelsea.png", "coffee.png", "motorcycle_left.png")
    pictures = [picture for picture in labelled.of({}) if picture.name.removeprefix("skimage/data/") in names]
    looker = Looker(embedded)

    looks = [(picture, looker.look([Picture(picture.pixels(), 512, 512)])[0]) for picture in pictures]

    assert len(looks) == len(names)
    found, right = seeing.objects(looks)
    assert (found.ours, right.ours) >= (0.75, 0.75)
    among_five, told = seeing.tags(looks)
    assert (among_five.ours, told.ours) >= (0.75, 0.5)
    assert sum(len(seen.faces) for _, seen in looks) == 1


def _words(cell: str) -> set[str]:
    return set(cell.split(", ")) if cell else set()


def _labelled(
    who: str = "",
    faces: tuple[int, int] | None = None,
    objects: set[str] | None = None,
    also: set[str] | None = None,
    tags: set[str] | None = None,
) -> Labelled:
    told = (frozenset(words or ()) for words in (objects, also, tags))
    return Labelled("picture", Path("picture"), who, faces, *told)


def _looked(who: str, *vectors: list[float], faces: tuple[int, int] | None = None) -> tuple[Labelled, Seen]:
    box = Box(0, 0, 1, 1)
    found = [Face(box, [], 1, 100, 1, np.array(vector, float).tolist()) for vector in vectors]
    return _labelled(who, faces or (len(vectors), len(vectors))), Seen({}, faces=found)


def _seen(objects: tuple[str, ...] = (), tags: tuple[str, ...] = ()) -> Seen:
    box = Box(0, 0, 1, 1)
    things = [DetectedObject(name, 1, box) for name in objects]
    return Seen({}, objects=things, tags=[Tag(name, 1) for name in tags])
