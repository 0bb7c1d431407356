"""One item: its metadata, its renditions, its original."""

import time
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any, Literal, Self

from chalice.app import Blueprint
from pydantic import Field, NaiveDatetime

from api.endpoint import READ, endpoint
from api.found import Analysis
from api.routes.changes import Statement
from api.wire import Id, Timestamp, WireModel
from pinhole import found, full_size, items, media_url, objects, playback
from pinhole.accounts import User
from pinhole.db import transaction
from pinhole.errors import ErrorCode, TooManyRequests
from pinhole.found import Found
from pinhole.full_size import FullSize
from pinhole.imaging.capture_time import TimeSource
from pinhole.items import FullItem
from pinhole.playback import Playback

routes = Blueprint(__name__)


class Camera(WireModel):
    """What the picture was taken with, and how."""

    make: str | None
    model: str | None
    lens: str | None
    focal_length_mm: float | None
    f_number: float | None
    exposure_seconds: float | None
    iso: int | None

    @classmethod
    def of(cls, item: FullItem) -> Self | None:
        camera = cls(
            make=item.camera_make,
            model=item.camera_model,
            lens=item.lens_model,
            focal_length_mm=item.focal_length_mm,
            f_number=item.f_number,
            exposure_seconds=item.exposure_seconds,
            iso=item.iso,
        )
        return camera if any(value is not None for _, value in camera) else None


class Coordinates(WireModel):
    """WGS 84, in degrees; the direction is that of view, clockwise from north."""

    latitude: float
    longitude: float
    altitude_m: float | None
    direction_deg: float | None

    @classmethod
    def of(cls, item: FullItem) -> Self | None:
        if item.latitude is None or item.longitude is None:
            return None
        return cls(
            latitude=item.latitude,
            longitude=item.longitude,
            altitude_m=item.altitude_m,
            direction_deg=item.direction_deg,
        )


class Place(WireModel):
    """The nearest known place to the coordinates."""

    country_code: str = Field(description="ISO 3166-1 alpha-2")
    country: str | None
    region: str | None
    city: str | None
    neighbourhood: str | None

    @classmethod
    def of(cls, item: FullItem) -> Self | None:
        if item.country_code is None:
            return None
        return cls(
            country_code=item.country_code,
            country=item.country,
            region=item.region,
            city=item.city,
            neighbourhood=item.neighbourhood,
        )


class Video(WireModel):
    """What the container of a video says. Rates: a second; what is filmed faster than it plays is in slow motion."""

    codec: str | None = Field(examples=["HEVC"])
    audio_codec: str | None = Field(examples=["AAC"])
    frame_rate: float | None
    capture_frame_rate: float | None
    bit_rate: int | None

    @classmethod
    def of(cls, item: FullItem) -> Self | None:
        if item.kind != "video":
            return None
        return cls(
            codec=item.video_codec,
            audio_codec=item.audio_codec,
            frame_rate=item.frame_rate,
            capture_frame_rate=item.capture_frame_rate,
            bit_rate=item.bit_rate,
        )


class Rendition(WireModel):
    name: str = Field(examples=["240.webp"])
    width: int
    height: int
    size_bytes: int
    url: str


class Original(WireModel):
    """The uploaded file; the URL lets a browser save it under its name until `expiresAt`."""

    url: str
    filename: str
    expires_at: Timestamp


