"""How many of the nearest pictures are shown."""

from dataclasses import replace

import pytest

from pinhole.search.cut_off import FEW, CutOff, Shown, shown, shown_alike

CUT = CutOff(mean=1.5, nearest=0.3, sure=0.1, maybe=0.0, within=0.2, growth=0.01, alike=0.8)
AS_CALIBRATED = 164


def _shown(*cosines: float, compared: int = AS_CALIBRATED, words_found: bool = False) -> int:
    return shown(cosines, compared, 0.5, CUT, words_found=words_found).count


def test_what_is_near_the_best_is_shown_where_it_is_far_nearer_than_chance() -> None:
    assert _shown(0.65, 0.6, 0.46, 0.44) == 3


def test_what_would_be_sure_alone_is_shown_however_much_nearer_the_best_is() -> None:
    assert _shown(0.95, 0.7, 0.61, 0.59) == 3


def test_a_few_are_shown_where_the_best_is_doubtful() -> None:
    assert _shown(0.55, 0.54, 0.53, 0.52, 0.51) == FEW
    assert _shown(0.55, 0.54) == 2


def test_doubtful_ones_are_not_shown_beside_what_has_the_words() -> None:
    assert _shown(0.55, 0.54, words_found=True) == 0
    assert _shown(0.65, 0.6, words_found=True) == 2


def test_nothing_is_shown_that_is_no_nearer_than_chance() -> None:
    assert _shown(0.49, 0.48) == 0
    assert _shown() == 0


@pytest.mark.parametrize(("compared", "count"), [(AS_CALIBRATED, 1), (100_000, 0), (20, 1)])
def test_of_more_pictures_the_best_must_be_nearer(compared: int, count: int) -> None:
    assert _shown(0.51, compared=compared) == count


def test_of_fewer_pictures_the_best_may_be_further() -> None:
    assert _shown(0.49, compared=20) == 1


def test_pictures_are_alike_from_a_cosine_on() -> None:
    assert shown_alike([0.9, 0.8, 0.79], CUT) == Shown(2)


@pytest.mark.parametrize("number", ["nan", "inf"])
def test_numbers_of_a_model_set_that_are_none_are_told(number: str) -> None:
    with pytest.raises(ValueError, match="has what is no finite number"):
        replace(CUT, within=float(number))
