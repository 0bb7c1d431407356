"""Single pictures of a video: its poster, and stills."""

from collections.abc import Iterator

from av.video.frame import VideoFrame
from PIL import Image

from gpu_worker.video.film import Film, NotAFilm
from pinhole.imaging.sizes import HEIGHTS, fit
from pinhole.videos import PERCENTAGES

BLACK = 20  # of 255, on average: what is darker shows nothing
POSTER_AT = (0.0, 0.1, 0.3)  # shares of its length: the first that shows anything is the poster


def poster(film: Film) -> Image.Image:
    """The first key frame that is not black. Raises NotAFilm where no frame can be decoded."""
    darkest = None
    for share in POSTER_AT:
        film.seek(share * film.seconds)
        frame = next(film.frames(), None)
        if frame is None:
            continue
        image = picture(film, frame)
        if sum(image.convert("L").resize((16, 16)).tobytes()) > BLACK * 256:
            return image
        darkest = darkest or image
    if darkest is None:
        raise NotAFilm("No picture of the video can be decoded.")
    return darkest


def stills(film: Film) -> Iterator[tuple[int, Image.Image]]:
    """A picture at each of PERCENTAGES, by seeking: the last that is there, where the end is missing.

    Raises NotAFilm where no frame can be decoded.
    """
    last = None
    for percentage in PERCENTAGES:
        moment = film.seconds * percentage / 100
        film.seek(moment)
        for frame in film.frames():
            last = frame
            if film.moment_of(frame) >= moment:
                break
        if last is None:
            raise NotAFilm("No picture of the video can be decoded.")
        yield percentage, picture(film, last)


def picture(film: Film, frame: VideoFrame) -> Image.Image:
    """A frame as the largest rendition shows it."""
    return film.picture(frame, fit(*film.shown_size(frame), HEIGHTS[0]))
