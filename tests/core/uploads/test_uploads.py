"""Uploads as clients see them: the API, and the store that its URLs lead to."""

import hashlib
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BytesIO
from itertools import count
from typing import Any

import psycopg
import pytest
import urllib3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectionClosedError
from botocore.httpsession import URLLib3Session
from psycopg import Connection

from pinhole import db, objects, uploads
from pinhole.accounts import User
from pinhole.errors import Conflict, FileRejected, NotFound
from pinhole.settings import MEBIBYTE
from pinhole.tables import notice, outbox
from pinhole.tables import upload as upload_table
from pinhole.uploads import Duplicate, Upload
from pinhole.uploads.opening import open_upload, part_size
from tests.fixtures.api import Caller
from tests.fixtures.cloud import Cloud
from tests.fixtures.library import Library
from tests.fixtures.uploading import SetLimit, begin, expire, key_of, promise, put, state

PHOTO = random.Random(1).randbytes(50_000)
FILM = random.Random(2).randbytes(33 * MEBIBYTE)

pytestmark = pytest.mark.usefixtures("cloud", "no_call_in_a_transaction")


def parts_of(content: bytes, upload: dict[str, Any]) -> dict[int, bytes]:
    size = upload["partSizeBytes"]
    return {number + 1: content[number * size :][:size] for number in range(upload["partCount"])}


def send_parts(caller: Caller, upload: dict[str, Any], content: bytes, numbers: list[int]) -> None:
    answer = caller.call("POST", f"/uploads/{upload['id']}/parts", json={"partNumbers": numbers})
    assert answer.status_code == 200, answer.json
    assert answer.json is not None
    for part in answer.json["parts"]:
        assert put(part, parts_of(content, upload)[part["partNumber"]]) == 200


# A single PUT


def test_a_photo_is_one_put_and_lands_under_its_own_name(caller: Caller, conn: Connection) -> None:
    upload = begin(caller, PHOTO, filename="../Zürich\u202e 写.jpg")
    assert upload["state"] == "waiting"
    assert upload["method"] == "single"
    assert put(upload, PHOTO) == 200
    key = key_of(conn, upload["id"])
    assert key == f"ann/uploads/{upload['id']}/Zürich 写.jpg"
    assert objects.head(key).size_bytes == len(PHOTO)


@pytest.mark.parametrize("sent", [{"contentType": ""}, {"contentType": None}, {}])
def test_a_file_whose_type_the_client_does_not_know_can_be_sent(caller: Caller, sent: dict[str, Any]) -> None:
    body = {name: value for name, value in promise(PHOTO).items() if name != "contentType"}
    upload: Any = caller.call("POST", "/uploads", json=body | sent).json
    assert upload["headers"]["Content-Type"] == "application/octet-stream"
    assert put(upload, PHOTO) == 200


def test_a_second_put_changes_nothing(caller: Caller) -> None:
    upload = begin(caller, PHOTO)
    assert put(upload, PHOTO) == 200
    assert put(upload, PHOTO) == 412


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (PHOTO[::-1], {}, 400),
        (PHOTO + b"!", {}, 403),
        (PHOTO[:-1], {}, 403),
        (PHOTO, {"Content-Type": "text/html"}, 403),
        (PHOTO, {"If-None-Match": ""}, 403),
        (PHOTO, {"x-amz-checksum-sha256": "A" * 43 + "="}, 403),
    ],
    ids=["other bytes", "too long", "too short", "another type", "overwriting", "another hash"],
)
def test_the_store_takes_only_what_was_promised(
    caller: Caller, conn: Connection, content: bytes, headers: dict[str, str], status: int
) -> None:
    upload = begin(caller, PHOTO)
    assert put(upload, content, **headers) == status
    with pytest.raises(NotFound):
        objects.head(key_of(conn, upload["id"]))


def test_an_empty_file_can_be_sent(caller: Caller, conn: Connection) -> None:
    upload = begin(caller, b"")
    assert put(upload, b"") == 200
    assert objects.head(key_of(conn, upload["id"])).size_bytes == 0


