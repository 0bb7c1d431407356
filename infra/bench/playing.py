"""Videos from upload until they play: by a whole Pinhole on this machine, in Chromium behind a line of 40 Mbit/s."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from infra import browser
from infra.bench import video
from infra.bench.client import Photo, registered, upload
from infra.bench.pipeline import until
from infra.bench.rows import Aim, Row, progress
from infra.bootstrap import CannotStart
from infra.local.instance_process import InstanceProcess
from pinhole_client import Client

POSTERS, VISITS = 7, 5
SECONDS = 20  # of the video that is looked at: what is sent in one part
LINE = {"offline": False, "latency": 20, "downloadThroughput": 40e6 / 8, "uploadThroughput": 40e6 / 8}  # ms, bytes/s
SEEKS = (0.8, 0.1, 0.5, 0.3, 0.9)  # shares of its length

_FIRST_FRAME = """() => {
    const film = document.querySelector('.viewer video')
    return film && film.readyState >= 2 && film.currentTime > 0 ? performance.now() : 0
}"""
_SEEK = """async (share) => {
    const film = document.querySelector('.viewer video')
    const began = performance.now()
    await new Promise((resolve) => {
        film.addEventListener('seeked', () => film.requestVideoFrameCallback(resolve), { once: true })
        film.currentTime = share * film.duration
    })
    return performance.now() - began
}"""


def measure() -> Iterator[Row]:
    """Rows of 1080p in HEVC, which is copied. Raises CannotStart where there is no Chromium."""
    executable = browser.executable()
    if executable is None:
        raise CannotStart("Videos are looked at in Chromium, which is not installed: apt-get install chromium")
    with tempfile.TemporaryDirectory(prefix="pinhole-bench-") as name:
        Path(name).chmod(0o755)  # PostgreSQL may run as a user of its own
        path = Path(name) / "film.mov"
        with InstanceProcess(Path(name) / "data", analyses=True) as instance:
            client = registered(instance.origin)
            instance.wait_for("Videos get posters")
            video.write(path, "testsrc2=size=1920x1080:rate=30:duration=2", "libx265", "yuv420p")
            yield from _posters(client, path)
            progress(f"A copy of {SECONDS} s")
            video.write(path, f"testsrc2=size=1920x1080:rate=30:duration={SECONDS}", "libx265", "yuv420p")
            item_id = _poster(client, path.read_bytes())[0]
            until(lambda: client.request("GET", f"/items/{item_id}/playback").json()["state"] == "ready", 1)
            with sync_playwright() as playwright:
                chromium = playwright.chromium.launch(executable_path=executable, args=browser.arguments())
                yield from _playing(chromium, instance.origin, item_id)
                chromium.close()


def _posters(client: Client, path: Path) -> Iterator[Row]:
    content = path.read_bytes()
    progress(f"{POSTERS} posters")
    # Each is another file by what lies behind its last box.
    whole = [_poster(client, content + _free(number))[1] for number in range(POSTERS)]
    alone = median(video.seconds_of_poster(path) for _ in range(POSTERS))
    yield Row("upload to poster, idle, p50", "s", median(whole), alone, "the decoder alone", Aim("ours", 5))


def _free(number: int) -> bytes:
    return (12).to_bytes(4, "big") + b"free" + number.to_bytes(4, "big")


def _poster(client: Client, content: bytes) -> tuple[str, float]:
    """The id of a video that is uploaded, and the seconds until it has a poster."""
    film = Photo("film.mov", content)
    began = time.monotonic()
    upload_id = upload(client, film, {**film.promise, "contentType": "video/quicktime"})
    until(lambda: client.upload_status(upload_id)["state"] == "ready", 0.02)
    item_id = client.upload_status(upload_id)["itemId"]
    until(lambda: client.request("GET", f"/items/{item_id}").json()["state"] == "ready", 0.05)
    return str(item_id), time.monotonic() - began


def _playing(chromium: Browser, origin: str, item_id: str) -> Iterator[Row]:
    progress(f"{VISITS} visits")
    context = chromium.new_context(base_url=origin)
    page = context.new_page()
    page.goto("/")
    page.get_by_label("Name").fill("bench")
    page.get_by_label("Password", exact=True).fill("a password of the bench")
    page.get_by_role("button", name="Log in").click()
    tile = page.locator(f"[href='/photo/{item_id}']")
    tile.wait_for()
    session: Any = context.new_cdp_session(page)
    session.send("Network.emulateNetworkConditions", LINE)
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    first = []
    for _ in range(VISITS):
        began = page.evaluate("performance.now()")
        tile.click()
        first.append(float(page.wait_for_function(_FIRST_FRAME, polling=5).json_value()) - began)
        seeks = [_seek(page, share) for share in SEEKS]
        page.keyboard.press("Escape")
        page.locator(".viewer video").wait_for(state="detached")
    yield Row("first frame of a video that is opened, 40 Mbit/s, p50", "ms", median(first), aim=Aim("ours", 1_500))
    yield Row("another place of it, 40 Mbit/s, p50", "ms", median(seeks), aim=Aim("ours", 700))
    context.close()


def _seek(page: Page, share: float) -> float:
    return float(page.evaluate(_SEEK, share))
