"""The whole system as a browser sees it, and Chromium.

Starting an instance takes as long as many tests. So all modules of a process share one, in which each has an account of
its own; but for those that need it empty, or change how it works: these override `instance`.
"""

import hashlib
import mimetypes
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import psycopg
import pytest
from PIL import Image
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    FloatRect,
    Locator,
    Page,
    Request,
    expect,
    sync_playwright,
)

import infra.browser
from infra.local.postgres import DATABASE, SUPERUSER
from infra.local.processes import free_ports
from pinhole.accounts import passwords
from pinhole.tables import user
from pinhole_client import Client, ClientError

REPOSITORY = Path(__file__).parents[2]
START_SECONDS = 600
ADD_SECONDS = 240
NAME, PASSWORD = "mara", "a quiet morning light"

# A busy machine is slow, not wrong.
PATIENCE_MS = 120_000

expect.set_options(timeout=PATIENCE_MS)


@dataclass(frozen=True, slots=True)
class Photo:
    """A file to upload, and when it says that it was taken: `2024:07:14 10:30:00`."""

    name: str
    taken: str
    path: Path


@dataclass(frozen=True, slots=True)
class Instance:
    """Where it answers, where its library lies, and where what it says in its terminal is kept."""

    url: str
    data: Path
    terminal: Path

    @property
    def said(self) -> str:
        """What it has said so far."""
        return self.terminal.read_text("utf-8")


@contextmanager
def fresh_instance(begin_library: Callable[[Path], None], **environment: str) -> Iterator[Instance]:
    """A fresh, empty instance, with these variables beside what is there."""
    with tempfile.TemporaryDirectory(prefix="pinhole-e2e-", ignore_cleanup_errors=True) as directory:
        data = Path(directory)
        data.chmod(0o755)  # PostgreSQL may run as a user of its own
        begin_library(data / "library")
        with (data / "up.log").open("wb") as log:
            [port] = free_ports(1)
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "infra", "up", "--no-worker"),
                    *("--data", str(data / "library"), "--port", str(port)),
                ],
                cwd=REPOSITORY,
                env={**os.environ, **environment},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
            url = f"http://localhost:{port}"
            try:
                _wait_until_healthy(url, process, data / "up.log")
                yield Instance(url, data / "library", data / "up.log")
            finally:
                # Not SIGINT, which is ignored in all that a script has started in the background.
                process.terminate()
                try:
                    process.wait(120)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


@pytest.fixture(scope="package")
def shared_instance(begin_library: Callable[[Path], None]) -> Iterator[Instance]:
    """The one instance for all modules that leave it as it was, but for what is in the libraries of their accounts."""
    with fresh_instance(begin_library) as instance:
        yield instance


@pytest.fixture(scope="module")
def instance(shared_instance: Instance) -> Instance:
    """Where the account of this module is."""
    return shared_instance


@pytest.fixture(scope="module")
def base_url(instance: Instance) -> str:
    """Address of the instance."""
    return instance.url


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
        context.set_default_timeout(PATIENCE_MS)
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
def account(instance: Instance) -> str:
    """An account with an empty library, its password is PASSWORD. The one of the module before goes by another name.

    What the first administrator is asked of the library has been said.
    """
    with psycopg.connect(database_url(instance)) as conn:
        conn.execute("UPDATE users SET name = id::text, name_key = id::text")
        conn.execute(
            "INSERT INTO library (name, fallback_timezone, originals_may_be_deleted)"
            " VALUES ('The library', 'UTC', false) ON CONFLICT DO NOTHING"
        )
        user.insert(conn, NAME, passwords.hash_password(PASSWORD), "administrator", NAME)
    return NAME


@pytest.fixture
def member(instance: Instance, account: str) -> Callable[[str], None]:
    """Makes a member of this name, whose password is PASSWORD."""

    def made(name: str) -> None:
        with psycopg.connect(database_url(instance)) as conn:
            user.insert(conn, name, passwords.hash_password(PASSWORD), "member", name)

    return made


def database_url(instance: Instance) -> str:
    """Of its PostgreSQL, as long as that runs."""
    postgres = instance.data / "postgres"
    # Lines of this file: https://github.com/postgres/postgres/blob/master/src/include/utils/pidfile.h
    port, socket_directory = (postgres / "cluster" / "postmaster.pid").read_text().splitlines()[3:5]
    password = (postgres / "password").read_text()
    return f"postgresql://{SUPERUSER}:{password}@/{DATABASE}?host={quote(socket_directory, safe='/')}&port={port}"


@pytest.fixture(scope="module")
def profile(browser: Browser, base_url: str, account: str) -> Any:
    """What a browser keeps of somebody who has logged in, as Playwright stores it."""
    context = browser.new_context(base_url=base_url, service_workers="block")
    context.set_default_timeout(PATIENCE_MS)
    log_in(context.new_page())
    state = context.storage_state(indexed_db=True)
    context.close()
    return state


