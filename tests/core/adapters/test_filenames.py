"""File names and paths that clients send, as people and keys get them."""

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pinhole.filenames import displayable, displayable_path, key_name

NAMES = st.one_of(
    st.text(st.characters(), max_size=400),
    st.text(st.sampled_from("./\\ \u202e\u200d\u00a0\u0301éa\U0001f600:\0\n"), max_size=300),
    st.lists(st.sampled_from(["nul", "COM1", ".", " ", "_", "/", "x" * 140]), max_size=10).map("".join),
)
DIRECTIONS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])\s*(\..*)?", re.IGNORECASE | re.DOTALL)


@pytest.mark.parametrize(
    ("sent", "shown", "key"),
    [
        ("IMG_2682.HEIC", "IMG_2682.HEIC", "IMG_2682.HEIC"),
        ("../../etc/passwd", "passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini", "boot.ini"),
        ("C:\\Photos\\Cat.jpg", "Cat.jpg", "Cat.jpg"),
        ("..", "unnamed", "unnamed"),
        (". .", "unnamed", "unnamed"),
        ("holiday/", "holiday", "holiday"),
        ("", "unnamed", "unnamed"),
        ("cat\0.jpg", "cat.jpg", "cat.jpg"),
        ("two\nlines.jpg", "two lines.jpg", "two lines.jpg"),
        ("photo\u202egpj.exe", "photogpj.exe", "photogpj.exe"),
        ("Zu\u0308rich 10:30?.jpg", "Zürich 10:30?.jpg", "Zürich 10_30_.jpg"),
        ("family 👨\u200d👩\u200d👧.jpg", "family 👨\u200d👩\u200d👧.jpg", "family 👨\u200d👩\u200d👧.jpg"),
        (".nomedia.jpg", ".nomedia.jpg", "nomedia.jpg"),
        ("lone\ud800.jpg", "lone.jpg", "lone.jpg"),
        ("\u200b\U000e0001", "unnamed", "unnamed"),
        ("\u200d\u200c", "unnamed", "unnamed"),
        ("cat\u200b\u00ad\ufeff.jpg", "cat.jpg", "cat.jpg"),
        ("CON.jpg", "CON.jpg", "_CON.jpg"),
        ("nul", "nul", "_nul"),
        ("Com1 .tar.gz", "Com1 .tar.gz", "_Com1 .tar.gz"),
        ("LPT².heic", "LPT².heic", "_LPT².heic"),
        ("Console.jpg", "Console.jpg", "Console.jpg"),
        ("my aux.jpg", "my aux.jpg", "my aux.jpg"),
    ],
)
def test_a_name_stays_readable_and_loses_what_could_harm(sent: str, shown: str, key: str) -> None:
    assert displayable(sent) == shown
    assert key_name(sent) == key


@pytest.mark.parametrize("letter", ["x", "é", "写", "👍"])
def test_a_long_name_is_cut_before_its_extension(letter: str) -> None:
    key = key_name(letter * 300 + ".jpeg")
    assert key.endswith(letter + ".jpeg")
    assert 146 <= len(key.encode()) <= 150
    assert displayable(letter * 300 + ".jpeg") == letter * 250 + ".jpeg"


def test_what_follows_the_last_dot_of_a_long_sentence_is_not_its_extension() -> None:
    assert key_name("a. " + "b" * 300) == "a. " + "b" * 147


@given(NAMES)
@example("." * 256 + "é")
@example("<\u0338")
@example(".\u00a00")
@example(".jpg" * 200)
@example("nul" + " " * 200 + "x.jpg")
@example("nul." + "x" * 200)
def test_every_name_becomes_a_harmless_part_of_a_key(sent: str) -> None:
    key = key_name(sent)
    assert 1 <= len(key.encode()) <= 150
    assert not re.search(r'[/\\<>:"|?*\x00-\x1f\x7f-\x9f\ufffe\uffff]', key)
    assert key.strip(". ") == key
    assert not DIRECTIONS.search(key)
    assert not DEVICES.fullmatch(key)
    assert unicodedata.is_normalized("NFC", key)
    assert key_name(key) == key


@given(NAMES)
@example("\u200d" * 300 + "a")
def test_every_name_can_be_shown(sent: str) -> None:
    shown = displayable(sent)
    assert 1 <= len(shown) <= 255
    assert not re.search(r"[/\\\x00-\x1f\x7f-\x9f\u2028\u2029]", shown)
    assert shown.strip(".\u200c\u200d")
    assert not DIRECTIONS.search(shown)
    shown.encode()


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("2024/Summer/IMG_2682.HEIC", "2024/Summer/IMG_2682.HEIC"),
        ("IMG_2682.HEIC", "IMG_2682.HEIC"),
        ("/mnt/photos/cat.jpg", "mnt/photos/cat.jpg"),
        ("../../etc/passwd", "etc/passwd"),
        ("a/./b/../cat.jpg", "a/b/cat.jpg"),
        ("a//b/cat.jpg/", "a/b/cat.jpg"),
        ("C:\\Photos\\2024\\Cat.jpg", "Photos/2024/Cat.jpg"),
        ("c:/Photos/Cat.jpg", "Photos/Cat.jpg"),
        ("\\\\nas\\photos\\cat.jpg", "nas/photos/cat.jpg"),
        ("a: b/cat.jpg", "a: b/cat.jpg"),
        ("two\nlines/cat\0.jpg", "two lines/cat.jpg"),
        ("2024\u202egpj/photo\u202egpj.exe", "2024gpj/photogpj.exe"),
        ("a/\u200b/..\u200b/cat.jpg", "a/cat.jpg"),
        ("Zu\u0308rich/cat.jpg", "Zürich/cat.jpg"),
        (" a / cat.jpg ", "a/cat.jpg"),
        ("../..", "unnamed"),
        ("\u202e", "unnamed"),
        ("/".join(map(str, range(40))), "/".join(map(str, range(8, 40)))),
    ],
)
def test_a_path_keeps_its_folders_and_loses_what_could_harm(sent: str, shown: str) -> None:
    assert displayable_path(sent) == shown


@given(st.lists(NAMES, max_size=40).map("/".join))
@example("x" * 4096)
@example("\u0344" * 4096)
def test_every_part_of_a_path_is_a_name_that_can_be_shown(sent: str) -> None:
    parts = displayable_path(sent).split("/")
    assert len(parts) <= 32
    assert [displayable(part) for part in parts] == parts
    assert parts[-1] == displayable(re.sub(r"\A[A-Za-z]:(?=[/\\])", "", sent))
