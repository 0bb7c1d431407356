"""Look at pictures with all models of a set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from gpu_worker.models import loading
from gpu_worker.models.pixels import scaled
from pinhole.seen import Colours, DetectedObject, Face, Model, Quality, Role, Seen, Tag, TextLine
from pinhole_models.model_set import ModelSet
from pinhole_models.roles import ModelError, Pixels

# The shorter side that is enough for models which want no more, such as tiles of .6 of it for 224 pixels.
_SMALL = 384
# What is shown and searched for; the embedding takes less likely words too.
_TAG_FROM = 0.1


@dataclass(frozen=True)
class Picture:
    """A picture as it is decoded: RGB, uint8, (height, width, 3), and the size of its original in pixels."""

    pixels: Pixels
    original_width: int
    original_height: int


_GREY = Picture(np.full((480, 640, 3), 128, np.uint8), 640, 480)


@dataclass
class _Looked:
    tags: Sequence[Tag] = ()
    objects: Sequence[DetectedObject] = ()
    faces: Sequence[Face] = ()
    text: Sequence[TextLine] = ()
    colours: Colours | None = None
    quality: Quality | None = None
    embedding: Sequence[float] | None = None


@dataclass
class Looker:
    """The models of a set. They are loaded by `load`, and the memory is given back when the looker is let go."""

    model_set: ModelSet
    _loaded: dict[Role, Any] = field(default_factory=dict)

    @property
    def models(self) -> Mapping[Role, Model]:
        """What looks, by role."""
        return self.model_set.models()

    def load(self) -> None:
        """Load every model that is not loaded, and have them look at a grey picture.

        Raises:
            ModelError: one can't be loaded, or can't look; none is then, and what was loaded before stays.
        """
        if self._loaded.keys() == self.models.keys():
            return
        loaded = {role: self._loaded.get(role) or loading.load(self.model_set, role) for role in self.models}
        try:
            self._seen_by(loaded, [_GREY])
        except Exception as error:
            raise ModelError(f"The models of set {self.model_set.name} load, but can't look: {error}") from error
        self._loaded = loaded

    def look(self, pictures: Sequence[Picture]) -> list[Seen]:
        """What each of the models sees of each picture. Loads the models first where that was not done.

        Raises:
            ModelError: a model can't be loaded.
        """
        self.load()
        return self._seen_by(self._loaded, pictures) if pictures else []

    def _seen_by(self, loaded: Mapping[Role, Any], pictures: Sequence[Picture]) -> list[Seen]:
        whole = [picture.pixels for picture in pictures]
        small = [_small(pixels) for pixels in whole]
        looked = [_Looked() for _ in pictures]
        for role, attribute, method, seen_by in (
            (Role.TAGS, "tags", "tag", small),
            (Role.OBJECTS, "objects", "detect", small),
            (Role.FACES, "faces", "find", whole),
            (Role.OCR, "text", "read", whole),
            (Role.COLOURS, "colours", "measure", small),
            (Role.QUALITY, "quality", "measure", whole),
        ):
            if role in loaded:
                for own, answer in zip(looked, getattr(loaded[role], method)(seen_by), strict=True):
                    setattr(own, attribute, answer)
        if Role.IMAGE_EMBEDDING in loaded:
            vectors = loaded[Role.IMAGE_EMBEDDING].embed(small, looked)
            for own, vector in zip(looked, vectors, strict=True):
                own.embedding = vector.tolist()
        return [self._seen(picture, own) for picture, own in zip(pictures, looked, strict=True)]

    def _seen(self, picture: Picture, looked: _Looked) -> Seen:
        scale = max(picture.original_width, picture.original_height) / max(picture.pixels.shape[:2])
        return Seen(
            models=self.models,
            embedding=looked.embedding,
            tags=[tag for tag in looked.tags if tag.score >= _TAG_FROM],
            objects=looked.objects,
            faces=[replace(face, size_px=round(face.size_px * scale)) for face in looked.faces],
            text=looked.text,
            colours=looked.colours,
            quality=looked.quality,
        )


def _small(pixels: Pixels) -> Pixels:
    scale = _SMALL / min(pixels.shape[:2])
    if scale >= 1:
        return pixels
    height, width = (max(1, round(side * scale)) for side in pixels.shape[:2])
    return scaled(pixels, width, height)
