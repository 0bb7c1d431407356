"""The process of the models from within: what it does meanwhile, and what it forgets."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from multiprocessing import Pipe
from multiprocessing.connection import Connection

import cv2
import numpy as np
import pytest

from gpu_worker import decoding
from gpu_worker.looking import Picture
from gpu_worker.models_process import Decoded, Looked, Looking
from pinhole.seen import Seen

WEBP = cv2.imencode(".webp", np.zeros((48, 64, 3), np.uint8))[1].tobytes()
ORIGINAL = (64, 48)


class Slow:
    """Models that look for as long as they may not go on."""

    def __init__(self) -> None:
        self.goes_on = threading.Event()

    def look(self, pictures: Sequence[Picture]) -> list[Seen]:
        self.goes_on.wait()
        return [Seen({}) for _ in pictures]


@pytest.fixture
def models() -> Slow:
    return Slow()


@pytest.fixture
def looking(models: Slow) -> Iterator[Connection]:
    """A way to ask those models."""
    ours, theirs = Pipe()
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(Looking(models.look, theirs, decoders=1).run)
        with closing(ours):
            yield ours
        running.result()


def test_pictures_are_decoded_while_others_are_looked_at(models: Slow, looking: Connection) -> None:
    looking.send((1, WEBP, ORIGINAL))
    assert looking.recv() == Decoded(1, None)
    looking.send([1])
    looking.send((2, WEBP, ORIGINAL))
    assert looking.recv() == Decoded(2, None)
    models.goes_on.set()
    looked = looking.recv()
    assert isinstance(looked, Looked)
    assert list(looked.seen) == [1]


def test_a_picture_that_memory_does_not_suffice_for_is_told_of(
    looking: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_much(_: bytes) -> None:
        raise MemoryError

    monkeypatch.setattr(decoding, "decode", too_much)
    looking.send((1, WEBP, ORIGINAL))
    decoded = looking.recv()
    assert isinstance(decoded, Decoded)
    assert "MemoryError" in (decoded.report or "")
