"""Single pictures of a video: its poster, and stills."""

from collections.abc import Iterator

from av.video.frame import VideoFrame
from PIL import Image

from gpu_worker.video.film import Film, NotAFilm, through
from pinhole.imaging.sizes import HEIGHTS, fit

BLACK = 20  # of 255, on average: what is darker shows nothing
POSTER_AT = (0.0, 0.1, 0.3)  # shares of its length: the first that shows anything is the poster
PERCENTAGES = (0, 33, 66, 99)


def poster(film: Film) -> Image.Image:
    """The first key frame that is not black. Raises NotAFilm where no frame can be decoded."""
    darkest = None
    for share in POSTER_AT:
        if share:  # a transport stream has no index, and may not find back to its begin
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
    """A picture at each of PERCENTAGES, by seeking; where the end is missing, those that are there."""
    for percentage in PERCENTAGES:
        moment = film.seconds * percentage / 100
        film.seek(moment)
        found = None
        for frame in film.frames():
            found = frame
            if film.moment_of(frame) >= moment:
                break
        if found is not None:
            yield percentage, picture(film, found)


def picture(film: Film, frame: VideoFrame) -> Image.Image:
    """A frame as the largest rendition shows it."""
    size = fit(*film.shown_size(frame), HEIGHTS[0])
    shown = next(through(film.graph(frame, size, "rgb24"), frame))
    image: Image.Image = shown.to_image()  # type: ignore[no-untyped-call]
    return image
