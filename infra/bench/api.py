"""A large library in a database of its own, and the API's handler in this process over it."""

import json
import logging
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import Connection

from infra import migrate
from infra.bench import library
from infra.bench.rows import progress
from infra.local import postgres
from pinhole import accounts, db
from pinhole.settings import settings
from pinhole.tables import user
from pinhole.tables.user import User
from pinhole.telemetry import logger

JSON, PROTOBUF = "application/json", "application/x-protobuf"


@dataclass(frozen=True, slots=True)
class Api:
    """The Chalice apps, called as API Gateway calls their functions. app_of: the one of a route."""

    app_of: Callable[[str], Callable[[dict[str, Any], None], dict[str, Any]]]
    access_token: str

    def get(
        self,
        route: str,
        accept: str = JSON,
        *,
        query: Mapping[str, Sequence[str]] | None = None,
        etag: str | None = None,
        **values: str,
    ) -> dict[str, Any]:
        """The function's answer, which is none of an error. values: what stands in the route."""
        headers = {"accept": accept, **({} if etag is None else {"if-none-match": etag})}
        return self._call("GET", route, values, headers=headers, query=query)

    def send(self, method: str, route: str, body: Any = None, **values: str) -> Any:
        """What is answered to this body."""
        headers = {"accept": JSON, "content-type": JSON}
        return json.loads(self._call(method, route, values, headers=headers, body=body)["body"])

    def _call(
        self,
        method: str,
        route: str,
        values: Mapping[str, str],
        *,
        headers: Mapping[str, str],
        query: Mapping[str, Sequence[str]] | None = None,
        body: Any = None,
    ) -> dict[str, Any]:
        answer = self.app_of(route)(
            {
                "httpMethod": method,
                "path": route.format(**values),
                "headers": {**headers, "authorization": f"Bearer {self.access_token}"},
                "multiValueQueryStringParameters": query or None,
                "pathParameters": values or None,
                "stageVariables": None,
                "requestContext": {
                    "httpMethod": method,
                    "resourcePath": route,
                    "identity": {"sourceIp": "127.0.0.1"},
                },
                "body": None if body is None else json.dumps(body),
                "isBase64Encoded": False,
            },
            None,
        )
        assert answer["statusCode"] in (200, 304), answer
        return answer


@contextmanager
def large_library(items: int) -> Iterator[tuple[Api, Connection, int, str]]:
    """A library with so many items: the API as its owner, a connection in autocommit, the owner's id, and the URL."""
    with tempfile.TemporaryDirectory(prefix="pinhole-bench-") as name:
        with postgres.start(Path(name) / "postgres") as server:
            migrate.apply(server.url)
            with psycopg.connect(server.url) as conn:
                owner = user.insert(conn, "bench", "-", "member", "bench")
                progress(f"Making a library of {items:,} items")
                library.fill(conn, owner.id, items)
                conn.execute("CHECKPOINT")
                with _api(server.url, owner) as api:
                    yield api, conn, owner.id, server.url


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
    from infra import openapi

    with db.transaction() as conn:
        token = accounts.begin_session(conn, who).access_token
    with silent():
        yield Api(openapi.app_of, token)
    db.disconnect()


@contextmanager
def silent() -> Iterator[None]:
    """What is logged meanwhile is written, and goes nowhere."""
    [handler] = logger.handlers
    assert isinstance(handler, logging.StreamHandler)
    with Path(os.devnull).open("w") as nowhere:
        before = handler.setStream(nowhere)
        yield
        handler.setStream(before)
