"""Taking originals home, many at once, in the browser."""

import re
from base64 import b64decode
from collections.abc import Callable, Iterable
from io import BytesIO
from zipfile import ZipFile

import pytest
from playwright.sync_api import BrowserContext, Download, Page, Route, expect

from tests.e2e.conftest import Photo, log_in, newest, tiles, until

# The dialog is the system's own, where no test gets: what it gives is a file of the browser's private directory.
PICKS_A_FILE = """() => {
    window.showSaveFilePicker = async ({ suggestedName }) => {
        window.suggestedName = suggestedName
        return (await navigator.storage.getDirectory()).getFileHandle('taken.zip', { create: true })
    }
}"""
BREAKS_OFF = "() => { window.showSaveFilePicker = () => Promise.reject(new DOMException('', 'AbortError')) }"
NO_PICKER = "() => delete window.showSaveFilePicker"
READS_IT = """async () => {
    const file = await (await (await navigator.storage.getDirectory()).getFileHandle('taken.zip')).getFile()
    return (await new Response(file).bytes()).toBase64()
}"""


def _select(page: Page, *numbers: int) -> None:
    for number in numbers:
        tiles(page).nth(number).focus()
        page.keyboard.press("x")


def _download(page: Page) -> None:
    page.get_by_role("button", name="Download the originals").click()


def _holds(content: bytes, photos: Iterable[Photo]) -> bool:
    with ZipFile(BytesIO(content)) as file:
        assert file.testzip() is None
        return {name: file.read(name) for name in file.namelist()} == {
            one.name: one.path.read_bytes() for one in photos
        }


def test_what_is_selected_is_written_as_one_zip_to_where_a_person_wants_it(window: Page, library: list[Photo]) -> None:
    window.evaluate(PICKS_A_FILE)
    _select(window, 0, 3)
    _download(window)
    expect(window.get_by_text("2 photos downloaded.")).to_be_visible()
    assert re.fullmatch(r"Pinhole \d{4}-\d\d-\d\d\.zip", window.evaluate("() => window.suggestedName"))
    assert _holds(b64decode(window.evaluate(READS_IT)), [library[0], library[3]])


def test_all_of_a_library_comes_also_of_months_that_were_never_looked_at(window: Page, library: list[Photo]) -> None:
    window.evaluate(PICKS_A_FILE)
    window.keyboard.press("Control+a")
    _download(window)
    expect(window.get_by_text("40 photos downloaded.")).to_be_visible()
    assert _holds(b64decode(window.evaluate(READS_IT)), library)


def test_a_browser_that_asks_for_no_place_gets_the_zip_as_any_other_file(window: Page, library: list[Photo]) -> None:
    window.evaluate(NO_PICKER)
    _select(window, 1, 2)
    with window.expect_download() as download:
        _download(window)
    assert re.fullmatch(r"Pinhole \d{4}-\d\d-\d\d\.zip", download.value.suggested_filename)
    assert _holds(download.value.path().read_bytes(), library[1:3])


def test_one_photo_comes_as_the_file_that_it_is(window: Page, library: list[Photo]) -> None:
    _select(window, 1)
    with window.expect_download() as download:
        _download(window)
    assert download.value.suggested_filename == library[1].name
    assert download.value.path().read_bytes() == library[1].path.read_bytes()


def test_who_breaks_off_the_choice_of_a_place_is_told_nothing_and_keeps_the_selection(window: Page) -> None:
    window.evaluate(BREAKS_OFF)
    _select(window, 0, 1)
    _download(window)
    expect(window.get_by_text("2 selected", exact=True).last).to_be_visible()
    expect(window.get_by_text("downloaded")).to_have_count(0)
    expect(window.get_by_text("failed")).to_have_count(0)
    window.evaluate(NO_PICKER)
    with window.expect_download():
        _download(window)


