"""A request over HTTP whose time and whose answer are bounded as a whole, whatever the other side does.

The time-outs of urllib3 and http.client are for each wait: who sends a byte now and then is waited for without end.
"""

import io
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, cast
from urllib.parse import urlsplit

MAX_BYTES = 1_000_000  # of an answer, its headers with it
CONNECT_SECONDS = 10
PIECE_BYTES = 16384  # TLS sends a piece within one time-out; it has one for each


class Unreachable(Exception):
    """No connection came about."""


class Unanswered(Exception):
    """There was no whole answer."""


class TooLong(HTTPException):
    """More came than an answer may have."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered, unpacked by nobody. encoding: that of the body; empty where it is as it is."""

    status: int
    retry_after: str | None
    encoding: str
    body: bytes


def post(url: str, headers: Mapping[str, str], content: bytes, seconds: float) -> Answer:
    """Post it, by a connection of its own. Redirects are not followed. seconds: for all of it.

    Raises Unreachable and Unanswered.
    """
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    until = time.monotonic() + seconds
    connection = kind(parts.hostname or "", parts.port, timeout=min(seconds, CONNECT_SECONDS))
    try:
        connection.connect()
    except (OSError, UnicodeError) as error:  # UnicodeError: of a name that no host can have
        raise Unreachable(type(error).__name__) from error
    with connection.sock as connected:
        connection.sock = cast(socket.socket, _Wire(connected, until))
        try:
            # It asks for no encoding: what unpacks to a thousand times its size is not unpacked.
            connection.request("POST", parts.path, content, headers)
            response = connection.getresponse()
            body = response.read(MAX_BYTES)
        except (OSError, HTTPException, ValueError) as error:  # ValueError: of a chunk of less than no bytes
            raise Unanswered(type(error).__name__) from error
        if response.length:
            raise Unanswered("it ended too early")
    encoding = response.headers.get("Content-Encoding", "").lower()
    return Answer(
        response.status, response.headers.get("Retry-After"), "" if encoding == "identity" else encoding, body
    )


class _Wire:
    """A socket as http.client uses one, until a moment; whoever made it closes it."""

    def __init__(self, connected: socket.socket, until: float) -> None:
        self._socket = connected
        self._until = until

    def sendall(self, content: bytes) -> None:
        for begin in range(0, len(content), PIECE_BYTES):
            self._wait_at_most_the_rest()
            self._socket.sendall(content[begin : begin + PIECE_BYTES])

    def makefile(self, *_: object) -> io.BufferedReader:
        return io.BufferedReader(_Received(self))

    def close(self) -> None:
        """The answer is still to be read from it."""

    def receive_into(self, buffer: Any) -> int:
        self._wait_at_most_the_rest()
        return self._socket.recv_into(buffer)

    def _wait_at_most_the_rest(self) -> None:
        rest = self._until - time.monotonic()
        if rest <= 0:
            raise TimeoutError
        self._socket.settimeout(rest)


class _Received(io.RawIOBase):
    """What comes by a wire, as far as it is not too much."""

    def __init__(self, wire: _Wire) -> None:
        self._wire = wire
        self._room = MAX_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        received = self._wire.receive_into(buffer)
        self._room -= received
        if self._room < 0:
            raise TooLong
        return received
