"""The timeline and the viewer in the browser."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from tests.e2e.conftest import Photo, log_in, pick, wait_for_uploads


@pytest.fixture(scope="module")
def library(browser: Browser, base_url: str, account: str, photo: Callable[..., Photo]) -> list[Photo]:
    """Forty photos in three months, the newest first."""
    shapes = [(900, 600), (600, 900), (800, 800), (1600, 500)]
    days = [("2024:07", 24), ("2024:06", 12), ("2022:12", 4)]
    photos = [
        photo(f"{month.replace(':', '-')}-{number:02}.jpg", f"{month}:{28 - number // 3:02} 12:{59 - number}:00", size)
        for month, count in days
        for number, size in zip(range(count), shapes * count, strict=False)
    ]
    context = browser.new_context(base_url=base_url)
    page = context.new_page()
    log_in(page)
    pick(page, *(one.path for one in photos))
    wait_for_uploads(page)
    expect(page.get_by_text("40 added").first).to_be_visible()
    context.close()
    return photos


@pytest.fixture
def window(page: Page, library: list[Photo]) -> Page:
    """A desktop window that shows the timeline."""
    log_in(page)
    expect(tiles(page).first).to_be_visible()
    return page


@pytest.fixture
def phone(open_context: Callable[..., BrowserContext], library: list[Photo]) -> Page:
    """A phone that shows the timeline."""
    page = open_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True).new_page()
    log_in(page)
    expect(tiles(page).first).to_be_visible()
    return page


def tiles(page: Page) -> Locator:
    return page.get_by_role("link", name=re.compile("^Photo, "))


def viewer(page: Page) -> Locator:
    return page.get_by_role("dialog", name=re.compile("^Photo"))


def open_first(page: Page) -> None:
    tiles(page).first.click()
    expect(viewer(page)).to_be_visible()


def test_months_and_days_are_headed_and_counted_newest_first(window: Page) -> None:
    months = window.get_by_role("heading", level=2)
    expect(months.first).to_have_text(re.compile(r"July 2024\s+24"))
    expect(window.get_by_role("heading", level=3).first).to_have_text("Sun 28 Jul")
    window.get_by_role("slider", name="Date").press("End")
    expect(window.get_by_role("heading", level=2, name="December 2022")).to_be_visible()


def test_the_scroll_height_is_known_before_any_item_is_and_stays(page: Page, library: list[Photo]) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/api/timeline/*", hold)
    log_in(page)
    expect(page.get_by_role("region", name="July 2024")).to_be_visible()
    assert tiles(page).count() == 0
    height = page.get_by_test_id("grid").bounding_box()

    page.unroute("**/api/timeline/*")
    for route in held:
        route.fallback()
    expect(tiles(page).first).to_be_visible()
    assert page.get_by_test_id("grid").bounding_box() == height


def test_a_photo_opens_turns_tells_of_itself_and_closes_from_the_keyboard(window: Page, library: list[Photo]) -> None:
    tiles(window).first.focus()
    window.keyboard.press("ArrowRight")
    expect(tiles(window).nth(1)).to_be_focused()
    window.keyboard.press("Enter")
    expect(viewer(window)).to_be_visible()
    expect(viewer(window).get_by_role("img", name=re.compile("^Photo"))).to_be_visible()

    window.keyboard.press("ArrowRight")
    window.keyboard.press("i")
    details = window.get_by_role("complementary", name="Details")
    expect(details).to_contain_text(library[2].name)
    expect(details).to_contain_text("Canon EOS 40D")
    window.keyboard.press("i")
    expect(details).to_have_count(0)

    window.keyboard.press("Escape")
    expect(viewer(window)).to_have_count(0)
    expect(tiles(window).nth(2)).to_be_focused()


def test_turning_goes_on_from_month_to_month(window: Page, library: list[Photo]) -> None:
    open_first(window)
    for _ in range(24):
        window.keyboard.press("ArrowRight")
    window.keyboard.press("i")
    expect(window.get_by_role("complementary", name="Details")).to_contain_text(library[24].name)


def test_a_link_to_a_photo_opens_it_where_it_is(window: Page, library: list[Photo]) -> None:
    window.get_by_role("slider", name="Date").press("End")
    last = window.get_by_role("region", name="December 2022").get_by_role("link").last
    link = last.get_attribute("href")
    assert link
    window.goto(link)
    expect(viewer(window).get_by_role("img", name=re.compile("^Photo"))).to_be_visible()
    expect(viewer(window).get_by_role("button", name="Next photo")).to_have_count(0)
    window.keyboard.press("ArrowLeft")
    window.keyboard.press("i")
    expect(window.get_by_role("complementary", name="Details")).to_contain_text(library[-2].name)


def test_the_way_back_closes_the_viewer(window: Page) -> None:
    open_first(window)
    window.keyboard.press("ArrowRight")
    window.go_back()
    expect(viewer(window)).to_have_count(0)
    expect(window).to_have_url(re.compile(r":\d+/$"))


def test_the_original_is_downloaded_under_its_name(window: Page, library: list[Photo]) -> None:
    open_first(window)
    with window.expect_download() as download:
        window.get_by_role("button", name="Download the original").click()
    assert download.value.suggested_filename == library[0].name
    assert download.value.path().read_bytes() == library[0].path.read_bytes()


def test_a_phone_swipes_to_the_next_photo_and_down_to_close(phone: Page, library: list[Photo]) -> None:
    second = tiles(phone).nth(1).get_attribute("href")
    assert second
    tiles(phone).first.tap()
    expect(viewer(phone).get_by_role("img", name=re.compile("^Photo"))).to_be_visible()
    swipe(phone, (320, 400), (60, 410))
    expect(phone).to_have_url(re.compile(f"{second}$"))
    viewer(phone).get_by_role("button", name="Details").tap()
    details = phone.get_by_role("complementary", name="Details")
    expect(details).to_contain_text(library[1].name)
    details.get_by_role("button", name="Close details").tap()
    swipe(phone, (200, 300), (205, 600))
    expect(viewer(phone)).to_have_count(0)


def swipe(page: Page, start: tuple[int, int], end: tuple[int, int]) -> None:
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    touch("touchStart", start)
    for step in range(1, 11):
        touch("touchMove", tuple(a + (b - a) * step / 10 for a, b in zip(start, end, strict=True)))  # type: ignore[arg-type]
    touch("touchEnd")


def test_a_phone_shows_nothing_wider_than_itself(phone: Page) -> None:
    for box in (tile.bounding_box() for tile in tiles(phone).all()):
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390


def test_a_chosen_theme_stays_after_a_reload(window: Page) -> None:
    window.get_by_role("button", name=re.compile("^Account of")).click()
    window.get_by_role("menuitemradio", name="Dark").click()
    expect(window.locator("body")).to_have_css("background-color", "rgb(21, 20, 18)")
    window.reload()
    expect(window.locator("body")).to_have_css("background-color", "rgb(21, 20, 18)")


def test_a_timeline_that_fails_says_why_and_can_be_tried_again(page: Page, library: list[Photo]) -> None:
    problem = '{"code": "unavailable", "detail": "The database is not reachable.", "errors": []}'
    # Once it can follow the library live, the client tries again by itself.
    page.route("**/api/live/ticket", lambda route: route.abort())
    page.route(
        "**/api/timeline",
        lambda route: route.fulfill(status=503, content_type="application/problem+json", body=problem),
    )
    log_in(page)
    expect(page.get_by_role("alert")).to_contain_text("The database is not reachable.")
    page.unroute("**/api/timeline")
    page.get_by_role("button", name="Try again").click()
    expect(tiles(page).first).to_be_visible()


def test_being_offline_is_said_and_what_is_shown_stays(window: Page) -> None:
    window.context.set_offline(True)
    expect(window.get_by_text("You’re offline")).to_be_visible()
    expect(tiles(window).first).to_be_visible()
    window.context.set_offline(False)
    expect(window.get_by_text("You’re offline")).to_have_count(0)


def test_the_api_is_described_on_a_page_of_its_own(page: Page, base_url: str) -> None:
    page.goto("/api/docs")
    expect(page.locator(".opblock").first).to_be_visible()
    expect(page.get_by_text("/timeline/{month}", exact=True)).to_be_visible()
    expect(page.get_by_text("The API in one file")).to_have_count(0)