class ItemDetails(WireModel):
    """Everything known of an item; null is unknown.

    What has `original` before its name is as it was read from the file; without it, as it holds now.
    """

    id: Id
    revision: int = Field(description="Grows with every change of the item: what `If-Match` names to edit it")
    kind: Literal["photo", "video"]
    state: Literal["ready", "notProcessedYet"] = Field(
        description="notProcessedYet: a video that is stored and listed, but has no renditions yet"
    )
    filename: str
    relative_path: str | None = Field(description="Folders and name as the client had them that uploaded it")
    mime_type: str
    size_bytes: int
    uploaded_at: Timestamp
    width: int | None = Field(description="As displayed, like the height")
    height: int | None
    duration_ms: int | None
    video: Video | None = Field(description="Null of a photo")
    taken_at_local: NaiveDatetime = Field(description="What the clock on the wall said; has no zone")
    taken_at_utc: Timestamp | None
    utc_offset_seconds: int | None
    timezone_name: str | None
    original_taken_at_local: NaiveDatetime | None
    original_taken_at_utc: Timestamp | None
    original_utc_offset_seconds: int | None
    original_timezone_name: str | None
    time_source: TimeSource | None
    time_confidence: Literal["high", "medium", "low"]
    camera: Camera | None
    rating: int | None = Field(ge=0, le=5)
    title: str | None
    description: str | None
    keywords: list[str]
    said_by_person: list[Statement] = Field(description="What a reset takes back: it would be as file and sidecar say")
    coordinates: Coordinates | None
    place: Place | None
    projection: str | None
    field_of_view_deg: float | None
    is_hdr: bool
    is_night: bool
    is_screenshot: bool
    is_animated: bool
    burst_id: str | None
    has_clip: bool = Field(description="A motion photo or a live photo")
    favourite: bool
    archived: bool
    trashed_at: Timestamp | None = Field(description="Since when it lies in the trash")
    exif: dict[str, Any]
    thumb_hash: str | None = Field(description="Base64")
    colours: list[str] = Field(description="#rrggbb, the most frequent first")
    analysis: Analysis | None = Field(description="What models found; null of what they don't look at")
    renditions: list[Rendition]
    renditions_expire_at: Timestamp
    original: Original

    @classmethod
    def of(cls, item: FullItem, analysis: Found | None, now: float, renditions_expire: int) -> Self:
        """now, renditions_expire: Unix seconds. The URL of the original is valid for 15 minutes from now."""
        same = {name: getattr(item, name) for name in cls.model_fields if hasattr(item, name)}
        shown = {
            "state": "ready" if item.rendition_version > 0 else "notProcessedYet",
            "uploaded_at": item.created_at,
            "archived": item.visibility == "archive",
            "time_source": None if item.time_source is None else TimeSource(item.time_source),
            **_as_the_file_says(item.said_time or {}),
            "video": Video.of(item),
            "camera": Camera.of(item),
            "coordinates": Coordinates.of(item),
            "place": Place.of(item),
            "exif": item.exif or {},
            "thumb_hash": None if item.thumb_hash is None else b64encode(item.thumb_hash).decode(),
            "colours": [f"#{colour:06x}" for colour in item.colours or []],
            "analysis": None if analysis is None else Analysis.of(analysis),
            "renditions": _renditions(item, renditions_expire),
            "renditions_expire_at": datetime.fromtimestamp(renditions_expire, UTC),
            "original": Original(
                url=objects.presign_get(item.object_key, filename=item.filename),
                filename=item.filename,
                expires_at=datetime.fromtimestamp(int(now) + objects.ORIGINAL_URL_SECONDS, UTC),
            ),
        }
        return cls(**same | shown)


def _as_the_file_says(time: dict[str, Any]) -> dict[str, Any]:
    """The capture time that the file tells."""
    local, utc = time.get("takenAtLocal"), time.get("takenAtUtc")
    return {
        "original_taken_at_local": None if local is None else datetime.fromisoformat(local),
        "original_taken_at_utc": None if utc is None else datetime.fromisoformat(utc),
        "original_utc_offset_seconds": time.get("utcOffsetSeconds"),
        "original_timezone_name": time.get("timezoneName"),
    }


def _renditions(item: FullItem, expires: int) -> list[Rendition]:
    return [
        Rendition(
            name=file["name"],
            width=file["width"],
            height=file["height"],
            size_bytes=file["size_bytes"],
            url=media_url.rendition_url(item.item_key, file["version"], file["name"], expires),
        )
        for file in item.renditions
    ]


@routes.route("/items/{item_id}", methods=["GET"])
@endpoint(scopes=READ, answer=ItemDetails)
def read_item(item_id: Id, caller: User) -> ItemDetails:
    """Tell everything known of an item, with URLs of its renditions and of its original for download."""
    with transaction() as conn:
        item = items.read(conn, caller.id, item_id)
        analysis = found.read(conn, caller.id, item.id)
    now = time.time()
    return ItemDetails.of(item, analysis, now, media_url.thumb_expiry(caller.id, now))


