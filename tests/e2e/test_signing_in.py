"""Accounts in the browser: logging in and out, and sessions that tabs share."""

import re
from collections.abc import Callable

from playwright.sync_api import BrowserContext, Dialog, Page, Route, expect

from tests.e2e.conftest import PASSWORD, Photo, log_in, pick, requests_of


def test_a_wrong_password_is_refused_in_words_and_the_right_one_lets_in(page: Page, account: str) -> None:
    page.goto("/")
    page.get_by_label("Name").fill(account)
    page.get_by_label("Password", exact=True).fill("not the password")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text(re.compile("password", re.IGNORECASE))

    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Let some light in")).to_be_visible()


def test_a_reload_keeps_the_session(page: Page, account: str) -> None:
    log_in(page)
    page.reload()
    expect(page.get_by_role("button", name=f"Account of {account}")).to_be_visible()


def test_a_link_asks_a_stranger_to_log_in_and_then_leads_on(page: Page, account: str) -> None:
    log_in(page, "/photo/000000000000")
    expect(page).to_have_url(re.compile("/photo/000000000000$"))
    expect(page.get_by_role("heading", name="This photo isn’t here")).to_be_visible()


def test_tabs_whose_token_ran_out_at_the_same_time_both_go_on(
    open_context: Callable[..., BrowserContext], account: str
) -> None:
    context = open_context()
    tabs = [context.new_page(), context.new_page()]
    log_in(tabs[0])
    tabs[1].goto("/")
    for tab in tabs:
        expect(tab.get_by_role("heading", name="Let some light in")).to_be_visible()
        tab.goto("about:blank")  # nothing that the page left behind still asks, and is refused in place of the next
    refreshes = requests_of(context, "POST", "/auth/refresh")

    def refuse_once(route: Route) -> None:
        route.fulfill(status=401, content_type="application/problem+json", body='{"code": "unauthenticated"}')

    for tab in tabs:
        tab.route("**/api/timeline", refuse_once, times=1)
    for tab in tabs:
        tab.goto("/", wait_until="commit")
    for tab in tabs:
        expect(tab.get_by_role("heading", name="Let some light in")).to_be_visible()
    assert 1 <= len(refreshes) <= 2

    tabs[0].reload()
    expect(tabs[0].get_by_role("heading", name="Let some light in")).to_be_visible()


def test_logging_out_in_one_tab_leaves_no_other_behind(
    open_context: Callable[..., BrowserContext], account: str
) -> None:
    context = open_context()
    first, second = context.new_page(), context.new_page()
    log_in(first)
    second.goto("/")
    expect(second.get_by_role("heading", name="Let some light in")).to_be_visible()

    first.get_by_role("button", name=f"Account of {account}").click()
    first.get_by_role("menuitem", name="Log out").click()
    for tab in (first, second):
        expect(tab.get_by_role("heading", name="Welcome back")).to_be_visible()
    first.goto("/")
    expect(first.get_by_role("heading", name="Welcome back")).to_be_visible()


def test_logging_out_while_a_photo_is_on_its_way_asks_nothing(
    page: Page, account: str, photo: Callable[..., Photo]
) -> None:
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.route("**/uploads/**", lambda route: None if route.request.method == "PUT" else route.fallback())
    log_in(page)
    with page.expect_request(lambda request: request.method == "PUT"):
        pick(page, photo("on its way.jpg").path)
    page.get_by_role("button", name=f"Account of {account}").click()
    page.get_by_role("menuitem", name="Log out").click()
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
    assert asked == []


def test_a_server_that_is_away_is_said_and_can_be_tried_again(page: Page, account: str) -> None:
    page.route("**/api/onboarding", lambda route: route.abort(), times=1)
    page.goto("/")
    expect(page.get_by_role("alert")).to_contain_text("can’t be reached")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
