"""The viewer in the browser: the way back to the timeline, zooming, and what it does without a network."""

from collections.abc import Callable

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.e2e.conftest import (
    Photo,
    box_of,
    log_in,
    open_first,
    pick,
    picture,
    still,
    tiles,
    turn,
    until,
    viewer,
)

CLOSINGS: dict[str, Callable[[Page], object]] = {
    "Esc": lambda page: page.keyboard.press("Escape"),
    "the button": lambda page: page.get_by_role("button", name="Back to your photos").click(),
    "Back": lambda page: page.go_back(),
}


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
    before = box_of(last)
    window.reload()
    expect(last).to_be_in_viewport()
    until(window, lambda: last.bounding_box() == before, f"the photo is not where it was: {before}")


def test_escape_leads_back_in_steps(window: Page) -> None:
    open_first(window)
    expect(picture(window)).to_be_visible()
    still(window)
    details = window.get_by_role("complementary", name="Details")
    window.keyboard.press("i")
    expect(details).to_be_visible()
    window.keyboard.press("+")
    expect(picture(window)).not_to_be_in_viewport(ratio=1)
    window.keyboard.press("Escape")
    expect(picture(window)).to_be_in_viewport(ratio=1)
    expect(details).to_be_visible()
    window.keyboard.press("Escape")
    expect(details).to_have_count(0)
    expect(viewer(window)).to_be_visible()
    window.keyboard.press("Escape")
    expect(viewer(window)).to_have_count(0)


def test_arrow_keys_move_what_is_enlarged_and_turn_to_no_other_photo(window: Page) -> None:
    open_first(window)
    expect(picture(window)).to_be_visible()
    name = viewer(window).get_attribute("aria-label")
    assert name
    for _ in range(3):
        window.keyboard.press("+")
    place = "document.querySelector('.slide:not([inert]) > *').getBoundingClientRect()"
    for key, axis, way in (("ArrowRight", "x", -1), ("ArrowLeft", "x", 1), ("ArrowDown", "y", -1), ("ArrowUp", "y", 1)):
        still(window)
        before = window.evaluate(f"{place}.{axis}")
        window.keyboard.press(key)
        window.wait_for_function(f"([before, way]) => ({place}.{axis} - before) * way > 20", arg=[before, way])
    expect(viewer(window)).to_have_attribute("aria-label", name)
    window.keyboard.press("PageDown")
    expect(viewer(window)).not_to_have_attribute("aria-label", name)


def test_a_photo_that_is_turned_to_is_announced(window: Page) -> None:
    open_first(window)
    announced = viewer(window).get_by_role("status").first
    expect(announced).to_have_text("")
    turn(window)
    expect(announced).to_have_text("Photo, 28 July 2024 at 12:58")


def test_without_a_network_what_was_loaded_stays_and_the_rest_comes_by_itself(window: Page) -> None:
    open_first(window)
    window.keyboard.press("i")
    details = window.get_by_role("complementary", name="Details")
    expect(details).to_contain_text("Canon EOS 40D")
    expect(picture(window)).to_have_js_property("naturalWidth", 900)
    window.context.set_offline(True)
    for _ in range(4):
        turn(window)
    expect(viewer(window).get_by_role("alert").first).to_contain_text("couldn’t be loaded")
    expect(details.get_by_role("alert")).to_contain_text("can’t be reached")
    for _ in range(4):
        turn(window, "ArrowLeft")
    expect(viewer(window)).to_have_accessible_name("Photo, 28 July 2024 at 12:59")
    expect(picture(window)).to_have_js_property("naturalWidth", 900)
    for _ in range(4):
        turn(window)
    expect(details.get_by_role("alert")).to_be_visible()
    window.context.set_offline(False)
    expect(picture(window)).to_have_js_property("naturalWidth", 900)
    expect(details).to_contain_text("Canon EOS 40D")
    expect(viewer(window).get_by_role("alert")).to_have_count(0)


