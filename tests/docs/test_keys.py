"""The keys that the README names are those that the web client takes."""

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
}
# What a pattern may stand for.
KEYS = [*NAMES, *"bi+-0", "Home", "End", "Enter", "Tab", "Delete", "F1"]
PATTERN = re.compile(r"(?:const KEYS = /(\S+)/$|/(\S+)/\.test\(event\.key\))", re.MULTILINE)
LISTED = re.compile(r"(?:^ {4,6}|[{,] (?=Arrow))'?( |[^\s:',{]+)'?: (?:\(\) =>|\w)", re.MULTILINE)
WITH_CTRL = re.compile(r"event\.key\.toLowerCase\(\) !== '(\w)'")
COMPARED = re.compile(r"event\.key === '(\w+)'")


def taken(file: str) -> set[str]:
    """The keys that a component takes, as people call them."""
    code = (WEB / "src" / "photos" / file).read_text("utf-8")
    actions = re.search(r"const (?:arrows|actions): Record<string, .*?\n +}$", code, re.DOTALL | re.MULTILINE)
    found = {
        *(key for pattern in map("".join, PATTERN.findall(code)) for key in KEYS if re.search(pattern, key)),
        *(LISTED.findall(actions[0]) if actions else []),
        *(f"Ctrl+{key.upper()}" for key in WITH_CTRL.findall(code)),
        *COMPARED.findall(code),
    }
    return {NAMES.get(key, key) for key in found}


@pytest.mark.parametrize(
    ("place", "file"),
    [
        ("timeline", "useGridKeys.ts"),
        ("date at its right edge", "SectionScrubber.vue"),
        ("viewer", "viewer/PhotoViewer.vue"),
    ],
)
def test_the_keys_that_the_read_me_names_are_those_of_the_code(place: str, file: str) -> None:
    row = re.search(rf"^\| {place} \| (.*?) \|", (REPOSITORY / "README.md").read_text("utf-8"), re.MULTILINE)
    assert row is not None
    assert set(re.findall(r"`(.+?)`", row[1])) == taken(file)


def test_the_keys_that_the_read_me_names_for_selecting_are_those_of_the_code() -> None:
    row = re.search(r"^\| selecting \| (.*?) \|", (REPOSITORY / "README.md").read_text("utf-8"), re.MULTILINE)
    assert row is not None
    actions = (WEB / "src" / "edits" / "actions.ts").read_text("utf-8")
    deeds = set(re.findall(r"action\('\w+', '\w+', '(\w+)'", actions))
    assert deeds
    expected = taken("../selection/useSelectionKeys.ts") | taken("../edits/changes.ts") | deeds
    assert set(re.findall(r"`(.+?)`", row[1])) == expected
