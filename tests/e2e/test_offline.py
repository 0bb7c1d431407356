"""Without a network, or without the server: what opens, what is kept, and who sees it."""

import re
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from hashlib import sha256
from urllib.request import urlopen

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.e2e.conftest import NAME, PATIENCE_MS, Photo, log_in, newest, picture, tiles
from tests.e2e.front import Front, front_of

WAIT_SECONDS = PATIENCE_MS / 1000
_KEPT = """async (kind) => {
    const paths = []
    for (const name of await caches.keys()) {
        if (!name.startsWith(`${kind}-`)) continue
        for (const { url } of await (await caches.open(name)).keys()) paths.push(new URL(url).pathname)
    }
    return paths
}"""
_IS_WHOLE = "(image) => image.complete && image.naturalWidth > 0"


@pytest.fixture(scope="module")
def whole_front(base_url: str) -> Iterator[Front]:
    with front_of(base_url) as front:
        yield front


@pytest.fixture
def front(whole_front: Front) -> Iterator[Front]:
    """What stands before the instance, with nothing changed."""
    yield whole_front
    whole_front.is_away = False
    whole_front.wants_login = False
    whole_front.changed.clear()


@pytest.fixture
def visitor(open_context: Callable[..., BrowserContext], front: Front, library: list[Photo]) -> BrowserContext:
    """A browser with service workers that nobody is logged in with."""
    return open_context(base_url=front.url, service_workers="allow")


@pytest.fixture
def prepared(visitor: BrowserContext) -> Page:
    """The timeline, once all that it showed is kept."""
    page = visitor.new_page()
    log_in(page)
    wait_until_prepared(page)
    return page


def wait_until_prepared(page: Page) -> None:
    image = newest(page).locator("img")
    wait_until_whole(image)
    wait_for_kept(page, "answers", "/api/timeline")
    wait_for_kept(page, "answers", "/api/timeline/2024-07")
    wait_for_kept(page, "pictures", path_of(image))


