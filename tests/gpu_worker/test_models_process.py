"""The process of the models from within: what it does meanwhile, and what it forgets."""

import multiprocessing
import queue
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from signal import SIGKILL

import cv2
import numpy as np
import psutil
import pytest

from gpu_worker import decoding, models_process
from gpu_worker.looking import Picture
from gpu_worker.models_process import (
    LONGEST_SECONDS,
    MOST_MEMORY,
    NVIDIA,
    Decoded,
    Ended,
    Loaded,
    Looked,
    Looking,
    ModelsProcess,
    Options,
)
from pinhole.seen import Seen
from tests.fixtures.worker import SET

WEBP = cv2.imencode(".webp", np.zeros((48, 64, 3), np.uint8))[1].tobytes()
ORIGINAL = (64, 48)
MEASURED = Options(SET[1], "", threads=1, decoders=1)


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


def decoded(told: object) -> int:
    """Ticket of the picture that is told to be ready."""
    assert isinstance(told, Decoded)
    assert told.report is None
    return told.ticket


def test_pictures_are_decoded_while_others_are_looked_at(models: Slow, looking: Connection) -> None:
    looking.send((1, WEBP, ORIGINAL))
    assert decoded(looking.recv()) == 1
    looking.send([1])
    looking.send((2, WEBP, ORIGINAL))
    assert decoded(looking.recv()) == 2
    models.goes_on.set()
    looked = looking.recv()
    assert isinstance(looked, Looked)
    assert list(looked.seen) == [1]


def test_a_picture_that_nobody_wants_any_more_is_not_looked_at(models: Slow, looking: Connection) -> None:
    models.goes_on.set()
    for ticket in (1, 2):
        looking.send((ticket, WEBP, ORIGINAL))
        assert decoded(looking.recv()) == ticket
    looking.send(1)
    looking.send([1, 2])
    assert list(looking.recv().seen) == [2]


def test_a_picture_that_memory_does_not_suffice_for_is_told_of(
    looking: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_much(_: bytes) -> None:
        raise MemoryError

    monkeypatch.setattr(decoding, "decode", too_much)
    looking.send((1, WEBP, ORIGINAL))
    told = looking.recv()
    assert isinstance(told, Decoded)
    assert "MemoryError" in (told.report or "")


def test_a_process_is_killed_when_it_loads_for_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models_process, "LONGEST_SECONDS", 0)
    told: queue.SimpleQueue[object] = queue.SimpleQueue()
    ModelsProcess(MEASURED, told.put).kill_if_it_hangs()
    assert told.get() == Ended(-SIGKILL)


@pytest.fixture
def process() -> Iterator[tuple[ModelsProcess, "queue.SimpleQueue[object]"]]:
    """One whose models are loaded, and what it tells."""
    told: queue.SimpleQueue[object] = queue.SimpleQueue()
    models = ModelsProcess(MEASURED, told.put)
    assert isinstance(told.get(), Loaded)
    yield models, told
    models.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts memory so")
@pytest.mark.skipif(NVIDIA.exists(), reason="CUDA maps more than it takes")
@pytest.mark.usefixtures("process")
def test_the_memory_of_a_process_is_limited() -> None:
    [child] = multiprocessing.active_children()
    soft, _ = psutil.Process(child.pid).rlimit(psutil.RLIMIT_DATA)
    assert soft == MOST_MEMORY


def test_a_process_is_killed_when_it_decodes_for_too_long(
    process: tuple[ModelsProcess, "queue.SimpleQueue[object]"], monkeypatch: pytest.MonkeyPatch
) -> None:
    models, told = process
    [child] = multiprocessing.active_children()
    psutil.Process(child.pid).suspend()
    monkeypatch.setattr(models_process, "LONGEST_SECONDS", 0)
    models.add(1, WEBP, ORIGINAL)
    models.kill_if_it_hangs()
    assert told.get() == Ended(-SIGKILL)


@pytest.mark.parametrize(("photos", "told_at_last"), [(1, Ended), (2, Looked)])
def test_pictures_looked_at_together_may_take_as_long_as_one_after_the_other(
    process: tuple[ModelsProcess, "queue.SimpleQueue[object]"],
    monkeypatch: pytest.MonkeyPatch,
    photos: int,
    told_at_last: type,
) -> None:
    models, told = process
    tickets = range(photos)
    for ticket in tickets:
        models.add(ticket, WEBP, ORIGINAL)
        assert decoded(told.get()) == ticket
    [child] = multiprocessing.active_children()
    stopped = psutil.Process(child.pid)
    stopped.suspend()
    later = time.monotonic() + 1.5 * LONGEST_SECONDS
    models.look(tickets)
    monkeypatch.setattr(time, "monotonic", lambda: later)
    models.kill_if_it_hangs()
    with suppress(psutil.NoSuchProcess):
        stopped.resume()
    assert isinstance(told.get(), told_at_last)
