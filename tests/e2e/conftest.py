"""The whole system as a browser sees it: an instance of its own for each module, and Chromium."""

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Request, expect, sync_playwright

import infra.browser
from pinhole_client import Client, ClientError

REPOSITORY = Path(__file__).parents[2]
START_SECONDS = 600
MAX_OPEN_UPLOADS = 400  # few, so that a drop of many files takes no thousand of them
NAME, PASSWORD = "mara", "a quiet morning light"

expect.set_options(timeout=30_000)


@dataclass(frozen=True, slots=True)
class Photo:
    """A file to upload, and when it says that it was taken: `2024:07:14 10:30:00`."""

    name: str
    taken: str
    path: Path


@dataclass(frozen=True, slots=True)
class Instance:
    """Where it answers, and where its library lies."""

    url: str
    data: Path


@pytest.fixture(scope="module")
def instance(begin_library: Callable[[Path], None]) -> Iterator[Instance]:
    """A fresh, empty instance."""
    with tempfile.TemporaryDirectory(prefix="pinhole-e2e-", ignore_cleanup_errors=True) as directory:
        data = Path(directory)
        data.chmod(0o755)  # PostgreSQL may run as a user of its own
        begin_library(data / "library")
        with (data / "up.log").open("wb") as log:
            port = _free_port()
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "infra", "up", "--no-worker"),
                    *("--data", str(data / "library"), "--port", str(port)),
                ],
                cwd=REPOSITORY,
                env={**os.environ, "PINHOLE_MAX_OPEN_UPLOADS": str(MAX_OPEN_UPLOADS)},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
            url = f"http://localhost:{port}"
            try:
                _wait_until_healthy(url, process, data / "up.log")
                yield Instance(url, data / "library")
            finally:
                # Not SIGINT, which is ignored in all that a script has started in the background.
                process.terminate()
                try:
                    process.wait(120)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


