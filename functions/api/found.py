"""What models found in a photo, on the wire."""

from dataclasses import asdict
from typing import Annotated, Literal, Self

from pydantic import Field

from api.wire import WireModel
from pinhole import seen
from pinhole.found import Found
from pinhole.seen import Role

Share = Annotated[float, Field(ge=0, le=1)]


class Point(WireModel):
    """In the picture as it is shown, relative to its size, from its left and its top."""

    x: float
    y: float

    @classmethod
    def of(cls, point: tuple[float, float]) -> Self:
        return cls(x=point[0], y=point[1])


class Box(WireModel):
    """In the picture as it is shown, relative to its size."""

    left: float
    top: float
    width: float
    height: float

    @classmethod
    def of(cls, box: seen.Box) -> Self:
        return cls(left=box.left, top=box.top, width=box.width, height=box.height)


class LookingModel(WireModel):
    """Which model it was."""

    role: Role
    name: str
    version: str


class Tag(WireModel):
    """A word for the whole picture."""

    name: str
    score: Share


class DetectedObject(WireModel):
    name: str
    score: Share
    box: Box


class Face(WireModel):
    box: Box
    landmarks: list[Point] = Field(
        description="Left eye, right eye, nose, left and right corner of the mouth; left as in the picture"
    )
    confidence: Share
    size_px: int = Field(description="The longer side of its box, in pixels of the original")
    sharpness: Share


class TextLine(WireModel):
    text: str
    score: Share
    corners: list[Point] = Field(description="Four, from the begin of its top edge, in the direction of reading")


class DominantColour(WireModel):
    colour: str = Field(examples=["#0a141e"])
    share: Share


class Colours(WireModel):
    """Measured."""

    dominant: list[DominantColour] = Field(description="The largest share first")
    hue: float | None = Field(description="Circular mean, in degrees; null of a picture without any")
    saturation: Share
    lightness: Share
    histogram: list[float] = Field(description="Shares of 12 hues of 30 degrees from red, and of black, grey, white")

    @classmethod
    def of(cls, colours: seen.Colours) -> Self:
        return cls(
            dominant=[DominantColour(colour=f"#{colour:06x}", share=share) for colour, share in colours.dominant],
            hue=colours.hue,
            saturation=colours.saturation,
            lightness=colours.lightness,
            histogram=list(colours.histogram),
        )


class Quality(WireModel):
    """Measured: sharpness, noise and exposure 0 to 1, more is sharper, noisier, better exposed."""

    sharpness: Share
    noise: Share
    exposure: Share
    overall: float = Field(ge=0, le=100)

    @classmethod
    def of(cls, quality: seen.Quality) -> Self:
        return cls(sharpness=quality.sharpness, noise=quality.noise, exposure=quality.exposure, overall=quality.overall)


class Caption(WireModel):
    """What a vision-language model says, in its words; null of what is not there, or not known."""

    caption: str = Field(description="A sentence")
    main_subject: str | None
    setting: str | None
    pets: bool
    animal_type: str | None = Field(description="Of any animal, a pet or not")
    vehicle: str | None
    landmark: str | None
    food: str | None
    drink: str | None
    event: str | None
    activity: str | None
    document_type: str | None
    people_count: int = Field(ge=0)
    mood: str | None = Field(description="Of the people")
    indoor: bool
    landscape: bool
    cityscape: bool

    @classmethod
    def of(cls, caption: seen.Caption) -> Self:
        return cls(**asdict(caption))


class Analysis(WireModel):
    """What models found in a photo; nothing while they have not looked."""

    state: Literal["waiting", "failed", "done"]
    models: list[LookingModel]
    tags: list[Tag] = Field(description="The surest first")
    objects: list[DetectedObject]
    faces: list[Face]
    text: list[TextLine] = Field(description="In the order of reading")
    colours: Colours | None
    quality: Quality | None
    caption: Caption | None = Field(description="Null too where no such model is configured")
    caption_waits: bool = Field(description="Whether a caption is still to come; `state` does not wait for it")

    @classmethod
    def of(cls, found: Found) -> Self:
        return cls(
            state=found.state,
            models=[LookingModel(role=one.role, name=one.name, version=one.version) for one in found.models],
            tags=[Tag(name=tag.name, score=tag.score) for tag in found.tags],
            objects=[DetectedObject(name=one.name, score=one.score, box=Box.of(one.box)) for one in found.objects],
            faces=[
                Face(
                    box=Box.of(face.box),
                    landmarks=[Point.of(landmark) for landmark in face.landmarks],
                    confidence=face.confidence,
                    size_px=face.size_px,
                    sharpness=face.sharpness,
                )
                for face in found.faces
            ],
            text=[
                TextLine(text=line.text, score=line.score, corners=[Point.of(corner) for corner in line.corners])
                for line in found.text
            ],
            colours=None if found.colours is None else Colours.of(found.colours),
            quality=None if found.quality is None else Quality.of(found.quality),
            caption=None if found.caption is None else Caption.of(found.caption),
            caption_waits=found.caption_waits,
        )
