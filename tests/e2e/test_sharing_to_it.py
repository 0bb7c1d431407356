"""What other apps of a phone share with Pinhole: the system posts it to the service worker, which is done here by a form."""

import re
from base64 import b64encode
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.e2e.conftest import NAME, PASSWORD, Photo, log_in, requests_of

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
    opening.onsuccess = () => {
        const counting = opening.result.transaction('files').objectStore('files').count()
        counting.onsuccess = () => (opening.result.close(), resolve(counting.result))
    }
})"""


def _share(page: Page, *photos: Photo) -> None:
    page.evaluate(SHARES, [[one.name, b64encode(one.path.read_bytes()).decode()] for one in photos])


def _row(page: Page, photo: Photo) -> Locator:
    return page.get_by_role("complementary", name="Uploads").get_by_role("listitem").filter(has_text=photo.name)


def _expect_nothing_waits(page: Page) -> None:
    """What is uploaded leaves the browser a moment after."""
    page.wait_for_function(f"async () => (await ({WAITS})()) === 0")


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
    expect(panel.get_by_role("banner").or_(panel.locator("header"))).to_contain_text("Waiting for a connection")
    installed.screenshot(path="/tmp/intake-offline.png")

    installed.close()
    again = context.new_page()
    again.goto("/")
    expect(_row(again, one)).to_contain_text("Waiting for a connection")
    context.set_offline(False)
    expect(_row(again, one)).to_contain_text("In your library")
    _expect_nothing_waits(again)
    assert len(puts) == 1
