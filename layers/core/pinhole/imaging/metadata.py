"""What a file says about itself, under the names Pinhole keeps it by."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pinhole.imaging import apart, position
from pinhole.imaging.blocks import Blocks, read_blocks
from pinhole.imaging.camera_text import is_said
from pinhole.imaging.capture_time import TimeFacts, valid_coordinates
from pinhole.imaging.container import Container
from pinhole.imaging.exif import Exif, finite
from pinhole.imaging.facts import Facts
from pinhole.imaging.file_type import RW2, FileType
from pinhole.imaging.motion import Clip, find_clip
from pinhole.imaging.screenshot_name import is_screenshot
from pinhole.imaging.written_time import ExifTime, parse_date_time
from pinhole.imaging.xmp import Xmp

_MAX_TEXT = 10_000
_MAX_NAME = 200
_MAX_KEYWORDS, _MAX_KEYWORD = 500, 200
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_MAX_INTEGER = (1 << 31) - 1
_NIGHT_SCENE = 3
_BY_SLASH = ("digiKam:TagsList", "MicrosoftPhoto:LastKeywordXMP")
_BY_BAR = ("lr:hierarchicalSubject", "mediapro:CatalogSets")
_CATEGORY = re.compile(r">([^<>]+)</Category>")
_APPLE_HDR_IMAGE_TYPE, _APPLE_BURST, _APPLE_CONTENT_ID = 0x0A, 0x0B, 0x11
_APPLE_HDR = 3
# As Apple uses it: HDR without its original, with it, of a portrait. 4 is the original, 6 a panorama, 8 a portrait.
_CUSTOM_RENDERED, _APPLE_HDR_RENDERED, _APPLE_PANORAMA = 0xA401, (2, 3, 7), 6


@dataclass(frozen=True, slots=True, kw_only=True)
class FileMetadata(Facts):
    """`width` × `height` as displayed; `orientation` as a photo's file says it, EXIF's 1 to 8. duration_ms: of a video.

    `clip` is a motion photo's video within the file.
    """

    width: int | None = None
    height: int | None = None
    orientation: int = 1
    duration_ms: int | None = None
    time: TimeFacts = field(default_factory=TimeFacts)
    clip: Clip | None = None


def read(path: Path, file_type: FileType, max_pixels: int, filename: str) -> FileMetadata:
    """Read it. `filename`: the owner's name for it, which betrays screenshots.

    Raises FileRejected (`too_many_pixels`, `too_large`, `corrupt`, `truncated`); a file whose pixels turn out to be
    broken only shows when it is decoded.
    """
    if file_type.kind == "video":
        return _of_video(apart.container(path, max_pixels), filename)
    blocks = read_blocks(path, file_type, max_pixels)
    exif, xmp = blocks.exif, blocks.xmp
    latitude, longitude = position.coordinates(exif, xmp) or (None, None)
    projection, field_of_view = _panorama(exif, xmp)
    return FileMetadata(
        width=blocks.width,
        height=blocks.height,
        orientation=blocks.orientation,
        exif=exif.as_json(),
        time=_time_facts(blocks, latitude, longitude),
        camera_make=_name(exif.image.text(0x10F), xmp.text("tiff:Make")),
        camera_model=_name(exif.image.text(0x110), xmp.text("tiff:Model")),
        lens_model=_name(exif.photo.text(0xA434), xmp.text("exifEX:LensModel", "aux:Lens")),
        focal_length_mm=_positive(exif.photo.number(0x920A)) or _positive(xmp.number("exif:FocalLength")),
        f_number=_positive(exif.photo.number(0x829D)) or _positive(xmp.number("exif:FNumber")),
        exposure_seconds=_positive(exif.photo.number(0x829A)) or _positive(xmp.number("exif:ExposureTime")),
        iso=_iso(exif, xmp, is_panasonic=file_type == RW2),
        rating=_rating(exif, xmp),
        title=_title(blocks),
        description=_description(blocks),
        keywords=_keywords(blocks),
        latitude=latitude,
        longitude=longitude,
        altitude_m=position.altitude_m(exif, xmp),
        direction_deg=position.direction_deg(exif, xmp),
        projection=projection,
        field_of_view_deg=field_of_view,
        is_hdr=_is_hdr(blocks),
        is_night=exif.photo.integer(0xA406) == _NIGHT_SCENE or "NIGHT" in (xmp.text("GCamera:SpecialTypeID") or ""),
        is_screenshot="Screenshot" in (exif.user_comment(), xmp.text("exif:UserComment")) or is_screenshot(filename),
        is_animated=blocks.is_animated,
        burst_id=_name(exif.apple.text(_APPLE_BURST), xmp.text("GCamera:BurstID")),
        live_content_id=_name(exif.apple.text(_APPLE_CONTENT_ID)),
        clip=find_clip(path, xmp),
    )


def _of_video(told: Container, filename: str) -> FileMetadata:
    latitude, longitude = told.latitude, told.longitude
    if latitude is None or longitude is None or not valid_coordinates(latitude, longitude):
        latitude = longitude = None
    make, model = _name(told.make), _name(told.model)
    return FileMetadata(
        width=told.width,
        height=told.height,
        duration_ms=told.duration_ms if told.duration_ms and told.duration_ms <= _MAX_INTEGER else None,
        time=TimeFacts(
            original=ExifTime(told.written), utc=told.created, latitude=latitude, longitude=longitude, of_video=True
        ),
        camera_make=make,
        camera_model=model,
        title=_text(told.title),
        description=_text(told.description),
        latitude=latitude,
        longitude=longitude,
        altitude_m=None if latitude is None else finite(told.altitude_m),
        is_hdr=told.is_hdr,
        is_screenshot=is_screenshot(filename),
        live_content_id=_name(told.content_id),
        video_codec=_name(told.video_codec),
        audio_codec=_name(told.audio_codec),
        frame_rate=_positive(told.frame_rate),
        capture_frame_rate=_positive(told.capture_frame_rate),
        bit_rate=told.bit_rate,
        plays_in_browsers=told.plays_in_browsers,
    )


def _time_facts(blocks: Blocks, latitude: float | None, longitude: float | None) -> TimeFacts:
    """EXIF's times; XMP's where an editor or a messenger has stripped EXIF's."""
    exif, xmp = blocks.exif, blocks.xmp
    original, digitized = exif.time(0x9003, 0x9291, 0x9011), exif.time(0x9004, 0x9292, 0x9012)
    return TimeFacts(
        original=_first_that_parses(original, xmp, "exif:DateTimeOriginal", "photoshop:DateCreated"),
        digitized=_first_that_parses(digitized, xmp, "exif:DateTimeDigitized", "xmp:CreateDate"),
        created=blocks.iptc.created,
        modified=exif.time(0x132, 0x9290, 0x9010),
        utc=exif.gps_time() or _xmp_utc(xmp),
        latitude=latitude,
        longitude=longitude,
    )


