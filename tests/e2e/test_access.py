"""Every page by the rules of WCAG 2.2 AA that a machine can check, and how it reads without being seen."""

import json
import re
from collections.abc import Callable
from typing import Any, cast

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from pinhole_client import Client
from tests.e2e.conftest import NAME, PASSWORD, REPOSITORY, Photo, log_in, still, tiles

AXE = REPOSITORY / "web" / "node_modules" / "axe-core" / "axe.min.js"
RUN = """async () => {
    const { violations } = await axe.run(document, {
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
    })
    return violations.flatMap(({ id, help, nodes }) => nodes.map(({ html, any }) =>
        `${id}: ${help}: ${html.slice(0, 200)} ${any.map(({ message }) => message).join(' ')}`))
}"""
ROUTER = "document.querySelector('#app').__vue_app__.config.globalProperties.$router"
ROUTES = f"() => {ROUTER}.getRoutes().map(({{ path }}) => path)"
# Without loading the client anew for each.
GO = f"async (address) => {{ await {ROUTER}.push(address) }}"
KINDS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
}
ID = ":id([0-9A-Za-z]{12})"

# Every route of the client, and the addresses by which each is looked at. `{photo}` is one in the list: what is
# archived, and what lies in the trash, is in no other.
PAGES = {
    "/login": ["/login"],
    "/invite": ["/invite"],
    "/forgot": ["/forgot"],
    "/reset": ["/reset", "/reset#token"],
    "/confirm-email": ["/confirm-email", "/confirm-email#token"],
    "/welcome": ["/welcome"],
    "/account": ["/account"],
    "/admin": ["/admin"],
    "/admin/users": ["/admin/users"],
    "/admin/invites": ["/admin/invites"],
    "/admin/jobs": ["/admin/jobs"],
    "/admin/queues": ["/admin/queues"],
    "/admin/schedules": ["/admin/schedules"],
    "/admin/health": ["/admin/health"],
    "/": ["/"],
    f"/photo/{ID}": ["/photo/{photo}", "/photo/000000000000"],
    "/years": ["/years"],
    "/months": ["/months"],
    "/favourites": ["/favourites"],
    f"/favourites/photo/{ID}": ["/favourites/photo/{photo}"],
    "/recent": ["/recent"],
    f"/recent/photo/{ID}": ["/recent/photo/{photo}"],
    "/folders/:path(.*)*": ["/folders", "/folders/Trips/Norway", "/folders/nowhere"],
    f"/folders/:path(.*)*/photo/{ID}": ["/folders/photo/{photo}"],
    "/archive": ["/archive"],
    f"/archive/photo/{ID}": ["/archive/photo/{archived}"],
    "/trash": ["/trash"],
    f"/trash/photo/{ID}": ["/trash/photo/{trashed}"],
    "/search": ["/search", "/search?q=nothing-is-called-that", "/search?kind=photo", "/search?from=2024-07-01&q=canon"],
    f"/search/photo/{ID}": ["/search/photo/{photo}?kind=photo"],
    "/share": ["/share", "/share?full"],
    "/:rest(.*)*": ["/no/such/page"],
}
STAGE = {"waiting": 9, "running": 1, "done": 90, "failed": 1, "oldestWaiting": "2026-01-01T00:00:00Z"}
PACE = {"doneIn5Minutes": 5, "doneIn60Minutes": 60, "etaSeconds": 540}
JOBS = {"stages": [{"stage": stage, **STAGE, **PACE} for stage in ("metadata", "analysis")]}
FAILURE = {
    "itemId": "000000000000",
    "stage": "metadata",
    "attempts": 3,
    "owner": NAME,
    "filename": "truncated.jpg",
    "sizeBytes": 4_200_000,
    "code": "truncated",
    "report": "Error: the file ends in its middle\n" * 40,
    "createdAt": "2026-01-01T00:00:00Z",
    "finishedAt": "2026-01-01T00:01:00Z",
}
FAILURES = {"failures": [FAILURE], "codes": [{"code": "truncated", "failed": 1}], "nextCursor": "more"}
PASSKEY = {
    "id": "000000000000",
    "name": "Phone",
    "createdAt": "2026-01-01T00:00:00Z",
    "lastUsedAt": None,
    "backedUp": True,
}
FACTORS = {
    "passwordIsEnough": False,
    "totp": {"createdAt": "2026-01-01T00:00:00Z"},
    "passkeys": [
        PASSKEY | {"name": "Phone", "works": True},
        PASSKEY | {"id": "000000000001", "name": "Old phone", "works": False},
    ],
    "recoveryCodesLeft": 1,
    "relyingParty": "localhost",
}
NO_FACTORS = FACTORS | {"passwordIsEnough": True, "totp": None, "passkeys": [], "recoveryCodesLeft": 0}
SECRET = {"secret": "JBSWY3DPEHPK3PXP" * 2, "uri": "otpauth://totp/Pinhole:mara?secret=JBSWY3DPEHPK3PXP"}
ASKED = {
    "ticket": "ticket",
    "expiresAt": "2126-01-01T00:00:00Z",
    "factors": ["totp", "passkey", "recovery_code"],
    "passkeyOptions": {"challenge": "bm93"},
}
EMPTY = '{"revision": 0, "asOf": "2026-01-01T00:00:00Z", "months": []}'
LISTS = re.compile("/api/(timeline|lists/[a-z]+|folders)$")


