"""How many of the pictures that are nearest to some words show what these say: all, a few, or none.

The cosine alone does not tell: words differ in how near they are to any picture. What does is how much nearer the best
picture is than chance would have it, which is a number of the words and the model, and of nobody's library:

    chance = mean x (mean cosine of the words with a vocabulary) + nearest x (the highest of these cosines)

The vocabulary is of words that pictures may show: of the embedded set those that its models tell. Words that are near
to all of them are near to all pictures; and what is in the vocabulary itself is near to pictures of it, or isn't there.
This is the normalisation by a cohort of speaker verification (Auckenthaler, Carey, Lloyd-Thomas, "Score normalization
for text-independent speaker verification systems", 2000; its nearest ones: Sturim, Reynolds, "Speaker adaptive cohort
selection for Tnorm", 2005), with a weight for each of its two parts, by logistic regression.

Calibrated on one half of `infra/bench/questions.tsv`; `python -m infra bench --only relevance` tells of the other one.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from math import isfinite, log

FEW = 3
"""How many are shown where it is not sure that any is right, and words found none."""

_CALIBRATED_AT = 164  # pictures
_LARGEST, _SMALLEST = 1_000_000, 10


@dataclass(frozen=True, slots=True)
class CutOff:
    """Numbers of a model set: `options.cut_off` of its text embedding.

    mean, nearest: what `chance` is made of. sure: how much nearer than chance the best picture is where those near it
    are right; maybe: where it may be right. within: how far from the best one others may be. alike: the least cosine of
    two pictures that look alike.
    growth: by which `sure` and `maybe` grow where e times as many pictures are compared, since the best of more that
    show something else is nearer: so little that what is rightly found in a large library stays, so much that little is
    shown where nothing is right, of 20 pictures of the bench as of 100,000 mixed of two of them each.
    """

    mean: float
    nearest: float
    sure: float
    maybe: float
    within: float
    growth: float
    alike: float

    def __post_init__(self) -> None:
        """Raises ValueError: by what is no number nothing, or everything, would be shown."""
        if not all(map(isfinite, astuple(self))):
            raise ValueError(f"options.cut_off has what is no finite number: {self}")


@dataclass(frozen=True, slots=True)
class Shown:
    """How many of the nearest pictures are shown, and whether they surely show what was asked for."""

    count: int
    is_sure: bool = True


def shown(cosines: Sequence[float], compared: int, chance: float, cut: CutOff, *, words_found: bool) -> Shown:
    """How many of the nearest pictures to show.

    cosines: of the nearest ones with what was asked for in words, the best first. compared: of how many pictures these
    are the nearest. chance: of the words, as above. words_found: whether more than a few items have the words,
    beside which no doubtful one is shown.
    """
    if not cosines:
        return Shown(0)
    least = least_sure(compared, chance, cut)
    if cosines[0] >= least:
        return _as_near_as(cosines, min(cosines[0] - cut.within, least))
    if cosines[0] >= least - cut.sure + cut.maybe and not words_found:
        return Shown(min(FEW, len(cosines)), is_sure=False)
    return Shown(0)


def least_sure(compared: int, chance: float, cut: CutOff) -> float:
    """The cosine from which on the best of so many pictures surely shows what was asked for."""
    return chance + cut.growth * log(min(max(compared, _SMALLEST), _LARGEST) / _CALIBRATED_AT) + cut.sure


def shown_alike(cosines: Sequence[float], cut: CutOff) -> Shown:
    """How many of the pictures that are nearest to another one to show. cosines: of these, the best first."""
    return _as_near_as(cosines, cut.alike)


def shown_beside(cosines: Sequence[float], cut: CutOff) -> Shown:
    """The same for a picture and words together, which chance is not known of: those about as near as the best."""
    return _as_near_as(cosines, cosines[0] - cut.within) if cosines else Shown(0)


def _as_near_as(cosines: Sequence[float], least: float) -> Shown:
    return Shown(sum(cosine >= least for cosine in cosines))
