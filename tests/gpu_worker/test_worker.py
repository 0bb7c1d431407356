"""The worker at real queues: what it is asked for is looked at once, whatever comes between."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gpu_worker.__main__ import main
from infra.local import worker as local
from pinhole import stages
from pinhole.db import transaction
from pinhole.stages import Lane, Stage, Subject
from tests.fixtures import worker as workers
from tests.fixtures.ingest import Inbox
from tests.fixtures.pictures import jpeg


def uploaded(inbox: Inbox, count: int = 1) -> list[Subject]:
    """So many photos that wait to be analysed."""
    for number in range(count):
        inbox.deliver(inbox.landed(jpeg(shade=20 * number), f"{number}.jpg"))
    return [Subject(inbox.owner.id, item["id"]) for item in inbox.items()]


def analysed(inbox: Inbox) -> list[str]:
    """Ids of the photos that were looked at, once for each time."""
    rows = inbox.conn.execute(
        "SELECT item_id FROM item_analysis JOIN model ON model.id = model_id AND role = 'quality' ORDER BY analysed_at"
    )
    return [item_id for (item_id,) in rows]


def job(inbox: Inbox, subject: Subject) -> tuple[str, int]:
    """State and attempts of the analysis of a photo."""
    [(state, attempts)] = inbox.conn.execute(
        "SELECT state, attempts FROM job WHERE stage = 'analysis' AND subject_id = %s", (subject.id,)
    )
    return state, attempts


def all_done(inbox: Inbox) -> bool:
    [(left,)] = inbox.conn.execute("SELECT count(*) FROM job WHERE stage = 'analysis' AND state <> 'done'")
    return bool(left == 0)


def test_photos_that_were_uploaded_are_analysed_once(inbox: Inbox) -> None:
    photos = uploaded(inbox, 3)
    stages.ask_worker(Stage.ANALYSIS, Lane.FRESH, photos)  # each message twice
    with workers.working("--batch=2") as worker:
        worker.until(lambda: all_done(inbox))
        worker.until(lambda: worker.metric('pinhole_photos_total{lane="fresh"}') == 3)
        for step in ("fetch", "decode", "look", "record"):
            assert worker.metric(f'pinhole_stage_seconds_count{{step="{step}"}}') >= 1
        assert worker.metric("pinhole_models_memory_bytes") > 2**20
        assert worker.stop() == 0
    assert sorted(analysed(inbox)) == sorted(photo.id for photo in photos)
    assert {job(inbox, photo) for photo in photos} == {("done", 1)}
    assert inbox.cloud.messages("ml") == []


def test_a_new_photo_does_not_wait_behind_those_that_are_looked_at_again(inbox: Inbox) -> None:
    *old, new = uploaded(inbox, 9)
    inbox.cloud.messages("ml")
    inbox.conn.execute("UPDATE job SET lane = 'bulk' WHERE stage = 'analysis' AND subject_id <> %s", (new.id,))
    stages.ask_worker(Stage.ANALYSIS, Lane.BULK, old)
    with workers.working("--batch=1") as worker:
        models = worker.models()
        models.suspend()
        worker.until(lambda: worker.metric('pinhole_in_hand{lane="bulk"}') > 0)
        stages.ask_worker(Stage.ANALYSIS, Lane.FRESH, [new])
        worker.until(lambda: worker.metric('pinhole_in_hand{lane="fresh"}') == 1)
        models.resume()
        worker.until(lambda: all_done(inbox))
    assert analysed(inbox).index(new.id) <= 2  # after those that the models had already


def test_the_worker_of_an_instance_gives_back_a_long_look_before_it_is_killed(inbox: Inbox) -> None:
    with workers.working("--batch=2", f"--grace={local.GRACE_SECONDS}") as worker:
        worker.models().suspend()
        photos = uploaded(inbox, 3)
        worker.until(lambda: worker.metric('pinhole_in_hand{lane="fresh"}') == 3)
        worker.process.send_signal(local.Worker.stop_signal)
        # A busy machine may take it longer, but not as long as a worker has elsewhere.
        assert worker.process.wait(3 * local.Worker.stop_seconds) == 0
    assert {job(inbox, photo) for photo in photos} == {("waiting", 0)}


def test_a_worker_that_is_told_to_end_gives_back_what_it_has_not_come_to(inbox: Inbox) -> None:
    with workers.working("--batch=2") as worker:
        worker.models().suspend()
        photos = uploaded(inbox, 3)
        worker.until(lambda: worker.metric('pinhole_in_hand{lane="fresh"}') == 3)
        assert worker.stop() == 0
    assert {job(inbox, photo) for photo in photos} == {("waiting", 0)}
    assert sorted(json.loads(body)["itemId"] for body in inbox.cloud.messages("ml")) == sorted(
        photo.id for photo in photos
    )


def test_models_that_take_nothing_more_hold_up_nothing_else(inbox: Inbox) -> None:
    first, *others = photos = uploaded(inbox, 4)
    for item in inbox.items():
        replace(inbox, item, os.urandom(2**20))  # more than what a pipe holds
    inbox.cloud.messages("ml")
    with workers.working() as worker:
        worker.models().suspend()
        stages.ask_worker(Stage.ANALYSIS, Lane.FRESH, others)
        worker.until(lambda: worker.metric("pinhole_with_models") == 3)
        stages.ask_worker(Stage.ANALYSIS, Lane.FRESH, [first])
        worker.until(lambda: worker.metric("pinhole_with_models") == 4)
        assert worker.stop() == 0
    assert {job(inbox, photo) for photo in photos} == {("waiting", 0)}


def replace(inbox: Inbox, item: dict[str, Any], content: bytes) -> None:
    """Other bytes in place of what the models look at."""
    key = f"{item['item_key']}/{item['rendition_version']}/1440.webp"
    inbox.cloud.s3.put_object(Bucket="renditions", Key=key, Body=content)


def test_photos_whose_models_were_killed_are_looked_at_again_each_alone(inbox: Inbox) -> None:
    with workers.working("--batch=8") as worker:
        models = worker.models()
        models.suspend()
        photos = uploaded(inbox, 3)
        worker.until(lambda: worker.metric("pinhole_with_models") == 3)
        models.kill()
        worker.until(lambda: {job(inbox, photo) for photo in photos} == {("waiting", 1)})
        [(report,)] = inbox.conn.execute("SELECT DISTINCT last_error FROM job WHERE stage = 'analysis'")
        assert "exit status -9" in report
        stages.ask_worker(Stage.ANALYSIS, Lane.FRESH, photos)  # sooner than the queue would have them back
        worker.until(lambda: all_done(inbox))
        worker.until(lambda: worker.metric("pinhole_batch_size_count") == 3)
        assert worker.metric("pinhole_batch_size_sum") == 3
    assert {job(inbox, photo) for photo in photos} == {("done", 2)}


def test_a_photo_that_another_worker_took_over_is_left_to_it(inbox: Inbox) -> None:
    with workers.working() as worker:
        models = worker.models()
        models.suspend()
        [photo] = uploaded(inbox)
        worker.until(lambda: job(inbox, photo) == ("running", 1))
        inbox.conn.execute("UPDATE job SET leased_until = now() WHERE stage = 'analysis'")
        with transaction() as conn:
            stages.claim(conn, photo, Stage.ANALYSIS, Lane.FRESH, datetime.now(UTC) + timedelta(hours=1))
        models.resume()
        worker.until(lambda: worker.metric('pinhole_in_hand{lane="fresh"}') == 0)
    assert job(inbox, photo) == ("running", 2)
    assert analysed(inbox) == []


def test_two_workers_at_one_queue_look_at_each_photo_once(inbox: Inbox) -> None:
    photos = uploaded(inbox, 6)
    stages.ask_worker(Stage.ANALYSIS, Lane.FRESH, photos)
    with workers.working("--batch=1") as one, workers.working("--batch=1"):
        one.until(lambda: all_done(inbox))
    assert sorted(analysed(inbox)) == sorted(photo.id for photo in photos)


def test_a_photo_that_is_removed_while_it_is_looked_at_leaves_nothing_behind(inbox: Inbox) -> None:
    with workers.working() as worker:
        models = worker.models()
        models.suspend()
        [photo] = uploaded(inbox)
        worker.until(lambda: job(inbox, photo) == ("running", 1))
        inbox.conn.execute("DELETE FROM media_item")
        inbox.conn.execute("DELETE FROM job")
        models.resume()
        worker.until(lambda: worker.metric('pinhole_in_hand{lane="fresh"}') == 0)
        assert worker.stop() == 0
    assert analysed(inbox) == []
    assert inbox.cloud.messages("ml") == []


def test_a_photo_that_fails_each_time_fails_for_good_with_its_report(inbox: Inbox) -> None:
    [photo] = uploaded(inbox)
    [item] = inbox.items()
    replace(inbox, item, b"no picture")
    inbox.conn.execute("UPDATE job SET attempts = 4 WHERE stage = 'analysis'")
    with workers.working() as worker:
        worker.until(lambda: job(inbox, photo) == ("waiting", 5))
        stages.ask_worker(Stage.ANALYSIS, Lane.FRESH, [photo])
        worker.until(lambda: job(inbox, photo) == ("failed", 5))
    [(report,)] = inbox.conn.execute("SELECT last_error FROM job WHERE stage = 'analysis'")
    assert "it is no WebP" in report


def test_a_store_that_refuses_to_answer_costs_no_attempt(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    [photo] = uploaded(inbox)
    monkeypatch.setenv("PINHOLE_RENDITIONS_BUCKET", "no-such-bucket")
    with workers.working() as worker:
        worker.until(lambda: worker.metric('pinhole_failures_total{lane="fresh"}') > 0)
        worker.until(lambda: job(inbox, photo) == ("waiting", 0))
    [(report,)] = inbox.conn.execute("SELECT last_error FROM job WHERE stage = 'analysis'")
    assert "AccessDenied" in report


def test_a_photo_whose_record_the_database_refuses_fails_alone(inbox: Inbox) -> None:
    *well, refused = uploaded(inbox, 3)
    with refusing(inbox, refused), workers.working("--batch=3") as worker:
        worker.until(lambda: {job(inbox, photo) for photo in well} == {("done", 1)})
        worker.until(lambda: job(inbox, refused) == ("waiting", 1))
        assert worker.stop() == 0
    [(report,)] = inbox.conn.execute("SELECT last_error FROM job WHERE state = 'waiting' AND stage = 'analysis'")
    assert "not_this_one" in report


@contextmanager
def refusing(inbox: Inbox, photo: Subject) -> Iterator[None]:
    """The database refuses what models see of this photo."""
    inbox.conn.execute(f"ALTER TABLE image_quality ADD CONSTRAINT not_this_one CHECK (item_id <> '{photo.id}')")
    try:
        yield
    finally:
        inbox.conn.execute("ALTER TABLE image_quality DROP CONSTRAINT not_this_one")


def test_models_that_do_not_load_end_the_worker_with_a_sentence(inbox: Inbox) -> None:
    ended = workers.ended("--set", "no-such-set")
    assert ended.returncode == 2
    assert "no-such-set" in ended.stdout
    assert "Traceback" not in ended.stderr


def test_a_worker_refuses_queues_that_it_can_not_work_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["gpu_worker", "--queues", "ml,letters"])
    with pytest.raises(SystemExit):
        main()
    assert "letters" in capsys.readouterr().err