def test_the_url_of_a_single_upload_is_signed_again(caller: Caller) -> None:
    upload = begin(caller, PHOTO)
    again = caller.call("POST", f"/uploads/{upload['id']}/url")
    assert again.status_code == 200
    assert again.json is not None
    assert again.json["id"] == upload["id"]
    assert put(again.json, PHOTO) == 200


def test_a_url_never_outlives_its_upload(caller: Caller, conn: Connection) -> None:
    upload = begin(caller, PHOTO)
    conn.execute("UPDATE upload SET expires_at = now() + interval '90 seconds'")
    again = caller.call("POST", f"/uploads/{upload['id']}/url").json
    assert again is not None
    expires_in = int(again["url"].partition("X-Amz-Expires=")[2].partition("&")[0])
    assert 1 <= expires_in <= 90
    assert again["urlExpiresAt"] < upload["urlExpiresAt"]


# Duplicates and resuming


def test_bytes_that_the_library_has_are_named_instead_of_sent(caller: Caller, conn: Connection) -> None:
    item_id = Library(conn, caller.user.id).add(sha256=hashlib.sha256(PHOTO).digest())
    answer = caller.call("POST", "/uploads", json=promise(PHOTO))
    assert answer.status_code == 200
    assert answer.json == {"state": "duplicate", "itemId": item_id}


@pytest.mark.parametrize(
    ("columns", "named"),
    [
        ({}, True),
        ({"trashed_at": "2024-01-01T00:00:00Z", "missing_at": "2024-01-01T00:00:00Z"}, False),
        ({"missing_at": "2024-01-01T00:00:00Z"}, False),
        ({"renditions_at": None, "rendition_version": 0, "thumb_hash": None}, False),
    ],
)
def test_only_an_item_that_can_be_opened_is_named(
    caller: Caller, conn: Connection, columns: dict[str, Any], named: bool
) -> None:
    sha256 = hashlib.sha256(PHOTO)
    item_id = Library(conn, caller.user.id).add(sha256=sha256.digest(), **columns)
    answer = caller.call("POST", "/uploads/check", json={"sha256s": [sha256.hexdigest()]})
    assert answer.json == {"existing": {sha256.hexdigest(): item_id} if named else {}, "trashed": {}}
    assert caller.call("POST", "/uploads", json=promise(PHOTO)).status_code == (200 if named else 201)


@pytest.mark.parametrize(("visibility", "months"), [("timeline", {"2024-07": 2}), ("archive", {"2024-07": 1})])
def test_bytes_that_lie_in_the_trash_are_taken_out_of_it_by_an_upload_and_by_no_question(
    caller: Caller, conn: Connection, counted_months: None, visibility: str, months: dict[str, int]
) -> None:
    sha256, trashed_at = hashlib.sha256(PHOTO), datetime(2024, 1, 1, tzinfo=UTC)
    item_id = Library(conn, caller.user.id).add(sha256=sha256.digest(), trashed_at=trashed_at, visibility=visibility)
    answer = caller.call("POST", "/uploads/check", json={"sha256s": [sha256.hexdigest()]})
    assert answer.json == {"existing": {}, "trashed": {sha256.hexdigest(): item_id}}
    assert outbox.list_settled(conn, caller.user.id, (0, 0), 10) == []
    for _ in range(2):
        answer = caller.call("POST", "/uploads", json=promise(PHOTO))
        assert (answer.status_code, answer.json) == (200, {"state": "duplicate", "itemId": item_id})
    assert conn.execute("SELECT visible FROM media_item").fetchall() == [(True,)]
    [entry] = outbox.list_settled(conn, caller.user.id, (0, 0), 10)
    assert (entry.change, entry.subject_id, entry.actor_id) == ("edited", item_id, caller.user.id)
    assert (entry.before, entry.after) == ({"trashedAt": trashed_at.isoformat()}, {"trashedAt": None})
    of_months = conn.execute("SELECT to_char(month, 'YYYY-MM'), revision FROM timeline_month")
    assert dict(of_months.fetchall()) == months
    told = notice.library_changed(conn, caller.user.id)
    assert told is not None
    assert [f"{month:%Y-%m}" for month in told.months] == ([*months] if visibility == "timeline" else [])


