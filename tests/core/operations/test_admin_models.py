"""Models as operators see them, and forgetting those that don't answer."""

from typing import Any

import pytest

from pinhole.errors import Conflict, NotFound
from pinhole.operations import models
from pinhole.operations.models import ModelState
from pinhole.tables import item_analysis, model
from tests.core.analysis.test_analysis import (
    FINDINGS,
    SEEN,
    answering,
    counts,
    look,
    look_again,
    of,
    reanalysis_by,
    uploaded,
)
from tests.fixtures.ingest import Inbox


def of_tags(inbox: Inbox) -> list[ModelState]:
    return [state for state in models.states(inbox.conn) if state.role == "tags"]


def test_each_model_is_told_with_how_far_it_is_and_whether_it_answers(inbox: Inbox) -> None:
    first, second = uploaded(inbox, 2)
    look(first)
    look(second)
    look_again(inbox, first, of("second"))
    told = [(state.name, state.photos, state.answers, state.complete_at) for state in of_tags(inbox)]
    assert told == [("second", 1, False, None), ("first", 2, True, None)]


def test_a_model_that_answers_is_not_forgotten(inbox: Inbox) -> None:
    [photo] = uploaded(inbox)
    look(photo)
    [tagger] = of_tags(inbox)
    with pytest.raises(Conflict, match="others have to"):
        models.forget(tagger.id)
    assert counts(inbox) == [1, 2, 1, 1, 1, 1, 1]


def test_a_model_that_is_not_there_is_not_forgotten(inbox: Inbox) -> None:
    assert models.states(inbox.conn) == []
    with pytest.raises(NotFound):
        models.forget(1)


def test_a_forgotten_model_takes_all_with_it_that_it_saw_and_no_more(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "BATCH", 2)
    for photo in uploaded(inbox, 5):
        look(photo, of("second"))
        look_again(inbox, photo, SEEN)
    assert answering(inbox) == {"second"}
    before = dict(zip(FINDINGS, counts(inbox), strict=True))
    [older] = [state for state in of_tags(inbox) if state.name == "first"]
    forgotten = models.forget(older.id)
    assert (forgotten.name, forgotten.photos) == ("first", 5)
    after = dict(zip(FINDINGS, counts(inbox), strict=True))
    assert after == before | {"image_tag": before["image_tag"] // 2}
    assert [state.name for state in of_tags(inbox)] == ["second"]


def test_a_model_that_is_being_forgotten_does_not_come_to_answer(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    [photo] = uploaded(inbox)
    look(photo)
    newer = of("second")
    look_again(inbox, photo, newer)
    reanalysis = reanalysis_by(newer)
    truly = item_analysis.list_lacking

    def then_ended_in_the_middle(*arguments: Any) -> list[tuple[int, str]]:
        monkeypatch.setattr(item_analysis, "list_lacking", truly)
        lacking = truly(*arguments)
        model.delete_looks(inbox.conn, of_tags(inbox)[0].id, models.BATCH)
        return lacking

    monkeypatch.setattr(item_analysis, "list_lacking", then_ended_in_the_middle)
    reanalysis.go_on()
    assert answering(inbox) == {"first"}
    reanalysis.go_on()
    look(photo, newer)
    for _ in range(2):
        reanalysis.go_on()
    assert answering(inbox) == {"second"}
