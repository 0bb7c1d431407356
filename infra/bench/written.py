"""Pages of text, rendered, and spoilt as photos of text are."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pinhole_models.roles import Pixels

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

FONTS = ("roboto/Regular.ttf", "serif/Regular.ttf")
TEXTS = {
    "en": (
        "The ferry leaves at a quarter past nine.",
        "Please keep your ticket until the end of the journey.",
        "Two coffees, one tea and a slice of apple pie: 14.50",
        "Beware of the dog, and of the cat as well!",
        "Open Monday to Friday, from 8 a.m. to 6 p.m.",
        "Grandmother's birthday, 23 March 1964",
    ),
    "de": (
        "Die Fähre fährt um Viertel nach neun ab.",
        "Bitte bewahren Sie Ihre Fahrkarte bis zum Ende auf.",
        "Zwei Kaffee, ein Tee und ein Stück Apfelkuchen: 14,50",
        "Vorsicht vor dem Hund, und vor der Katze auch!",
        "Geöffnet Montag bis Freitag, von 8 bis 18 Uhr",
        "Großmutters Geburtstag, 23. März 1964",
    ),
    "nl": (
        "De veerboot vertrekt om kwart over negen.",
        "Bewaar uw kaartje tot het einde van de reis.",
        "Twee koffie, één thee en een stuk appeltaart: 14,50",
        "Pas op voor de hond, en ook voor de kat!",
        "Geopend van maandag tot en met vrijdag, 8 tot 18 uur",
        "Oma's verjaardag, 23 maart 1964, in België",
    ),
}
_SIZE, _MARGIN, _LINE, _POINTS = (1440, 1080), 120, 140, 30
_BLUR, _NOISE, _TURNED_DEGREES, _JPEG_QUALITY = 2.5, 60, 8, 8


@dataclass(frozen=True, slots=True)
class Page:
    """A picture of a text. state: what was done to it; text: its lines."""

    language: str
    state: str
    text: str
    pixels: Pixels


def pages(brought: Mapping[str, Path]) -> list[Page]:
    """Every text in two fonts, as it is rendered and spoilt in five ways. brought: files of the fonts, by name."""
    return [
        Page(language, state, "\n".join(lines), spoil(rendered(lines, ImageFont.truetype(str(brought[font]), _POINTS))))
        for language, lines in TEXTS.items()
        for font in FONTS
        for state, spoil in SPOILT.items()
    ]


def distance(text: str, other: str) -> int:
    """How many characters must be added, removed or exchanged (Levenshtein 1966)."""
    before = list(range(len(other) + 1))
    for number, character in enumerate(text, start=1):
        row = [number]
        for place, beside in enumerate(other):
            row.append(min(before[place + 1] + 1, row[-1] + 1, before[place] + (character != beside)))
        before = row
    return before[-1]


def rendered(lines: Sequence[str], font: Font) -> Pixels:
    """Dark on light."""
    page = Image.new("RGB", _SIZE, (246, 243, 235))
    for number, line in enumerate(lines):
        ImageDraw.Draw(page).text((_MARGIN, _MARGIN + _LINE * number), line, (40, 40, 50), font)
    return np.asarray(page)


def _blurred(page: Pixels) -> Pixels:
    return np.asarray(cv2.GaussianBlur(page, (0, 0), _BLUR), np.uint8)


def _noisy(page: Pixels) -> Pixels:
    noise = np.random.default_rng(3).normal(0, _NOISE, page.shape)
    return np.clip(page + noise, 0, 255).astype(np.uint8)


def _turned(page: Pixels) -> Pixels:
    height, width = page.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), _TURNED_DEGREES, 0.9)
    return np.asarray(cv2.warpAffine(page, turn, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _compressed(page: Pixels) -> Pixels:
    encoded = cv2.imencode(".jpg", page, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1]
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)


SPOILT: dict[str, Callable[[Pixels], Pixels]] = {
    "clean": lambda page: page,
    "blurred": _blurred,
    "noisy": _noisy,
    "turned": _turned,
    "JPEG": _compressed,
    "all of that": lambda page: _compressed(_noisy(_blurred(_turned(page)))),
}