def test_bytes_that_failed_before_may_be_sent_again(caller: Caller, conn: Connection) -> None:
    Library(conn, caller.user.id).add(sha256=hashlib.sha256(PHOTO).digest(), failed_at="2024-01-01T00:00:00Z")
    begin(caller, PHOTO)


def test_bytes_that_another_user_has_are_no_duplicate(
    caller: Caller, new_caller: Callable[[str], Caller], conn: Connection
) -> None:
    Library(conn, new_caller("ben").user.id).add(sha256=hashlib.sha256(PHOTO).digest())
    begin(caller, PHOTO)
    sha256 = hashlib.sha256(PHOTO).hexdigest()
    assert caller.call("POST", "/uploads/check", json={"sha256s": [sha256]}).json == {"existing": {}, "trashed": {}}


def test_a_check_names_what_the_library_has_already(caller: Caller, conn: Connection) -> None:
    known, unknown = hashlib.sha256(b"known"), hashlib.sha256(b"unknown")
    item_id = Library(conn, caller.user.id).add(sha256=known.digest())
    sha256s = [known.hexdigest(), unknown.hexdigest()]
    answer = caller.call("POST", "/uploads/check", json={"sha256s": sha256s})
    assert answer.json == {"existing": {known.hexdigest(): item_id}, "trashed": {}}


def test_another_client_of_the_user_goes_on_with_an_open_upload(caller: Caller) -> None:
    first = begin(caller, PHOTO)
    second = begin(caller, PHOTO, filename="copy of it.jpg")
    assert second["id"] == first["id"]
    assert put(second, PHOTO) == 200
    listed = caller.call("GET", "/uploads").json
    assert listed is not None
    assert [upload["filename"] for upload in listed["uploads"]] == ["IMG_2682.JPG"]


def test_two_devices_that_begin_at_once_get_one_upload(caller: Caller, database_url: str) -> None:
    first, second = begin_at_once(database_url, caller.user, PHOTO, PHOTO)
    assert second.result() == first


def test_two_devices_that_begin_at_once_stay_within_the_limits(
    caller: Caller, database_url: str, limit: SetLimit
) -> None:
    limit("max_open_uploads", 1)
    _, second = begin_at_once(database_url, caller.user, PHOTO, FILM)
    with pytest.raises(Conflict):
        second.result()


def begin_at_once(
    database_url: str, owner: User, content: bytes, other: bytes
) -> tuple[Upload | Duplicate, Future[Upload | Duplicate]]:
    """Two devices begin: the second one while the first one's transaction is open."""

    def promised(content: bytes) -> uploads.Promise:
        sha256 = hashlib.sha256(content).digest()
        return uploads.Promise("a.jpg", None, len(content), sha256, "image/jpeg", None)

    def begin_second() -> Upload | Duplicate:
        with psycopg.connect(database_url, application_name="second") as connection:
            return open_upload(connection, owner, promised(other))

    waits = "SELECT FROM pg_stat_activity WHERE application_name = 'second' AND wait_event_type = 'Lock'"
    with ThreadPoolExecutor() as threads, psycopg.connect(database_url, autocommit=True) as watch:
        with psycopg.connect(database_url) as connection:
            first = open_upload(connection, owner, promised(content))
            second = threads.submit(begin_second)
            while not second.done() and watch.execute(waits).fetchone() is None:
                time.sleep(0.01)
        wait([second])
    return first, second


# Multipart


