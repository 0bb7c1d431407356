"""Routes of edits: what they take and refuse, and what they answer."""

from typing import Any

import pytest
from psycopg import Connection

from pinhole.ids import new_id
from tests.fixtures.api import Caller
from tests.fixtures.cloud import Cloud
from tests.fixtures.library import Library


@pytest.fixture
def library(conn: Connection, caller: Caller, cloud: Cloud) -> Library:
    return Library(conn, caller.user.id)


def edit(caller: Caller, **body: Any) -> Any:
    answer = caller.call("PATCH", "/items", json=body)
    return answer.status_code, answer.json


def details(caller: Caller, item_id: str) -> Any:
    return caller.call("GET", f"/items/{item_id}").json


def test_items_become_favourites_and_it_is_told_how_many(caller: Caller, library: Library) -> None:
    ids = [library.add(), library.add()]
    status, change = edit(caller, ids=[*ids, new_id()], set={"favourite": True})
    assert status == 200
    assert {name: value for name, value in change.items() if name != "id"} == {
        "state": "done",
        "total": 3,
        "done": 2,
        "skipped": 1,
        "undoes": None,
        "undone": False,
    }
    found = library.conn.execute("SELECT count(*) FROM media_item WHERE favourite").fetchone()
    assert found == (2,)
