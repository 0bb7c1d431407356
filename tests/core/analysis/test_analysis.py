"""What models saw of a photo is written once for each model, and the newest models answer once they have seen all."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg.errors import CheckViolation

from pinhole import analysis, found, stages
from pinhole import reanalysis as reanalysis_module
from pinhole.errors import Busy
from pinhole.reanalysis import Reanalysis
from pinhole.seen import Box, Colours, DetectedObject, Face, Model, Quality, Role, Seen, Tag, TextLine
from pinhole.stages import Asked, Lane, Stage, Subject
from pinhole.videos import STILLS
from tests.fixtures.ingest import Inbox
from tests.fixtures.pictures import jpeg

CORNERS = [(0.1, 0.1), (0.3, 0.1), (0.3, 0.2), (0.1, 0.2)]
MODELS = {role: Model(role, "first", "1", 4 if role in (Role.IMAGE_EMBEDDING, Role.FACES) else None) for role in Role}
SEEN = Seen(
    {role: model for role, model in MODELS.items() if role is not Role.CAPTION},
    embedding=[0.5, 0.5, 0.5, 0.5],
    tags=[Tag("cat", 0.9), Tag("sofa", 0.25)],
    objects=[DetectedObject("cat", 0.75, Box(0.1, 0.2, 0.3, 0.4))],
    faces=[Face(Box(0.5, 0, 0.25, 1), [(0.5, 0)] * 5, 0.99, 120, 0.5, [1.0, 0.0, 0.0, 0.0])],
    text=[TextLine("EXIT", 0.9, CORNERS)],
    colours=Colours([(0xFF0000, 0.75), (0x00FF00, 0.25)], 20.0, 0.5, 0.5, [1.0] + [0.0] * 14),
    quality=Quality(0.5, 0.25, 0.75, 60),
)
FINDINGS = (
    "image_embedding",
    "image_tag",
    "detected_object",
    "face",
    "recognised_text",
    "image_colours",
    "image_quality",
)


def soon() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=2)


def uploaded(inbox: Inbox, count: int = 1) -> list[Subject]:
    """So many photos, of which the queue says nothing."""
    for number in range(count):
        inbox.deliver(inbox.landed(jpeg(shade=20 * number), f"{number}.jpg"))
    inbox.cloud.messages("ml")
    return [Subject(inbox.owner.id, item["id"]) for item in inbox.items()]


def look(photo: Subject, seen: Seen = SEEN) -> None:
    """What a worker does."""
    claimed = analysis.begin(Asked(photo, Stage.ANALYSIS), Lane.FRESH, soon())
    assert claimed is not None
    analysis.record(claimed.claimed, seen, analysis.introduce(list(seen.models.values())))


def look_again(inbox: Inbox, photo: Subject, seen: Seen) -> None:
    """What a worker with other models does."""
    inbox.conn.execute("UPDATE job SET state = 'waiting', finished_at = NULL WHERE stage = 'analysis'")
    look(photo, seen)


def of(name: str, *, without: Role | None = None) -> Seen:
    """What models of that name saw."""
    return replace(
        SEEN, models={role: replace(model, name=name) for role, model in SEEN.models.items() if role is not without}
    )


def reanalysis_by(seen: Seen) -> Reanalysis:
    """That of a worker with the models that saw this."""
    return Reanalysis(list(analysis.introduce(list(seen.models.values())).values()))


def counts(inbox: Inbox) -> list[int]:
    return [inbox.conn.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0] for table in FINDINGS]


def answering(inbox: Inbox) -> set[str]:
    return {name for (name,) in inbox.conn.execute("SELECT DISTINCT name FROM model WHERE answers")}


def asked_again(inbox: Inbox) -> list[str]:
    return sorted(json.loads(body)["itemId"] for body in inbox.cloud.messages("ml-bulk"))


def test_everything_that_was_seen_is_written(inbox: Inbox) -> None:
    [photo] = uploaded(inbox)
    look(photo)
    assert counts(inbox) == [1, 2, 1, 1, 1, 1, 1]
    assert inbox.jobs()["analysis"] == ("done", 1)
    [(embedding, landmarks)] = inbox.conn.execute("SELECT embedding::text, landmarks FROM face")
    assert (embedding, landmarks) == ("[1,0,0,0]", [0.5, 0] * 5)


def test_what_one_model_saw_is_written_once(inbox: Inbox) -> None:
    [photo] = uploaded(inbox)
    look(photo)
    look_again(inbox, photo, SEEN)
    assert counts(inbox) == [1, 2, 1, 1, 1, 1, 1]


def test_what_a_worker_saw_after_it_lost_its_lease_is_not_written(inbox: Inbox) -> None:
    [photo] = uploaded(inbox)
    late = analysis.begin(Asked(photo, Stage.ANALYSIS), Lane.FRESH, soon())
    assert late is not None
    inbox.conn.execute("UPDATE job SET leased_until = now() WHERE stage = 'analysis'")
    assert analysis.begin(Asked(photo, Stage.ANALYSIS), Lane.FRESH, soon()) is not None
    with pytest.raises(Busy):
        analysis.record(late.claimed, SEEN, analysis.introduce(list(SEEN.models.values())))
    assert counts(inbox) == [0] * 7


def test_a_photo_that_is_gone_is_not_claimed(inbox: Inbox) -> None:
    assert analysis.begin(Asked(Subject(inbox.owner.id, "000000000000"), Stage.ANALYSIS), Lane.FRESH, soon()) is None
    assert inbox.jobs() == {}


def test_what_was_seen_of_a_photo_goes_with_it(inbox: Inbox) -> None:
    [photo] = uploaded(inbox)
    look(photo)
    inbox.conn.execute("DELETE FROM media_item")
    assert counts(inbox) == [0] * 7


def test_the_first_models_answer_at_once(inbox: Inbox) -> None:
    [photo] = uploaded(inbox)
    look(photo)
    assert answering(inbox) == {"first"}


def test_other_models_answer_once_they_have_seen_every_photo(inbox: Inbox) -> None:
    photos = uploaded(inbox, 3)
    for photo in photos:
        look(photo)
    newer = of("second")
    reanalysis = reanalysis_by(newer)
    reanalysis.go_on()
    assert asked_again(inbox) == sorted(photo.id for photo in photos)
    for photo in photos:
        reanalysis.go_on()
        assert answering(inbox) == {"first"}
        look(photo, newer)
    for _ in range(2):  # once it looks through to the end, once from the begin
        reanalysis.go_on()
    assert answering(inbox) == {"second"}
    assert asked_again(inbox) == []
    assert counts(inbox)[0] == 6  # what the first ones saw is still there


def test_models_that_answered_before_answer_again_once_they_have_seen_what_came_since(inbox: Inbox) -> None:
    [photo] = uploaded(inbox)
    look(photo)
    older, newer, older_again = (reanalysis_by(seen) for seen in (SEEN, of("second"), SEEN))
    older.go_on()
    newer.go_on()
    look(photo, of("second"))
    for _ in range(2):
        newer.go_on()
    assert answering(inbox) == {"second"}
    inbox.deliver(inbox.landed(jpeg(shade=99), "later.jpg"))
    [came] = {item["id"] for item in inbox.items()} - {photo.id}
    look(Subject(photo.owner_id, came), of("second"))
    asked_again(inbox)
    older_again.go_on()
    assert asked_again(inbox) == [came]
    look(Subject(photo.owner_id, came))
    for _ in range(2):
        older_again.go_on()
    assert answering(inbox) == {"first"}


def test_models_that_fail_at_most_photos_never_answer(inbox: Inbox, caplog: pytest.LogCaptureFixture) -> None:
    photos = uploaded(inbox, 3)
    for photo in photos:
        look(photo)
    newer = of("second")
    reanalysis = reanalysis_by(newer)
    reanalysis.go_on()
    look(photos[0], newer)
    inbox.conn.execute("UPDATE job SET state = 'failed', finished_at = now() WHERE state = 'waiting'")
    for _ in range(3):
        reanalysis.go_on()
    assert answering(inbox) == {"first"}
    assert "models_fail" in caplog.text


def test_photos_that_models_have_not_seen_which_answer_are_looked_at_again(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reanalysis_module, "REST_SECONDS", 0)
    photo, other = uploaded(inbox, 2)
    look(photo)
    answer = reanalysis_by(SEEN)
    look(other, of("second"))
    for _ in range(2):
        answer.go_on()
    assert asked_again(inbox) == [other.id]
    look(other)
    for _ in range(3):
        answer.go_on()
    assert asked_again(inbox) == []
    inbox.deliver(inbox.landed(jpeg(shade=99), "later.jpg"))
    [came] = {item["id"] for item in inbox.items()} - {photo.id, other.id}
    look(Subject(photo.owner_id, came), of("second"))
    answer.go_on()
    assert asked_again(inbox) == [came]


def test_models_that_others_took_the_answer_from_don_t_take_it_back_while_they_run(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reanalysis_module, "REST_SECONDS", 0)
    [photo] = uploaded(inbox)
    look(photo)
    older, newer = (reanalysis_by(seen) for seen in (SEEN, of("second")))
    older.go_on()
    newer.go_on()
    look(photo, of("second"))
    for _ in range(2):
        newer.go_on()
    for _ in range(3):
        older.go_on()
    assert answering(inbox) == {"second"}


def test_a_model_is_known_once_however_often_it_is_loaded(inbox: Inbox) -> None:
    known = analysis.introduce(list(SEEN.models.values()))
    for _ in range(3):
        assert analysis.introduce(list(SEEN.models.values())) == known
    [(last,)] = inbox.conn.execute("SELECT last_value FROM model_id_seq")
    assert last == len(known)


def test_models_of_one_name_and_other_dimensions_are_two(inbox: Inbox) -> None:
    model = MODELS[Role.FACES]
    assert analysis.introduce([model]) != analysis.introduce([replace(model, dimension=512)])


def test_a_photo_without_a_rendition_fails_instead_of_waiting_for_ever(inbox: Inbox) -> None:
    [photo] = uploaded(inbox)
    inbox.conn.execute("DELETE FROM rendition WHERE name = %s", (analysis.INPUT,))
    assert analysis.begin(Asked(photo, Stage.ANALYSIS), Lane.FRESH, soon()) is None
    assert inbox.jobs()["analysis"] == ("failed", 1)


@pytest.mark.parametrize(
    "change",
    [
        {"objects": [replace(SEEN.objects[0], box=Box(0.1, float("nan"), 0.3, 0.4))]},
        {"objects": [replace(SEEN.objects[0], box=Box(-0.1, 0.2, 0.3, 0.4))]},
        {"faces": [replace(SEEN.faces[0], landmarks=[(0.5, 1.5)] * 5)]},
        {"faces": [replace(SEEN.faces[0], embedding=[1.0, 1.0, 0.0, 0.0])]},
        {"embedding": [0.5, 0.5, 0.5, 0.25]},
        {"text": [replace(SEEN.text[0], corners=[(float("inf"), 0.1), *CORNERS[1:]])]},
    ],
)
def test_what_no_model_can_have_seen_is_not_written(inbox: Inbox, change: dict[str, Any]) -> None:
    [photo] = uploaded(inbox)
    with pytest.raises(CheckViolation):
        look(photo, replace(SEEN, **change))
    assert counts(inbox) == [0] * 7


def test_a_photo_at_which_other_models_fail_does_not_keep_them_from_answering(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reanalysis_module, "MOST_LOST", 0.5)
    first, second = uploaded(inbox, 2)
    look(first)
    look(second)
    newer = of("second")
    reanalysis = reanalysis_by(newer)
    reanalysis.go_on()
    look(first, newer)
    inbox.conn.execute(
        "UPDATE job SET state = 'failed', finished_at = now() WHERE stage = 'analysis' AND subject_id = %s",
        (second.id,),
    )
    for _ in range(2):
        reanalysis.go_on()
    assert answering(inbox) == {"second"}


def test_models_for_what_no_model_did_before_answer_while_they_look(inbox: Inbox) -> None:
    [photo] = uploaded(inbox)
    look(photo, of("first", without=Role.OCR))
    reanalysis = reanalysis_by(SEEN)
    reanalysis.go_on()
    assert answering(inbox) == {"first"}
    assert asked_again(inbox) == [photo.id]


def test_no_more_photos_are_asked_for_than_the_bulk_lane_has_room_for(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages.requests, "BACKLOG", 2)
    photos = uploaded(inbox, 3)
    for photo in photos:
        look(photo)
    reanalysis = reanalysis_by(of("second"))
    reanalysis.go_on()
    reanalysis.go_on()
    [(waiting,)] = inbox.conn.execute("SELECT count(*) FROM job WHERE stage = 'analysis' AND state = 'waiting'")
    assert waiting == 2


def filmed(inbox: Inbox) -> Subject:
    """A video that has its stills, and waits to be looked at."""
    [photo] = uploaded(inbox)
    inbox.conn.execute("UPDATE media_item SET kind = 'video'")
    inbox.conn.execute(
        "INSERT INTO rendition (owner_id, item_id, name, version, width, height, size_bytes)"
        " SELECT %s, %s, unnest(%s::text[]), 2, 320, 180, 900",
        (photo.owner_id, photo.id, list(STILLS)),
    )
    return photo


def looks(inbox: Inbox) -> list[int]:
    return [still for (still,) in inbox.conn.execute("SELECT percentage FROM image_embedding ORDER BY percentage")]


def look_at_next_still(video: Subject, seen: Seen = SEEN) -> int:
    """What a worker does with one message: which still it looked at."""
    models = analysis.introduce(list(seen.models.values()))
    still = analysis.begin(Asked(video, Stage.ANALYSIS), Lane.FRESH, soon(), list(models.values()))
    assert still is not None
    assert still.object_key.endswith(f"/2/still-{still.percentage}.webp")
    analysis.record(still.claimed, seen, models, still.percentage)
    return still.percentage


def test_the_stills_of_a_video_are_looked_at_one_by_one(inbox: Inbox) -> None:
    video = filmed(inbox)
    for number, percentage in enumerate([0, 33, 66, 99]):
        assert inbox.jobs()["analysis"] == ("waiting", 0)
        assert look_at_next_still(video) == percentage
        assert len(inbox.cloud.messages("ml")) == (0 if number == 3 else 1)
    assert inbox.jobs()["analysis"] == ("done", 1)
    assert looks(inbox) == [0, 33, 66, 99]


def test_a_still_whose_worker_was_killed_is_looked_at_again_and_no_other(inbox: Inbox) -> None:
    video = filmed(inbox)
    look_at_next_still(video)
    killed = analysis.begin(Asked(video, Stage.ANALYSIS), Lane.FRESH, datetime.now(UTC))
    assert killed is not None
    assert [look_at_next_still(video) for _ in range(3)] == [33, 66, 99]
    assert looks(inbox) == [0, 33, 66, 99]


def test_a_video_that_ended_early_is_looked_at_as_far_as_it_goes(inbox: Inbox) -> None:
    video = filmed(inbox)
    inbox.conn.execute("DELETE FROM rendition WHERE name = 'still-99.webp'")
    assert [look_at_next_still(video) for _ in range(3)] == [0, 33, 66]
    assert inbox.jobs()["analysis"] == ("done", 1)


def test_new_models_look_at_the_stills_too(inbox: Inbox) -> None:
    video = filmed(inbox)
    for _ in STILLS:
        look_at_next_still(video)
    newer = of("second")
    reanalysis = reanalysis_by(newer)
    inbox.cloud.messages("ml")
    reanalysis.go_on()
    assert asked_again(inbox) == [video.id]
    assert [look_at_next_still(video, newer) for _ in STILLS] == [0, 33, 66, 99]
    reanalysis.go_on()
    reanalysis.go_on()
    assert answering(inbox) == {"second"}


def test_what_is_in_several_stills_is_told_once_and_found(inbox: Inbox) -> None:
    video = filmed(inbox)
    cats = [DetectedObject("cat", score, Box(0.1, 0.2, 0.3, 0.4)) for score in (0.75, 0.5)]
    sign = [TextLine("EXIT", 0.9, CORNERS)]
    for objects, text in ([], sign), (cats, sign), (cats[:1], []), ([], [TextLine("ENTRANCE", 0.9, CORNERS)]):
        look_at_next_still(video, replace(SEEN, objects=objects, text=text, tags=[Tag("cat", 0.9)]))
    seen = found.read(inbox.conn, inbox.owner.id, video.id)
    assert seen is not None
    assert [one.name for one in seen.objects] == ["cat", "cat"]
    assert [line.text for line in seen.text] == ["EXIT", "ENTRANCE"]
    assert [tag.name for tag in seen.tags] == ["cat"]
    assert len(seen.faces) == 1
    [(words,)] = inbox.conn.execute("SELECT document::text FROM search_text")
    assert "'exit'" in words
    assert "'entrance'" in words