def test_a_large_file_is_sent_in_parts_and_resumed_by_another_client(caller: Caller, conn: Connection) -> None:
    upload = begin(caller, FILM, filename="film.mp4")
    assert upload == {
        "id": upload["id"],
        "state": "waiting",
        "method": "multipart",
        "partSizeBytes": 16 * MEBIBYTE,
        "partCount": 3,
    }
    send_parts(caller, upload, FILM, [1, 3])

    resumed = begin(caller, FILM)
    assert resumed["id"] == upload["id"]
    status = caller.call("GET", f"/uploads/{upload['id']}").json
    assert status == {
        "id": upload["id"],
        "state": "waiting",
        "itemId": None,
        "error": None,
        "parts": [
            {"partNumber": 1, "sizeBytes": 16 * MEBIBYTE},
            {"partNumber": 3, "sizeBytes": 1 * MEBIBYTE},
        ],
    }
    send_parts(caller, upload, FILM, [2])
    answer = caller.call("POST", f"/uploads/{upload['id']}/complete")
    assert answer.status_code == 202
    assert state(caller, upload["id"]) == "received"
    assert objects.head(key_of(conn, upload["id"])).size_bytes == len(FILM)
    assert objects.multiparts(key_of(conn, upload["id"])) == []


def test_a_part_with_a_hash_is_bound_to_it(caller: Caller) -> None:
    upload = begin(caller, FILM)
    part = parts_of(FILM, upload)[3]
    wanted = {"parts": [{"partNumber": 3, "sha256": hashlib.sha256(part).hexdigest()}]}
    answer = caller.call("POST", f"/uploads/{upload['id']}/parts", json=wanted).json
    assert answer is not None
    assert put(answer["parts"][0], part[::-1]) == 400
    assert put(answer["parts"][0], part[:-1]) == 403
    assert put(answer["parts"][0], part) == 200


def test_parts_with_and_without_hashes_make_one_file(caller: Caller, conn: Connection) -> None:
    upload = begin(caller, FILM)
    send_parts(caller, upload, FILM, [1, 2])
    part = parts_of(FILM, upload)[3]
    wanted = {"parts": [{"partNumber": 3, "sha256": hashlib.sha256(part).hexdigest()}]}
    answer = caller.call("POST", f"/uploads/{upload['id']}/parts", json=wanted).json
    assert answer is not None
    assert put(answer["parts"][0], part) == 200
    assert caller.call("POST", f"/uploads/{upload['id']}/complete").status_code == 202
    assert objects.head(key_of(conn, upload["id"])).size_bytes == len(FILM)


def test_a_part_url_without_a_hash_still_binds_the_length(caller: Caller) -> None:
    upload = begin(caller, FILM)
    answer = caller.call("POST", f"/uploads/{upload['id']}/parts", json={"partNumbers": [3]}).json
    assert answer is not None
    assert put(answer["parts"][0], b"short") == 403


def test_completing_names_the_parts_that_are_missing_or_wrong(caller: Caller, conn: Connection) -> None:
    upload = begin(caller, FILM)
    send_parts(caller, upload, FILM, [2])
    # As if part 2 had been sent under another plan.
    conn.execute("UPDATE upload SET part_size_bytes = 17 * 1024 * 1024, size_bytes = 40 * 1024 * 1024")
    answer = caller.call("POST", f"/uploads/{upload['id']}/complete")
    assert answer.status_code == 409
    assert answer.json is not None
    assert answer.json["code"] == "wrong_parts"
    assert answer.json["errors"] == [
        {"field": "parts.1", "message": "is missing", "limit": None},
        {"field": "parts.2", "message": "has 16777216 bytes", "limit": None},
        {"field": "parts.3", "message": "is missing", "limit": None},
    ]
    assert state(caller, upload["id"]) == "waiting"


def test_completing_without_any_part_names_them_all(caller: Caller) -> None:
    upload = begin(caller, FILM)
    answer = caller.call("POST", f"/uploads/{upload['id']}/complete")
    assert answer.status_code == 409
    assert answer.json is not None
    assert [error["field"] for error in answer.json["errors"]] == ["parts.1", "parts.2", "parts.3"]


def test_completing_again_is_no_error(caller: Caller) -> None:
    upload = begin(caller, FILM)
    send_parts(caller, upload, FILM, [1, 2, 3])
    assert caller.call("POST", f"/uploads/{upload['id']}/complete").status_code == 202
    assert caller.call("POST", f"/uploads/{upload['id']}/complete").status_code == 202


