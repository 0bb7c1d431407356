"""Users who are deleted, with all that is theirs, over real tables, queues and buckets."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from signal import SIGKILL
from threading import Barrier
from typing import Any

import pytest
from psycopg import ClientCursor

from dead_letters import handler as dead_letters
from ingest import handler as ingesting
from pinhole import analysis, deletion, edits, objects, stages, verify, videos
from pinhole.db import transaction
from pinhole.edits import Selection
from pinhole.errors import Busy, Conflict, NotFound
from pinhole.imaging import renditions
from pinhole.operations import users
from pinhole.operations.requeue import requeue_stale
from pinhole.stages import Asked, Lane, Stage, Subject
from pinhole.tables import api_key, user
from tests.core.deletion import going
from tests.core.deletion.conftest import BOB, ROOT, Household
from tests.fixtures import dying
from tests.fixtures.lambda_context import Context
from tests.fixtures.pictures import jpeg

MOMENTS = 120


def gone(household: Household) -> bool:
    """Whether nothing is left of ann, in no table and in no bucket."""
    return (
        going.left(household.ann.conn, household.ann.owner.id) == {}
        and going.versions(household.cloud, "ann/") == []
        and sorted(household.cloud.keys("renditions", "")) == sorted(household.keys(household.bob)["renditions"])
    )


def agree(monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether `verify` finds nothing, of whatever age."""
    monkeypatch.setattr(verify, "GRACE", timedelta(0))
    tally = verify.Tally()
    return (list(verify.check(tally, repair=False)), tally.young) == ([], 0)


def progress(household: Household) -> Any:
    [state] = [state for state in users.states() if state.id == household.ann.owner.id]
    return state.deletion


