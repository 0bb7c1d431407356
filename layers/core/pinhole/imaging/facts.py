"""What is kept of a file beyond what the grid needs: one list, for whoever reads it and for the table that keeps it."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a file says about itself. Coordinates in degrees, north and east positive.

    Of a video: codecs by the names that MediaInfo has for them; frames and bits a second; capture_frame_rate where it
    is played more slowly than it was filmed; plays_in_browsers: as it is, without a copy.
    """

    camera_make: str | None = None
    camera_model: str | None = None
    lens_model: str | None = None
    focal_length_mm: float | None = None
    f_number: float | None = None
    exposure_seconds: float | None = None
    iso: int | None = None
    rating: int | None = None
    title: str | None = None
    description: str | None = None
    keywords: tuple[str, ...] = ()
    latitude: float | None = None
    longitude: float | None = None
    altitude_m: float | None = None
    direction_deg: float | None = None
    projection: str | None = None
    field_of_view_deg: float | None = None
    is_hdr: bool = False
    is_night: bool = False
    is_screenshot: bool = False
    is_animated: bool = False
    burst_id: str | None = None
    live_content_id: str | None = None
    video_codec: str | None = None
    audio_codec: str | None = None
    frame_rate: float | None = None
    capture_frame_rate: float | None = None
    bit_rate: int | None = None
    plays_in_browsers: bool = False
    exif: dict[str, Any] = field(default_factory=dict)
