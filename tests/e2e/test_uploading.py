"""Uploading in the browser: picked and dropped files, duplicates, failures, interruptions."""

import base64
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

from pinhole_client import Client
from tests.e2e.conftest import (
    NAME,
    PASSWORD,
    REPOSITORY,
    Instance,
    Photo,
    fresh_instance,
    log_in,
    pick,
    requests_of,
    wait_for_uploads,
)

MAX_OPEN_UPLOADS = 400  # few, so that a drop of many files takes no thousand of them
# More than the server lets lack bytes at once, and more than the browser checks, tells of, or asks about at once.
MANY = MAX_OPEN_UPLOADS + 200


@pytest.fixture(scope="module")
def instance(begin_library: Callable[[Path], None]) -> Iterator[Instance]:
    """One that takes few uploads at once, whose queue is paused, and to which more is sent than any test waits for."""
    with fresh_instance(begin_library, PINHOLE_MAX_OPEN_UPLOADS=str(MAX_OPEN_UPLOADS)) as instance:
        yield instance


@pytest.fixture
def window(page: Page, account: str) -> Page:
    """A window that is logged in."""
    log_in(page)
    return page


@pytest.fixture(scope="module")
def large_file(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Path]:
    """Makes photos of more than 16 MiB, which are sent in parts: noise, told apart by a seed."""

    def made(seed: int) -> Path:
        path = tmp_path_factory.mktemp("large") / f"noise-{seed}.bmp"
        noise = np.random.default_rng(seed).integers(0, 255, (2600, 3600, 3), dtype=np.uint8)
        Image.fromarray(noise).save(path)
        return path

    return made


def row(page: Page, name: str) -> Locator:
    """The line of a file in the upload panel."""
    return page.get_by_role("complementary", name="Uploads").get_by_role("listitem").filter(has_text=name)


def drop(page: Page, *paths: Path) -> None:
    """Drop files or folders on the page, as the desktop does."""
    session = page.context.new_cdp_session(page)
    for event in ("dragEnter", "dragOver", "drop"):
        data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
        session.send("Input.dispatchDragEvent", {"type": event, "x": 300, "y": 300, "data": data})


def test_picked_photos_appear_in_the_timeline_without_a_reload(window: Page, photo: Callable[..., Photo]) -> None:
    photos = [photo(f"walk {number}.jpg", f"2021:05:0{number} 09:00:00") for number in range(1, 4)]
    pick(window, *(one.path for one in photos))
    wait_for_uploads(window)
    for one in photos:
        expect(row(window, one.name)).to_contain_text("In your library")
    expect(window.get_by_role("heading", name="May 2021")).to_be_visible()
    tiles = window.get_by_role("region", name="May 2021").get_by_role("link")
    expect(tiles).to_have_count(3)


def test_a_photo_that_is_there_already_is_named_and_not_sent(window: Page, photo: Callable[..., Photo]) -> None:
    twice = photo("twice.jpg")
    pick(window, twice.path)
    wait_for_uploads(window)
    window.reload()

    puts = requests_of(window, "PUT")
    pick(window, twice.path)
    expect(row(window, "twice.jpg")).to_contain_text("Already in your library")
    assert puts == []
    row(window, "twice.jpg").get_by_role("link").click()
    expect(window.get_by_role("dialog", name=re.compile("^Photo"))).to_be_visible()


def test_a_broken_file_says_why_and_holds_up_no_other(
    window: Page, photo: Callable[..., Photo], tmp_path: Path
) -> None:
    whole = photo("whole.jpg")
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(photo("to break.jpg").path.read_bytes()[:4000])
    pick(window, broken, whole.path)
    wait_for_uploads(window)
    expect(row(window, "whole.jpg")).to_contain_text("In your library")
    expect(row(window, "broken.jpg")).to_contain_text(re.compile("incomplete|damaged|cut", re.IGNORECASE))
    expect(row(window, "broken.jpg").get_by_role("button", name="Try broken.jpg again")).to_have_count(0)


