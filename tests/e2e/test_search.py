"""Searching in the browser."""

import json
import re
from base64 import b64decode
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, Route, expect

from pinhole_client import Client
from tests.e2e.conftest import NAME, PASSWORD, Photo, requests_of, tiles, try_again, turn, until, viewer

ALL = 40
SEARCH = re.compile(r"/api/search\?")


@pytest.fixture(autouse=True)
def _no_past_searches(base_url: str, account: str) -> None:
    client = Client(base_url)
    client.log_in(NAME, PASSWORD)
    client.request("DELETE", "/search/history")


def box(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Search your photos")


def look_for(page: Page, words: str) -> None:
    box(page).fill(words)
    box(page).press("Enter")


def chip(page: Page, name: str) -> Locator:
    return page.get_by_role("list", name="What is searched for").get_by_role("button", name=name)


def expect_found(page: Page, count: int) -> None:
    expect(page.get_by_role("heading", name=f"Best matches {count}")).to_be_visible()


def answering(page: Page, address: str | re.Pattern[str], change: Callable[[Route, dict[str, Any]], Any]) -> None:
    """Have the server's answers changed before the page gets them."""

    def answer(route: Route) -> None:
        found = route.fetch()
        content = found.json()
        change(route, content)
        route.fulfill(response=found, json=content)

    page.route(address, answer)


def test_words_find_photos_and_the_address_tells_them(window: Page) -> None:
    window.keyboard.press("/")
    expect(box(window)).to_be_focused()
    look_for(window, "2022-12")
    expect(window).to_have_url(re.compile(r"/search\?q=2022-12$"))
    expect(window).to_have_title("“2022-12” – Pinhole")
    expect(tiles(window)).to_have_count(4)
    window.reload()
    expect(tiles(window)).to_have_count(4)
    expect(box(window)).to_have_value("2022-12")


def test_what_was_found_opens_in_the_viewer_which_says_why_and_leads_back(window: Page) -> None:
    window.goto("/search?q=it's+canon")
    tiles(window).nth(1).click()
    expect(window).to_have_url(re.compile(r"/search/photo/\w{12}\?q="))
    window.keyboard.press("i")
    expect(viewer(window).get_by_text("Found by its words")).to_be_visible()
    window.keyboard.press("i")
    turn(window, "ArrowLeft")
    window.keyboard.press("Escape")
    expect(viewer(window)).to_have_count(0)
    expect(tiles(window).first).to_be_focused()
    window.go_back()
    expect(window.get_by_role("heading", name="Your photos")).to_be_attached()


def test_words_that_were_understood_as_a_date_are_taken_out_by_a_click(window: Page) -> None:
    window.goto("/search?q=canon+july+2024")
    expect_found(window, 24)
    chip(window, "Understood “july 2024” as July 2024. Take these words out").click()
    expect(window).to_have_url(re.compile(r"/search\?q=canon$"))
    expect_found(window, ALL)
    expect(box(window)).to_have_value("canon")


def test_filters_are_in_the_address_and_back_takes_the_last_ones_off(window: Page) -> None:
    window.goto("/search?q=canon")
    expect_found(window, ALL)
    window.get_by_role("button", name="Filters").click()
    dialog = window.get_by_role("dialog", name="Filters")
    dialog.get_by_label("From", exact=True).fill("2024-07-01")
    dialog.get_by_label("To", exact=True).fill("2024-06-01")
    dialog.get_by_role("button", name="Show").click()
    expect(dialog.get_by_role("alert")).to_have_text("The first day is behind the last one.")
    dialog.get_by_label("To", exact=True).fill("")
    dialog.get_by_label("Photos").check()
    dialog.get_by_role("checkbox", name="Canon EOS 40D").check()
    dialog.get_by_role("button", name="Show").click()
    expect(dialog).to_have_count(0)
    expect(window).to_have_url(
        re.compile(r"/search\?q=canon&from=2024-07-01&kind=photo&camera=Canon(%20|\+)EOS(%20|\+)40D$")
    )
    expect_found(window, 24)
    window.go_back()
    expect(window).to_have_url(re.compile(r"/search\?q=canon$"))
    expect_found(window, ALL)
    window.go_forward()
    expect_found(window, 24)
    chip(window, "Take off From 1 Jul 2024").click()
    expect_found(window, ALL)


def test_a_filter_that_excludes_its_value_finds_nothing_and_a_button_takes_it_off(window: Page) -> None:
    window.goto("/search?q=canon")
    window.get_by_role("button", name="Filters").click()
    window.get_by_role("button", name="Not Canon EOS 40D").click()
    window.get_by_role("button", name="Show").click()
    expect(window.get_by_role("heading", name="Nothing like that")).to_be_visible()
    window.get_by_role("status").get_by_role("button", name="Take off Not: Canon EOS 40D").click()
    expect_found(window, ALL)


def test_what_filters_alone_find_comes_by_month_and_what_is_in_order_of_date_too(window: Page) -> None:
    window.goto("/search?kind=photo")
    expect(window.get_by_role("heading", name="July 2024 24")).to_be_visible()
    expect(window.get_by_label("Order")).to_have_count(0)
    window.goto("/search?q=canon")
    window.get_by_label("Order").select_option("Newest first")
    expect(window).to_have_url(re.compile(r"/search\?q=canon&sort=date$"))
    expect(window.get_by_role("heading", name="July 2024 24")).to_be_visible()


def test_suggestions_are_chosen_by_the_keyboard(window: Page) -> None:
    window.keyboard.press("/")
    box(window).press_sequentially("canon e")
    option = window.get_by_role("option", name="Canon EOS 40D Camera")
    expect(option).to_be_visible()
    box(window).press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    box(window).press("Escape")
    expect(option).to_be_hidden()
    expect(box(window)).to_be_focused()
    box(window).press("ArrowDown")
    box(window).press("ArrowDown")
    box(window).press("Enter")
    expect(window).to_have_url(re.compile(r"/search\?camera=Canon"))
    expect(chip(window, "Take off Canon EOS 40D")).to_be_visible()
    expect(box(window)).to_have_value("")


def test_past_searches_are_suggested_and_forgotten_one_by_one_or_all(window: Page) -> None:
    for words in ("canon", "december", "elephants"):
        # Of two that are on their way to the server, the later may come first.
        with window.expect_response("**/api/search/history"):
            look_for(window, words)
        expect(window.get_by_role("heading", name=f"“{words}”")).to_be_visible()
    window.get_by_role("button", name="Clear the search").click()
    suggested = window.get_by_role("option")
    expect(suggested).to_have_text([re.compile(words) for words in ("elephants", "december", "canon")])
    box(window).press("ArrowDown")
    box(window).press("Shift+Delete")
    expect(suggested).to_have_text([re.compile("december"), re.compile("canon")])
    window.goto("/search")
    past = window.get_by_role("region", name="Searched before")
    past.get_by_role("button", name="Forget “december”").click()
    expect(past.get_by_role("listitem")).to_have_text(["canon"])
    past.get_by_role("button", name="canon", exact=True).click()
    expect_found(window, ALL)
    window.go_back()
    past.get_by_role("button", name="Forget all").click()
    expect(window.get_by_role("heading", name="Find any photo")).to_be_visible()
    window.reload()
    expect(window.get_by_role("heading", name="Find any photo")).to_be_visible()


def test_what_is_thrown_away_leaves_what_was_found_and_comes_back_when_that_is_undone(window: Page) -> None:
    window.goto("/search?q=2022-12")
    expect(tiles(window)).to_have_count(4)
    tiles(window).first.focus()
    window.keyboard.press("x")
    window.keyboard.press("Delete")
    expect(tiles(window)).to_have_count(3)
    window.keyboard.press("Control+z")
    expect(tiles(window)).to_have_count(4)


def test_similar_photos_are_found_from_the_viewer(window: Page) -> None:
    asked: list[str] = []

    def similar(route: Route) -> None:
        asked.append(route.request.url)
        address = re.sub(r"&similarTo=\w+", "", route.request.url)
        route.fulfill(response=route.fetch(url=address.replace("q=&", "q=2022-12&")))

    window.route(re.compile(r"/api/search\?.*similarTo="), similar)
    tiles(window).first.click()
    expect(viewer(window)).to_be_visible()
    item_id = window.url.rsplit("/", 1)[1]
    window.keyboard.press("s")
    expect(window).to_have_url(re.compile(rf"/search\?similarTo={item_id}$"))
    expect(window.get_by_role("heading", name="Similar photos")).to_be_visible()
    expect(tiles(window)).to_have_count(4)
    assert all(f"similarTo={item_id}" in address for address in asked)
    expect(window.get_by_role("link", name="Similar to this photo").locator("img")).to_have_js_property(
        "complete", True
    )
    window.get_by_role("button", name="Take off Similar to this photo").click()
    expect(window).to_have_url(re.compile(r"/search$"))


def test_while_models_are_loading_words_answer_and_pictures_follow_by_themselves(window: Page) -> None:
    is_warming = True
    answers = 0

    def warming(_route: Route, content: dict[str, Any]) -> None:
        nonlocal answers
        answers += 1
        content["warming"] = is_warming
        content["textOnly"] = False

    answering(window, SEARCH, warming)
    window.goto("/search?q=canon+2022-12")
    note = window.get_by_text("Pictures are compared in a moment. So far, this is what words have found.")
    expect(note).to_be_visible()
    expect(tiles(window)).to_have_count(4)
    until(window, lambda: answers > 1, "it is not asked again")
    is_warming = False
    expect(note).to_have_count(0)


def test_that_words_have_found_nothing_is_not_told_before_pictures_were_compared(window: Page) -> None:
    is_warming = True

    def warming(_route: Route, content: dict[str, Any]) -> None:
        content["warming"] = is_warming
        content["textOnly"] = False

    answering(window, SEARCH, warming)
    window.goto("/search?q=elephants")
    expect(window.get_by_role("heading", name="Looking at your photos")).to_be_visible()
    is_warming = False
    expect(window.get_by_role("heading", name="Nothing like that")).to_be_visible()


def test_that_pictures_could_not_be_compared_is_told(window: Page) -> None:
    answering(window, SEARCH, lambda _route, content: content.update(textOnly=True))
    window.goto("/search?q=canon+2022-12")
    expect(window.get_by_text("Found by words alone: pictures can’t be compared at present.")).to_be_visible()


def test_that_nothing_surely_shows_it_is_told(window: Page) -> None:
    answering(window, SEARCH, lambda _route, content: content.update(unsure=True, textOnly=False))
    window.goto("/search?q=canon+2022-12")
    expect(window.get_by_text("Nothing surely shows that. This is the nearest there is.")).to_be_visible()


def test_where_nothing_is_found_it_is_told_that_photos_wait_to_be_looked_at(window: Page) -> None:
    answering(window, SEARCH, lambda _route, content: content.update(unseen=1234, textOnly=False))
    window.goto("/search?q=elephants")
    expect(window.get_by_text("1,234 photos have not been looked at yet")).to_be_visible()


def test_a_search_that_fails_says_so_and_is_tried_again(window: Page) -> None:
    window.route(SEARCH, lambda route: route.fulfill(status=500, json={"code": "internal_error", "detail": "No."}))
    window.goto("/search?q=canon+2022-12")
    expect(window.get_by_role("alert")).to_contain_text("Something went wrong on the server.")
    expect(window.get_by_role("button", name="Try again")).to_be_visible()
    window.unroute(SEARCH)
    try_again(window)
    expect(tiles(window)).to_have_count(4)


@pytest.fixture
def picture(photo: Callable[..., Photo]) -> Photo:
    """A picture that is larger than the server takes one to search by."""
    return photo("sought.jpg", size=(1500, 900))


def taking_pictures(page: Page) -> list[bytes]:
    """Have the server take pictures to search by; the list is of those that it got."""
    taken: list[bytes] = []

    def found(route: Route) -> None:
        taken.append(b64decode(json.loads(route.request.post_data or "")["picture"]))
        address = route.request.url.replace("/search/image", "/search").replace("q=&", "q=2022-12&")
        headers = {"authorization": route.request.headers["authorization"]}
        answer = page.request.get(address, headers=headers)
        route.fulfill(response=answer)

    answering(page, "**/api/search/filters", lambda _route, content: content.update(takesPictures=True))
    page.route("**/api/search/image?*", found)
    return taken


def test_a_picture_from_elsewhere_is_scaled_down_and_searched_by(window: Page, picture: Photo) -> None:
    taken = taking_pictures(window)
    box(window).focus()
    window.get_by_label("Search by a picture", exact=True).and_(window.locator("input")).set_input_files(picture.path)
    expect(window).to_have_url(re.compile(r"/search\?picture=\w+$"))
    expect(tiles(window)).to_have_count(4)
    assert {Image.open(BytesIO(each)).size for each in taken} == {(512, 307)}
    expect(window.get_by_role("list", name="What is searched for").locator("img")).to_be_visible()
    window.reload()
    expect(window.get_by_role("heading", name="Choose the picture again")).to_be_visible()


DROP = """(field, bytes) => {
    const transfer = new DataTransfer()
    transfer.items.add(new File([Uint8Array.from(bytes)], 'sought.jpg', { type: 'image/jpeg' }))
    const { x, y, width, height } = field.getBoundingClientRect()
    const at = { clientX: x + width / 2, clientY: y + height / 2 }
    const options = { ...at, bubbles: true, cancelable: true, dataTransfer: transfer }
    for (const type of ['dragenter', 'dragover', 'drop']) {
        document.elementFromPoint(at.clientX, at.clientY).dispatchEvent(new DragEvent(type, options))
    }
}"""


def test_a_picture_that_is_dropped_onto_the_box_is_searched_by_and_not_uploaded(window: Page, picture: Photo) -> None:
    taking_pictures(window)
    uploads = requests_of(window, "POST", "/api/uploads")
    box(window).evaluate(DROP, list(picture.path.read_bytes()))
    expect(window).to_have_url(re.compile(r"/search\?picture=\w+$"))
    expect(tiles(window)).to_have_count(4)
    assert uploads == []


def test_where_models_have_no_part_for_it_a_dropped_picture_is_refused_in_words(window: Page, picture: Photo) -> None:
    uploads = requests_of(window, "POST", "/api/uploads")
    box(window).evaluate(DROP, list(picture.path.read_bytes()))
    expect(window.get_by_text(re.compile("^Your library can’t be searched by a picture"))).to_be_visible()
    expect(window.get_by_role("button", name="Search by a picture")).to_have_count(0)
    assert uploads == []


def test_on_a_phone_an_icon_opens_a_field_as_wide_as_the_screen(phone: Page) -> None:
    expect(box(phone)).to_be_hidden()
    phone.get_by_role("banner").get_by_role("button", name="Search").tap()
    expect(box(phone)).to_be_focused()
    form = phone.get_by_role("search").bounding_box()
    assert form
    assert (form["x"], form["width"]) == (0, 390)
    look_for(phone, "2022-12")
    expect(box(phone)).to_be_hidden()
    expect(tiles(phone)).to_have_count(4)
    phone.get_by_role("banner").get_by_role("button", name="Search").tap()
    expect(box(phone)).to_have_value("2022-12")
    phone.get_by_role("button", name="Close the search").tap()
    expect(box(phone)).to_be_hidden()


def test_nothing_of_the_page_is_wider_than_a_window_that_is_enlarged_four_times(window: Page) -> None:
    window.set_viewport_size({"width": 320, "height": 256})
    for address in (
        "/search",
        "/search?q=canon+july+2024&camera=Canon+EOS+40D&sort=date",
        "/search?q=elephants&country=Italy",
    ):
        window.goto(address)
        expect(window.get_by_role("heading").first).to_be_visible()
        assert window.evaluate("document.documentElement.scrollWidth") <= 320
    window.goto("/")
    window.get_by_role("banner").get_by_role("button", name="Search").click()
    expect(box(window)).to_be_focused()
    form, field = window.get_by_role("search").bounding_box(), box(window).bounding_box()
    assert form
    assert field
    assert field["x"] + field["width"] <= form["width"] <= 320
