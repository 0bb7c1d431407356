"""What is made of videos, and of the clips of photos: from a message that asks for it, by claims in the ledger, to
renditions that play.

The worker calls `begin`, has pictures and copies made, stores them, and `keep`s each as soon as it is there. Whatever
it dies of in between, the next delivery does what is not there yet, and no more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from psycopg import Connection

from pinhole import keys, live, stages
from pinhole.db import transaction
from pinhole.errors import ErrorCode
from pinhole.stages import Asked, Claim, Lane, Stage, Subject, WornOut
from pinhole.tables import item_metadata, job, media_item, original_file, rendition, timeline_month
from pinhole.tables.original_file import OriginalFile
from pinhole.tables.rendition import Rendition
from pinhole.telemetry import logger

COPY, CLIP = "720p.mp4", "clip.mp4"
PERCENTAGES = (0, 33, 66, 99)


def still_name(percentage: int) -> str:
    """The rendition that is a still of a video."""
    return f"still-{percentage}.webp"


STILLS = {still_name(percentage): percentage for percentage in PERCENTAGES}
"""Renditions of a video that models look at, and where in it they lie, as a percentage of its length."""
LONGEST_SECONDS = 36_000  # of what is copied
_TOGETHER = {Stage.VIDEO: (Stage.VIDEO, Stage.STILLS), Stage.STILLS: (Stage.VIDEO, Stage.STILLS)}


@dataclass(frozen=True, slots=True)
class Poster:
    """What a poster's pixels say beside its files. colours: 0xRRGGBB; perceptual_hash: 64 bits as a signed number.

    width, height, duration_ms: of the video, for one whose container was not read, or did not tell.
    """

    thumb_hash: bytes
    colours: list[int]
    perceptual_hash: int
    width: int
    height: int
    duration_ms: int | None


@dataclass(frozen=True, slots=True)
class Made:
    """A picture or video that was made, and is stored. name: such as `240.webp`; width and height in pixels."""

    name: str
    width: int
    height: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Film:
    """Where a video lies: `size_bytes` of an original from `offset` on. store_version: of the store's. plays_as_it_is:
    no copy is needed."""

    object_key: str
    store_version: str | None
    mime_type: str
    offset: int
    size_bytes: int
    plays_as_it_is: bool


@dataclass(frozen=True, slots=True)
class Video:
    """A video, or a photo that has a clip, of which this worker has claimed stages. version: of what is made now."""

    claims: Mapping[Stage, Claim]
    item_key: str
    version: int
    film: Film
    duration_ms: int | None

    @property
    def subject(self) -> Subject:
        """Whose it is."""
        return next(iter(self.claims.values())).subject

    def key(self, name: str) -> str:
        """Where a rendition of this name is to lie."""
        return keys.rendition_key(self.item_key, self.version, name)


def begin(asked: Asked, lane: Lane, until: datetime) -> Video | None:
    """Claim what a message asks for, until then, and what is made in one pass with it. None when nothing is to be done,
    and the message may go.

    Raises Busy while another worker has it.
    """
    subject = asked.subject
    claims: dict[Stage, Claim] = {}
    failed: list[Stage] = []
    with transaction() as conn:
        main = original_file.lock_main(conn, subject.owner_id, subject.id)
        item = media_item.get(conn, subject.owner_id, subject.id)
        if main is None or item is None or (film := _film(conn, asked.stage, main)) is None:
            return None
        # A message may be about the video that was half of this photo, and had this id.
        if (asked.stage is Stage.CLIP) != (item.kind == "photo"):
            return None
        for stage in _TOGETHER.get(asked.stage, (asked.stage,)):
            try:
                claimed = stages.claim(conn, subject, stage, lane, until)
            except WornOut as worn_out:
                if stages.fail(conn, subject, stage, worn_out.report, ErrorCode.PROCESSING_FAILED):
                    failed.append(stage)
            else:
                if claimed is not None:
                    claims[stage] = claimed
        version = rendition.next_version(conn, subject.owner_id, subject.id)
    for stage in failed:
        logger.error("stage_failed", extra={"item_id": subject.id, "stage": stage})
    return Video(claims, item.item_key, version, film, item.duration_ms) if claims else None


def _film(conn: Connection, stage: Stage, main: OriginalFile) -> Film | None:
    """None of an item that was not read yet."""
    clip = original_file.clip_of(conn, main.owner_id, main.item_id) if stage is Stage.CLIP else None
    if clip is not None and clip.mime_type is not None:
        return Film(clip.object_key, clip.version, clip.mime_type, 0, clip.size_bytes, plays_as_it_is=False)
    part = item_metadata.moving_part(conn, main.owner_id, main.item_id)
    if part is None or main.mime_type is None:
        return None
    # A clip within a photo is MP4 or MOV, which are read alike.
    mime_type = main.mime_type if main.mime_type.startswith("video/") else "video/mp4"
    size_bytes = part.size_bytes or main.size_bytes
    return Film(main.object_key, main.version, mime_type, part.offset, size_bytes, part.plays_in_browsers)


def extend(video: Video, until: datetime) -> Video:
    """Hold it for longer: this worker is alive. Raises Busy when another has taken over."""
    with transaction() as conn:
        return replace(
            video, claims={stage: stages.extend(conn, claimed, until) for stage, claimed in video.claims.items()}
        )


def tell_progress(video: Video, seconds: float) -> None:
    """So much of its copy is made. Nothing where its length is unknown, or its copy is not what is made."""
    claimed = video.claims.get(Stage.VIDEO)
    if claimed is not None and video.duration_ms:
        with transaction() as conn:
            stages.tell_progress(conn, claimed, min(1.0, max(0.0, 1000 * seconds / video.duration_ms)))


def keep_poster(video: Video, made: Sequence[Made], poster: Poster) -> None:
    """Show a poster, whose files are stored, and have the rest made. Raises Busy when another has taken over."""
    claimed, subject = video.claims[Stage.POSTER], video.subject
    with transaction() as conn:
        if original_file.lock_main(conn, subject.owner_id, subject.id) is None:
            return
        stages.hold(conn, claimed)
        media_item.note_shape(conn, subject.owner_id, subject.id, poster.width, poster.height, poster.duration_ms)
        if media_item.commit_renditions(
            conn, subject.owner_id, subject.id, version=video.version, thumb_hash=poster.thumb_hash
        ):
            rendition.replace(conn, subject.owner_id, subject.id, _rows(video, made))
            item_metadata.mark_looked_at(
                conn, subject.owner_id, subject.id, colours=poster.colours, perceptual_hash=poster.perceptual_hash
            )
        stages.finish(conn, claimed)
        for stage in (Stage.VIDEO, Stage.STILLS):
            stages.add(conn, subject, stage, claimed.lane)
        item = media_item.get(conn, subject.owner_id, subject.id)
        months = [] if item is None or item.month is None else [item.month]
        timeline_month.bump(conn, subject.owner_id, months)
    stages.ask_worker(Stage.VIDEO, claimed.lane, [subject])
    live.library_changed(subject.owner_id, months)
    logger.info("poster_committed", extra={"item_id": subject.id, "version": video.version})


def keep(video: Video, stage: Stage, made: Sequence[Made]) -> None:
    """Show what a stage has made, whose files are stored: nothing where no copy is needed. Stills are analysed then.

    Raises Busy when another has taken over.
    """
    claimed, subject = video.claims[stage], video.subject
    with transaction() as conn:
        if original_file.lock_main(conn, subject.owner_id, subject.id) is None:
            return
        stages.hold(conn, claimed)
        rendition.put(conn, subject.owner_id, subject.id, _rows(video, made))
        stages.finish(conn, claimed)
        if stage is Stage.STILLS:
            stages.add(conn, subject, Stage.ANALYSIS, claimed.lane)
    if stage is Stage.STILLS:
        stages.ask_worker(Stage.ANALYSIS, claimed.lane, [subject])
    logger.info("video_committed", extra={"item_id": subject.id, "stage": stage, "version": video.version})


def _rows(video: Video, made: Sequence[Made]) -> list[Rendition]:
    return [Rendition(one.name, video.version, one.width, one.height, one.size_bytes) for one in made]


def give_back(video: Video, report: str, *, counts: bool) -> None:
    """Let another delivery do what is not done yet. counts: whether this was an attempt."""
    subject = video.subject
    with transaction() as conn:
        original_file.lock_main(conn, subject.owner_id, subject.id)
        for claimed in video.claims.values():
            stages.give_back(conn, subject, claimed.until, report, counts=counts)


def reject(video: Video, report: str, code: ErrorCode) -> None:
    """The file is at fault: nothing more will ever be made of it. It stays listed, and its original can be had."""
    subject = video.subject
    with transaction() as conn:
        original_file.lock_main(conn, subject.owner_id, subject.id)
        failed = [stage for stage, claimed in video.claims.items() if _fails(conn, claimed, report, code)]
    for stage in failed:
        logger.warning("item_failed", extra={"item_id": subject.id, "stage": stage, "code": code})


def _fails(conn: Connection, claimed: Claim, report: str, code: ErrorCode) -> bool:
    current = job.get(conn, claimed.subject, claimed.stage)
    if current is None or current.leased_until != claimed.until:
        return False  # another delivery's finding counts, or it is done
    return stages.fail(conn, claimed.subject, claimed.stage, report, code)