@pytest.fixture(params=KINDS)
def open_page(
    request: pytest.FixtureRequest, open_context: Callable[..., BrowserContext], session: Any
) -> Callable[[], Page]:
    """Opens a window of somebody who is logged in."""
    return lambda: open_context(storage_state=session, **KINDS[request.param]).new_page()


@pytest.fixture(scope="module")
def marked(base_url: str, library: list[Photo], folders: None) -> dict[str, str]:
    """Photos of the same person: a favourite, one that is archived and one in the trash, by their ids."""
    client = Client(base_url)
    client.log_in(NAME, PASSWORD)
    month = json.loads(client.request("GET", "/timeline/2024-07").data)
    photo, archived, trashed = month["ids"][-3:]
    for item_id, values in ((photo, {"favourite": True}), (archived, {"archived": True}), (trashed, {"trashed": True})):
        client.request("PATCH", "/items", {"ids": [item_id], "set": values})
    return {"photo": photo, "archived": archived, "trashed": trashed}


def settled(page: Page) -> None:
    """Wait until a page shows what it has to show, and nothing moves."""
    expect(page.locator("h1, [role=dialog]").first).to_be_attached()
    expect(page.get_by_role("status", name="Loading your photos")).to_have_count(0)
    expect(page.get_by_role("status").filter(has_text="One moment…")).to_have_count(0)
    expect(page.locator("html")).to_have_attribute("data-font", "own")
    still(page)


def violations(page: Page) -> list[str]:
    """What axe says of the page. What it met while something was still coming is gone the second time."""
    page.evaluate(AXE.read_text("utf-8"))
    if page.evaluate(RUN):
        settled(page)
    return cast("list[str]", page.evaluate(RUN))


def test_every_route_is_in_the_table_of_pages_to_check(page: Page) -> None:
    page.goto("/login")
    expect(page.locator("html")).to_have_attribute("data-font", "own")
    assert {path or "/" for path in page.evaluate(ROUTES)} == PAGES.keys()


