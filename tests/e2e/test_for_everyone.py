"""The page for those who can't see it all, use no pointer, or come by a wrong address."""

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, expect
from playwright.sync_api import TimeoutError as TakesTooLong

from tests.e2e.conftest import Photo, log_in, open_first, pick, still, tiles

BOX = "element => element.getBoundingClientRect().toJSON()"


def test_each_page_has_a_title_of_its_own(page: Page, library: list[Photo]) -> None:
    page.goto("/")
    expect(page).to_have_title("Log in – Pinhole")
    log_in(page)
    expect(page).to_have_title("Your photos – Pinhole")
    open_first(page)
    expect(page).to_have_title("Photo, 28 July 2024 at 12:59 – Pinhole")
    page.keyboard.press("Escape")
    expect(page).to_have_title("Your photos – Pinhole")


def test_an_address_that_leads_nowhere_says_so(page: Page, library: list[Photo]) -> None:
    log_in(page, "/no/such/page")
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
    expect(page).to_have_url(re.compile("/no/such/page$"))
    page.get_by_role("link", name="To your photos").click()
    expect(tiles(page).first).to_be_visible()


def test_the_way_home_has_a_name_on_a_phone_too(phone: Page) -> None:
    expect(phone.get_by_role("banner").get_by_role("link", name="Pinhole")).to_be_visible()


def test_a_day_is_named_before_its_photos_and_covers_none(window: Page, phone: Page) -> None:
    for page in (window, phone):
        found = page.get_by_role("region", name="July 2024").locator("h3, a")
        boxes = found.evaluate_all(f"found => found.map((one) => ({{ name: one.tagName, ...({BOX})(one) }}))")
        assert [box["name"] for box in boxes[:2]] == ["H3", "A"]
        days = [box for box in boxes if box["name"] == "H3"]
        assert len(days) > 2
        assert not [box for day in days for box in boxes if box is not day and overlap(day, box)]


def overlap(a: dict[str, float], b: dict[str, float]) -> bool:
    across = a["x"] < b["x"] + b["width"] and b["x"] < a["x"] + a["width"]
    return across and a["y"] < b["y"] + b["height"] and b["y"] < a["y"] + a["height"]


def test_the_list_of_uploads_lies_beside_the_scrubber(window: Page, photo: Callable[..., Photo]) -> None:
    pick(window, photo("beside.jpg", "2024:07:01 08:00:00").path)
    panel = window.get_by_role("complementary", name="Uploads")
    expect(panel).to_contain_text("In your library")
    still(window)
    box, scrubber = (one.evaluate(BOX) for one in (panel, window.locator(".scrubber")))
    assert not overlap(box, scrubber)


def test_a_tab_that_asks_to_log_in_follows_a_log_in_elsewhere(
    open_context: Callable[..., BrowserContext], library: list[Photo]
) -> None:
    context = open_context()
    first, second = context.new_page(), context.new_page()
    second.goto("/photo/000000000000")
    expect(second.get_by_label("Name")).to_be_visible()
    log_in(first)
    expect(second.get_by_role("heading", name="This photo isn’t here")).to_be_visible()


def luminance(colour: str) -> float:
    """Relative luminance of `rgb(…)`, by WCAG 2."""
    parts = (int(part) / 255 for part in re.findall(r"\d+", colour)[:3])
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_the_edge_of_a_field_stands_out_three_to_one(page: Page, library: list[Photo]) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.goto("/")
        expect(page.get_by_label("Name")).to_be_focused()
        still(page)
        colours = page.get_by_label("Password", exact=True).evaluate(
            "field => [getComputedStyle(field).borderTopColor, getComputedStyle(field).backgroundColor,"
            " getComputedStyle(document.body).backgroundColor]"
        )
        edge, *others = map(luminance, colours)
        for other in others:
            assert (max(edge, other) + 0.05) / (min(edge, other) + 0.05) >= 3, (scheme, colours)


def test_where_the_scroll_is_shows_in_the_colours_of_the_system(
    open_context: Callable[..., BrowserContext], library: list[Photo]
) -> None:
    page = open_context(forced_colors="active").new_page()
    log_in(page)
    background = "element => getComputedStyle(element).backgroundColor"
    slider = page.get_by_role("slider", name="Date")
    assert slider.evaluate(background) != page.locator("body").evaluate(background)


def test_texts_and_dates_are_of_the_language_that_the_page_says(
    open_context: Callable[..., BrowserContext], library: list[Photo]
) -> None:
    for locale, language, month in (("en-GB", "en-GB", "July 2024"), ("de-DE", "en", "July 2024")):
        page = open_context(locale=locale).new_page()
        log_in(page)
        expect(page.locator("html")).to_have_attribute("lang", language)
        expect(page.get_by_role("heading", level=2).first).to_contain_text(month)


NARROW = (320, 360)
OVERFLOW = """() => {
    const { clientWidth, scrollWidth } = document.documentElement
    const isCut = (element) => {
        const { left, right, width } = element.getBoundingClientRect()
        return width > 0 && (left < -0.5 || right > clientWidth + 0.5)
    }
    const cut = [...document.querySelectorAll('h1, h2, h3, p, button, .button, input, label, dd, aside')]
        .filter((element) => !element.closest('[inert]') && element.checkVisibility({ opacityProperty: true }))
        .filter((element) => !element.closest('.visually-hidden') && isCut(element))
    return [scrollWidth <= clientWidth, cut.map((element) => element.outerHTML.slice(0, 200))]
}"""


