"""What is around the photos: the ways between pages, the lists, the palette and the keys."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.e2e.conftest import Photo, box_of, newest, pick, tiles, try_again, turn, until, viewer, wait_for_uploads
from tests.e2e.test_for_everyone import assert_fits

PAGES = ["Photos", "Favourites", "Recently added", "Folders", "Archive", "Trash"]


@pytest.fixture
def desk(open_context: Callable[..., BrowserContext], session: Any) -> Page:
    """A desktop window that shows the timeline."""
    page = open_context(storage_state=session).new_page()
    page.goto("/")
    expect(newest(page)).to_be_visible()
    return page


@pytest.fixture
def hand(open_context: Callable[..., BrowserContext], session: Any) -> Page:
    """A phone that shows the timeline."""
    settings = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    page = open_context(storage_state=session, **settings).new_page()
    page.goto("/")
    expect(newest(page)).to_be_visible()
    return page


def ways(page: Page) -> Locator:
    return page.get_by_role("navigation", name="Pages")


def title(page: Page, name: str) -> None:
    expect(page).to_have_title(f"{name} – Pinhole")


def test_the_page_reads_in_its_order(desk: Page) -> None:
    ways_in_order = "\n".join(
        f"""        - listitem:
          - link "{name}":
            - /url: {path}"""
        for name, path in zip(PAGES, ["/", "/favourites", "/recent", "/folders", "/archive", "/trash"], strict=True)
    )
    expect(desk.locator("#app")).to_match_aria_snapshot(f"""
    - link "Skip to the photos"
    - banner:
      - link "Pinhole, all photos"
      - navigation "Years, months or all photos":
        - link "Years"
        - link "Months"
        - link "All photos"
      - search "Search":
        - combobox "Search your photos"
        - status
      - button "Go to…"
      - button "Upload"
      - button "Upload a folder"
      - button "Account of mara"
    - navigation "Pages":
      - list:
{ways_in_order}
      - paragraph: /used$/
      - paragraph: /photos and videos[.] Previews of them take .* more[.]$/
    - main:
      - heading "Your photos" [level=1]
      - region "July 2024":
        - heading /July 2024/ [level=2]
        - heading "Sun 28 Jul" [level=3]
        - link "Photo, 28 July 2024 at 12:59"
    """)


def test_who_comes_by_the_keyboard_may_skip_to_the_photos(desk: Page) -> None:
    desk.keyboard.press("Tab")
    expect(desk.get_by_role("link", name="Skip to the photos")).to_be_focused()
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("main")).to_be_focused()
    desk.keyboard.press("Tab")
    expect(tiles(desk).first).to_be_focused()
    expect(desk).to_have_url(re.compile(r":\d+/$"))


def test_every_page_is_reached_by_the_keyboard_and_says_that_it_is_the_current_one(desk: Page) -> None:
    for name in [*PAGES[1:], PAGES[0]]:
        desk.get_by_role("link", name="Pinhole, all photos").focus()
        link = ways(desk).get_by_role("link", name=name)
        for _ in range(12):
            desk.keyboard.press("Tab")
            if link.evaluate("link => link === document.activeElement"):
                break
        expect(link).to_be_focused()
        desk.keyboard.press("Enter")
        title(desk, "Your photos" if name == "Photos" else name)
        expect(ways(desk).locator("[aria-current=page]")).to_have_text([name])
        expect(desk.get_by_role("main")).to_be_focused()
        expect(desk.get_by_role("heading", level=1)).to_have_count(1)


def test_a_page_stays_the_current_one_beneath_a_photo_and_a_folder(desk: Page) -> None:
    desk.goto("/folders/Trips/Norway")
    expect(ways(desk).locator("[aria-current=page]")).to_have_text(["Folders"])
    link = tiles(desk).first.get_attribute("href")
    assert link
    assert link.startswith("/folders/Trips/Norway/photo/")
    tiles(desk).first.click()
    expect(viewer(desk)).to_be_visible()
    expect(desk.locator(".nav [aria-current=page]")).to_have_text(["Folders"])


def test_a_narrow_window_has_a_rail_and_a_phone_tabs_that_cover_nothing(desk: Page, hand: Page) -> None:
    desk.set_viewport_size({"width": 800, "height": 700})
    expect(ways(desk).get_by_role("link")).to_have_text(PAGES)
    until(desk, lambda: box_of(ways(desk))["width"] <= 80, "the rail is wide")
    tabs = box_of(ways(hand))
    assert tabs["y"] + tabs["height"] == 844
    hand.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    last = hand.get_by_role("region", name="December 2022").get_by_role("link").last
    expect(last).to_be_in_viewport()
    box = box_of(last)
    assert box["y"] + box["height"] <= tabs["y"]


def test_a_phone_has_the_other_pages_behind_one_more_tab(hand: Page) -> None:
    more = ways(hand).get_by_role("button", name="More")
    expect(ways(hand).get_by_role("link")).to_have_text(PAGES[:3])
    more.tap()
    expect(more).to_have_attribute("aria-expanded", "true")
    expect(ways(hand).get_by_text(re.compile("used$"))).to_be_visible()
    ways(hand).get_by_role("link", name="Trash").tap()
    title(hand, "Trash")
    expect(more).to_have_attribute("aria-expanded", "false")
    expect(hand.get_by_role("heading", name="The trash is empty")).to_be_visible()


def test_what_the_library_takes_is_shown_and_how_much_it_may(desk: Page) -> None:
    shown = re.compile(r"\d+ [kM]B used\s*4\d photos and videos\. Previews of them take \d+ kB more")
    expect(ways(desk)).to_contain_text(shown)
    storage = {"originalsBytes": 5_000_000_000, "renditionsBytes": 1_000_000, "items": 1, "quotaBytes": 8_000_000_000}
    desk.route("**/api/storage", lambda route: route.fulfill(json=storage))
    desk.reload()
    shown = re.compile(r"5 GB of 8 GB used\s*1 photo or video\. Previews of them take 1 MB more")
    expect(ways(desk)).to_contain_text(shown)
    expect(ways(desk).get_by_role("progressbar", name="Storage")).to_have_js_property("position", 0.625)


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/favourites", "Keep what you love close"),
        ("/archive", "Nothing is put away"),
        ("/trash", "The trash is empty"),
    ],
)
def test_a_list_that_is_empty_says_what_comes_there(desk: Page, path: str, says: str) -> None:
    desk.goto(path)
    expect(desk.get_by_role("heading", level=1, name=says)).to_be_visible()


def test_a_list_that_fails_says_why_and_can_be_tried_again(desk: Page) -> None:
    desk.route(
        "**/api/lists/recent", lambda route: route.fulfill(status=500, json={"code": "internal_error", "detail": "No."})
    )
    desk.route("**/api/live/ticket", lambda route: route.abort())
    desk.goto("/recent")
    expect(desk.get_by_role("alert")).to_contain_text("Something went wrong on the server.")
    expect(desk.get_by_role("button", name="Try again")).to_be_visible()
    desk.unroute("**/api/lists/recent")
    try_again(desk)
    expect(tiles(desk).first).to_be_visible()


def test_what_was_added_last_comes_first_and_is_added_to_while_one_looks(
    desk: Page, open_context: Callable[..., BrowserContext], session: Any, photo: Callable[..., Photo]
) -> None:
    desk.goto("/recent")
    expect(tiles(desk).first).to_be_visible()
    # In the order in which they came no day has a beginning.
    expect(desk.get_by_role("heading", level=3)).to_have_count(0)
    elsewhere = open_context(storage_state=session).new_page()
    elsewhere.goto("/")
    pick(elsewhere, photo("last.jpg", "2001:01:01 10:00:00").path)
    wait_for_uploads(elsewhere)
    expect(tiles(desk).first).to_have_accessible_name("Photo, 1 January 2001 at 10:00")


def test_folders_lead_to_those_in_them_and_back(desk: Page) -> None:
    desk.goto("/folders")
    desk.get_by_role("link", name=re.compile(r"^Trips\s*3 photos")).click()
    title(desk, "Trips")
    inside = desk.get_by_role("list", name="Folders in it")
    expect(inside.get_by_role("link")).to_have_text([re.compile("^Ann's 100% #1"), re.compile(r"^Norway\s*2 photos")])
    inside.get_by_role("link", name=re.compile("^Ann's")).click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Ann's 100% #1")
    tiles(desk).first.click()
    expect(viewer(desk)).to_be_visible()
    desk.keyboard.press("Escape")
    expect(viewer(desk)).to_have_count(0)
    expect(tiles(desk).first).to_be_focused()
    desk.get_by_role("navigation", name="Where this folder lies").get_by_role("link", name="Trips").click()
    title(desk, "Trips")


def test_an_address_of_a_folder_that_holds_nothing_says_so(desk: Page) -> None:
    desk.goto("/folders/Trips/Nowhere")
    expect(desk.get_by_role("heading", name="There is no such folder")).to_be_visible()
    title(desk, "There is no such folder")
    desk.get_by_role("link", name="To all folders").click()
    title(desk, "Folders")


def test_a_photo_that_is_not_in_a_list_is_missing_there(desk: Page) -> None:
    link = tiles(desk).first.get_attribute("href")
    desk.goto(f"/favourites{link}")
    expect(desk.get_by_role("heading", name="This photo isn’t here")).to_be_visible()
    desk.get_by_role("button", name="Back to Favourites").first.click()
    title(desk, "Favourites")


def scroll_to_the_end(page: Page) -> int:
    page.get_by_role("slider", name="Date").press("End")
    expect(page.get_by_role("heading", level=2, name=re.compile("December 2022"))).to_be_in_viewport()
    return int(page.evaluate("Math.round(scrollY)"))


def test_a_page_begins_at_its_top_and_is_come_back_to_where_it_was(desk: Page) -> None:
    place = scroll_to_the_end(desk)
    assert place > 400
    ways(desk).get_by_role("link", name="Recently added").click()
    title(desk, "Recently added")
    expect(tiles(desk).first).to_be_in_viewport()
    desk.wait_for_function("() => scrollY === 0")
    desk.go_back()
    title(desk, "Your photos")
    desk.wait_for_function(f"() => Math.abs(scrollY - {place}) < 100")  # of the row at its top
    desk.go_forward()
    title(desk, "Recently added")
    ways(desk).get_by_role("link", name="Photos").click()
    title(desk, "Your photos")
    expect(tiles(desk).first).to_be_in_viewport()
    desk.wait_for_function("() => scrollY === 0")


def test_a_list_keeps_its_place_over_a_reload(desk: Page) -> None:
    desk.set_viewport_size({"width": 1280, "height": 400})
    desk.goto("/recent")
    expect(tiles(desk).first).to_be_visible()
    desk.evaluate("scrollTo(0, 500)")
    desk.wait_for_function("() => scrollY === 500")
    expect(desk.locator(".where.shown")).to_be_visible()
    desk.reload()
    expect(tiles(desk).first).to_be_visible()
    desk.wait_for_function("() => Math.abs(scrollY - 500) < 2")


def test_the_grid_of_a_list_stays_beneath_its_viewer(desk: Page) -> None:
    desk.goto("/recent")
    tiles(desk).first.click()
    expect(viewer(desk)).to_be_visible()
    expect(desk).to_have_url(re.compile("/recent/photo/"))
    expect(desk.get_by_test_id("grid")).to_have_count(1)
    turn(desk)
    desk.keyboard.press("Escape")
    expect(tiles(desk).nth(1)).to_be_focused()


def palette(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Go to a page, a date or a folder")


def open_palette(page: Page) -> None:
    page.keyboard.press("Control+k")
    expect(palette(page)).to_be_focused()


def close_palette(page: Page) -> None:
    page.keyboard.press("Escape")
    expect(palette(page)).to_have_count(0)


def test_the_palette_leads_to_pages_dates_and_folders_by_the_keyboard_alone(desk: Page) -> None:
    open_palette(desk)
    expect(desk.get_by_role("option")).to_have_text([*PAGES, "Years", "Months"])
    desk.keyboard.press("ArrowUp")
    expect(desk.get_by_role("option", name="Months")).to_have_attribute("aria-selected", "true")
    active = palette(desk).get_attribute("aria-activedescendant")
    expect(desk.locator(f"#{active}")).to_have_text("Months")
    desk.keyboard.type("nor")
    expect(desk.get_by_role("option")).to_have_text(re.compile("^Norway"))
    desk.keyboard.press("Enter")
    title(desk, "Norway")
    open_palette(desk)
    desk.keyboard.type("2022-12-03")
    expect(desk.get_by_role("option")).to_have_text(re.compile("3 December 2022"))
    desk.keyboard.press("Enter")
    title(desk, "Your photos")
    december = desk.get_by_role("region", name="December 2022")
    # No photo is of that day: the day that is closest to it has the focus.
    expect(december.get_by_role("link", name="Photo, 27 December 2022")).to_be_focused()
    expect(december.get_by_role("heading", level=2)).to_be_in_viewport()


def test_the_palette_leads_to_a_date_of_the_timeline_that_is_shown(desk: Page) -> None:
    for query, month in (("december 2022", "December 2022"), ("2024", "July 2024"), ("dec", "December 2022")):
        open_palette(desk)
        desk.keyboard.type(query)
        expect(desk.get_by_role("option").first).to_contain_text(month[-4:])
        desk.keyboard.press("Enter")
        expect(desk.get_by_role("region", name=month).get_by_role("link").first).to_be_focused()
        expect(desk.get_by_role("region", name=month).get_by_role("heading", level=2)).to_be_in_viewport()


def test_the_palette_gives_the_focus_back_and_says_when_nothing_is_found(desk: Page) -> None:
    button = desk.get_by_role("button", name="Go to…")
    button.click()
    expect(palette(desk)).to_be_focused()
    desk.keyboard.type("quite unheard of")
    expect(desk.get_by_role("status").get_by_text("Nothing is called that.")).to_be_visible()
    desk.keyboard.press("Enter")
    close_palette(desk)
    expect(button).to_be_focused()


def test_the_palette_opens_above_a_photo_and_goes_on_from_there(desk: Page) -> None:
    tiles(desk).first.click()
    expect(viewer(desk)).to_be_visible()
    open_palette(desk)
    desk.keyboard.type("fol")
    desk.keyboard.press("Escape")
    expect(viewer(desk)).to_be_focused()
    open_palette(desk)
    desk.keyboard.type("fol")
    expect(desk.get_by_role("option").first).to_have_text("Folders")
    desk.keyboard.press("Enter")
    title(desk, "Folders")
    expect(viewer(desk)).to_have_count(0)


def test_two_letters_lead_to_a_page_and_no_letter_does_in_a_field(desk: Page) -> None:
    desk.keyboard.press("g")
    desk.keyboard.press("t")
    title(desk, "Trash")
    desk.keyboard.press("g")
    desk.keyboard.press("x")
    desk.keyboard.press("p")
    title(desk, "Trash")
    open_palette(desk)
    desk.keyboard.type("gp?")
    expect(palette(desk)).to_have_value("gp?")
    title(desk, "Trash")


def test_the_keys_are_shown_and_letters_can_be_turned_off(desk: Page) -> None:
    desk.keyboard.press("?")
    dialog = desk.get_by_role("dialog", name="Keys")
    expect(dialog).to_contain_text("Go to Favourites")
    letters = dialog.get_by_role("switch", name="Keys that are pressed alone")
    desk.keyboard.press("Tab")
    expect(letters).to_be_focused()
    desk.keyboard.press("Space")
    expect(letters).not_to_be_checked()
    desk.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    desk.reload()
    expect(tiles(desk).first).to_be_visible()
    for key in ("?", "g", "t"):
        desk.keyboard.press(key)
    open_palette(desk)
    close_palette(desk)
    title(desk, "Your photos")
    expect(dialog).to_have_count(0)
    # There is a way without letters, too.
    desk.get_by_role("button", name=re.compile("^Account of")).click()
    desk.get_by_role("menuitem", name="Keys").click()
    letters.check()
    desk.keyboard.press("Escape")
    expect(desk.get_by_role("button", name=re.compile("^Account of"))).to_be_focused()
    desk.keyboard.press("?")
    expect(dialog).to_be_visible()


def test_what_nobody_has_asked_for_yet_is_not_loaded(desk: Page) -> None:
    loaded: list[str] = []
    desk.on("request", lambda request: loaded.append(request.url))
    desk.reload()
    expect(desk.locator("html")).to_have_attribute("data-font", "own")
    expect(ways(desk)).to_contain_text("used")
    assert not [url for url in loaded if re.search("Palette|Keys|Folder|ListPage|/api/folders|/api/lists", url)]


def test_no_page_and_nothing_over_it_is_wider_than_a_window_enlarged_four_times(desk: Page) -> None:
    for path in ("/favourites", "/recent", "/folders", "/folders/Trips", "/folders/Trips/Nowhere"):
        desk.goto(path)
        expect(desk.get_by_role("heading", level=1)).to_be_visible()
        assert_fits(desk, path)
    ways(desk).get_by_role("button", name="More").click()
    expect(ways(desk).get_by_role("link", name="Trash")).to_be_visible()
    assert_fits(desk, "more")
    desk.keyboard.press("Escape")
    open_palette(desk)
    desk.keyboard.type("tri")
    expect(desk.get_by_role("option").first).to_contain_text("Trips")
    assert_fits(desk, "palette")
    close_palette(desk)
    desk.keyboard.press("?")
    expect(desk.get_by_role("dialog", name="Keys")).to_be_visible()
    assert_fits(desk, "keys")