def test_a_completion_that_was_not_noted_is_noted_by_the_next(caller: Caller, conn: Connection) -> None:
    upload = begin(caller, FILM)
    send_parts(caller, upload, FILM, [1, 2, 3])
    caller.call("POST", f"/uploads/{upload['id']}/complete")
    # As if the process had ended between the store's answer and the commit.
    conn.execute("UPDATE upload SET state = 'waiting', received_at = NULL")
    assert caller.call("POST", f"/uploads/{upload['id']}/complete").status_code == 202
    assert state(caller, upload["id"]) == "received"


@pytest.mark.parametrize(("status", "code"), [(412, "PreconditionFailed"), (404, "NoSuchUpload")])
def test_a_completion_whose_answer_was_lost_is_none_the_less_one(caller: Caller, status: int, code: str) -> None:
    upload = begin(caller, FILM)
    send_parts(caller, upload, FILM, [1, 2, 3])
    with second_attempt_answers(status, code, first_arrives=True):
        assert caller.call("POST", f"/uploads/{upload['id']}/complete").status_code == 202
    assert state(caller, upload["id"]) == "received"


@pytest.mark.parametrize(("status", "code"), [(412, "PreconditionFailed"), (404, "NoSuchUpload")])
def test_a_completion_that_did_not_happen_is_asked_for_again(caller: Caller, status: int, code: str) -> None:
    upload = begin(caller, FILM)
    send_parts(caller, upload, FILM, [1, 2, 3])
    with second_attempt_answers(status, code, first_arrives=False):
        assert caller.call("POST", f"/uploads/{upload['id']}/complete").status_code == 503
    assert state(caller, upload["id"]) == "waiting"
    assert caller.call("POST", f"/uploads/{upload['id']}/complete").status_code == 202


@contextmanager
def second_attempt_answers(status: int, code: str, *, first_arrives: bool) -> Iterator[None]:
    """No answer comes to the first attempt at a completion, and this to the second, as S3 gives it.

    The store of the tests tells a second attempt that the first one succeeded.
    """
    content = f"<Error><Code>{code}</Code></Error>".encode()
    attempts = count(1)

    def send(request: AWSPreparedRequest, **_: object) -> Any:
        if next(attempts) == 1:
            if first_arrives:
                assert URLLib3Session().send(request).status_code == 200
            raise ConnectionClosedError(endpoint_url=request.url)
        answer = urllib3.HTTPResponse(BytesIO(content), preload_content=False)
        return AWSResponse(request.url, status, HTTPHeaders(), answer)

    events = objects.client.s3().meta.events
    events.register("before-send.s3.CompleteMultipartUpload", send)
    try:
        yield
    finally:
        events.unregister("before-send.s3.CompleteMultipartUpload", send)
    assert next(attempts) == 3


def test_a_multipart_upload_that_was_not_noted_is_found_again(caller: Caller, conn: Connection) -> None:
    upload = begin(caller, FILM)
    send_parts(caller, upload, FILM, [1])
    # As if the process had ended between the store's answer and the commit.
    conn.execute("UPDATE upload SET multipart_id = NULL")
    send_parts(caller, upload, FILM, [2])
    assert len(objects.multiparts(key_of(conn, upload["id"]))) == 1
    answer = caller.call("GET", f"/uploads/{upload['id']}").json
    assert answer is not None
    assert [part["partNumber"] for part in answer["parts"]] == [1, 2]


def test_parts_that_the_store_lost_can_be_sent_again(caller: Caller, conn: Connection) -> None:
    upload = begin(caller, FILM)
    send_parts(caller, upload, FILM, [1])
    key = key_of(conn, upload["id"])
    objects.abort_multipart(key, objects.multiparts(key)[0])
    assert caller.call("POST", f"/uploads/{upload['id']}/complete").status_code == 409
    send_parts(caller, upload, FILM, [1, 2, 3])
    assert caller.call("POST", f"/uploads/{upload['id']}/complete").status_code == 202


