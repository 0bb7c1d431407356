"""An endpoint that does not end, or says what must not be repeated: what its client makes of it."""

import gzip
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from gpu_worker import posting
from gpu_worker.questions import Animal
from gpu_worker.vision_endpoint import Endpoint, NoAnswer, Refused
from tests.fixtures.vision import KEY

GOOD = json.dumps({"choices": [{"message": {"content": '{"animal_type": "dog"}'}, "finish_reason": "stop"}]}).encode()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"


@contextmanager
def endpoint(answer: Callable[[socket.socket], None], seconds: float = 30) -> Iterator[Endpoint]:
    """One that answers a single request so."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connected, _ = server.accept()
            with connected, suppress(OSError):  # it hangs up when it has had enough
                asked = connected.makefile("rb")
                headers = [line.lower() for line in iter(asked.readline, b"\r\n")]
                [length] = [int(line.split(b":")[1]) for line in headers if line.startswith(b"content-length")]
                asked.read(length)
                answer(connected)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield Endpoint(f"http://127.0.0.1:{server.getsockname()[1]}/v1", "a-model", KEY, seconds)
        finally:
            thread.join()


def ask(asked: Endpoint) -> Animal:
    return asked.ask([{"role": "user", "content": "Which?"}], Animal)


def says(text: str) -> Callable[[socket.socket], None]:
    body = json.dumps({"choices": [{"message": {"content": text}}]}).encode()
    return lambda connected: connected.sendall(HEAD % len(body) + body)


def drips(connected: socket.socket, content: bytes) -> None:
    for byte in content:
        connected.sendall(bytes([byte]))
        time.sleep(0.02)


def test_what_it_answers_is_read() -> None:
    with endpoint(lambda connected: connected.sendall(HEAD % len(GOOD) + GOOD)) as good:
        assert ask(good).animal_type == "dog"
    in_chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%X\r\n%b\r\n0\r\n\r\n" % (len(GOOD), GOOD)
    with endpoint(lambda connected: connected.sendall(in_chunks)) as good:
        assert ask(good).animal_type == "dog"


@pytest.mark.parametrize("at_once", [0, len(HEAD)])
def test_the_time_is_that_of_the_whole_answer_however_it_comes(at_once: int) -> None:
    content = HEAD % len(GOOD) + GOOD

    def answer(connected: socket.socket) -> None:
        connected.sendall(content[:at_once])
        drips(connected, content[at_once:])

    with endpoint(answer, seconds=0.3) as slow, pytest.raises(NoAnswer, match="TimeoutError") as caught:
        ask(slow)
    assert caught.value.pause


@pytest.mark.parametrize(
    "begin",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFF\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ],
)
def test_no_more_is_read_than_an_answer_may_have(begin: bytes) -> None:
    sent = 0

    def answer(connected: socket.socket) -> None:
        nonlocal sent
        while sent < 60 * posting.MAX_BYTES:  # far more than what the sockets keep
            connected.sendall(begin if sent == 0 else begin[:25] * 4000 if b"100" in begin else b" " * 100_000)
            sent += 100_000

    with endpoint(answer) as endless, pytest.raises(NoAnswer):
        ask(endless)
    assert sent < 60 * posting.MAX_BYTES


def test_an_answer_that_breaks_off_is_none() -> None:
    with endpoint(lambda connected: connected.sendall(HEAD % 10_000 + GOOD)) as cut, pytest.raises(NoAnswer) as caught:
        ask(cut)
    assert str(caught.value) == "It did not answer: it ended too early"
    assert caught.value.pause


def test_what_comes_packed_is_not_unpacked() -> None:
    packed = gzip.compress(GOOD)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    with endpoint(lambda connected: connected.sendall(head + packed)) as zipped, pytest.raises(NoAnswer) as caught:
        ask(zipped)
    assert str(caught.value) == "It answers in gzip, which it was not asked for."
    assert not caught.value.counts


def test_where_nothing_listens_it_is_not_the_pictures_fault() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(NoAnswer, match="can't be reached: ConnectionRefusedError") as caught:
        ask(Endpoint(f"http://127.0.0.1:{port}/v1", "a-model", KEY, 30))
    assert not caught.value.counts


def refusing(words: str) -> Callable[[socket.socket], None]:
    body = json.dumps({"choices": [{"message": {"refusal": words}}]}).encode()
    return lambda connected: connected.sendall(HEAD % len(body) + body)


def raw(status: bytes, words: str) -> Callable[[socket.socket], None]:
    body = words.encode(errors="surrogatepass")
    head = b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n" % (status, len(body))
    return lambda connected: connected.sendall(head + body)


@pytest.mark.parametrize(
    "words", [f"Not with Bearer {KEY}", f"\0\x1b[2J\ud800\nBearer {KEY[:5]}\0{KEY[5:]}", KEY * 2000]
)
@pytest.mark.parametrize(
    "answering",
    [
        refusing,
        says,
        lambda words: says(json.dumps({words: 1})),
        lambda words: raw(b"200 OK", words),
        lambda words: raw(b"400 No", words),
        lambda words: raw(b"500 No", words),
    ],
)
def test_what_is_told_of_it_is_short_and_plain_and_without_the_key(
    words: str, answering: Callable[[str], Callable[[socket.socket], None]]
) -> None:
    with endpoint(answering(words)) as telling, pytest.raises((NoAnswer, Refused)) as caught:
        ask(telling)
    told = str(caught.value)
    assert KEY not in told
    assert told.isprintable()
    assert len(told) <= 600


def test_a_refusal_quotes_the_model() -> None:
    with endpoint(refusing("I can't\0 help.")) as refuses, pytest.raises(Refused) as caught:
        ask(refuses)
    assert str(caught.value) == "The model refused: I can't help."
