"""What was acknowledged is not open: how uploads of one PUT are received before ingest reads them, and never lost."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import permutations
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError
from psycopg import Connection

from pinhole import objects
from pinhole.errors import FileRejected
from pinhole.objects import StoredObject
from pinhole.tables import upload as upload_table
from pinhole.tables.upload import Upload
from pinhole.uploads import landing, transfer
from pinhole.uploads.expiry import Expired, expire_uploads
from tests.fixtures.api import Caller
from tests.fixtures.cloud import Cloud
from tests.fixtures.ingest import Inbox
from tests.fixtures.library import Library
from tests.fixtures.pictures import jpeg
from tests.fixtures.uploading import SetLimit, begin, expire, key_of, promise, put, state

PHOTO, OTHER, THIRD = jpeg(64, 48), jpeg(64, 49), jpeg(64, 50)
FILM = bytes(17 * 1024 * 1024)
NOBODYS = "000000000000"

pytestmark = pytest.mark.usefixtures("cloud", "no_call_in_a_transaction")


@pytest.fixture
def inbox(caller: Caller, conn: Connection, cloud: Cloud) -> Inbox:
    """What ingest makes of the caller's uploads."""
    return Inbox(conn, caller.user, cloud)


def send(caller: Caller, content: bytes) -> str:
    """Begin an upload and send its bytes; its id."""
    upload = begin(caller, content)
    assert put(upload, content) == 200
    return str(upload["id"])


def complete(caller: Caller, *ids: str) -> list[dict[str, Any]]:
    answer = caller.call("POST", "/uploads/complete", json={"ids": ids})
    assert answer.status_code == 200, answer.json
    assert answer.json is not None
    uploads: list[dict[str, Any]] = answer.json["uploads"]
    return uploads


def states(caller: Caller, *ids: str) -> list[str]:
    return [upload["state"] for upload in complete(caller, *ids)]


def event_of(inbox: Inbox, upload_id: str) -> str:
    return inbox.stored(upload_id, key_of(inbox.conn, upload_id)).body


# Telling that bytes were sent


def test_what_was_sent_is_received_once_the_client_tells(caller: Caller) -> None:
    sent, unsent = send(caller, PHOTO), begin(caller, OTHER)["id"]
    assert complete(caller, unsent, sent) == [
        {"id": unsent, "state": "waiting", "itemId": None, "error": None},
        {"id": sent, "state": "received", "itemId": None, "error": None},
    ]
    assert states(caller, sent) == ["received"]
    assert state(caller, sent) == "received"


def test_what_has_ended_is_told_as_it_ended(caller: Caller, conn: Connection) -> None:
    ready, failed = send(caller, PHOTO), send(caller, OTHER)
    item_id = Library(conn, caller.user.id).add()
    upload_table.mark_ready(conn, caller.user.id, ready, item_id)
    upload_table.mark_failed(conn, caller.user.id, failed, FileRejected("The file is cut off.", code="truncated"))
    assert complete(caller, failed, ready) == [
        {
            "id": failed,
            "state": "failed",
            "itemId": None,
            "error": {"code": "truncated", "detail": "The file is cut off."},
        },
        {"id": ready, "state": "ready", "itemId": item_id, "error": None},
    ]


def test_only_the_callers_uploads_are_told_of(caller: Caller, new_caller: Callable[[str], Caller]) -> None:
    bens = send(new_caller("ben"), PHOTO)
    mine = send(caller, PHOTO)
    assert [upload["id"] for upload in complete(caller, NOBODYS, bens, mine)] == [mine]


def test_an_upload_in_parts_is_not_put_together_by_the_way(caller: Caller) -> None:
    upload = begin(caller, FILM)
    signed: Any = caller.call("POST", f"/uploads/{upload['id']}/parts", json={"partNumbers": [1, 2]}).json
    for part in signed["parts"]:
        start = (part["partNumber"] - 1) * upload["partSizeBytes"]
        assert put(part, FILM[start:][: upload["partSizeBytes"]]) == 200
    assert states(caller, upload["id"]) == ["waiting"]


def test_what_was_sent_in_time_is_received_after_its_end(caller: Caller, conn: Connection) -> None:
    upload_id = send(caller, PHOTO)
    expire(conn, upload_id)
    assert states(caller, upload_id) == ["received"]


@pytest.mark.parametrize("ids", [[], [NOBODYS] * 501, ["no id"]])
def test_a_client_tells_of_one_to_five_hundred_uploads_at_once(caller: Caller, ids: list[str]) -> None:
    assert caller.call("POST", "/uploads/complete", json={"ids": ids}).status_code == 422


