"""What the container of a video says about it: MediaInfo reads it, and no frame is decoded."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pinhole.errors import FileRejected
from pinhole.imaging.file_type import M4V, MP4, FileType
from pinhole.imaging.refusal import claims_more_bytes

if TYPE_CHECKING:
    from pymediainfo import Track

LONGEST_PLAYED, SHORTEST_PLAYED = 1920, 1080  # sides in pixels, of what needs no smaller copy
MOST_PLAYED_BITS = 12_000_000  # a second
MOST_PLAYED_FRAMES = 60.5  # a second; some cameras are a little too fast
_PLAYED_PROFILE = re.compile(r"(Constrained )?(Baseline|Main|High)\b(?! (10|4:2:2|4:4:4|Intra))")
_HDR_TRANSFERS = ("PQ", "HLG")
# What files hold whose maker had no clock: the beginnings of QuickTime's time and of Unix's.
_NO_TIMES = (datetime(1904, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC))
_UTC = re.compile(r"(?:UTC )?(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.\d+)?(?: UTC)?")
_ISO_6709 = re.compile(r"([+-]\d{2}(?:\.\d+)?)([+-]\d{3}(?:\.\d+)?)([+-]\d+(?:\.\d+)?)?/?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """Of the first video track and the first of sound; None is unknown, or there is none.

    width, height: as displayed. frame_rate: a second, of what is played; capture_frame_rate: of what was filmed, where
    that is played slowly. bit_rate: of all tracks, a second. plays_in_browsers: as it is, from its first second on.
    created: when it was made, aware. written: the same as its clock said, with an offset from UTC. Coordinates in
    degrees, north and east positive. content_id: which live photo it is the clip of.
    """

    width: int
    height: int
    duration_ms: int | None
    video_codec: str | None
    audio_codec: str | None
    frame_rate: float | None
    capture_frame_rate: float | None
    bit_rate: int | None
    is_hdr: bool
    plays_in_browsers: bool
    created: datetime | None
    written: str | None
    latitude: float | None
    longitude: float | None
    altitude_m: float | None
    make: str | None
    model: str | None
    title: str | None
    description: str | None
    content_id: str | None


def read(path: Path, file_type: FileType) -> Container:
    """Read it, in the process of `apart`. Raises FileRejected (`truncated`, `corrupt`, `unsupported_type`)."""
    from pymediainfo import MediaInfo

    # By its bytes and not by its name, so that MediaInfo takes no other file for a part of it.
    with path.open("rb") as file:
        tracks = MediaInfo.parse(file).tracks
    general = next(track for track in tracks if track.track_type == "General")
    video = next((track for track in tracks if track.track_type == "Video"), None)
    audio = next((track for track in tracks if track.track_type == "Audio"), None)
    if video is None or not video.width or not video.height:
        raise _without_pictures(path, has_sound=audio is not None)
    width, height = _shown_size(video)
    latitude, longitude, altitude_m = _position(general)
    return Container(
        width=width,
        height=height,
        duration_ms=_whole(general.duration) or _whole(video.duration),
        video_codec=_text(video.format),
        audio_codec=None if audio is None else _text(audio.format),
        frame_rate=_number(video.frame_rate),
        capture_frame_rate=_number(video.real_frame_rate),
        bit_rate=_whole(general.overall_bit_rate),
        is_hdr=video.transfer_characteristics in _HDR_TRANSFERS or video.hdr_format is not None,
        plays_in_browsers=file_type in (MP4, M4V) and _plays(general, video, audio),
        created=_created(general) or _created(video),
        written=_with_time(general.comapplequicktimecreationdate, general.recorded_date),
        latitude=latitude,
        longitude=longitude,
        altitude_m=altitude_m,
        make=_text(general.comapplequicktimemake, general.comandroidmanufacturer),
        model=_text(general.comapplequicktimemodel, general.comandroidmodel),
        title=_text(general.title),
        description=_text(general.description, general.comment),
        content_id=_text(general.comapplequicktimecontentidentifier),
    )


def _without_pictures(path: Path, *, has_sound: bool) -> FileRejected:
    if has_sound:
        return FileRejected("The file holds sound, and no video.", code="unsupported_type")
    if claims_more_bytes(path):
        return FileRejected(
            "The video is incomplete: its end is missing, and with it the index of its frames. "
            "It may have been copied only in part.",
            code="truncated",
        )
    return FileRejected(
        "The video has no index of its frames: the recording broke off, or the file is damaged.", code="corrupt"
    )


def _shown_size(video: "Track") -> tuple[int, int]:
    width, height = round(video.width * (_number(video.pixel_aspect_ratio) or 1)), video.height
    sideways = round(_number(video.rotation) or 0) % 180 == 90
    return (height, width) if sideways else (width, height)


def _plays(general: "Track", video: "Track", audio: "Track | None") -> bool:
    return (
        video.format == "AVC"
        and bool(_PLAYED_PROFILE.match(video.format_profile or ""))
        and (video.bit_depth or 8) == 8
        and (video.chroma_subsampling or "4:2:0") == "4:2:0"
        and (video.scan_type or "Progressive") == "Progressive"
        and (audio is None or audio.format == "AAC")
        and general.isstreamable == "Yes"
        and max(video.width, video.height) <= LONGEST_PLAYED
        and min(video.width, video.height) <= SHORTEST_PLAYED
        and 0 < (_whole(general.overall_bit_rate) or 0) <= MOST_PLAYED_BITS
        and (_number(video.frame_rate) or 0) <= MOST_PLAYED_FRAMES
    )


def _created(track: "Track") -> datetime | None:
    written = _UTC.fullmatch(track.encoded_date or "")
    if written is None:
        return None
    try:
        created = datetime.fromisoformat(written[1]).replace(tzinfo=UTC)
    except ValueError:
        return None
    return None if created in _NO_TIMES else created


def _with_time(*values: Any) -> str | None:
    """The first that tells more than a date."""
    return next((value for value in values if isinstance(value, str) and ":" in value), None)


def _position(general: "Track") -> tuple[float | None, float | None, float | None]:
    for written in (general.comapplequicktimelocationiso6709, general.xyz, general.recorded_location, general.location):
        if position := _ISO_6709.fullmatch(written or ""):
            latitude, longitude = float(position[1]), float(position[2])
            return latitude, longitude, float(position[3]) if position[3] else None
    return None, None, None


def _number(value: Any) -> float | None:
    """MediaInfo's numbers are texts where they have a point; with several it takes the first for what it shows."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _whole(value: Any) -> int | None:
    number = _number(value)
    return None if number is None else round(number)


def _text(*values: Any) -> str | None:
    return next((value for value in values if isinstance(value, str) and value), None)
