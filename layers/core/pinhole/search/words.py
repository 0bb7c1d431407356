"""What somebody typed, word by word: what must be there, what must not, and what stands in quotes."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

MAX_CHARACTERS = 500
MAX_WORDS = 32  # beyond, the rest is left out: each costs the database a lookup in an index

_TERM = re.compile(r'(?P<sign>-?)(?:"(?P<quoted>[^"]*)"?|(?P<plain>[^\s"]+))')
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_APART = re.compile("[\\s!-/:-@\\[-`{-~\u2019]+")  # as the database's `searchable` has it
_PROSE = re.compile(r"[^\w\s]*[^\W\d_]+(?:['\u2019-]+[^\W\d_]+)*[^\w\s]*")
_MARKS = re.compile(r"[\u0300-\u036f]")
_AS_TWO = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "\u2019": "'"})


def _words(*of_languages: str) -> frozenset[str]:
    return frozenset(word for words in of_languages for word in words.split())


# What all that is searched is, and what stands between words and dates: in English, Dutch and German.
_MEDIA = _words(
    "photo photos picture pictures pic pics image images",
    "foto fotos foto's afbeelding afbeeldingen plaatje plaatjes",
    "bild bilder aufnahme aufnahmen",
)
_NOT = _words("not without", "niet zonder geen", "nicht ohne kein keine keinen")
_BETWEEN = _words(
    "a all an at by during from in me my of on show taken the with",
    "alle de een het in met mijn op toon uit van",
    "am an aus das der die ein eine im meine mir mit vom von wahrend zeig zeige",
)


@dataclass(frozen=True, slots=True)
class Term:
    """begin, end: where it stands in what was typed, sign and quotes included. is_quoted: its words belong together."""

    begin: int
    end: int
    text: str
    is_quoted: bool = False
    is_excluded: bool = False

    @property
    def can_be_seen(self) -> bool:
        """Whether it may say what a picture shows: names of files, and numbers, do not."""
        return all(_PROSE.fullmatch(part) for part in self.text.split())

    @property
    def words(self) -> list[str]:
        """Runs of letters and digits, folded."""
        return [match.group() for match in _WORD.finditer(folded(self.text))]


def folded(text: str) -> str:
    """In lower case and without accents: how words are compared. The database's `searchable` does the same."""
    decomposed = unicodedata.normalize("NFKD", text.lower().translate(_AS_TWO))
    return _MARKS.sub("", decomposed)


def terms_of(typed: str) -> Sequence[Term]:
    """The terms of what was typed, those without a letter or digit left out, up to MAX_WORDS words of them all.

    `-` before a term excludes it, unless a blank follows, and so does a word such as `without`; `"` begins what belongs
    together, to the next one or the end.
    """
    found = []
    left = MAX_WORDS
    for match in _TERM.finditer(typed[:MAX_CHARACTERS]):
        quoted = match["quoted"]
        text = match["plain"] if quoted is None else quoted
        term = Term(match.start(), match.end(), text, quoted is not None, match["sign"] == "-")
        if not term.words:
            continue
        words = _APART.split(folded(text).strip())
        if len(words) > left:
            term = replace(term, text=" ".join(words[:left]))
        left -= len(words)
        if term.words:
            found.append(term)
        if left <= 0:
            break
    return _without_negations(found)


def _without_negations(terms: Sequence[Term]) -> Sequence[Term]:
    """Terms after a word that excludes them, and not that word."""
    found: list[Term] = []
    for term in terms:
        if found and _is_one_of(found[-1], _NOT) and not term.is_excluded:
            found[-1] = replace(term, begin=found[-1].begin, is_excluded=True)
        else:
            found.append(term)
    return found


def essence_of(terms: Sequence[Term], *, may_be_empty: bool) -> Sequence[Term]:
    """What is left where words are taken away that say nothing of a photo: `photos of` before, `in` at either end.

    What is in quotes, and what is excluded, stays. may_be_empty: whether nothing may be left of what does not even say
    that it is a photo, which all are; else that is left.
    """
    left = [term for term in terms if not _is_one_of(term, _MEDIA)]
    said = [index for index, term in enumerate(left) if not term.is_excluded and not _is_one_of(term, _BETWEEN)]
    if not said and not may_be_empty and len(left) == len(terms):
        return terms
    first, last = (said[0], said[-1]) if said else (len(left), -1)
    return [term for index, term in enumerate(left) if first <= index <= last or not _is_one_of(term, _BETWEEN)]


def _is_one_of(term: Term, words: frozenset[str]) -> bool:
    return not (term.is_quoted or term.is_excluded) and words.issuperset(term.words)
