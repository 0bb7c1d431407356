"""What models found in a photo, in its details and on its picture. What they found is made up here, whoever looked."""

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

from tests.e2e.conftest import (
    Photo,
    box_of,
    log_in,
    newest,
    open_first,
    picture,
    requests_of,
    still,
    until,
    viewer,
)

NOTHING: dict[str, Any] = {
    "state": "done", "models": [], "tags": [], "objects": [], "faces": [], "text": [], "colours": None, "quality": None,
    "caption": None, "captionWaits": False,
}  # fmt: skip
WAITING = NOTHING | {"state": "waiting"}
TRAIN = {"left": 0.5, "top": 0.25, "width": 0.25, "height": 0.5}
LEVEL = [(0.1, 0.2), (0.5, 0.2), (0.5, 0.3), (0.1, 0.3)]
DOWN = [(0.9, 0.1), (0.9, 0.7), (0.8, 0.7), (0.8, 0.1)]
FOUND = NOTHING | {
    "tags": [{"name": "evening", "score": 0.75}, {"name": "station", "score": 0.5}],
    "objects": [
        {"name": "train", "score": 0.75, "box": TRAIN},
        {"name": "person", "score": 0.5, "box": {"left": 0, "top": 0.5, "width": 0.125, "height": 0.5}},
        {"name": "person", "score": 0.5, "box": {"left": 0.2, "top": 0.5, "width": 0.125, "height": 0.5}},
    ],
    "faces": [
        {
            "box": {"left": 0.03, "top": 0.5, "width": 0.0625, "height": 0.125},
            "landmarks": [{"x": 0.05, "y": 0.55}] * 5,
            "confidence": 0.9,
            "sizePx": 75,
            "sharpness": 0.5,
        }
    ],
    "text": [
        {"text": text, "score": 0.9, "corners": [{"x": x, "y": y} for x, y in corners]}
        for text, corners in (("Gleis 4 nach Brücke", LEVEL), ("Ausgang", DOWN))
    ],
    "colours": {
        "dominant": [{"colour": "#1e6fd9", "share": 0.75}, {"colour": "#ffffff", "share": 0.25}],
        "hue": 210,
        "saturation": 0.5,
        "lightness": 0.5,
        "histogram": [0] * 15,
    },
    "quality": {"sharpness": 0.75, "noise": 0.25, "exposure": 0.5, "overall": 62.5},
}

SAID: dict[str, Any] = {
    "caption": "Two people wait for a train in the evening.",
    "mainSubject": "train",
    "setting": "station",
    "pets": True,
    "animalType": "dog",
    "vehicle": "train",
    "landmark": None,
    "food": None,
    "drink": None,
    "event": None,
    "activity": "waiting",
    "documentType": None,
    "peopleCount": 2,
    "mood": "cheerful",
    "indoor": False,
    "landscape": False,
    "cityscape": True,
}


def answer_with(page: Page, *analyses: dict[str, Any] | None) -> None:
    """Items are as they are, but for what models found in them: this, one after the other, the last for good."""
    left = list(analyses)

    def changed(route: Route) -> None:
        answer = route.fetch()
        analysis = left.pop(0) if len(left) > 1 else left[0]
        route.fulfill(response=answer, body=json.dumps({**answer.json(), "analysis": analysis}))

    page.route(re.compile("/api/items/[0-9A-Za-z]{12}$"), changed)


def details(page: Page) -> Locator:
    return page.get_by_role("complementary", name="Details")


def open_details(page: Page) -> None:
    """Of the first photo; the viewer itself has asked for them once before."""
    with page.expect_response(re.compile("/api/items/[0-9A-Za-z]{12}$")):
        open_first(page)
    page.keyboard.press("i")


@pytest.fixture
def shown(window: Page) -> Page:
    """A window that shows the first photo, with its details and what was found."""
    window.context.grant_permissions(["clipboard-read", "clipboard-write"])
    answer_with(window, FOUND)
    open_first(window)
    expect(picture(window)).to_have_js_property("naturalWidth", 900)
    window.keyboard.press("i")
    expect(details(window)).to_contain_text("In this photo")
    still(window)
    return window


