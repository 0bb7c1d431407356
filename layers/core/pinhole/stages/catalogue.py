"""The one table of stages: what carries each, how often it is tried, and what comes next."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from pinhole.settings import Settings, settings
from pinhole.tables.job import Lane, Stage


@dataclass(frozen=True, slots=True)
class Carrier:
    """A queue: its name and that of its dead letters, as operators and `template.yaml` have them, and its URL."""

    name: str
    dead_letters: str
    url: Callable[[Settings], str]


@dataclass(frozen=True, slots=True)
class Row:
    """A stage. lanes: what carries it, empty where its worker looks into the ledger itself; next: the stage that
    follows, by the kind of an item. by_worker: workers poll these lanes, and no function is fed from them.

    attempts: after how many it fails for good. by_original: it is asked for by the event of the item's original, as the
    store tells of a new object. noted_at: the column of media_item that says when it was committed; None where its job
    alone says so.
    """

    lanes: Mapping[Lane, Carrier]
    attempts: Callable[[Settings], int]
    next: Mapping[str, Stage] = field(default_factory=dict)
    by_worker: bool = False
    by_original: bool = False
    noted_at: str | None = None

    def carrier(self, lane: Lane) -> Carrier:
        """What carries a job of this lane: the only one, where the stage has one."""
        return self.lanes.get(lane) or self.lanes[Lane.FRESH]


_INGEST = {
    Lane.FRESH: Carrier("ingest", "ingest-dead-letters", lambda settings: settings.ingest_queue_url),
    Lane.BULK: Carrier("ingest-bulk", "ingest-bulk-dead-letters", lambda settings: settings.ingest_bulk_queue_url),
}
# Of what takes seconds, so that it does not wait behind what takes minutes.
_VIDEO_SHORT = {
    Lane.FRESH: Carrier("video-short", "video-short-dead-letters", lambda settings: settings.video_short_queue_url),
    Lane.BULK: Carrier(
        "video-short-bulk", "video-short-dead-letters", lambda settings: settings.video_short_bulk_queue_url
    ),
}
_VIDEO = {
    Lane.FRESH: Carrier("video", "video-dead-letters", lambda settings: settings.video_queue_url),
    Lane.BULK: Carrier("video-bulk", "video-dead-letters", lambda settings: settings.video_bulk_queue_url),
}
_ML = {
    Lane.FRESH: Carrier("ml", "ml-dead-letters", lambda settings: settings.ml_queue_url),
    Lane.BULK: Carrier("ml-bulk", "ml-bulk-dead-letters", lambda settings: settings.ml_bulk_queue_url),
}


def _max_attempts(settings: Settings) -> int:
    return settings.max_attempts


CATALOGUE: Mapping[Stage, Row] = {
    Stage.METADATA: Row(
        _INGEST,
        _max_attempts,
        next={"photo": Stage.RENDITIONS, "video": Stage.POSTER},
        by_original=True,
        noted_at="metadata_at",
    ),
    Stage.RENDITIONS: Row(
        _INGEST, _max_attempts, next={"photo": Stage.ANALYSIS}, by_original=True, noted_at="renditions_at"
    ),
    Stage.POSTER: Row(
        _VIDEO_SHORT, _max_attempts, next={"video": Stage.VIDEO}, by_worker=True, noted_at="renditions_at"
    ),
    Stage.VIDEO: Row(_VIDEO, _max_attempts, next={"video": Stage.ANALYSIS}, by_worker=True),
    Stage.STILLS: Row(_VIDEO, _max_attempts, by_worker=True),
    Stage.CLIP: Row(_VIDEO_SHORT, _max_attempts, by_worker=True),
    Stage.ANALYSIS: Row(_ML, _max_attempts, by_worker=True),
    Stage.CAPTION: Row({}, _max_attempts),
    Stage.FULL_SIZE: Row({Lane.FRESH: _INGEST[Lane.FRESH]}, _max_attempts),
}
"""In the order of processing. `video` is the copy of a video that browsers play; stills are made on the way, and what
is analysed. The clip is of a photo that moves. Captions
follow analysis where they are configured. The full size is made when somebody looks for it, and by the queue of what
people wait for.
"""


def after(stage: Stage, kind: str) -> Stage:
    """The stage that follows for an item of this kind."""
    return CATALOGUE[stage].next[kind]


def course(kind: str) -> Iterator[Stage]:
    """The stages of an item of this kind, in their order."""
    stage: Stage | None = Stage.METADATA
    while stage is not None:
        yield stage
        stage = CATALOGUE[stage].next.get(kind)


def polled_by_workers() -> set[str]:
    """Names of the queues that workers poll."""
    return {carrier.name for row in CATALOGUE.values() if row.by_worker for carrier in row.lanes.values()}


def attempts(stage: Stage) -> int:
    """After how many attempts a stage fails for good."""
    return CATALOGUE[stage].attempts(settings())