def test_a_download_shows_how_far_it_is_and_can_be_cancelled(window: Page) -> None:
    window.evaluate(NO_PICKER)
    window.route(re.compile(r"/pinhole-originals/|X-Amz-Signature"), lambda _: None)  # the store never answers
    _select(window, 0, 1)
    _download(window)
    status = window.get_by_role("complementary", name="Download")
    expect(status).to_contain_text("0 of 2")
    status.get_by_role("button", name="Cancel").click()
    expect(status).to_have_count(0)
    expect(window.get_by_text("failed")).to_have_count(0)


@pytest.fixture
def streaming(open_context: Callable[..., BrowserContext], library: list[Photo]) -> Page:
    """A window of a browser that asks for no place, and in which the service worker works."""
    page = open_context(service_workers="allow").new_page()
    page.add_init_script("delete window.showSaveFilePicker")
    log_in(page)
    expect(newest(page)).to_be_visible()
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")
    return page


def test_a_browser_that_asks_for_no_place_writes_the_zip_as_it_comes(streaming: Page, library: list[Photo]) -> None:
    streaming.keyboard.press("Control+a")
    with streaming.expect_download() as download:
        _download(streaming)
    assert re.search(r"/saving/[0-9a-f-]{36}/", download.value.url)
    assert re.fullmatch(r"Pinhole \d{4}-\d\d-\d\d\.zip", download.value.suggested_filename)
    expect(streaming.get_by_text("40 photos downloaded.")).to_be_visible()
    assert _holds(download.value.path().read_bytes(), library)
    # Its address is of no use any more, and no other is.
    asked = "address => fetch(address).then(({ status }) => status)"
    assert streaming.evaluate(asked, download.value.url) == 404
    assert streaming.evaluate(asked, "/saving/0f8fad5b-d9cb-469f-a165-70867728950e/Pinhole.zip") == 404


@pytest.fixture
def held() -> list[Route]:
    """What the store has not answered yet."""
    return []


@pytest.fixture
def halfway(streaming: Page, held: list[Route]) -> Download:
    """A download that the browser is writing, of which the store gives no more for the time being."""
    given = 0

    def give_some(route: Route) -> None:
        nonlocal given
        given += 1
        if given <= 5:
            route.continue_()
        else:
            held.append(route)

    streaming.route(re.compile(r"/pinhole-originals/|X-Amz-Signature"), give_some)
    streaming.keyboard.press("Control+a")
    with streaming.expect_download() as download:
        _download(streaming)
    expect(streaming.get_by_role("complementary", name="Download")).to_contain_text(re.compile("[1-5] of 40"))
    until(streaming, lambda: bool(held), "the store was asked for no more")
    return download.value


def test_who_cancels_in_the_page_has_no_half_file(streaming: Page, halfway: Download) -> None:
    status = streaming.get_by_role("complementary", name="Download")
    status.get_by_role("button", name="Cancel").click()
    expect(status).to_have_count(0)
    assert halfway.failure() is not None
    expect(streaming.get_by_text("failed")).to_have_count(0)


def test_who_cancels_among_the_downloads_of_the_browser_has_the_page_stop(
    streaming: Page, halfway: Download, held: list[Route]
) -> None:
    halfway.cancel()
    # The worker is told when the browser should take the next piece.
    held.pop(0).continue_()
    expect(streaming.get_by_role("complementary", name="Download")).to_have_count(0)
    for outcome in ("failed", "downloaded"):
        expect(streaming.get_by_text(outcome)).to_have_count(0)


def test_a_service_worker_that_is_ended_midway_has_the_page_say_that_the_file_is_not_whole(
    streaming: Page, halfway: Download
) -> None:
    session = streaming.context.new_cdp_session(streaming)
    session.send("ServiceWorker.enable")
    session.send("ServiceWorker.stopAllWorkers")
    expect(streaming.get_by_text("The download has failed, and is not whole.")).to_be_visible()
    assert halfway.failure() is not None
