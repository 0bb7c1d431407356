"""Everything a file says about itself, as the columns of its item."""

from datetime import UTC, datetime
from pathlib import Path

from pinhole import places
from pinhole.db import transaction
from pinhole.imaging import capture_time, metadata
from pinhole.imaging.file_type import FileType
from pinhole.places import Place
from pinhole.settings import settings
from pinhole.tables.media_item import Item, Metadata


def describe(item: Item, path: Path, file_type: FileType, sha256: bytes) -> Metadata:
    """Read a file's metadata, and work out when and where it was taken. Raises FileRejected."""
    read = metadata.read(path, file_type, settings().max_pixels, item.filename)
    taken = capture_time.resolve(
        read.time, item.filename, item.modified_at, item.created_at, settings().fallback_timezone, datetime.now(UTC)
    )
    place = _place(read.latitude, read.longitude)
    return Metadata(
        sha256=sha256,
        mime_type=file_type.mime,
        kind=file_type.kind,
        width=read.width,
        height=read.height,
        duration_ms=None,
        taken_at_local=taken.taken_at_local,
        taken_at_utc=taken.taken_at_utc,
        utc_offset_seconds=taken.utc_offset_seconds,
        timezone_name=taken.timezone_name,
        time_source=taken.time_source,
        time_confidence=taken.time_confidence,
        sort_timestamp=taken.sort_timestamp,
        camera_make=read.camera_make,
        camera_model=read.camera_model,
        lens_model=read.lens_model,
        focal_length_mm=read.focal_length_mm,
        f_number=read.f_number,
        exposure_seconds=read.exposure_seconds,
        iso=read.iso,
        rating=read.rating,
        title=read.title,
        description=read.description,
        keywords=list(read.keywords),
        latitude=read.latitude,
        longitude=read.longitude,
        altitude_m=read.altitude_m,
        direction_deg=read.direction_deg,
        country_code=place.country_code if place else None,
        country=place.country if place else None,
        region=place.region if place else None,
        city=place.city if place else None,
        neighbourhood=place.neighbourhood if place else None,
        projection=read.projection,
        field_of_view_deg=read.field_of_view_deg,
        is_hdr=read.is_hdr,
        is_night=read.is_night,
        is_screenshot=read.is_screenshot,
        is_animated=read.is_animated,
        burst_id=read.burst_id,
        live_content_id=read.live_content_id,
        motion_offset=read.clip.offset if read.clip else None,
        motion_bytes=read.clip.size_bytes if read.clip else None,
        exif=read.exif,
    )


def _place(latitude: float | None, longitude: float | None) -> Place | None:
    if latitude is None or longitude is None:
        return None
    with transaction() as conn:
        return places.find(conn, latitude, longitude)
