"""The timeline and the viewer in the browser."""

import re
from base64 import b64decode, b64encode
from collections.abc import Callable

from playwright.sync_api import BrowserContext, Dialog, Locator, Page, Request, Route, WebSocketRoute, expect

from tests.e2e.conftest import (
    Photo,
    box_of,
    log_in,
    newest,
    open_first,
    pick,
    picture,
    still,
    tiles,
    try_again,
    turn,
    viewer,
    wait_for_uploads,
)


def photos_of(page: Page, month: str) -> Locator:
    return page.get_by_role("region", name=month).get_by_role("link")


def add_elsewhere(open_context: Callable[..., BrowserContext], photo: Photo) -> None:
    """Upload a photo on another device."""
    page = open_context().new_page()
    log_in(page)
    pick(page, photo.path)
    wait_for_uploads(page)


def test_months_and_days_are_headed_and_counted_newest_first(window: Page) -> None:
    expect(window.get_by_role("heading", level=1)).to_have_text("Your photos")
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
        turn(window)
    window.keyboard.press("i")
    expect(window.get_by_role("complementary", name="Details")).to_contain_text(library[24].name)


def test_the_keys_go_on_where_the_library_ends(window: Page) -> None:
    window.get_by_role("slider", name="Date").press("End")
    link = photos_of(window, "December 2022").nth(-2).get_attribute("href")
    assert link
    window.goto(link)
    window.get_by_role("button", name="Next photo").press("Enter")
    expect(window.get_by_role("button", name="Next photo")).to_have_count(0)
    window.keyboard.press("Escape")
    expect(viewer(window)).to_have_count(0)


def test_escape_pressed_again_while_the_viewer_closes_does_not_leave_the_site(window: Page) -> None:
    open_first(window)
    escape = "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }))"
    window.evaluate(f"{escape}; {escape}")
    expect(viewer(window)).to_have_count(0)
    expect(tiles(window).first).to_be_focused()


def test_details_of_one_photo_do_not_stand_beside_another(window: Page, library: list[Photo]) -> None:
    open_first(window)
    window.keyboard.press("i")
    details = window.get_by_role("complementary", name="Details")
    expect(details).to_contain_text(library[0].name)
    window.route("**/api/items/*", lambda _route: None)
    window.keyboard.press("ArrowRight")
    expect(details).to_contain_text("One moment")
    expect(details).not_to_contain_text(library[0].name)


def test_a_photo_that_fails_to_load_says_so_and_can_be_tried_again(window: Page) -> None:
    window.route("**/1440.webp*", lambda route: route.abort())
    open_first(window)
    expect(viewer(window).get_by_role("alert").first).to_contain_text("couldn’t be loaded")
    expect(picture(window)).to_have_js_property("naturalWidth", 720)
    window.unroute("**/1440.webp*")
    try_again(window)
    expect(picture(window)).to_have_js_property("naturalWidth", 900)


def test_a_small_photo_is_not_blown_up(open_context: Callable[..., BrowserContext], library: list[Photo]) -> None:
    page = open_context(viewport={"width": 1920, "height": 1200}).new_page()
    log_in(page)
    open_first(page)
    expect(picture(page)).to_have_js_property("clientWidth", 900)


def test_opening_a_photo_does_not_lay_the_others_out_again(window: Page) -> None:
    before = window.get_by_test_id("grid").bounding_box()
    open_first(window)
    assert window.get_by_test_id("grid").bounding_box() == before


def test_the_viewer_and_its_details_have_the_whole_window(window: Page) -> None:
    open_first(window)
    window.keyboard.press("i")
    expect(window.get_by_role("complementary", name="Details")).to_be_visible()
    still(window)
    details = box_of(window.get_by_role("complementary", name="Details"))
    assert viewer(window).bounding_box() == {"x": 0, "y": 0, "width": 1280, "height": 800}
    assert details["x"] + details["width"] == 1280


def test_a_page_that_was_open_during_an_upgrade_is_loaded_again(window: Page) -> None:
    loads: list[Request] = []
    window.on("request", lambda request: loads.append(request) if request.is_navigation_request() else None)
    # The files of the new version have other names; those of the old are gone.
    window.route("**/assets/PhotoViewer-*", lambda route: route.fallback() if loads else route.fulfill(status=404))
    tiles(window).first.click()
    expect(picture(window)).to_be_visible()
    assert len(loads) == 1


