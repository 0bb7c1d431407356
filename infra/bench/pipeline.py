"""A whole Pinhole on this machine: how fast it takes photos in, and what it holds while it waits."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count, repeat
from pathlib import Path

from infra.bench import pictures
from infra.bench.client import Photo, registered, upload, visible
from infra.bench.ingest_alone import CORES, IngestAlone, ingest_alone
from infra.bench.rows import Aim, Row, progress
from infra.local import function_pool
from infra.local.instance_process import InstanceProcess
from pinhole_client import Client

PHOTOS, TURNS = 40, 3
SINGLE_PHOTOS = 15
AT_ONCE = 3  # as the web client uploads them
IDLE_SECONDS = 10
LET_GO_SECONDS = IDLE_SECONDS + function_pool.IDLE_SECONDS
PATIENCE_SECONDS = 300


def measure() -> Iterator[Row]:
    """Rows of memory, throughput and latency; 8-megapixel JPEGs, each of other bytes."""
    with tempfile.TemporaryDirectory(prefix="pinhole-bench-") as name:
        directory = Path(name)
        content = pictures.jpeg(directory).read_bytes()
        photos = (Photo(f"IMG_{number:04}.jpg", pictures.numbered(content, number)) for number in count())
        with InstanceProcess(directory / "data") as instance:
            yield _memory(instance, IDLE_SECONDS, "after its start")
            yield from asyncio.run(_throughput_and_latency(instance, directory / "alone", photos))
            yield _memory(instance, LET_GO_SECONDS, f"after {PHOTOS * TURNS + SINGLE_PHOTOS} photos")


def _memory(instance: InstanceProcess, seconds: int, after: str) -> Row:
    progress(f"Waiting {seconds} s")
    time.sleep(seconds)
    return Row(f"memory of everything, idle, {seconds} s {after}", "MB", instance.memory_mb(), aim=Aim("ours", 700))


async def _throughput_and_latency(instance: InstanceProcess, directory: Path, photos: Iterator[Photo]) -> list[Row]:
    client = registered(instance.origin)
    async with ingest_alone(directory) as alone:
        progress("Warming up")
        await asyncio.to_thread(_pipeline_seconds, client, _take(photos, CORES))
        await alone.seconds(alone.land(_take(photos, 2 * CORES)))
        whole, function = [], []
        for turn in range(1, TURNS + 1):
            progress(f"{PHOTOS} photos through the pipeline, then through the function alone ({turn} of {TURNS})")
            whole.append(await asyncio.to_thread(_pipeline_seconds, client, _take(photos, PHOTOS)))
            function.append(await alone.seconds(alone.land(_take(photos, PHOTOS))))
        progress(f"{SINGLE_PHOTOS} photos one by one")
        singles = [await _single_seconds(client, alone, photos) for _ in range(SINGLE_PHOTOS)]
    throughput, bound = (PHOTOS * 60 / statistics.median(seconds) for seconds in (whole, function))
    latency, least = (statistics.median(seconds) for seconds in zip(*singles, strict=True))
    return [
        Row(
            "photos a minute through the pipeline", "a minute", throughput, bound,
            f"ingest alone, {CORES} at once", Aim("ratio", float("inf"), 0.8),
        ),
        Row("upload to visible, idle, p50", "s", latency, least, "ingest alone", Aim("ours", 1.5)),
    ]  # fmt: skip


def _pipeline_seconds(client: Client, photos: list[Photo]) -> float:
    """From the first request until all of them are visible."""
    promises = [photo.promise for photo in photos]
    wanted = visible(client) + len(photos)
    began = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for _ in threads.map(upload, repeat(client), photos, promises):
            pass  # raises what an upload raised
    until(lambda: visible(client) == wanted, 0.1)
    return time.monotonic() - began


async def _single_seconds(client: Client, alone: IngestAlone, photos: Iterator[Photo]) -> tuple[float, float]:
    """From the begin of an upload until its photo is visible, and what the function alone takes."""
    whole = await asyncio.to_thread(visible_seconds, client, *_take(photos, 1))
    return whole, await alone.seconds(alone.land(_take(photos, 1)))


def visible_seconds(client: Client, photo: Photo) -> float:
    """From the begin of an upload until its photo is visible."""
    promise = photo.promise
    began = time.monotonic()
    upload_id = upload(client, photo, promise)
    until(lambda: client.upload_status(upload_id)["state"] == "ready", 0.02)
    return time.monotonic() - began


def until(holds: Callable[[], bool], pause_seconds: float) -> None:
    """Ask again and again, so many seconds apart. Raises TimeoutError after minutes."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not even after {PATIENCE_SECONDS} s")
        time.sleep(pause_seconds)


def _take(photos: Iterator[Photo], number: int) -> list[Photo]:
    return [next(photos) for _ in range(number)]
