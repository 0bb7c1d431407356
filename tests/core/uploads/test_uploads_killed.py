"""What a client asks of its uploads, killed wherever it is, or overtaken by another: asked again, it ends well."""

from signal import SIGKILL
from typing import Any

import pytest
import urllib3

from pinhole import objects, uploads
from pinhole.errors import Conflict, Gone
from pinhole.objects import Part
from pinhole.settings import MEBIBYTE
from pinhole.uploads import WantedPart, opening
from tests.fixtures import dying
from tests.fixtures.ingest import Inbox
from tests.fixtures.pictures import jpeg
from tests.fixtures.upload_requests import abort, complete, notice, sign_part

MOMENTS = 20
SINGLE_BYTES = 8_000
LARGE = jpeg(300, 200).ljust(9_000)

pytestmark = pytest.mark.usefixtures("no_call_in_a_transaction")


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "SINGLE_PUT_BYTES", SINGLE_BYTES)
    monkeypatch.setattr(opening, "PART_BYTES", 5 * MEBIBYTE)


def send_part(inbox: Inbox, upload_id: str, content: bytes) -> None:
    [signed] = uploads.sign_parts(inbox.owner, upload_id, [WantedPart(1, None)])
    assert urllib3.request("PUT", signed.url, body=content, headers=dict(signed.headers)).status == 200


def multiparts(inbox: Inbox, upload_id: str) -> list[str]:
    return objects.multiparts(key_of(inbox, upload_id))


def key_of(inbox: Inbox, upload_id: str) -> str:
    return str(inbox.upload(upload_id)["object_key"])


def is_survived(handle: dying.Handler, request: dict[str, Any], step: int) -> bool:
    """Whether the request came to its end before that step."""
    worker = dying.call(handle, request, die_at=step)
    worker.join()
    assert worker.exitcode in (0, -SIGKILL)
    return worker.exitcode == 0


def test_an_upload_has_one_set_of_parts_wherever_the_request_for_their_urls_was_killed(inbox: Inbox) -> None:
    for step in range(1, MOMENTS):
        content = LARGE + bytes([step])
        upload_id = inbox.begin(content)
        survived = is_survived(sign_part, {"owner": inbox.owner, "id": upload_id}, step)
        send_part(inbox, upload_id, content)
        assert multiparts(inbox, upload_id) == [inbox.upload(upload_id)["multipart_id"]]
        if survived:
            break
    assert survived
    assert step > 5  # there is something to survive


def test_parts_become_one_file_wherever_their_completion_was_killed(inbox: Inbox) -> None:
    for step in range(1, MOMENTS):
        content = LARGE + bytes([step])
        upload_id = inbox.begin(content)
        send_part(inbox, upload_id, content)
        request = {"owner": inbox.owner, "id": upload_id}
        survived = is_survived(complete, request, step)
        complete(request)
        assert inbox.upload(upload_id)["state"] == "received"
        assert objects.head(key_of(inbox, upload_id)).size_bytes == len(content)
        assert multiparts(inbox, upload_id) == []
        if survived:
            break
    assert survived
    assert step > 7


def test_an_upload_is_given_up_wherever_the_request_was_killed(inbox: Inbox) -> None:
    for step in range(1, MOMENTS):
        content = LARGE + bytes([step])
        upload_id = inbox.begin(content)
        send_part(inbox, upload_id, content)
        request = {"owner": inbox.owner, "id": upload_id}
        survived = is_survived(abort, request, step)
        abort(request)
        assert inbox.upload(upload_id)["state"] == "aborted"
        assert multiparts(inbox, upload_id) == []
        if survived:
            break
    assert survived
    assert step > 7


@pytest.mark.parametrize("killed", [notice, abort])
def test_what_was_sent_is_received_wherever_the_request_was_killed(inbox: Inbox, killed: dying.Handler) -> None:
    for step in range(1, MOMENTS):
        upload_id = inbox.landed(jpeg(64, 48 + step)).upload_id
        request = {"owner": inbox.owner, "id": upload_id}
        worker = dying.call(killed, request, die_at=step)
        worker.join()
        notice(request)
        assert inbox.upload(upload_id)["state"] == "received"
        # One that is given up is told that it can't be: by an exception, which ends the process otherwise.
        if worker.exitcode != -SIGKILL:
            break
    assert worker.exitcode != -SIGKILL
    assert step > 5


