"""What is found when tables and buckets do not agree."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What is wrong; the comment says what a repair does, if anything."""

    FILE_LOST = "file_lost"  # an item without the row of its original: the original is read, and the row written again
    ITEM_EMPTY = "item_empty"  # deleted: an item that was never read and has no file
    ORIGINAL_MISSING = "original_missing"  # the item is marked missing, and not shown
    CLIP_MISSING = "clip_missing"  # nothing: of a live photo, whose picture is shown all the same
    ORIGINAL_BACK = "original_back"  # an item that was marked missing is shown again
    ORIGINAL_CHANGED = "original_changed"  # nothing: somebody wrote to the bucket; the first version is still there
    OBJECT_UNKNOWN = "object_unknown"  # no upload knows it any more: it is sent to ingest as what no upload asked for
    OBJECT_LEFT_OVER = "object_left_over"  # deleted: an item has the same bytes, in another object
    OBJECT_NOT_INDEXED = "object_not_indexed"  # put into a user's folder by another way: it is sent to ingest
    OBJECT_OF_NOBODY = "object_of_nobody"  # nothing: it lies in no user's folder
    EVENT_LOST = "event_lost"  # the object is sent to ingest
    UPLOAD_LOST = "upload_lost"  # an item without the row of its upload, to whose key it is: that is written again
    UPLOAD_UNENDED = "upload_unended"  # its item is there, or has failed, and it says something else: it ends as that
    UPLOAD_WITHOUT_ITEM = "upload_without_item"  # its bytes are there, and no item has them: they are sent to ingest
    UPLOAD_WITHOUT_OBJECT = "upload_without_object"  # neither item nor bytes of it are there: it ends as failed
    RENDITIONS_MISSING = "renditions_missing"  # they are made again from the original, as a new version
    RENDITIONS_LOST = "renditions_lost"  # and so is the original: it is noted that there are none, and told no more
    RENDITIONS_LEFT_OVER = "renditions_left_over"  # deleted: of another version than the item shows, and out of use
    RENDITIONS_UNKNOWN = "renditions_unknown"  # deleted where their original is there: they belong to no item
    FULL_SIZE_MISSING = "full_size_missing"  # it is noted that there is none: it is made when it is asked for again
    METADATA_LOST = "metadata_lost"  # what an item's file says, or what its bytes are, is lost: the file is read again
    SEARCH_TEXT_LOST = "search_text_lost"  # what an item that was read is found by is lost: it is written again
    HALVES_APART = "halves_apart"  # photo and video of one live photo are two items: they are joined
    JOB_LOST = "job_lost"  # a stage that an item still needs is in no job, or in one that ended: it is asked for
    FAILURE_LOST = "failure_lost"  # an item has failed, and no job: its job says so again, and can be retried
    MONTH_LOST = "month_lost"  # items are listed in a month that the timeline does not have: it gets it
    MONTH_WRONG = "month_wrong"  # what is stored of a month is not what is listed in it: it is made anew


@dataclass(slots=True)
class Tally:
    """What a check left out. young: what would be findings, if it were not so young that it may be in work."""

    young: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and with what: the ids of an item and an upload, the key of an object, or a month.

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
