"""The web client, and who may talk to the gateway at all."""

import gzip
import json
import socket

import pytest
from aiohttp.test_utils import make_mocked_request

from infra.local.gateway import Gateway
from infra.local.runtime import Runtime
from tests.infra.local.gateway.conftest import LIVE_SECRET, PAGES, Site


@pytest.mark.parametrize("path", ["/", "/timeline/2024-07", "/login?next=/", "/index.html"])
def test_pages_are_the_client_and_are_asked_for_again(site: Site, path: str) -> None:
    answer = site.request("GET", path)
    assert answer.data.decode() == PAGES["index.html"]
    assert answer.headers["Content-Type"] == "text/html"
    assert answer.headers["Cache-Control"] == "no-cache"


def test_a_page_that_has_not_changed_is_not_sent_again(site: Site) -> None:
    etag = site.request("GET", "/").headers["ETag"]
    assert site.request("GET", "/", headers={"If-None-Match": etag}).status == 304


def test_assets_are_kept_for_good(site: Site) -> None:
    answer = site.request("GET", "/assets/app-1a2b.js")
    assert answer.data.decode() == PAGES["assets/app-1a2b.js"]
    assert answer.headers["Content-Type"].endswith("/javascript")
    assert "immutable" in answer.headers["Cache-Control"]
    assert site.request("GET", "/docs-assets/init.js").headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("encoding", ["br", "gzip"])
def test_what_the_build_compressed_is_sent_so_to_whoever_takes_it(site: Site, encoding: str) -> None:
    path = site.directory / "web" / "assets" / "app-1a2b.js"
    packed = {"gzip": gzip.compress(path.read_bytes()), "br": b"packed by brotli"}[encoding]
    (compressed := path.with_name(path.name + {"br": ".br", "gzip": ".gz"}[encoding])).write_bytes(packed)
    headers = {"Accept-Encoding": f"{encoding}, deflate"}
    answer = site.request("GET", "/assets/app-1a2b.js", headers=headers)
    assert answer.headers["Content-Encoding"] == encoding
    assert answer.headers["Content-Type"].endswith("/javascript")
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.data == packed
    plain = site.request("GET", "/assets/app-1a2b.js", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert plain.headers["Vary"] == "Accept-Encoding"
    compressed.unlink()


def test_an_asset_that_is_gone_is_not_a_page(site: Site) -> None:
    assert site.request("GET", "/assets/app-old.js").status == 404


def test_a_name_that_is_longer_than_any_file_has_is_not_found(site: Site) -> None:
    assert site.request("GET", "/" + "x" * 300).status == 404


@pytest.mark.parametrize(
    "path", ["/../secret.txt", "/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt", "/..%5csecret.txt", "/a%00b.txt"]
)
def test_no_path_leads_out_of_the_client(site: Site, path: str) -> None:
    (site.directory / "secret.txt").write_text("secret")
    answer = _raw(site, f"GET {path} HTTP/1.1", f"Host: {site.origin.removeprefix('http://')}")
    assert b"secret" not in answer
    assert answer.split()[1] in {b"400", b"404"}


def test_pages_can_only_be_read(site: Site) -> None:
    assert site.request("POST", "/").status == 405


@pytest.mark.parametrize("origin", [{}, {"Origin": "null"}])
def test_what_a_phone_shares_past_the_service_worker_leads_to_a_page_that_says_what_to_do(
    site: Site, origin: dict[str, str]
) -> None:
    answer = site.request("POST", "/share", body=b"a photo", headers=origin)
    assert (answer.status, answer.headers["Location"]) == (303, "/share")


@pytest.mark.parametrize("path", ["/", "/assets/app-1a2b.js", "/api/me", "/media/x"])
def test_every_answer_is_fenced_against_other_sites(site: Site, path: str) -> None:
    headers = site.request("GET", path).headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/", "/api/me", "/media/x", "/live", "/pinhole-originals/x"])
@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example"])
def test_a_foreign_name_is_refused(site: Site, path: str, host: str) -> None:
    assert site.request("GET", path, headers={"Host": host}).status == 421


def test_a_request_without_a_name_is_refused(site: Site) -> None:
    assert _raw(site, "GET /api/me HTTP/1.0").split()[1] == b"421"


def test_health_answers_to_any_name(site: Site) -> None:
    assert site.request("GET", "/api/health", headers={"Host": "probe"}).status == 200


def test_a_page_asked_for_by_number_is_sent_to_the_one_origin_and_programs_are_answered(site: Site) -> None:
    by_number = {"Host": f"127.0.0.1:{site.origin.rpartition(':')[2]}"}
    answer = site.request("GET", "/timeline?x=%20", headers=by_number)
    assert answer.status == 308
    assert answer.headers["Location"] == f"{site.origin}/timeline?x=%20"
    assert site.request("POST", "/api/me", headers=by_number).status == 200
    assert site.request("GET", f"/{site.originals}/", headers=by_number).status == 403


@pytest.mark.parametrize(
    ("host", "status"),
    [("localhost", None), ("localhost:80", None), ("127.0.0.1", 308), ("evil.example", 421), ("localhost:9475", 421)],
)
def test_port_80_is_left_out_of_the_name(site: Site, host: str, status: int | None) -> None:
    refused = at_port_80(site)._refusal(make_mocked_request("GET", "/", {"Host": host}), "/")
    assert (None if refused is None else refused.status) == status


@pytest.mark.parametrize(("origin", "allowed"), [("http://localhost", True), ("http://localhost:9475", False)])
def test_port_80_is_left_out_of_the_origin(site: Site, origin: str, allowed: bool) -> None:
    request = make_mocked_request("POST", "/api/me", {"Host": "localhost", "Origin": origin})
    assert (at_port_80(site)._refusal(request, "/api/me") is None) == allowed


def at_port_80(site: Site) -> Gateway:
    """A gateway that does not run: not everyone may listen there."""
    runtime = Runtime(site.template, {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""})
    return Gateway(
        site.template,
        runtime,
        port=80,
        store_endpoint="",
        publishes_events=False,
        live_secret=LIVE_SECRET,
        web_root=site.directory,
    )


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:5173"])
def test_a_page_of_another_site_cannot_write(site: Site, origin: str) -> None:
    answer = site.request("POST", "/api/auth/register", headers={"Origin": origin}, body=b"{}")
    assert answer.status == 403
    assert json.loads(answer.data)["code"] == "foreign_origin"


def test_the_client_itself_can(site: Site) -> None:
    answer = site.request("POST", "/api/auth/register", headers={"Origin": site.origin}, body=b"{}")
    assert answer.status == 200


def _raw(site: Site, *lines: str) -> bytes:
    """The answer to exactly these request lines: clients tidy paths up."""
    host, port = site.origin.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=120) as connection:
        connection.sendall("".join(f"{line}\r\n" for line in (*lines, "Connection: close", "")).encode())
        return b"".join(iter(lambda: connection.recv(65536), b""))
