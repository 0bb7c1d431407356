"""What the embedded set sees in real photos."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from gpu_worker.looking import Looker, Picture
from gpu_worker.models import loading
from pinhole.seen import Role, Seen
from pinhole_models.model_set import TEXT_EMBEDDING, ModelSet
from pinhole_models.roles import Pixels
from tests.fixtures.models import photo

CAT, COFFEE, MOTORCYCLE, WOMAN, MAN = (
    f"skimage/data/{name}.png" for name in ("chelsea", "coffee", "motorcycle_left", "astronaut", "camera")
)
PAGE = {
    "en": "The quick brown fox jumps over the lazy dog",
    "nl": "Wij gingen vroeg naar zee: één ijsje, twee coöperaties",
    "de": "Zwölf Boxkämpfer jagen Viktor über den großen Deich",
}


@pytest.fixture(scope="module")
def looker(embedded: ModelSet) -> Looker:
    """All models, loaded."""
    looker = Looker(embedded)
    looker.load()
    return looker


def _look(looker: Looker, *photos: Pixels) -> list[Seen]:
    return looker.look([Picture(pixels, pixels.shape[1], pixels.shape[0]) for pixels in photos])


def test_a_cat_is_tagged_and_found_as_a_cat(looker: Looker) -> None:
    (seen,) = _look(looker, photo(CAT))

    assert {tag.name for tag in seen.tags if tag.score > 0.5} >= {"cat", "animal"}
    assert "dog" not in {tag.name for tag in seen.tags}
    (cat,) = seen.objects
    assert cat.name == "cat"
    assert cat.box.left < 0.4 < 0.6 < cat.box.left + cat.box.width


@pytest.mark.parametrize("shade", [0, 128, 255])
def test_nothing_is_seen_where_there_is_nothing(looker: Looker, shade: int) -> None:
    (seen,) = _look(looker, np.full((1440, 1920, 3), shade, np.uint8))

    assert (seen.tags, seen.objects, seen.faces, seen.text) == ([], [], [], [])


def test_no_model_tells_others_what_it_runs_on(embedded: ModelSet, tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    code = "import sys; from pinhole_models import session; session.load(sys.argv[1], 1)"
    subprocess.run(
        [sys.executable, "-c", code, embedded.checked("objects")["model"]],
        env={**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
        | {"PYTHONPATH": os.pathsep.join(sys.path)},
        check=True,
    )
    assert list((tmp_path / "cache").iterdir()) == []


def test_what_is_seen_of_a_photo_does_not_depend_on_the_photos_beside_it(looker: Looker) -> None:
    together = _look(looker, photo(CAT), photo(COFFEE))
    alone = [_look(looker, photo(name))[0] for name in (CAT, COFFEE)]

    for one, other in zip(together, alone, strict=True):
        assert [tag.name for tag in one.tags] == [tag.name for tag in other.tags]
        assert [thing.name for thing in one.objects] == [thing.name for thing in other.objects]
        assert one.embedding == pytest.approx(other.embedding, abs=1e-4)


def test_a_face_is_found_where_it_is_with_its_eyes_above_its_mouth(looker: Looker) -> None:
    (seen,) = _look(looker, photo(WOMAN))

    (face,) = seen.faces
    assert (face.box.left, face.box.top) == pytest.approx((0.34, 0.13), abs=0.05)
    assert (face.box.width, face.box.height) == pytest.approx((0.18, 0.23), abs=0.05)
    (left_eye, right_eye, nose, left_mouth, right_mouth) = face.landmarks
    assert left_eye[0] < nose[0] < right_eye[0]
    assert left_mouth[0] < right_mouth[0]
    assert max(left_eye[1], right_eye[1]) < nose[1] < min(left_mouth[1], right_mouth[1])
    assert np.linalg.norm(face.embedding) == pytest.approx(1)


def test_two_pictures_of_one_face_are_nearer_than_those_of_strangers(looker: Looker) -> None:
    woman = photo(WOMAN)
    turn = cv2.getRotationMatrix2D((256, 150), 12, 0.8)
    turned = np.asarray(cv2.warpAffine(woman, turn, (512, 512)) * 0.7, np.uint8)

    first, second, stranger = (np.array(seen.faces[0].embedding) for seen in _look(looker, woman, turned, photo(MAN)))

    assert first @ second > 0.73
    assert first @ stranger < 0.53


def test_the_size_of_a_face_is_told_in_pixels_of_the_original(looker: Looker) -> None:
    woman = photo(WOMAN)

    (rendition,) = _look(looker, woman)
    (original,) = looker.look([Picture(woman, 5120, 5120)])

    assert original.faces[0].size_px == 10 * rendition.faces[0].size_px


def test_a_blurred_face_is_less_sharp_than_the_same_face(looker: Looker) -> None:
    woman = photo(WOMAN)
    blurred = np.asarray(cv2.GaussianBlur(woman, (0, 0), 3), np.uint8)

    clear, soft = _look(looker, woman, blurred)

    assert soft.faces[0].sharpness < clear.faces[0].sharpness / 2


@pytest.mark.parametrize("language", PAGE)
def test_rendered_text_is_read(looker: Looker, language: str) -> None:
    (seen,) = _look(looker, _page(PAGE[language]))

    (line,) = seen.text
    assert line.text == PAGE[language]
    left_top, right_top, right_bottom, left_bottom = line.corners
    assert left_top == pytest.approx((0.05, 0.43), abs=0.05)
    assert left_top[0] < right_top[0]
    assert right_top[1] < right_bottom[1]
    assert left_bottom[0] < right_bottom[0]


def test_text_that_stands_on_its_head_is_read(looker: Looker) -> None:
    (seen,) = _look(looker, np.ascontiguousarray(_page(PAGE["en"])[::-1, ::-1]))

    assert [line.text for line in seen.text] == [PAGE["en"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [("a cat", CAT), ("een kat", CAT), ("eine Katze", CAT), ("kop koffie", COFFEE), ("Motorrad", MOTORCYCLE)],
)
def test_photos_are_found_by_words_of_three_languages(
    looker: Looker, embedded: ModelSet, query: str, expected: str
) -> None:
    names = [CAT, COFFEE, MOTORCYCLE, WOMAN]
    vectors = np.array([seen.embedding for seen in _look(looker, *map(photo, names))])

    wanted = loading.load(embedded, TEXT_EMBEDDING).embed_text([query])[0]

    assert names[int((vectors @ wanted).argmax())] == expected
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (3, 900), (900, 3), (31, 33)])
def test_pictures_of_any_size_are_looked_at(looker: Looker, width: int, height: int) -> None:
    (seen,) = _look(looker, np.full((height, width, 3), 90, np.uint8))

    assert seen.embedding is not None
    assert np.isfinite(seen.embedding).all()
    assert seen.faces == []
    assert seen.colours
    assert seen.quality


def test_a_set_without_a_role_does_not_look_for_it(embedded: ModelSet) -> None:
    only_colours = replace(embedded, parts={Role.COLOURS: embedded.parts[Role.COLOURS]})

    (seen,) = _look(Looker(only_colours), photo(CAT))

    assert set(seen.models) == {Role.COLOURS}
    assert seen.colours
    assert (seen.embedding, seen.quality, seen.tags) == (None, None, [])


def _page(text: str) -> Pixels:
    page = np.full((300, 1000, 3), 255, np.uint8)
    cv2.putText(page, text, (50, 165), (0, 0, 0), cv2.FontFace("sans"), 34)
    return page