def on_picture(page: Page, element: Locator) -> list[float]:
    """Left, top, right and bottom of an element, as shares of the picture's pixels."""
    shares: list[float] = element.evaluate(
        """(element, image) => {
            const around = image.getBoundingClientRect(), ratio = image.naturalWidth / image.naturalHeight
            const width = Math.min(around.width, around.height * ratio), height = width / ratio
            const left = around.x + (around.width - width) / 2, top = around.y + (around.height - height) / 2
            const box = element.getBoundingClientRect()
            return [(box.left - left) / width, (box.top - top) / height,
                    (box.right - left) / width, (box.bottom - top) / height]
        }""",
        picture(page).element_handle(),
    )
    return shares


def expect_on_picture(page: Page, element: Locator, wanted: list[float], tolerance: float) -> None:
    """Both of one frame; what follows the picture by code does so a frame later."""
    until(
        page,
        lambda: on_picture(page, element) == pytest.approx(wanted, abs=tolerance),
        f"it does not lie at {wanted} of the picture",
    )


def bounds(corners: list[tuple[float, float]]) -> list[float]:
    across, along = [x for x, _ in corners], [y for _, y in corners]
    return [min(across), min(along), max(across), max(along)]


def texts_of(page: Page) -> Locator:
    return viewer(page).get_by_role("group", name="Text in this photo")


def selected(page: Page) -> str:
    return str(page.evaluate("() => getSelection().toString()"))


def test_the_details_tell_what_was_found(shown: Page) -> None:
    panel = details(shown)
    for text in ("evening", "station", "2 lines of text", "blue", "white", "Good quality"):
        expect(panel.get_by_text(text, exact=True)).to_be_visible()
    for name in ("1 face", "train", "person × 2"):
        expect(panel.get_by_role("button", name=name, exact=True)).to_be_visible()
    expect(panel.get_by_role("status")).to_have_text("")


def facts(page: Page) -> list[str]:
    """What is told beside a caption."""
    terms, values = (details(page).locator(f".facts > {kind}").all_text_contents() for kind in ("dt", "dd"))
    return [f"{term}: {value}" for term, value in zip(terms, values, strict=True)]


def test_the_details_begin_what_was_found_with_what_is_said_of_it(window: Page) -> None:
    answer_with(window, FOUND | {"caption": SAID})
    open_first(window)
    window.keyboard.press("i")
    found = details(window).get_by_role("heading", name="In this photo").locator("xpath=..")
    expect(found).to_have_text(re.compile(r"^In this photo\s*Two people wait for a train in the evening\."))
    assert facts(window) == [
        "Subject: train",
        "Scene: station · cityscape",
        "People: 2",
        "Mood: cheerful",
        "Activity: waiting",
        "Animal: dog · pet",
        "Vehicle: train",
    ]


def test_a_caption_comes_by_itself_and_leaves_alone_what_is_done_meanwhile(window: Page) -> None:
    waiting = FOUND | {"captionWaits": True}
    answer_with(window, waiting, waiting, waiting, FOUND | {"caption": SAID})
    asked = requests_of(window, "GET", "/api/items/")
    open_details(window)
    train = details(window).get_by_role("button", name="train")
    train.click()
    expect(details(window).get_by_role("status")).to_have_text("")
    expect(details(window).get_by_text("Two people wait")).to_be_visible()
    expect(train).to_have_attribute("aria-pressed", "true")
    assert len(asked) == 4


def test_what_is_said_is_text_in_the_direction_of_its_script_and_as_long_as_it_is(
    open_context: Callable[..., BrowserContext], library: list[Photo]
) -> None:
    page = open_context(viewport={"width": 320, "height": 640}, reduced_motion="reduce").new_page()
    log_in(page)
    expect(newest(page)).to_be_visible()
    said = {"caption": "كلب يركض على الشاطئ.", "mainSubject": "<b>dog</b>", "setting": "x" * 500, "landmark": "برج"}
    answer_with(page, FOUND | {"caption": SAID | said})
    open_first(page)
    page.keyboard.press("i")
    caption = details(page).get_by_text("كلب يركض على الشاطئ.")
    expect(caption).to_have_css("direction", "rtl")
    assert facts(page)[:2] == ["Subject: <b>dog</b>", f"Scene: {'x' * 500} · cityscape"]
    assert details(page).evaluate("panel => panel.scrollWidth <= panel.clientWidth")


