"""Videos, photos that move and panoramas in the browser."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import psycopg
import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

from pinhole.tables import media_item, rendition, timeline_month
from pinhole.tables.rendition import Rendition
from tests.e2e.conftest import Instance, Photo, add, box_of, database_url, still, until
from tests.e2e.test_access import KINDS, settled, violations
from tests.e2e.test_for_everyone import assert_fits
from tests.fixtures import clips
from tests.fixtures.clips import Clip

IN_FRONT = {"movflags": "+faststart"}
PLAYED = Clip(pixels=(640, 360), seconds=60, options=IN_FRONT, tags={"creation_time": "2024-07-14T08:30:00Z"})
UPRIGHT = Clip(pixels=(360, 640), seconds=65, rate=10, options=IN_FRONT, tags={"creation_time": "2024-07-13T08:30:00Z"})
UNPLAYED = Clip(codec="libx265", seconds=1, tags={"creation_time": "2024-07-12T08:30:00Z"})
SHORT = Clip(pixels=(640, 360), seconds=30, rate=10, options=IN_FRONT)

TO_ITS_END = "film => { film.currentTime = film.duration }"
PLAYBACK = "**/api/items/*/playback"
MAKING = {"state": "making", "source": None, "durationMs": 20_000, "progress": 0.42, "errorCode": None}
FAILED = MAKING | {"state": "failed", "progress": None, "errorCode": "corrupt"}


@dataclass(frozen=True, slots=True)
class Films:
    """Items of a library, by their ids. `played`: as it is, by any browser; `unplayed`: it waits for a copy."""

    played: str
    upright: str
    unplayed: str
    live: str
    panorama: str
    still: str


def photo_with(path: Path, taken: str, size: tuple[int, int], packet: str = "", clip: bytes = b"") -> Photo:
    """A photo whose XMP says so, with a clip behind it."""
    random = np.random.default_rng(len(path.name))
    image = Image.fromarray(random.integers(0, 255, (4, 8, 3), dtype=np.uint8)).resize(size, Image.Resampling.BICUBIC)
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = taken
    file = BytesIO()
    xmp = f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{packet}</x:xmpmeta>'.encode()
    image.save(file, "JPEG", quality=85, exif=exif, xmp=xmp)
    path.write_bytes(file.getvalue() + clip)
    return Photo(path.name, taken, path)


def described(**said: str) -> str:
    """XMP of Google's cameras."""
    spaces = {"GCamera": "camera", "GPano": "panorama"}
    declared = " ".join(f'xmlns:{name}="http://ns.google.com/photos/1.0/{path}/"' for name, path in spaces.items())
    written = " ".join(f'{name.replace("_", ":")}="{value}"' for name, value in said.items())
    return (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" {declared} {written}/></rdf:RDF>'
    )


def add_films(instance: Instance, directory: Path) -> Films:
    """A library of all kinds, in July 2024, with what the worker of videos would have made."""
    for name, clip in (("played.mp4", PLAYED), ("upright.mp4", UPRIGHT), ("unplayed.mp4", UNPLAYED)):
        (directory / name).write_bytes(clips.made(clip))
    short = clips.made(SHORT)
    moves = described(GCamera_MicroVideo="1", GCamera_MicroVideoOffset=str(len(short)))
    round_about = described(
        GPano_ProjectionType="equirectangular",
        GPano_FullPanoWidthPixels="2000",
        GPano_FullPanoHeightPixels="1000",
        GPano_CroppedAreaImageWidthPixels="1200",
        GPano_CroppedAreaImageHeightPixels="400",
        GPano_CroppedAreaLeftPixels="400",
        GPano_CroppedAreaTopPixels="300",
    )
    files = [
        *(Photo(name, "", directory / name) for name in ("played.mp4", "upright.mp4", "unplayed.mp4")),
        photo_with(directory / "live.jpg", "2024:07:11 10:00:00", (1600, 900), moves, short),
        photo_with(directory / "panorama.jpg", "2024:07:10 10:00:00", (1200, 400), round_about),
        photo_with(directory / "still.jpg", "2024:07:09 10:00:00", (900, 600)),
    ]
    films = Films(*add(instance.url, files))
    for item_id, size in ((films.played, PLAYED.pixels), (films.upright, UPRIGHT.pixels)):
        keep_poster(instance, item_id, size)
    keep(instance, films.live, "clip.mp4", short, SHORT.pixels)
    return films


