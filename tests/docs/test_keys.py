"""The keys that the README and the page itself name are those that the web client takes."""

import re

import pytest

from infra.bootstrap import REPOSITORY, WEB

# As browsers call them, and as people do.
NAMES = {
    "ArrowLeft": "←",
    "ArrowRight": "→",
    "ArrowUp": "↑",
    "ArrowDown": "↓",
    "PageUp": "Page Up",
    "PageDown": "Page Down",
    "Escape": "Esc",
    " ": "Space",
    "F": "Shift+F",
}
# What a pattern may stand for.
KEYS = [*NAMES, *"bi+-0", "Home", "End", "Enter", "Tab", "Delete", "F1"]
PATTERN = re.compile(r"(?:const KEYS = /(\S+)/$|/(\S+)/\.test\(event\.key\))", re.MULTILINE)
LISTED = re.compile(r"(?:^ {4,6}|[{,] (?=Arrow))'?( |,(?=')|[^\s:',{]+)'?: (?:\(\) =>|\w)", re.MULTILINE)
WITH_CTRL = re.compile(r"event\.key\.toLowerCase\(\) !== '(\w)'")
COMPARED = re.compile(r"event\.key === '(\w+)'")


def taken(*files: str) -> set[str]:
    """The keys that components take, as people call them."""
    return set().union(*map(_taken_by, files))


def _taken_by(file: str) -> set[str]:
    code = (WEB / "src" / "photos" / file).read_text("utf-8")
    actions = re.search(r"const (?:arrows|actions): Record<string, .*?\n +}$", code, re.DOTALL | re.MULTILINE)
    found = {
        *(key for pattern in map("".join, PATTERN.findall(code)) for key in KEYS if re.search(pattern, key)),
        *(LISTED.findall(actions[0]) if actions else []),
        *(f"Ctrl+{key.upper()}" for key in WITH_CTRL.findall(code)),
        *COMPARED.findall(code),
    }
    return {NAMES.get(key, key) for key in found}


def taken_everywhere() -> set[str]:
    """The keys that the shell takes, as people call them."""
    app = WEB / "src" / "app"
    code = (app / "useShortcuts.ts").read_text("utf-8")
    with_control = re.findall(r"key\.toLowerCase\(\) !== '(\w)'", code)
    alone = re.findall(r"key === '(.)'", code)
    pages = re.findall(r"\bkey: '(\w)'", (app / "pages.ts").read_text("utf-8"))
    first = alone.pop(0)  # it waits for another
    return {*(f"Ctrl+{key.upper()}" for key in with_control), *alone, *(f"{first} {page}" for page in pages)}


def shown(place: str) -> set[str]:
    """The keys that the page's own table has of a place."""
    table = (WEB / "src" / "keys" / "keyTable.ts").read_text("utf-8")
    block = re.search(rf"place: '{place}',\n    rows: \[(.*?)\n    \],", table, re.DOTALL)
    assert block is not None
    return {key for keys in re.findall(r"keys: \[(.+?)\]", block[1]) for key in re.findall(r"'(.+?)'", keys)}


def named(place: str) -> set[str]:
    """The keys that the README has of a place."""
    row = re.search(rf"^\| {place} \| (.*?) \|", (REPOSITORY / "README.md").read_text("utf-8"), re.MULTILINE)
    assert row is not None
    return set(re.findall(r"`(.+?)`", row[1]))


@pytest.mark.parametrize(
    ("place", "on_page", "files"),
    [
        ("timeline", "list", ["useGridKeys.ts", "days/DayJump.vue"]),
        ("years and months", "cards", ["../views/useCardKeys.ts"]),
        ("calendar", "calendar", ["days/DayGrid.vue"]),
        ("date at its right edge", "date", ["SectionScrubber.vue"]),
        ("viewer", "viewer", ["viewer/PhotoViewer.vue"]),
        ("video", "film", ["viewer/playerKeys.ts"]),
    ],
)
def test_the_keys_that_the_read_me_and_the_page_name_are_those_of_the_code(
    place: str, on_page: str, files: list[str]
) -> None:
    assert named(place) == taken(*files)
    assert shown(on_page) == taken(*files)


def test_the_keys_that_are_named_as_taken_everywhere_are() -> None:
    assert named("everywhere") == taken_everywhere()
    # Those that lead to pages are made of the pages themselves.
    assert shown("everywhere") == {key for key in taken_everywhere() if " " not in key}


def test_the_keys_that_the_read_me_and_the_page_name_for_selecting_are_those_of_the_code() -> None:
    actions = (WEB / "src" / "edits" / "actions.ts").read_text("utf-8")
    deeds = set(re.findall(r"action\('\w+', '\w+', '(\w+)'", actions))
    assert deeds
    expected = taken("../selection/useSelectionKeys.ts") | taken("../edits/changes.ts") | deeds
    assert named("selecting") == expected
    assert shown("selecting") == expected
