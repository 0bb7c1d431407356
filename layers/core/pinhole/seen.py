"""What models saw of one picture. Shapes and units that worker, tables and API have in common.

Every place in a picture is relative to it, as it is shown: from its left and its top, 0 to 1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a model is for. A model set has at most one for each role."""

    IMAGE_EMBEDDING = "image_embedding"
    TAGS = "tags"
    OBJECTS = "objects"
    FACES = "faces"
    OCR = "ocr"
    COLOURS = "colours"
    QUALITY = "quality"
    CAPTION = "caption"


@dataclass(frozen=True, slots=True)
class Model:
    """Which model saw it. dimension: of its embeddings; None where it makes none."""

    role: Role
    name: str
    version: str
    dimension: int | None = None


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle: where it begins, and how large it is."""

    left: float
    top: float
    width: float
    height: float

    @property
    def numbers(self) -> list[float]:
        """As it is stored."""
        return [float(self.left), float(self.top), float(self.width), float(self.height)]


def flat(points: Sequence[tuple[float, float]]) -> list[float]:
    """Points as they are stored: x and y by turns."""
    return [float(value) for point in points for value in point]


@dataclass(frozen=True, slots=True)
class Tag:
    """A word for the whole picture. score: 0 to 1."""

    name: str
    score: float


@dataclass(frozen=True, slots=True)
class DetectedObject:
    """A thing. name: of the model's vocabulary, with spaces; score: 0 to 1."""

    name: str
    score: float
    box: Box


@dataclass(frozen=True, slots=True)
class Face:
    """A face.

    landmarks: x and y of the left eye, the right eye, the nose, the left and the right corner of the mouth, left as in
    the picture. confidence: 0 to 1. size_px: the longer side of its box, in pixels of the original. sharpness: 0 to 1.
    embedding: of unit length, centred.
    """

    box: Box
    landmarks: Sequence[tuple[float, float]]
    confidence: float
    size_px: int
    sharpness: float
    embedding: Sequence[float]


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of text. corners: four, from the begin of its top edge, in the direction of reading. score: 0 to 1."""

    text: str
    score: float
    corners: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Colours:
    """Colours of a picture.

    dominant: (0xRRGGBB, share), the largest share first. hue: circular mean in degrees, weighted by chroma; None of a
    picture without any. saturation, lightness: means, 0 to 1. histogram: shares of 12 hues of 30 degrees from red, and
    of black, grey and white; 15 numbers.
    """

    dominant: Sequence[tuple[int, float]]
    hue: float | None
    saturation: float
    lightness: float
    histogram: Sequence[float]


@dataclass(frozen=True, slots=True)
class Quality:
    """Measured quality.

    sharpness, noise, exposure: 0 to 1, more is sharper, noisier, better exposed. overall: 0 to 100.
    """

    sharpness: float
    noise: float
    exposure: float
    overall: float


@dataclass(frozen=True, slots=True)
class Caption:
    """What a vision-language model says, in its words. None: it is not there, or not known.

    caption: a sentence. pets: whether there are any; animal_type: of any animal. mood: of the people.
    """

    caption: str
    main_subject: str | None
    setting: str | None
    pets: bool
    animal_type: str | None
    vehicle: str | None
    landmark: str | None
    food: str | None
    drink: str | None
    event: str | None
    activity: str | None
    document_type: str | None
    people_count: int
    mood: str | None
    indoor: bool
    landscape: bool
    cityscape: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of one picture: for every model that looked, what it found, which may be nothing.

    A role whose model did not look is not in `models`.
    """

    models: Mapping[Role, Model]
    embedding: Sequence[float] | None = None
    tags: Sequence[Tag] = ()
    objects: Sequence[DetectedObject] = ()
    faces: Sequence[Face] = ()
    text: Sequence[TextLine] = ()
    colours: Colours | None = None
    quality: Quality | None = None
    caption: Caption | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """One model's look at one picture: the key of everything that it found there.

    percentage: of a video, where in it the still lies; 0 of a photo.
    """

    owner_id: int
    item_id: str
    percentage: int
    model_id: int

    @property
    def key(self) -> tuple[int, str, int, int]:
        """owner_id, item_id, percentage, model_id."""
        return self.owner_id, self.item_id, self.percentage, self.model_id