def test_a_long_month_that_can_only_be_read_in_part_shows_its_first_photos(page: Page, library: list[Photo]) -> None:
    def first_ten(route: Route) -> None:
        if "cursor=" in route.request.url:
            route.fulfill(status=503, json={"code": "unavailable", "detail": "Later."})
            return
        month = route.fetch().json()
        columns = {name: column[:10] for name, column in month.items() if isinstance(column, list)}
        ratios = b64encode(b64decode(month["ratios"])[:10]).decode()
        route.fulfill(json=month | columns | {"ratios": ratios, "nextCursor": "more"})

    page.route("**/api/timeline/2024-07*", first_ten)
    log_in(page)
    expect(photos_of(page, "July 2024")).to_have_count(10)
    photos_of(page, "July 2024").nth(9).click()
    expect(picture(page)).to_be_visible()
    expect(page.get_by_role("button", name="Previous photo")).to_have_count(1)
    expect(page.get_by_role("button", name="Next photo")).to_have_count(0)


def test_the_focus_stays_on_a_photo_whose_month_arrives(page: Page, library: list[Photo]) -> None:
    held: list[Route] = []
    page.route("**/api/timeline/*", lambda route: held.append(route))
    log_in(page)
    page.get_by_role("region", name="July 2024").locator("[data-index='1']").focus()
    page.unroute("**/api/timeline/*")
    for route in held:
        route.fallback()
    expect(tiles(page).nth(1)).to_be_focused()


def test_the_focus_stays_on_a_photo_when_others_come_in_before_it(
    window: Page, open_context: Callable[..., BrowserContext], photo: Callable[..., Photo]
) -> None:
    window.get_by_role("slider", name="Date").press("End")
    december = photos_of(window, "December 2022")
    december.first.focus()
    count = december.count()
    add_elsewhere(open_context, photo("before.jpg", "2022:12:30 10:00:00"))
    expect(december).to_have_count(count + 1)
    expect(december.nth(1)).to_be_focused()
    window.keyboard.press("ArrowRight")
    expect(december.nth(2)).to_be_focused()


def test_a_photo_stays_in_the_viewer_while_its_month_is_read_again(
    window: Page, open_context: Callable[..., BrowserContext], photo: Callable[..., Photo]
) -> None:
    window.get_by_role("slider", name="Date").press("End")
    link = photos_of(window, "December 2022").last.get_attribute("href")
    assert link
    window.goto(link)
    expect(picture(window)).to_be_visible()
    held: list[Route] = []
    window.route("**/api/timeline/2022-12", lambda route: held.append(route))
    with window.expect_request("**/api/timeline/2022-12"):
        add_elsewhere(open_context, photo("meanwhile.jpg", "2022:12:31 10:00:00"))
    expect(picture(window)).to_be_visible()


def test_what_a_sleeping_connection_missed_is_there_when_the_network_is_back(
    page: Page, library: list[Photo], open_context: Callable[..., BrowserContext], photo: Callable[..., Photo]
) -> None:
    def deaf(socket: WebSocketRoute) -> None:
        socket.connect_to_server().on_message(lambda _message: None)

    page.route_web_socket("**/live*", deaf)
    log_in(page)
    expect(newest(page)).to_be_visible()
    page.get_by_role("slider", name="Date").press("End")
    december = photos_of(page, "December 2022")
    expect(december.first).to_be_visible()
    count = december.count()
    add_elsewhere(open_context, photo("missed.jpg", "2022:12:29 10:00:00"))
    expect(december).to_have_count(count)
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(december).to_have_count(count + 1)


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
    turn(window)
    window.go_back()
    expect(viewer(window)).to_have_count(0)
    expect(window).to_have_url(re.compile(r":\d+/$"))


def test_the_original_is_downloaded_under_its_name(window: Page, library: list[Photo]) -> None:
    questions: list[Dialog] = []

    def asked(question: Dialog) -> None:
        questions.append(question)
        question.accept()

    window.on("dialog", asked)
    open_first(window)
    # As while something is uploaded.
    window.evaluate("addEventListener('beforeunload', (event) => event.preventDefault())")
    with window.expect_download() as download:
        window.get_by_role("button", name="Download the original").click()
    assert questions == []
    assert download.value.suggested_filename == library[0].name
    assert download.value.path().read_bytes() == library[0].path.read_bytes()