class FullSizeRendition(WireModel):
    """The picture with all its pixels, as a browser can show it."""

    state: Literal["ready", "making", "failed"] = Field(description="making: ask again in a moment")
    rendition: Rendition | None = Field(description="Once it is ready")
    renditions_expire_at: Timestamp
    error_code: ErrorCode | None = Field(description="Why there is none, where it failed for good")

    @classmethod
    def of(cls, told: FullSize, expires: int) -> Self:
        """expires: Unix seconds."""
        made = told.rendition
        return cls(
            state=told.state,
            rendition=None
            if made is None
            else Rendition(
                name=made.name,
                width=made.width,
                height=made.height,
                size_bytes=made.size_bytes,
                url=media_url.rendition_url(told.item_key, made.version, made.name, expires),
            ),
            renditions_expire_at=datetime.fromtimestamp(expires, UTC),
            error_code=None if told.error_code is None else ErrorCode(told.error_code),
        )


@routes.route("/items/{item_id}/full-size", methods=["POST"])
@endpoint(scopes=READ, answer=FullSizeRendition, errors=(TooManyRequests,))
def ask_for_full_size(item_id: Id, caller: User) -> FullSizeRendition:
    """Have a photo made in full size, for clients that can't show its original.

    As often as you like: it tells how far it is, and keeps what is there for 30 days more. A photo that is no larger
    than its largest rendition is ready at once.
    """
    told = full_size.ask(caller.id, item_id)
    return FullSizeRendition.of(told, media_url.thumb_expiry(caller.id, time.time()))


class PlaybackSource(WireModel):
    """What a browser plays, from its URL, in any order of its parts, until `expiresAt`."""

    url: str
    mime_type: str
    width: int
    height: int
    size_bytes: int
    is_original: bool = Field(description="It is the file as it was uploaded")
    expires_at: Timestamp

    @classmethod
    def of(cls, told: Playback, now: float, renditions_expire: int) -> Self | None:
        """now, renditions_expire: Unix seconds."""
        match told.source:
            case None:
                return None
            case playback.Original() as original:
                url = objects.presign_inline_get(original.object_key, content_type=original.mime_type)
                mime_type, expires = original.mime_type, int(now) + objects.ORIGINAL_URL_SECONDS
            case made:
                url = media_url.rendition_url(told.item_key, made.version, made.name, renditions_expire)
                mime_type, expires = "video/mp4", renditions_expire
        return cls(
            url=url,
            mime_type=mime_type,
            width=told.source.width,
            height=told.source.height,
            size_bytes=told.source.size_bytes,
            is_original=isinstance(told.source, playback.Original),
            expires_at=datetime.fromtimestamp(expires, UTC),
        )


class ItemPlayback(WireModel):
    """What plays of an item."""

    state: Literal["ready", "making", "failed", "none"] = Field(
        description="making: ask again in a moment; none: a photo that doesn't move"
    )
    source: PlaybackSource | None = Field(description="Once it is ready")
    duration_ms: int | None = Field(description="Of a video; null is unknown")
    progress: float | None = Field(ge=0, le=1, description="How much is made; null is unknown")
    error_code: ErrorCode | None = Field(description="Why nothing plays, where it failed for good")


@routes.route("/items/{item_id}/playback", methods=["GET"])
@endpoint(scopes=READ, answer=ItemPlayback)
def read_playback(item_id: Id, caller: User) -> ItemPlayback:
    """Tell what plays of a video, or of a photo that has a clip, with its URL."""
    with transaction() as conn:
        told = playback.read(conn, caller.id, item_id)
    now = time.time()
    return ItemPlayback(
        state=told.state,
        source=PlaybackSource.of(told, now, media_url.thumb_expiry(caller.id, now)),
        duration_ms=told.duration_ms,
        progress=told.progress,
        error_code=None if told.error_code is None else ErrorCode(told.error_code),
    )
