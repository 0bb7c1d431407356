"""Originals of many items over HTTP."""

from typing import Any
from urllib.request import urlopen

import pytest
from psycopg import Connection

from pinhole.originals import MAX_ITEMS
from tests.fixtures.api import Caller
from tests.fixtures.cloud import Cloud
from tests.fixtures.library import Library, new_library


@pytest.fixture
def library(conn: Connection, caller: Caller, cloud: Cloud) -> Library:
    """The caller's library, and the store that signs URLs of its originals."""
    return Library(conn, caller.user.id)


def _sign(caller: Caller, *ids: str) -> Any:
    answer = caller.call("POST", "/originals", json={"ids": list(ids)})
    assert answer.status_code == 200, answer.text
    signed: Any = answer.json
    return signed["files"]


def test_files_come_in_the_order_asked_for_with_urls_that_work(caller: Caller, library: Library, cloud: Cloud) -> None:
    older = library.add("2024-07-13T08:00:00", object_key="ann/uploads/a/IMG_1.jpg", filename="IMG_1.jpg", size_bytes=3)
    newer = library.add("2024-07-14T08:00:00", filename="Zoë.jpg")
    cloud.s3.put_object(Bucket="originals", Key="ann/uploads/a/IMG_1.jpg", Body=b"abc")
    first, second = _sign(caller, older, newer)
    assert (first["itemId"], first["filename"], first["sizeBytes"]) == (older, "IMG_1.jpg", 3)
    assert first["takenAtLocal"] == "2024-07-13T08:00:00"
    assert (second["itemId"], second["filename"]) == (newer, "Zoë.jpg")
    with urlopen(first["url"]) as answer:
        assert answer.read() == b"abc"


def test_a_live_photo_comes_with_its_clip_and_without_what_is_no_original_of_it(
    caller: Caller, library: Library
) -> None:
    item_id = library.add(filename="IMG_2.heic")
    for role, name in (("sidecar", "IMG_2.xmp"), ("alias", "copy of IMG_2.heic"), ("clip", "IMG_2.mov")):
        library.conn.execute(
            """
            INSERT INTO original_file (owner_id, bucket, object_key, item_id, role, etag, size_bytes, filename, counts)
            VALUES (%s, 'originals', %s, %s, %s, 'x', 5, %s, false)
            """,
            [library.owner_id, f"k/{name}", item_id, role, name],
        )
    assert [file["filename"] for file in _sign(caller, item_id)] == ["IMG_2.heic", "IMG_2.mov"]


def test_what_is_gone_or_of_somebody_else_has_no_file(caller: Caller, library: Library, conn: Connection) -> None:
    theirs = new_library(conn, "bob").add()
    mine = library.add()
    hidden = library.add(visibility="locked")
    assert [file["itemId"] for file in _sign(caller, theirs, "000000000000", mine, hidden)] == [mine]


def test_too_many_at_once_none_and_the_same_twice_are_refused(caller: Caller) -> None:
    for ids in ([f"{n:012}" for n in range(MAX_ITEMS + 1)], [], ["000000000000"] * 2, ["../../../etc"]):
        answer = caller.call("POST", "/originals", json={"ids": ids})
        assert answer.status_code == 422
        refusal: Any = answer.json
        assert refusal["errors"][0]["field"].startswith("ids")
