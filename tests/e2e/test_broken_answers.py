"""A network that gives the beginning of each answer and no more: pages tell of it, and go on once it is whole."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import Photo, log_in, newest, try_again, viewer

# What Chromium says of an answer that breaks off, as it does when the service worker ends that passes it on.
BREAKS_OFF = """
const whole = window.fetch
window.breakOff = () => {
    window.brokenOff = 0
    window.fetch = async (...asked) => {
        const { status, headers } = await whole(...asked)
        window.brokenOff += 1
        const body = new ReadableStream({ pull: (controller) => controller.error(new TypeError('Failed to fetch')) })
        return new Response(body, { status, headers })
    }
}
window.mend = () => (window.fetch = whole)
"""


@pytest.fixture
def breaking(open_context: Callable[..., BrowserContext], session: Any) -> Page:
    """The timeline of a library, in a page to which each answer breaks off from now on."""
    context = open_context(storage_state=session)
    context.add_init_script(BREAKS_OFF)
    page = context.new_page()
    page.goto("/")
    expect(newest(page)).to_be_visible()
    page.evaluate("() => breakOff()")
    return page


def test_lists_and_folders_tell_that_they_could_not_be_loaded_and_come_when_tried_again(breaking: Page) -> None:
    for name in ("Favourites", "Folders", "Trash"):
        breaking.get_by_role("link", name=name).click()
        expect(breaking.get_by_role("alert")).to_contain_text("couldn’t be loaded")
        expect(breaking.get_by_role("alert")).to_contain_text("can’t be reached")
    breaking.evaluate("() => mend()")
    try_again(breaking)
    expect(breaking.get_by_role("heading", name="Trash")).to_be_visible()
    expect(breaking.get_by_role("alert")).to_have_count(0)


def test_years_and_months_stand_without_their_pictures_until_these_come(breaking: Page) -> None:
    for view in ("y", "m"):
        broken: int = breaking.evaluate("() => brokenOff")
        breaking.keyboard.press("g")
        breaking.keyboard.press(view)
        expect(breaking.locator("[data-key]").first).to_be_focused()
        breaking.wait_for_function("before => brokenOff > before", arg=broken)
    breaking.evaluate("() => mend()")
    expect(breaking.get_by_role("link", name="July 2024, 24 photos").locator("img")).to_have_count(4)


def test_a_photo_is_shown_whose_details_and_original_break_off(breaking: Page, library: list[Photo]) -> None:
    newest(breaking).click()
    expect(viewer(breaking)).to_be_visible()
    breaking.keyboard.press("i")
    details = breaking.get_by_role("complementary", name="Details")
    expect(details).to_contain_text("can’t be reached")
    breaking.keyboard.press("f")
    breaking.get_by_role("button", name="Download").first.click()
    expect(breaking.get_by_text("failed").first).to_be_visible()
    breaking.evaluate("() => mend()")
    expect(details).to_contain_text(library[0].name)


def test_what_is_handed_to_the_service_worker_may_break_off(
    open_context: Callable[..., BrowserContext], session: Any
) -> None:
    context = open_context(service_workers="allow")
    context.add_init_script(BREAKS_OFF)
    # Before the page hears of it, which hands over then what came past the worker.
    context.add_init_script("navigator.serviceWorker?.addEventListener('controllerchange', () => breakOff())")
    page = context.new_page()
    log_in(page)
    expect(newest(page)).to_be_visible()
    page.wait_for_function("() => window.brokenOff > 0")
    page.evaluate("() => mend()")
    page.reload()
    expect(newest(page)).to_be_visible()
