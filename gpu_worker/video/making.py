"""What stages make of a video, each artefact stored and then shown by itself."""

import stat
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

from gpu_worker.video import process
from gpu_worker.video.blocks import Blocks
from gpu_worker.video.held import Held
from gpu_worker.video.process import Broke, Original, Task, Told
from pinhole import objects, videos
from pinhole.errors import ErrorCode, FileRejected
from pinhole.imaging.sizes import HEIGHTS
from pinhole.stages import Stage
from pinhole.videos import CLIP, COPY, LONGEST_SECONDS, PERCENTAGES, Made, Poster, Video, still_name

MOST_THREADS = 4  # each holds frames of its own, and memory is bounded
PICTURES = {f"{height}.webp" for height in HEIGHTS}


def make(stage: Stage, held: Held, threads: int) -> None:
    """Make what is claimed of a video. stage: that was asked for. threads: of its decoder, and of its encoder.

    Raises FileRejected, Broke, Busy, NotFound, Unavailable, Stopped.
    """
    with process.scratch() as directory:
        making = _Making(held, directory, threads)
        match stage:
            case Stage.POSTER:
                making.poster()
            case Stage.CLIP:
                making.clip()
            case _:
                making.copy_and_stills()


class _Making:
    def __init__(self, held: Held, directory: Path, threads: int) -> None:
        self._held, self._directory, self._threads = held, directory, threads
        self._sizes: dict[int, tuple[int, int]] = {}

    @property
    def _video(self) -> Video:
        return self._held.video

    def poster(self) -> None:
        end = self._run("poster")
        made = [self._stored(name, width, height) for name, width, height in end["files"] if name in PICTURES]
        poster = Poster(
            bytes.fromhex(end["thumbHash"]),
            end["colours"],
            end["perceptualHash"],
            end["width"],
            end["height"],
            end["durationMs"],
        )
        videos.keep_poster(self._video, made, poster)

    def clip(self) -> None:
        end = self._run("clip")
        self._keep(Stage.CLIP, [self._uploaded(CLIP, end)])

    def copy_and_stills(self) -> None:
        claims, duration_ms = self._video.claims, self._video.duration_ms
        if duration_ms is not None and duration_ms > LONGEST_SECONDS * 1000:
            raise FileRejected(
                f"The video is longer than {LONGEST_SECONDS // 3600} hours, which is the limit.",
                code=ErrorCode.TOO_COSTLY,
            )
        copies, stills = Stage.VIDEO in claims, Stage.STILLS in claims
        if copies and self._video.film.plays_as_it_is:
            self._keep(Stage.VIDEO, [])
            copies = False
        if not copies and not stills:
            return
        end = self._run("stills" if not copies else "copy" if stills else "clip")
        if stills:
            self._keep(Stage.STILLS, [self._stored(still_name(share), *size) for share, size in self._sizes.items()])
        if copies:
            self._keep(Stage.VIDEO, [self._uploaded(COPY, end)])

    def _run(self, task: Task) -> Told:
        film, seconds = self._video.film, self._seconds(task)
        blocks = Blocks(film.object_key, film.store_version, film.offset, film.size_bytes)
        original = Original(film.mime_type, film.size_bytes, seconds, blocks.read)
        threads = min(self._threads, MOST_THREADS)
        return process.make(task, original, self._directory, threads, self._held.beat, self._hear)

    def _seconds(self, task: Task) -> float:
        """As many as its time is reckoned by. What a file says of itself may be a lie, or be missing."""
        if task == "poster":
            return 0
        duration_ms = self._video.duration_ms
        return LONGEST_SECONDS if duration_ms is None else min(LONGEST_SECONDS, duration_ms / 1000)

    def _hear(self, told: Told) -> None:
        match told:
            case {"seconds": seconds}:
                self._held.reached(float(seconds))
            case {"still": [percentage, width, height]} if percentage in PERCENTAGES:
                self._sizes[percentage] = (width, height)

    def _keep(self, stage: Stage, made: Sequence[Made]) -> None:
        videos.keep(self._video, stage, made)
        self._held.finished(stage)

    def _stored(self, name: str, width: int, height: int) -> Made:
        content = self._made(name).read_bytes()
        objects.put_rendition(self._video.key(name), content, content_type="image/webp")
        return Made(name, width, height, len(content))

    def _uploaded(self, name: str, end: Told) -> Made:
        path = self._made(COPY)
        with ThreadPoolExecutor(1) as beside:  # it may take longer than the lease
            uploading = beside.submit(objects.upload_rendition, self._video.key(name), path, content_type="video/mp4")
            while not wait([uploading], timeout=process.BEAT_SECONDS).done:
                self._held.beat()
            uploading.result()
        return Made(name, end["width"], end["height"], path.stat().st_size)

    def _made(self, name: str) -> Path:
        """A file that the child has made. No other and no link: that may lead to what only this process may read."""
        path = self._directory / name
        if path.name != name or not stat.S_ISREG(path.lstat().st_mode):
            raise Broke(f"The decoder has made no {name}.")
        return path