# Overtaken


def test_two_devices_that_ask_for_urls_at_once_send_to_one_set_of_parts(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id = inbox.begin(LARGE)
    others: list[str] = []

    def is_overtaken(key: str, *, content_type: str) -> str:
        # Both saw that there was none, and made one each.
        made = [inbox.cloud.s3.create_multipart_upload(Bucket="originals", Key=key)["UploadId"] for _ in range(2)]
        others.append(made[0])
        inbox.conn.execute("UPDATE upload SET multipart_id = %s", (made[0],))
        return made[1]

    monkeypatch.setattr(objects, "open_multipart", is_overtaken)
    send_part(inbox, upload_id, LARGE)
    assert multiparts(inbox, upload_id) == others
    assert [part.number for part in objects.list_parts(key_of(inbox, upload_id), others[0])] == [1]


def test_an_upload_that_is_given_up_while_urls_are_asked_for_leaves_no_parts(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id = inbox.begin(LARGE)
    open_multipart = objects.open_multipart

    def is_given_up(key: str, *, content_type: str) -> str:
        uploads.abort(inbox.owner, upload_id)
        return open_multipart(key, content_type=content_type)

    monkeypatch.setattr(objects, "open_multipart", is_given_up)
    with pytest.raises(Gone):
        uploads.sign_parts(inbox.owner, upload_id, [WantedPart(1, None)])
    assert multiparts(inbox, upload_id) == []


def test_no_parts_are_asked_for_of_a_file_that_was_put_together_but_not_noted(inbox: Inbox) -> None:
    upload_id = inbox.begin(LARGE)
    send_part(inbox, upload_id, LARGE)
    uploads.complete(inbox.owner, upload_id)
    inbox.conn.execute("UPDATE upload SET state = 'waiting', received_at = NULL")
    with pytest.raises(Conflict):
        uploads.sign_parts(inbox.owner, upload_id, [WantedPart(1, None)])
    assert multiparts(inbox, upload_id) == []
    uploads.complete(inbox.owner, upload_id)
    assert inbox.upload(upload_id)["state"] == "received"


def test_two_devices_that_complete_at_once_both_succeed(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    upload_id = inbox.begin(LARGE)
    send_part(inbox, upload_id, LARGE)
    list_parts = objects.list_parts

    def is_overtaken(key: str, multipart_id: str) -> list[Part]:
        objects.complete_multipart(key, multipart_id, list_parts(key, multipart_id))
        return list_parts(key, multipart_id)

    monkeypatch.setattr(objects, "list_parts", is_overtaken)
    uploads.complete(inbox.owner, upload_id)
    assert inbox.upload(upload_id)["state"] == "received"


def test_a_completion_is_none_the_less_one_when_another_has_led_to_a_duplicate(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id = inbox.begin(LARGE)
    send_part(inbox, upload_id, LARGE)
    list_parts = objects.list_parts

    def is_overtaken(key: str, multipart_id: str) -> list[Part]:
        objects.abort_multipart(key, multipart_id)  # as if it had been completed, and the object removed
        inbox.conn.execute("UPDATE upload SET state = 'duplicate', finished_at = now()")
        return list_parts(key, multipart_id)

    monkeypatch.setattr(objects, "list_parts", is_overtaken)
    uploads.complete(inbox.owner, upload_id)
    assert inbox.upload(upload_id)["state"] == "duplicate"


def test_a_file_that_was_put_together_before_its_upload_was_given_up_is_kept(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id = inbox.begin(LARGE)
    send_part(inbox, upload_id, LARGE)
    complete_multipart = objects.complete_multipart

    def is_given_up(*arguments: Any) -> None:
        complete_multipart(*arguments)
        inbox.conn.execute("UPDATE upload SET state = 'aborted', finished_at = now()")

    monkeypatch.setattr(objects, "complete_multipart", is_given_up)
    uploads.complete(inbox.owner, upload_id)
    assert inbox.upload(upload_id)["state"] == "received"