def assert_fits(page: Page, what: str) -> None:
    for width in NARROW:
        page.set_viewport_size({"width": width, "height": 700})
        page.wait_for_function("width => window.innerWidth === width", arg=width)
        with suppress(TakesTooLong):  # what is laid out by code follows the window, after a while on a busy machine
            page.wait_for_function(f"() => JSON.stringify(({OVERFLOW})()) === '[true,[]]'")
        assert page.evaluate(OVERFLOW) == [True, []], (what, width)


def test_nothing_is_wider_than_the_narrowest_phone(
    page: Page, library: list[Photo], photo: Callable[..., Photo], tmp_path: Path
) -> None:
    def answer(address: str, body: str) -> None:
        page.route(address, lambda route: route.fulfill(content_type="application/json", body=body))

    page.route("**/api/onboarding", lambda route: route.abort())
    page.goto("/")
    expect(page.get_by_role("alert")).to_be_visible()
    assert_fits(page, "the server is away")
    page.unroute("**/api/onboarding")
    answer(
        "**/api/onboarding",
        '{"registrationOpen": true, "setupTokenRequired": true, "onboarded": false}',
    )
    page.reload()
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    assert_fits(page, "set-up")
    page.unroute("**/api/onboarding")
    page.goto("/")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    assert_fits(page, "log-in")

    page.goto("/invite#ended")
    expect(page.get_by_role("heading", name="This invite doesn’t hold")).to_be_visible()
    assert_fits(page, "invite")

    answer("**/api/timeline", '{"revision": 0, "months": []}')
    log_in(page)
    for address, shown in (("/account", "This device"), ("/admin/users", "You"), ("/admin/queues", "ingest")):
        page.goto(address)
        expect(page.get_by_text(shown, exact=True)).to_be_visible()
        assert_fits(page, address)
    page.goto("/admin/invites")
    page.get_by_role("button", name="Invite somebody").click()
    assert_fits(page, "an invite")
    page.get_by_role("button", name="Make invite").click()
    expect(page.get_by_role("heading", name="The invite is made")).to_be_visible()
    assert_fits(page, "a link")
    page.goto("/")
    expect(page.get_by_role("heading", name="Let some light in")).to_be_visible()
    assert_fits(page, "empty")
    page.get_by_role("button", name=re.compile("^Account of")).click()
    assert_fits(page, "menu")
    page.unroute("**/api/timeline")
    page.route("**/api/timeline", lambda route: route.abort())
    page.reload()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_text("Your library can’t be reached")).to_be_visible()
    assert_fits(page, "failed")
    page.unroute("**/api/timeline")

    page.goto("/no/such/page")
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
    assert_fits(page, "unknown address")
    page.goto("/photo/000000000000")
    expect(page.get_by_role("heading", name="This photo isn’t here")).to_be_visible()
    assert_fits(page, "unknown photo")

    page.goto("/")
    expect(tiles(page).first).to_be_visible()
    assert_fits(page, "timeline")
    page.mouse.wheel(0, 400)
    where = page.get_by_role("navigation", name="Years, months or all photos").get_by_role("link", name="July 2024")
    expect(where).to_be_visible()
    assert_fits(page, "scrolled timeline")
    assert where.evaluate("element => element.scrollWidth <= element.clientWidth")
    unread = tmp_path / ("a long name without any spaces in it ".replace(" ", "_") * 3 + ".jpg")
    unread.write_text("no picture")
    pick(page, unread, photo("narrow.jpg", "2024:07:01 09:00:00").path)
    expect(page.get_by_text("Files of this kind can’t be read.")).to_be_visible()
    assert_fits(page, "uploads")
    open_first(page)
    page.keyboard.press("i")
    expect(page.get_by_role("complementary", name="Details").get_by_text("Canon EOS 40D")).to_be_visible()
    assert_fits(page, "details")


def test_headings_and_photos_begin_at_one_line(window: Page, phone: Page) -> None:
    for page in (window, phone):
        month = page.get_by_role("region", name="July 2024")
        lefts = month.locator("h2, h3, a").evaluate_all(
            """found => found.map((element) => element.getBoundingClientRect().left
                + parseFloat(getComputedStyle(element).paddingLeft))"""
        )
        assert lefts[0] == lefts[1] == lefts[2]


# On a busy machine a browser tells so too of what is used later: whether it is used at all is asked of the page.
TOLD_BY_TIME = "was preloaded using link preload but not used within a few seconds"
PRELOADED_IN_VAIN = """() => {
    const [preloaded, used] = ['preload', 'stylesheet'].map((kind) =>
        [...document.querySelectorAll(`link[rel=${kind}]`)].map(({ href, crossOrigin }) => `${href} ${crossOrigin}`))
    return preloaded.filter((one) => !used.includes(one))
}"""


def test_a_load_leaves_the_console_empty(
    open_context: Callable[..., BrowserContext], entered: Any, library: list[Photo]
) -> None:
    page = open_context(storage_state=entered, service_workers="allow").new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto("/")
    expect(tiles(page).first).to_be_visible()
    for path in ("/", tiles(page).first.get_attribute("href") or ""):
        page.goto(path)
        expect(page.locator("html")).to_have_attribute("data-font", "own")
        page.wait_for_function("() => navigator.serviceWorker.controller !== null")
        assert page.evaluate(PRELOADED_IN_VAIN) == []
    assert [text for text in said if TOLD_BY_TIME not in text] == []