def keep_poster(instance: Instance, item_id: str, size: tuple[int, int]) -> None:
    """Show a picture for a video."""
    for height in (240, 480, 1440):
        file = BytesIO()
        shown = min(height, size[1])
        Image.new("RGB", (size[0] * shown // size[1], shown), (40, 90, 160)).save(file, "WEBP")
        keep(instance, item_id, f"{height}.webp", file.getvalue(), size)
    with psycopg.connect(database_url(instance)) as conn:
        owner = owner_of(conn, item_id)
        media_item.commit_renditions(conn, owner, item_id, version=1, thumb_hash=b"")
        item = media_item.get(conn, owner, item_id)
        assert item is not None
        assert item.month is not None
        timeline_month.bump(conn, owner, [item.month])


def keep(instance: Instance, item_id: str, name: str, content: bytes, size: tuple[int, int]) -> None:
    """Store a rendition, and show it."""
    with psycopg.connect(database_url(instance)) as conn:
        owner = owner_of(conn, item_id)
        item = media_item.get(conn, owner, item_id)
        assert item is not None
        kept = json.loads((instance.data / "secrets.json").read_text("utf-8"))
        boto3.client(
            "s3",
            endpoint_url=instance.url,
            aws_access_key_id=kept["store_access_key"],
            aws_secret_access_key=kept["store_secret_key"],
            region_name="us-east-1",
        ).put_object(
            Bucket="pinhole-renditions",
            Key=f"{item.item_key}/1/{name}",
            Body=content,
            ContentType="video/mp4" if name.endswith(".mp4") else "image/webp",
        )
        rendition.replace(conn, owner, item_id, [Rendition(name, 1, *size, len(content))])


def owner_of(conn: Any, item_id: str) -> int:
    [(owner,)] = conn.execute("SELECT owner_id FROM media_item WHERE id = %s", (item_id,)).fetchall()
    return int(owner)


@pytest.fixture(scope="module")
def films(instance: Instance, account: str, tmp_path_factory: pytest.TempPathFactory) -> Films:
    return add_films(instance, tmp_path_factory.mktemp("films"))


@pytest.fixture
def open_page(open_context: Callable[..., BrowserContext], entered: Any, films: Films) -> Callable[..., Page]:
    """Opens a window of somebody who is logged in, at an address."""

    def opened(address: str, **options: Any) -> Page:
        page = open_context(storage_state=entered, **options).new_page()
        page.goto(address)
        return page

    return opened


def answering(told: dict[str, Any]) -> Callable[[Route], None]:
    return lambda route: route.fulfill(json=told)


def film(page: Page) -> Locator:
    return page.get_by_role("dialog").locator("video")


def viewer(page: Page) -> Locator:
    return page.get_by_role("dialog", name=re.compile("^(Video|Photo|Live photo)"))


def tile(page: Page, item_id: str) -> Locator:
    return page.locator(f"[href='/photo/{item_id}']")


def plays(page: Page, beyond: float = 0) -> None:
    """Wait until the video of the viewer plays, and has come so far, in seconds."""
    page.wait_for_function(
        """beyond => {
            const film = document.querySelector('.viewer video.shown')
            return film && !film.paused && film.currentTime > beyond
        }""",
        arg=beyond,
    )


def has(page: Page, name: str, value: object) -> None:
    expect(film(page)).to_have_js_property(name, value)


def test_a_video_plays_when_it_is_opened_and_ends_when_another_is_shown(
    open_page: Callable[..., Page], films: Films
) -> None:
    page = open_page("/")
    tile(page, films.played).click()
    plays(page, 0.2)
    has(page, "muted", False)  # for a tile was pressed
    page.evaluate("window.before = document.querySelector('.viewer video')")
    page.keyboard.press("ArrowRight")
    expect(viewer(page)).to_have_accessible_name("Video, 1:05, 13 July 2024 at 08:30")
    plays(page)
    assert page.evaluate("[window.before.paused, window.before.currentSrc !== '' && window.before.networkState]") == [
        True,
        0,
    ]
    page.keyboard.press("Escape")
    expect(film(page)).to_have_count(0)


def test_its_picture_is_there_before_the_first_frame(open_page: Callable[..., Page], films: Films) -> None:
    page = open_page("/")
    page.route("**/pinhole-originals/**", lambda route: None)  # and they never come
    tile(page, films.played).click()
    expect(viewer(page).get_by_role("img", name=re.compile("^Video"))).to_have_js_property("naturalHeight", 360)
    expect(film(page)).to_have_css("opacity", "0")


# As before anything was pressed: what reads from a page counts as a press.
REFUSE_SOUND = """
const { play } = HTMLMediaElement.prototype
HTMLMediaElement.prototype.play = function () {
    return this.muted ? play.call(this) : Promise.reject(new DOMException('', 'NotAllowedError'))
}
"""


def test_where_the_browser_allows_no_sound_yet_it_begins_without(open_page: Callable[..., Page], films: Films) -> None:
    page = open_page("/")
    page.add_init_script(REFUSE_SOUND)
    page.goto(f"/photo/{films.played}")
    plays(page)
    has(page, "muted", True)
    page.get_by_role("button", name="Sound on").click()
    has(page, "muted", False)


def test_for_who_wants_little_motion_it_waits_and_nothing_plays_in_the_grid(
    open_page: Callable[..., Page], films: Films
) -> None:
    page = open_page("/", reduced_motion="reduce")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/playback" in request.url else None)
    tile(page, films.played).hover()
    page.wait_for_timeout(600)  # no state tells that nothing happens
    assert asked == []
    tile(page, films.played).click()
    page.wait_for_function("() => document.querySelector('.viewer video')?.readyState > 0")
    has(page, "paused", True)
    page.keyboard.press("k")
    plays(page)


def test_the_keys_of_a_player_work_and_arrows_turn_until_a_control_has_the_focus(
    open_page: Callable[..., Page], films: Films
) -> None:
    page = open_page("/")
    tile(page, films.played).click()
    plays(page)
    page.keyboard.press("Space")
    has(page, "paused", True)
    film(page).evaluate("film => { film.currentTime = 5 }")
    expect(page.get_by_role("slider", name="Position")).to_have_attribute("aria-valuetext", "0:05 of 1:00")
    page.keyboard.press("j")
    has(page, "currentTime", 0)
    page.keyboard.press("l")
    has(page, "currentTime", 10)
    page.keyboard.press(".")
    until(page, lambda: abs(film(page).evaluate("film => film.currentTime") - 301.5 / 30) < 0.001, "one frame on")
    page.keyboard.press(",")
    until(page, lambda: abs(film(page).evaluate("film => film.currentTime") - 300.5 / 30) < 0.001, "one frame back")
    page.keyboard.press(">")
    has(page, "playbackRate", 1.25)
    expect(page.get_by_label("Speed")).to_have_value("1.25")
    page.get_by_role("slider", name="Position").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("slider", name="Position")).to_have_attribute("aria-valuetext", "0:15 of 1:00")
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("slider", name="Position")).to_have_attribute("aria-valuetext", "0:10 of 1:00")
    page.keyboard.press("Home")
    has(page, "currentTime", 0)
    page.keyboard.press("PageDown")
    expect(viewer(page)).to_have_accessible_name("Video, 1:05, 13 July 2024 at 08:30")
    page.keyboard.press("f")
    expect(viewer(page)).to_have_accessible_name("Video, 1:05, 13 July 2024 at 08:30, favourite")
    page.keyboard.press("f")
    page.keyboard.press("ArrowLeft")
    expect(viewer(page)).to_have_accessible_name("Video, 1:00, 14 July 2024 at 08:30")