def test_files_that_can_t_be_read_have_one_line_each_however_often_they_come(window: Page, tmp_path: Path) -> None:
    broken = [tmp_path / f"broken {number}.jpg" for number in range(3)]
    for number, path in enumerate(broken):
        path.write_bytes(b"\xff\xd8\xff" + bytes([number]) * 2000)
    empty = tmp_path / "empty.jpg"
    empty.touch()
    puts = requests_of(window, "PUT")
    panel = window.get_by_role("complementary", name="Uploads")
    for _ in range(2):
        pick(window, *broken, empty)
        wait_for_uploads(window)
        expect(panel.get_by_role("heading")).to_have_text("4 couldn’t be read")
        for path in (*broken, empty):
            expect(row(window, path.name)).to_have_count(1)
    expect(row(window, empty.name)).to_contain_text("The file is empty.")
    expect(panel.get_by_text("again")).to_have_count(0)
    assert len(puts) == len(broken)


def test_what_is_known_to_be_no_photo_by_its_name_is_left_out_and_told_in_one_line(
    window: Page, photo: Callable[..., Photo], tmp_path: Path
) -> None:
    others = [tmp_path / name for name in ("notes.txt", "Letter.PDF")]
    for path in others:
        path.write_text("no picture")
    nameless = photo("IMG 1").path
    drop(window, *others, nameless)
    told = "2 files left out, by their names no photos or videos: notes.txt, Letter.PDF"
    expect(window.get_by_text(told)).to_be_visible()
    wait_for_uploads(window)
    expect(row(window, nameless.name)).to_contain_text("In your library")
    expect(window.get_by_role("complementary", name="Uploads").get_by_role("listitem")).to_have_count(1)


def test_a_file_of_a_kind_that_nothing_reads_offers_no_other_try(window: Page, tmp_path: Path) -> None:
    unread = tmp_path / "really a text.jpg"
    unread.write_text("no picture")
    pick(window, unread)
    expect(row(window, unread.name)).to_contain_text("Files of this kind can’t be read.")
    panel = window.get_by_role("complementary", name="Uploads")
    expect(panel.get_by_role("heading")).to_have_text("1 couldn’t be read")
    expect(panel.get_by_role("button", name=f"Remove {unread.name}")).to_be_visible()
    expect(panel.get_by_role("button", name=f"Try {unread.name} again")).to_have_count(0)


def test_a_batch_that_is_dropped_again_is_one_line_that_unfolds(
    window: Page, photo: Callable[..., Photo], tmp_path: Path
) -> None:
    (tmp_path / "again").mkdir()
    for number in range(8):
        photo(f"again {number}.jpg").path.rename(tmp_path / "again" / f"again {number}.jpg")
    lines = window.get_by_role("complementary", name="Uploads").get_by_role("listitem")
    drop(window, tmp_path / "again")
    # So many are no list that lies over the page by itself.
    window.get_by_role("complementary", name="Uploads").get_by_role("button", name="Show the list").click()
    wait_for_uploads(window)
    expect(lines).to_have_text(["8 files added to your library"])
    drop(window, tmp_path / "again")
    expect(lines).to_have_text(["8 files added to your library", "8 files already in your library"])
    lines.nth(1).get_by_role("button").click()
    expect(row(window, "again 3.jpg")).to_contain_text("Already in your library")


def test_a_file_that_describes_photos_is_recognised_before_anything_of_it_is_sent(
    window: Page, photo: Callable[..., Photo], tmp_path: Path
) -> None:
    sidecars = [tmp_path / name for name in ("a.jpg.XMP", "a.aae", "a.jpg.supplemental-metadata.json")]
    for sidecar in sidecars:
        sidecar.write_text("{}")
    asked = requests_of(window, "POST", "/uploads")
    pick(window, *sidecars)
    expect(window.get_by_text("3 files left out that describe photos")).to_be_visible()
    expect(row(window, "")).to_have_count(0)
    assert asked == []