def test_five_hundred_uploads_are_looked_for_at_once(caller: Caller, conn: Connection) -> None:
    sent = [send(caller, jpeg(64, 48 + n)) for n in range(12)]
    assert states(caller, *sent, *[NOBODYS] * 488) == ["received"] * 12


def test_nothing_is_received_that_the_store_could_not_be_asked_for(caller: Caller) -> None:
    sent = [send(caller, PHOTO), send(caller, OTHER)]
    with store_down("HeadObject"):
        assert caller.call("POST", "/uploads/complete", json={"ids": sent}).status_code == 503
    assert states(caller, *sent) == ["received", "received"]


@contextmanager
def store_down(operation: str) -> Iterator[None]:
    def send(request: Any, **_: object) -> Any:
        raise ConnectionClosedError(endpoint_url=request.url)

    events = objects.client.s3().meta.events
    events.register(f"before-send.s3.{operation}", send)
    try:
        yield
    finally:
        events.unregister(f"before-send.s3.{operation}", send)


def test_a_client_sees_which_of_its_uploads_need_no_bytes_any_more(caller: Caller) -> None:
    first = send(caller, PHOTO)
    second = begin(caller, OTHER, relativePath="2024/Summer/b.jpg")["id"]
    complete(caller, first, second)
    listed: Any = caller.call("GET", "/uploads").json
    assert [(upload["id"], upload["state"], upload["relativePath"]) for upload in listed["uploads"]] == [
        (second, "waiting", "2024/Summer/b.jpg"),
        (first, "received", None),
    ]


# The limit


def test_a_batch_many_times_the_limit_is_sent_while_ingest_is_paused(
    caller: Caller, inbox: Inbox, limit: SetLimit
) -> None:
    limit("max_open_uploads", 5)
    sent: list[str] = []
    for number in range(40):
        sent.append(send(caller, jpeg(64, 48 + number)))
        if len(sent) % 5 == 0:
            assert states(caller, *sent[-5:]) == ["received"] * 5
    for upload_id in sent:
        assert inbox.deliver_body(event_of(inbox, upload_id)) == []
    assert states(caller, *sent) == ["ready"] * 40


