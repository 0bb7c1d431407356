"""How many of the pictures that are nearest to some words show what these say: all, a few, or none.

The cosine alone does not tell: words differ in how near they are to any picture. What does is how much nearer the best
picture is than chance would have it, which is a number of the words and the model, and of nobody's library:

    chance = mean x (mean cosine of the words with a vocabulary) + nearest x (the highest of these cosines)

The vocabulary is of words that pictures may show: of the embedded set those that its models tell. Words that are near
to all of them are near to all pictures; and what is in the vocabulary itself is near to pictures of it, or isn't there.
This is the normalisation by a cohort of speaker verification (Auckenthaler, Carey, Lloyd-Thomas, "Score normalization
for text-independent speaker verification systems", 2000; its nearest ones: Sturim, Reynolds, "Speaker adaptive cohort
selection for Tnorm", 2005), with a weight for each of its two parts, by logistic regression.

Calibrated on one half of `infra/bench/questions.tsv`, and measured on the other: `python -m infra bench --only relevance`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

FEW = 3
"""How many are shown where it is not sure that any is right, and words found none."""

_CALIBRATED_AT = 164  # pictures
_LARGEST, _SMALLEST = 1_000_000, 10


@dataclass(frozen=True, slots=True)
class CutOff:
    """Of a model set, how much nearer than chance the best picture is.

    sure: where those near it are right; maybe: where it may be right. within: how far from the best one others may be.
    growth: by which `sure` and `maybe` grow where e times as many pictures are compared: the best of more pictures that
    show something else is nearer. Half of what it was measured to grow by, so that what is wrongly shown grows as the
    square root of the library, and what is rightly found is not lost in large ones.
    """

    sure: float
    maybe: float
    within: float
    growth: float


def shown(cosines: Sequence[float], compared: int, chance: float, cut: CutOff, *, words_found: bool) -> int:
    """How many of the nearest pictures to show.

    cosines: of the nearest ones, the best first. compared: of how many pictures these are the nearest. chance: of the
    words, as above. words_found: whether there are items that have the words, beside which no doubtful one is shown.
    """
    if not cosines:
        return 0
    more = cut.growth * log(min(max(compared, _SMALLEST), _LARGEST) / _CALIBRATED_AT)
    best = cosines[0]
    if best >= chance + cut.sure + more:
        least = min(best - cut.within, chance + cut.sure + more)
        return sum(cosine >= least for cosine in cosines)
    if best >= chance + cut.maybe + more and not words_found:
        return min(FEW, len(cosines))
    return 0
