"""What the worker does: its models on this machine, and a whole Pinhole with it."""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import quote

import cv2
import psycopg
import urllib3

from gpu_worker import bench_looking
from gpu_worker.decoding import decode
from gpu_worker.looking import Picture
from gpu_worker.models import loading
from infra.bench import labelled, pictures
from infra.bench.client import Photo, registered, upload, visible
from infra.bench.pipeline import until, visible_seconds
from infra.bench.rows import Aim, Row, progress
from infra.local import postgres
from infra.local.instance_process import InstanceProcess
from infra.models import fetch
from pinhole.seen import Role
from pinhole_client import Client
from pinhole_models import model_set
from pinhole_models.model_directory import default_directory

THREADS = 2
BATCH = 4
SECONDS = 5
EVERY = 10  # of the labelled pictures, as many as make a figure stable
HEIGHT = 1440
SINGLE_PHOTOS = 7
BACKLOG = 24
READS, UPLOADS = 40, 5


def measure() -> Iterator[Row]:
    """Rows of an instance that has a worker."""
    with tempfile.TemporaryDirectory(prefix="pinhole-bench-") as name:
        yield from _instance(Path(name))


def measure_models() -> Iterator[Row]:
    """Each model on real pictures, as large as renditions are; and what we add to the bare networks."""
    models = model_set.read("embedded", default_directory(), THREADS)
    fetch.fetch(models)
    contents = [_rendition(picture) for picture in labelled.pictures()[::EVERY]]
    runnable = bench_looking.with_random_weights(models, Path())
    progress(f"The models on {THREADS} threads")
    for measured in bench_looking.measure(runnable, contents, [BATCH], SECONDS):
        if measured.unit == "images a second":
            yield Row(f"{measured.what}, {THREADS} threads", "photos a minute", 60 * measured.value)
        elif measured.unit == "photos a minute":
            yield Row(measured.what, measured.unit, measured.value)
    networks = bench_looking.Networks()
    looker = bench_looking.clocked(
        runnable, {Role(role): loading.load(runnable, role) for role in runnable.parts}, networks
    )
    whole, bare = bench_looking.overhead(looker, networks, _decoded(contents), SECONDS)
    yield Row("a whole look: CPU", "ms a photo", 1000 * whole, 1000 * bare, "bare networks", Aim("ratio", 1.15))


def _rendition(picture: labelled.Labelled) -> bytes:
    pixels = picture.pixels()[:, :, ::-1]
    size = (round(pixels.shape[1] * HEIGHT / pixels.shape[0]), HEIGHT)
    larger = cv2.resize(pixels, size, interpolation=cv2.INTER_CUBIC)
    return cv2.imencode(".webp", larger, [cv2.IMWRITE_WEBP_QUALITY, 80])[1].tobytes()


def _decoded(contents: list[bytes]) -> list[Picture]:
    pixels = [decode(content) for content in contents]
    return [Picture(own, own.shape[1], own.shape[0]) for own in pixels]


def _instance(directory: Path) -> Iterator[Row]:
    content = pictures.jpeg(directory).read_bytes()
    photos = (Photo(f"IMG_{number:04}.jpg", pictures.numbered(content, number)) for number in count())
    with InstanceProcess(directory / "data", analyses=True, until="New photos are analysed") as instance:
        client = registered(instance.origin)
        with database(instance.data) as conn:
            progress(f"{SINGLE_PHOTOS} photos one by one")
            _analysed_seconds(client, conn, next(photos))  # which loads the models
            singles = [_analysed_seconds(client, conn, next(photos)) for _ in range(SINGLE_PHOTOS)]
            yield Row("upload to analysed, idle, p50", "s", statistics.median(singles))
            progress("Pages and uploads beside a worker that has nothing to do")
            idle = _latencies(instance, client, photos)
            _wait_for_worker(client, conn)
            progress(f"{BACKLOG} photos for the worker")
            began, before = time.monotonic(), _analysed(conn)
            _until_visible(client, [next(photos) for _ in range(BACKLOG)])
            progress("Pages and uploads beside a worker that is busy")
            busy = _latencies(instance, client, photos)
            was_busy = _analysed(conn) < visible(client)
            _wait_for_worker(client, conn)
            took = time.monotonic() - began
            yield Row("photos a minute, uploaded and analysed", "a minute", 60 * (_analysed(conn) - before) / took)
    aim = Aim("ratio", 1.25)
    beside = "worker idle" if was_busy else "worker idle, and it was idle in the end with the other too"
    for name, unit, scale, with_busy, with_idle in zip(
        ("page, p50, worker busy", "timeline, p50, worker busy", "upload to visible, p50, worker busy"),
        ("ms", "ms", "s"), (1000, 1000, 1), busy, idle, strict=True,
    ):  # fmt: skip
        yield Row(name, unit, scale * with_busy, scale * with_idle, beside, aim)


def _latencies(instance: InstanceProcess, client: Client, photos: Iterator[Photo]) -> tuple[float, float, float]:
    """Medians of seconds: for the page, for the timeline, from an upload's begin until the photo is there."""
    with urllib3.PoolManager() as pool:
        page = [_clocked(lambda: pool.request("GET", instance.origin)) for _ in range(READS)]
    timeline = [_clocked(client.timeline) for _ in range(READS)]
    uploads = [visible_seconds(client, next(photos)) for _ in range(UPLOADS)]
    return statistics.median(page), statistics.median(timeline), statistics.median(uploads)


def _clocked(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def _analysed_seconds(client: Client, conn: psycopg.Connection, photo: Photo) -> float:
    wanted = _analysed(conn) + 1
    promise = photo.promise
    began = time.monotonic()
    upload(client, photo, promise)
    until(lambda: _analysed(conn) == wanted, 0.02)
    return time.monotonic() - began


def _until_visible(client: Client, photos: list[Photo]) -> None:
    wanted = visible(client) + len(photos)
    for photo in photos:
        upload(client, photo, photo.promise)
    until(lambda: visible(client) == wanted, 0.1)


def _wait_for_worker(client: Client, conn: psycopg.Connection) -> None:
    until(lambda: _analysed(conn) == visible(client), 0.5)


def _analysed(conn: psycopg.Connection) -> int:
    """How many photos the models have looked at: what all of them saw is written at once."""
    row = conn.execute("SELECT count(DISTINCT item_id) FROM item_analysis").fetchone()
    assert row is not None
    return int(row[0])


@contextmanager
def database(data: Path) -> Iterator[psycopg.Connection]:
    """The database of a running instance, which says in its own file where it listens."""
    directory = data / "postgres"
    (told,) = directory.rglob("postmaster.pid")
    port, host = told.read_text().splitlines()[3:5]
    credentials = f"{postgres.SUPERUSER}:{(directory / 'password').read_text()}"
    url = f"postgresql://{credentials}@/{postgres.DATABASE}?host={quote(host, safe='/')}&port={port}"
    with psycopg.connect(url, autocommit=True) as conn:
        yield conn