@pytest.fixture
def entered(profile: Any, base_url: str) -> Any:
    """What the browser profiles of one test begin with: a session that no other test may have used up."""
    begun = Client(base_url).call("POST", "/auth/login", {"name": NAME, "password": PASSWORD})
    state = deepcopy(profile)
    stores = [store for origin in state["origins"] for kept in origin["indexedDB"] for store in kept["stores"]]
    [record] = next(store["records"] for store in stores if store["name"] == "session")
    record["value"] = begun
    record.pop("valueEncoded", None)
    return state


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
def library(base_url: str, account: str, photo: Callable[..., Photo]) -> list[Photo]:
    """Forty photos in three months, the newest first."""
    shapes = [(900, 600), (600, 900), (800, 800), (1600, 500)]
    days = [("2024:07", 24), ("2024:06", 12), ("2022:12", 4)]
    photos = [
        photo(f"{month.replace(':', '-')}-{number:02}.jpg", f"{month}:{28 - number // 3:02} 12:{59 - number}:00", size)
        for month, count in days
        for number, size in zip(range(count), shapes * count, strict=False)
    ]
    add(base_url, photos)
    return photos


@pytest.fixture(scope="module")
def folders(base_url: str, account: str, photo: Callable[..., Photo]) -> None:
    """A folder of photos with two more in it: `Trips`, `Trips/Norway`, and one whose name no address may break."""
    for folder, count in (("Norway", 2), ("Ann's 100% #1", 1)):
        photos = [photo(f"{folder[:3]}-{number}.jpg", f"2023:03:{number + 10} 10:00:00") for number in range(count)]
        add(base_url, photos, f"Trips/{folder}/")


def add(base_url: str, photos: list[Photo], folder: str = "") -> list[str]:
    """Upload photos, from a folder such as `Trips/Norway/`, and wait until they are in the library: as these items."""
    client = Client(base_url)
    client.log_in(NAME, PASSWORD)
    ids = []
    for one in photos:
        content = one.path.read_bytes()
        begun = client.begin(
            {
                "filename": one.name,
                "relativePath": f"{folder}{one.name}" if folder else None,
                "sizeBytes": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
                "contentType": mimetypes.guess_type(one.name)[0],
            }
        )
        assert begun["state"] == "waiting"
        assert begun["method"] == "single"
        client.put(begun, content, len(content))
        ids.append(begun["id"])
    deadline = time.monotonic() + ADD_SECONDS
    while {(told := client.upload_status(each))["state"] for each in ids} != {"ready"}:
        assert time.monotonic() < deadline, told
        time.sleep(0.2)
    return [str(client.upload_status(each)["itemId"]) for each in ids]


@pytest.fixture
def session(entered: Any, library: list[Photo], folders: None) -> Any:
    """What the browser profiles of one test begin with, of somebody with a library that has folders."""
    return entered


@pytest.fixture
def window(open_context: Callable[..., BrowserContext], entered: Any, library: list[Photo]) -> Page:
    """A desktop window that shows the timeline."""
    return _showing_the_timeline(open_context(storage_state=entered))


@pytest.fixture
def phone(open_context: Callable[..., BrowserContext], entered: Any, library: list[Photo]) -> Page:
    """A phone that shows the timeline."""
    of_phones = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    return _showing_the_timeline(open_context(storage_state=entered, **of_phones))


def _showing_the_timeline(context: BrowserContext) -> Page:
    page = context.new_page()
    page.goto("/")
    expect(newest(page)).to_be_visible()
    return page


def until(page: Page, holds: Callable[[], bool], what: str) -> None:
    """Wait until something holds that no locator can tell: what is read of a page may be of the frame before."""
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while not holds():
        assert time.monotonic() < deadline, what
        page.wait_for_timeout(50)


def still(page: Page) -> None:
    """Wait until nothing moves, nor has begun to some frames later, as what has just been shown does."""
    page.wait_for_function(
        """rest => {
            const moves = document.getAnimations().some(({ playState }) => playState === 'running')
            rest.frames = moves ? 0 : rest.frames + 1
            return rest.frames > 3
        }""",
        arg=page.evaluate_handle("() => ({ frames: 0 })"),
    )


def box_of(locator: Locator) -> FloatRect:
    """Where an element is; it must be there."""
    box = locator.bounding_box()
    assert box
    return box


def tiles(page: Page) -> Locator:
    return page.get_by_role("link", name=re.compile("^Photo, "))


def newest(page: Page) -> Locator:
    """The first photo of the first month, once it is there: the items of a later month may come earlier."""
    return page.locator("[data-position='0'] a[data-index='0'][href]")


def try_again(page: Page) -> None:
    """Presses it, unless the page has tried again by itself since, as it does once the server is heard of."""
    page.evaluate(
        "() => [...document.querySelectorAll('button')].find((one) => one.textContent.includes('Try again'))?.click()"
    )


def viewer(page: Page) -> Locator:
    return page.get_by_role("dialog", name=re.compile("^Photo"))


def open_first(page: Page) -> None:
    newest(page).click()
    expect(viewer(page)).to_be_visible()


def turn(page: Page, key: str = "ArrowRight") -> None:
    """To the next photo, or by another key to another one."""
    before = viewer(page).get_attribute("aria-label")
    assert before
    page.keyboard.press(key)
    expect(viewer(page)).not_to_have_attribute("aria-label", before)


def picture(page: Page) -> Locator:
    return viewer(page).get_by_role("img", name=re.compile("^Photo"))
