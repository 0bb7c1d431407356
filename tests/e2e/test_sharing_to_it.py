"""What other apps share with Pinhole: the system posts it to the service worker, which is done here by a form."""

import re
from base64 import b64encode
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.e2e.conftest import NAME, PASSWORD, Photo, log_in, requests_of, until, wait_for_uploads

SHARES = """files => {
    const form = document.createElement('form')
    Object.assign(form, { method: 'post', action: '/share', enctype: 'multipart/form-data' })
    const input = Object.assign(document.createElement('input'), { type: 'file', name: 'files', multiple: true })
    const chosen = new DataTransfer()
    for (const [name, content] of files) {
        chosen.items.add(new File([Uint8Array.fromBase64(content)], name, { type: 'image/jpeg' }))
    }
    input.files = chosen.files
    form.append(input)
    document.body.append(form)
    form.submit()
}"""
IS_CONTROLLED = "() => navigator.serviceWorker.controller !== null"
WAITS = """() => new Promise(resolve => {
    const opening = indexedDB.open('pinhole.shared')
    // There is none yet.
    opening.onupgradeneeded = () => opening.transaction.abort()
    opening.onerror = () => resolve(0)
    opening.onsuccess = () => {
        const counting = opening.result.transaction('files').objectStore('files').count()
        counting.onsuccess = () => (opening.result.close(), resolve(counting.result))
    }
})"""


def _share(page: Page, *photos: Photo) -> None:
    page.evaluate(SHARES, [[one.name, b64encode(one.path.read_bytes()).decode()] for one in photos])


def _row(page: Page, photo: Photo) -> Locator:
    return page.get_by_role("complementary", name="Uploads").get_by_role("listitem").filter(has_text=photo.name)


