"""Live photos: a picture and a movie of one content identifier are one item, whichever comes first."""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from signal import SIGKILL
from typing import Any

import psycopg
import pytest
from psycopg import Connection

from infra.database_roles import INGEST
from pinhole import edits, full_size, items, objects, originals, playback, uploads, verify, videos
from pinhole.db import transaction
from pinhole.edits import Selection
from pinhole.edits.asked import asked
from pinhole.errors import NotFound, PreconditionFailed, Unavailable
from pinhole.ingest import joining
from pinhole.stages import Asked, Lane, Stage, Subject
from pinhole.tables import job, live_photo, rendition
from pinhole.tables.rendition import Rendition
from pinhole.tables.user import User
from tests.core.imaging.files import xmp
from tests.core.verify.checking import check, empty, kinds
from tests.fixtures import dying, photos
from tests.fixtures.database import acting_as
from tests.fixtures.ingest import Inbox, Landed
from tests.fixtures.live_photos import content_id, movie, picture

MOMENTS = 60
JULY = date(2024, 7, 1)


@pytest.fixture
def library(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> Inbox:
    """An inbox whose buckets hold nothing of other tests, of which nothing is too young to be checked."""
    monkeypatch.setattr(verify, "GRACE", timedelta(0))
    for bucket in ("originals", "renditions"):
        empty(inbox.cloud, bucket)
    return inbox


def sent(library: Inbox, content: bytes, filename: str = "IMG_0001.HEIC") -> tuple[Landed, str]:
    """An upload that was ingested, and the id that its item got."""
    landed = library.landed(content, filename)
    assert library.deliver(landed) == []
    return landed, library.upload(landed)["item_id"]


def halves(library: Inbox, *, movie_first: bool) -> tuple[str, str]:
    """Both halves, sent one after the other and not joined yet: ids of photo and movie."""
    ids: dict[bool, str] = {}
    for is_movie in (movie_first, not movie_first):
        landed = library.landed(movie() if is_movie else picture(), "IMG_0001.MOV" if is_movie else "IMG_0001.HEIC")
        before = {item["id"] for item in library.items()}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(joining, "join", lambda subject, lane: (subject, []))
            assert library.deliver(landed) == []
        [ids[is_movie]] = {item["id"] for item in library.items()} - before
    return ids[False], ids[True]


def join(library: Inbox, item_id: str) -> str:
    with acting_as(INGEST):
        kept, _ = joining.join(Subject(library.owner.id, item_id), Lane.FRESH)
    return kept.id


def roles(library: Inbox, item_id: str) -> dict[str, str]:
    """The files of an item: names by their roles."""
    return dict(
        library.conn.execute("SELECT role::text, filename FROM original_file WHERE item_id = %s", (item_id,)).fetchall()
    )


def keys_of(library: Inbox) -> dict[str, str]:
    """Keys of all originals, by their roles."""
    return dict(library.conn.execute("SELECT role::text, object_key FROM original_file").fetchall())


def revisions(library: Inbox) -> dict[date, int]:
    """Of each month."""
    return dict(library.conn.execute("SELECT month, revision FROM timeline_month").fetchall())


def messages(library: Inbox, queue: str) -> set[tuple[str, str]]:
    """What a queue asks for: items and stages."""
    return {(each["itemId"], each["stage"]) for each in map(json.loads, library.cloud.messages(queue))}


def edit(library: Inbox, item_id: str, **values: Any) -> edits.Change:
    return edits.edit_items(library.owner.id, Selection(frozenset([item_id])), asked(values, ()))


@pytest.mark.parametrize("movie_first", [False, True])
def test_the_half_that_came_first_keeps_its_id_and_the_photo_is_what_is_shown(
    library: Inbox, movie_first: bool
) -> None:
    contents = [(picture(), "IMG_0001.HEIC"), (movie(), "IMG_0001.MOV")]
    (first, kept), (second, at_last) = (
        sent(library, *each) for each in (reversed(contents) if movie_first else contents)
    )
    [item] = library.items()
    assert (item["id"], at_last, library.upload(first)["item_id"]) == (kept, kept, kept)
    assert (item["kind"], item["has_clip"], item["visible"], item["month"]) == ("photo", True, True, JULY)
    assert roles(library, kept) == {"main": "IMG_0001.HEIC", "clip": "IMG_0001.MOV"}
    assert library.upload(second)["state"] == "ready"
    assert library.jobs().keys() == {"metadata", "renditions", "clip", "analysis"}
    assert library.jobs()["clip"] == ("waiting", 0)
    asked_for = messages(library, "video-short")
    assert (kept, "clip") in asked_for
    assert check() == []


@pytest.mark.parametrize("movie_first", [False, True])
def test_each_half_that_is_delivered_again_changes_nothing(library: Inbox, movie_first: bool) -> None:
    contents = [(picture(), "a.heic"), (movie(), "a.mov")]
    landed = [sent(library, *each)[0] for each in (reversed(contents) if movie_first else contents)]
    before, jobs = library.items(), library.jobs()
    assert library.deliver(*landed, times=2) == []
    assert (library.items(), library.jobs()) == (before, jobs)


def test_halves_that_come_at_once_are_joined_once(library: Inbox) -> None:
    for number in range(1, 6):
        landed = [library.landed(picture(number)), library.landed(movie(number), "IMG.MOV")]
        records = [library.cloud.through_queue("ingest", each.body) for each in landed]
        workers = [dying.deliver({"Records": [record]}, die_at=0) for record in records]
        for worker in workers:
            worker.join()
        assert [worker.exitcode for worker in workers] == [0, 0]
        assert library.deliver(*landed) == []
        [item] = library.items()
        assert item["has_clip"]
        assert roles(library, item["id"]).keys() == {"main", "clip"}
        assert check() == []
        library.forget()
        empty(library.cloud, "originals")
        empty(library.cloud, "renditions")


def test_who_joins_waits_for_another_who_does_and_finds_it_done(library: Inbox, database_url: str) -> None:
    photo, video = halves(library, movie_first=True)
    owner_id = library.owner.id
    with ThreadPoolExecutor(1) as pool, psycopg.connect(database_url) as other:
        live_photo.lock(other, owner_id, content_id())
        second = pool.submit(join, library, video)
        while not is_blocked(library.conn):
            assert not second.done()
            time.sleep(0.01)
        joined = live_photo.join(other, owner_id, photo, video)
        other.commit()
        assert joined is not None
        assert second.result() == joined.item_id == video
    assert library.conn.execute("SELECT count(*) FROM outbox WHERE change = 'joined'").fetchone() == (1,)


def is_blocked(conn: Connection) -> bool:
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    return conn.execute(query).fetchone() == (1,)


@pytest.mark.parametrize("movie_first", [False, True])
def test_halves_are_joined_once_wherever_the_worker_of_the_second_was_killed(library: Inbox, movie_first: bool) -> None:
    survived = False
    for step in range(1, MOMENTS):
        contents = [(picture(step), "a.heic"), (movie(step), "a.mov")]
        first, second = reversed(contents) if movie_first else contents
        _, kept = sent(library, *first)
        landed = library.landed(*second)
        record = library.cloud.through_queue("ingest", landed.body)
        worker = dying.deliver({"Records": [record]}, die_at=step)
        worker.join()
        assert worker.exitcode in (0, -SIGKILL)
        survived = worker.exitcode == 0
        assert library.deliver(landed) == []
        [item] = library.items()
        assert (item["id"], item["kind"], item["has_clip"], item["visible"]) == (kept, "photo", True, True)
        assert (library.upload(landed)["state"], library.upload(landed)["item_id"]) == ("ready", kept)
        assert library.jobs()["clip"] == ("waiting", 0)
        assert library.conn.execute("SELECT count(*) FROM outbox WHERE change = 'joined'").fetchone() == (1,)
        asked_for = messages(library, "video-short")
        assert (kept, "clip") in asked_for
        library.forget()
        if survived:
            break
    assert survived
    assert step > 15  # there is something to survive


# What is of the same identifier and yet no half


def test_a_second_movie_and_an_edited_copy_stay_items_of_their_own(library: Inbox) -> None:
    _, photo = sent(library, picture())
    _, joined = sent(library, movie(), "a.mov")
    _, second = sent(library, movie(take=2), "b.mov")
    _, third = sent(library, movie(take=3), "c.mov")
    assert joined == photo
    assert [item["id"] for item in library.items()] == [photo, second, third]
    _, copy = sent(library, picture(shade=9))
    # The copy is a picture of that identifier as well: the oldest movie that is alone is its half.
    assert copy == second
    assert [(item["id"], item["kind"]) for item in library.items()] == [
        (photo, "photo"),
        (second, "photo"),
        (third, "video"),
    ]


def test_halves_of_two_owners_stay_apart(library: Inbox) -> None:
    library.conn.execute(
        "INSERT INTO users (id, name, name_key, password_hash, role, folder)"
        " VALUES (8, 'bob', 'bob', '-', 'member', 'bob')"
    )
    sent(library, picture())
    bob = Inbox(library.conn, User(8, "bob", "member", "bob"), library.cloud)
    sent(bob, movie(), "a.mov")
    assert [len(each.items()) for each in (library, bob)] == [1, 1]
    assert not library.items()[0]["has_clip"]


def test_the_same_name_is_no_proof(library: Inbox) -> None:
    sent(library, picture(1), "IMG_0001.HEIC")
    sent(library, movie(2), "IMG_0001.MOV")
    assert len(library.items()) == 2


def test_a_half_that_lies_in_the_trash_stays_there_alone(library: Inbox) -> None:
    _, photo = sent(library, picture())
    edit(library, photo, trashed=True)
    _, video = sent(library, movie(), "a.mov")
    assert video != photo
    assert {item["id"]: item["trashed_at"] is not None for item in library.items()} == {photo: True, video: False}


def test_halves_are_joined_when_one_comes_back_by_an_upload(library: Inbox) -> None:
    _, photo = sent(library, picture())
    edit(library, photo, trashed=True)
    sent(library, movie(), "a.mov")
    landed = library.put(library.begin_anyway(picture()), picture())
    library.deliver(landed)
    [item] = library.items()
    assert (item["id"], item["has_clip"], item["trashed_at"]) == (photo, True, None)


def test_halves_that_a_person_brought_together_again_are_joined_by_verify(library: Inbox) -> None:
    _, photo = sent(library, picture())
    edit(library, photo, trashed=True)
    sent(library, movie(), "a.mov")
    assert check() == []
    edit(library, photo, trashed=False)
    assert kinds(check()) == ["halves_apart"]
    assert kinds(check(repair=True)) == ["halves_apart"]
    assert check() == []
    [item] = library.items()
    assert (item["id"], item["has_clip"]) == (photo, True)


# What was lost, and sent again


@pytest.mark.parametrize("also", ["", "; DELETE FROM outbox"])
@pytest.mark.parametrize("movie_first", [False, True])
def test_the_row_of_a_photo_that_was_joined_is_written_again(library: Inbox, movie_first: bool, also: str) -> None:
    photo, _ = halves(library, movie_first=movie_first)
    join(library, photo)
    before = keys_of(library)
    library.conn.execute(f"DELETE FROM original_file WHERE role = 'main'{also}")
    assert [(each.kind, each.repaired) for each in check(repair=True)] == [("file_lost", True)]
    assert check() == []
    assert keys_of(library) == before


@pytest.mark.parametrize("movie_first", [False, True])
def test_the_bytes_of_either_half_are_a_duplicate_of_the_joined_item(library: Inbox, movie_first: bool) -> None:
    contents = [(picture(), "a.heic"), (movie(), "a.mov")]
    (_, kept), _ = (sent(library, *each) for each in (reversed(contents) if movie_first else contents))
    for content in (picture(), movie()):
        landed = library.put(library.begin_anyway(content), content)
        assert library.deliver(landed) == []
        upload = library.upload(landed)
        assert (upload["state"], upload["item_id"]) == ("duplicate", kept)
    assert len(library.items()) == 1


def test_a_clip_that_was_lost_is_replaced_by_the_same_bytes(library: Inbox) -> None:
    _, kept = sent(library, picture())
    landed, _ = sent(library, movie(), "a.mov")
    objects.delete(landed.key, version=objects.head(landed.key).version)
    assert kinds(check()) == ["clip_missing"]
    again = library.put(library.begin_anyway(movie()), movie())
    assert library.deliver(again) == []
    [item] = library.items()
    assert (item["id"], item["missing_at"]) == (kept, None)
    keys = keys_of(library)
    assert keys["clip"] == again.key
    assert keys["main"] != again.key


# What a person said, and what was made


@pytest.mark.parametrize("movie_first", [False, True])
def test_what_a_person_said_of_either_half_holds_of_what_they_become(library: Inbox, movie_first: bool) -> None:
    photo, video = halves(library, movie_first=movie_first)
    edit(library, video, title="Of the movie", rating=4, favourite=True, takenAtLocal="2020-02-03T04:05:06")
    edit(library, photo, title="Of the photo", archived=True)
    kept = join(library, photo)
    assert kept == (video if movie_first else photo)
    with transaction() as conn:
        item = items.read(conn, library.owner.id, kept)
    assert (item.title, item.rating, item.favourite, item.visibility) == ("Of the photo", 4, True, "archive")
    assert item.taken_at_local.isoformat() == "2020-02-03T04:05:06"
    assert item.said_by_person == ["rating", "time", "title"]
    assert library.conn.execute(
        "SELECT count(*) FROM search_text WHERE document @@ to_tsquery('simple', 'photo')"
    ).fetchone() == (1,)
    assert check() == []


def test_where_a_person_said_that_the_movie_was_taken_is_where_the_photo_was(library: Inbox) -> None:
    photo, video = halves(library, movie_first=False)
    edit(library, video, place={"latitude": 35.0, "longitude": 135.0})
    with transaction() as conn:
        before = items.read(conn, library.owner.id, photo)
    kept = join(library, photo)
    with transaction() as conn:
        item = items.read(conn, library.owner.id, kept)
    assert (item.latitude, item.longitude, item.timezone_name) == (35.0, 135.0, "Asia/Tokyo")
    # As when it had been said of the photo: its clock on the wall stays.
    assert (item.taken_at_local, item.time_source) == (before.taken_at_local, before.time_source)
    assert item.taken_at_utc == (before.taken_at_local - timedelta(hours=9)).replace(tzinfo=UTC)
    assert item.utc_offset_seconds == 9 * 3600


def test_while_a_change_of_many_is_under_way_no_id_changes(library: Inbox) -> None:
    photo, video = halves(library, movie_first=True)
    library.conn.execute(
        "INSERT INTO change (owner_id, id, actor_id, edit, selection, total)"
        " VALUES (%s, 'aaaaaaaaaaaa', %s, '{}', '{}', 2)",
        (library.owner.id, library.owner.id),
    )
    with pytest.raises(Unavailable):
        join(library, photo)
    assert check(repair=True) == []
    library.conn.execute("UPDATE change SET state = 'done', selection = NULL")
    assert join(library, photo) == video


def test_a_change_of_the_older_half_is_undone_on_what_it_became(library: Inbox) -> None:
    photo, video = halves(library, movie_first=True)
    change = edit(library, video, favourite=True)
    kept = join(library, photo)
    assert edits.undo(library.owner.id, change.id).done == 1
    with transaction() as conn:
        assert not items.read(conn, library.owner.id, kept).favourite


def test_a_change_of_the_younger_half_is_skipped_when_it_is_undone(library: Inbox) -> None:
    photo, video = halves(library, movie_first=False)
    change = edit(library, video, favourite=True)
    join(library, photo)
    undone = edits.undo(library.owner.id, change.id)
    assert (undone.done, undone.skipped) == (0, 1)


def test_what_was_made_of_the_photo_stays_and_what_was_made_of_the_movie_goes(library: Inbox) -> None:
    photo, video = halves(library, movie_first=True)
    shown = {item["id"]: item["item_key"] for item in library.items()}
    objects.put_rendition(f"{shown[video]}/1/240.webp", b"poster", content_type="image/webp")
    rendition.replace(library.conn, library.owner.id, video, [Rendition("240.webp", 1, 4, 3, 6)])
    kept = join(library, photo)
    [item] = library.items()
    assert item["item_key"] == shown[photo]
    assert library.cloud.keys("renditions", f"{shown[video]}/") == []
    with transaction() as conn:
        assert len(items.read(conn, library.owner.id, kept).renditions) == 3
    assert check() == []


def test_the_joined_item_has_a_revision_that_neither_half_had(library: Inbox) -> None:
    photo, video = halves(library, movie_first=True)
    for title in ("a", "b", "c"):
        edit(library, video, title=title)
    before = {item["id"]: item["revision"] for item in library.items()}
    kept = join(library, photo)
    [item] = library.items()
    assert item["revision"] > max(before.values())
    with pytest.raises(PreconditionFailed):
        edits.edit_item(library.owner.id, photo, before[photo], asked({"title": "d"}, ()))
    edits.edit_item(library.owner.id, photo, item["revision"], asked({"title": "d"}, ()))
    with transaction() as conn:
        assert items.read(conn, library.owner.id, kept).title == "d"


def test_the_months_of_both_halves_are_told(library: Inbox) -> None:
    photo, video = halves(library, movie_first=True)
    edit(library, video, takenAtLocal="2020-02-03T04:05:06")
    before = revisions(library)
    with acting_as(INGEST):
        _, months = joining.join(Subject(library.owner.id, photo), Lane.FRESH)
    assert set(months) == {date(2020, 2, 1), JULY}
    after = revisions(library)
    assert {month for month in after if after[month] > before[month]} == {date(2020, 2, 1), JULY}


# The younger id


def read(library: Inbox, item_id: str) -> str:
    with transaction() as conn:
        return items.read(conn, library.owner.id, item_id).id


def favoured(library: Inbox, item_id: str) -> str:
    change = edit(library, item_id, favourite=True)
    assert (change.done, change.skipped) == (1, 0)
    [item] = library.items()
    assert item["favourite"]
    return str(item["id"])


def downloaded(library: Inbox, item_id: str) -> str:
    with transaction() as conn:
        photo, clip = originals.list_files(conn, library.owner.id, [item_id])
    assert (photo.filename, clip.filename) == ("IMG_0001.HEIC", "IMG_0001.MOV")
    assert photo.item_id == clip.item_id
    return photo.item_id


def played(library: Inbox, item_id: str) -> str:
    with transaction() as conn:
        assert playback.read(conn, library.owner.id, item_id).state == "making"
    return read(library, item_id)


def enlarged(library: Inbox, item_id: str) -> str:
    assert full_size.ask(library.owner.id, item_id).state == "ready"
    return read(library, item_id)


@pytest.mark.parametrize("movie_first", [False, True])
@pytest.mark.parametrize("way", [read, favoured, downloaded, played, enlarged])
def test_the_younger_id_leads_to_the_item(library: Inbox, way: Callable[[Inbox, str], str], movie_first: bool) -> None:
    photo, video = halves(library, movie_first=movie_first)
    kept = join(library, photo)
    younger = photo if movie_first else video
    assert kept != younger
    assert way(library, younger) == kept


def test_it_leads_nobody_else_there(library: Inbox) -> None:
    photo, video = halves(library, movie_first=False)
    join(library, photo)
    with transaction() as conn, pytest.raises(NotFound):
        items.read(conn, library.owner.id + 1, video)


def test_both_ids_in_one_change_are_one_item(library: Inbox) -> None:
    photo, video = halves(library, movie_first=False)
    join(library, photo)
    change = edits.edit_items(library.owner.id, Selection(frozenset([photo, video])), asked({"rating": 3}, ()))
    assert (change.total, change.done, change.skipped) == (1, 1, 0)


def test_both_files_go_to_the_trash_and_come_back(library: Inbox) -> None:
    photo, video = halves(library, movie_first=False)
    kept = join(library, photo)
    edit(library, video, trashed=True)
    assert known(library) == (set(), {kept})
    with transaction() as conn:
        assert len(originals.list_files(conn, library.owner.id, [kept])) == 2
    edit(library, video, trashed=False)
    assert known(library) == ({kept}, set())
    assert check() == []


def known(library: Inbox) -> tuple[set[str], set[str]]:
    """Ids of what is told to be there, and of what lies in the trash, to who has all these bytes."""
    with transaction() as conn:
        sha256s = [sha256 for (sha256,) in conn.execute("SELECT sha256 FROM original_file").fetchall()]
        existing = uploads.existing(conn, library.owner, sha256s)
    return set(existing.shown.values()), set(existing.trashed.values())


# Messages that were on their way


def test_what_a_worker_was_asked_for_about_the_movie_comes_to_nothing(library: Inbox) -> None:
    photo, video = halves(library, movie_first=True)
    kept = join(library, photo)
    assert kept == video
    for stage in (Stage.POSTER, Stage.VIDEO, Stage.STILLS):
        asked_for = Asked(Subject(library.owner.id, video), stage)
        assert videos.begin(asked_for, Lane.FRESH, tomorrow()) is None
        assert job.get(library.conn, asked_for.subject, stage) is None


def test_the_worker_reads_the_clip_from_the_file_of_the_movie(library: Inbox) -> None:
    photo, _ = halves(library, movie_first=False)
    kept = join(library, photo)
    begun = videos.begin(Asked(Subject(library.owner.id, kept), Stage.CLIP), Lane.FRESH, tomorrow())
    assert begun is not None
    assert (begun.film.offset, begun.film.size_bytes, begun.film.mime_type) == (0, len(movie()), "video/quicktime")
    keys = keys_of(library)
    assert begun.film.object_key == keys["clip"]


def test_a_photo_that_a_worker_has_in_hand_is_looked_at_again_under_its_new_id(library: Inbox) -> None:
    photo, _ = halves(library, movie_first=True)
    subject = Subject(library.owner.id, photo)
    job.begin_attempt(library.conn, subject, Stage.ANALYSIS, Lane.FRESH, tomorrow(), 5)
    kept = join(library, photo)
    now = job.get(library.conn, Subject(library.owner.id, kept), Stage.ANALYSIS)
    assert now is not None
    assert (now.state, now.attempts) == ("waiting", 0)
    assert job.get(library.conn, subject, Stage.ANALYSIS) is None


def tomorrow() -> datetime:
    return datetime.now(UTC) + timedelta(days=1)


# Motion photos


def motion_photo() -> bytes:
    """A photo whose file holds a clip, as Google's cameras say it."""
    clip = movie()
    item = (
        "<rdf:li rdf:parseType='Resource'><Container:Item Item:Semantic='{}' Item:Mime='{}' Item:Length='{}'/></rdf:li>"
    )
    items = item.format("Primary", "image/jpeg", 0) + item.format("MotionPhoto", "video/mp4", len(clip))
    packet = xmp(f"<Container:Directory><rdf:Seq>{items}</rdf:Seq></Container:Directory>", GCamera_MotionPhoto="1")
    buffer = BytesIO()
    photos.scene().save(buffer, "JPEG", xmp=packet)
    return buffer.getvalue() + clip


def test_the_clip_of_a_motion_photo_is_asked_for_once_the_photo_is_visible(library: Inbox) -> None:
    landed, item_id = sent(library, motion_photo())
    assert library.jobs()["clip"] == ("waiting", 0)
    assert library.deliver(landed) == []
    assert library.jobs()["clip"] == ("waiting", 0)
    asked_for = messages(library, "video-short")
    assert asked_for == {(item_id, "clip")}
    begun = videos.begin(Asked(Subject(library.owner.id, item_id), Stage.CLIP), Lane.FRESH, tomorrow())
    assert begun is not None
    assert (begun.film.offset + begun.film.size_bytes, begun.film.size_bytes) == (len(motion_photo()), len(movie()))


def test_the_clip_of_a_photo_from_before_is_asked_for_by_verify(library: Inbox) -> None:
    _, kept = sent(library, picture())
    sent(library, movie(), "a.mov")
    library.conn.execute("DELETE FROM job WHERE stage = 'clip'")
    library.cloud.messages("video-short-bulk")
    assert kinds(check()) == ["job_lost"]
    assert [each.repaired for each in check(repair=True)] == [True]
    assert check() == []
    asked_for = {
        (each["itemId"], each["stage"]) for each in map(json.loads, library.cloud.messages("video-short-bulk"))
    }
    assert asked_for == {(kept, "clip")}