def test_where_nothing_is_said_nothing_is_shown_of_it(window: Page) -> None:
    nothing = {name: False if isinstance(value, bool) else None for name, value in SAID.items()}
    answer_with(window, FOUND | {"caption": nothing | {"caption": "", "peopleCount": 0}})
    open_first(window)
    window.keyboard.press("i")
    expect(details(window).get_by_text("evening")).to_be_visible()
    expect(details(window).locator(".caption, .facts")).to_have_count(0)


def test_boxes_are_shown_when_asked_for_and_lie_where_things_are_however_the_picture_is_moved(shown: Page) -> None:
    boxes = viewer(shown).locator(".box")
    expect(boxes).to_have_count(0)
    shown.get_by_label("Show what was found").check()
    expect(boxes).to_have_count(4)
    train = boxes.filter(has_text="train")
    wanted = [TRAIN["left"], TRAIN["top"], TRAIN["left"] + TRAIN["width"], TRAIN["top"] + TRAIN["height"]]
    expect_on_picture(shown, train, wanted, 0.002)
    whole = box_of(picture(shown))
    shown.keyboard.press("+")
    shown.keyboard.press("+")
    shown.wait_for_function(
        "([image, width]) => image.getBoundingClientRect().width > 1.9 * width",
        arg=[picture(shown).element_handle(), whole["width"]],
    )
    shown.mouse.move(300, 700)
    shown.mouse.down()
    shown.mouse.move(200, 650)
    shown.mouse.up()
    expect(viewer(shown).locator(".slide.held")).to_have_count(0)
    expect_on_picture(shown, train, wanted, 0.002)
    shown.get_by_label("Show what was found").uncheck()
    expect(boxes).to_have_count(0)


def face(left: float, top: float, width: float, height: float) -> dict[str, Any]:
    box = {"left": left, "top": top, "width": width, "height": height}
    return {**FOUND["faces"][0], "box": box}


LOOSE = [face(0.03 + column * 0.12, 0.03 + row * 0.19, 0.06, 0.13) for row in range(5) for column in range(8)]
CLOSE = [face(0.005 + column * 0.124, 0.005 + row * 0.2, 0.118, 0.19) for row in range(5) for column in range(8)]
HIDDEN_FACES = """() => {
    const boxes = [...document.querySelectorAll('.box')].map((box) => box.getBoundingClientRect())
    const labels = [...document.querySelectorAll('.label')].map((label) => label.getBoundingClientRect())
    const common = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
        && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1
    const hides = (label, at) => [...boxes, ...labels.slice(0, at)].some((one) => common(label, one))
    return labels.filter((label, at) => label.width && hides(label, at)).length
}"""


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("faces", [LOOSE, CLOSE, LOOSE[:1]], ids=["loose", "close", "one"])
def test_no_label_hides_a_face_and_each_face_has_a_name(window: Page, faces: list[dict[str, Any]], width: int) -> None:
    answer_with(window, NOTHING | {"faces": faces})
    window.set_viewport_size({"width": width, "height": 740})
    open_first(window)
    window.keyboard.press("i")
    window.get_by_label("Show what was found").check()
    boxes = viewer(window).get_by_role("img", name="face", exact=True)
    expect(boxes).to_have_count(len(faces))
    still(window)
    window.wait_for_function(f"() => ({HIDDEN_FACES})() === 0")
    if len(faces) == 1:
        expect(boxes.get_by_text("face")).to_be_visible()
    if faces is CLOSE:
        expect(viewer(window).locator(".label:visible")).to_have_count(0)
        boxes.nth(9).hover()
        expect(viewer(window).locator(".label:visible")).to_have_count(1)
        expect(boxes.nth(9).get_by_text("face")).to_be_visible()


def test_nothing_covers_what_was_found_at_the_upper_edge_of_the_picture(
    open_context: Callable[..., BrowserContext], library: list[Photo]
) -> None:
    page = open_context(viewport={"width": 360, "height": 740}, reduced_motion="reduce").new_page()
    log_in(page)
    expect(newest(page)).to_be_visible()
    corners = [{"x": x, "y": y} for x, y in [(0.05, 0), (0.95, 0), (0.95, 0.08), (0.05, 0.08)]]
    first = {"text": "Die erste Zeile", "score": 0.9, "corners": corners}
    answer_with(page, NOTHING | {"faces": [face(0.45, 0, 0.08, 0.16)], "text": [first]})
    open_first(page)
    page.keyboard.press("i")
    page.get_by_label("Show what was found").check()
    still(page)
    bar = viewer(page).locator(".bar")
    for found in (texts_of(page).get_by_text("Die erste Zeile"), viewer(page).locator(".box")):
        until(page, partial(begins_below, found, bar), "the bar covers what was found")


