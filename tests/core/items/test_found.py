"""What models found in a photo, over HTTP."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from psycopg import Connection

from pinhole import found, stages
from pinhole.errors import ErrorCode, NotFound
from pinhole.seen import Model, Role, Seen, Tag
from pinhole.stages import Lane, Stage, Subject
from pinhole.tables import job, model
from tests.fixtures import seeing
from tests.fixtures.api import Caller
from tests.fixtures.cloud import Cloud
from tests.fixtures.library import Library


@pytest.fixture
def library(conn: Connection, caller: Caller, cloud: Cloud) -> Library:
    """The caller's library, and the store that signs URLs of its originals."""
    return Library(conn, caller.user.id)


def _read(caller: Caller, item_id: str) -> Any:
    answer = caller.call("GET", f"/items/{item_id}")
    assert answer.status_code == 200, answer.text
    item: Any = answer.json
    return item["analysis"]


def _tags_of(version: str, *names: str) -> Seen:
    return Seen({Role.TAGS: seeing.by_models_of(version)[Role.TAGS]}, tags=[Tag(name, 0.5) for name in names])


def _described(caption: str, by: str = "a model") -> Seen:
    assert seeing.DESCRIBED.caption is not None
    return Seen(
        {Role.CAPTION: Model(Role.CAPTION, by, "1")}, caption=replace(seeing.DESCRIBED.caption, caption=caption)
    )


def _waits(caller: Caller, item_id: str) -> tuple[str, str | None, bool]:
    """The state of the analysis, the caption, and whether one is still to come."""
    told = _read(caller, item_id)
    return told["state"], told["caption"] and told["caption"]["caption"], told["captionWaits"]


def _tags(caller: Caller, item_id: str) -> tuple[list[str], list[str]]:
    """Which are told, and by which version of the model."""
    told = _read(caller, item_id)
    return [tag["name"] for tag in told["tags"]], [one["version"] for one in told["models"]]


def test_a_photo_tells_all_that_models_found_but_no_vectors(caller: Caller, library: Library) -> None:
    photo, other = library.add(), library.add()
    seeing.record(library.owner_id, photo, seeing.SEEN)
    seeing.record(library.owner_id, other, replace(seeing.SEEN, tags=[Tag("dog", 0.5)], objects=[], faces=[], text=[]))
    assert _read(caller, photo) == {
        "state": "done",
        "models": [
            {"role": role, "name": f"the {role} model", "version": "1"}
            for role in ("image_embedding", "tags", "objects", "faces", "ocr", "colours", "quality")
        ],
        "tags": [{"name": "evening", "score": 0.75}, {"name": "station", "score": 0.5}],
        "objects": [
            {"name": "train", "score": 0.75, "box": {"left": 0.5, "top": 0.25, "width": 0.25, "height": 0.5}},
            {"name": "person", "score": 0.5, "box": {"left": 0, "top": 0.5, "width": 0.125, "height": 0.5}},
        ],
        "faces": [
            {
                "box": {"left": 0.03125, "top": 0.5, "width": 0.0625, "height": 0.125},
                "landmarks": [
                    {"x": 0.04, "y": 0.53},
                    {"x": 0.08, "y": 0.53},
                    {"x": 0.06, "y": 0.56},
                    {"x": 0.05, "y": 0.6},
                    {"x": 0.07, "y": 0.6},
                ],
                "confidence": 0.9375,
                "sizePx": 252,
                "sharpness": 0.625,
            }
        ],
        "text": [
            {
                "text": "Gleis 4",
                "score": 0.875,
                "corners": [{"x": 0.1, "y": 0.2}, {"x": 0.4, "y": 0.3}, {"x": 0.375, "y": 0.4}, {"x": 0.075, "y": 0.3}],
            },
            {
                "text": "nach Brücke",
                "score": 0.75,
                "corners": [{"x": 0.5, "y": 0.8}, {"x": 0.9, "y": 0.8}, {"x": 0.9, "y": 0.9}, {"x": 0.5, "y": 0.9}],
            },
        ],
        "colours": {
            "dominant": [{"colour": "#0a141e", "share": 0.75}, {"colour": "#ffffff", "share": 0.25}],
            "hue": 210,
            "saturation": 0.5,
            "lightness": 0.25,
            "histogram": [0, 0, 0, 0, 0, 0, 0, 0.25, 0, 0, 0, 0, 0.5, 0, 0.25],
        },
        "quality": {"sharpness": 0.75, "noise": 0.25, "exposure": 0.5, "overall": 62.5},
        "caption": None,
        "captionWaits": False,
    }