def test_a_dropped_folder_is_uploaded_with_all_that_is_in_it(
    window: Page, photo: Callable[..., Photo], tmp_path: Path
) -> None:
    (tmp_path / "trip" / "day two").mkdir(parents=True)
    photo("one.jpg", "2019:03:01 08:00:00").path.rename(tmp_path / "trip" / "one.jpg")
    photo("two.jpg", "2019:03:02 08:00:00").path.rename(tmp_path / "trip" / "day two" / "two.jpg")
    (tmp_path / "trip" / ".DS_Store").write_bytes(b"nothing to see")
    (tmp_path / "trip" / "notes.txt").write_text("nothing to see")
    (tmp_path / "trip" / "day two" / "metadata.json").write_text("{}")
    drop(window, tmp_path / "trip")
    # It is told in passing, for some seconds.
    expect(window.get_by_text("1 file left out, by its name no photo or video: notes.txt")).to_be_visible()
    expect(window.get_by_text("1 file left out that describes photos")).to_be_visible()
    wait_for_uploads(window)
    expect(row(window, "one.jpg")).to_contain_text("In your library")
    expect(row(window, "two.jpg")).to_contain_text("In your library")
    for left_out in (".DS_Store", "notes.txt", "metadata.json"):
        expect(row(window, left_out)).to_have_count(0)


def test_the_details_of_a_photo_tell_the_folder_that_it_lay_in(
    window: Page, photo: Callable[..., Photo], tmp_path: Path
) -> None:
    (tmp_path / "Lago d’Orta" / "day two").mkdir(parents=True)
    photo("boat.jpg", "2019:06:02 08:00:00").path.rename(tmp_path / "Lago d’Orta" / "day two" / "boat.jpg")
    drop(window, tmp_path / "Lago d’Orta")
    row(window, "boat.jpg").get_by_role("link").click()
    expect(window.get_by_role("dialog", name=re.compile("^Photo"))).to_be_visible()
    window.keyboard.press("i")
    details = window.get_by_role("complementary", name="Details")
    expect(details.get_by_text("Lago d’Orta / day two", exact=True)).to_be_visible()


def test_a_connection_that_breaks_off_is_tried_again(window: Page, photo: Callable[..., Photo]) -> None:
    broken: list[str] = []

    def break_off(route: Route) -> None:
        if route.request.method == "PUT" and len(broken) < 2:
            broken.append(route.request.url)
            route.abort("connectionreset")
        else:
            route.fallback()

    window.route("**/uploads/**", break_off)
    pick(window, photo("through a tunnel.jpg").path)
    wait_for_uploads(window)
    expect(row(window, "through a tunnel.jpg")).to_contain_text("In your library")
    assert len(broken) == 2


def test_a_file_that_failed_can_be_tried_again(window: Page, photo: Callable[..., Photo]) -> None:
    refusal = '{"code": "storage_full", "detail": "In the words of the server.", "errors": []}'
    window.route(
        "**/api/uploads",
        lambda route: (
            route.fulfill(status=413, content_type="application/problem+json", body=refusal)
            if route.request.method == "POST"
            else route.fallback()
        ),
        times=3,
    )
    pick(window, photo("too much.jpg").path)
    expect(row(window, "too much.jpg")).to_contain_text("Your library is full.")
    window.unroute("**/api/uploads")
    window.get_by_role("button", name="Try too much.jpg again").click()
    expect(row(window, "too much.jpg")).to_contain_text("In your library")


def hold_puts(page: Page) -> None:
    """From now on what is sent to the store neither fails nor succeeds."""
    page.route("**/uploads/**", lambda route: None if route.request.method == "PUT" else route.fallback())


def test_picked_files_go_on_by_themselves_after_a_reload(window: Page, photo: Callable[..., Photo]) -> None:
    one = photo("from the dialog.jpg")
    # The browser's own dialog can't be driven from here; a file of the origin has a handle like any other.
    window.evaluate(
        """async ([name, base64]) => {
            const handle = await (await navigator.storage.getDirectory()).getFileHandle(name, { create: true })
            const stream = await handle.createWritable()
            await stream.write(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)))
            await stream.close()
            window.showOpenFilePicker = async () => [handle]
        }""",
        [one.name, base64.b64encode(one.path.read_bytes()).decode()],
    )
    window.on("dialog", lambda dialog: dialog.accept())
    hold_puts(window)
    with window.expect_request(lambda request: request.method == "PUT"):
        window.get_by_role("banner").get_by_role("button", name="Upload", exact=True).click()
    with window.expect_request(lambda request: request.method == "PUT"):
        window.reload()
    window.unroute("**/uploads/**")
    expect(row(window, one.name)).to_contain_text("In your library")


