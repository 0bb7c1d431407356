"""What the page on security promises has its test, and each of what befell others is answered for."""

import re
from functools import cache

import pytest

from infra.bootstrap import REPOSITORY
from pinhole.security_headers import OVER_HTTPS
from tests.infra.edge.test_media_at_the_edge import TABLE

PAGE = (REPOSITORY / "docs" / "security.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`(test_\w+)`", PAGE)))
BEFELL = re.findall(
    r"^\| (.*?) \| (.*) \|$", PAGE.partition("## What befell others")[2].partition("\n## ")[0], re.MULTILINE
)


@cache
def _tests() -> set[str]:
    sources = (path.read_text("utf-8") for path in (REPOSITORY / "tests").rglob("test_*.py"))
    return {name for source in sources for name in re.findall(r"^def (test_\w+)\(", source, re.MULTILINE)}


@pytest.mark.parametrize("name", NAMED)
def test_each_test_that_the_page_names_is_there(name: str) -> None:
    assert name in _tests()


def test_each_of_what_befell_others_has_a_test_or_is_not_built_yet() -> None:
    rows = BEFELL[1:]
    assert len(rows) > 12
    assert [what for what, here in rows if "`test_" not in here and "not built yet" not in here] == []


def test_each_header_is_on_the_page() -> None:
    assert [name for name in OVER_HTTPS if f"`{name}`" not in PAGE] == []


def test_the_page_tells_how_many_addresses_are_tried() -> None:
    assert f"the same {len(TABLE['vectors'])} addresses" in PAGE


def test_the_read_me_leads_to_the_page() -> None:
    assert "(docs/security.md)" in (REPOSITORY / "README.md").read_text("utf-8")