def test_sound_is_kept_for_the_next_video_and_speed_is_not(open_page: Callable[..., Page], films: Films) -> None:
    page = open_page("/")
    tile(page, films.played).click()
    plays(page)
    page.get_by_label("Speed").select_option("2")
    has(page, "playbackRate", 2)
    page.get_by_role("slider", name="Volume").fill("0.4")
    page.keyboard.press("m")
    has(page, "muted", True)
    page.goto(f"/photo/{films.upright}")
    plays(page)
    for name, value in (("muted", True), ("playbackRate", 1)):
        has(page, name, value)
    assert abs(film(page).evaluate("film => film.volume") - 0.4) < 0.001


def test_it_fills_the_screen_with_its_controls_and_leaves_it_with_the_viewer(
    open_page: Callable[..., Page], films: Films
) -> None:
    page = open_page("/")
    tile(page, films.played).click()
    plays(page)
    page.keyboard.press("Shift+F")
    expect(page.get_by_role("button", name="Leave full screen")).to_be_visible()
    assert page.evaluate("document.fullscreenElement.getAttribute('role')") == "dialog"
    page.get_by_role("button", name="Back to your photos").click()
    expect(viewer(page)).to_have_count(0)
    page.wait_for_function("() => document.fullscreenElement === null")


def test_a_video_that_is_being_made_says_how_far_it_is_and_comes_by_itself(
    open_page: Callable[..., Page], films: Films
) -> None:
    page = open_page("/")
    page.route(PLAYBACK, answering(MAKING))
    tile(page, films.upright).click()
    expect(page.get_by_text("This video is being made ready to play.")).to_be_visible()
    expect(page.get_by_role("progressbar", name="How far it is")).to_have_js_property("value", 0.42)
    page.unroute(PLAYBACK)
    plays(page)
    expect(page.get_by_role("progressbar")).to_have_count(0)


