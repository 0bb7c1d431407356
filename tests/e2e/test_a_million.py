"""A library of a million photos: taller than an element of a browser can be. What the API tells of it is made up."""

import json
import random
import re
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.e2e.conftest import log_in, tiles

MONTHS = [f"{year}-{month:02}" for year in range(2024, 1984, -1) for month in range(12, 0, -1)]
OF_EACH = 2084
TALLEST_OF_FIREFOX = 17_895_697


def _ratios(month: str) -> bytes:
    chance = random.Random(month)
    return bytes(chance.choices([157, 149, 107, 99, 128], k=OF_EACH))


def answer_timeline(route: Route) -> None:
    months = [
        {"month": month, "count": OF_EACH, "revision": 1, "ratios": b64encode(_ratios(month)).decode()}
        for month in MONTHS
    ]
    route.fulfill(json={"revision": 1, "months": months, "asOf": "2024-12-31T00:00:00Z"})


def answer_month(route: Route) -> None:
    month = re.findall(r"timeline/([0-9-]{7})", route.request.url)[0]
    ids = [f"{month.replace('-', '')}{number:06}" for number in range(OF_EACH)]
    columns: dict[str, Any] = {
        "month": month,
        "revision": 1,
        "ids": ids,
        "ratios": b64encode(_ratios(month)).decode(),
        "kinds": ["photo"] * OF_EACH,
        "flags": [0] * OF_EACH,
        "durationsMs": [0] * OF_EACH,
        "takenAtLocal": [f"{month}-{28 - number * 28 // OF_EACH:02}T12:00:00" for number in range(OF_EACH)],
        "thumbHashes": [""] * OF_EACH,
        "itemKeys": ids,
        "versions": [1] * OF_EACH,
        "signatures": ["s"] * OF_EACH,
        "keyId": "k",
        "thumbExpires": 4_000_000_000,
        "mediaBaseUrl": "",
        "nextCursor": None,
    }
    route.fulfill(body=json.dumps(columns), content_type="application/json")


@pytest.fixture(params=[1, 2], ids=["usual pixels", "double pixels"])
def million(open_context: Callable[..., BrowserContext], account: str, request: pytest.FixtureRequest) -> Page:
    context = open_context(device_scale_factor=request.param)
    context.route("**/api/timeline", answer_timeline)
    context.route(re.compile("/api/timeline/"), answer_month)
    context.route("**/media/**", lambda route: route.fulfill(status=404))
    page = context.new_page()
    log_in(page)
    expect(tiles(page).first).to_be_visible()
    return page


def _place(page: Page) -> tuple[str, float]:
    """The photo that stands highest below the header, and at which height, once it is known which that is."""
    found = page.wait_for_function(
        """() => {
            const [[href, top]] = [...document.querySelectorAll('[data-testid=grid] a')]
                .map((link) => [link.getAttribute('href'), link.getBoundingClientRect().top])
                .filter(([, top]) => top > 100).sort((a, b) => a[1] - b[1])
            return href !== null && [href, top]
        }"""
    )
    href, top = found.json_value()
    return href, top


def test_no_element_is_taller_than_a_browser_lets_it_be_and_every_end_is_reached(million: Page) -> None:
    ratio: float = million.evaluate("() => window.devicePixelRatio")
    height: float = million.get_by_test_id("grid").evaluate("grid => grid.getBoundingClientRect().height")
    assert height * ratio < TALLEST_OF_FIREFOX
    tiles(million).first.focus()
    million.keyboard.press("End")
    expect(million.locator("section:last-of-type [data-index='2083']")).to_be_focused()
    expect(million.get_by_role("heading", name="January 1985")).to_have_count(1)
    million.keyboard.press("Home")
    expect(million.get_by_role("heading", name="December 2024")).to_be_in_viewport()


def test_the_scrollbar_leads_to_the_same_share_of_the_library(million: Page) -> None:
    million.evaluate("() => scrollTo(0, document.documentElement.scrollHeight / 2)")
    expect(million.get_by_role("slider")).to_have_attribute("aria-valuetext", re.compile("200[345]"))
    expect(tiles(million).first).to_be_visible()
    million.evaluate("() => scrollTo(0, document.documentElement.scrollHeight)")
    expect(million.get_by_role("slider")).to_have_attribute("aria-valuetext", "January 1985")


def test_the_wheel_moves_photos_by_its_own_pixels_and_they_stay_when_it_rests(million: Page) -> None:
    million.evaluate("() => scrollTo(0, document.documentElement.scrollHeight / 3)")
    # What was there before the jump stands in the document until the page has drawn again.
    expect(million.get_by_role("slider")).to_have_attribute("aria-valuetext", re.compile("201[012]"))
    expect(tiles(million).first).to_be_visible()
    million.mouse.move(500, 400)
    # The jump comes to rest too, which moves the element once more.
    million.wait_for_function(
        "() => scrollY === (globalThis.before ?? null) || ((globalThis.before = scrollY), false)", polling=500
    )
    href, top = _place(million)
    start: float = million.evaluate("() => scrollY")
    for _ in range(3):
        million.mouse.wheel(0, 20)
    million.wait_for_function(
        """([href, top]) => {
            const now = document.querySelector(`a[href='${href}']`)?.getBoundingClientRect().top
            return Math.abs(now - top + 60) < 1.5
        }""",
        arg=[href, top],
    )
    # At rest the element is put where the share is right, a sixth of what the wheel moved; what is seen stays, which
    # is drawn a frame later.
    million.wait_for_function(
        """([href, top, start]) => {
            const now = document.querySelector(`a[href='${href}']`)?.getBoundingClientRect().top
            return scrollY > start && scrollY < start + 30 && Math.abs(now - top + 60) < 1.5
        }""",
        arg=[href, top, start],
    )
