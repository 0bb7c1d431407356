"""How well search finds what pictures show: by words, by pictures and by both, in three languages.

Average precision is the mean of the precision at each picture that shows what was asked for, 0 at those that are not
found; what may come or not is left out of the list first. So what is cut off counts as lost.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import fmean

from gpu_worker.looking import Looker
from infra.bench import asked_library, questions
from infra.bench.api import silent
from infra.bench.questions import LANGUAGES, Question
from infra.bench.rows import Aim, Row, progress
from infra.models import fetch
from pinhole import db
from pinhole.search import searching
from pinhole.search.cut_off import FEW, CutOff
from pinhole.search.searching import Likeness, Query
from pinhole.seen import Role
from pinhole_models import loading, model_set
from pinhole_models.model_directory import default_directory
from pinhole_models.model_set import TEXT_EMBEDDING, ModelSet
from pinhole_models.roles import TextEmbedder
from pinhole_models.vocabulary import Vocabulary

THREADS = 2
TODAY = date(2026, 1, 1)
NEAREST = 20  # what is looked for in them should not be lost by cutting off
NOTHING = Aim("ours", float("inf"), 0.9)
AT_LEAST_EITHER = Aim("ratio", float("inf"), 1)


@dataclass(frozen=True, slots=True)
class Answer:
    """Names of pictures that were found, the best first: by their text; all, by how near they are; those of these that
    would be shown if words found none; and what is shown, by both."""

    question: Question
    text: Sequence[str]
    nearest: Sequence[str]
    picture: Sequence[str]
    hybrid: Sequence[str]


def measure() -> Iterator[Row]:
    """Rows of what is found, and of what is not where there is nothing to find."""
    models = model_set.read("embedded", default_directory(), THREADS)
    fetch.fetch(models)
    progress("Looking at the pictures")
    seen = asked_library.looked_at(Looker(models))
    asked = questions.of(list(seen))
    progress(f"Asking {len(asked)} questions in {len(LANGUAGES)} languages")
    with silent(), asked_library.library(seen) as (owner_id, names):
        ask = Asking(models, owner_id, names)
        answers = {language: [ask(question, language) for question in asked] for language in LANGUAGES}
    for language, own in answers.items():
        yield from found([answer for answer in own if not answer.question.is_absent], language)
    for language, own in answers.items():
        yield from not_found([answer for answer in own if answer.question.is_absent], language)


class Asking:
    """Asks as the function does: what was typed, as words and as a vector, of one owner's library."""

    def __init__(self, models: ModelSet, owner_id: int, names: Mapping[str, str]) -> None:
        options = models.parts[TEXT_EMBEDDING].options
        self._model = models.models()[Role.IMAGE_EMBEDDING]
        self._embedder: TextEmbedder = loading.load(models, TEXT_EMBEDDING)
        self._numbers = options["cut_off"]
        self._vocabulary = Vocabulary(options["vocabulary"])
        self._owner_id = owner_id
        self._names = names

    def __call__(self, question: Question, language: str) -> Answer:
        query = Query.of(question.typed[language], [], TODAY)
        with db.transaction() as conn:
            text = searching.by_words(conn, self._owner_id, query)
            if not query.look:  # as of the name of a file
                names = [self._names[item_id] for item_id in text]
                return Answer(question, names, [], [], names)
            vector = self._embedder.embed_text([query.look])[0].tolist()
            chance = self._vocabulary.chance(vector, self._numbers)
            likeness = Likeness(self._model, vector, chance=chance, cut=CutOff(**self._numbers))
            nearest = list(searching.by_picture(conn, self._owner_id, query, likeness).cosines.items())
        ids, cosines = [item_id for item_id, _ in nearest], [cosine for _, cosine in nearest]
        alone, beside = (
            ids[: likeness.shown(cosines, len(ids), words_found=words_found).count]
            for words_found in (False, len(text) > FEW)
        )
        both = [hit.id for hit in searching.fused([("text", text), ("picture", beside)])]
        return Answer(question, *([self._names[item_id] for item_id in own] for own in (text, ids, alone, both)))


def found(answers: Sequence[Answer], language: str) -> Iterator[Row]:
    """Of what is there. ours: of the half for testing, beside the one for tuning; the aim is of both halves."""
    halves = [[answer for answer in answers if answer.question.is_tuning == tuning] for tuning in (False, True)]
    for by in ("text", "picture", "nearest", "hybrid"):
        what = f"{language}, by {'picture, not cut off' if by == 'nearest' else by}"
        testing, tuning = ([(getattr(answer, by), answer.question) for answer in half] for half in halves)
        for name, score in (("mAP", precision), ("MRR", reciprocal), ("top-1", top)):
            ours, beside = (fmean(score(*each) for each in half) for half in (testing, tuning))
            yield Row(f"{what}: {name} of {len(testing)} questions", "", ours, beside, "those for tuning")
    kept = [kept_of(answer) for answer in halves[0]]
    yield Row(
        f"{language}: kept of what is right among the {NEAREST} nearest", "", fmean(k for k in kept if k is not None)
    )
    text, picture, nearest, hybrid = (
        fmean(precision(getattr(answer, by), answer.question) for answer in answers)
        for by in ("text", "picture", "nearest", "hybrid")
    )
    name = f"{language}, by both: mAP of all {len(answers)} questions"
    yield Row(name, "", hybrid, max(text, picture), "the better one", AT_LEAST_EITHER)
    yield Row(name, "", hybrid, max(text, nearest), "the better one, not cut off")


def not_found(answers: Sequence[Answer], language: str) -> Iterator[Row]:
    """Of what is not there: how often little is shown, and nothing; of the half for testing, beside that for tuning."""
    halves = [
        [len(answer.hybrid) for answer in answers if answer.question.is_tuning == tuning] for tuning in (False, True)
    ]
    for name, most, aim in ((f"{FEW} items at most", FEW, NOTHING), ("nothing", 0, None)):
        ours, beside = (fmean(count <= most for count in half) for half in halves)
        what = f"{language}: {name} for {len(halves[0])} things that no picture shows"
        yield Row(what, "", ours, beside, "those for tuning", aim)


def precision(names: Sequence[str], question: Question) -> float:
    """Average precision of an answer."""
    right = [name in question.shows for name in names if name not in question.also]
    return sum(sum(right[:rank]) / rank for rank, is_right in enumerate(right, 1) if is_right) / len(question.shows)


def reciprocal(names: Sequence[str], question: Question) -> float:
    """One by the rank of the first that is right; 0 where none is."""
    right = [name in question.shows for name in names if name not in question.also]
    return 1 / (right.index(True) + 1) if True in right else 0.0


def top(names: Sequence[str], question: Question) -> float:
    """1 where the first is right."""
    return float(reciprocal(names, question) == 1)


def kept_of(answer: Answer) -> float | None:
    """The share of what is right among the nearest that is shown; None where none of them is right."""
    right = [name for name in answer.nearest[:NEAREST] if name in answer.question.shows]
    return fmean(name in answer.hybrid for name in right) if right else None