def test_a_phone_swipes_to_the_next_photo_and_down_to_close(phone: Page, library: list[Photo]) -> None:
    second = tiles(phone).nth(1).get_attribute("href")
    assert second
    tiles(phone).first.tap()
    expect(viewer(phone).get_by_role("img", name=re.compile("^Photo"))).to_be_visible()
    still(phone)
    swipe(phone, (320, 400), (60, 410))
    expect(phone).to_have_url(re.compile(f"{second}$"))
    viewer(phone).get_by_role("button", name="Details").tap()
    details = phone.get_by_role("complementary", name="Details")
    expect(details).to_contain_text(library[1].name)
    details.get_by_role("button", name="Close details").tap()
    expect(details).to_have_count(0)
    still(phone)
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
    boxes = tiles(phone).evaluate_all("tiles => tiles.map((tile) => tile.getBoundingClientRect().toJSON())")
    assert boxes
    for box in boxes:
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390


def test_the_menu_closes_when_the_focus_leaves_it(window: Page) -> None:
    window.get_by_role("button", name=re.compile("^Account of")).click()
    expect(window.get_by_role("menuitemradio").first).to_be_focused()
    menu = window.get_by_role("menu")
    for _ in range(menu.get_by_role("menuitemradio").or_(menu.get_by_role("menuitem")).count() + 1):
        window.keyboard.press("Tab")
    expect(menu).to_have_count(0)


def test_a_chosen_theme_stays_after_a_reload(window: Page) -> None:
    window.get_by_role("button", name=re.compile("^Account of")).click()
    window.get_by_role("menuitemradio", name="Dark").click()
    expect(window.locator("body")).to_have_css("background-color", "rgb(21, 20, 18)")
    window.reload()
    expect(window.locator("body")).to_have_css("background-color", "rgb(21, 20, 18)")


def test_a_timeline_that_fails_says_why_and_can_be_tried_again(page: Page, library: list[Photo]) -> None:
    problem = '{"code": "unavailable", "detail": "The database is not reachable.", "errors": []}'

    def refuse(route: Route) -> None:
        route.fulfill(status=503, content_type="application/problem+json", body=problem)

    # Once it can follow the library live, the client tries again by itself; and so it does where an answer comes again.
    page.route("**/api/live/ticket", refuse)
    page.route("**/api/timeline", refuse)
    log_in(page)
    expect(page.get_by_role("alert")).to_contain_text("A part of the server doesn’t answer.")
    page.unroute("**/api/timeline")
    try_again(page)
    expect(tiles(page).first).to_be_visible()


def test_a_server_that_is_away_is_told_until_it_is_back(window: Page) -> None:
    notice = window.get_by_text("Your library can’t be reached")
    window.route(re.compile("/(api|media)/"), lambda route: route.abort("connectionrefused"))
    window.get_by_role("slider", name="Date").press("End")
    expect(notice).to_be_visible()
    expect(tiles(window).last).to_be_visible()
    window.unroute(re.compile("/(api|media)/"))
    expect(notice).to_have_count(0)
    expect(tiles(window).last.locator("img.shown")).to_have_count(1)


def test_home_end_and_the_page_keys_take_the_focus_along(window: Page) -> None:
    tiles(window).first.focus()
    window.keyboard.press("PageDown")
    expect(tiles(window).first).not_to_be_focused()
    expect(window.locator("[data-index]:focus")).to_be_in_viewport()
    window.keyboard.press("End")
    expect(photos_of(window, "December 2022").last).to_be_focused()
    expect(photos_of(window, "December 2022").last).to_be_in_viewport()
    window.keyboard.press("ArrowLeft")
    expect(photos_of(window, "December 2022").nth(-2)).to_be_focused()
    window.keyboard.press("Home")
    expect(photos_of(window, "July 2024").first).to_be_focused()
    expect(photos_of(window, "July 2024").first).to_be_in_viewport()


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


def test_nothing_that_is_costly_to_draw_lies_over_what_scrolls(window: Page) -> None:
    blurred = """() => [...document.querySelectorAll('body *')].filter((one) => {
      const { backdropFilter, filter } = getComputedStyle(one)
      return backdropFilter !== 'none' || filter !== 'none'
    }).length"""
    assert window.evaluate(blurred) == 0
    # A placeholder is an image of few pixels, and not drawn by script for each tile again.
    expect(tiles(window).first).to_have_css("background-image", re.compile(r'^url\("data:image/png'))


def test_the_scrubber_has_a_tick_for_each_month_the_farther_apart_the_more_photos(window: Page) -> None:
    ticks = window.locator(".ticks line")
    expect(ticks).to_have_count(3)
    july, june, december = ticks.evaluate_all("lines => lines.map((line) => line.getBoundingClientRect().top)")
    assert june - july > december - june > 0
