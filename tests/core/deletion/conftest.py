"""A household of whom one goes."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from pinhole import objects
from pinhole.deletion import job
from pinhole.ids import new_id, new_key
from pinhole.operations import users
from pinhole.tables.user import User
from tests.core.deletion import going
from tests.fixtures.cloud import Cloud
from tests.fixtures.ingest import Inbox
from tests.fixtures.library import Library
from tests.fixtures.pictures import jpeg

ROOT, BOB = 1, 8


@dataclass
class Household:
    """root administers; ann is to go, bob stays, and has photos of the same bytes. Originals may be deleted."""

    ann: Inbox
    bob: Inbox

    @property
    def cloud(self) -> Cloud:
        return self.ann.cloud

    def add(self, count: int, *, first: int = 0) -> None:
        """Have ann and bob upload the same photos."""
        for shade in range(first, first + count):
            for inbox in (self.ann, self.bob):
                assert inbox.deliver(inbox.landed(jpeg(shade=shade))) == []

    def have(self, count: int) -> None:
        """Give ann items, as rows, with their originals and a rendition."""
        library = Library(self.ann.conn, self.ann.owner.id)
        for _ in range(count):
            item_key, object_key = new_key(), f"ann/{new_id()}.jpg"
            library.add(item_key=item_key, object_key=object_key)
            self.cloud.s3.put_object(Bucket="originals", Key=object_key, Body=b"an original")
            objects.put_rendition(f"{item_key}/1/240.webp", b"a picture", content_type="image/webp")

    def delete(self, *, originals: bool = True) -> None:
        """Have ann deleted."""
        users.delete(self.ann.owner.id, originals=originals)

    def keys(self, inbox: Inbox) -> dict[str, list[str]]:
        """Keys of a user's originals and of the renditions of items that are theirs."""
        renditions = [key for item in inbox.items() for key in self.cloud.keys("renditions", item["item_key"])]
        return {"originals": self.cloud.keys("originals", f"{inbox.owner.folder}/"), "renditions": renditions}


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "ITEMS", going.SMALL)
    monkeypatch.setattr(job, "ROWS", going.SMALL)


@pytest.fixture
def household(inbox: Inbox) -> Iterator[Household]:
    """Its members; of what others' tests left in the buckets nothing is there."""
    conn = inbox.conn
    for user_id, name, role in ((ROOT, "root", "administrator"), (BOB, "bob", "member")):
        conn.execute(
            "INSERT INTO users (id, name, name_key, password_hash, role, folder) VALUES (%s, %s, %s, '-', %s, %s)",
            (user_id, name, name, role, name),
        )
    conn.execute("INSERT INTO library (name, fallback_timezone, originals_may_be_deleted) VALUES ('home', 'UTC', true)")
    going.empty(inbox.cloud)
    yield Household(inbox, Inbox(conn, User(BOB, "bob", "member", "bob"), inbox.cloud))
    going.empty(inbox.cloud)
