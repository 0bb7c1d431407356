"""Nothing that opens a door, and nobody's position, is in any log."""

import asyncio
import json
import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import psycopg
import pytest

from infra.local.postgres import Postgres
from pinhole_client import Problem
from tests.fixtures.instance import ACCOUNT, Instance, eventually
from tests.fixtures.pictures import jpeg

LATITUDE, LONGITUDE = 43.4674, 11.8851
SIGNATURES = {"X-Amz-Signature", "X-Amz-Credential", "s"}
JSON_WEB_TOKEN = re.compile(r"eyJ[\w-]{10,}\.[\w-]+\.[\w-]+")


def strings_of(value: Any) -> Iterator[str]:
    """Every string in an answer of the API, or a file of secrets."""
    match value:
        case str():
            yield value
        case dict():
            for inner in value.values():
                yield from strings_of(inner)
        case list():
            for inner in value:
                yield from strings_of(inner)


def signatures_in(answer: Any) -> Iterator[str]:
    """What makes the URLs in an answer of the API valid."""
    for text in strings_of(answer):
        if text.startswith(("http://", "/media/")):
            yield from (value for name, value in parse_qsl(urlsplit(text).query) if name in SIGNATURES)


async def listen(instance: Instance, ticket: str) -> None:
    """Open the WebSocket with a ticket, once rightly and once again."""
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(f"{instance.origin}/live?ticket={ticket}"):
            pass
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(f"{instance.origin}/live?ticket={ticket}")


def everything_logged(instance: Instance) -> dict[str, str]:
    """All that was printed or written to a log, by where."""
    files = [path for path in instance.data.rglob("log*") if path.is_file() and path.suffix in {"", ".old", ".1"}]
    return {"terminal": "".join(instance.said)} | {
        str(path.relative_to(instance.data)): path.read_text(errors="replace") for path in files
    }


def test_no_signed_url_no_token_and_no_position_is_in_any_log_of_a_run(directory: Path) -> None:
    secrets: set[str] = {ACCOUNT["password"]}
    with Instance(directory) as instance:
        tokens = instance.call("POST", "/auth/register", ACCOUNT)
        tokens |= instance.call("POST", "/auth/refresh", {"refreshToken": tokens["refreshToken"]})
        secrets |= {tokens["accessToken"], tokens["refreshToken"]}
        instance.client.access_token = tokens["accessToken"]
        with pytest.raises(Problem):
            instance.call("POST", "/auth/login", {**ACCOUNT, "password": "not the password at all"})
        secrets.add("not the password at all")

        ticket = instance.call("POST", "/live/ticket")["ticket"]
        secrets.add(ticket)
        asyncio.run(listen(instance, ticket))

        photo = jpeg(coordinates=(LATITUDE, LONGITUDE))
        upload_id = instance.upload(photo)
        item = instance.item_of(upload_id)
        assert item["coordinates"]["latitude"] == pytest.approx(LATITUDE, abs=1e-3)
        broken = instance.upload(photo[: len(photo) // 2])
        eventually(lambda: instance.call("GET", f"/uploads/{broken}"), lambda upload: upload["state"] == "failed")
        month = instance.call("GET", f"/timeline/{item['takenAtLocal'][:7]}")
        secrets |= {*signatures_in(item), *month["signatures"]}
        for url in (item["original"]["url"], f"{instance.origin}{item['renditions'][0]['url']}"):
            with urllib.request.urlopen(url) as answer:
                answer.read()
            with pytest.raises(urllib.error.HTTPError) as refused:  # what is refused may be logged sooner
                urllib.request.urlopen(url.replace("=", "=0"))
            refused.value.close()

        made, orders = (json.loads((instance.data / name).read_text()) for name in ("secrets.json", "running.json"))
        secrets |= {text for text in strings_of(made) if len(text) > 8} | {orders["lambda"].rpartition("/")[2]}
        secrets.add((instance.data / "postgres" / "password").read_text())
        instance.process_of("weed").kill()
        instance.wait_for("answers again")
        while not instance.lines.empty():
            instance.said.append(instance.lines.get())
        logs = everything_logged(instance)

    assert upload_id in logs["log"]
    assert {"postgres/log", "queue/log", "store/log"} <= logs.keys()
    assert len(secrets) > 12
    for where, text in logs.items():
        for secret in secrets:
            assert secret not in text, where
        assert not JSON_WEB_TOKEN.search(text), where
        for degrees in (LATITUDE, LONGITUDE):
            assert f"{degrees:.2f}" not in text, where


def test_the_database_does_not_log_what_is_in_a_row_that_it_refuses(
    postgres_server: Postgres, conn: psycopg.Connection
) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        conn.execute("INSERT INTO session (id, user_id) VALUES ('a secret of the tests', 1)")
    log = postgres_server.log.read_text()
    assert "session_id_check" in log
    assert log.count("a secret of the tests") == log.count("VALUES ('a secret of the tests'")
