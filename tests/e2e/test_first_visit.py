"""The very first visit to an instance, in the browser."""

import re
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, Response, Route, expect

from tests.e2e.conftest import NAME, PASSWORD, Instance, Photo, fresh_instance, log_in, pick, requests_of


@pytest.fixture(scope="module")
def instance(begin_library: Callable[[Path], None]) -> Iterator[Instance]:
    """One where nobody has registered yet."""
    with fresh_instance(begin_library) as instance:
        yield instance


def test_that_the_server_was_away_is_forgotten_once_it_answers(page: Page) -> None:
    page.route("**/api/onboarding", lambda route: route.abort())
    page.goto("/")
    expect(page.get_by_role("alert")).to_contain_text("can’t be reached")
    page.unroute("**/api/onboarding")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_label("Name")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_the_first_visitor_sets_the_library_up_and_finds_it_empty(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", name="Set up your library")).to_be_visible()
    expect(page.get_by_label("Name")).to_be_focused()

    page.get_by_label("Name").fill(NAME)
    page.get_by_label("Password", exact=True).fill("short")
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_label("Password", exact=True)).to_be_focused()
    expect(page.get_by_role("alert").get_by_text("A password has 10 to 256 characters.")).to_be_visible()
    page.get_by_label("Name").fill("")
    page.get_by_label("Password", exact=True).press("Enter")
    expect(page.get_by_label("Name")).to_be_focused()
    expect(page.get_by_role("alert").get_by_text("Enter a name.")).to_be_visible()

    page.get_by_label("Name").fill(NAME)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("heading", name="About your library")).to_be_visible()
    page.get_by_role("link", name="Not now").click()
    expect(page.get_by_role("heading", name="Let some light in")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Let some light in")).to_be_visible()


def test_an_administrator_says_once_what_the_library_is_and_is_asked_no_more(
    open_context: Callable[..., BrowserContext],
) -> None:
    page = open_context(timezone_id="America/Argentina/Ushuaia").new_page()
    page.goto("/recent")
    page.get_by_label("Name").fill(NAME)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="About your library")).to_be_visible()
    expect(page.get_by_label("Time zone")).to_have_value("America/Argentina/Ushuaia")
    expect(page.get_by_role("radio", name="Keep the original file")).to_be_checked()
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("alert").get_by_text("Enter a name.")).to_be_visible()
    page.get_by_label("Name of the library").fill("The Holms")
    page.get_by_label("Time zone").select_option("Europe/Oslo")
    page.get_by_role("radio", name="Delete the original file too").check()
    with page.expect_response("**/api/onboarding") as told:
        page.get_by_role("button", name="Begin").click()
    kept = told.value.json()
    assert (kept["name"], kept["fallbackTimezone"], kept["originalsMayBeDeleted"]) == ("The Holms", "Europe/Oslo", True)
    expect(page).to_have_url(re.compile("/recent$"))

    log_in(open_context().new_page())
    page.goto("/welcome")
    expect(page.get_by_role("heading", name="This is settled already")).to_be_visible()


def test_what_is_said_to_be_in_the_library_is_seen_there_though_nothing_comes_through_the_live_connection(
    page: Page, photo: Callable[..., Photo]
) -> None:
    page.route_web_socket("**/live*", lambda socket: socket.connect_to_server().on_message(lambda _message: None))
    log_in(page)
    expect(page.get_by_role("heading", name="Let some light in")).to_be_visible()
    pick(page, photo("first.jpg", "2021:05:01 09:00:00").path)
    expect(page.get_by_role("complementary", name="Uploads")).to_contain_text("In your library")
    expect(page.get_by_role("region", name="May 2021").get_by_role("link")).to_have_count(1)


def test_what_the_page_is_made_of_comes_compressed_and_the_log_in_needs_nothing_of_the_timeline(page: Page) -> None:
    encodings: dict[str, str | None] = {}
    asked = requests_of(page, "GET")

    def note(response: Response) -> None:
        if response.request.resource_type in {"document", "script", "stylesheet"}:
            encodings[response.url] = response.headers.get("content-encoding")

    page.on("response", note)
    page.goto("/")
    expect(page.get_by_label("Name")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-font", "own")  # what comes last
    assert set(encodings.values()) == {"br"}
    # None but those that the first answer names for everyone, and so few that a browser asks for them at once.
    document = urllib.request.urlopen(page.url).read().decode()
    named = set(re.findall(r'(?:src|href)="(/assets/[^"]+)"', document))
    assert {urlsplit(url).path for url in encodings if "/assets/" in url} == named
    assert len(named) <= 3
    # What decides which form there is was asked for before the bundle was here.
    paths = [urlsplit(url).path for url in asked]
    assert paths.count("/api/onboarding") == 1
    assert page.workers == []


def test_the_months_are_asked_for_before_the_bundle_is_here(page: Page) -> None:
    log_in(page)
    expect(page.get_by_role("region", name="May 2021")).to_be_visible()
    held: list[Route] = []
    page.route("**/assets/first-*.js", lambda route: held.append(route))
    with page.expect_response("**/api/timeline"):
        page.reload(wait_until="commit")
    page.route("**/api/timeline", lambda route: route.abort())
    page.unroute("**/assets/first-*.js")
    for route in held:
        route.fallback()
    expect(page.get_by_role("region", name="May 2021")).to_be_visible()