def begins_below(found: Locator, bar: Locator) -> bool:
    above = box_of(bar)
    return box_of(found)["y"] >= above["y"] + above["height"] - 3


def test_what_is_pointed_at_in_the_details_is_marked_on_the_picture(shown: Page) -> None:
    marked = viewer(shown).locator(".box.marked")
    persons = details(shown).get_by_role("button", name="person × 2")
    persons.hover()
    expect(marked).to_have_text(["person", "person"])
    picture(shown).hover(position={"x": 5, "y": 5})
    expect(marked).to_have_count(0)
    details(shown).get_by_role("button", name="train").focus()
    shown.keyboard.press("Tab")
    expect(marked).to_have_text(["person", "person"])
    shown.keyboard.press("Enter")
    shown.keyboard.press("Tab")
    expect(persons).to_have_attribute("aria-pressed", "true")
    expect(marked).to_have_count(2)
    persons.click()
    picture(shown).hover(position={"x": 5, "y": 5})
    expect(marked).to_have_count(0)


def test_text_lies_over_its_own_picture_level_or_turned(shown: Page) -> None:
    for text, corners in (("Gleis 4 nach Brücke", LEVEL), ("Ausgang", DOWN)):
        line = texts_of(shown).get_by_text(text)
        expect_on_picture(shown, line, bounds(corners), 0.01)
    shown.set_viewport_size({"width": 700, "height": 900})
    line = texts_of(shown).get_by_text("Ausgang")
    expect(line).to_be_visible()
    expect_on_picture(shown, line, bounds(DOWN), 0.01)


def test_text_is_selected_with_the_mouse_without_moving_the_picture(shown: Page) -> None:
    before = picture(shown).bounding_box()
    line = texts_of(shown).get_by_text("Gleis 4").bounding_box()
    assert line
    shown.mouse.move(line["x"] + 1, line["y"] + line["height"] / 2)
    shown.mouse.down()
    shown.mouse.move(line["x"] + line["width"] + 40, line["y"] + line["height"] * 0.8, steps=5)
    shown.mouse.up()
    until(shown, lambda: selected(shown) == "Gleis 4 nach Brücke", "the line is not selected")
    assert picture(shown).bounding_box() == before
    shown.keyboard.press("Control+c")
    expect_copied(shown, "Gleis 4 nach Brücke")


def expect_copied(page: Page, text: str) -> None:
    until(page, lambda: bool(page.evaluate("() => navigator.clipboard.readText()") == text), f"{text} is not copied")


FOCUSED: dict[str, Callable[[Page], object]] = {
    "the text": lambda page: texts_of(page).focus(),
    "the photo": lambda page: viewer(page).focus(),
    "a button of the details": lambda page: details(page).get_by_role("button", name="train").focus(),
    "a box to check": lambda page: page.get_by_label("Show what was found").focus(),
    "nothing": lambda page: page.evaluate("document.activeElement.blur()"),
    "the photo alone": lambda page: page.keyboard.press("i"),
}


@pytest.mark.parametrize("focused", FOCUSED)
def test_text_is_selected_and_copied_with_keys_alone(shown: Page, focused: str) -> None:
    name = viewer(shown).get_attribute("aria-label") or ""
    FOCUSED[focused](shown)
    shown.keyboard.press("Control+a")
    shown.wait_for_function("() => getSelection().toString()")
    shown.keyboard.press("Control+c")
    expect_copied(shown, "Gleis 4 nach Brücke\nAusgang")
    shown.keyboard.press("Shift+ArrowLeft")
    until(shown, lambda: selected(shown).endswith("Ausgan"), "no less is selected")
    expect(viewer(shown)).to_have_accessible_name(name)


def test_where_no_text_was_found_none_of_the_page_is_selected(window: Page) -> None:
    answer_with(window, FOUND | {"text": []})
    open_details(window)
    expect(details(window).get_by_text("evening")).to_be_visible()
    window.keyboard.press("Control+a")
    window.keyboard.press("i")
    expect(details(window)).to_have_count(0)
    window.keyboard.press("Control+a")
    assert selected(window) == ""


