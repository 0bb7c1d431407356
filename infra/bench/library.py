"""A library of one owner over ten years, and somebody who uploads into it."""

import time
from datetime import UTC, date, datetime, timedelta
from itertools import count
from multiprocessing.synchronize import Event

import psycopg
from psycopg import Connection

from pinhole.ids import new_id, new_key
from pinhole.tables import media_item, timeline_month
from pinhole.tables.media_item import Metadata, Original, RenditionSet

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
    """Insert finished photos, a month's beside each other as imports leave them, with 1 kB of EXIF each."""
    conn.execute(
        """
        INSERT INTO media_item (id, owner_id, item_key, object_key, etag, size_bytes, filename, sha256, mime_type,
            kind, width, height, metadata_at, taken_at_local, taken_at_utc, sort_timestamp, time_source,
            time_confidence, camera_make, camera_model, renditions_at, rendition_version, renditions, rendition_bytes,
            thumb_hash, colours, exif)
        SELECT left(md5('i' || n), 12), %(owner_id)s, left(md5('k' || n), 24), 'bench/filled/' || n, md5(n::text),
            2000000 + n %% 1000000, format('IMG_%%s.jpg', n), sha256(n::text::bytea), 'image/jpeg',
            'photo', CASE n %% 4 WHEN 0 THEN 3024 ELSE 4032 END, CASE n %% 4 WHEN 0 THEN 4032 ELSE 3024 END, now(),
            taken, taken, taken, 'DateTimeOriginal', 'high', 'Pinhole', 'Camera Obscura', now(), 1,
            '[{"name": "1440.webp"}, {"name": "480.webp"}, {"name": "240.webp"}]', 400000,
            decode(md5(n::text) || '001122334455667788', 'hex'), ARRAY[n, n + 1, n + 2],
            jsonb_build_object('Make', 'Pinhole', 'MakerNote', repeat(md5(n::text), 30))
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


def _add(conn: Connection, owner_id: int, number: int) -> None:
    key = f"bench/added/{new_id()}"
    arrived = Original(owner_id, key, None, "-", None, 2_000_000, "IMG_0001.jpg", None)
    with conn.transaction():
        item_id = media_item.find_or_add(conn, arrived).id
    moment = datetime(LARGEST_MONTH.year, LARGEST_MONTH.month, 1, 12) + timedelta(seconds=number)  # noqa: DTZ001 - local
    metadata = Metadata(
        sha256=new_key().encode().ljust(32),
        mime_type="image/jpeg",
        kind="photo",
        width=4032,
        height=3024,
        duration_ms=None,
        taken_at_local=moment,
        taken_at_utc=None,
        utc_offset_seconds=None,
        timezone_name=None,
        time_source="DateTimeOriginal",
        time_confidence="low",
        sort_timestamp=moment.replace(tzinfo=UTC),
        exif={"MakerNote": key * 30},
    )
    with conn.transaction():
        media_item.commit_metadata(conn, item_id, metadata)
    made = RenditionSet(1, [{"name": "1440.webp", "bytes": 400_000}], bytes(25), [0x112233])
    with conn.transaction():
        media_item.commit_renditions(conn, item_id, made)
        timeline_month.bump(conn, owner_id, [LARGEST_MONTH])