NO_SHA256 = "0" * 64


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"partNumbers": [1, 4, 5, 4]}, ["partNumbers.1", "partNumbers.2", "partNumbers.3"]),
        ({"partNumbers": [0]}, ["partNumbers.0"]),
        ({"partNumbers": []}, ["partNumbers"]),
        ({"parts": [{"partNumber": n, "sha256": NO_SHA256} for n in (1, 4)]}, ["parts.1.partNumber"]),
        ({"parts": []}, ["parts"]),
        ({"partNumbers": [1], "parts": [{"partNumber": 1, "sha256": NO_SHA256}]}, ["parts"]),
        ({"partNumbers": None, "parts": None}, ["parts"]),
        ({}, ["parts"]),
    ],
)
def test_parts_that_do_not_exist_have_no_url(caller: Caller, body: dict[str, Any], wrong: list[str]) -> None:
    upload = begin(caller, FILM)
    answer = caller.call("POST", f"/uploads/{upload['id']}/parts", json=body)
    assert answer.status_code == 422
    assert answer.json is not None
    assert [error["field"] for error in answer.json["errors"]] == wrong


def test_a_single_upload_has_no_parts_and_a_multipart_upload_no_url(caller: Caller) -> None:
    single, multipart = begin(caller, PHOTO), begin(caller, FILM)
    answers = [
        caller.call("POST", f"/uploads/{single['id']}/parts", json={"partNumbers": [1]}),
        caller.call("POST", f"/uploads/{single['id']}/complete"),
        caller.call("POST", f"/uploads/{multipart['id']}/url"),
    ]
    assert [(answer.status_code, answer.json and answer.json["code"]) for answer in answers] == [
        (409, "single_upload"),
        (409, "single_upload"),
        (409, "multipart_upload"),
    ]


# The end of an upload


def test_an_aborted_upload_leaves_nothing_behind(caller: Caller, conn: Connection, cloud: Cloud) -> None:
    single, multipart = begin(caller, PHOTO), begin(caller, FILM)
    send_parts(caller, multipart, FILM, [1])
    for upload in (single, multipart):
        assert caller.call("DELETE", f"/uploads/{upload['id']}").status_code == 204
        assert caller.call("DELETE", f"/uploads/{upload['id']}").status_code == 204
        assert state(caller, upload["id"]) == "aborted"
    stored = cloud.s3.list_object_versions(Bucket="originals", Prefix=key_of(conn, single["id"]))
    assert "Versions" not in stored
    assert "DeleteMarkers" not in stored
    assert objects.multiparts(key_of(conn, multipart["id"])) == []
    assert caller.call("GET", "/uploads").json == {"uploads": []}


def test_bytes_of_an_aborted_upload_may_be_sent_by_a_new_one(caller: Caller) -> None:
    first = begin(caller, PHOTO)
    caller.call("DELETE", f"/uploads/{first['id']}")
    assert begin(caller, PHOTO)["id"] != first["id"]


@pytest.mark.parametrize("end", ["aborted", "expired"])
def test_an_upload_that_is_over_is_gone(caller: Caller, conn: Connection, end: str) -> None:
    single, multipart = begin(caller, PHOTO), begin(caller, FILM)
    for upload in (single, multipart):
        if end == "aborted":
            caller.call("DELETE", f"/uploads/{upload['id']}")
        else:
            expire(conn, upload["id"])
    answers = [
        caller.call("POST", f"/uploads/{single['id']}/url"),
        caller.call("POST", f"/uploads/{multipart['id']}/parts", json={"partNumbers": [1]}),
        caller.call("POST", f"/uploads/{multipart['id']}/complete"),
    ]
    assert [(answer.status_code, answer.json and answer.json["code"]) for answer in answers] == [
        (410, f"upload_{end}")
    ] * 3


