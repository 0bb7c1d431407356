"""What `infra bench` tells of search: its questions, its arithmetic, and a floor on a handful of pictures."""

from pathlib import Path

import pytest
from psycopg import Connection

from gpu_worker.looking import Looker
from infra import bootstrap
from infra.bench import asked_library, labelled, questions, relevance
from infra.bench.questions import LANGUAGES, Question
from infra.bench.relevance import Answer, Asking
from pinhole_models import model_set
from pinhole_models.model_set import ModelSet
from tests.fixtures.library import new_library


def _names() -> list[str]:
    carried = model_set.read(str(Path(labelled.__file__).parent / "pictures.toml"), Path())
    brought = [path.removeprefix("pictures/") for path in carried.files]
    return [*dict.fromkeys([*(row["picture"] for row in labelled.rows()), *brought])]


def test_there_are_questions_enough_without_the_samples_too() -> None:
    asked = questions.of(_names())

    present = [question for question in asked if not question.is_absent]
    assert len(present) >= 40
    assert len(asked) - len(present) >= 20
    assert all(question.typed.keys() == set(LANGUAGES) and all(question.typed.values()) for question in asked)


def test_samples_are_asked_for_where_they_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(labelled, "brought", dict)
    monkeypatch.setenv("PINHOLE_SAMPLES", str(tmp_path))

    assert questions.pictures()["samples/scenes/silver_fir.jpg"] == tmp_path / "scenes/silver_fir.jpg"

    monkeypatch.delenv("PINHOLE_SAMPLES")
    assert not any(name.startswith("samples/") for name in questions.pictures())


def test_every_other_line_is_for_tuning() -> None:
    asked = questions.of([*_names(), *(f"samples/{name}" for name in questions.SAMPLES)])

    assert [question.is_tuning for question in asked] == [number % 2 == 0 for number in range(len(asked))]


def test_questions_that_were_changed_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = tmp_path / "questions.tsv"
    changed.write_text("en\tnl\tde\tshows\talso\ncat\tkat\tKatze\t\t\n")
    monkeypatch.setattr(questions, "FILE", changed)

    with pytest.raises(ValueError, match="was changed"):
        questions.of(_names())


def test_a_question_of_pictures_that_are_gone_is_refused() -> None:
    with pytest.raises(ValueError, match="is no picture"):
        questions.of([name for name in _names() if name != "gradio/lion.jpg"])


def test_precision_leaves_out_what_may_come_or_not() -> None:
    asked = _question(shows={"a", "b"}, also={"x"})

    assert relevance.precision(["a", "b"], asked) == 1
    assert relevance.precision(["x", "a", "c", "b"], asked) == pytest.approx((1 / 1 + 2 / 3) / 2)
    assert relevance.precision(["c"], asked) == 0


def test_the_first_that_is_right_counts() -> None:
    asked = _question(shows={"a", "b"}, also={"x"})

    assert relevance.reciprocal(["x", "c", "b", "a"], asked) == 1 / 2
    assert relevance.reciprocal(["c"], asked) == 0
    assert (relevance.top(["x", "a"], asked), relevance.top(["c", "a"], asked)) == (1, 0)


def test_what_was_right_among_the_nearest_and_is_not_shown_is_lost() -> None:
    asked = _question(shows={"a", "b"})

    assert relevance.kept_of(Answer(asked, [], ["c", "a", "b"], ["c", "a"], ["c", "a"])) == 1 / 2
    assert relevance.kept_of(Answer(asked, [], ["c"], ["c"], ["c"])) is None


def test_both_lists_are_held_against_the_better_one() -> None:
    asked = [_question(shows={"a"}, is_tuning=tuning) for tuning in (True, False)]
    answers = [Answer(question, ["c", "a"], ["a"], ["a"], ["c", "a"]) for question in asked]

    *_, both, _ = relevance.found(answers, "en")

    assert (both.ours, both.floor, both.met) == (0.5, 1, False)


def test_little_and_nothing_are_told_apart() -> None:
    halves = [
        Answer(_question(is_tuning=tuning), [], names, names, names)
        for tuning, names in ((False, list("abcd")), (False, list("abc")), (False, []), (True, []))
    ]

    little, nothing = relevance.not_found(halves, "en")

    assert [little.ours, nothing.ours] == pytest.approx([2 / 3, 1 / 3])
    assert (little.floor, nothing.floor, little.met) == (1, 1, False)


def test_what_pictures_show_is_found_and_what_none_shows_is_not(conn: Connection, embedded: ModelSet) -> None:
    bootstrap.install("infra/demo-requirements.txt")
    names = [f"skimage/data/{name}" for name in ("chelsea.png", "coffee.png", "motorcycle_left.png", "page.png")]
    looker = Looker(embedded)
    paths = {picture.name: picture.path for picture in labelled.of({}) if picture.name in names}
    seen = {name: looker.look([asked_library.picture(path)])[0] for name, path in paths.items()}
    owner_id = new_library(conn, "asked").owner_id
    ask = Asking(embedded, owner_id, asked_library.fill(owner_id, seen))

    cat, elephant, segmentation = (
        ask(_question(typed=typed), "en").hybrid for typed in ("cat", "washing machine", '"region-based segmentation"')
    )

    assert cat[0] == "skimage/data/chelsea.png"
    assert elephant == []
    assert segmentation == ["skimage/data/page.png"]


def _question(
    *, shows: set[str] | None = None, also: set[str] | None = None, is_tuning: bool = False, typed: str = ""
) -> Question:
    return Question({"en": typed}, frozenset(shows or ()), frozenset(also or ()), not shows, is_tuning)
