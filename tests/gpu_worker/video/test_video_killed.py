"""The worker of videos killed (SIGKILL) at every moment at which somebody could see how far it had got."""

from collections.abc import Iterator
from contextlib import contextmanager
from signal import SIGKILL
from typing import Any

import pytest

from gpu_worker.video import process
from gpu_worker.video.process import Original
from pinhole import stages
from pinhole.stages import Lane, Stage, Subject
from tests.fixtures import dying, videos
from tests.fixtures.clips import Clip, made
from tests.fixtures.ingest import Inbox

CLIP = Clip("mkv", pixels=(64, 48), seconds=1.2, rate=10, sound="")
MOMENTS = 60
POSTER = {"240.webp", "480.webp", "1440.webp"}
STILLS = {"still-0.webp", "still-33.webp", "still-66.webp", "still-99.webp"}


@pytest.fixture(scope="module")
def tasks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What is made of the clip, by tasks."""
    content = made(CLIP)
    original = Original("video/x-matroska", len(content), 1, lambda at, length: content[at : at + length])
    made_by: dict[str, Any] = {}
    for task in ("poster", "copy", "clip"):
        directory, told = tmp_path_factory.mktemp(task), list[Any]()
        end = process.make(task, original, directory, 1, lambda: None, told.append)
        files = {path.name: path.read_bytes() for path in directory.iterdir()}
        made_by[task] = {"files": files, "told": told, "end": end}
    return made_by


def ask(
    stage: Stage, video: Subject, *, die_at: int = 0, tasks: dict[str, Any], handle: dying.Handler = videos.work
) -> int:
    """Send a message to a worker that dies at this step, or lives; its exit status."""
    stages.ask_worker(stage, Lane.FRESH, [video])
    worker = dying.call(handle, {"stage": stage, "made": tasks}, die_at=die_at)
    worker.join()
    assert worker.exitcode in (0, -SIGKILL)
    return worker.exitcode or 0


def shown(inbox: Inbox) -> dict[str, int]:
    """Names of what is shown, with versions. All of it lies in the store."""
    rows = inbox.conn.execute(
        "SELECT item_key, name, version FROM rendition JOIN media_item ON id = item_id"
    ).fetchall()
    for item_key, name, version in rows:
        inbox.cloud.s3.head_object(Bucket="renditions", Key=f"{item_key}/{version}/{name}")
    return {name: version for _, name, version in rows}


def uploaded(inbox: Inbox) -> Subject:
    """A video that ingest has read."""
    assert inbox.deliver(inbox.landed(made(CLIP), "clip.mkv")) == []
    inbox.cloud.messages("video-short")
    return Subject(inbox.owner.id, inbox.items()[0]["id"])


def free(inbox: Inbox) -> None:
    """The leases of dead workers end, and with them the time for which messages are not seen."""
    inbox.conn.execute("UPDATE job SET leased_until = now() WHERE state = 'running'")
    for queue in ("video-short", "video", "ml"):
        inbox.cloud.messages(queue)


@contextmanager
def again(inbox: Inbox, *stages_: str) -> Iterator[None]:
    """Afterwards all is as if these stages had never been done."""
    yield
    inbox.conn.execute("DELETE FROM rendition WHERE version > 1 OR 'poster' = %s", (stages_[0],))
    inbox.conn.execute(
        "UPDATE media_item SET rendition_version = 0, renditions_at = NULL WHERE 'poster' = %s", stages_[:1]
    )
    inbox.conn.execute(
        "UPDATE job SET state = 'waiting', attempts = 0, finished_at = NULL WHERE stage::text = ANY(%s)",
        (list(stages_),),
    )
    inbox.conn.execute("DELETE FROM job WHERE stage::text <> ALL(%s)", (["metadata", "poster", *stages_],))
    for key in inbox.cloud.keys("renditions", inbox.items()[0]["item_key"]):
        if "/1/" not in key or stages_[0] == "poster":
            inbox.cloud.s3.delete_object(Bucket="renditions", Key=key)
    free(inbox)


def test_a_poster_is_shown_wherever_its_worker_was_killed(inbox: Inbox, tasks: dict[str, Any]) -> None:
    video = uploaded(inbox)
    for moment in range(1, MOMENTS):
        with again(inbox, "poster"):
            survived = ask(Stage.POSTER, video, die_at=moment, tasks=tasks) == 0
            assert set(shown(inbox)) in (set(), POSTER)
            was_done = inbox.jobs()["poster"][0] == "done"
            assert was_done == (set(shown(inbox)) == POSTER)
            free(inbox)
            assert ask(Stage.POSTER, video, tasks=tasks) == 0
            assert shown(inbox) == dict.fromkeys(POSTER, 1)
            jobs = inbox.jobs()
            assert (jobs["poster"][0], jobs["video"], jobs["stills"]) == ("done", ("waiting", 0), ("waiting", 0))
        if survived:
            break
    assert survived
    assert moment > 10  # there is something to survive


def test_a_copy_and_stills_are_shown_once_each_wherever_their_worker_was_killed(
    inbox: Inbox, tasks: dict[str, Any]
) -> None:
    video = uploaded(inbox)
    assert ask(Stage.POSTER, video, tasks=tasks) == 0
    free(inbox)
    between = 0
    for moment in range(1, MOMENTS):
        with again(inbox, "video", "stills"):
            survived = ask(Stage.VIDEO, video, die_at=moment, tasks=tasks) == 0
            before = shown(inbox)
            assert set(before) - POSTER in (set(), STILLS, STILLS | {"720p.mp4"})
            attempts = {stage: inbox.jobs()[stage] for stage in ("video", "stills")}
            free(inbox)
            assert ask(Stage.VIDEO, video, tasks=tasks) == 0
            after = shown(inbox)
            assert set(after) == POSTER | STILLS | {"720p.mp4"}
            assert {name: after[name] for name in before} == before  # what was there was not made again
            if attempts["stills"][0] == "done" != attempts["video"][0]:
                between += 1
                assert inbox.jobs()["stills"] == attempts["stills"]
            assert inbox.jobs()["analysis"] == ("waiting", 0)
        if survived:
            break
    assert survived
    assert moment > 20
    assert between > 2


def test_a_copy_whose_worker_was_killed_half_way_is_made_from_its_beginning(
    inbox: Inbox, tasks: dict[str, Any]
) -> None:
    video = uploaded(inbox)
    assert ask(Stage.POSTER, video, tasks=tasks) == 0
    free(inbox)
    assert ask(Stage.VIDEO, video, tasks={}, handle=videos.work_until_half) == -SIGKILL
    assert set(shown(inbox)) == POSTER
    assert inbox.jobs()["video"] == inbox.jobs()["stills"] == ("running", 1)
    free(inbox)
    assert ask(Stage.VIDEO, video, tasks=tasks) == 0
    assert set(shown(inbox)) == POSTER | STILLS | {"720p.mp4"}
    assert inbox.jobs()["video"] == inbox.jobs()["stills"] == ("done", 2)
