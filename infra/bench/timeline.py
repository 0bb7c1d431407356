"""The timeline of a large library: the API's handler in this process, against the bare SQL of the same data."""

import json
import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg import Connection

from infra.bench import library
from infra.bench.api import JSON, PROTOBUF, Api, large_library
from infra.bench.rows import Aim, Row, clocked, medians, progress
from pinhole.timeline import covers

REPEATS = 30
ADDED_A_SECOND = 50
LEAST_ADDED_A_SECOND = 49  # what is counted between two writes may miss one
WARM_UP_SECONDS = 3
PAUSE_SECONDS = 0.05  # between calls while items are added, so that each call finds some new ones
TIMELINE_MS = {100_000: 10, 1_000_000: 25}
WHOLE_MONTH_MS = 2_000
ALL_RATIOS = "all ratios by SQL"
COVERS = "/timeline/covers"
COVERS_MS = 100  # whatever the number of items: some of each month are looked at
MONTH = f"{library.LARGEST_MONTH:%Y-%m}"


def measure(items: int) -> Iterator[Row]:
    """Rows of a library with so many items: milliseconds on the clock, warm."""
    with large_library(items) as (api, conn, owner_id, database_url):
        yield from _idle(items, api, conn, owner_id)
        with _adding(database_url, owner_id):
            yield from _while_adding(items, api, conn, owner_id)


def _whole_month(api: Api) -> list[dict[str, Any]]:
    """The pages of the largest month, each asked for once the one before it is there."""
    pages = [_page(api, JSON, None)]
    while cursor := _next_cursor(pages[-1]):
        pages.append(_page(api, JSON, cursor))
    return pages


def _page(api: Api, accept: str, cursor: str | None) -> dict[str, Any]:
    query = {} if cursor is None else {"cursor": [cursor]}
    return api.get("/timeline/{month}", accept, query=query, month=MONTH)


def _idle(items: int, api: Api, conn: Connection, owner_id: int) -> Iterator[Row]:
    progress(f"Reading, {REPEATS} times each")
    etag = api.get("/timeline", JSON)["headers"]["ETag"]
    cursors = [None, *map(_next_cursor, _whole_month(api)[:-1])]

    def month(accept: str) -> None:
        for cursor in cursors:
            _page(api, accept, cursor)

    took = medians(
        {
            "ratios": clocked(lambda: _all_ratios(conn, owner_id)),
            "timeline": clocked(lambda: api.get("/timeline", JSON)),
            "304": clocked(lambda: api.get("/timeline", JSON, etag=etag)),
            "candidates": clocked(lambda: covers.candidates(conn, owner_id)),
            "covers": clocked(lambda: api.get(COVERS, JSON)),
            "covers, 304": clocked(lambda: api.get(COVERS, JSON, etag=etag)),
            "SQL": clocked(lambda: _month(conn, owner_id)),
            "month": clocked(lambda: month(JSON)),
            "month, protobuf": clocked(lambda: month(PROTOBUF)),
        },
        REPEATS,
    )
    aim = Aim("ours", TIMELINE_MS[items])
    yield Row(f"{items:,} items: timeline", "ms", took["timeline"], took["ratios"], ALL_RATIOS, aim)
    yield Row(f"{items:,} items: timeline, 304", "ms", took["304"], aim=Aim("ours", 5))
    yield Row(f"{items:,} items: covers", "ms", took["covers"], took["candidates"], "its SQL", Aim("ours", COVERS_MS))
    yield Row(f"{items:,} items: covers, 304", "ms", took["covers, 304"], aim=Aim("ours", 5))
    found = len(_month(conn, owner_id))
    for name in ("month", "month, protobuf"):
        label = f"{items:,} items: {name} ({found:,} items, {len(cursors)} pages)"
        yield Row(label, "ms", took[name], took["SQL"], "its SQL", Aim("ratio", 1.5))