def _first_that_parses(written: ExifTime, xmp: Xmp, *names: str) -> ExifTime:
    """With a time where any has one."""
    candidates = (written, *(ExifTime(_whole_date(xmp.text(name))) for name in names))
    parsed = [(candidate, found) for candidate in candidates if (found := parse_date_time(candidate))]
    with_time = (candidate for candidate, found in parsed if not found.date_only)
    return next(with_time, parsed[0][0] if parsed else written)


def _whole_date(written: str | None) -> str | None:
    """XMP's dates may end behind the year or the month (ISO 16684-1, 8.2.1.2): the first day then."""
    if written and (match := re.fullmatch(r"(\d{4})(-\d\d)?", written)):
        return f"{match[1]}{match[2] or '-01'}-01"
    return written


def _xmp_utc(xmp: Xmp) -> datetime | None:
    """XMP's exif:GPSTimeStamp is a whole date in UTC, said or not."""
    parsed = parse_date_time(ExifTime(xmp.text("exif:GPSTimeStamp")))
    if parsed is None or parsed.date_only:
        return None
    try:
        return (parsed.time - parsed.offset if parsed.offset else parsed.time).replace(tzinfo=UTC)
    except OverflowError:
        return None  # in the year 1 or 9999


def _positive(number: float | None) -> float | None:
    number = finite(number)
    return number if number is not None and 0 < number < 1e6 else None


def _iso(exif: Exif, xmp: Xmp, *, is_panasonic: bool) -> int | None:
    """PhotographicSensitivity holds 65535 where the value needs more bits, which then stand beside it. Files that are
    TIFF structures themselves may keep it in their first directory, Panasonic's under tags of its own.
    """
    iso = exif.photo.integer(0x8827) or exif.image.integer(0x8827)
    if not iso or iso == 65535:
        iso = exif.photo.integer(0x8832) or exif.photo.integer(0x8831) or iso
    if not iso and is_panasonic:
        iso = exif.image.integer(0x17) or exif.image.integer(0x37)
    if not iso:
        iso = xmp.integer("exif:ISOSpeedRatings") or xmp.integer("exifEX:PhotographicSensitivity")
    return iso if iso and 0 < iso <= _MAX_INTEGER else None