def _asked(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Add the photo that was shared to your library?")


def _expect_nothing_waits(page: Page) -> None:
    """What is uploaded leaves the browser a moment after."""
    until(page, lambda: bool(page.evaluate(WAITS) == 0), "it is still in the browser")


@pytest.fixture
def installed(open_context: Callable[..., BrowserContext], account: str) -> Page:
    """A phone that is logged in, and has Pinhole installed."""
    context = open_context(
        service_workers="allow", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    log_in(page)
    page.wait_for_function(IS_CONTROLLED)
    return page


def test_what_is_shared_is_uploaded_as_if_it_had_been_chosen(installed: Page, photo: Callable[..., Photo]) -> None:
    photos = [photo(f"shared {number}.jpg", f"2021:05:0{number} 09:00:00") for number in (1, 2)]
    _share(installed, *photos)
    expect(_row(installed, photos[0])).to_be_visible()
    wait_for_uploads(installed)
    for one in photos:
        expect(_row(installed, one)).to_contain_text("In your library")
    expect(installed.get_by_role("region", name="May 2021").get_by_role("link")).to_have_count(2)
    _expect_nothing_waits(installed)


def test_without_a_network_it_waits_also_for_the_next_start_and_goes_on_by_itself_once(
    installed: Page, photo: Callable[..., Photo]
) -> None:
    context = installed.context
    puts = requests_of(context, "PUT")
    one = photo("in the woods.jpg")
    context.set_offline(True)
    _share(installed, one)
    panel = installed.get_by_role("complementary", name="Uploads")
    expect(panel.locator("header")).to_contain_text("Waiting for a connection")

    installed.close()
    again = context.new_page()
    again.goto("/")
    expect(_row(again, one)).to_contain_text("Waiting for a connection")
    context.set_offline(False)
    expect(_row(again, one)).to_contain_text("In your library")
    _expect_nothing_waits(again)
    assert len(puts) == 1


def test_what_is_shared_before_logging_in_waits_for_who_does(
    open_context: Callable[..., BrowserContext], account: str, photo: Callable[..., Photo]
) -> None:
    page = open_context(service_workers="allow").new_page()
    page.goto("/login")
    page.wait_for_function(IS_CONTROLLED)
    one = photo("too early.jpg")
    with page.expect_navigation():
        _share(page, one)
    page.get_by_label("Name").fill(NAME)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    _asked(page).get_by_role("button", name="Add", exact=True).click()
    expect(_row(page, one)).to_contain_text("In your library")
    _expect_nothing_waits(page)


def test_of_two_tabs_one_takes_it_also_while_the_other_is_uploading(
    installed: Page, photo: Callable[..., Photo]
) -> None:
    context = installed.context
    # What was chosen never gets on.
    installed.route("**/api/uploads", lambda route: None if route.request.method == "POST" else route.fallback())
    chosen, shared = photo("chosen.jpg"), photo("shared meanwhile.jpg")
    installed.get_by_label("Photos to upload").first.set_input_files(chosen.path)
    expect(_row(installed, chosen)).to_be_visible()
    context.set_offline(True)
    second, third = context.new_page(), context.new_page()
    second.goto("/")
    _share(second, shared)
    expect(_row(second, shared)).to_be_visible()
    third.goto("/")
    expect(third.get_by_role("button", name=f"Account of {NAME}")).to_be_visible()
    puts = requests_of(context, "PUT")
    context.set_offline(False)
    expect(_row(second, shared)).to_contain_text("In your library")
    _expect_nothing_waits(second)
    expect(_row(third, shared)).to_have_count(0)
    assert len(puts) == 1


def test_who_logs_out_while_something_waits_is_asked_and_then_it_is_forgotten(
    installed: Page, photo: Callable[..., Photo]
) -> None:
    one = photo("left behind.jpg")
    installed.route("**/api/uploads", lambda route: None if route.request.method == "POST" else route.fallback())
    _share(installed, one)
    expect(_row(installed, one)).to_be_visible()

    def log_out() -> Locator:
        installed.get_by_role("button", name=f"Account of {NAME}").click()
        installed.get_by_role("menuitem", name="Log out").click()
        return installed.get_by_role("dialog", name="A photo that you shared is not uploaded yet")

    asked = log_out()
    asked.get_by_role("button", name="Stay logged in").click()
    expect(asked).to_have_count(0)
    expect(_row(installed, one)).to_be_visible()
    log_out().get_by_role("button", name="Log out and forget").click()
    expect(installed.get_by_role("heading", name="Welcome back")).to_be_visible()
    assert installed.evaluate(WAITS) == 0
    log_in(installed)
    after = photo("the next.jpg")
    _share(installed, after)
    expect(_row(installed, after)).to_be_visible()
    expect(_row(installed, one)).to_have_count(0)


def test_where_no_service_worker_takes_it_a_page_says_what_to_do(
    page: Page, account: str, photo: Callable[..., Photo]
) -> None:
    log_in(page)
    _share(page, photo("lost.jpg"))
    expect(page.get_by_role("heading", name="What you shared has not arrived")).to_be_visible()
    page.get_by_role("link", name="To your photos").click()
    expect(page.get_by_role("button", name="Upload", exact=True).first).to_be_visible()


def test_no_other_site_can_share(installed: Page, photo: Callable[..., Photo]) -> None:
    installed.route("http://other.example/", lambda route: route.fulfill(content_type="text/html", body="a site"))
    home = installed.url
    installed.goto("http://other.example/")
    with installed.expect_navigation(url=re.compile("/share$")) as answered:
        installed.evaluate(SHARES.replace("'/share'", f"'{home}share'"), [["a.jpg", "AAAA"]])
    assert answered.value is not None
    assert answered.value.status == 403
    installed.goto("/")
    assert installed.evaluate(WAITS) == 0


def test_what_may_be_of_another_site_is_asked_about_but_for_where_it_opens_the_app(
    installed: Page, photo: Callable[..., Photo]
) -> None:
    home = installed.url
    page = '<meta name="referrer" content="no-referrer">a site that hides its name'
    installed.route("http://other.example/", lambda route: route.fulfill(content_type="text/html", body=page))

    def share_from_there(one: Photo) -> None:
        installed.goto("http://other.example/")
        content = b64encode(one.path.read_bytes()).decode()
        installed.evaluate(SHARES.replace("'/share'", f"'{home}share'"), [[one.name, content]])

    unwanted, wanted, of_app = photo("unwanted.jpg"), photo("wanted.jpg"), photo("of the app.jpg")
    share_from_there(unwanted)
    _asked(installed).get_by_role("button", name="Don’t add").click()
    _expect_nothing_waits(installed)
    share_from_there(wanted)
    _asked(installed).get_by_role("button", name="Add", exact=True).click()
    expect(_row(installed, wanted)).to_contain_text("In your library")
    expect(_row(installed, unwanted)).to_have_count(0)
    installed.add_init_script("""
        const asked = window.matchMedia.bind(window)
        window.matchMedia = query => query === '(display-mode: standalone)' ? { matches: true } : asked(query)
    """)
    share_from_there(of_app)
    expect(_row(installed, of_app)).to_contain_text("In your library")
    expect(installed).to_have_url(home)
    _expect_nothing_waits(installed)