def test_nothing_is_left_of_a_user_and_all_of_another_who_has_the_same_photos(
    household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    household.add(3)
    before, items = household.keys(household.bob), household.bob.items()
    household.delete()
    going.work_off(household.cloud)
    assert gone(household)
    assert (household.keys(household.bob), household.bob.items()) == (before, items)
    assert len(before["renditions"]) == 9
    assert agree(monkeypatch)


def test_it_goes_step_by_step_and_tells_how_far_it_is(household: Household) -> None:
    household.add(5)
    household.delete()
    seen = [progress(household).items_left]
    while len(seen) < 4:
        [body] = household.cloud.messages("deletions")
        assert going.deliver(household.cloud, body)
        seen.append(progress(household).items_left)
    assert seen == [5, 3, 1, 0]
    assert progress(household).items == 5


def test_a_call_goes_on_while_it_has_time(household: Household) -> None:
    household.add(3)
    household.delete()
    [body] = household.cloud.messages("deletions")
    assert going.deliver(household.cloud, body, remaining=100_000)
    assert gone(household)
    assert household.cloud.messages("deletions") == []


def test_rows_of_every_table_go(household: Household) -> None:
    household.add(1)
    conn, ann = household.ann.conn, household.ann.owner
    [item] = household.ann.items()
    first = edits.edit_items(ann.id, Selection(ids=frozenset({item["id"]})), edits.asked({"rating": 3}, ()))
    for _ in range(3):  # each undoes the one before
        first = edits.undo(ann.id, first.id)
    with transaction() as own:
        api_key.insert(own, ann.id, "a script", ["all"], bytes(32), 1)
        for number in range(5):
            own.execute("INSERT INTO session (id, user_id) VALUES (%s, %s)", (f"00000000000{number}", ann.id))
    fill(household)
    expected = {f"{table}.{column}" for table, column in going.of_users(conn)}
    assert expected - going.left(conn, ann.id).keys() == {"deletion.user_id"}
    household.delete()
    assert going.left(conn, ann.id)["deletion.user_id"] == 1
    going.work_off(household.cloud)
    assert gone(household)


def fill(household: Household) -> None:
    """Rows of ann's in the tables that nothing else in the test fills."""
    conn, ann = household.ann.conn, household.ann.owner.id
    [item] = [item["id"] for item in household.ann.items()]
    with ClientCursor(conn) as cursor:  # which sends several statements at once
        cursor.execute(FILLING, {"ann": ann, "item": item})


FILLING = """
    INSERT INTO past_search (owner_id, typed) VALUES (%(ann)s, 'a'), (%(ann)s, 'b'), (%(ann)s, 'c');
    INSERT INTO search_value (owner_id, filter, value) VALUES (%(ann)s, 'place', 'Ulm'), (%(ann)s, 'place', 'Rom');
    INSERT INTO stored_sum (owner_id, originals_bytes, renditions_bytes, items) VALUES (%(ann)s, 1, 1, 1);
    INSERT INTO item_redirect (owner_id, id, item_id) VALUES (%(ann)s, '000000000000', %(item)s);
    INSERT INTO invite (id, token_hash, expires_at, made_by, used_by, used_at)
    VALUES ('000000000000', sha256('1'), now(), %(ann)s, %(ann)s, now());
    INSERT INTO totp (user_id, secret) VALUES (%(ann)s, decode(repeat('00', 20), 'hex'));
    INSERT INTO recovery_code (user_id, code_hash) VALUES (%(ann)s, sha256('1'));
    INSERT INTO passkey (credential_id, id, user_id, name, public_key, sign_count, rp_id, transports, backed_up)
    VALUES ('1', '000000000000', %(ann)s, 'a passkey', '1', 0, 'localhost', '{}', false);
    INSERT INTO login_ticket (token_hash, kind, user_id, password_hash, challenge, expires_at)
    VALUES (sha256('1'), 'second_factor', %(ann)s, '-', '1', now());
    INSERT INTO mail (id, kind, user_id, address, address_key, expires_at)
    VALUES ('000000000000', 'confirm', %(ann)s, 'ann@example.org', 'ann@example.org', now());
    INSERT INTO model (role, name, version, dimension) SELECT role, 'a model', '1', 16
    FROM unnest(enum_range(NULL::model_role)) AS role;
    INSERT INTO item_analysis (owner_id, item_id, model_id) SELECT %(ann)s, %(item)s, id FROM model;
    INSERT INTO image_embedding (owner_id, item_id, percentage, model_id, embedding)
    SELECT %(ann)s, %(item)s, 0, id, array_fill(0.25, ARRAY[16])::real[]::halfvec
    FROM model WHERE role = 'image_embedding';
    INSERT INTO image_tag (owner_id, item_id, percentage, model_id, name, score)
    SELECT %(ann)s, %(item)s, 0, id, 'dog', 0.5 FROM model WHERE role = 'tags';
    INSERT INTO detected_object (owner_id, item_id, percentage, model_id, number, name, score, box)
    SELECT %(ann)s, %(item)s, 0, id, 0, 'dog', 0.5, ARRAY[0, 0, 0.5, 0.5] FROM model WHERE role = 'objects';
    INSERT INTO face (owner_id, item_id, percentage, model_id, number, box, landmarks, confidence, size_px, sharpness,
        embedding)
    SELECT %(ann)s, %(item)s, 0, id, 0, ARRAY[0, 0, 0.5, 0.5], array_fill(0.25, ARRAY[10]), 0.5, 100, 0.5,
        array_fill(0.25, ARRAY[16])::real[]::halfvec
    FROM model WHERE role = 'faces';
    INSERT INTO recognised_text (owner_id, item_id, percentage, model_id, number, line, score, corners)
    SELECT %(ann)s, %(item)s, 0, id, 0, 'a line', 0.5, array_fill(0.25, ARRAY[8]) FROM model WHERE role = 'ocr';
    INSERT INTO image_colours (owner_id, item_id, percentage, model_id, dominant, shares, hue, saturation, lightness,
        histogram)
    SELECT %(ann)s, %(item)s, 0, id, ARRAY[0], ARRAY[1], 0, 0.5, 0.5, array_fill(0, ARRAY[15])
    FROM model WHERE role = 'colours';
    INSERT INTO image_quality (owner_id, item_id, percentage, model_id, sharpness, noise, exposure, overall)
    SELECT %(ann)s, %(item)s, 0, id, 0.5, 0.5, 0.5, 50 FROM model WHERE role = 'quality';
    INSERT INTO item_caption (owner_id, item_id, percentage, model_id, caption, pets, people_count, indoor, landscape,
        cityscape)
    SELECT %(ann)s, %(item)s, 0, id, 'A field.', false, 0, false, true, false FROM model WHERE role = 'caption'
"""


@pytest.mark.parametrize("originals", [True, False])
def test_wherever_a_worker_is_killed_the_user_is_gone_in_the_end_and_another_is_not_touched(
    household: Household, originals: bool
) -> None:
    conn, cloud = household.ann.conn, household.cloud
    household.bob.deliver(household.bob.landed(jpeg(shade=200)))
    bobs = household.keys(household.bob)
    survived = False
    for step in range(1, MOMENTS):
        household.have(3)
        kept = [] if originals else cloud.keys("originals", "ann/")
        household.delete(originals=originals)
        [body] = cloud.messages("deletions")
        record = cloud.through_queue("deletions", body)
        worker = dying.call(going.handle_all, {"Records": [record]}, die_at=step)
        worker.join()
        assert worker.exitcode in (0, -SIGKILL)
        survived = worker.exitcode == 0
        assert going.deliver(cloud, body)  # it comes back
        requeue_stale(timedelta(0))
        going.work_off(cloud)
        assert going.left(conn, household.ann.owner.id) == {}, step
        assert cloud.keys("originals", "ann/") == kept, step
        assert household.keys(household.bob) == bobs, step
        assert sorted(cloud.keys("renditions", "")) == sorted(bobs["renditions"]), step
        if survived:
            break
        conn.execute(
            "INSERT INTO users (id, name, name_key, password_hash, role, folder)"
            " VALUES (7, 'ann', 'ann', '-', 'member', 'ann')"
        )
        conn.execute("DELETE FROM kept_folder")
        going.empty_folder(cloud, "ann/")
    assert survived
    assert step > 20  # there is something to survive


def test_a_message_that_comes_twice_or_late_deletes_nothing_else(household: Household) -> None:
    household.add(2)
    bobs = household.keys(household.bob)
    household.delete()
    [body] = household.cloud.messages("deletions")
    for _ in range(3):
        assert going.deliver(household.cloud, body)
    going.work_off(household.cloud)
    assert going.deliver(household.cloud, body)
    assert gone(household)
    assert household.keys(household.bob) == bobs
    assert household.cloud.messages("deletions") == []


def test_two_workers_at_once_delete_each_item_once(household: Household) -> None:
    household.add(4)
    household.delete()
    [body] = household.cloud.messages("deletions")
    workers = [
        dying.call(going.handle, {"Records": [household.cloud.through_queue("deletions", body)]}, die_at=0)
        for _ in range(2)
    ]
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    assert (progress(household).items, progress(household).items_left) == (4, 0)
    going.work_off(household.cloud)
    assert gone(household)


def test_a_message_that_was_lost_is_sent_again_after_ten_minutes(household: Household) -> None:
    household.delete()
    household.cloud.messages("deletions")
    requeue_stale(timedelta(hours=2))
    assert household.cloud.messages("deletions") == []
    household.ann.conn.execute("UPDATE deletion SET touched_at = now() - interval '11 minutes'")
    requeue_stale(timedelta(hours=2))
    assert [json.loads(body) for body in household.cloud.messages("deletions")] == [{"userId": household.ann.owner.id}]


def test_a_deletion_whose_attempts_come_no_further_is_stuck_and_not_given_up(
    household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    household.add(1)
    household.delete()
    [body] = household.cloud.messages("deletions")
    with monkeypatch.context() as defect:
        defect.setattr(objects, "delete_renditions_of", lambda _: 1 / 0)
        for _ in range(3):
            assert not progress(household).is_stuck
            assert not going.deliver(household.cloud, body)
    assert progress(household).is_stuck
    record = household.cloud.through_queue("deletions", body)
    assert dead_letters.handle({"Records": [record]}, Context()) == {"batchItemFailures": []}
    requeue_stale(timedelta(0))
    going.work_off(household.cloud)
    assert gone(household)


def test_originals_stay_untouched_where_they_are_not_to_go_and_their_folder_is_nobodys(
    household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    household.add(2)
    household.cloud.s3.put_object(Bucket="originals", Key="ann/by hand.jpg", Body=jpeg(shade=9))
    before = going.versions(household.cloud, "ann/")
    household.delete(originals=False)
    going.work_off(household.cloud)
    assert going.left(household.ann.conn, household.ann.owner.id) == {}
    assert going.versions(household.cloud, "ann/") == before
    assert agree(monkeypatch)
    with transaction() as conn:
        assert not user.folder_is_free(conn, "ann")
        assert not user.folder_is_free(conn, "ann/within")
        assert user.insert(conn, "ann", "-", "member", "ann").folder == "ann-2"


def test_a_name_is_taken_until_all_is_gone_and_a_folder_for_good(household: Household) -> None:
    household.add(1)
    household.delete()
    with transaction() as conn:
        assert not user.folder_is_free(conn, "ann")
        assert user.find_id(conn, "ann") == household.ann.owner.id
    going.work_off(household.cloud)
    with transaction() as conn:
        assert user.insert(conn, "ann", "-", "member", "ann").folder == "ann-2"


def test_verify_judges_nothing_of_a_user_who_is_going(household: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    household.add(3)
    household.delete()
    while bodies := household.cloud.messages("deletions"):
        assert agree(monkeypatch)
        assert going.deliver(household.cloud, bodies[0])
    assert agree(monkeypatch)


def test_what_arrives_meanwhile_becomes_no_item_and_goes_too(household: Household) -> None:
    upload_id = household.ann.begin(jpeg(shade=1))
    household.delete()
    landed = household.ann.put(upload_id, jpeg(shade=1))
    assert household.ann.deliver(landed) == []
    assert household.ann.items() == []
    going.work_off(household.cloud)
    # An upload was open, so that another object may come: the user stays until no address opens any more.
    assert going.versions(household.cloud, "ann/") == []
    assert progress(household).lasts_until is not None
    household.cloud.s3.put_object(Bucket="originals", Key=landed.key, Body=b"late")
    household.ann.conn.execute("UPDATE deletion SET lasts_until = now()")
    deletion.ask(household.ann.owner.id)
    going.work_off(household.cloud)
    assert gone(household)


def test_what_is_sent_in_parts_is_dropped(household: Household) -> None:
    household.cloud.s3.create_multipart_upload(Bucket="originals", Key="ann/uploads/000000000000/film.mp4")
    household.delete(originals=False)
    going.work_off(household.cloud)
    assert gone(household)


def leased(household: Household, stage: Stage) -> tuple[Subject, stages.Claim]:
    """An attempt at ann's only item, and whose it is."""
    [item] = household.ann.items()
    subject = Subject(household.ann.owner.id, item["id"])
    with transaction() as conn:
        conn.execute("DELETE FROM job WHERE owner_id = %s AND stage = %s", (subject.owner_id, stage))
        claimed = stages.claim(conn, subject, stage, Lane.FRESH, datetime.now(UTC) + timedelta(minutes=3))
    assert claimed is not None
    return subject, claimed


@pytest.mark.parametrize("stage", [Stage.RENDITIONS, Stage.VIDEO, Stage.ANALYSIS, Stage.FULL_SIZE])
def test_an_attempt_under_way_leaves_nothing_behind(household: Household, stage: Stage) -> None:
    household.add(1)
    [item] = household.ann.items()
    subject, claimed = leased(household, stage)
    household.delete()
    [body] = household.cloud.messages("deletions")
    assert going.deliver(household.cloud, body, remaining=100_000)
    assert [one["id"] for one in household.ann.items()] == [item["id"]]
    # It stores something, and can't hold on to it for longer; and is killed.
    objects.put_rendition(f"{item['item_key']}/9/240.webp", b"late", content_type="image/webp")
    with transaction() as conn, pytest.raises(Busy):
        stages.extend(conn, claimed, datetime.now(UTC) + timedelta(minutes=6))
    household.ann.conn.execute("UPDATE job SET leased_until = now() - interval '2 minutes' WHERE state = 'running'")
    deletion.ask(subject.owner_id)
    going.work_off(household.cloud)
    assert gone(household)


def test_an_attempt_under_way_may_end_and_what_follows_is_not_begun(household: Household) -> None:
    household.add(1)
    subject, claimed = leased(household, Stage.RENDITIONS)
    household.delete()
    with transaction() as conn:
        stages.hold(conn, claimed)
        stages.finish(conn, claimed)
        stages.add(conn, subject, Stage.ANALYSIS)
    until = datetime.now(UTC) + timedelta(minutes=3)
    assert analysis.begin(Asked(subject, Stage.ANALYSIS), Lane.FRESH, until) is None
    assert videos.begin(Asked(subject, Stage.CLIP), Lane.FRESH, until) is None
    going.work_off(household.cloud)
    assert gone(household)


def test_ingest_that_is_under_way_ends_and_leaves_nothing_behind(
    household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: Callable[..., Any] = renditions.make

    def deleted_meanwhile(*arguments: Any) -> Any:
        household.delete()
        [body] = household.cloud.messages("deletions")
        assert going.deliver(household.cloud, body, remaining=100_000)
        return made(*arguments)

    monkeypatch.setattr(renditions, "make", deleted_meanwhile)
    record = household.cloud.through_queue("ingest", household.ann.landed(jpeg()).body)
    assert ingesting.handle({"Records": [record]}, Context()) == {"batchItemFailures": []}
    assert len(household.ann.items()) == 1
    deletion.ask(household.ann.owner.id)
    going.work_off(household.cloud)
    assert gone(household)


def test_a_change_of_many_that_is_under_way_stops(household: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    household.add(3)
    monkeypatch.setattr("pinhole.edits.changes.MAX_AT_ONCE", 1)
    ids = frozenset(item["id"] for item in household.ann.items())
    edits.edit_items(household.ann.owner.id, Selection(ids=ids), edits.asked({"rating": 3}, ()))
    [body] = household.cloud.messages("changes")
    household.delete()
    going.work_off(household.cloud)
    assert gone(household)
    message = edits.read_message(body)
    assert message is not None
    edits.go_on(message, lambda: True)
    assert gone(household)


def test_the_last_administrator_stays(household: Household) -> None:
    with pytest.raises(Conflict) as refused:
        users.delete(ROOT, originals=False)
    assert refused.value.code == "last_administrator"
    assert [state.deletion for state in users.states()] == [None] * 3
    assert [state.disabled_at for state in users.states()] == [None] * 3


def test_of_two_administrators_who_delete_each_other_at_once_one_is_left(household: Household) -> None:
    household.ann.conn.execute("UPDATE users SET role = 'administrator' WHERE id = %s", (BOB,))
    both_ready = Barrier(2)

    def delete(user_id: int) -> bool:
        both_ready.wait(10)
        try:
            users.delete(user_id, originals=False)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(delete, [ROOT, BOB])) == [False, True]


def test_originals_stay_where_the_library_was_set_up_so_or_was_not_set_up(household: Household) -> None:
    for statement in ("UPDATE library SET originals_may_be_deleted = false", "DELETE FROM library"):
        household.ann.conn.execute(statement)
        with pytest.raises(Conflict) as refused:
            household.delete()
        assert refused.value.code == "originals_are_kept"
    household.delete(originals=False)


def test_who_is_deleted_once_more_is_deleted_as_was_said_first(household: Household) -> None:
    household.add(1)
    household.delete(originals=False)
    before = progress(household)
    household.delete(originals=True)
    assert progress(household) == before
    with pytest.raises(NotFound):
        users.delete(12345, originals=False)


def test_who_is_deleted_can_not_be_let_in_again(household: Household) -> None:
    household.delete()
    with pytest.raises(Conflict) as refused:
        users.change(household.ann.owner.id, {"disabled": False})
    assert refused.value.code == "being_deleted"


def test_open_sockets_are_closed_before_their_sessions_go(household: Household) -> None:
    conn, ann = household.ann.conn, household.ann.owner
    conn.execute("INSERT INTO session (id, user_id) VALUES ('000000000000', %s)", (ann.id,))
    conn.execute("INSERT INTO live_connection (connection_id, session_id) VALUES ('c', '000000000000')")
    household.delete()
    assert [json.loads(body)["ownerId"] for body in going.delayed(household.cloud, "live")] == [ann.id]
    going.work_off(household.cloud)
    assert going.left(conn, ann.id).keys() >= {"session.user_id", "users"}
    conn.execute("DELETE FROM live_connection")
    deletion.ask(ann.id)
    going.work_off(household.cloud)
    assert gone(household)