def test_a_video_that_failed_says_why_and_offers_the_original(open_page: Callable[..., Page], films: Films) -> None:
    page = open_page("/")
    page.route(PLAYBACK, answering(FAILED))
    tile(page, films.unplayed).click()
    alert = viewer(page).get_by_role("alert")
    expect(alert).to_contain_text("This video can’t be played here.")
    expect(alert).to_contain_text("The file is damaged.")
    with page.expect_download() as download:
        alert.get_by_role("button", name="Download the original").click()
    assert download.value.suggested_filename == "unplayed.mp4"


def test_a_video_that_the_browser_cannot_read_says_so_and_offers_the_original(
    open_page: Callable[..., Page], films: Films
) -> None:
    page = open_page("/")
    page.route("**/pinhole-originals/**", lambda route: route.fulfill(content_type="video/mp4", body="no film"))
    tile(page, films.played).click()
    alert = viewer(page).get_by_role("alert")
    expect(alert).to_contain_text("Your browser can’t play this video.")
    expect(alert.get_by_role("button", name="Download the original")).to_be_visible()


def test_an_address_that_has_run_out_is_made_anew(open_page: Callable[..., Page], films: Films) -> None:
    page = open_page("/")
    asked: list[str] = []

    def forge(route: Route) -> None:
        asked.append(route.request.url)
        answer = route.fetch()
        told = answer.json()
        if len(asked) == 1:
            told["source"]["url"] = re.sub(r"(X-Amz-Signature=)\w+", r"\g<1>0", told["source"]["url"])
        route.fulfill(response=answer, json=told)

    page.route(PLAYBACK, forge)
    tile(page, films.played).click()
    plays(page)
    assert len(asked) == 2


def test_a_video_plays_in_its_tile_while_the_mouse_rests_on_it(open_page: Callable[..., Page], films: Films) -> None:
    page = open_page("/")
    playing = page.locator(".grid video")
    tile(page, films.played).hover()
    expect(playing).to_have_class("shown")
    expect(tile(page, films.played).locator("video")).to_have_count(1)
    for name in ("muted", "loop"):
        expect(playing).to_have_js_property(name, True)
    page.evaluate("window.before = document.querySelector('.grid video')")
    tile(page, films.upright).hover()
    expect(tile(page, films.upright).locator("video")).to_have_class("shown")
    expect(playing).to_have_count(1)
    assert page.evaluate("[window.before.paused, window.before.networkState]") == [True, 0]
    page.mouse.move(5, 5)
    expect(playing).to_have_count(0)


def test_a_photo_that_moves_says_so_and_plays_once_beneath_the_mouse(
    open_page: Callable[..., Page], films: Films
) -> None:
    page = open_page("/")
    expect(tile(page, films.live)).to_have_accessible_name("Live photo, 11 July 2024 at 10:00")
    expect(tile(page, films.live).locator(".live")).to_be_visible()
    expect(tile(page, films.still).locator(".live")).to_have_count(0)
    tile(page, films.live).hover()
    expect(tile(page, films.live).locator("video")).to_have_class("shown")
    tile(page, films.live).locator("video").evaluate(TO_ITS_END)
    expect(page.locator(".grid video")).to_have_count(0)


def test_the_clip_of_a_photo_plays_by_a_button_by_a_key_and_while_it_is_held(
    open_page: Callable[..., Page], films: Films
) -> None:
    page = open_page("/")
    tile(page, films.live).click()
    button = viewer(page).get_by_role("button", name="Play the live photo")
    presses: list[Callable[[], None]] = [button.click, lambda: page.keyboard.press("k")]
    for press in presses:
        press()
        expect(film(page)).to_have_class("shown")
        expect(button).to_have_attribute("aria-pressed", "true")
        film(page).evaluate(TO_ITS_END)
        expect(film(page)).to_have_count(0)
    still(page)
    page.mouse.move(640, 400)
    page.mouse.down()
    expect(film(page)).to_have_class("shown")
    page.mouse.up()
    expect(film(page)).to_have_count(0)
    expect(viewer(page)).to_have_accessible_name("Live photo, 11 July 2024 at 10:00")