def test_no_page_breaks_a_rule_that_axe_knows(open_page: Callable[[], Page], marked: dict[str, str]) -> None:
    page = open_page()
    page.goto("/recent")
    expect(tiles(page).first).to_be_visible()
    found: list[str] = []
    for address in (address for addresses in PAGES.values() for address in addresses if address != "/login"):
        page.evaluate(GO, address.format(**marked))
        settled(page)
        if address in {"/favourites", "/archive", "/trash"}:
            expect(tiles(page)).to_have_count(1)
        found += [f"{address}: {violation}" for violation in violations(page)]
    page.route(LISTS, lambda route: route.fulfill(content_type="application/json", body=EMPTY))
    for address in ("/", "/years", "/months", "/favourites", "/recent", "/archive", "/trash"):
        page.goto(address)
        settled(page)
        found += [f"{address}, empty: {violation}" for violation in violations(page)]
    page.unroute(LISTS)
    page.route("**/api/admin/jobs", lambda route: route.fulfill(json=JOBS))
    page.route("**/api/admin/jobs/failures*", lambda route: route.fulfill(json=FAILURES))
    page.goto("/admin/jobs")
    expect(page.get_by_text("truncated.jpg")).to_be_visible()
    settled(page)
    found += [f"failures: {violation}" for violation in violations(page)]
    page.route("**/api/me/factors", lambda route: route.fulfill(json=FACTORS))
    page.goto("/account")
    expect(page.get_by_text("Old phone")).to_be_visible()
    settled(page)
    found += [f"factors: {violation}" for violation in violations(page)]
    page.route("**/api/admin/*", lambda route: route.fulfill(status=500, json={"code": "internal_error"}))
    page.route("**/api/auth/sessions", lambda route: route.fulfill(status=500, json={"code": "internal_error"}))
    for address in ("/account", "/admin/users", "/admin/invites", "/admin/queues", "/admin/schedules", "/admin/health"):
        page.goto(address)
        expect(page.get_by_role("alert")).to_be_visible()
        settled(page)
        found += [f"{address}, failed: {violation}" for violation in violations(page)]
    page.route(LISTS, lambda route: route.fulfill(status=500, json={"code": "internal_error", "detail": "No."}))
    for address in ("/", "/months", "/favourites", "/folders"):
        page.goto(address)
        expect(page.get_by_role("alert")).to_be_visible()
        settled(page)
        found += [f"{address}, failed: {violation}" for violation in violations(page)]
    assert found == []