@pytest.fixture(scope="module")
def base_url(instance: Instance) -> str:
    """Address of a fresh, empty instance."""
    return instance.url


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_healthy(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(ClientError):
            Client(url).health()
            return
        time.sleep(0.2)
    pytest.fail(f"infra up did not become healthy:\n{log.read_text(errors='replace')[-4000:]}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium. Ends with the module: no test of another kind runs inside Playwright's event loop."""
    executable = infra.browser.executable()
    if executable is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    quiet = ("--disable-background-networking", "--disable-component-update", "--disable-sync")
    arguments = infra.browser.arguments(*quiet)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=executable, args=arguments, ignore_default_args=["--hide-scrollbars"]
        )
        yield chromium
        chromium.close()


@pytest.fixture
def open_context(browser: Browser, base_url: str) -> Iterator[Callable[..., BrowserContext]]:
    """Opens a fresh browser profile. At the end no page may have thrown, or met the site's own policy.

    No service worker runs in it, for `page.route` does not see what one fetches. Who tests it says
    `service_workers="allow"`.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "[Vue warn]" in message.text:
            complaints.append(message.text)

    def opened(**options: Any) -> BrowserContext:
        usual = {"viewport": {"width": 1280, "height": 800}, "locale": "en-GB", "service_workers": "block"}
        settings: dict[str, Any] = usual | {"base_url": base_url} | options
        context = browser.new_context(**settings)
        context.on("console", heard)
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        contexts.append(context)
        return context

    yield opened
    for context in contexts:
        for page in context.pages:
            page.unroute_all(behavior="ignoreErrors")  # what they answer now, nobody hears
        context.close()
    assert complaints == []


@pytest.fixture
def page(open_context: Callable[..., BrowserContext]) -> Page:
    """A desktop window of a visitor who is not logged in."""
    return open_context().new_page()


@pytest.fixture(scope="module")
def account(base_url: str) -> str:
    """The first account, registered; its password is PASSWORD."""
    Client(base_url).register(NAME, PASSWORD)
    return NAME


def requests_of(source: Page | BrowserContext, method: str, part: str = "") -> list[str]:
    """A list that the addresses of such requests are added to as they are sent."""
    seen: list[str] = []

    def note(request: Request) -> None:
        if request.method == method and part in request.url:
            seen.append(request.url)

    if isinstance(source, Page):
        source.on("request", note)
    else:
        source.on("request", note)
    return seen


def log_in(page: Page, path: str = "/") -> None:
    """Log in, and go on to `path`."""
    page.goto(path)
    page.get_by_label("Name").fill(NAME)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("button", name=f"Account of {NAME}")).to_be_visible()


def pick(page: Page, *paths: Path) -> None:
    """Choose files as if in the file dialog."""
    page.get_by_label("Photos to upload").first.set_input_files(list(paths))


def wait_for_uploads(page: Page) -> None:
    """Wait until nothing is on its way any more."""
    panel = page.get_by_role("complementary", name="Uploads")
    expect(panel.get_by_role("button", name="Clear finished uploads")).to_be_visible(timeout=300_000)


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Photo]:
    """Makes photos, no two alike, as a camera would write them."""
    directory = tmp_path_factory.mktemp("photos")
    random = np.random.default_rng(6)

    def made(name: str, taken: str = "2024:07:14 10:30:00", size: tuple[int, int] = (900, 600)) -> Photo:
        # Few, large blotches: real enough for a placeholder, and small on disk.
        blotches = random.integers(0, 255, (4, 6, 3), dtype=np.uint8)
        image = Image.fromarray(blotches).resize(size, Image.Resampling.BICUBIC)
        exif = Image.Exif()
        exif[0x010F], exif[0x0110] = "Canon", "Canon EOS 40D"
        exif.get_ifd(0x8769)[0x9003] = taken
        file = BytesIO()
        image.save(file, "JPEG", quality=85, exif=exif)
        path = directory / name
        path.write_bytes(file.getvalue())
        return Photo(name, taken, path)

    return made


@pytest.fixture(scope="module")
def library(browser: Browser, base_url: str, account: str, photo: Callable[..., Photo]) -> list[Photo]:
    """Forty photos in three months, the newest first."""
    shapes = [(900, 600), (600, 900), (800, 800), (1600, 500)]
    days = [("2024:07", 24), ("2024:06", 12), ("2022:12", 4)]
    photos = [
        photo(f"{month.replace(':', '-')}-{number:02}.jpg", f"{month}:{28 - number // 3:02} 12:{59 - number}:00", size)
        for month, count in days
        for number, size in zip(range(count), shapes * count, strict=False)
    ]
    context = browser.new_context(base_url=base_url, service_workers="block")
    page = context.new_page()
    log_in(page)
    pick(page, *(one.path for one in photos))
    wait_for_uploads(page)
    expect(page.get_by_text("40 added").first).to_be_visible()
    context.close()
    return photos


@pytest.fixture(scope="module")
def folders(
    browser: Browser, base_url: str, account: str, photo: Callable[..., Photo], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A folder of photos with two more in it: `Trips`, `Trips/Norway`, and one whose name no address may break."""
    trips = tmp_path_factory.mktemp("upload") / "Trips"
    for folder, count in (("Norway", 2), ("Ann's 100% #1", 1)):
        (trips / folder).mkdir(parents=True)
        for number in range(count):
            one = photo(f"{folder[:3]}-{number}.jpg", f"2023:03:{number + 10} 10:00:00")
            one.path.rename(trips / folder / one.name)
    context = browser.new_context(base_url=base_url, service_workers="block")
    page = context.new_page()
    log_in(page)
    page.get_by_label("Folder to upload").first.set_input_files(trips)
    wait_for_uploads(page)
    expect(page.get_by_text("3 added").first).to_be_visible()
    context.close()


@pytest.fixture(scope="module")
def session(browser: Browser, base_url: str, library: list[Photo], folders: None) -> Any:
    """Of somebody who has logged in, for every browser profile."""
    context = browser.new_context(base_url=base_url, service_workers="block")
    log_in(context.new_page())
    state = context.storage_state(indexed_db=True)
    context.close()
    return state


@pytest.fixture
def window(page: Page, library: list[Photo]) -> Page:
    """A desktop window that shows the timeline."""
    log_in(page)
    expect(newest(page)).to_be_visible()
    return page


@pytest.fixture
def phone(open_context: Callable[..., BrowserContext], library: list[Photo]) -> Page:
    """A phone that shows the timeline."""
    page = open_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True).new_page()
    log_in(page)
    expect(newest(page)).to_be_visible()
    return page


def tiles(page: Page) -> Locator:
    return page.get_by_role("link", name=re.compile("^Photo, "))


def newest(page: Page) -> Locator:
    """The first photo of the first month, once it is there: the items of a later month may come earlier."""
    return page.locator("[data-position='0'] a[data-index='0'][href]")


def viewer(page: Page) -> Locator:
    return page.get_by_role("dialog", name=re.compile("^Photo"))


def open_first(page: Page) -> None:
    newest(page).click()
    expect(viewer(page)).to_be_visible()


def picture(page: Page) -> Locator:
    return viewer(page).get_by_role("img", name=re.compile("^Photo"))
