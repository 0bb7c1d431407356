"""The full size: wished for by who enlarges a photo, made by ingest, and gone again."""

import json
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from signal import SIGKILL
from typing import Any

import pytest
from PIL import Image

from dead_letters import handler as dead_letters
from pinhole import full_size, items, stages, verify
from pinhole.db import transaction
from pinhole.errors import FileRejected, NotFound, TooManyRequests, Unavailable
from pinhole.full_size import FullSize
from pinhole.imaging import renditions
from pinhole.operations import retry
from pinhole.operations.requeue import requeue_stale
from pinhole.stages import Lane, Stage, Subject
from pinhole.tables import job
from schedules import expire_full_sizes
from tests.core.verify.checking import check, empty, kinds
from tests.fixtures import dying
from tests.fixtures.ingest import Inbox, Landed
from tests.fixtures.lambda_context import Context
from tests.fixtures.pictures import jpeg

MOMENTS = 40
SIZE = (90, 1500)  # more than the 1440 rows of a rendition


@pytest.fixture
def landed(inbox: Inbox) -> Landed:
    """A photo that has more pixels than its largest rendition; there is no other."""
    for bucket in ("originals", "renditions"):
        empty(inbox.cloud, bucket)
    there = inbox.landed(jpeg(*SIZE))
    inbox.deliver(there)
    inbox.cloud.messages("ingest")
    return there


@pytest.fixture
def photo(inbox: Inbox, landed: Landed) -> str:
    """Its id."""
    return str(inbox.items()[0]["id"])


def ask(inbox: Inbox, photo: str) -> FullSize:
    return full_size.ask(inbox.owner.id, photo)


def wished(inbox: Inbox, photo: str) -> str:
    """The message that ingest gets for it."""
    assert ask(inbox, photo).state == "making"
    (body,) = inbox.cloud.messages("ingest")
    return body


def made(inbox: Inbox, photo: str) -> FullSize:
    assert inbox.deliver_body(wished(inbox, photo)) == []
    return ask(inbox, photo)


def stored(inbox: Inbox) -> list[str]:
    """Keys of full sizes."""
    return [key for key in inbox.cloud.keys("renditions", "") if key.endswith("/full.jpg")]


def said(inbox: Inbox, photo: str) -> list[str]:
    """Names of the renditions that a client is told of."""
    with transaction() as conn:
        return [one["name"] for one in items.read(conn, inbox.owner.id, photo).renditions]


def expire(inbox: Inbox) -> None:
    inbox.conn.execute("UPDATE rendition SET expires_at = now() WHERE expires_at IS NOT NULL")


def test_it_has_all_pixels_and_lies_beside_the_other_renditions(inbox: Inbox, photo: str) -> None:
    told = made(inbox, photo)

    assert told.state == "ready"
    assert told.rendition is not None
    (item,) = inbox.items()
    assert stored(inbox) == [f"{item['item_key']}/{item['rendition_version']}/full.jpg"]
    content = inbox.cloud.s3.get_object(Bucket="renditions", Key=stored(inbox)[0])
    assert content["ContentType"] == "image/jpeg"
    assert Image.open(BytesIO(content["Body"].read())).size == SIZE == (told.rendition.width, told.rendition.height)
    assert said(inbox, photo) == ["full.jpg", "1440.webp", "480.webp", "240.webp"]
    assert check() == []


def test_who_asks_again_and_again_has_it_made_once(inbox: Inbox, photo: str) -> None:
    body = wished(inbox, photo)
    assert ask(inbox, photo).state == "making"
    assert inbox.cloud.messages("ingest") == []
    assert json.loads(body) == {"ownerId": inbox.owner.id, "itemId": photo, "stage": "full_size"}

    assert [inbox.deliver_body(body) for _ in range(2)] == [[], []]

    assert inbox.jobs()["full_size"] == ("done", 1)
    assert ask(inbox, photo).state == "ready"
    assert inbox.cloud.messages("ingest") == []


def test_a_photo_whose_largest_rendition_has_all_pixels_is_ready_at_once(inbox: Inbox) -> None:
    inbox.deliver(inbox.landed(jpeg()))
    told = ask(inbox, inbox.items()[0]["id"])
    assert told.state == "ready"
    assert told.rendition is not None
    assert told.rendition.name == "1440.webp"
    assert "full_size" not in inbox.jobs()


def test_only_its_owner_may_ask_and_only_for_what_they_may_open(inbox: Inbox, photo: str) -> None:
    with pytest.raises(NotFound):
        full_size.ask(inbox.owner.id + 1, photo)
    inbox.conn.execute("UPDATE media_item SET missing_at = now()")
    with pytest.raises(NotFound):
        ask(inbox, photo)
    inbox.conn.execute("UPDATE media_item SET missing_at = NULL, kind = 'video'")
    with pytest.raises(NotFound):
        ask(inbox, photo)
    assert inbox.cloud.messages("ingest") == []


