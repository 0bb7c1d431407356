"""Pinhole's API, call by call, and the store that its URLs lead to."""

import json
import threading
from collections.abc import Sequence
from itertools import chain
from typing import Any, BinaryIO, Protocol, cast
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from pinhole_client import wire
from pinhole_client.errors import BrokenAnswer, Problem, SecondFactorAsked, StoreRefused, Unreachable
from pinhole_client.shapes import ASKED, BEGUN, EXISTING, OUTCOME, PARTS, SINGLE, STATUS, TOKENS, Shape, has_shape

# A connection that takes no block in so long, or gives no answer, counts as broken.
_TIMEOUT = urllib3.Timeout(connect=30, read=60)
_PARTING_TIMEOUT = urllib3.Timeout(connect=1, read=1)
_BLOCK_BYTES = 64 * 1024
_UNAUTHORIZED, _PRECONDITION_FAILED = 401, 412


class Readable(Protocol):
    """What is sent, block by block."""

    def read(self, size: int, /) -> bytes: ...


class Client:
    """One user of one Pinhole. May be used by several threads at once.

    server: such as `https://photos.example.org`. token: an access token, for which no session is begun or renewed.
    public_origin: where the server says that it is, if that leads nowhere from here: what it hands out for there is
    asked of `server`, as the proxy before it does.
    connections: how many stay open. Raises ValueError for a server or a token that can be none.

    Each call raises Problem for what the API refuses, Unreachable where no answer comes, and BrokenAnswer for one that
    is none of Pinhole's. An access token that has run out is renewed, and the call made again.
    """

    def __init__(
        self, server: str, *, token: str | None = None, public_origin: str | None = None, connections: int = 8
    ) -> None:
        self.server = _address(server)
        if token is not None and not _fits_header(token):
            raise ValueError("The access token has characters in it that none has.")  # which is not shown
        self._public_origin = public_origin
        self.access_token = token
        """Of the session. Not to be logged."""
        self._refresh_token: str | None = None
        self._credentials: wire.Credentials | None = None
        self._renewing = threading.Lock()
        self._timeout = _TIMEOUT
        self._http = urllib3.PoolManager(
            maxsize=connections, retries=False, blocksize=_BLOCK_BYTES, cert_reqs="CERT_REQUIRED"
        )

    def onboarding(self) -> wire.OnboardingState:
        """Whether the first user may still register, and what the library is called."""
        return cast(wire.OnboardingState, self._shaped(dict, self._public("GET", "/onboarding")))

    def health(self) -> wire.Health:
        """Whether each part answers. Raises Problem when one does not."""
        return cast(wire.Health, self._shaped(dict, self._public("GET", "/health")))

    def register(self, name: str, password: str) -> None:
        """Register the first user, and begin a session."""
        self._begin_session("/auth/register", {"name": name, "password": password})

    def log_in(self, name: str, password: str) -> None:
        """Begin a session. It is renewed as long as this client lives. Raises SecondFactorAsked."""
        self._begin_session("/auth/login", {"name": name, "password": password})

    def log_out(self) -> None:
        """End the session. A server that gives no answer at once is not waited for: the session ends by itself."""
        if self._renewing.locked():
            return
        self._timeout = _PARTING_TIMEOUT
        try:
            self.request("POST", "/auth/logout")
        finally:
            self._timeout = _TIMEOUT
        self.access_token = self._refresh_token = self._credentials = None

    def me(self) -> wire.Account:
        """Who the caller is."""
        return cast(wire.Account, self._read(dict, "GET", "/me"))

    def existing(self, sha256s: Sequence[str]) -> dict[str, str]:
        """Item by SHA-256, of at most 5,000 files: what is missing here is neither in the library nor in its trash."""
        read = self._read(EXISTING, "POST", "/uploads/check", {"sha256s": list(sha256s)})
        answer = cast(wire.ExistingItems, read)
        return answer["existing"] | answer["trashed"]

    def begin(self, promise: wire.BeginUpload) -> wire.SingleUpload | wire.MultipartUpload | wire.DuplicateUpload:
        """Begin an upload, or go on with the open one of the same bytes."""
        answer = self._read(BEGUN, "POST", "/uploads", promise)
        return cast("wire.SingleUpload | wire.MultipartUpload | wire.DuplicateUpload", answer)

    def sign_again(self, upload_id: str) -> wire.SingleUpload:
        """Another URL for an upload of one PUT."""
        return cast(wire.SingleUpload, self._read(SINGLE, "POST", f"/uploads/{upload_id}/url"))

    def sign_part(self, upload_id: str, part_number: int, sha256: str) -> wire.PartUrl:
        """A URL for a part, which takes these bytes alone."""
        wanted = {"parts": [{"partNumber": part_number, "sha256": sha256}]}
        answer = cast(wire.PartUrls, self._read(PARTS, "POST", f"/uploads/{upload_id}/parts", wanted))
        if not answer["parts"]:
            raise BrokenAnswer(self.server, "the part that was asked for is missing")
        return answer["parts"][0]

    def complete(self, upload_id: str) -> None:
        """Make one file of the parts."""
        self.request("POST", f"/uploads/{upload_id}/complete")

    def complete_many(self, upload_ids: Sequence[str]) -> list[wire.UploadOutcome]:
        """Tell that up to 500 uploads were sent, and learn what became of each that is the caller's."""
        told = {"ids": list(upload_ids)}
        answer = cast(wire.UploadOutcomes, self._read({"uploads": [OUTCOME]}, "POST", "/uploads/complete", told))
        return answer["uploads"]

    def upload_status(self, upload_id: str) -> wire.UploadStatus:
        """What became of an upload, and which of its parts have arrived."""
        return cast(wire.UploadStatus, self._read(STATUS, "GET", f"/uploads/{upload_id}"))

    def open_uploads(self) -> list[wire.OpenUpload]:
        """The uploads that have not ended, at most 5,000."""
        shape = {"uploads": [{"id": str, "state": str, "sha256": str}]}
        return cast(wire.OpenUploads, self._read(shape, "GET", "/uploads"))["uploads"]

    def abort(self, upload_id: str) -> None:
        """Give an upload up, before all of its bytes arrived."""
        self.request("DELETE", f"/uploads/{upload_id}")

    def timeline(self) -> wire.LibraryTimeline:
        """The months that have items, newest first."""
        return cast(wire.LibraryTimeline, self._read(dict, "GET", "/timeline"))

    def item(self, item_id: str) -> wire.ItemDetails:
        """Everything known of an item."""
        return cast(wire.ItemDetails, self._read(dict, "GET", f"/items/{item_id}"))

    def put(self, target: wire.SingleUpload | wire.PartUrl, content: bytes | Readable, size_bytes: int) -> None:
        """Send bytes to where the API said. What is there already from an earlier attempt is no error.

        Raises StoreRefused, Unreachable, and what reading `content` raises.
        """
        url = target["url"]
        # What is said over a safe connection sends nothing over one that is not.
        schemes = ("https://",) if self.server.startswith("https://") else ("http://", "https://")
        if not url.startswith(schemes) or not all(map(_fits_header, [url, *chain(*target["headers"].items())])):
            raise BrokenAnswer(self.server, "it names a store that nothing is sent to")
        headers = {**target["headers"], "Content-Length": str(size_bytes)}
        if self._public_origin is not None and url.startswith(f"{self._public_origin}/"):
            headers["Host"] = urlsplit(url).netloc
            url = self.server + url.removeprefix(self._public_origin)
        answer = self._send("PUT", url, "The store", body=cast("bytes | BinaryIO", content), headers=headers)
        if not _succeeded(answer) and answer.status != _PRECONDITION_FAILED:
            raise StoreRefused(answer)

    def call(self, method: str, path: str, body: object = None) -> Any:
        """What the API answers to a call, as parsed JSON."""
        return self._parsed(self.request(method, path, body))

    def request(self, method: str, path: str, body: object = None) -> urllib3.BaseHTTPResponse:
        """The API's answer, with its headers."""
        used = self.access_token
        answer = self._ask(method, path, body, used)
        if answer.status == _UNAUTHORIZED and self._credentials is not None:
            self._renew(used)
            answer = self._ask(method, path, body, self.access_token)
        if not _succeeded(answer):
            raise Problem.of(answer)
        return answer

    def _public(self, method: str, path: str, body: object = None) -> Any:
        answer = self._ask(method, path, body, None)
        if not _succeeded(answer):
            raise Problem.of(answer)
        return self._parsed(answer)

    def _read(self, shape: Shape, method: str, path: str, body: object = None) -> Any:
        return self._shaped(shape, self.call(method, path, body))

    def _parsed(self, answer: urllib3.BaseHTTPResponse) -> Any:
        try:
            return answer.json()
        except (ValueError, RecursionError):
            raise BrokenAnswer(self.server, "what it says is no JSON") from None

    def _shaped(self, shape: Shape, told: Any) -> Any:
        if not has_shape(told, shape):
            raise BrokenAnswer(self.server, "something is missing in what it says, or is something else")
        return told

    def _ask(self, method: str, path: str, body: object, token: str | None) -> urllib3.BaseHTTPResponse:
        sent = {"Accept": "application/json"}
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        if body is not None:
            sent["Content-Type"] = "application/json"
        content = None if body is None else json.dumps(body).encode()
        return self._send(method, f"{self.server}/api{path}", self.server, body=content, headers=sent)

    def _send(self, method: str, url: str, what: str, **request: Any) -> urllib3.BaseHTTPResponse:
        try:
            return self._http.request(method, url, redirect=False, timeout=self._timeout, **request)
        except HTTPError as error:
            # Without its cause, whose text would show the signature in the URL of a picture or an upload.
            raise Unreachable(what, error) from None

    def _begin_session(self, path: str, credentials: wire.Credentials) -> None:
        self._keep(self._public("POST", path, credentials))
        self._credentials = credentials

    def _renew(self, refused: str | None) -> None:
        with self._renewing:
            if self.access_token != refused:
                return  # another thread was quicker
            assert self._credentials is not None
            # Good for one attempt: used again after an answer that got lost, it would end all of the user's sessions.
            known, self._refresh_token = self._refresh_token, None
            if known is not None:
                try:
                    self._keep(self._public("POST", "/auth/refresh", {"refreshToken": known}))
                except Problem as problem:
                    if problem.status != _UNAUTHORIZED:
                        raise
                else:
                    return
            self._keep(self._public("POST", "/auth/login", self._credentials))

    def _keep(self, answer: Any) -> None:
        if has_shape(answer, ASKED):
            raise SecondFactorAsked
        tokens = cast(wire.SessionTokens, self._shaped(TOKENS, answer))
        if not _fits_header(tokens["accessToken"]):
            raise BrokenAnswer(self.server, "its access token can be none")
        self.access_token, self._refresh_token = tokens["accessToken"], tokens["refreshToken"]


def _address(server: str) -> str:
    """Without what an error would show of it to anybody: user and password. Raises ValueError."""
    if "@" in server:
        raise ValueError("The address of the server may hold no user or password.")
    wrong = f"{server} is no address like https://photos.example.org"
    if not server.startswith(("http://", "https://")) or not server.isprintable():
        raise ValueError(wrong)
    try:
        parts = urlsplit(server)
        is_whole = bool(parts.hostname) and parts.port != 0 and not parts.query and not parts.fragment
    except ValueError:
        is_whole = False
    if not is_whole or " " in server:
        raise ValueError(wrong)
    return server.rstrip("/")


def _fits_header(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _succeeded(answer: urllib3.BaseHTTPResponse) -> bool:
    return 200 <= answer.status < 300
