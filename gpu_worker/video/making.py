"""What stages make of a video, each artefact stored and then shown by itself."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

from gpu_worker.video import process
from gpu_worker.video.blocks import Blocks
from gpu_worker.video.held import Held
from gpu_worker.video.process import Original, Refused
from pinhole import objects, videos
from pinhole.stages import Stage
from pinhole.tables.rendition import Rendition
from pinhole.videos import CLIP, COPY, LONGEST_SECONDS, Poster, Video, still_name


def make(stage: Stage, held: Held) -> None:
    """Make what is claimed of a video. stage: that was asked for.

    Raises Refused where the file is at fault, process.Broke, Busy, NotFound, Unavailable, Stopped.
    """
    match stage:
        case Stage.POSTER:
            _poster(held)
        case Stage.CLIP:
            _clip(held)
        case _:
            _video(held)


def _poster(held: Held) -> None:
    video = held.video
    with process.scratch() as directory:
        end = process.make("poster", _original(video), directory, held.beat, _no_still)
        made = [_stored(video, directory, name, width, height) for name, width, height in end["files"]]
    poster = Poster(bytes.fromhex(end["thumbHash"]), end["colours"], end["perceptualHash"])
    videos.keep_poster(held.video, made, poster)


def _clip(held: Held) -> None:
    video = held.video
    with process.scratch() as directory:
        end = process.make("copy", _original(video), directory, held.beat, _no_still)
        (directory / COPY).rename(directory / CLIP)
        made = _uploaded(video, directory, CLIP, end["width"], end["height"], held)
    videos.keep(held.video, Stage.CLIP, [made])


def _video(held: Held) -> None:
    video = held.video
    if video.duration_ms is not None and video.duration_ms > LONGEST_SECONDS * 1000:
        raise Refused(f"The video is longer than {LONGEST_SECONDS // 3600} hours, which is the limit.")
    copies = Stage.VIDEO in video.claims and not video.plays_as_it_is
    if Stage.VIDEO in video.claims and video.plays_as_it_is:
        _keep(held, Stage.VIDEO, [])
    if not copies and Stage.STILLS not in video.claims:
        return
    sizes: dict[int, tuple[int, int]] = {}

    def note(percentage: int, width: int, height: int) -> None:
        sizes[percentage] = (width, height)

    with process.scratch() as directory:
        end = process.make("copy" if copies else "stills", _original(video), directory, held.beat, note)
        if Stage.STILLS in video.claims:
            stills = [_stored(video, directory, still_name(share), *size) for share, size in sizes.items()]
            _keep(held, Stage.STILLS, stills)
        if copies:
            copy = _uploaded(video, directory, COPY, end["width"], end["height"], held)
            _keep(held, Stage.VIDEO, [copy])


def _keep(held: Held, stage: Stage, made: Sequence[Rendition]) -> None:
    videos.keep(held.video, stage, made)
    held.finished(stage)


def _original(video: Video) -> Original:
    blocks = Blocks(video.object_key, video.store_version, video.offset, video.size_bytes)
    return Original(video.moving_type, video.size_bytes, (video.duration_ms or 0) / 1000, blocks.read)


def _stored(video: Video, directory: Path, name: str, width: int, height: int) -> Rendition:
    content = (directory / name).read_bytes()
    objects.put_rendition(video.key(name), content, content_type="image/webp")
    return Rendition(name, video.version, width, height, len(content))


def _uploaded(video: Video, directory: Path, name: str, width: int, height: int, held: Held) -> Rendition:
    path = directory / name
    with ThreadPoolExecutor(1) as beside:  # it may take longer than the lease
        uploading = beside.submit(objects.upload_rendition, video.key(name), path, content_type="video/mp4")
        while not wait([uploading], timeout=process.BEAT_SECONDS).done:
            held.beat()
        uploading.result()
    return Rendition(name, video.version, width, height, path.stat().st_size)


def _no_still(_percentage: int, _width: int, _height: int) -> None:
    pass