def test_a_user_has_so_many_made_at_once_and_no_more(inbox: Inbox, photo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(full_size, "MAX_WISHES", 1)
    inbox.deliver(inbox.landed(jpeg(*SIZE, shade=9)))
    (other,) = {item["id"] for item in inbox.items()} - {photo}
    body = wished(inbox, photo)
    with pytest.raises(TooManyRequests):
        ask(inbox, other)
    assert ask(inbox, photo).state == "making"
    inbox.deliver_body(body)
    assert ask(inbox, other).state == "making"


def test_a_wish_that_no_queue_takes_is_none(inbox: Inbox, photo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: object) -> None:
        raise Unavailable("the queue is down")

    with monkeypatch.context() as patched:
        patched.setattr(stages, "ask_again", down)
        with pytest.raises(Unavailable):
            ask(inbox, photo)
    assert "full_size" not in inbox.jobs()
    assert made(inbox, photo).state == "ready"


def test_a_message_that_nobody_wished_for_makes_nothing(inbox: Inbox, photo: str) -> None:
    for subject in (Subject(inbox.owner.id, photo), Subject(inbox.owner.id, "abcdefghij01")):
        stages.ask_worker(Stage.FULL_SIZE, Lane.FRESH, [subject])
    for body in inbox.cloud.messages("ingest"):
        assert inbox.deliver_body(body) == []
    assert "full_size" not in inbox.jobs()
    assert stored(inbox) == []


def test_what_the_queue_lost_is_sent_again(inbox: Inbox, photo: str) -> None:
    wished(inbox, photo)
    assert requeue_stale(timedelta(0)) == 2  # and the analysis
    (body,) = inbox.cloud.messages("ingest")
    assert inbox.deliver_body(body) == []
    assert ask(inbox, photo).state == "ready"


def test_it_is_made_once_wherever_its_worker_was_killed(inbox: Inbox, photo: str) -> None:
    survived = False
    for step in range(1, MOMENTS):
        body = wished(inbox, photo)
        worker = dying.deliver({"Records": [inbox.cloud.through_queue("ingest", body)]}, die_at=step)
        worker.join()
        assert worker.exitcode in (0, -SIGKILL)
        survived = worker.exitcode == 0
        assert inbox.deliver_body(body) == []
        assert ask(inbox, photo).state == "ready"
        assert len(stored(inbox)) == 1
        assert check() == []
        expire(inbox)
        expire_full_sizes.handle({}, Context())
        assert stored(inbox) == []
        if survived:
            break
    assert survived
    assert step > 5  # there is something to survive


def test_a_file_at_fault_fails_it_and_leaves_the_photo(
    inbox: Inbox, landed: Landed, photo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise FileRejected("It takes too long.", code="too_costly")

    with monkeypatch.context() as patched:
        patched.setattr(renditions, "make_full_size", refuse)
        assert made(inbox, photo) == FullSize("failed", inbox.items()[0]["item_key"], error_code="too_costly")
    assert inbox.items()[0]["visible"]
    assert inbox.upload(landed)["state"] == "ready"
    assert inbox.cloud.messages("ingest") == []

    assert [each.outcome for each in retry.retry_all(Stage.FULL_SIZE)] == ["retried"]

    (body,) = inbox.cloud.messages("ingest")
    assert inbox.deliver_body(body) == []
    assert ask(inbox, photo).state == "ready"


def test_attempts_that_go_wrong_are_counted_and_then_it_has_failed(
    inbox: Inbox, photo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: object) -> None:
        raise RuntimeError("out of luck")

    body = wished(inbox, photo)
    monkeypatch.setattr(renditions, "make_full_size", break_down)
    for attempt in range(1, 6):
        assert len(inbox.deliver_body(body)) == 1
        assert inbox.jobs()["full_size"] == ("waiting", attempt)
    record = inbox.cloud.through_queue("ingest", body)

    assert dead_letters.handle({"Records": [record]}, Context()) == {"batchItemFailures": []}

    assert inbox.jobs()["full_size"] == ("failed", 5)
    assert ask(inbox, photo).error_code == "processing_failed"
    assert inbox.items()[0]["visible"]


def test_it_lives_for_thirty_days_after_it_was_last_asked_for(inbox: Inbox, photo: str) -> None:
    made(inbox, photo)
    inbox.conn.execute("UPDATE rendition SET expires_at = expires_at - interval '29 days' WHERE name = 'full.jpg'")
    assert ask(inbox, photo).state == "ready"
    (left,) = inbox.conn.execute("SELECT expires_at - now() FROM rendition WHERE name = 'full.jpg'").fetchone() or ()
    assert left > timedelta(days=29)
    assert expire_full_sizes.handle({}, Context()) == {"removed": 0}

    expire(inbox)

    assert said(inbox, photo) == ["1440.webp", "480.webp", "240.webp"]  # from that moment on
    assert check() == []
    assert expire_full_sizes.handle({}, Context()) == {"removed": 1}
    assert stored(inbox) == []
    assert check() == []
    assert made(inbox, photo).state == "ready"


def test_no_client_is_told_of_one_that_may_go_while_its_url_is_valid(inbox: Inbox, photo: str) -> None:
    made(inbox, photo)
    inbox.conn.execute("UPDATE rendition SET expires_at = now() + interval '13 days' WHERE name = 'full.jpg'")
    assert "full.jpg" not in said(inbox, photo)
    assert ask(inbox, photo).state == "ready"  # which has it live on
    assert "full.jpg" in said(inbox, photo)


def test_it_goes_wherever_who_removes_it_was_killed_and_nothing_tells_of_it_meanwhile(inbox: Inbox, photo: str) -> None:
    survived = False
    for step in range(1, MOMENTS):
        made(inbox, photo)
        expire(inbox)
        worker = dying.call(expire_full_sizes.handle, {}, die_at=step)
        worker.join()
        assert worker.exitcode in (0, -SIGKILL)
        survived = worker.exitcode == 0
        assert said(inbox, photo) == ["1440.webp", "480.webp", "240.webp"]
        assert check() == []
        expire_full_sizes.handle({}, Context())
        assert stored(inbox) == []
        assert check() == []
        if survived:
            break
    assert survived
    assert step > 4  # there is something to survive


def test_what_is_made_anew_after_its_time_is_not_removed_under_the_hands_of_its_worker(
    inbox: Inbox, photo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(inbox, photo)
    expire(inbox)
    body = wished(inbox, photo)
    make: Callable[..., Any] = renditions.make_full_size

    def expired_meanwhile(*arguments: Any) -> Any:
        assert full_size.expire_full_sizes() == 0
        return make(*arguments)

    monkeypatch.setattr(renditions, "make_full_size", expired_meanwhile)
    assert inbox.deliver_body(body) == []
    assert full_size.expire_full_sizes() == 0
    assert ask(inbox, photo).state == "ready"
    assert len(stored(inbox)) == 1


def test_with_the_other_renditions_it_is_made_anew(inbox: Inbox, landed: Landed, photo: str) -> None:
    made(inbox, photo)
    job.reopen(inbox.conn, Subject(inbox.owner.id, photo), Stage.RENDITIONS, Lane.FRESH)
    inbox.deliver(landed)
    assert said(inbox, photo) == ["1440.webp", "480.webp", "240.webp"]

    told = made(inbox, photo)

    assert told.rendition is not None
    assert told.rendition.version == 2


def test_when_the_others_are_made_anew_meanwhile_it_comes_to_lie_beside_them(
    inbox: Inbox, landed: Landed, photo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = wished(inbox, photo)
    make: Callable[..., Any] = renditions.make_full_size

    def renewed_meanwhile(*arguments: Any) -> Any:
        job.reopen(inbox.conn, Subject(inbox.owner.id, photo), Stage.RENDITIONS, Lane.FRESH)
        inbox.deliver(landed)
        return make(*arguments)

    monkeypatch.setattr(renditions, "make_full_size", renewed_meanwhile)
    inbox.deliver_body(body)

    told = ask(inbox, photo)
    assert told.rendition is not None
    assert told.rendition.version == 2
    assert f"{told.item_key}/2/full.jpg" in stored(inbox)


def test_one_that_is_lost_is_told_by_verify_and_made_when_it_is_asked_for(inbox: Inbox, photo: str) -> None:
    made(inbox, photo)
    (key,) = stored(inbox)
    inbox.cloud.s3.delete_object(Bucket="renditions", Key=key)
    assert kinds(check(repair=True)) == [verify.Kind.FULL_SIZE_MISSING]
    assert check() == []
    assert made(inbox, photo).state == "ready"


def test_one_that_nothing_tells_of_is_left_over(inbox: Inbox, photo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made(inbox, photo)
    inbox.conn.execute("DELETE FROM rendition WHERE name = 'full.jpg'")
    assert check() == []  # it is young
    monkeypatch.setattr(verify, "GRACE", timedelta(0))
    assert kinds(check(repair=True)) == [verify.Kind.RENDITIONS_LEFT_OVER]
    assert stored(inbox) == []
    assert len(inbox.cloud.keys("renditions", "")) == 3
