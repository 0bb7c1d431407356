"""The copy of a video that every browser plays: H.264 and AAC in an MP4, its index in front."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.video.frame import VideoFrame
from PIL import Image

from gpu_worker.video.film import Film, NotAFilm, damage_left_out, decoded, through
from gpu_worker.video.pictures import picture
from pinhole.videos import PERCENTAGES

SHORT_SIDE = 720
MOST_RATE = 60  # frames a second
_CLOCK = 90_000  # ticks a second, so that uneven frames keep their moments
_SOUND_RATE, _SOUND_BITS = 48_000, 128_000
_PRESET, _QUALITY = "veryfast", "23"
_MOST = {"maxrate": "6M", "bufsize": "12M"}  # bits: what plays at once by a common line, however restless the pictures
_KEY_SECONDS = 2  # between key frames: how exact a jump is
_GAP_SECONDS = 0.1  # of silence that is kept
_HELD_FRAMES = 2_000  # of sound, until the first picture comes


Still = Callable[[int, Image.Image], None]


def copy(film: Film, target: Path, keep: Still, tell: Callable[[float], None]) -> tuple[int, int]:
    """Write the copy in one pass: its width and height. keep: takes stills at PERCENTAGES on the way. tell: how many
    seconds are done.

    Raises NotAFilm where no frame can be decoded.
    """
    with av.open(target, "w", format="mp4", options={"movflags": "+faststart"}) as output:
        copying = _Copying(film, output)
        due = [(film.seconds * percentage / 100, percentage) for percentage in PERCENTAGES]
        last = None
        for packet in film.packets(with_sound=True):
            if packet.stream is not film.pictures:
                copying.hear(packet)
                continue
            for frame in decoded(packet):
                moment = film.moment_of(frame)
                while due and moment >= due[0][0]:
                    keep(due.pop(0)[1], picture(film, frame))
                copying.see(frame)
                tell(moment)
                last = frame
        if last is None:
            raise NotAFilm("No picture of the video can be decoded.")
        # It may end before it said it would.
        for _, percentage in due:
            keep(percentage, picture(film, last))
        return copying.end()


class _Copying:
    def __init__(self, film: Film, output: Any) -> None:
        self._film, self._output = film, output
        self._graph: Any = None
        self._shape: tuple[Any, ...] = ()  # of the pictures that it takes
        self._pictures: Any = None
        self._latest = -1
        self._shift = 0  # ticks, by which pictures come later than they say
        self._sound: Any = None
        self._held: list[AudioFrame] = []
        self._heard = 0  # samples
        if film.sound is not None:
            self._sound = output.add_stream("aac", rate=_SOUND_RATE, layout="stereo")
            self._sound.bit_rate = _SOUND_BITS
            self._resampler = _resampler()

    def see(self, frame: VideoFrame) -> None:
        """Encode a picture."""
        shape = (frame.width, frame.height, frame.format.name, round(frame.rotation))
        if shape != self._shape:
            size = _even(self._film.shown_size(frame))
            if self._graph is not None:  # they change midway, and the copy stays as it began
                self._encode(through(self._graph, None))
                size = (self._pictures.width, self._pictures.height)
            rate = MOST_RATE if self._film.rate > MOST_RATE else None
            self._graph, self._shape = self._film.graph(frame, size, "yuv420p", rate), shape
        self._encode(through(self._graph, frame))

    def hear(self, packet: Any) -> None:
        """Encode sound."""
        for frame in decoded(packet):
            with damage_left_out():
                try:
                    self._held += self._resampler.resample(frame)
                except ValueError:  # it changes its rate or its speakers midway
                    self._held += self._resampler.resample(None)
                    self._resampler = _resampler()
                    self._held += self._resampler.resample(frame)
        # Every track must be known before the first of any is written.
        if self._pictures is not None or len(self._held) > _HELD_FRAMES:
            self._write_sound()

    def end(self) -> tuple[int, int]:
        """Write what is left. Width and height in pixels."""
        self._encode(through(self._graph, None))
        self._output.mux(self._pictures.encode(None))
        if self._sound is not None:
            self._held += self._resampler.resample(None)
            self._write_sound()
            self._output.mux(self._sound.encode(None))
        return self._pictures.width, self._pictures.height

    def _write_sound(self) -> None:
        for frame in self._held:
            at = self._heard if frame.time is None else round((frame.time - self._film.begin) * _SOUND_RATE)
            # Moments that files tell are off by a little, and go back where they are damaged.
            if at < self._heard + _GAP_SECONDS * _SOUND_RATE:
                at = self._heard
            frame.pts, frame.time_base = at, Fraction(1, _SOUND_RATE)
            self._heard = at + frame.samples
            with damage_left_out():  # such as a sample that is no number
                self._output.mux(self._sound.encode(frame))
        self._held.clear()

    def _encode(self, frames: Iterator[VideoFrame]) -> None:
        for frame in frames:
            if self._pictures is None:
                self._begin(frame)
            at = self._latest + 1 if frame.time is None else int((frame.time - self._film.begin) * _CLOCK) + self._shift
            if at < self._latest - _CLOCK // 2:  # the clock begins anew: another recording is joined to this one
                self._shift += self._latest + _CLOCK // MOST_RATE - at
                at = self._latest + _CLOCK // MOST_RATE
            if at <= self._latest:
                continue
            self._latest = frame.pts = at
            frame.time_base = Fraction(1, _CLOCK)
            frame.pict_type = 0
            self._output.mux(self._pictures.encode(frame))

    def _begin(self, frame: VideoFrame) -> None:
        rate = min(self._film.rate, Fraction(MOST_RATE))
        options = {"preset": _PRESET, "crf": _QUALITY, "threads": str(self._film.threads), **_MOST}
        self._pictures = self._output.add_stream("libx264", rate=rate, options=options)
        self._pictures.width, self._pictures.height, self._pictures.pix_fmt = frame.width, frame.height, "yuv420p"
        context = self._pictures.codec_context
        context.time_base = Fraction(1, _CLOCK)
        context.gop_size = max(1, round(rate * _KEY_SECONDS))
        context.color_primaries = context.color_trc = context.colorspace = 1  # BT.709


def _resampler() -> AudioResampler:
    return AudioResampler(format="fltp", layout="stereo", rate=_SOUND_RATE)


def _even(size: tuple[int, int]) -> tuple[int, int]:
    """At most SHORT_SIDE along the shorter side, never larger than it is, both sides even."""
    scale = min(1, SHORT_SIDE / min(size))
    width, height = (max(2, round(side * scale / 2) * 2) for side in size)
    return width, height
