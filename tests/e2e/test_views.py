"""The timeline from farther away, by years and months; and the ways to a day: calendar, palette, scrubber."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

from tests.e2e.conftest import box_of, newest, tiles
from tests.e2e.test_a_million import MONTHS, answer_month, answer_timeline
from tests.e2e.test_for_everyone import assert_fits

FOCUSED = "[data-index]:focus"


@pytest.fixture
def open_photos(open_context: Callable[..., BrowserContext], session: Any) -> Callable[..., Page]:
    """Opens a window that shows the timeline, at the address."""

    def opened(address: str = "/", **settings: Any) -> Page:
        page = open_context(storage_state=session, **settings).new_page()
        page.goto(address)
        # Of an address that names a month, the newest is not among what is drawn.
        expect(tiles(page).first if "#" in address else newest(page)).to_be_visible()
        return page

    return opened


@pytest.fixture
def million(open_context: Callable[..., BrowserContext], session: Any) -> Page:
    """A window that is logged in to a million photos, which the API makes up."""
    context = open_context(storage_state=session)
    context.route("**/api/timeline", answer_timeline)
    context.route(re.compile("/api/timeline/[0-9]"), answer_month)
    context.route("**/api/timeline/covers", lambda route: route.fulfill(status=503))
    context.route("**/media/**", lambda route: route.fulfill(status=404))
    return context.new_page()


def views(page: Page) -> Locator:
    return page.get_by_role("navigation", name="Years, months or all photos")


def calendar(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Go to a day")


def day(page: Page, name: str) -> Locator:
    return calendar(page).get_by_role("gridcell", name=re.compile(name))


def go(page: Page, letter: str) -> None:
    page.keyboard.press("g")
    page.keyboard.press(letter)


def photo_of(page: Page, name: str) -> Locator:
    """The photo with the focus, if it is this one."""
    return page.locator(f"{FOCUSED}[aria-label^='Photo, {name}']")


def test_each_view_has_an_address_and_a_title_and_says_that_it_is_the_current_one(
    open_photos: Callable[..., Page],
) -> None:
    page = open_photos()
    for name, address, title in [
        ("Years", "/years", "Years"),
        ("Months", "/months", "Months"),
        ("All photos", "/", "Your photos"),
    ]:
        views(page).get_by_role("link", name=name).click()
        expect(page).to_have_title(f"{title} – Pinhole")
        expect(page).to_have_url(re.compile(rf":\d+{address}$"))
        expect(views(page).locator("[aria-current=page]")).to_have_text(re.compile(f"^{name}"))
        expect(page.get_by_role("navigation", name="Pages").locator("[aria-current=page]")).to_have_text(["Photos"])
        expect(page.get_by_role("heading", level=1)).to_have_count(1)


def test_years_lead_to_their_months_and_these_to_their_photos_by_keys_alone(open_photos: Callable[..., Page]) -> None:
    page = open_photos()
    go(page, "y")
    expect(page.get_by_role("link", name="2024, 36 photos, most of them in July 2024")).to_be_focused()
    page.keyboard.press("End")
    expect(page.get_by_role("link", name="2022, 4 photos, most of them in December 2022")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("link", name="2023, 3 photos")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="March 2023, 3 photos")).to_be_focused()
    page.keyboard.press("PageDown")
    expect(page.get_by_role("link", name="December 2022, 4 photos")).to_be_focused()
    page.keyboard.press("Enter")
    expect(photo_of(page, "28 December 2022 at 12:59")).to_be_in_viewport()


def test_the_place_is_kept_from_one_view_to_the_next_and_when_going_back(open_photos: Callable[..., Page]) -> None:
    page = open_photos(viewport={"width": 1280, "height": 500})
    tiles(page).first.focus()
    page.keyboard.press("End")
    expect(photo_of(page, "27 December 2022")).to_be_in_viewport()
    expect(page.get_by_role("slider")).to_have_attribute("aria-valuetext", re.compile("2022|2023"))
    where = page.get_by_role("banner").locator("[aria-hidden]", has_text=re.compile("20"))
    expect(where).to_have_text(re.compile("2022|2023"))
    month = where.inner_text()
    go(page, "m")
    card = page.get_by_role("link", name=f"{month}, ")
    expect(card).to_be_focused()
    expect(card).to_be_in_viewport()
    go(page, "y")
    expect(page.get_by_role("link", name=re.compile(f"^{month[-4:]}, "))).to_be_focused()
    page.go_back()
    expect(card).to_be_focused()
    page.reload()
    expect(card).to_be_focused()
    page.go_back()
    expect(page.get_by_role("slider")).to_have_attribute("aria-valuetext", re.compile("2022|2023"))


def test_months_and_years_show_their_photos(open_photos: Callable[..., Page]) -> None:
    page = open_photos()
    for letter, card in (("m", "July 2024, 24 photos"), ("y", "2024, 36 photos")):
        go(page, letter)
        pictures = page.get_by_role("link", name=card).locator("img")
        expect(pictures).to_have_count(4)
        for number in range(4):
            expect(pictures.nth(number)).to_have_class("shown")
            expect(pictures.nth(number)).not_to_have_js_property("naturalWidth", 0)


def test_an_address_may_name_a_month_or_a_year(open_photos: Callable[..., Page]) -> None:
    page = open_photos("/#2024-06")
    expect(photo_of(page, "28 June 2024 at 12:59")).to_be_in_viewport()
    page.goto("/months#2022")
    expect(page.get_by_role("link", name="December 2022, 4 photos")).to_be_focused()


def test_a_phone_says_where_one_is_in_place_of_the_views_and_leads_to_months_by_it(
    open_photos: Callable[..., Page],
) -> None:
    page = open_photos(viewport={"width": 390, "height": 600}, has_touch=True, is_mobile=True)
    expect(views(page).get_by_role("link", name="Years")).to_be_visible()
    tiles(page).first.focus()
    page.keyboard.press("End")
    expect(photo_of(page, "27 December 2022")).to_be_in_viewport()
    month = views(page).get_by_role("link", name=re.compile("^(December 2022|March 2023)$"))
    expect(month).to_be_visible()
    expect(views(page).get_by_role("link", name="Years")).to_be_hidden()
    name = month.inner_text()
    month.click()
    expect(page.get_by_role("link", name=f"{name}, ")).to_be_focused()
    expect(views(page).get_by_role("link", name="Years")).to_be_visible()
    assert_fits(page, "months")


def test_the_calendar_is_walked_by_keys_and_leads_to_the_first_photo_of_a_day(open_photos: Callable[..., Page]) -> None:
    page = open_photos()
    page.keyboard.press("c")
    expect(day(page, "28 July 2024, 3 photos")).to_be_focused()
    for key, name in [
        ("ArrowLeft", "27 July 2024, 3 photos"),
        ("ArrowUp", "20 July 2024, no photos"),
        ("Home", "15 July 2024, no photos"),
        ("End", "21 July 2024, 3 photos"),
        ("PageUp", "21 June 2024, no photos"),
        ("Shift+PageUp", "21 March 2023, no photos"),
        ("PageDown", "21 June 2024, no photos"),
        ("ArrowDown", "28 June 2024, 3 photos"),
    ]:
        page.keyboard.press(key)
        expect(day(page, name)).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expect(calendar(page)).to_have_count(0)
    expect(photo_of(page, "26 June 2024 at 12:53")).to_be_in_viewport()


def test_a_day_without_photos_leads_to_the_one_nearest_and_leaving_the_calendar_gives_the_focus_back(
    open_photos: Callable[..., Page],
) -> None:
    page = open_photos()
    button = page.get_by_role("button", name="Go to a day")
    button.click()
    expect(day(page, "28 July 2024, 3 photos")).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(day(page, "14 July 2024, no photos")).to_be_focused()
    page.keyboard.press("Escape")
    expect(calendar(page)).to_have_count(0)
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(day(page, "28 July 2024, 3 photos")).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(calendar(page)).to_have_count(0)
    # Nothing of that month is older.
    expect(photo_of(page, "21 July 2024 at 12:38")).to_be_in_viewport()


def test_the_calendar_is_no_wider_than_a_page_at_four_times_its_size(open_photos: Callable[..., Page]) -> None:
    page = open_photos(viewport={"width": 320, "height": 256})
    page.keyboard.press("c")
    expect(day(page, "28 July 2024, 3 photos")).to_be_focused()
    assert calendar(page).evaluate("({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth")


def test_the_calendar_waits_for_no_month(open_context: Callable[..., BrowserContext], session: Any) -> None:
    page = open_context(storage_state=session).new_page()
    held: list[Route] = []
    is_free = False

    def hold(route: Route) -> None:
        if is_free:
            route.continue_()
        else:
            held.append(route)

    page.route(re.compile("/api/timeline/2022-12"), hold)
    page.goto("/")
    expect(tiles(page).first).to_be_visible()
    page.keyboard.press("c")
    calendar(page).get_by_role("combobox", name="Year").select_option("2022")
    expect(calendar(page).get_by_role("status")).to_have_text("Counting the photos of each day")
    december = calendar(page).get_by_role("button", name="December 2022, 4 photos")
    expect(december).to_have_attribute("aria-pressed", "true")
    expect(calendar(page).get_by_role("button", name="May 2022, no photos")).to_be_disabled()
    day(page, "27 December 2022$").click()
    heading = page.get_by_role("region", name="December 2022").get_by_role("heading", level=2)
    expect(heading).to_be_in_viewport()
    expect(page.locator(f"{FOCUSED}[data-index='0']")).to_have_count(1)
    is_free = True
    for route in held:
        route.continue_()
    expect(photo_of(page, "27 December 2022 at 12:56")).to_be_in_viewport()


def test_other_lists_that_go_by_day_have_the_calendar_too(open_photos: Callable[..., Page]) -> None:
    page = open_photos("/folders/Trips/Norway")
    page.keyboard.press("c")
    expect(day(page, "11 March 2023, 1 photo")).to_be_focused()
    day(page, "10 March 2023, 1 photo").click()
    expect(photo_of(page, "10 March 2023")).to_be_in_viewport()
    page.goto("/recent")
    expect(tiles(page).first).to_be_visible()
    expect(page.get_by_role("button", name="Go to a day")).to_have_count(0)


def test_the_palette_leads_to_a_day(open_photos: Callable[..., Page]) -> None:
    page = open_photos()
    page.keyboard.press("Control+k")
    page.keyboard.type("22 July 2024")
    expect(page.get_by_role("option", name="July 2024")).to_be_visible()
    page.keyboard.press("Enter")
    expect(photo_of(page, "22 July 2024 at 12:41")).to_be_in_viewport()


def test_of_a_million_photos_only_the_months_that_are_near_are_drawn(million: Page) -> None:
    million.goto("/months")
    cards = million.locator("[data-key]")
    expect(cards.first).to_be_visible()
    expect(million.get_by_role("heading", level=2)).to_have_count(len(MONTHS) // 12)
    height = "() => document.documentElement.scrollHeight"
    before: int = million.evaluate(height)
    cards.first.focus()
    million.keyboard.press("End")
    expect(million.get_by_role("link", name="January 1985, 2,084 photos")).to_be_focused()
    expect(million.locator("[data-key='2024-01']")).to_have_count(0)
    assert cards.count() < 150
    assert abs(million.evaluate(height) - before) <= 4
    million.keyboard.press("Enter")
    expect(photo_of(million, "28 January 1985")).to_be_in_viewport()


def test_taking_hold_of_the_scrubber_moves_nothing_and_a_drag_away_from_the_edge_is_finer(million: Page) -> None:
    million.goto("/#2004-06")
    expect(photo_of(million, "28 June 2004")).to_be_in_viewport()
    slider = million.get_by_role("slider")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("June 2004|July 2004"))
    box = box_of(slider)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] - 0.5
    million.mouse.move(x, y)
    million.mouse.down()
    expect(million.locator(".dragging")).to_have_count(1)
    expect(slider).to_have_attribute("aria-valuetext", re.compile("June 2004|July 2004"))
    million.mouse.move(x - 900, y)
    million.mouse.move(x - 900, y + 10)
    # Ten pixels at the edge are nine months.
    expect(slider).to_have_attribute("aria-valuetext", re.compile("(May|June|July) 2004"))
    million.mouse.move(x, y + 10)
    million.mouse.move(x, y + 110)
    expect(slider).to_have_attribute("aria-valuetext", re.compile("199[5-9]"))
    million.mouse.up()
    expect(tiles(million).first).to_be_visible()
