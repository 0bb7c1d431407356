"""The page for those who can't see it all, use no pointer, or come by a wrong address."""

import re
from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import Photo, log_in, open_first, pick, tiles

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