def test_a_photo_that_was_described_tells_all_that_was_said(caller: Caller, library: Library) -> None:
    photo, other = library.add(), library.add()
    seeing.record(library.owner_id, photo, seeing.SEEN)
    seeing.record(library.owner_id, photo, seeing.DESCRIBED)
    seeing.record(library.owner_id, other, _described("A field."))
    told = _read(caller, photo)
    assert (told["state"], len(told["tags"]), told["captionWaits"]) == ("done", 2, False)
    assert told["models"][-1] == {"role": "caption", "name": "the caption model", "version": "1"}
    assert told["caption"] == {
        "caption": "Two people wait for a train.",
        "mainSubject": "train",
        "setting": "station",
        "pets": True,
        "animalType": "dog",
        "vehicle": "local train",
        "landmark": "Köln Hauptbahnhof",
        "food": "pretzel",
        "drink": "coffee",
        "event": "journey",
        "activity": "waiting",
        "documentType": "ticket",
        "peopleCount": 2,
        "mood": "cheerful",
        "indoor": False,
        "landscape": True,
        "cityscape": False,
    }


def test_a_caption_that_is_still_to_come_makes_nothing_else_wait(
    conn: Connection, caller: Caller, library: Library
) -> None:
    photo = library.add()
    seeing.record(library.owner_id, photo, seeing.SEEN)
    subject = Subject(library.owner_id, photo)
    job.add_waiting(conn, subject, Stage.CAPTION, Lane.FRESH)
    assert _waits(caller, photo) == ("done", None, True)
    claimed = stages.claim(conn, subject, Stage.CAPTION, Lane.FRESH, datetime.now(UTC))
    assert claimed is not None
    assert _waits(caller, photo) == ("done", None, True)
    job.fail(conn, subject, Stage.CAPTION, "The model refused.", ErrorCode.PROCESSING_FAILED)
    assert _waits(caller, photo) == ("done", None, False)


def test_what_was_said_stands_while_another_model_is_asked(conn: Connection, caller: Caller, library: Library) -> None:
    photo = library.add()
    seeing.record(library.owner_id, photo, seeing.SEEN)
    seeing.record(library.owner_id, photo, _described("A field."))
    job.reopen(conn, Subject(library.owner_id, photo), Stage.CAPTION, Lane.BULK)
    assert _waits(caller, photo) == ("done", "A field.", False)
    seeing.record(library.owner_id, photo, _described("A meadow.", by="another"))
    assert _waits(caller, photo) == ("done", "A field.", False)


def test_a_caption_alone_is_told_and_is_no_analysis(conn: Connection, caller: Caller, library: Library) -> None:
    photo = library.add()
    job.add_waiting(conn, Subject(library.owner_id, photo), Stage.ANALYSIS, Lane.FRESH)
    seeing.record(library.owner_id, photo, _described("A field."))
    assert _waits(caller, photo) == ("waiting", "A field.", False)


def test_a_picture_without_any_colour_has_no_hue(caller: Caller, library: Library) -> None:
    photo = library.add()
    assert seeing.SEEN.colours is not None
    seeing.record(
        library.owner_id, photo, replace(seeing.SEEN, colours=replace(seeing.SEEN.colours, dominant=[], hue=None))
    )
    assert (_read(caller, photo)["colours"]["dominant"], _read(caller, photo)["colours"]["hue"]) == ([], None)


