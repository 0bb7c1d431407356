"""How right the embedded models are: on pictures of packages that people have labelled, and on rendered text."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from statistics import fmean

import numpy as np

from gpu_worker.looking import Looker, Picture
from gpu_worker.models import loading
from infra.bench import labelled, written
from infra.bench.labelled import Labelled
from infra.bench.rows import Aim, Row, progress
from infra.models import fetch
from pinhole.found import TAGS_FROM
from pinhole.seen import Role, Seen
from pinhole_models import model_set
from pinhole_models.model_directory import default_directory
from pinhole_models.roles import TextReader

THREADS = 2
TAGS_SHOWN = 5


def measure() -> Iterator[Row]:
    """Rows of faces, objects, tags and text."""
    models = model_set.read("embedded", default_directory(), THREADS)
    fetch.fetch(models)
    pictures = labelled.pictures()
    progress(f"Looking at {len(pictures)} pictures")
    looker = Looker(models)
    looks = list(zip(pictures, [_look(looker, picture) for picture in pictures], strict=True))
    yield from faces(looks)
    yield from objects(looks)
    yield from tags(looks)
    progress("Reading rendered text")
    yield from text(loading.load(models, Role.OCR), written.pages(labelled.brought()))


def faces(looks: Sequence[tuple[Labelled, Seen]]) -> Iterator[Row]:
    """How many faces are found, and how well their vectors tell people apart."""
    counted = [(picture.faces, len(seen.faces)) for picture, seen in looks if picture.faces is not None]
    there = sum(least for (least, _), _ in counted)
    found = sum(min(least, number) for (least, _), number in counted)
    wrong = sum(max(0, number - most) for (_, most), number in counted)
    yield Row(f"faces found, of {there}", "", found / there, aim=Aim("ours", 1, 0.75))
    yield Row(f"faces where there is none, in {len(counted)} pictures", "", wrong)
    same, others = pairs(looks)
    what = f"{len(same)} pairs of one person, {len(others)} of two"
    yield Row(f"faces: area under the curve, {what}", "", area(same, others), aim=Aim("ours", 1, 0.99))
    accepted = fmean(value > max(others) for value in same)
    yield Row("faces: true accepts at zero false ones", "", accepted, aim=Aim("ours", 1, 0.9))
    yield Row("faces: the least alike of one person", "cosine", min(same), max(others), "the most alike of two")


def pairs(looks: Sequence[tuple[Labelled, Seen]]) -> tuple[list[float], list[float]]:
    """Cosines of pairs of one person, and of pairs of two.

    Who it is, is known where a file is named for the one person in it. People in one picture are others, but who they
    are in the next one is not known.
    """
    named = [
        (picture.who, np.array(max(seen.faces, key=lambda face: face.size_px).embedding))
        for picture, seen in looks
        if picture.who and seen.faces
    ]
    same: list[float] = []
    others: list[float] = []
    for (who, vector), (other, beside) in combinations(named, 2):
        (same if who == other else others).append(float(vector @ beside))
    for picture, seen in looks:
        if picture.faces is not None and picture.faces[1] > 1:
            vectors = [np.array(face.embedding) for face in seen.faces]
            others += [float(vector @ beside) for vector, beside in combinations(vectors, 2)]
    return same, others


def area(same: Sequence[float], others: Sequence[float]) -> float:
    """The chance that a pair of one person is more alike than one of two: the area under the ROC curve."""
    differences = np.subtract.outer(np.array(same), np.array(others))
    return float(np.mean((differences > 0) + 0.5 * (differences == 0)))


def objects(looks: Sequence[tuple[Labelled, Seen]]) -> Iterator[Row]:
    """Kinds of things, each once for a picture."""
    there = found = right = told = 0
    for picture, seen in looks:
        kinds = {thing.name for thing in seen.objects}
        there += len(picture.objects)
        found += len(kinds & picture.objects)
        told += len(kinds)
        right += len(kinds & (picture.objects | picture.also))
    yield Row(f"objects found, of {there} in {len(looks)} pictures", "", found / there)
    yield Row(f"objects that are right, of {told} told", "", right / told)


def tags(looks: Sequence[tuple[Labelled, Seen]]) -> Iterator[Row]:
    """In how many pictures that a word fits one of the surest tags does; how many fit of those that people are told.

    Words that fit are labels of the network's and what is a little wider, and not "clothing" or "animal".
    """
    fitting = [(picture.tags, seen.tags) for picture, seen in looks if picture.tags]
    right = fmean(any(tag.name in words for tag in tags[:TAGS_SHOWN]) for words, tags in fitting)
    yield Row(f"pictures with a right tag among {TAGS_SHOWN}, of {len(fitting)}", "", right)
    told = [tag.name in words for words, tags in fitting for tag in tags if tag.score >= TAGS_FROM]
    yield Row(f"tags that are right, of {len(told)} told", "", fmean(told))


def text(reader: TextReader, pages: Sequence[written.Page]) -> Iterator[Row]:
    """Character error rates, by language and by what was done to the picture."""
    for language in dict.fromkeys(page.language for page in pages):
        for state in dict.fromkeys(page.state for page in pages):
            own = [page for page in pages if (page.language, page.state) == (language, state)]
            lines = [reader.read([page.pixels])[0] for page in own]
            read = ["\n".join(line.text for line in found) for found in lines]
            wrong = sum(written.distance(page.text, answer) for page, answer in zip(own, read, strict=True))
            rate = wrong / sum(len(page.text) for page in own)
            yield Row(f"characters misread, {language}, {state}", "%", 100 * rate)


def _look(looker: Looker, picture: Labelled) -> Seen:
    pixels = picture.pixels()
    (seen,) = looker.look([Picture(pixels, pixels.shape[1], pixels.shape[0])])
    return seen