def test_nothing_that_lies_over_a_page_breaks_a_rule_that_axe_knows(open_page: Callable[[], Page]) -> None:
    page = open_page()
    page.goto("/")
    expect(tiles(page).first).to_be_visible()
    found: list[str] = []

    def check(what: str, lies_over: Locator) -> None:
        expect(lies_over).to_be_visible()
        settled(page)
        found.extend(f"{what}: {violation}" for violation in violations(page))
        page.keyboard.press("Escape")
        expect(lies_over).to_be_hidden()

    palette = page.get_by_role("combobox", name="Go to a page, a date or a folder")
    page.keyboard.press("Control+k")
    palette.fill("2")
    expect(page.get_by_role("option").first).to_be_visible()
    check("palette", palette)
    page.keyboard.press("Control+k")
    palette.fill("nothing at all")
    expect(page.get_by_text("Nothing is called that.")).to_be_visible()
    check("palette without a find", palette)
    page.keyboard.press("?")
    check("keys", page.get_by_role("dialog", name="Keys"))
    page.keyboard.press("c")
    check("calendar", page.get_by_role("dialog", name="Go to a day"))
    page.get_by_role("button", name=re.compile("^Account of")).click()
    check("account", page.get_by_role("menu"))
    if page.get_by_role("button", name="More").is_visible():
        page.get_by_role("button", name="More").click()
        check("more", page.get_by_role("link", name="Trash"))
    page.keyboard.press("/")
    page.get_by_role("combobox", name="Search your photos").press_sequentially("canon")
    check("suggestions", page.get_by_role("option", name="Canon EOS 40D Camera"))
    page.goto("/search?q=canon")
    page.get_by_role("button", name="Filters").click()
    expect(page.get_by_role("button", name="Not Canon EOS 40D")).to_be_visible()
    check("filters", page.get_by_role("dialog"))
    page.goto("/admin/users")
    page.get_by_role("button", name=f"Change {NAME}").click()
    check("user", page.get_by_role("dialog"))
    page.goto("/admin/invites")
    page.get_by_role("button", name="Invite somebody").click()
    page.get_by_label("Days that it holds").fill("1000")
    page.get_by_role("button", name="Make invite").click()
    expect(page.get_by_role("alert")).to_be_visible()
    check("invite", page.get_by_role("dialog", name="Invite somebody"))
    page.get_by_role("button", name="Invite somebody").click()
    page.get_by_role("button", name="Make invite").click()
    check("link", page.get_by_role("dialog", name="The invite is made"))
    page.get_by_role("button", name=re.compile("^Take back")).first.click()
    check("beforehand", page.get_by_role("dialog", name="Take this invite back?"))
    page.route("**/api/admin/jobs", lambda route: route.fulfill(json=JOBS))
    page.route("**/api/admin/jobs/failures*", lambda route: route.fulfill(json=FAILURES))
    page.goto("/admin/jobs")
    page.get_by_role("button", name="Report of truncated.jpg").click()
    check("report", page.get_by_role("dialog"))
    page.route("**/api/me/factors", lambda route: route.fulfill(json=NO_FACTORS))
    page.route("**/api/me/totp", lambda route: route.fulfill(status=201, json=SECRET))
    codes = {"recoveryCodes": [f"code-{number}" for number in range(10)]}
    page.route("**/api/me/totp/confirm", lambda route: route.fulfill(json=codes))
    page.goto("/account")
    page.get_by_role("button", name="Add a passkey").click()
    check("passkey", page.get_by_role("dialog", name="Add a passkey"))
    page.get_by_role("button", name="Set up an authenticator app").click()
    app = page.get_by_role("dialog", name="Set up an authenticator app")
    app.get_by_label("Current password").fill(PASSWORD)
    app.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_role("alert")).to_be_visible()
    check("app", page.get_by_role("dialog", name="Add Pinhole to your app"))
    page.get_by_role("button", name="Set up an authenticator app").click()
    app.get_by_label("Current password").fill(PASSWORD)
    app.get_by_role("button", name="Go on").click()
    page.get_by_label("Code that the app shows then").fill("123456")
    page.get_by_role("button", name="Turn on").click()
    check("recovery codes", page.get_by_role("dialog", name="Your recovery codes"))
    assert found == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_form_to_log_in_breaks_no_rule_that_axe_knows(
    kind: str, open_context: Callable[..., BrowserContext], account: str
) -> None:
    page = open_context(**KINDS[kind]).new_page()
    page.goto("/login")
    settled(page)
    assert violations(page) == []
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    assert violations(page) == []
    page.route("**/api/auth/login", lambda route: route.fulfill(status=202, json=ASKED))
    page.get_by_label("Name").fill(NAME)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    for way in ("Use a code from your app", "Use a recovery code", "Use a passkey"):
        page.get_by_role("button", name=way).click()
        expect(page.get_by_role("button", name=way)).to_have_count(int(way == "Use a passkey"))
        settled(page)
        assert violations(page) == []


@pytest.mark.parametrize("kind", KINDS)
def test_no_form_to_come_in_breaks_a_rule_that_axe_knows(
    kind: str, open_context: Callable[..., BrowserContext], account: str
) -> None:
    page = open_context(**KINDS[kind]).new_page()
    page.goto("/invite#ended")
    expect(page.get_by_role("heading", name="This invite doesn’t hold")).to_be_visible()
    settled(page)
    assert violations(page) == []
    welcome = {"libraryName": "The Holms", "expiresAt": "2126-01-01T00:00:00Z"}
    page.route("**/api/auth/invite", lambda route: route.fulfill(json=welcome))
    page.goto("/login")
    page.goto("/invite#open")
    expect(page.get_by_role("heading", name="Join “The Holms”")).to_be_visible()
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    settled(page)
    assert violations(page) == []
    log_in(page)
    fresh = {"registrationOpen": False, "setupTokenRequired": False, "onboarded": False}
    page.route("**/api/onboarding", lambda route: route.fulfill(json=fresh))
    page.goto("/welcome")
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("alert")).to_be_visible()
    settled(page)
    assert violations(page) == []