def test_a_photo_that_waits_to_be_looked_at_says_so_and_nothing_else(
    conn: Connection, caller: Caller, library: Library
) -> None:
    photo = library.add()
    job.add_waiting(conn, Subject(library.owner_id, photo), Stage.ANALYSIS, Lane.FRESH)
    waiting = _read(caller, photo)
    assert waiting.pop("state") == "waiting"
    assert [value for value in waiting.values() if value] == []
    stages.claim(conn, Subject(library.owner_id, photo), Stage.ANALYSIS, Lane.FRESH, datetime.now(UTC))
    assert _read(caller, photo)["state"] == "waiting"


def test_what_no_model_is_to_look_at_has_no_analysis(caller: Caller, library: Library) -> None:
    assert _read(caller, library.add()) is None


def test_a_photo_that_no_model_could_look_at_says_so_without_the_report(
    conn: Connection, caller: Caller, library: Library
) -> None:
    photo = library.add()
    subject = Subject(library.owner_id, photo)
    job.add_waiting(conn, subject, Stage.ANALYSIS, Lane.FRESH)
    job.fail(conn, subject, Stage.ANALYSIS, "Traceback: out of memory", ErrorCode.PROCESSING_FAILED)
    assert _read(caller, photo)["state"] == "failed"
    assert "Traceback" not in caller.call("GET", f"/items/{photo}").text


def test_what_was_seen_stands_while_others_look_again_and_fail(
    conn: Connection, caller: Caller, library: Library
) -> None:
    photo = library.add()
    seeing.record(library.owner_id, photo, seeing.SEEN)
    subject = Subject(library.owner_id, photo)
    job.reopen(conn, subject, Stage.ANALYSIS, Lane.BULK)
    assert (_read(caller, photo)["state"], len(_read(caller, photo)["tags"])) == ("done", 2)
    job.fail(conn, subject, Stage.ANALYSIS, "a report", ErrorCode.PROCESSING_FAILED)
    assert (_read(caller, photo)["state"], len(_read(caller, photo)["tags"])) == ("done", 2)


def test_the_model_that_answers_is_told_though_a_newer_one_has_looked_too(
    conn: Connection, caller: Caller, library: Library
) -> None:
    photo = library.add()
    seeing.record(library.owner_id, photo, _tags_of("1", "dog"))
    seeing.record(library.owner_id, photo, _tags_of("2", "wolf"))
    assert _tags(caller, photo) == (["dog"], ["1"])
    model.answer(conn, [model.known(conn, seeing.by_models_of("2")[Role.TAGS])])
    assert _tags(caller, photo) == (["wolf"], ["2"])


def test_the_newest_model_that_looked_is_told_where_the_one_that_answers_has_not(
    caller: Caller, library: Library
) -> None:
    seeing.record(library.owner_id, library.add(), _tags_of("1", "dog"))
    photo = library.add()
    seeing.record(library.owner_id, photo, _tags_of("2", "wolf"))
    seeing.record(library.owner_id, photo, _tags_of("3", "husky"))
    assert _tags(caller, photo) == (["husky"], ["3"])


def test_a_model_that_found_nothing_answers_with_that(caller: Caller, library: Library) -> None:
    photo = library.add()
    seeing.record(library.owner_id, photo, _tags_of("1"))
    seeing.record(library.owner_id, photo, _tags_of("2", "wolf"))
    assert _tags(caller, photo) == ([], ["1"])


@pytest.mark.parametrize("hidden", ["anothers", "missing", "not there"])
def test_what_a_user_may_not_see_is_not_found(
    conn: Connection, library: Library, new_caller: Callable[[str], Caller], hidden: str
) -> None:
    photo = library.add()
    seeing.record(library.owner_id, photo, seeing.SEEN)
    viewer = new_caller("mallory").user.id if hidden == "anothers" else library.owner_id
    if hidden == "missing":
        library.change(photo, missing_at=datetime.now(UTC))
    with pytest.raises(NotFound):
        found.read(conn, viewer, "a" * 12 if hidden == "not there" else photo)
