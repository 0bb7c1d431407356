"""The timeline of a large library: the API's handler in this process, against the bare SQL of the same data."""

import json
import logging
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import Connection

from infra import migrate
from infra.bench import library
from infra.bench.rows import Aim, Row, medians, progress
from infra.local import postgres
from pinhole import accounts, db
from pinhole.settings import settings
from pinhole.tables import user
from pinhole.tables.user import User
from pinhole.telemetry import logger

REPEATS = 30
ADDED_A_SECOND = 50
LEAST_ADDED_A_SECOND = 49  # what is counted between two writes may miss one
WARM_UP_SECONDS = 3
PAUSE_SECONDS = 0.05  # between calls while items are added, so that each call finds some new ones
TIMELINE_MS = {100_000: 10, 1_000_000: 25}
WHOLE_MONTH_MS = 2_000
JSON, PROTOBUF = "application/json", "application/x-protobuf"
ALL_RATIOS = "all ratios by SQL"
MONTH = f"{library.LARGEST_MONTH:%Y-%m}"


def measure(items: int) -> Iterator[Row]:
    """Rows of a library with so many items: milliseconds on the clock, warm."""
    with tempfile.TemporaryDirectory(prefix="pinhole-bench-") as name:
        with postgres.start(Path(name) / "postgres") as server:
            migrate.apply(server.url)
            with psycopg.connect(server.url) as conn:
                owner = user.insert(conn, "bench", "-", "member", "bench")
                progress(f"Making a library of {items:,} items")
                library.fill(conn, owner.id, items)
                conn.execute("CHECKPOINT")
                with _api(server.url, owner) as api:
                    yield from _idle(items, api, conn, owner.id)
                    with _adding(server.url, owner.id):
                        yield from _while_adding(items, api, conn, owner.id)


@dataclass(frozen=True, slots=True)
class Api:
    """The Chalice app, called as API Gateway calls the function."""

    app: Callable[[dict[str, Any], None], dict[str, Any]]
    access_token: str

    def get(self, path: str, accept: str, *, cursor: str | None = None, etag: str | None = None) -> dict[str, Any]:
        """The function's answer, which is none of an error."""
        month = path.removeprefix("/timeline").removeprefix("/")
        route = "/timeline/{month}" if month else "/timeline"
        answer = self.app(
            {
                "httpMethod": "GET",
                "path": path,
                "headers": {
                    "accept": accept,
                    "authorization": f"Bearer {self.access_token}",
                    **({"if-none-match": etag} if etag else {}),
                },
                "multiValueQueryStringParameters": {"cursor": [cursor]} if cursor else None,
                "pathParameters": {"month": month} if month else None,
                "stageVariables": None,
                "requestContext": {
                    "httpMethod": "GET",
                    "resourcePath": route,
                    "identity": {"sourceIp": "127.0.0.1"},
                },
                "body": None,
                "isBase64Encoded": False,
            },
            None,
        )
        assert answer["statusCode"] in (200, 304), answer
        return answer

    def whole_month(self) -> list[dict[str, Any]]:
        """The pages of the largest month, each asked for once the one before it is there."""
        pages = [self.get(f"/timeline/{MONTH}", JSON)]
        while cursor := _next_cursor(pages[-1]):
            pages.append(self.get(f"/timeline/{MONTH}", JSON, cursor=cursor))
        return pages


def _idle(items: int, api: Api, conn: Connection, owner_id: int) -> Iterator[Row]:
    progress(f"Reading, {REPEATS} times each")
    etag = api.get("/timeline", JSON)["headers"]["ETag"]
    cursors = [None, *map(_next_cursor, api.whole_month()[:-1])]

    def month(accept: str) -> None:
        for cursor in cursors:
            api.get(f"/timeline/{MONTH}", accept, cursor=cursor)

    took = medians(
        {
            "ratios": _clocked(lambda: _all_ratios(conn, owner_id)),
            "timeline": _clocked(lambda: api.get("/timeline", JSON)),
            "304": _clocked(lambda: api.get("/timeline", JSON, etag=etag)),
            "SQL": _clocked(lambda: _month(conn, owner_id)),
            "month": _clocked(lambda: month(JSON)),
            "month, protobuf": _clocked(lambda: month(PROTOBUF)),
        },
        REPEATS,
    )
    aim = Aim("ours", TIMELINE_MS[items])
    yield Row(f"{items:,} items: timeline", "ms", took["timeline"], took["ratios"], ALL_RATIOS, aim)
    yield Row(f"{items:,} items: timeline, 304", "ms", took["304"], aim=Aim("ours", 5))
    found = len(_month(conn, owner_id))
    for name in ("month", "month, protobuf"):
        label = f"{items:,} items: {name} ({found:,} items, {len(cursors)} pages)"
        yield Row(label, "ms", took[name], took["SQL"], "its SQL", Aim("ratio", 1.5))


