"""The viewer in the browser: the way back to the timeline, zooming, and what it does without a network."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Photo, open_first, tiles, viewer

CLOSINGS: dict[str, Callable[[Page], object]] = {
    "Esc": lambda page: page.keyboard.press("Escape"),
    "the button": lambda page: page.get_by_role("button", name="Back to your photos").click(),
    "Back": lambda page: page.go_back(),
}


def turn(page: Page) -> None:
    """To the next photo."""
    before = viewer(page).get_attribute("aria-label")
    assert before
    page.keyboard.press("ArrowRight")
    expect(viewer(page)).not_to_have_attribute("aria-label", before)


@pytest.mark.parametrize("closing", CLOSINGS)
def test_closing_leaves_the_timeline_at_the_photo_that_was_shown_last(
    window: Page, library: list[Photo], closing: str
) -> None:
    open_first(window)
    for _ in library[1:]:
        turn(window)
    CLOSINGS[closing](window)
    expect(viewer(window)).to_have_count(0)
    expect(tiles(window).last).to_be_focused()
    # The browser moves a page that it remembers some frames later.
    window.wait_for_timeout(500)
    expect(tiles(window).last).to_be_in_viewport()


def test_a_reload_keeps_the_place(window: Page) -> None:
    window.get_by_role("slider", name="Date").press("PageDown")
    last = window.get_by_role("region", name="December 2022").get_by_role("link").last
    expect(last).to_be_in_viewport()
    before = last.bounding_box()
    window.reload()
    expect(last).to_be_in_viewport()
    assert last.bounding_box() == before