def test_the_wheel_enlarges_as_far_as_the_original_has_pixels_and_back(
    window: Page, photo: Callable[..., Photo]
) -> None:
    pick(window, photo("large.jpg", "2020:01:01 10:00:00", (3000, 2000)).path)
    window.get_by_role("complementary", name="Uploads").get_by_role("link", name="large.jpg").click()
    expect(picture(window)).to_have_js_property("naturalWidth", 2160)
    original = viewer(window).locator("img[src*='pinhole-originals']")
    expect(original).to_have_count(0)
    still(window)
    whole = box_of(picture(window))
    window.mouse.move(640, 400)
    for _ in range(12):
        window.mouse.wheel(0, -200)
    expect(original).to_have_js_property("naturalWidth", 3000)
    window.wait_for_function(
        "image => Math.round(image.getBoundingClientRect().height) === 2000", arg=original.element_handle()
    )
    for _ in range(12):
        window.mouse.wheel(0, 200)
    window.wait_for_function(
        "([image, x]) => image.getBoundingClientRect().x === x", arg=[picture(window).element_handle(), whole["x"]]
    )


def test_where_the_browser_can_not_show_the_original_it_is_made_in_full_size_and_comes_without_a_jump(
    window: Page, photo: Callable[..., Photo]
) -> None:
    made = photo("scan.jpg", "2019:01:01 10:00:00", (3000, 2000)).path
    with Image.open(made) as image:
        image.save(made.with_suffix(".tiff"), exif=image.getexif())
    pick(window, made.with_suffix(".tiff"))
    window.get_by_role("complementary", name="Uploads").get_by_role("link", name="scan.tiff").click()
    expect(picture(window)).to_have_js_property("naturalWidth", 2160)
    window.route("**/full-size", _say_that_it_is_not_there_yet)
    window.mouse.move(700, 300)
    for _ in range(12):
        window.mouse.wheel(0, -200)
    full_size = viewer(window).locator("img[src*='full.jpg']")
    expect(viewer(window).get_by_text("Full size is being made")).to_be_visible()
    still(window)
    before = picture(window).bounding_box()
    window.unroute("**/full-size")
    expect(full_size).to_have_js_property("naturalWidth", 3000)
    expect(viewer(window).get_by_text("Full size is being made")).to_have_count(0)
    assert full_size.bounding_box() == before


def _say_that_it_is_not_there_yet(route: Route) -> None:
    answer = route.fetch()
    route.fulfill(response=answer, json={**answer.json(), "state": "making", "rendition": None})


NOTE_MOVES = """
window.moves = []
const animate = Element.prototype.animate
Element.prototype.animate = function (frames, options) {
  window.moves.push([this.className.split(' ')[0], frames[0].transform])
  return animate.call(this, frames, options)
}
"""


def test_a_photo_comes_from_its_tile_and_goes_back_to_it(
    open_context: Callable[..., BrowserContext], library: list[Photo]
) -> None:
    for motion, moved in (("no-preference", ["photo", "tile"]), ("reduce", [])):
        page = open_context(reduced_motion=motion).new_page()
        page.add_init_script(NOTE_MOVES)
        log_in(page)
        open_first(page)
        expect(picture(page)).to_be_visible()
        page.keyboard.press("Escape")
        expect(tiles(page).first).to_be_focused()
        page.wait_for_function("count => window.moves.length >= count", arg=len(moved))
        assert [name for name, _ in page.evaluate("window.moves")] == moved


def test_when_a_photo_was_taken_is_told_whole_on_the_narrowest_phone(
    open_context: Callable[..., BrowserContext], library: list[Photo]
) -> None:
    page = open_context(viewport={"width": 360, "height": 740}).new_page()
    log_in(page)
    open_first(page)
    moment = viewer(page).get_by_text("28 July 2024 at 12:59", exact=True).last
    expect(moment).to_be_visible()
    assert moment.evaluate("line => line.scrollWidth <= line.clientWidth && line.scrollHeight <= line.clientHeight")
    assert moment.evaluate("line => getComputedStyle(line).textOverflow") == "clip"