def test_a_batch_of_a_client_that_tells_nothing_is_sent_while_ingest_is_paused(
    caller: Caller, limit: SetLimit, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit("max_open_uploads", 5)
    monkeypatch.setattr(landing, "LOOK_AGAIN_SECONDS", 0)
    for number in range(20):
        send(caller, jpeg(64, 48 + number))


def refused(caller: Caller, content: bytes) -> str | None:
    """What `Retry-After` says when an upload is refused since too many are open."""
    answer = caller.call("POST", "/uploads", json=promise(content))
    assert answer.status_code == 409
    assert answer.json is not None
    assert answer.json["code"] == "too_many_uploads"
    return answer.headers.get("Retry-After")


def test_a_refused_client_is_told_when_it_is_looked_again(caller: Caller, conn: Connection, limit: SetLimit) -> None:
    limit("max_open_uploads", 1)
    send(caller, PHOTO)
    seconds = refused(caller, OTHER)
    assert seconds == str(landing.LOOK_AGAIN_SECONDS)
    conn.execute("UPDATE upload SET looked_at = looked_at - make_interval(secs => %s)", (int(seconds),))
    begin(caller, OTHER)


def test_what_was_looked_for_longest_ago_is_looked_for_first(
    caller: Caller, limit: SetLimit, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit("max_open_uploads", 2)
    monkeypatch.setattr(landing, "LOOK_AGAIN_SECONDS", 0)
    monkeypatch.setattr(landing, "BATCH", 1)
    begin(caller, PHOTO)
    send(caller, OTHER)
    refused(caller, THIRD)
    begin(caller, THIRD)


# Giving up


@pytest.mark.parametrize(
    "order", [order for order in permutations(["put", "event", "delete"]) if order.index("put") < order.index("event")]
)
def test_a_photo_that_the_store_acknowledged_is_kept(caller: Caller, inbox: Inbox, order: tuple[str, ...]) -> None:
    upload = begin(caller, PHOTO)
    for step in order:
        match step:
            case "put":
                assert put(upload, PHOTO) == 200
            case "event":
                assert inbox.deliver_body(event_of(inbox, upload["id"])) == []
            case "delete":
                answer = caller.call("DELETE", f"/uploads/{upload['id']}")
                assert (answer.status_code, answer.json and answer.json["code"]) == (
                    (204, None) if order[0] == "delete" else (409, "upload_not_waiting")
                )
    assert state(caller, upload["id"]) == "ready"
    assert [item["visible"] for item in inbox.items()] == [True]


def test_a_photo_that_arrives_while_its_upload_is_given_up_is_kept(
    caller: Caller, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = begin(caller, PHOTO)

    def looks_too_early(asked: Upload) -> StoredObject | None:
        there = landing.landed(asked)
        assert put(upload, PHOTO) == 200
        return there

    monkeypatch.setattr(transfer, "landed", looks_too_early)
    assert caller.call("DELETE", f"/uploads/{upload['id']}").status_code == 204
    assert inbox.deliver_body(event_of(inbox, upload["id"])) == []
    assert state(caller, upload["id"]) == "ready"


def test_a_photo_that_is_received_while_its_upload_is_given_up_is_kept(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id = send(caller, PHOTO)

    def is_told_meanwhile(_: Upload) -> StoredObject | None:
        assert states(caller, upload_id) == ["received"]
        return None

    monkeypatch.setattr(transfer, "landed", is_told_meanwhile)
    answer = caller.call("DELETE", f"/uploads/{upload_id}")
    assert answer.json is not None
    assert answer.json["code"] == "upload_not_waiting"
    assert state(caller, upload_id) == "received"


def test_an_upload_that_was_given_up_is_received_once_a_client_tells_that_it_was_sent(caller: Caller) -> None:
    upload = begin(caller, PHOTO)
    caller.call("DELETE", f"/uploads/{upload['id']}")
    assert states(caller, upload["id"]) == ["aborted"]
    assert put(upload, PHOTO) == 200
    assert states(caller, upload["id"]) == ["received"]


def test_a_photo_whose_upload_was_given_up_and_whose_event_was_lost_is_found(
    caller: Caller, inbox: Inbox, cloud: Cloud, conn: Connection
) -> None:
    upload = begin(caller, PHOTO)
    caller.call("DELETE", f"/uploads/{upload['id']}")
    assert put(upload, PHOTO) == 200
    conn.execute("UPDATE upload SET finished_at = now() - interval '3 hours'")
    assert expire_uploads() == Expired(landed=1, aborted=0, cleaned=0)
    assert inbox.deliver_body(*cloud.messages("ingest")) == []
    assert state(caller, upload["id"]) == "ready"


def test_what_may_still_arrive_counts_against_the_storage(caller: Caller, conn: Connection, limit: SetLimit) -> None:
    limit("max_user_bytes", 1_000)
    given_up = begin(caller, b"g" * 600)["id"]
    caller.call("DELETE", f"/uploads/{given_up}")
    assert caller.call("POST", "/uploads", json=promise(b"x" * 600)).status_code == 413
    conn.execute("UPDATE upload SET finished_at = now() - interval '3 hours'")
    expire_uploads()
    begin(caller, b"x" * 600)


def test_parts_that_were_given_up_leave_their_storage_at_once(caller: Caller, limit: SetLimit) -> None:
    limit("max_user_bytes", 2 * len(FILM) - 1)
    caller.call("DELETE", f"/uploads/{begin(caller, FILM)['id']}")
    begin(caller, FILM[1:])


# Folders


def test_the_folders_of_a_file_are_kept_and_shown(caller: Caller, inbox: Inbox) -> None:
    upload = begin(caller, PHOTO, relativePath="C:\\Photos\\..\\Some\nday\\Cat\u202egpj.jpg")
    assert put(upload, PHOTO) == 200
    assert inbox.deliver_body(event_of(inbox, upload["id"])) == []
    [told] = complete(caller, upload["id"])
    item: Any = caller.call("GET", f"/items/{told['itemId']}").json
    assert (item["filename"], item["relativePath"]) == ("IMG_2682.JPG", "Photos/Some day/Catgpj.jpg")
    month = f"{item['takenAtLocal'][:7]}?path=Photos/Some%20day"
    listed: Any = caller.call("GET", f"/lists/folder/{month}").json
    assert listed["ids"] == [told["itemId"]]


def test_a_path_has_at_most_4096_characters(caller: Caller) -> None:
    begin(caller, PHOTO, relativePath="é" * 4096)
    answer = caller.call("POST", "/uploads", json=promise(OTHER, relativePath="é" * 4097))
    assert answer.status_code == 422
    assert answer.json is not None
    assert [error["field"] for error in answer.json["errors"]] == ["relativePath"]


@pytest.mark.parametrize("path", ["", "a/\0/b.jpg"])
def test_a_wrong_path_names_its_field(caller: Caller, path: str) -> None:
    answer = caller.call("POST", "/uploads", json=promise(PHOTO, relativePath=path))
    assert answer.status_code == 422
    assert answer.json is not None
    assert [error["field"] for error in answer.json["errors"]] == ["relativePath"]
