"""Read text by the program tesseract, which is best at clean scans."""

import csv
import io
import shutil
import subprocess
from collections.abc import Sequence
from itertools import groupby

import cv2

from pinhole.seen import TextLine
from pinhole_models.roles import ModelError, Pixels

_WORD = "5"
_SURE_FROM = 50
_SECONDS = 60


class Tesseract:
    """The languages of those that are installed. languages: as of `tesseract -l`, such as "eng+nld+deu"."""

    def __init__(self, languages: str, threads: int) -> None:
        self._program = shutil.which("tesseract") or ""
        if not self._program:
            raise ModelError("ocr needs the program tesseract: install it (Debian, Ubuntu: apt install tesseract-ocr)")
        listed = subprocess.run([self._program, "--list-langs"], capture_output=True, text=True, check=True).stdout
        missing = sorted(set(languages.split("+")) - set(listed.split()))
        if missing:
            raise ModelError(f"ocr needs the languages {', '.join(missing)} of tesseract, which are not installed")
        self._languages = languages
        self._environment = {"OMP_THREAD_LIMIT": str(threads)}

    def read(self, pictures: Sequence[Pixels]) -> list[list[TextLine]]:
        """Lines whose words are sure by half on average.

        Raises:
            subprocess.SubprocessError: the program fails, or needs more than a minute for a picture.
        """
        return [self._read(picture) for picture in pictures]

    def _read(self, picture: Pixels) -> list[TextLine]:
        _, png = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
        command = [self._program, "stdin", "stdout", "-l", self._languages, "--psm", "11", "tsv"]
        answer = subprocess.run(
            command, input=png.tobytes(), env=self._environment, capture_output=True, check=True, timeout=_SECONDS
        )
        rows = csv.DictReader(io.StringIO(answer.stdout.decode()), delimiter="\t", quoting=csv.QUOTE_NONE)
        words = [row for row in rows if row["level"] == _WORD and row["text"].strip()]
        height, width = picture.shape[:2]
        lines = [
            _line(list(line), width, height)
            for _, line in groupby(words, key=lambda row: (row["block_num"], row["par_num"], row["line_num"]))
        ]
        return [line for line in lines if line.score * 100 >= _SURE_FROM]


def _line(words: Sequence[dict[str, str]], width: int, height: int) -> TextLine:
    left, top = (min(int(word[side]) for word in words) for side in ("left", "top"))
    right = max(int(word["left"]) + int(word["width"]) for word in words)
    bottom = max(int(word["top"]) + int(word["height"]) for word in words)
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    return TextLine(
        text=" ".join(word["text"] for word in words),
        score=sum(float(word["conf"]) for word in words) / len(words) / 100,
        corners=[(x / width, y / height) for x, y in corners],
    )