@pytest.mark.parametrize("finished", ["received", "ready", "duplicate", "failed"])
def test_bytes_that_arrived_are_no_longer_aborted_or_sent(
    caller: Caller, conn: Connection, finished: upload_table.State
) -> None:
    upload = begin(caller, PHOTO)
    item_id = Library(conn, caller.user.id).add()
    match finished:
        case "received":
            upload_table.mark_received(conn, caller.user.id, [upload["id"]])
        case "ready":
            upload_table.mark_ready(conn, caller.user.id, upload["id"], item_id)
        case "duplicate":
            upload_table.mark_duplicate(conn, caller.user.id, upload["id"], item_id)
        case _:
            rejected = FileRejected("The file is cut off.", code="truncated")
            upload_table.mark_failed(conn, caller.user.id, upload["id"], rejected)
    for method, path in (("DELETE", ""), ("POST", "/url")):
        answer = caller.call(method, f"/uploads/{upload['id']}{path}")
        assert answer.status_code == 409
        assert answer.json is not None
        assert answer.json["code"] == "upload_not_waiting"
    assert caller.call("POST", f"/uploads/{upload['id']}/complete").status_code == 202
    assert state(caller, upload["id"]) == finished


def test_a_client_reads_what_became_of_its_upload(caller: Caller, conn: Connection) -> None:
    good, bad = begin(caller, PHOTO), begin(caller, PHOTO[1:])
    item_id = Library(conn, caller.user.id).add()
    upload_table.mark_ready(conn, caller.user.id, good["id"], item_id)
    upload_table.mark_failed(conn, caller.user.id, bad["id"], FileRejected("The file is cut off.", code="truncated"))
    assert caller.call("GET", f"/uploads/{good['id']}").json == {
        "id": good["id"],
        "state": "ready",
        "itemId": item_id,
        "error": None,
        "parts": [],
    }
    assert caller.call("GET", f"/uploads/{bad['id']}").json == {
        "id": bad["id"],
        "state": "failed",
        "itemId": None,
        "error": {"code": "truncated", "detail": "The file is cut off."},
        "parts": [],
    }


def test_a_late_move_of_state_changes_nothing(caller: Caller, conn: Connection) -> None:
    upload_id = begin(caller, PHOTO)["id"]
    item_id = Library(conn, caller.user.id).add()
    assert upload_table.mark_received(conn, caller.user.id, [upload_id]) == [upload_id]
    assert upload_table.mark_received(conn, caller.user.id, [upload_id]) == []
    assert not upload_table.mark_aborted(conn, caller.user.id, upload_id)
    assert upload_table.mark_ready(conn, caller.user.id, upload_id, item_id)
    assert upload_table.mark_received(conn, caller.user.id, [upload_id]) == []
    assert not upload_table.mark_duplicate(conn, caller.user.id, upload_id, item_id)
    assert not upload_table.mark_failed(conn, caller.user.id, upload_id, FileRejected("Too late."))
    assert state(caller, upload_id) == "ready"


def test_an_upload_of_another_user_does_not_exist(caller: Caller, new_caller: Callable[[str], Caller]) -> None:
    single, multipart = begin(caller, PHOTO), begin(caller, FILM)
    ben = new_caller("ben")
    answers = [
        ben.call("GET", f"/uploads/{single['id']}"),
        ben.call("POST", f"/uploads/{single['id']}/url"),
        ben.call("POST", f"/uploads/{multipart['id']}/parts", json={"partNumbers": [1]}),
        ben.call("POST", f"/uploads/{multipart['id']}/complete"),
        ben.call("DELETE", f"/uploads/{single['id']}"),
    ]
    assert [answer.status_code for answer in answers] == [404] * 5
    assert ben.call("GET", "/uploads").json == {"uploads": []}
    assert state(caller, single["id"]) == "waiting"


# Limits


def test_a_file_above_the_limit_is_refused(caller: Caller, limit: SetLimit) -> None:
    limit("max_file_bytes", len(PHOTO) - 1)
    answer = caller.call("POST", "/uploads", json=promise(PHOTO))
    assert answer.status_code == 413
    assert answer.json is not None
    assert (answer.json["code"], answer.json["limit"]) == ("file_too_large", len(PHOTO) - 1)


