"""What a model must do for each role.

Pictures are RGB, uint8, (height, width, 3), and answers come in their order, one for each.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from pinhole.seen import Colours, DetectedObject, Face, Quality, Tag, TextLine

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]


class ModelError(Exception):
    """A model can't be loaded. The text is a sentence that names the role and the file."""


class Tagger(Protocol):
    def tag(self, pictures: Sequence[Pixels]) -> list[list[Tag]]:
        """Words for each picture, the likeliest first; also unlikely ones, which the image embedding may want."""


class ObjectDetector(Protocol):
    def detect(self, pictures: Sequence[Pixels]) -> list[list[DetectedObject]]:
        """Things that are surely in each picture, the surest first."""


class FaceFinder(Protocol):
    def find(self, pictures: Sequence[Pixels]) -> list[list[Face]]:
        """Faces in each picture, the surest first. size_px counts pixels of the picture that it got."""


class TextReader(Protocol):
    def read(self, pictures: Sequence[Pixels]) -> list[list[TextLine]]:
        """Lines of text in each picture, as they are read."""


class ColourMeter(Protocol):
    def measure(self, pictures: Sequence[Pixels]) -> list[Colours]:
        """Colours of each picture."""


class QualityMeter(Protocol):
    def measure(self, pictures: Sequence[Pixels]) -> list[Quality]:
        """Quality of each picture."""


class Evidence(Protocol):
    """What the other roles saw of a picture, each empty or None where none looked."""

    tags: Sequence[Tag]
    objects: Sequence[DetectedObject]
    faces: Sequence[Face]
    colours: Colours | None


class ImageEmbedder(Protocol):
    def embed(self, pictures: Sequence[Pixels], seen: Sequence[Evidence]) -> Floats:
        """A vector of unit length for each picture: (pictures, dimension)."""


class TextEmbedder(Protocol):
    def embed_text(self, texts: Sequence[str]) -> Floats:
        """A vector of unit length for each text: (texts, dimension), in the space of the set's image embedding."""