def test_no_picked_file_is_forgotten_by_a_reload(window: Page, photo: Callable[..., Photo]) -> None:
    photos = [photo(f"many {number}.jpg") for number in range(12)]
    window.on("dialog", lambda dialog: dialog.accept())
    hold_puts(window)
    with window.expect_request(lambda request: request.method == "PUT"):
        pick(window, *(one.path for one in photos))
    window.reload()
    window.unroute("**/uploads/**")
    for one in photos:
        expect(row(window, one.name)).to_contain_text("Drop this file again to go on")
    pick(window, *(one.path for one in photos))
    wait_for_uploads(window)
    window.get_by_role("button", name="12 files added to your library").click()
    for one in photos:
        expect(row(window, one.name)).to_have_count(1)
        expect(row(window, one.name)).to_contain_text("In your library")


@pytest.fixture
def halting(window: Page) -> Iterator[list[str]]:
    """Lets one part of a large file through, and no other until `halting` is cleared of its guard."""
    sent: list[str] = []

    def let_one_through(route: Route) -> None:
        if route.request.method != "PUT":
            route.fallback()
        elif not sent:
            sent.append(route.request.url)
            route.fallback()
        # The others neither fail nor succeed: the reload cuts them off.

    window.route("**/uploads/**", let_one_through)
    yield sent
    window.unroute("**/uploads/**")


def test_a_large_file_goes_on_after_a_reload_with_the_parts_that_are_missing(
    window: Page, halting: list[str], large_file: Callable[[int], Path]
) -> None:
    path = large_file(1)
    window.on("dialog", lambda dialog: dialog.accept())
    with window.expect_request_finished(lambda request: request.method == "PUT"):
        pick(window, path)
    window.reload()
    expect(row(window, path.name)).to_contain_text("Drop this file again to go on")

    window.unroute("**/uploads/**")
    puts = requests_of(window, "PUT")
    pick(window, path)
    expect(row(window, path.name)).to_contain_text("In your library")
    first_part = re.search(r"partNumber=\d+", halting[0])
    assert first_part
    assert puts
    assert not [url for url in puts if first_part[0] + "&" in url + "&"]


def test_a_cancelled_upload_is_gone_for_good(
    window: Page, halting: list[str], large_file: Callable[[int], Path]
) -> None:
    path = large_file(2)
    with window.expect_request_finished(lambda request: request.method == "PUT"):
        pick(window, path)
    with window.expect_response(lambda response: response.request.method == "DELETE") as deleted:
        window.get_by_role("button", name=f"Cancel {path.name}").click()
    assert deleted.value.status == 204
    window.reload()
    expect(window.get_by_role("heading", level=2).first).to_be_visible()
    expect(row(window, path.name)).to_have_count(0)


def test_what_another_device_uploads_is_told_to_be_so_and_goes_when_it_is_done(
    open_context: Callable[..., BrowserContext], account: str, photo: Callable[..., Photo]
) -> None:
    here, there = open_context().new_page(), open_context().new_page()
    log_in(here)
    held: list[Route] = []
    here.route("**/uploads/**", lambda route: held.append(route) if route.request.method == "PUT" else route.fallback())
    photos = [photo(f"on the phone {number}.jpg") for number in (1, 2)]
    with here.expect_request(lambda request: request.method == "PUT"):
        pick(here, *(one.path for one in photos))
    expect(row(here, photos[1].name)).to_contain_text("0 bytes of")

    aborts = requests_of(there, "DELETE")
    log_in(there)
    for one in photos:
        expect(row(there, one.name)).to_contain_text("begun on another device")
    there.get_by_role("button", name=f"Remove {photos[0].name}").click()
    expect(row(there, photos[0].name)).to_have_count(0)
    assert aborts == []

    here.unroute("**/uploads/**")
    for route in held:
        route.fallback()
    wait_for_uploads(here)
    for one in photos:
        expect(row(here, one.name)).to_contain_text("In your library")
    expect(row(there, photos[1].name)).to_have_count(0)