def _while_adding(items: int, api: Api, conn: Connection, owner_id: int) -> Iterator[Row]:
    progress(f"Reading while {ADDED_A_SECOND} items a second come in, {REPEATS} times each")
    before, began = len(_month(conn, owner_id)), time.monotonic()
    whole_months: list[float] = []

    def whole_month() -> float:
        whole_months.append(clocked(lambda: _whole_month(api), PAUSE_SECONDS)())
        return whole_months[-1]

    took = medians(
        {
            "ratios": clocked(lambda: _all_ratios(conn, owner_id), PAUSE_SECONDS),
            "timeline": clocked(lambda: api.get("/timeline", JSON), PAUSE_SECONDS),
            # Any entity tag: that of now is another before it could be asked for.
            "304": clocked(lambda: api.get("/timeline", JSON, etag="*"), PAUSE_SECONDS),
            "SQL": clocked(lambda: _month(conn, owner_id), PAUSE_SECONDS),
            "month": whole_month,
        },
        REPEATS,
    )
    found = len(_month(conn, owner_id))
    rate = (found - before) / (time.monotonic() - began)
    label = f"{items:,} items and more come in"
    yield Row(f"{label}: how many", "a second", rate, aim=Aim("ours", float("inf"), LEAST_ADDED_A_SECOND))
    aim = Aim("ours", TIMELINE_MS[items])
    yield Row(f"{label}: timeline", "ms", took["timeline"], took["ratios"], ALL_RATIOS, aim)
    yield Row(f"{label}: timeline, 304", "ms", took["304"], aim=Aim("ours", 5))
    whole = f"{label}: month ({found:,} items, {len(_whole_month(api))} pages)"
    yield Row(whole, "ms", took["month"], took["SQL"], "its SQL", Aim("ratio", 2))
    aim = Aim("ours", WHOLE_MONTH_MS)
    yield Row(f"{whole}, the slowest of {len(whole_months)}", "ms", max(whole_months), aim=aim)
    yield Row(f"{label}: items of the month that its pages lack", "", _lacking(api, conn, owner_id), aim=Aim("ours", 0))


def _lacking(api: Api, conn: Connection, owner_id: int) -> int:
    """How many items that the month has from the begin of a reading to its end are on none of its pages."""
    before = {row[0] for row in _month(conn, owner_id)}
    read = {item for page in _whole_month(api) for item in json.loads(page["body"])["ids"]}
    return len(before - read)


def _next_cursor(answer: dict[str, Any]) -> str | None:
    """What asks for the page after this one; as it stands at the end of the body, to parse all of which takes long."""
    last: str = answer["body"][answer["body"].rindex('"nextCursor"') :]
    cursor: str | None = json.loads("{" + last)["nextCursor"]
    return cursor


def _all_ratios(conn: Connection, owner_id: int) -> list[Any]:
    return conn.execute(
        """
        SELECT month, array_agg(ratio ORDER BY sort_timestamp DESC, id DESC)
        FROM media_item WHERE owner_id = %s AND listed GROUP BY month
        """,
        (owner_id,),
        binary=True,
    ).fetchall()


def _month(conn: Connection, owner_id: int) -> list[Any]:
    return conn.execute(
        """
        SELECT id, ratio, kind::text, coalesce(duration_ms, 0), taken_at_local, thumb_hash, item_key, rendition_version,
            flags
        FROM media_item WHERE owner_id = %s AND month = %s AND listed
        ORDER BY sort_timestamp DESC, id DESC
        """,
        (owner_id, library.LARGEST_MONTH),
        binary=True,
    ).fetchall()


@contextmanager
def _adding(database_url: str, owner_id: int) -> Iterator[None]:
    """Somebody uploads meanwhile, in a process of their own."""
    processes = multiprocessing.get_context("spawn")
    stop = processes.Event()
    writer = processes.Process(target=library.keep_adding, args=(database_url, owner_id, ADDED_A_SECOND, stop))
    writer.start()
    try:
        time.sleep(WARM_UP_SECONDS)
        yield
    finally:
        stop.set()
        writer.join()
