"""A library of one owner over ten years, and somebody who uploads into it."""

import time
from datetime import UTC, date, datetime, timedelta
from itertools import count
from multiprocessing.synchronize import Event

import psycopg
from psycopg import Connection

from pinhole.ids import new_id, new_key
from pinhole.tables import item_metadata, media_item, original_file, outbox, rendition, timeline_month
from pinhole.tables.item_metadata import ItemMetadata, Layer
from pinhole.tables.media_item import Shape
from pinhole.tables.original_file import Role, Stored
from pinhole.tables.outbox import Change
from pinhole.tables.rendition import Rendition

FIRST_YEAR, YEARS = 2015, 10
# Twelfths of a hundred and twenty: people take more photos in summer. The largest months hold 1.1 % of all items.
SHARES = (8, 8, 9, 9, 10, 11, 13, 13, 10, 10, 9, 10)
LARGEST_MONTH = date(2024, 7, 1)
MONTHS = [
    date(year, month, 1)
    for year in range(FIRST_YEAR, FIRST_YEAR + YEARS)
    for month, share in enumerate(SHARES, start=1)
    for _ in range(share)
]


def fill(conn: Connection, owner_id: int, items: int) -> None:
    """Insert finished photos, a month's beside each other as imports leave them, where the timeline reads them."""
    conn.execute(
        """
        INSERT INTO media_item (owner_id, id, item_key, kind, width, height, metadata_at, taken_at_local, taken_at_utc,
            sort_timestamp, time_source, time_confidence, renditions_at, rendition_version, thumb_hash, favourite,
            has_clip)
        SELECT %(owner_id)s, left(md5('i' || n), 12), left(md5('k' || n), 24), 'photo',
            CASE n %% 4 WHEN 0 THEN 3024 ELSE 4032 END, CASE n %% 4 WHEN 0 THEN 4032 ELSE 3024 END, now(),
            taken, taken, taken, 'exif_original', 'high', now(), 1,
            decode(md5(n::text) || '001122334455667788', 'hex'), n %% 20 = 0, n %% 3 = 0
        FROM generate_series(0, %(items)s - 1) AS n,
            LATERAL (SELECT (%(months)s::date[])[1 + n::bigint * %(slots)s / %(items)s]
                + make_interval(secs => n::bigint * 7919 %% 2419200)) AS at (taken)
        """,
        {"owner_id": owner_id, "items": items, "months": MONTHS, "slots": len(MONTHS)},
    )
    timeline_month.bump(conn, owner_id, MONTHS)
    conn.commit()
    conn.autocommit = True
    conn.execute("VACUUM ANALYZE media_item")


def keep_adding(database_url: str, owner_id: int, items_a_second: float, stop: Event) -> None:
    """Commit new photos of the largest month as ingest does, so many a second, until told to stop."""
    with psycopg.connect(database_url, autocommit=True) as conn:
        began = time.monotonic()
        for number in count():
            if stop.wait(max(0.0, began + number / items_a_second - time.monotonic())):
                return
            _add(conn, owner_id, number)


def shape_of(moment: datetime, width: int, height: int) -> Shape:
    """Of a photo whose clock on the wall said this, and whose zone nobody knows."""
    return Shape(
        kind="photo",
        width=width,
        height=height,
        duration_ms=None,
        taken_at_local=moment,
        taken_at_utc=None,
        utc_offset_seconds=None,
        timezone_name=None,
        time_source="exif_original",
        time_confidence="low",
        sort_timestamp=moment.replace(tzinfo=UTC),
    )


def _add(conn: Connection, owner_id: int, number: int) -> None:
    key = f"bench/added/{new_id()}"
    with conn.transaction():
        item = media_item.insert(conn, owner_id, None)
        stored = Stored(key, None, "-", None, 2_000_000, "IMG_0001.jpg", None, None)
        original_file.insert(conn, owner_id, item.id, Role.MAIN, stored)
    moment = datetime(LARGEST_MONTH.year, LARGEST_MONTH.month, 1, 12) + timedelta(seconds=number)  # noqa: DTZ001 - local
    shape = shape_of(moment, 4032, 3024)
    with conn.transaction():
        sha256 = new_key().encode().ljust(32)
        original_file.mark_read(conn, owner_id, key, sha256=sha256, sha1=sha256[:20], mime_type="image/jpeg")
        media_item.commit_metadata(conn, owner_id, item.id, shape)
        item_metadata.insert(conn, owner_id, item.id, ItemMetadata(exif={"MakerNote": key * 30}))
        item_metadata.say(conn, owner_id, item.id, Layer.FILE, {"time": {"takenAtLocal": moment.isoformat()}})
        outbox.add(conn, owner_id, item.id, Change.BORN, after={"itemKey": item.item_key, "objectKey": key})
    with conn.transaction():
        media_item.commit_renditions(conn, owner_id, item.id, version=1, thumb_hash=bytes(25))
        rendition.replace(conn, owner_id, item.id, [Rendition("1440.webp", 1, 1920, 1440, 400_000)])
        item_metadata.mark_looked_at(conn, owner_id, item.id, colours=[0x112233], perceptual_hash=0)
        timeline_month.bump(conn, owner_id, [LARGEST_MONTH])
