"""What is searched for as vectors, by the models of one set. They load beside the requests, once in each process.

A function is frozen between requests and loads nothing then: the next request goes on.
"""

import math
import os
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

from pinhole.errors import FieldError, Invalid, NotWithThisSet
from pinhole.search.cut_off import CutOff
from pinhole.seen import Model, Role
from pinhole.settings import settings
from pinhole.telemetry import logger
from pinhole_models import fetching, loading, model_set
from pinhole_models.model_set import TEXT_EMBEDDING, ModelSet
from pinhole_models.roles import Floats, ImageEmbedder, ModelError, Pixels, TextEmbedder
from pinhole_models.vocabulary import Vocabulary

WAIT_SECONDS = 2  # for what is loading
RETRY_SECONDS = 30  # after what could not be loaded: files may come later, as on the first start of a machine
TEXTS_KEPT = 500
THREADS = min(4, os.cpu_count() or 1)

Vector = tuple[float, ...]
T = TypeVar("T")


class NotLoaded(Exception):
    """Models could not be loaded, for a reason that the log tells."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text as a vector. chance: of `pinhole.search.cut_off`; None where the set has no vocabulary."""

    vector: Vector
    chance: float | None


@dataclass(frozen=True, slots=True)
class Encoded:
    """What was searched for, as vectors of unit length.

    state: warming: the models are still loading, and the next request goes on with that; unavailable: they are not
    there, or don't work, and the log says why.
    model: in whose space the vectors are; None unless ready, as the vectors are empty then.
    texts: in their order. cut_off: numbers by which the set says when nothing is alike: `options.cut_off` of its text
    embedding; None where it has none.
    """

    state: Literal["ready", "warming", "unavailable"]
    model: Model | None = None
    texts: Sequence[Text] = ()
    picture: Vector | None = None
    cut_off: CutOff | None = None


class Loading(Generic[T]):
    """What takes long to load, for all threads once. After a failure it is tried again, but not by each request."""

    def __init__(self, load: Callable[[], T]) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._loaded: Future[T] | None = None
        self._again_at = math.inf

    def get(self, seconds: float) -> T | None:
        """It; None where it is not there after so many seconds. Raises NotLoaded."""
        with self._lock:
            if self._loaded is None or time.monotonic() >= self._again_at:
                self._loaded, self._again_at = Future(), math.inf
                threading.Thread(target=self._run, args=(self._loaded,), name="loading", daemon=True).start()
            loaded = self._loaded
        wait([loaded], seconds)
        return loaded.result() if loaded.done() else None

    def _run(self, loaded: "Future[T]") -> None:
        try:
            loaded.set_result(self._load())
        except Exception as error:  # noqa: BLE001 - the edge of a thread: who waits is told
            logger.exception("models_not_loaded")
            self._again_at = time.monotonic() + RETRY_SECONDS
            loaded.set_exception(NotLoaded(str(error)))


def encoded(texts: Sequence[str], picture: bytes | None = None) -> Encoded:
    """Vectors of texts, and of a picture: the bytes of a JPEG, PNG or WebP. It waits 2 seconds at most for models.

    Raises:
        NotWithThisSet: the set's models make no vector of a picture by itself.
        Invalid: `picture` is none.
    """
    pixels = None if picture is None else _pixels(picture)
    if not settings().search_models:
        return Encoded("unavailable")
    try:
        return _encoded(texts, pixels)
    except NotLoaded:
        return Encoded("unavailable")
    except Exception:  # noqa: BLE001 - models are code of others: words are searched for without them
        logger.exception("not_encoded")
        return Encoded("unavailable")


def takes_pictures() -> bool:
    """Whether the set makes a vector of a picture by itself, as its file says. Nothing is loaded."""
    try:
        return _set().parts[Role.IMAGE_EMBEDDING].runtime in loading.PICTURE_RUNTIMES
    except (ModelError, KeyError):
        return False


def _encoded(texts: Sequence[str], pixels: Pixels | None) -> Encoded:
    deadline = time.monotonic() + WAIT_SECONDS
    of_texts = _texts.get(WAIT_SECONDS) if texts else None
    of_picture = None if pixels is None else _pictures.get(max(0, deadline - time.monotonic()))
    if (texts and of_texts is None) or (pixels is not None and of_picture is None):
        return Encoded("warming")
    models = _set()
    numbers = models.parts[TEXT_EMBEDDING].options.get("cut_off")
    return Encoded(
        "ready",
        models.models()[Role.IMAGE_EMBEDDING],
        [of_texts(text) for text in texts] if of_texts else (),
        of_picture(pixels) if of_picture and pixels is not None else None,
        CutOff(**numbers) if numbers else None,
    )


def _pixels(picture: bytes) -> Pixels:
    if not takes_pictures():
        raise NotWithThisSet("The models of this library find no photos by a picture.")
    # Only here: what decodes it is not there where no set takes pictures.
    from pinhole_models import pictures

    try:
        return pictures.decode(picture)
    except pictures.NoPicture as error:
        raise Invalid("The picture can't be used.", FieldError("picture", str(error))) from error


@cache
def _set() -> ModelSet:
    where = settings().search_models
    directory = Path(tempfile.gettempdir(), "pinhole-models") if _is_fetched(where) else Path(where)
    return model_set.read(settings().search_model_set, directory, THREADS)


def _load_texts() -> Callable[[str], Text]:
    embedder: TextEmbedder = _loaded(TEXT_EMBEDDING)
    options = _set().parts[TEXT_EMBEDDING].options
    vocabulary = Vocabulary(options["vocabulary"]) if "vocabulary" in options else None

    @lru_cache(TEXTS_KEPT)
    def encode(text: str) -> Text:
        vector = _checked(embedder.embed_text([text]))
        return Text(vector, None if vocabulary is None else vocabulary.chance(vector, options["cut_off"]))

    encode("photo")  # what loads may still not work
    return encode


def _load_pictures() -> Callable[[Pixels], Vector]:
    embedder: ImageEmbedder = _loaded(Role.IMAGE_EMBEDDING)
    return lambda pixels: _checked(embedder.embed([pixels], ()))


def _loaded(role: str) -> Any:
    models = _set().only(role)
    if _is_fetched(where := settings().search_models):
        fetching.fetch(models, where)
    return loading.load(models, role)


def _checked(vectors: Floats) -> Vector:
    """The one vector. Raises ModelError where none of the library's can be compared with it."""
    vector = tuple(vectors[0].tolist())
    dimension = _set().models()[Role.IMAGE_EMBEDDING].dimension
    if len(vector) != dimension or not all(map(math.isfinite, vector)):
        raise ModelError(f"The vector is none of {dimension} numbers, as the image_embedding of the set has")
    return vector


def _is_fetched(where: str) -> bool:
    return where.startswith("s3://")


_texts = Loading(_load_texts)
_pictures = Loading(_load_pictures)
