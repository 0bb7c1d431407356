"""The one table of stages: by which queues each is carried, and what comes next."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pinhole.settings import Settings
from pinhole.tables.job import Lane, Stage


@dataclass(frozen=True, slots=True)
class Carrier:
    """A queue: its name, as operators and `template.yaml` have it, and its URL."""

    name: str
    url: Callable[[Settings], str]


@dataclass(frozen=True, slots=True)
class Row:
    """A stage. lanes: what carries it; next: the stage that follows, by the kind of an item.

    by_original: it is asked for by the event of the item's original, as the store tells of a new object.
    """

    lanes: Mapping[Lane, Carrier]
    next: Mapping[str, Stage] = field(default_factory=dict)
    by_original: bool = False

    def carrier(self, lane: Lane) -> Carrier:
        """What carries a job of this lane: the only one, where the stage has one."""
        return self.lanes.get(lane) or self.lanes[Lane.FRESH]


_INGEST = {
    Lane.FRESH: Carrier("ingest", lambda settings: settings.ingest_queue_url),
    Lane.BULK: Carrier("ingest-bulk", lambda settings: settings.ingest_bulk_queue_url),
}

CATALOGUE: Mapping[Stage, Row] = {
    Stage.METADATA: Row(_INGEST, next={"photo": Stage.RENDITIONS, "video": Stage.VIDEO}, by_original=True),
    Stage.RENDITIONS: Row(_INGEST, next={"photo": Stage.ANALYSIS}, by_original=True),
    Stage.VIDEO: Row({Lane.FRESH: Carrier("video", lambda settings: settings.video_queue_url)}),
    Stage.ANALYSIS: Row({Lane.FRESH: Carrier("ml", lambda settings: settings.ml_queue_url)}),
}
"""In the order of processing. A video is analysed once it has stills: that is for the worker that makes them."""


def after(stage: Stage, kind: str) -> Stage:
    """The stage that follows for an item of this kind."""
    return CATALOGUE[stage].next[kind]


def of_queue(name: str) -> list[tuple[Stage, Lane]]:
    """The stages and lanes that a queue carries."""
    return [
        (stage, lane) for stage, row in CATALOGUE.items() for lane, carrier in row.lanes.items() if carrier.name == name
    ]
