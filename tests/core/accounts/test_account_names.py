"""User names, and the folders made from them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinhole.accounts.names import folder, user_name
from pinhole.errors import Invalid
from pinhole.tables.user import name_key


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("  Ann  ", "Ann"),
        ("Zoe\u0308", "Zo\u00eb"),
        ("李小龙", "李小龙"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("a" * 64, "a" * 64),
        ("../../etc/passwd", "../../etc/passwd"),
    ],
)
def test_a_name_is_kept_trimmed_and_composed(raw: str, kept: str) -> None:
    assert user_name(raw) == kept


@pytest.mark.parametrize("raw", ["", "   ", "a" * 65, "a\nb", "a\0b", "a\x7fb", "\u202eann", "\u200d", "a\u2028b"])
def test_a_name_that_is_empty_long_or_hides_something_is_refused(raw: str) -> None:
    with pytest.raises(Invalid) as refused:
        user_name(raw)
    assert [wrong.field for wrong in refused.value.fields] == ["name"]


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("Ann O'Neil", "ann-o-neil"),
        ("../../etc/passwd", "etc-passwd"),
        ("..", "user"),
        ("C:\\photos", "c-photos"),
        ("李小龙", "李小龙"),
        ("!!!", "user"),
        ("a" * 64, "a" * 32),
    ],
)
def test_a_folder_is_made_from_the_readable_part_of_a_name(name: str, made: str) -> None:
    assert folder(name) == made


@given(st.text())
def test_a_folder_is_always_one_component_of_an_object_key(name: str) -> None:
    made = folder(name)
    assert 1 <= len(made.encode()) <= 128
    assert not set(made) & set("/\\\0.%?#&+ ")


@given(st.text(max_size=64))
def test_a_name_is_found_by_how_it_was_given_and_by_how_it_is_kept(raw: str) -> None:
    try:
        kept = user_name(raw)
    except Invalid:
        return
    assert name_key(raw) == name_key(kept) == name_key(name_key(kept))
