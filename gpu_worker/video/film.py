"""A video as PyAV decodes it: its frames upright, in colours of every screen, at the size that is asked for."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import av
from av.filter import Graph
from av.video.frame import VideoFrame
from PIL import Image

from gpu_worker.video import tone

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

DEMUXERS = {
    "video/mp4": "mov",
    "video/x-m4v": "mov",
    "video/quicktime": "mov",
    "video/3gpp": "mov",
    "video/webm": "matroska",
    "video/x-matroska": "matroska",
    "video/x-msvideo": "avi",
    "video/mp2t": "mpegts",
}
"""What reads each kind of file. No other is tried: there are some that open other files, or fetch them."""
_HDR = {16: "pq", 18: "hlg"}  # transfer functions, as ISO 23091-2 numbers them
_TURNS = {90: ["transpose=cclock"], 180: ["hflip", "vflip"], 270: ["transpose=clock"]}  # counter-clockwise


class NotAFilm(Exception):
    """There is nothing in it to be shown: a sentence for its owner."""


class Film:
    """A video that is open. threads: of its decoder.

    frames are decoded as far as the file goes: what is damaged is left out, and what is missing at the end too.
    """

    def __init__(self, container: "InputContainer", scratch: Path, threads: int) -> None:
        pictures = container.streams.best("video")  # a cover may come before them
        if pictures is None:
            raise NotAFilm("The file holds no video that can be decoded.")
        self.container = container
        self.threads = threads
        self.pictures = cast("VideoStream", pictures)
        self.pictures.thread_type = "AUTO"
        self.pictures.codec_context.thread_count = threads
        self.sound = container.streams.best("audio", related=pictures)
        self._scratch = scratch

    @property
    def begin(self) -> float:
        """Seconds at which it begins: those of transport streams don't begin at 0."""
        return (self.container.start_time or 0) / av.time_base

    @property
    def seconds(self) -> float:
        """How long it is, as its container says; 0 where that says nothing."""
        if self.container.duration:
            return self.container.duration / av.time_base
        if self.pictures.duration and self.pictures.time_base:
            return float(self.pictures.duration * self.pictures.time_base)
        return 0.0

    @property
    def rate(self) -> Fraction:
        """Frames a second."""
        return self.pictures.average_rate or self.pictures.base_rate or Fraction(30)

    def packets(self, *, with_sound: bool) -> "Iterator[Packet[Any]]":
        """What it is made of, to the first that can't be read: the end of a file that is cut."""
        streams = [self.pictures, *([self.sound] if with_sound and self.sound is not None else [])]
        with damage_left_out():
            yield from self.container.demux(streams)

    def frames(self) -> Iterator[VideoFrame]:
        """Its pictures from where it stands; those that are damaged are left out."""
        for packet in self.packets(with_sound=False):
            yield from decoded(packet)

    def seek(self, seconds: float) -> None:
        """Go to the last key frame before a moment, counted from its begin: there it stands when it was opened."""
        if not seconds:  # a transport stream has no index, and may not find back to its begin
            return
        self.container.seek(round((self.begin + seconds) * av.time_base))

    def moment_of(self, frame: VideoFrame) -> float:
        """Seconds from its begin at which a frame is shown."""
        return 0.0 if frame.time is None else max(0.0, frame.time - self.begin)

    def picture(self, frame: VideoFrame, size: tuple[int, int]) -> Image.Image:
        """A frame alone, as `graph` makes it."""
        graph = self.graph(frame, size, "rgb24")
        shown = next(chain(through(graph, frame), through(graph, None)))
        image: Image.Image = shown.to_image()  # type: ignore[no-untyped-call]
        return image

    def shown_size(self, frame: VideoFrame) -> tuple[int, int]:
        """Width and height in pixels, as it is to be displayed."""
        width, height = self._squared(frame)
        return (height, width) if round(frame.rotation) % 180 else (width, height)

    def graph(self, frame: VideoFrame, size: tuple[int, int], pixel_format: str, rate: int | None = None) -> Graph:
        """What makes frames like this one upright and of this size, in sRGB's colours. rate: the most a second."""
        width, height = size[::-1] if round(frame.rotation) % 180 else size
        # Lines of two moments must not be mixed by scaling.
        steps = ["bwdif=mode=send_frame"] if frame.interlaced_frame else []
        # Smaller first: what then is done to colours is done to fewer pixels.
        steps += [f"scale={width}:{height}:flags=bilinear"]
        transfer = _HDR.get(int(self.pictures.codec_context.color_trc))
        if transfer is not None:
            table = self._scratch / f"{transfer}.cube"
            if not table.exists():
                tone.write(table, transfer)
            steps += ["format=gbrp10le", f"lut3d=file={table.name}:interp=tetrahedral"]
        steps += _TURNS.get(round(frame.rotation) % 360, [])
        to_range = "pc" if pixel_format.startswith("rgb") else "tv"
        steps += [f"scale=out_color_matrix=bt709:out_range={to_range}", "setsar=1", f"format={pixel_format}"]
        steps += [f"fps={rate}"] if rate else []
        graph = Graph()
        last: Any = graph.add_buffer(template=self.pictures, time_base=self.pictures.time_base)
        for step in [*steps, "buffersink"]:
            name, _, options = step.partition("=")
            following = graph.add(name, options or None)
            last.link_to(following)
            last = following
        graph.configure()
        return graph

    def _squared(self, frame: VideoFrame) -> tuple[int, int]:
        """Its size in square pixels."""
        aspect = self.pictures.sample_aspect_ratio or Fraction(1)
        return max(1, round(frame.width * (aspect if 0 < aspect < 10 else 1))), frame.height


@contextmanager
def opened(source: BinaryIO, mime_type: str, scratch: Path, threads: int) -> Iterator[Film]:
    """Open a video. source: read and seeked; scratch: the working directory of this process, where tables are written.

    Raises NotAFilm.
    """
    try:
        container = av.open(source, "r", format=DEMUXERS[mime_type], options={"protocol_whitelist": "pipe"})
    except MemoryError:
        raise
    except av.FFmpegError as error:
        raise NotAFilm(f"The video can't be read: {error.strerror}.") from error
    with container:
        yield Film(container, scratch, threads)


def decoded(packet: "Packet[Any]") -> list[Any]:
    """The frames of a packet; none where it is damaged. Raises MemoryError."""
    with damage_left_out():
        return packet.decode()
    return []


@contextmanager
def damage_left_out() -> Iterator[None]:
    """Go on after the block where the file is damaged. Raises MemoryError, which is one of FFmpeg's errors too."""
    try:
        yield
    except MemoryError:
        raise
    except av.FFmpegError:
        pass


def through(graph: Graph, frame: VideoFrame | None) -> Iterator[VideoFrame]:
    """What comes out of a graph once this frame has gone into it; None: what is left in it."""
    graph.push(frame)
    while True:
        try:
            made = graph.pull()
        except (av.BlockingIOError, av.EOFError):
            return
        assert isinstance(made, VideoFrame)
        yield made