def test_in_a_field_all_of_the_field_is_selected(shown: Page) -> None:
    shown.evaluate("document.querySelector('.info').append(document.createElement('input'))")
    field = details(shown).get_by_role("textbox")
    field.fill("fjord")
    field.press("ArrowLeft")
    field.press("Control+a")
    assert field.evaluate("field => [field.selectionStart, field.selectionEnd]") == [0, 5]


def test_all_text_is_copied_by_a_button(shown: Page) -> None:
    details(shown).get_by_role("button", name="Copy text").click()
    expect(shown.get_by_text("The text is copied.")).to_be_visible()
    expect_copied(shown, "Gleis 4 nach Brücke\nAusgang")


def test_what_is_found_while_the_details_are_open_comes_by_itself(window: Page) -> None:
    answer_with(window, WAITING, WAITING, WAITING, FOUND)
    asked = requests_of(window, "GET", "/api/items/")
    open_details(window)
    expect(details(window).get_by_role("status")).to_have_text("Pinhole hasn’t looked at this photo yet.")
    expect(details(window).get_by_text("evening")).to_be_visible()
    assert len(asked) == 4


@pytest.mark.parametrize(
    ("analysis", "sentence"),
    [
        (None, "Pinhole hasn’t looked at this photo yet."),
        (WAITING | {"caption": SAID}, "Pinhole is still looking for more."),
        (NOTHING | {"state": "failed"}, "Pinhole couldn’t look at this photo."),
        (NOTHING | {"state": "failed", "caption": SAID}, "Pinhole couldn’t find out more."),
        (NOTHING, "Pinhole found nothing in this photo."),
        (NOTHING | {"caption": SAID}, ""),
        (NOTHING | {"quality": FOUND["quality"]}, ""),
    ],
)
def test_a_sentence_says_how_it_stands_where_not_all_there_is_is_shown(
    window: Page, analysis: dict[str, Any] | None, sentence: str
) -> None:
    answer_with(window, analysis)
    open_first(window)
    window.keyboard.press("i")
    expect(details(window).get_by_role("heading", name="In this photo")).to_be_visible()
    expect(details(window).get_by_role("status")).to_have_text(sentence)


def test_tags_are_one_list_of_the_ten_likeliest(window: Page) -> None:
    tags = [{"name": f"sight {number}", "score": 0.9 - number / 20} for number in range(12)]
    answer_with(window, NOTHING | {"tags": tags})
    open_first(window)
    window.keyboard.press("i")
    expect(details(window).get_by_role("list")).to_have_count(1)
    expect(details(window).get_by_role("listitem")).to_have_text([f"sight {number}" for number in range(10)])


def test_a_picture_is_called_by_what_is_said_of_it_and_its_date(window: Page) -> None:
    answer_with(window, FOUND | {"caption": SAID})
    open_first(window)
    name = "Photo, 28 July 2024 at 12:59"
    said = f"{name}: Two people wait for a train in the evening."
    expect(viewer(window).get_by_role("img", name=said, exact=True)).to_be_visible()
    expect(viewer(window)).to_have_accessible_name(name)


def test_nothing_sticks_out_on_a_narrow_screen_in_the_colours_of_the_system(
    open_context: Callable[..., BrowserContext], library: list[Photo]
) -> None:
    page = open_context(
        viewport={"width": 320, "height": 640}, forced_colors="active", reduced_motion="reduce"
    ).new_page()
    log_in(page)
    expect(newest(page)).to_be_visible()
    answer_with(page, FOUND)
    open_first(page)
    page.keyboard.press("i")
    page.get_by_label("Show what was found").check()
    assert details(page).evaluate("panel => panel.scrollWidth <= panel.clientWidth")
    # The words of the picture are in the picture.
    line = texts_of(page).get_by_text("Ausgang")
    assert line.evaluate("line => getComputedStyle(line).color") == "rgba(0, 0, 0, 0)"
    marked = viewer(page).locator(".box.marked")
    details(page).get_by_role("button", name="train").click()
    edges = [
        box.evaluate("box => getComputedStyle(box).borderTopColor")
        for box in (marked, viewer(page).locator(".box:not(.marked)").first)
    ]
    assert edges[0] != edges[1]
