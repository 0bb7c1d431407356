"""Bodies on their way to the store: whose they are, how many at once, and how slow they may be."""

import socket
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from urllib.parse import urlsplit
from zlib import crc32

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from infra.local import store
from infra.local.s3_proxy import MAX_FAST_BODIES
from tests.infra.local.gateway.conftest import Site, eventually

HOUR = timedelta(hours=1)
EXPECTING = {"Expect": "100-continue"}


def presigned(site: Site, key: str, **signed: object) -> str:
    params = {"Bucket": site.originals, "Key": key, **signed}
    return site.s3.generate_presigned_url("put_object", params).removeprefix(site.origin)


@contextmanager
def putting(
    site: Site, path: str, *, length: int = 1_000_000_000, headers: Mapping[str, str] | None = None
) -> Iterator[socket.socket]:
    """The connection of a PUT of which only the head was sent."""
    host = urlsplit(site.origin)
    sent = {"Host": host.netloc, "Content-Length": length, **(headers or {})}
    with socket.create_connection((host.hostname, host.port), timeout=120) as connection:
        lines = [f"PUT {path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items())]
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        yield connection


def refusal(site: Site, path: str, headers: Mapping[str, str] | None = None) -> str:
    """Status and code of the answer to a PUT that has sent nothing of its body, and is told to send none."""
    with putting(site, path, headers={**EXPECTING, **(headers or {})}) as connection:
        answer = connection.recv(10_000).decode()
    assert "\r\nContent-Type: application/xml" in answer
    return f"{answer.split()[1]} {answer.partition('<Code>')[2].partition('</Code>')[0]}"


def header_signed(
    site: Site,
    objects: store.Store,
    key: str,
    when: datetime,
    headers: Mapping[str, str] | None = None,
    *,
    secret: str = "",
) -> dict[str, str]:
    """The headers of a PUT that an SDK signed then."""
    request = AWSRequest("PUT", f"{site.origin}/{site.originals}/{key}", headers=dict(headers or {}))
    credentials = Credentials(objects.credentials.access_key, secret or objects.credentials.secret_key)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.auth.get_current_datetime", lambda: when)
        S3SigV4Auth(credentials, "s3", "us-east-1").add_auth(request)
    return dict(request.headers.items())


def test_a_body_without_a_signature_is_not_taken(site: Site) -> None:
    path = f"/{site.originals}/unsigned"
    assert refusal(site, path) == "403 AccessDenied"
    assert refusal(site, path, {"Authorization": "Bearer of-a-token"}) == "403 AccessDenied"
    assert refusal(site, path, {"Authorization": "AWS AKIA:of-version-2"}) == "403 AccessDenied"


BENT = {
    "another key": ("X-Amz-Credential=", "X-Amz-Credential=A", "403 InvalidAccessKeyId"),
    "another region": ("us-east-1", "us-east-2", "403 SignatureDoesNotMatch"),
    "another object": ("/bent", "/another", "403 SignatureDoesNotMatch"),
    "another version": ("?", "?versionId=1&", "403 SignatureDoesNotMatch"),
    "another signature": ("Signature=", "Signature=%C3%BC", "403 SignatureDoesNotMatch"),
    "headers that did not come": ("SignedHeaders=host", "SignedHeaders=host%3Bx-a", "403 SignatureDoesNotMatch"),
    "a longer life": ("Expires=3600", "Expires=3601", "403 SignatureDoesNotMatch"),
    "a life beyond S3's longest": ("Expires=3600", "Expires=604801", "400 AuthorizationQueryParametersError"),
    "a life that is no number": ("Expires=3600", "Expires=long", "400 AuthorizationQueryParametersError"),
    "no date": ("X-Amz-Date", "X-Amz-Dat", "400 AuthorizationQueryParametersError"),
    "a scope that is none": ("%2Faws4_request", "", "400 AuthorizationQueryParametersError"),
    "a date that is none": ("X-Amz-Date=2", "X-Amz-Date=x", "403 AccessDenied"),
}


@pytest.mark.parametrize("bend", BENT)
def test_a_body_whose_signature_was_bent_is_not_taken(site: Site, bend: str) -> None:
    before, after, answer = BENT[bend]
    assert refusal(site, presigned(site, "bent").replace(before, after, 1)) == answer


def test_a_body_is_not_taken_before_nor_after_its_time(
    site: Site, objects: store.Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, now = f"/{site.originals}/late", datetime.now(UTC)
    for away in (-HOUR, HOUR):
        assert refusal(site, path, header_signed(site, objects, "late", now + away)) == "403 RequestTimeTooSkewed"
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: now - 2 * HOUR)
    assert refusal(site, presigned(site, "late")) == "403 AccessDenied"


def test_a_header_that_signs_nothing_is_refused(site: Site, objects: store.Store) -> None:
    path, now = f"/{site.originals}/header", datetime.now(UTC)
    other = header_signed(site, objects, "header", now, secret="another secret")
    assert refusal(site, path, other) == "403 SignatureDoesNotMatch"
    for lacking in ("X-Amz-Date", "X-Amz-Content-SHA256"):
        headers = header_signed(site, objects, "header", now)
        del headers[lacking]
        assert refusal(site, path, headers) == "400 AuthorizationHeaderMalformed"
    assert refusal(site, path, {"Authorization": "AWS4-HMAC-SHA256 nonsense"}) == "400 AuthorizationHeaderMalformed"


@pytest.mark.parametrize("kind", ["STREAMING-UNSIGNED-PAYLOAD-TRAILER", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"])
def test_a_presigned_body_comes_in_no_chunks(site: Site, kind: str) -> None:
    assert refusal(site, presigned(site, "chunked"), {"x-amz-content-sha256": kind}) == "400 InvalidRequest"
    assert refusal(site, f"{presigned(site, 'chunked')}&X-Amz-Content-Sha256={kind}") == "400 InvalidRequest"


@pytest.mark.parametrize("key", ["a b+c/ü", "a%2Fb", "(1)!*'", "a=b&c;d"])
def test_what_a_sdk_signs_is_taken_however_the_key_is_written(site: Site, key: str) -> None:
    path = presigned(site, key, ContentType="text/plain", Metadata={"a": "two  spaces"})
    headers = {"Content-Type": "text/plain", "x-amz-meta-a": "two  spaces"}
    assert site.request("PUT", path, body=b"photo", headers=headers).status == 200
    site.s3.put_object(Bucket=site.originals, Key=key, Body=b"again", Metadata={"b": "1, 2"})
    assert site.s3.get_object(Bucket=site.originals, Key=key)["Body"].read() == b"again"


@pytest.mark.parametrize(
    ("sent", "kept"), [("aws-chunked", None), ("gzip,aws-chunked", "gzip"), ("aws-chunked, gzip, br", "gzip, br")]
)
def test_a_body_in_chunks_is_kept_without_them(site: Site, objects: store.Store, sent: str, kept: str | None) -> None:
    chunks = b"5\r\nphoto\r\n0\r\nx-amz-checksum-crc32:%s\r\n\r\n" % b64encode(crc32(b"photo").to_bytes(4, "big"))
    told = {"Content-Encoding": sent, "x-amz-decoded-content-length": "5", "x-amz-trailer": "x-amz-checksum-crc32"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(S3SigV4Auth, "payload", lambda *_: "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
        headers = told | header_signed(site, objects, "chunks", datetime.now(UTC), told)
    assert site.request("PUT", f"/{site.originals}/chunks", body=chunks, headers=headers).status == 200
    stored = site.s3.get_object(Bucket=site.originals, Key="chunks")
    assert (stored["Body"].read(), stored.get("ContentEncoding")) == (b"photo", kept)
    assert site.s3.head_object(Bucket=site.originals, Key="chunks").get("ContentEncoding") == kept


def test_a_body_more_than_there_may_be_is_to_come_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.local.s3_proxy.MAX_BODIES", 1)
    with putting(site, presigned(site, "only"), length=5, headers=EXPECTING) as connection:
        assert connection.recv(1000).startswith(b"HTTP/1.1 100")
        refused = site.request("PUT", presigned(site, "more"), body=b"photo")
        assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
        assert b"<Code>SlowDown</Code>" in refused.data
        assert site.request("GET", "/").status == 200
        connection.sendall(b"photo")
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
    assert site.request("PUT", presigned(site, "more"), body=b"photo").status == 200


@contextmanager
def begun(site: Site, keys: list[str]) -> Iterator[list[socket.socket]]:
    """Connections of PUTs of 5 bytes that the gateway has begun to read, and that have sent nothing."""
    with ExitStack() as stack:
        connections = [
            stack.enter_context(putting(site, presigned(site, key), length=5, headers=EXPECTING)) for key in keys
        ]
        for connection in connections:
            assert connection.recv(1000).startswith(b"HTTP/1.1 100")
        yield connections


def test_a_body_waits_for_its_turn(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.local.streams.TURN_SECONDS", 1000)
    path = presigned(site, "waiting")
    with (
        begun(site, [f"quick-{number}" for number in range(MAX_FAST_BODIES)]) as quick,
        putting(site, path, length=5, headers=EXPECTING) as waiting,
    ):
        waiting.settimeout(0.2)
        with pytest.raises(TimeoutError):
            waiting.recv(1000)
        waiting.settimeout(120)
        quick[0].sendall(b"photo")
        assert waiting.recv(1000).startswith(b"HTTP/1.1 100")


def test_bodies_that_are_slow_let_others_pass(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.local.streams.TURN_SECONDS", 0.01)
    with begun(site, [f"slow-{number}" for number in range(MAX_FAST_BODIES + 2)]):
        assert site.request("PUT", presigned(site, "passes"), body=b"photo").status == 200


def test_the_store_takes_others_while_much_of_slow_bodies_is_to_come(site: Site) -> None:
    with ExitStack() as stack:
        for number in range(3):
            connection = stack.enter_context(putting(site, presigned(site, f"much-{number}")))
            connection.sendall(b"x" * 100_000)
        assert site.request("PUT", presigned(site, "little"), body=b"photo", timeout=120).status == 200


@pytest.mark.parametrize(("bytes_a_second", "rest", "status"), [(1, b"", b"400"), (0.01, b"hoto", b"200")])
def test_a_body_has_longer_for_what_it_has_brought(
    site: Site, monkeypatch: pytest.MonkeyPatch, bytes_a_second: float, rest: bytes, status: bytes
) -> None:
    looks: list[int] = []

    def monotonic() -> int:
        looks.append(40)  # seconds that pass from one look to the next: more than a body has that has brought nothing
        return sum(looks)

    monkeypatch.setattr("infra.local.streams.time", SimpleNamespace(monotonic=monotonic))
    monkeypatch.setattr("infra.local.streams.LEAST_BYTES_A_SECOND", bytes_a_second)
    with begun(site, ["trickle"]) as (connection,):
        connection.sendall(b"p")
        eventually(lambda: len(looks) >= 3)
        connection.sendall(rest)
        assert connection.recv(1000).split()[1] == status
