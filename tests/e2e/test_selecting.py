"""Choosing photos in the timeline, and what is done with them, in the browser."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import BrowserContext, FloatRect, Locator, Page, Route, expect

from pinhole_client import Client
from tests.e2e.conftest import (
    NAME,
    PASSWORD,
    Photo,
    box_of,
    log_in,
    newest,
    open_first,
    picture,
    still,
    tiles,
    until,
    viewer,
)


def bar(page: Page) -> Locator:
    return page.get_by_role("region", name="What is selected")


def expect_count(page: Page, count: int) -> None:
    if count == 0:
        expect(bar(page)).to_have_count(0)
    else:
        expect(bar(page).get_by_text(f"{count} selected", exact=True).last).to_be_visible()


def check_of(page: Page, number: int) -> Locator:
    return page.get_by_role("checkbox", name=re.compile("^Select Photo")).nth(number)


def photos_of(page: Page, month: str) -> Locator:
    return page.get_by_role("region", name=month).get_by_role("link")


def middle(box: FloatRect | None) -> tuple[float, float]:
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def choose(page: Page, *numbers: int) -> None:
    expect(newest(page)).to_be_visible()
    for number in numbers:
        tiles(page).nth(number).focus()
        page.keyboard.press("x")


def test_a_check_shows_on_hover_and_selects_and_then_a_click_on_a_photo_does(window: Page) -> None:
    expect(check_of(window, 0)).to_have_css("opacity", "0")
    tiles(window).first.hover()
    expect(check_of(window, 0)).to_have_css("opacity", "1")
    check_of(window, 0).click()
    expect_count(window, 1)
    expect(check_of(window, 0)).to_be_checked()
    expect(tiles(window).first).to_have_accessible_name(re.compile(", selected$"))
    expect(tiles(window).first).to_be_focused()
    tiles(window).nth(2).click()
    expect_count(window, 2)
    tiles(window).first.click()
    tiles(window).nth(2).click()
    expect_count(window, 0)
    open_first(window)


def test_a_photo_can_be_looked_at_while_others_are_selected_and_selected_there(window: Page) -> None:
    choose(window, 0, 1)
    tiles(window).nth(3).hover()
    window.get_by_role("button", name=re.compile("^Open Photo")).nth(3).click()
    expect(picture(window)).to_be_visible()
    check = viewer(window).get_by_role("checkbox", name="Select this photo")
    expect(check).not_to_be_checked()
    window.keyboard.press("x")
    expect(check).to_be_checked()
    window.keyboard.press("ArrowLeft")
    expect(check).not_to_be_checked()
    window.keyboard.press("ArrowLeft")
    expect(check).to_be_checked()
    check.click()
    window.keyboard.press("Escape")
    expect(viewer(window)).to_have_count(0)
    expect_count(window, 2)
    expect(check_of(window, 0)).to_be_checked()
    expect(check_of(window, 3)).to_be_checked()


def test_x_takes_no_photo_that_cannot_be_seen_but_the_one_beneath_the_mouse_or_the_first(window: Page) -> None:
    open_first(window)
    window.keyboard.press("Escape")
    expect(tiles(window).first).to_be_focused()
    still(window)
    window.mouse.move(600, 500)
    window.mouse.wheel(0, 5000)
    december = photos_of(window, "December 2022")
    expect(december.nth(1)).to_be_in_viewport(ratio=1)
    december.nth(1).hover()
    window.keyboard.press("x")
    expect_count(window, 1)
    expect(december.nth(1)).to_have_accessible_name(re.compile(", selected$"))
    expect(december.nth(1)).to_be_focused()
    window.keyboard.press("Escape")
    expect_count(window, 0)
    window.mouse.move(600, 500)
    window.mouse.wheel(0, -5000)
    expect(tiles(window).first).to_be_in_viewport(ratio=1)
    window.mouse.move(60, 700)
    window.keyboard.press("x")
    expect_count(window, 1)
    expect(tiles(window).first).to_have_accessible_name(re.compile(", selected$"))
    expect(tiles(window).first).to_be_focused()


def test_enter_opens_what_has_the_focus_though_a_click_would_select_it(window: Page) -> None:
    choose(window, 0)
    window.keyboard.press("Enter")
    expect(viewer(window)).to_be_visible()


def test_shift_spans_months_that_were_never_fetched_and_fetches_none_of_them(page: Page, library: list[Photo]) -> None:
    fetched: list[str] = []

    def note(route: Route) -> None:
        fetched.append(route.request.url[-7:])
        route.fallback()

    held: list[Route] = []
    page.route("**/api/timeline/*", note)
    page.route("**/api/timeline/2024-06", lambda route: held.append(route))
    log_in(page)
    expect(newest(page)).to_be_visible()
    check_of(page, 0).click()
    page.get_by_role("slider", name="Date").press("End")
    december = photos_of(page, "December 2022")
    december.nth(1).click(modifiers=["Shift"])
    # Others of this module may have added photos: all between the newest and this one are meant.
    expect_count(page, 24 + 12 + 2)
    assert "2024-06" not in fetched
    december.first.click(modifiers=["Shift"])
    expect_count(page, 24 + 12 + 1)


def test_shift_with_the_arrows_draws_a_span_out_and_back(window: Page) -> None:
    tiles(window).nth(1).focus()
    window.keyboard.press("Shift+ArrowRight")
    window.keyboard.press("Shift+ArrowRight")
    expect_count(window, 3)
    window.keyboard.press("Shift+ArrowLeft")
    expect_count(window, 2)
    window.keyboard.press("Shift+End")
    expect_count(window, 39)
    expect(window.locator("[data-index]:focus")).to_be_in_viewport()
    window.keyboard.press("Shift+Home")
    expect_count(window, 2)


def test_the_mouse_sweeps_over_photos_from_a_check_and_takes_away_from_one_that_was_selected(window: Page) -> None:
    tiles(window).first.hover()
    sweep(window, check_of(window, 0), tiles(window).nth(5))
    expect_count(window, 6)
    sweep(window, check_of(window, 5), tiles(window).nth(4))
    expect_count(window, 4)
    expect(viewer(window)).to_have_count(0)


def test_the_mouse_sweeps_from_between_the_photos_and_marks_no_text(window: Page) -> None:
    first, box = tiles(window).first.bounding_box(), tiles(window).nth(1).bounding_box()
    assert first
    assert box
    window.mouse.move(first["x"] - 12, box["y"] + 20)
    window.mouse.down()
    window.mouse.move(first["x"] + 40, box["y"] + 22)
    window.mouse.move(*middle(box))
    expect_count(window, 2)
    window.mouse.up()
    expect_count(window, 2)
    assert window.evaluate("getSelection().toString()") == ""


def test_a_sweep_at_the_edge_of_the_window_goes_on_below_it(window: Page) -> None:
    tiles(window).first.hover()
    window.mouse.move(*middle(check_of(window, 0).bounding_box()))
    window.mouse.down()
    window.mouse.move(300, 400)
    window.mouse.move(300, 795)
    expect(photos_of(window, "December 2022").first).to_have_accessible_name(re.compile(", selected$"))
    window.mouse.up()
    expect(bar(window)).to_be_visible()
    assert window.evaluate("scrollY") > 0


def sweep(page: Page, start: Locator, end: Locator) -> None:
    page.mouse.move(*middle(start.bounding_box()))
    page.mouse.down()
    x, y = middle(end.bounding_box())
    page.mouse.move(x, y, steps=4)
    page.mouse.up()


def test_ctrl_a_selects_all_and_escape_nothing(window: Page) -> None:
    window.keyboard.press("Control+a")
    expect_count(window, 40)
    expect(bar(window).get_by_role("status")).to_have_text("40 selected")
    window.keyboard.press("Escape")
    expect_count(window, 0)


def test_days_and_months_are_selected_by_their_heading_and_by_keys(window: Page) -> None:
    july = window.get_by_role("checkbox", name="Select all of July 2024")
    window.get_by_role("checkbox", name="Select all of Sun 28 Jul").click()
    expect_count(window, 3)
    expect(july).to_have_attribute("aria-checked", "mixed")
    july.click()
    expect_count(window, 24)
    expect(july).to_be_checked()
    july.click()
    expect_count(window, 0)
    tiles(window).nth(4).focus()
    window.keyboard.press("d")
    expect_count(window, 3)
    expect(window.get_by_role("checkbox", name="Select all of Sat 27 Jul")).to_be_checked()
    window.keyboard.press("m")
    expect_count(window, 24)


def test_space_selects_and_does_not_scroll(window: Page) -> None:
    tiles(window).nth(1).focus()
    window.keyboard.press(" ")
    expect_count(window, 1)
    assert window.evaluate("scrollY") == 0


def test_the_selection_ends_when_the_page_is_left(window: Page) -> None:
    choose(window, 0)
    # As by a link: there is none yet to another list.
    window.evaluate("history.pushState(history.state, '', '/nowhere')")
    window.evaluate("dispatchEvent(new PopStateEvent('popstate', { state: history.state }))")
    expect(window.get_by_role("heading", name="There is no such page")).to_be_visible()
    window.get_by_role("link", name="To your photos").click()
    expect(tiles(window).first).to_be_visible()
    expect_count(window, 0)


def test_a_long_press_selects_and_goes_on_selecting_and_then_a_tap_does(phone: Page) -> None:
    touch = toucher(phone)
    x, y = middle(tiles(phone).first.bounding_box())
    touch("touchStart", (x, y))
    expect_count(phone, 1)
    end = middle(tiles(phone).nth(2).bounding_box())
    touch("touchMove", (x + 12, y))
    touch("touchMove", end)
    expect_count(phone, 3)
    touch("touchEnd")
    expect_count(phone, 3)
    assert phone.evaluate("scrollY") == 0
    tiles(phone).nth(3).tap()
    expect_count(phone, 4)
    phone.get_by_role("button", name=re.compile("^Open Photo")).nth(1).tap()
    expect(viewer(phone)).to_be_visible()


def test_a_finger_that_scrolls_selects_nothing(phone: Page) -> None:
    # Else the events may come so late, on a busy machine, that it is a long press.
    phone.clock.install()
    phone.clock.pause_at(datetime.now(UTC) + timedelta(minutes=1))
    touch = toucher(phone)
    touch("touchStart", (200, 600))
    for step in range(1, 8):
        touch("touchMove", (200, 600 - 40 * step))
    expect(phone.locator("html")).not_to_have_js_property("scrollTop", 0)
    phone.clock.run_for(1000)
    touch("touchEnd")
    expect_count(phone, 0)


def test_the_bar_lies_at_the_bottom_of_a_phone_and_fits(phone: Page) -> None:
    choose(phone, 0)
    expect(bar(phone)).to_be_visible()
    still(phone)
    box = box_of(bar(phone))
    assert box["y"] + box["height"] == 844
    for button in bar(phone).get_by_role("button").all():
        inside = button.bounding_box()
        assert inside
        assert inside["x"] >= 0
        assert inside["x"] + inside["width"] <= 390


def toucher(page: Page) -> Callable[..., None]:
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    return touch


def test_favourites_are_marked_named_and_taken_back_by_a_button(window: Page) -> None:
    choose(window, 0, 1)
    window.keyboard.press("f")
    expect(tiles(window).first).to_have_accessible_name(re.compile(", favourite, selected$"))
    expect_count(window, 2)
    expect(bar(window).get_by_role("button", name="Remove from favourites")).to_be_visible()
    window.get_by_role("button", name="Undo").click()
    expect(window.get_by_text("Undone")).to_be_visible()
    expect(window.get_by_role("link", name=re.compile("favourite"))).to_have_count(0)


def test_what_is_archived_and_thrown_away_leaves_and_comes_back_by_a_key(window: Page) -> None:
    first = tiles(window).first.get_attribute("href")
    choose(window, 0, 1)
    window.keyboard.press("a")
    expect(window.get_by_text("2 photos archived")).to_be_visible()
    expect_count(window, 0)
    expect(window.get_by_role("heading", level=2).first).to_have_text(re.compile(r"July 2024\s+22"))
    choose(window, 0)
    window.keyboard.press("Delete")
    expect(window.get_by_text("1 photo moved to trash")).to_be_visible()
    expect(window.get_by_role("heading", level=2).first).to_have_text(re.compile(r"July 2024\s+21"))
    expect(window.locator("[data-index]:focus")).to_have_count(1)
    window.keyboard.press("Control+z")
    expect(window.get_by_role("heading", level=2).first).to_have_text(re.compile(r"July 2024\s+22"))
    window.keyboard.press("Control+z")
    expect(window.get_by_role("heading", level=2).first).to_have_text(re.compile(r"July 2024\s+24"))
    expect(tiles(window).first).to_have_attribute("href", str(first))


HOLD_THE_FIRST = """(method) => {
  const send = window.fetch
  let isFirst = true
  window.undone = 0
  window.fetch = async (request, ...more) => {
    const holds = isFirst && request.method === method
    if (holds) isFirst = false
    if (holds) await new Promise((resolve) => setTimeout(resolve, 700))
    const answer = await send(request, ...more)
    if (request.method === 'POST' && request.url.endsWith('/undo')) window.undone += 1
    return answer
  }
}"""


def favourites(base_url: str) -> int:
    client = Client(base_url)
    client.log_in(NAME, PASSWORD)
    return sum(month["count"] for month in client.call("GET", "/lists/favourites")["months"])


def test_two_changes_are_undone_one_after_the_other_however_fast_it_is_asked_for(window: Page, base_url: str) -> None:
    before = favourites(base_url)
    choose(window, 0)
    window.keyboard.press("f")
    expect(tiles(window).first).to_have_accessible_name(re.compile("favourite"))
    window.keyboard.press("f")
    expect(tiles(window).first).not_to_have_accessible_name(re.compile("favourite"))
    window.evaluate(HOLD_THE_FIRST, "POST")
    window.keyboard.press("Control+z")
    window.keyboard.press("Control+z")
    window.wait_for_function("() => window.undone === 2")
    assert favourites(base_url) == before


def test_what_is_asked_for_while_something_else_is_on_its_way_is_done_after_it(window: Page, base_url: str) -> None:
    before = favourites(base_url)
    choose(window, 0)
    window.evaluate(HOLD_THE_FIRST, "PATCH")
    window.keyboard.press("f")
    bar(window).get_by_role("button", name="Description and more").click()
    dialog = window.get_by_role("dialog", name="Change description and more")
    dialog.get_by_label("Title", exact=True).fill("Early")
    dialog.get_by_role("button", name="Save").click()
    expect(window.get_by_text("1 photo changed")).to_be_visible()
    expect(dialog).to_have_count(0)
    assert favourites(base_url) == before + 1
    window.keyboard.press("Control+z")
    window.keyboard.press("Control+z")
    window.wait_for_function("() => window.undone === 2")
    assert favourites(base_url) == before


def test_what_is_being_typed_outlasts_what_it_was_meant_for(
    window: Page, open_context: Callable[..., BrowserContext]
) -> None:
    choose(window, 0)
    bar(window).get_by_role("button", name="Description and more").click()
    dialog = window.get_by_role("dialog", name="Change description and more")
    dialog.get_by_label("Title", exact=True).fill("By the lake")
    other = open_context().new_page()
    log_in(other)
    choose(other, 0)
    other.keyboard.press("a")
    expect(other.get_by_text("1 photo archived")).to_be_visible()
    expect_count(window, 0)
    expect(dialog.get_by_label("Title", exact=True)).to_have_value("By the lake")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_contain_text("isn’t in this list any more")
    window.keyboard.press("Escape")
    other.keyboard.press("Control+z")
    expect(window.get_by_role("heading", level=2).first).to_have_text(re.compile(r"July 2024\s+24"))


def test_what_goes_away_elsewhere_leaves_the_selection(
    window: Page, open_context: Callable[..., BrowserContext]
) -> None:
    choose(window, 0, 1, 2)
    other = open_context().new_page()
    log_in(other)
    choose(other, 1)
    other.keyboard.press("a")
    expect(other.get_by_text("1 photo archived")).to_be_visible()
    expect_count(window, 2)
    other.keyboard.press("Control+z")
    expect(window.get_by_role("heading", level=2).first).to_have_text(re.compile(r"July 2024\s+24"))
    expect_count(window, 2)
    expect(check_of(window, 1)).not_to_be_checked()


def test_what_could_not_be_done_is_said_and_stays_selected(window: Page) -> None:
    problem = '{"code": "unavailable", "detail": "Later.", "errors": []}'
    window.route(
        "**/api/items", lambda route: route.fulfill(status=503, content_type="application/problem+json", body=problem)
    )
    choose(window, 0, 1)
    window.keyboard.press("a")
    expect(window.get_by_text("2 photos not changed: A part of the server doesn’t answer.")).to_be_visible()
    expect_count(window, 2)


def test_a_change_that_takes_long_tells_how_far_it_is_until_it_is_done(window: Page) -> None:
    running = {"id": "c", "state": "running", "total": 40, "done": 0, "skipped": 0, "undoes": None, "undone": False}
    asked: list[Route] = []
    window.route("**/api/items", lambda route: route.fulfill(status=202, json=running))
    window.route("**/api/changes/c", lambda route: asked.append(route))

    def answer(**now: Any) -> None:
        until(window, lambda: bool(asked), "nobody asks how far it is")
        asked.pop().fulfill(json=running | now)

    window.keyboard.press("Control+a")
    window.keyboard.press("f")
    expect(window.get_by_text("Changing 40 photos: 0 done…")).to_be_visible()
    answer(done=15)
    expect(window.get_by_text("Changing 40 photos: 15 done…")).to_be_visible()
    answer(state="done", done=40)
    expect(window.get_by_text("40 photos added to favourites")).to_be_visible()
    expect(window.get_by_text("Changing 40 photos")).to_have_count(0)


def test_dates_are_shifted_as_the_preview_says(window: Page) -> None:
    choose(window, 0, 2)
    bar(window).get_by_role("button", name="Date and time").click()
    dialog = window.get_by_role("dialog", name="Change date and time")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("Enter by how much.")).to_be_visible()
    dialog.get_by_label("Direction").select_option("Earlier")
    dialog.get_by_label("Hours").fill("1")
    expect(dialog.get_by_text("28 July 2024 at 11:59")).to_be_visible()
    expect(dialog.get_by_text("28 July 2024 at 11:57")).to_be_visible()
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    expect(window.get_by_role("link", name=re.compile("28 July 2024 at 11:59"))).to_be_visible()
    expect(bar(window).get_by_role("button", name="Date and time")).to_be_focused()
    window.keyboard.press("Control+z")
    expect(window.get_by_role("link", name=re.compile("28 July 2024 at 12:59"))).to_be_visible()


def test_a_shift_whose_answer_was_lost_is_done_once_wherever_the_photo_lies_by_then(window: Page) -> None:
    ids = []

    def lose(route: Route) -> None:
        asked: Any = route.request.post_data_json
        ids.append(asked["changeId"])
        if len(ids) > 3:
            route.fallback()
        else:
            route.fetch()
            route.abort()

    window.route("**/api/items", lose)
    july = window.get_by_role("heading", level=2).filter(has_text="July 2024")
    choose(window, 0)
    bar(window).get_by_role("button", name="Date and time").click()
    dialog = window.get_by_role("dialog", name="Change date and time")
    dialog.get_by_label("Date", exact=True).fill("2024-06-10")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    expect(july).to_have_text(re.compile(r"July 2024\s+23"))
    dialog.get_by_role("button", name="Save").click()
    expect(window.get_by_text("Date of 1 photo changed")).to_be_visible()
    assert ids == [ids[0]] * 4
    window.keyboard.press("Control+z")
    expect(july).to_have_text(re.compile(r"July 2024\s+24"))


def test_who_logs_out_leaves_nothing_undone_that_is_on_its_way(window: Page, base_url: str) -> None:
    before = favourites(base_url)
    item_id = str(tiles(window).first.get_attribute("href")).rpartition("/")[2]
    window.evaluate(HOLD_THE_FIRST, "PATCH")
    choose(window, 0)
    window.keyboard.press("f")
    window.keyboard.press("Escape")
    window.get_by_role("button", name=f"Account of {NAME}").click()
    window.get_by_role("menuitem", name="Log out").click()
    expect(window.get_by_role("heading", name="Welcome back")).to_be_visible()
    assert favourites(base_url) == before + 1
    client = Client(base_url)
    client.log_in(NAME, PASSWORD)
    client.call("PATCH", "/items", {"ids": [item_id], "set": {"favourite": False}})


def test_only_what_was_touched_is_sent_of_many(window: Page) -> None:
    choose(window, 0, 1)
    bar(window).get_by_role("button", name="Description and more").click()
    dialog = window.get_by_role("dialog", name="Change description and more")
    dialog.get_by_label("Title", exact=True).fill("By the lake")
    dialog.get_by_label("Add keywords").fill("summer, lake,summer")
    window.evaluate("""() => {
      const send = window.fetch
      window.fetch = async (request) => {
        if (request.method === 'PATCH') window.sent = await request.clone().json()
        return send(request)
      }
    }""")
    dialog.get_by_role("button", name="Save").click()
    expect(window.get_by_text("2 photos changed")).to_be_visible()
    assert window.evaluate("sent.set") == {"title": "By the lake", "addKeywords": ["summer", "lake"]}
    window.keyboard.press("Control+z")
    expect(window.get_by_text("Undone")).to_be_visible()


def test_a_place_is_found_by_its_name_and_shown_in_the_details(window: Page) -> None:
    open_first(window)
    window.keyboard.press("i")
    details = window.get_by_role("complementary", name="Details")
    details.get_by_role("button", name="Change place").click()
    dialog = window.get_by_role("dialog", name="Change place")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("Choose a place from the list.")).to_be_visible()
    dialog.get_by_role("combobox").fill("Lisb")
    expect(dialog.get_by_role("option").first).to_be_visible()
    window.keyboard.press("ArrowDown")
    window.keyboard.press("Enter")
    dialog.get_by_role("button", name="Save").click()
    expect(details).to_contain_text("Lisbon")
    expect(details.get_by_role("button", name="Change place")).to_be_focused()
    window.keyboard.press("Control+z")
    expect(details).to_contain_text("No place")


def test_a_photo_that_was_changed_elsewhere_is_not_overwritten_unasked(
    window: Page, open_context: Callable[..., BrowserContext]
) -> None:
    open_first(window)
    window.keyboard.press("i")
    window.get_by_role("button", name="Change description and more").click()
    dialog = window.get_by_role("dialog", name="Change description and more")
    dialog.get_by_label("Title", exact=True).fill("Mine")
    other = open_context().new_page()
    log_in(other)
    choose(other, 0)
    bar(other).get_by_role("button", name="Description and more").click()
    theirs = other.get_by_role("dialog", name="Change description and more")
    theirs.get_by_label("Title", exact=True).fill("Theirs")
    theirs.get_by_role("button", name="Save").click()
    expect(theirs).to_have_count(0)

    # What the page learns of the photo beside the dialog is not what the dialog shows.
    details = window.get_by_role("complementary", name="Details", include_hidden=True)

    def has_learnt() -> bool:
        window.evaluate("window.dispatchEvent(new Event('online'))")
        return "Theirs" in str(details.text_content())

    until(window, has_learnt, "the details are of before")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Now it says: Theirs")
    expect(dialog.get_by_label("Title", exact=True)).to_have_value("Mine")
    dialog.get_by_role("button", name="Save").click()
    expect(window.get_by_role("complementary", name="Details")).to_contain_text("Mine")
    window.keyboard.press("Control+z")
    expect(window.get_by_role("complementary", name="Details")).to_contain_text("Theirs")
    other.keyboard.press("Control+z")
    expect(other.get_by_text("Undone")).to_be_visible()


def test_in_the_viewer_keys_mark_a_favourite_and_throw_away_and_an_undo_leads_back_to_the_photo(window: Page) -> None:
    first, second = (tiles(window).nth(number).get_attribute("href") for number in range(2))
    open_first(window)
    window.keyboard.press("f")
    expect(viewer(window).get_by_role("button", name="Remove from favourites")).to_be_visible()
    expect(window.get_by_text("1 photo added to favourites")).to_be_visible()
    window.keyboard.press("f")
    expect(viewer(window).get_by_role("button", name="Add to favourites")).to_be_visible()
    expect(window.get_by_text("1 photo removed from favourites")).to_be_visible()
    window.keyboard.press("Delete")
    expect(window).to_have_url(re.compile(f"{second}$"))
    expect(picture(window)).to_be_visible()
    window.keyboard.press("Control+z")
    expect(window.get_by_text("Undone")).to_be_visible()
    expect(window).to_have_url(re.compile(f"{first}$"))
    expect(picture(window)).to_be_visible()


def test_all_of_it_can_be_done_by_keys_alone(window: Page) -> None:
    tiles(window).first.focus()
    for key in ("x", "ArrowRight", "x"):
        window.keyboard.press(key)
    expect_count(window, 2)
    window.keyboard.press("Shift+Tab")
    # Backwards from the photos comes the bar, and its last button first.
    expect(bar(window).get_by_role("button", name="Move to trash")).to_be_focused()
    for _ in range(7):
        window.keyboard.press("Shift+Tab")
    expect(bar(window).get_by_role("button", name="Clear the selection")).to_be_focused()
    window.keyboard.press("Enter")
    expect_count(window, 0)
    expect(window.locator("[data-index]:focus")).to_have_count(1)
