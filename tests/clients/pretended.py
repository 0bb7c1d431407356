"""A pretended Pinhole, with its store: what a real one does, and on demand what one does that is in trouble.

What the real one does is seen in `test_upload_to_an_instance.py`.
"""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

MEBIBYTE = 1024 * 1024
PART_BYTES = 16 * MEBIBYTE
NAME, PASSWORD = "ann", "a password of the tests"


@dataclass
class Upload:
    """What the server knows of one."""

    id: str
    promise: dict[str, Any]
    state: str = "waiting"
    parts: dict[int, bytes] = field(default_factory=dict)
    error: dict[str, str] | None = None


@dataclass
class Pinhole:
    """A library in memory.

    faults: answers to the next requests of their path. refused: codes of bad bytes, by their SHA-256. before, after:
    told the number of each request, before anything is done for it, and before it is answered.
    """

    origin: str = ""
    library: dict[str, dict[str, Any]] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)
    faults: dict[str, list[tuple[int, dict[str, str], dict[str, Any]]]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    refresh_tokens: set[str] = field(default_factory=set)
    ingests: bool = True
    registration_open: bool = False
    before: Callable[[int], None] = lambda _number: None
    after: Callable[[int], None] = lambda _number: None
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    lock: threading.RLock = field(default_factory=threading.RLock)

    def asked(self, method: str, part: str) -> int:
        """How many such requests came."""
        return sum(method == one and part in path for one, path in self.requests)

    def names(self) -> list[str | None]:
        """The relative paths of what is in the library."""
        return sorted((item["relativePath"] for item in self.library.values()), key=str)

    def session(self) -> dict[str, Any]:
        number = next(self.numbers)
        self.tokens.add(f"access-{number}")
        self.refresh_tokens.add(f"refresh-{number}")
        return {"accessToken": f"access-{number}", "refreshToken": f"refresh-{number}"}

    def answer(self, method: str, path: str, token: str, body: Any) -> tuple[int, Any]:
        match method, path.split("/")[1:]:
            case "GET", ["onboarding"]:
                state = {"registrationOpen": self.registration_open, "setupTokenRequired": False}
                return 200, state | {"onboarded": False}
            case "POST", ["auth", "login"]:
                if body != {"name": NAME, "password": PASSWORD}:
                    return problem(401, "wrong_credentials", "Name or password is wrong.")
                return 200, self.session()
            case "POST", ["auth", "refresh"]:
                if body["refreshToken"] not in self.refresh_tokens:
                    return problem(401, "refresh_token_invalid", "The refresh token is not valid.")
                self.refresh_tokens.remove(body["refreshToken"])
                return 200, self.session()
        if token not in self.tokens:
            return problem(401, "token_expired", "The access token has expired.")
        match method, path.split("/")[1:]:
            case "POST", ["auth", "logout"]:
                self.tokens.discard(token)
                return 204, None
            case "GET", ["me"]:
                return 200, {"name": NAME}
            case "POST", ["uploads", "check"]:
                known = {sha: "item00000000" for sha in body["sha256s"] if sha in self.library}
                return 200, {"existing": known, "trashed": {}}
            case "POST", ["uploads", "complete"]:
                return 200, {"uploads": [self._outcome(one) for one in body["ids"] if one in self.uploads]}
            case "GET", ["uploads"]:
                listed = [one for one in self.uploads.values() if one.state in {"waiting", "received"}]
                return 200, {"uploads": [{"id": one.id, "state": one.state, **one.promise} for one in listed]}
            case "POST", ["uploads"]:
                return self._begin(body)
            case "DELETE", ["uploads", upload_id]:
                self.uploads[upload_id].state = "aborted"
                return 204, None
            case "GET", ["uploads", upload_id]:
                parts = self.uploads[upload_id].parts.items()
                stored = [{"partNumber": number, "sizeBytes": len(part)} for number, part in sorted(parts)]
                return 200, {**self._outcome(upload_id), "parts": stored}
            case "POST", ["uploads", upload_id, "url"]:
                return 200, self._single(self.uploads[upload_id])
            case "POST", ["uploads", upload_id, "parts"]:
                signed = [
                    {
                        "partNumber": part["partNumber"],
                        "url": f"{self.origin}/store/{upload_id}/{part['partNumber']}",
                        "headers": {"x-amz-checksum-sha256": checksum(part["sha256"])},
                    }
                    for part in body["parts"]
                ]
                return 200, {"parts": signed}
            case "POST", ["uploads", upload_id, "complete"]:
                upload = self.uploads[upload_id]
                self._land(upload, b"".join(part for _, part in sorted(upload.parts.items())))
                return 202, None
        return problem(404, "not_found", f"There is no {path}.")

    def stored(self, path: str, content: bytes, wanted: str | None) -> tuple[int, bytes]:
        """The store's answer to a PUT."""
        upload_id, _, part = path.removeprefix("/store/").partition("/")
        upload = self.uploads[upload_id]
        if wanted != base64.b64encode(hashlib.sha256(content).digest()).decode():
            return 400, b"<Error><Code>XAmzContentChecksumMismatch</Code></Error>"
        if part:
            upload.parts[int(part)] = content
        elif upload.state == "received":
            return 412, b""
        else:
            self._land(upload, content)
        return 200, b""

    def _begin(self, promise: dict[str, Any]) -> tuple[int, Any]:
        if promise["sha256"] in self.library:
            return 200, {"state": "duplicate", "itemId": "item00000000"}
        for upload in self.uploads.values():
            if upload.state == "waiting" and upload.promise["sha256"] == promise["sha256"]:
                break
        else:
            upload = Upload(f"{next(self.numbers):012}", promise)
            self.uploads[upload.id] = upload
        size = promise["sizeBytes"]
        if size <= PART_BYTES:
            return 201, self._single(upload)
        multipart = {"partSizeBytes": PART_BYTES, "partCount": -(-size // PART_BYTES)}
        return 201, {"id": upload.id, "state": "waiting", "method": "multipart", **multipart}

    def _single(self, upload: Upload) -> dict[str, Any]:
        headers = {"x-amz-checksum-sha256": checksum(upload.promise["sha256"])}
        url = f"{self.origin}/store/{upload.id}"
        return {"id": upload.id, "state": "waiting", "method": "single", "url": url, "headers": headers}

    def _land(self, upload: Upload, content: bytes) -> None:
        upload.state = "received"
        if hashlib.sha256(content).hexdigest() != upload.promise["sha256"]:
            upload.state, upload.error = "failed", {"code": "checksum_mismatch", "detail": "Other bytes arrived."}

    def _outcome(self, upload_id: str) -> dict[str, Any]:
        upload = self.uploads[upload_id]
        if upload.state == "received" and self.ingests:
            sha256 = upload.promise["sha256"]
            if sha256 in self.refused:
                upload.state, upload.error = "failed", {"code": self.refused[sha256], "detail": "This is no photo."}
            else:
                upload.state = "ready"
                self.library[sha256] = upload.promise
        return {"id": upload.id, "state": upload.state, "itemId": None, "error": upload.error}


def checksum(sha256: str) -> str:
    return base64.b64encode(bytes.fromhex(sha256)).decode()


def problem(status: int, code: str, detail: str) -> tuple[int, dict[str, Any]]:
    return status, {"status": status, "code": code, "detail": detail, "errors": []}


@contextmanager
def pretended(pinhole: Pinhole) -> Iterator[Pinhole]:
    """The same, answering at `origin`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            with pinhole.lock:
                pinhole.requests.append((self.command, self.path))
                number = len(pinhole.requests)
                pinhole.before(number)
                for path, faults in pinhole.faults.items():
                    if re.fullmatch(path, self.path) and faults:
                        status, headers, told = faults.pop(0)
                        if status == 0:
                            self.close_connection = True
                            return
                        self.reply(status, json.dumps(told).encode(), headers)
                        return
                if self.path.startswith("/store/"):
                    wanted = self.headers["x-amz-checksum-sha256"]
                    reply = pinhole.stored(self.path, content, wanted)
                    pinhole.after(number)
                    self.reply(*reply, {})
                    return
                token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
                body = json.loads(content) if content else None
                status, answer = pinhole.answer(self.command, self.path.removeprefix("/api"), token, body)
                pinhole.after(number)
                self.reply(status, b"" if answer is None else json.dumps(answer).encode(), {})

        def reply(self, status: int, content: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

        do_GET = do_POST = do_PUT = do_DELETE = do  # noqa: N815

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that goes away in the middle is one of the things that are tried."""

    server = Server(("127.0.0.1", 0), Handler)
    pinhole.origin = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=[0.05])
    thread.start()
    try:
        yield pinhole
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