def _while_adding(items: int, api: Api, conn: Connection, owner_id: int) -> Iterator[Row]:
    progress(f"Reading while {ADDED_A_SECOND} items a second come in, {REPEATS} times each")
    before, began = len(_month(conn, owner_id)), time.monotonic()
    whole_months: list[float] = []

    def whole_month() -> float:
        whole_months.append(_clocked(api.whole_month, PAUSE_SECONDS)())
        return whole_months[-1]

    took = medians(
        {
            "ratios": _clocked(lambda: _all_ratios(conn, owner_id), PAUSE_SECONDS),
            "timeline": _clocked(lambda: api.get("/timeline", JSON), PAUSE_SECONDS),
            # Any entity tag: that of now is another before it could be asked for.
            "304": _clocked(lambda: api.get("/timeline", JSON, etag="*"), PAUSE_SECONDS),
            "SQL": _clocked(lambda: _month(conn, owner_id), PAUSE_SECONDS),
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
    whole = f"{label}: month ({found:,} items, {len(api.whole_month())} pages)"
    yield Row(whole, "ms", took["month"], took["SQL"], "its SQL", Aim("ratio", 2))
    aim = Aim("ours", WHOLE_MONTH_MS)
    yield Row(f"{whole}, the slowest of {len(whole_months)}", "ms", max(whole_months), aim=aim)
    yield Row(f"{label}: items of the month that its pages lack", "", _lacking(api, conn, owner_id), aim=Aim("ours", 0))


def _lacking(api: Api, conn: Connection, owner_id: int) -> int:
    """How many items that the month has from the begin of a reading to its end are on none of its pages."""
    before = {row[0] for row in _month(conn, owner_id)}
    read = {item for page in api.whole_month() for item in json.loads(page["body"])["ids"]}
    return len(before - read)


def _next_cursor(answer: dict[str, Any]) -> str | None:
    """What asks for the page after this one; as it stands at the end of the body, to parse all of which takes long."""
    last: str = answer["body"][answer["body"].rindex('"nextCursor"') :]
    cursor: str | None = json.loads("{" + last)["nextCursor"]
    return cursor


def _clocked(work: Callable[[], object], pause_seconds: float = 0.0) -> Callable[[], float]:
    """Measures milliseconds on the clock, after a pause."""

    def measure() -> float:
        time.sleep(pause_seconds)
        began = time.perf_counter()
        work()
        return (time.perf_counter() - began) * 1000

    return measure


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
def _api(database_url: str, who: User) -> Iterator[Api]:
    """The app with its settings, and a session. What it logs is written, and goes nowhere."""
    os.environ.update(
        PINHOLE_DATABASE_URL=database_url,
        PINHOLE_ORIGINALS_BUCKET="originals",
        PINHOLE_RENDITIONS_BUCKET="renditions",
        PINHOLE_TOKEN_SECRET="a secret of the bench, long enough to sign with",  # noqa: S106
        PINHOLE_MEDIA_KEYS='{"k1": "a media key of the bench"}',
        PINHOLE_MEDIA_KEY_ID="k1",
    )
    settings.cache_clear()
    from api.app import app

    with db.transaction() as conn:
        token = accounts.begin_session(conn, who).access_token
    with _silent():
        yield Api(app, token)
    db.disconnect()


@contextmanager
def _silent() -> Iterator[None]:
    [handler] = logger.handlers
    assert isinstance(handler, logging.StreamHandler)
    with Path(os.devnull).open("w") as nowhere:
        before = handler.setStream(nowhere)
        yield
        handler.setStream(before)


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
