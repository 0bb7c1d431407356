"""What is found when tables and buckets do not agree."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What is wrong; the comment says what a repair does, if anything."""

    ORIGINAL_MISSING = "original_missing"  # the item is marked missing, and not shown
    ORIGINAL_BACK = "original_back"  # an item that was marked missing is shown again
    ORIGINAL_CHANGED = "original_changed"  # nothing: somebody wrote to the bucket; the first version is still there
    OBJECT_UNKNOWN = "object_unknown"  # hidden by a delete marker, so that a database restored too old costs no photo
    OBJECT_LEFT_OVER = "object_left_over"  # deleted: its upload was aborted, or ended as a duplicate
    OBJECT_NOT_INDEXED = "object_not_indexed"  # nothing: not uploaded, but put into a user's folder by another way
    OBJECT_OF_NOBODY = "object_of_nobody"  # nothing: it lies in no user's folder
    EVENT_LOST = "event_lost"  # the object is sent to ingest
    UPLOAD_WITHOUT_ITEM = "upload_without_item"  # nothing: the item of a finished upload was removed
    UPLOAD_WITHOUT_OBJECT = "upload_without_object"  # nothing: bytes that had arrived are gone before they were an item
    RENDITIONS_MISSING = "renditions_missing"  # they are made again from the original, as a new version
    RENDITIONS_LEFT_OVER = "renditions_left_over"  # deleted: of another version than the item shows, and out of use
    RENDITIONS_UNKNOWN = "renditions_unknown"  # deleted: they belong to no item


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and with what: the ids of an item and an upload, or the key of an object.

    A key that ends in `/` stands for all that begins with it.
    """

    kind: Kind
    key: str
    item_id: str | None = None
    upload_id: str | None = None
    repaired: bool = False

    def __str__(self) -> str:
        named = {"item": self.item_id, "upload": self.upload_id, "key": self.key}
        words = [self.kind, *(f"{name}={value}" for name, value in named.items() if value)]
        return " ".join([*words, "repaired"] if self.repaired else words)