def _rating(exif: Exif, xmp: Xmp) -> int | None:
    """1 to 5 stars. 0 is unrated, -1 is how editors mark a reject: neither is a rating."""
    rating = next(
        (stars for stars in (xmp.integer("xmp:Rating"), exif.image.integer(0x4746)) if stars is not None),
        _stars(xmp.integer("MicrosoftPhoto:Rating") or exif.image.integer(0x4749)),
    )
    rating = xmp.integer("acdsee:rating") if rating is None else rating
    return rating if rating is not None and 1 <= rating <= 5 else None


def _stars(percent: int | None) -> int | None:
    """Windows writes 1, 25, 50, 75 and 99."""
    return round(percent / 25) + 1 if percent is not None and 1 <= percent <= 99 else None


def _text(*candidates: str | None, limit: int = _MAX_TEXT) -> str | None:
    """The first that is not blank, without what steers terminals and devices."""
    cleaned = (_CONTROL.sub("", text).strip() for text in candidates if text)
    return next((text[:limit] for text in cleaned if text), None)


def _name(*candidates: str | None) -> str | None:
    return _text(*candidates, limit=_MAX_NAME)


def _title(blocks: Blocks) -> str | None:
    exif, xmp = blocks.exif, blocks.xmp
    return _said(blocks, xmp.text("dc:title"), blocks.iptc.title, exif.windows_text(0x9C9B), xmp.text("acdsee:caption"))


def _description(blocks: Blocks) -> str | None:
    exif, xmp = blocks.exif, blocks.xmp
    return _said(
        blocks,
        xmp.text("dc:description"),
        blocks.iptc.caption,
        exif.image.text(0x10E),
        exif.windows_text(0x9C9C),
        exif.user_comment(),
        xmp.text("tiff:ImageDescription"),
        xmp.text("exif:UserComment"),
        xmp.text("acdsee:notes"),
    )


def _said(blocks: Blocks, *candidates: str | None) -> str | None:
    """The first that a person wrote."""
    make, model = blocks.exif.image.text(0x10F), blocks.exif.image.text(0x110)
    return _text(*(text for text in candidates if text and is_said(text, make, model)))


def _keywords(blocks: Blocks) -> tuple[str, ...]:
    """Of hierarchies the last words: those above them are their kinds."""
    xmp = blocks.xmp
    windows = (blocks.exif.windows_text(0x9C9E) or "").split(";")
    flat = [*xmp.texts("dc:subject"), *blocks.iptc.keywords, *windows, *xmp.texts("acdsee:keywords")]
    paths = [text.rpartition("/")[2] for name in _BY_SLASH for text in xmp.texts(name) if text not in flat]
    paths += [text.rpartition("|")[2] for name in _BY_BAR for text in xmp.texts(name) if text not in flat]
    categories = _CATEGORY.findall(xmp.text("acdsee:categories") or "")
    found = [*flat, *paths, *xmp.texts("mwg-kw:Keywords"), *categories]
    kept = dict.fromkeys(keyword.strip()[:_MAX_KEYWORD] for keyword in found if keyword.strip())
    return tuple(kept)[:_MAX_KEYWORDS]


def _panorama(exif: Exif, xmp: Xmp) -> tuple[str | None, float | None]:
    """Projection and horizontal field of view in degrees: GPano, or Apple's word that a picture was swept."""
    projection = _name(xmp.text("GPano:ProjectionType"))
    if projection is None:
        return ("cylindrical" if exif.photo.integer(_CUSTOM_RENDERED) == _APPLE_PANORAMA else None), None
    full, shown = xmp.number("GPano:FullPanoWidthPixels"), xmp.number("GPano:CroppedAreaImageWidthPixels")
    field_of_view = 360 * shown / full if full and shown and 0 < shown <= full else None
    return projection.lower(), finite(field_of_view) or None


def _is_hdr(blocks: Blocks) -> bool:
    exif, xmp = blocks.exif, blocks.xmp
    return (
        blocks.has_wide_range
        or xmp.text("hdrgm:Version", "HDRGainMap:HDRGainMapVersion") is not None
        or any(item.semantic == "GainMap" for item in xmp.items)
        or exif.apple.integer(_APPLE_HDR_IMAGE_TYPE) == _APPLE_HDR
        or exif.photo.integer(_CUSTOM_RENDERED) in _APPLE_HDR_RENDERED
    )