def test_open_uploads_above_the_limit_are_refused(caller: Caller, conn: Connection, limit: SetLimit) -> None:
    limit("max_open_uploads", 2)
    first = begin(caller, PHOTO)
    begin(caller, PHOTO[1:])
    assert begin(caller, PHOTO)["id"] == first["id"]
    answer = caller.call("POST", "/uploads", json=promise(PHOTO[2:]))
    assert answer.status_code == 409
    assert answer.json is not None
    assert (answer.json["code"], answer.json["limit"]) == ("too_many_uploads", 2)
    expire(conn, first["id"])
    begin(caller, PHOTO[2:])


def test_bytes_stored_and_promised_count_once_each_against_the_limit(
    caller: Caller, conn: Connection, limit: SetLimit
) -> None:
    limit("max_user_bytes", 1_000)
    Library(conn, caller.user.id).add(size_bytes=500)
    received = begin(caller, b"r" * 300)["id"]
    upload_table.mark_received(conn, caller.user.id, [received])
    Library(conn, caller.user.id).add(size_bytes=300, object_key=key_of(conn, received))
    answer = caller.call("POST", "/uploads", json=promise(b"x" * 201))
    assert answer.status_code == 413
    assert answer.json is not None
    assert (answer.json["code"], answer.json["limit"]) == ("storage_full", 1_000)
    begin(caller, b"x" * 200)


@pytest.mark.parametrize("of_all", [100, 1_000])
def test_a_users_own_quota_holds_instead_of_that_of_all(
    caller: Caller, conn: Connection, limit: SetLimit, of_all: int
) -> None:
    limit("max_user_bytes", of_all)
    conn.execute("UPDATE users SET quota_bytes = 500")
    answer = caller.call("POST", "/uploads", json=promise(b"x" * 501))
    assert answer.json is not None
    assert (answer.status_code, answer.json["code"], answer.json["limit"]) == (413, "storage_full", 500)
    begin(caller, b"x" * 500)


def test_who_has_a_quota_of_nothing_may_upload_nothing(caller: Caller, conn: Connection) -> None:
    conn.execute("UPDATE users SET quota_bytes = 0")
    assert caller.call("POST", "/uploads", json=promise(b"x")).status_code == 413


@pytest.mark.parametrize(
    ("size_bytes", "part_bytes"),
    [
        (16 * MEBIBYTE, None),
        (16 * MEBIBYTE + 1, 16 * MEBIBYTE),
        (160_000 * MEBIBYTE, 16 * MEBIBYTE),
        (160_000 * MEBIBYTE + 1, 17 * MEBIBYTE),
    ],
)
def test_parts_grow_with_the_file_so_that_ten_thousand_are_enough(size_bytes: int, part_bytes: int | None) -> None:
    assert part_size(size_bytes) == part_bytes


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("filename", ""),
        ("filename", "x" * 1025),
        ("sizeBytes", -1),
        ("sizeBytes", "12"),
        ("sizeBytes", 2**63),
        ("sha256", "A" * 64),
        ("sha256", "a" * 63),
        ("contentType", "image/jpeg\r\nx: y"),
        ("contentType", "bilder/größe"),
        ("modifiedAt", "2024-07-14T12:00:00"),
        ("modifiedAt", "9999-12-31T23:59:59Z"),
    ],
)
def test_a_wrong_promise_names_its_field(caller: Caller, field: str, value: object) -> None:
    answer = caller.call("POST", "/uploads", json=promise(PHOTO, **{field: value}))
    assert answer.status_code == 422
    assert answer.json is not None
    assert [error["field"] for error in answer.json["errors"]] == [field]


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles", "Asia/Kolkata"])
@pytest.mark.parametrize("moment", ["0002-01-01T12:00:00Z", "9998-12-31T12:00:00Z"])
def test_a_file_may_be_of_any_time_whatever_the_zone_of_the_database(
    caller: Caller, conn: Connection, zone: str, moment: str
) -> None:
    conn.execute(f"ALTER DATABASE {conn.info.dbname} SET TimeZone = '{zone}'")
    db.disconnect()
    begin(caller, PHOTO, modifiedAt=moment)
    assert conn.execute("SELECT modified_at = %s FROM upload", [moment]).fetchone() == (True,)