def test_a_finger_plays_the_clip_too(open_page: Callable[..., Page], films: Films) -> None:
    page = open_page(f"/photo/{films.live}", **KINDS["phone"])
    expect(viewer(page).get_by_role("img", name=re.compile("^Live photo"))).to_be_visible()
    still(page)
    device = page.context.new_cdp_session(page)
    device.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": 195, "y": 420}]})
    expect(film(page)).to_have_class("shown")
    device.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(film(page)).to_have_count(0)


def test_one_looks_around_in_a_panorama_and_comes_back(open_page: Callable[..., Page], films: Films) -> None:
    page = open_page("/")
    tile(page, films.panorama).click()
    name = viewer(page).get_attribute("aria-label")
    viewer(page).get_by_role("button", name="Look around").click()
    around = page.get_by_role("application", name=re.compile("^Panorama"))
    expect(page.get_by_role("button", name="Closer")).to_be_enabled()
    still(page)
    before = around.screenshot()
    page.keyboard.down("ArrowRight")
    until(page, lambda: around.screenshot() != before, "it does not turn")
    page.keyboard.up("ArrowRight")
    expect(viewer(page)).to_have_attribute("aria-label", str(name))
    page.keyboard.press("Escape")
    expect(around).to_have_count(0)
    expect(viewer(page)).to_be_focused()


def test_who_taps_a_video_sees_it_alone_and_its_controls_again(open_page: Callable[..., Page], films: Films) -> None:
    page = open_page(f"/photo/{films.upright}", **KINDS["phone"])
    plays(page)
    page.get_by_role("button", name="Pause").tap()
    page.touchscreen.tap(195, 300)
    controls = page.get_by_role("group", name="Controls of the video")
    expect(controls).to_have_css("opacity", "0")
    page.touchscreen.tap(195, 300)
    expect(controls).to_have_css("opacity", "1")
    position = box_of(page.get_by_role("slider", name="Position"))
    page.touchscreen.tap(position["x"] + position["width"] / 2, position["y"] + position["height"] / 2)
    until(page, lambda: abs(film(page).evaluate("film => film.currentTime") - 32.5) < 2, "it is not in the middle")


def test_its_details_say_how_it_is_coded_and_where_its_time_is_from(
    open_page: Callable[..., Page], films: Films
) -> None:
    page = open_page(f"/photo/{films.played}")
    page.get_by_role("button", name="Details").click()
    details = page.get_by_role("complementary", name="Details")
    for text in ("1:00", "H.264 · AAC · 30 fps", "From the video"):
        expect(details.get_by_text(text, exact=True)).to_be_visible()


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_of_what_plays_breaks_a_rule_that_axe_knows(
    open_page: Callable[..., Page], films: Films, kind: str
) -> None:
    page = open_page("/", **KINDS[kind], reduced_motion="reduce")
    expect(tile(page, films.played)).to_be_visible()
    found = [*violations(page)]
    states: list[tuple[str, dict[str, Any] | None]] = [
        (films.played, None),
        (films.unplayed, None),
        (films.played, MAKING),
        (films.unplayed, FAILED),
        (films.live, None),
        (films.panorama, None),
    ]
    for item_id, told in states:
        page.unroute_all()
        if told:
            page.route(PLAYBACK, answering(told))
        page.goto(f"/photo/{item_id}")
        shown = {"making": page.get_by_role("progressbar"), "failed": page.get_by_role("alert")}
        expect(shown[told["state"]] if told else viewer(page)).to_be_visible()
        settled(page)
        found += [f"{item_id} {told}: {violation}" for violation in violations(page)]
    page.get_by_role("button", name="Look around").click()
    expect(page.get_by_role("button", name="Closer")).to_be_enabled()
    settled(page)
    found += violations(page)
    assert found == []


def test_nothing_of_what_plays_is_wider_than_the_narrowest_phone(open_page: Callable[..., Page], films: Films) -> None:
    page = open_page(f"/photo/{films.played}")
    expect(page.get_by_role("slider", name="Position")).to_be_enabled()
    page.keyboard.press("k")
    assert_fits(page, "playing")
    page.route(PLAYBACK, answering(FAILED))
    page.goto(f"/photo/{films.unplayed}")
    expect(viewer(page).get_by_role("alert")).to_be_visible()
    assert_fits(page, "failed")