def wait_for(page: Page, question: str, argument: object = None) -> None:
    """Ask until the answer is yes. Playwright's own way takes a promise for a yes."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not page.evaluate(question, argument):
        assert time.monotonic() < deadline, question
        page.wait_for_timeout(50)


def wait_for_kept(page: Page, kind: str, path: str) -> None:
    wait_for(page, f"async ([kind, path]) => (await ({_KEPT})(kind)).includes(path)", [kind, path])


def path_of(image: Locator) -> str:
    path: str = image.evaluate("(image) => new URL(image.currentSrc).pathname")
    return path


def wait_until_nothing_is_kept(page: Page) -> None:
    """No file of a user is in a cache, nor a word of one in the index; the shell stays."""
    wait_for(
        page,
        """async () => {
            const names = await caches.keys()
            const index = await new Promise((resolve) => {
                indexedDB.open('pinhole.kept').onsuccess = ({ target }) => resolve(target.result)
            })
            const files = index.transaction('files').objectStore('files')
            const rows = await new Promise((resolve) => {
                files.count().onsuccess = ({ target }) => resolve(target.result)
            })
            index.close()
            return names.length > 0 && names.every((name) => name.startsWith('shell-')) && rows === 0
        }""",
    )


def wait_until_whole(image: Locator) -> None:
    expect(image).to_be_visible()
    image.page.wait_for_function(_IS_WHOLE, arg=image.element_handle())


def away(page: Page) -> Locator:
    return page.get_by_role("status").filter(has_text="can’t be reached")


def test_the_timeline_and_what_was_looked_at_open_without_the_server(prepared: Page, front: Front) -> None:
    newest(prepared).click()
    wait_until_whole(picture(prepared))
    wait_for_kept(prepared, "pictures", path_of(picture(prepared)))
    context = prepared.context
    prepared.close()
    front.is_away = True
    page = context.new_page()
    page.goto("/")
    wait_until_whole(newest(page).locator("img"))
    expect(away(page)).to_have_count(1)
    newest(page).click()
    wait_until_whole(picture(page))
    front.is_away = False
    expect(away(page)).to_have_count(0)


def test_the_last_months_are_there_whether_anybody_looked_at_them_or_not(prepared: Page, front: Front) -> None:
    wait_for_kept(prepared, "answers", "/api/timeline/2022-12")
    wait_for(prepared, f"async (kind) => (await ({_KEPT})(kind)).length >= 40", "pictures")
    front.is_away = True
    prepared.reload()
    expect(newest(prepared)).to_be_visible()
    prepared.get_by_role("slider", name="Date").press("End")
    wait_until_whole(tiles(prepared).last.locator("img"))


def test_a_month_that_is_not_kept_says_so(prepared: Page, front: Front) -> None:
    wait_for_kept(prepared, "answers", "/api/timeline/2022-12")
    front.is_away = True
    prepared.evaluate(
        """async () => {
            for (const name of (await caches.keys()).filter((name) => name.startsWith('answers-'))) {
                await (await caches.open(name)).delete('/api/timeline/2022-12')
            }
        }"""
    )
    prepared.reload()
    expect(newest(prepared)).to_be_visible()
    prepared.get_by_role("slider", name="Date").press("End")
    expect(prepared.get_by_text("Not here while offline")).to_be_visible()


def test_what_was_never_kept_comes_once_the_server_is_back(prepared: Page, front: Front) -> None:
    front.is_away = True
    prepared.get_by_role("link", name="Archive").click()
    expect(prepared.get_by_text("Not here while offline")).to_be_visible()
    prepared.get_by_role("link", name="Photos", exact=True).click()
    wait_until_whole(newest(prepared).locator("img"))
    front.is_away = False
    prepared.get_by_role("link", name="Archive").click()
    expect(prepared.get_by_text("Not here while offline")).to_have_count(0)


def test_pages_without_a_network_need_no_token_that_holds(prepared: Page, front: Front) -> None:
    front.is_away = True
    context = prepared.context
    prepared.evaluate(
        """async () => {
            const database = await new Promise((resolve) => {
                indexedDB.open('pinhole').onsuccess = ({ target }) => resolve(target.result)
            })
            const store = database.transaction('session', 'readwrite').objectStore('session')
            store.get('current').onsuccess = ({ target: { result } }) => {
                store.put({ ...result, expiresAt: '2020-01-01T00:00:00Z' }, 'current')
            }
            await new Promise((resolve) => (store.transaction.oncomplete = resolve))
            database.close()
        }"""
    )
    prepared.close()
    page = context.new_page()
    page.goto("/")
    wait_until_whole(newest(page).locator("img"))


def test_a_login_of_the_proxy_shows_itself_before_what_is_kept(prepared: Page, front: Front) -> None:
    front.wants_login = True
    page = prepared.context.new_page()
    page.goto("/favourites", wait_until="commit")
    page.get_by_role("link", name="Show who you are").click()
    expect(page.get_by_role("heading", name="Keep what you love close")).to_be_visible()
    expect(page).to_have_url(f"{front.url}/favourites")


def test_a_login_of_the_proxy_that_ran_out_while_photos_are_looked_at_waits(prepared: Page, front: Front) -> None:
    front.wants_login = True
    prepared.get_by_role("link", name="Archive").click()
    prepared.get_by_role("button", name="Show it").click()
    prepared.get_by_role("link", name="Show who you are").click()
    expect(prepared.get_by_role("heading", name="Nothing is put away")).to_be_visible()
    expect(prepared).to_have_url(f"{front.url}/archive")


def test_whoever_logs_out_leaves_nothing_behind(prepared: Page) -> None:
    prepared.get_by_role("button", name=f"Account of {NAME}").click()
    prepared.get_by_role("menuitem", name="Log out").click()
    expect(prepared.get_by_role("button", name="Log in")).to_be_visible()
    wait_until_nothing_is_kept(prepared)


def test_logging_out_in_one_tab_leaves_nothing_behind_in_another(prepared: Page) -> None:
    other = prepared.context.new_page()
    other.goto("/favourites")
    wait_for_kept(other, "answers", "/api/lists/favourites")
    other.get_by_role("button", name=f"Account of {NAME}").click()
    other.get_by_role("menuitem", name="Log out").click()
    expect(prepared.get_by_role("button", name="Log in")).to_be_visible()
    wait_until_nothing_is_kept(prepared)


def test_a_session_that_the_server_ended_leaves_nothing_behind(prepared: Page) -> None:
    prepared.evaluate(
        """async () => {
            const database = await new Promise((resolve) => {
                indexedDB.open('pinhole').onsuccess = ({ target }) => resolve(target.result)
            })
            const reading = database.transaction('session').objectStore('session').get('current')
            const { accessToken } = await new Promise((resolve) => (reading.onsuccess = () => resolve(reading.result)))
            database.close()
            await fetch('/api/auth/logout', { method: 'POST', headers: { Authorization: `Bearer ${accessToken}` } })
        }"""
    )
    prepared.get_by_role("link", name="Favourites").click()
    expect(prepared.get_by_role("button", name="Log in")).to_be_visible()
    wait_until_nothing_is_kept(prepared)


def test_whoever_logs_in_sees_nothing_of_another_user(visitor: BrowserContext) -> None:
    page = visitor.new_page()
    page.goto("/login")
    # As of somebody whose last tab was closed before it had thrown all away.
    page.evaluate(
        """async () => {
            for (const name of ['answers-999', 'pictures-999']) {
                await (await caches.open(name)).put('/api/timeline', new Response('{}'))
            }
        }"""
    )
    log_in(page)
    wait_for(page, "async () => !(await caches.keys()).some((name) => name.endsWith('-999'))")
    wait_until_prepared(page)


def test_an_upgrade_breaks_no_open_page_and_the_next_visit_has_it(prepared: Page, front: Front) -> None:
    upgrade(front)
    prepared.evaluate("async () => { await (await navigator.serviceWorker.getRegistration()).update() }")
    wait_for(prepared, "async () => (await navigator.serviceWorker.getRegistration()).waiting?.state === 'installed'")
    # The server has this page's files no more.
    prepared.get_by_role("link", name="Favourites").click()
    expect(prepared.get_by_role("heading", name="Keep what you love close")).to_be_visible()
    other = prepared.context.new_page()
    other.goto("/recent")
    expect(newest(other)).to_be_visible()
    expect(other.locator("meta[name=second-version]")).to_have_count(0)
    other.close()
    prepared.reload()
    expect(prepared.locator("meta[name=second-version]")).to_have_count(1)
    expect(prepared.get_by_role("heading", name="Keep what you love close")).to_be_visible()
    # Chromium has the old worker finish what it does for this page, which may take it minutes; and what the page asks
    # for may have it begun again.
    session = prepared.context.new_cdp_session(prepared)
    session.send("ServiceWorker.enable")
    deadline = time.monotonic() + WAIT_SECONDS
    while prepared.evaluate("async () => (await navigator.serviceWorker.getRegistration()).waiting !== null"):
        assert time.monotonic() < deadline, "the new version did not take over"
        session.send("ServiceWorker.stopAllWorkers")
        prepared.wait_for_timeout(1000)
    wait_for(
        prepared,
        "async () => (await navigator.serviceWorker.getRegistration()).active.state === 'activated'",
    )
    # A page of the old version may be open still that the browser does not tell of.
    assert (
        prepared.evaluate("async () => (await caches.keys()).filter((name) => name.startsWith('shell-')).length") == 2
    )


def upgrade(front: Front) -> None:
    """Serves another version, whose page tells that it is, and no asset: those of this one go with it."""
    page, worker = (urlopen(f"{front.instance}{path}").read() for path in ("/index.html", "/sw.js"))
    other = page.replace(b"<head>", b'<head><meta name="second-version" />')
    script = worker.decode().replace(digest(page), digest(other))
    assets = re.findall(r"/assets/[^`\"']+", script)
    assert len(assets) > 20
    front.changed |= dict.fromkeys(assets)
    script, count = re.subn(r"version:`[^`]+`", "version:`second`", script)
    assert count == 1
    front.changed |= {"/index.html": other, "/": other, "/sw.js": script.encode()}


def test_pages_of_a_server_without_a_worker_are_seen_again(prepared: Page, front: Front) -> None:
    front.changed["/sw.js"] = None
    prepared.reload()
    wait_for(prepared, "async () => (await navigator.serviceWorker.getRegistration()) === undefined")


def digest(content: bytes) -> str:
    return f"sha256-{b64encode(sha256(content).digest()).decode()}"


def test_what_is_no_page_of_the_client_is_not_answered_as_one(prepared: Page) -> None:
    for path in ("/api/docs", "/api/health", "/docs-assets/init.js"):
        response = prepared.goto(path)
        assert response is not None
        assert not response.from_service_worker


def test_a_browser_without_room_shows_pictures_all_the_same(visitor: BrowserContext) -> None:
    page = visitor.new_page()
    log_in(page)
    wait_until_prepared(page)
    session = visitor.new_cdp_session(page)
    session.send("Storage.overrideQuotaForOrigin", {"origin": page.evaluate("location.origin"), "quotaSize": 1})
    newest(page).click()
    wait_until_whole(picture(page))
    page.keyboard.press("ArrowRight")
    wait_until_whole(picture(page))


def test_it_can_be_installed(visitor: BrowserContext) -> None:
    page = visitor.new_page()
    page.goto("/login")
    session = visitor.new_cdp_session(page)
    assert session.send("Page.getAppManifest")["errors"] == []
    errors = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    # As every page of a fresh profile is, where the browser has windows.
    assert [error["errorId"] for error in errors if error["errorId"] != "in-incognito"] == []