def test_another_window_sees_what_is_uploaded(
    open_context: Callable[..., BrowserContext], account: str, photo: Callable[..., Photo]
) -> None:
    here, there = open_context().new_page(), open_context().new_page()
    for one in (here, there):
        log_in(one)
    pick(here, photo("for all to see.jpg", "2026:02:03 12:00:00").path)
    expect(there.get_by_role("heading", name="February 2026")).to_be_visible()


def test_a_server_that_asks_for_patience_is_waited_for(window: Page, photo: Callable[..., Photo]) -> None:
    answers = [
        (409, '{"code": "too_many_uploads", "detail": "Finish some first."}'),
        (429, '{"code": "too_many_requests", "detail": "Slowly."}'),
        (503, '{"code": "unavailable", "detail": "Later."}'),
    ]

    is_told = False

    def ask_to_wait(route: Route) -> None:
        if route.request.method != "POST" or not answers:
            route.fallback()
            return
        # The last for as long as nobody has seen that it waits.
        status, problem = answers.pop() if is_told or len(answers) > 1 else answers[0]
        route.fulfill(
            status=status, content_type="application/problem+json", headers={"Retry-After": "1"}, body=problem
        )

    window.route("**/api/uploads", ask_to_wait)
    patient = photo("patient.jpg")
    pick(window, patient.path)
    expect(row(window, patient.name)).to_contain_text("Waiting until the server takes more")
    is_told = True
    expect(row(window, patient.name)).to_contain_text("In your library")
    assert answers == []


@pytest.fixture
def paused_ingest(instance: Instance) -> Iterator[Callable[[], None]]:
    """Ingest reads nothing until it is told to go on."""

    def admin(*arguments: str) -> Any:
        command = [sys.executable, "-m", "infra", "admin", *arguments, "--data", str(instance.data), "--json"]
        return json.loads(subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True).stdout)

    def consumer() -> str:
        return str(next(queue["consumer"] for queue in admin("queues") if queue["name"] == "ingest"))

    admin("pause", "ingest")
    deadline = time.monotonic() + 240
    while (state := consumer()) != "paused":
        assert time.monotonic() < deadline, state
        time.sleep(1)
    yield lambda: admin("resume", "ingest")
    admin("resume", "ingest")


def many_photos(folder: Path, count: int) -> None:
    """Photos that differ in a comment alone: small, and quickly made."""
    file = BytesIO()
    Image.fromarray(np.full((48, 72, 3), 160, dtype=np.uint8)).save(file, "JPEG")
    photo = file.getvalue()
    folder.mkdir()
    for number in range(count):
        text = f"photo {number}".encode()
        comment = b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text
        (folder / f"{number:05}.jpg").write_bytes(photo[:2] + comment + photo[2:])


@pytest.mark.timeout(1200)
def test_a_drop_of_very_many_photos_arrives_whole_while_ingest_is_paused(
    window: Page, instance: Instance, paused_ingest: Callable[[], None], tmp_path: Path
) -> None:
    many_photos(tmp_path / "many", MANY)
    drop(window, tmp_path / "many")
    panel = window.get_by_role("complementary", name="Uploads")
    expect(panel.get_by_role("heading")).to_have_text(f"Getting {MANY} files ready", timeout=900_000)
    expect(panel).not_to_contain_text("failed")
    # The last of them are told of a moment later.
    deadline = time.monotonic() + 240
    client = Client(instance.url)
    client.log_in(NAME, PASSWORD)
    while "waiting" in (states := [upload["state"] for upload in client.open_uploads()]):
        assert time.monotonic() < deadline, states
        time.sleep(1)
    assert states == ["received"] * MANY

    paused_ingest()
    expect(panel).to_contain_text(re.compile(r"\d added"))
