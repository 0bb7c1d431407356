"""What is searched for becomes vectors, once models are there; until then search is told so, and waits for nothing."""

import io
import logging
import math
import struct
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from api import encoding
from api.encoding import Encoded, encoded, takes_pictures
from pinhole.errors import Invalid, NotWithThisSet
from pinhole.search.cut_off import CutOff
from pinhole.seen import Model, Role
from pinhole_models import loading
from pinhole_models.model_set import ModelSet
from pinhole_models.pictures import MAX_PIXELS
from tests.fixtures import tiny_clip
from tests.fixtures.cloud import Cloud

SearchWith = Callable[..., None]


@pytest.fixture
def tiny(tmp_path: Path, search_with: SearchWith) -> ModelSet:
    """A set whose vectors are random, and which search uses."""
    made = tiny_clip.made_in(tmp_path)
    search_with(tmp_path, tmp_path / "tiny.toml")
    return made


@contextmanager
def held_back(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Within it models load no further than to their beginning, and nobody waits for them. Which began to load."""
    goes_on = threading.Event()
    began: list[str] = []
    load = loading.load

    def wait_first(models: ModelSet, role: str) -> object:
        began.append(role)
        goes_on.wait()
        return load(models, role)

    monkeypatch.setattr(loading, "load", wait_first)
    patience = encoding.WAIT_SECONDS
    monkeypatch.setattr(encoding, "WAIT_SECONDS", 0)
    try:
        yield began
    finally:
        monkeypatch.setattr(encoding, "WAIT_SECONDS", patience)
        goes_on.set()


def ready(*texts: str, picture: bytes | None = None) -> Encoded:
    """Once models are loaded: a busy machine takes longer than a request waits."""
    while (made := encoded(texts, picture)).state == "warming":
        pass
    return made


def image(form: str = "PNG", *, side: int = 20, **options: Any) -> bytes:
    """A picture of noise."""
    content = io.BytesIO()
    noise = np.random.default_rng(side).integers(0, 256, (side, side, 3), dtype=np.uint8)
    Image.fromarray(noise).save(content, form, **options)
    return content.getvalue()


def test_the_embedded_set_finds_texts_alike_in_three_languages(embedded: ModelSet, search_with: SearchWith) -> None:
    search_with(embedded.directory)
    made = ready("a dog on the beach", "een hond op het strand", "ein Hund am Strand", "an invoice")
    assert made.state == "ready"
    assert made.model == Model(Role.IMAGE_EMBEDDING, "conse-use-multilingual-3", "1", 512)
    vectors = np.array([text.vector for text in made.texts])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1] * 4)
    alike = vectors @ vectors[0]
    assert min(alike[1:3]) > 0.7 > 0.5 > alike[3]


def test_texts_and_pictures_come_together(tiny: ModelSet) -> None:
    made = ready("a cat", "a dog", picture=image())
    assert made.state == "ready"
    assert made.model == tiny.models()[Role.IMAGE_EMBEDDING]
    assert made.picture is not None
    first, second = (text.vector for text in made.texts)
    assert [len(vector) for vector in (first, second, made.picture)] == [tiny_clip.DIMENSION] * 3
    assert first != second


def test_a_picture_alone_needs_no_encoder_of_texts(tiny: ModelSet, monkeypatch: pytest.MonkeyPatch) -> None:
    with held_back(monkeypatch) as began:
        assert encoded([], image()).state == "warming"
    assert ready(picture=image()).picture is not None
    assert began == [Role.IMAGE_EMBEDDING]


def test_a_request_is_told_that_models_load_and_the_next_one_finds_them(
    tiny: ModelSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    with held_back(monkeypatch):
        assert encoded(["a cat"]) == Encoded("warming")
        assert encoded(["a cat"]) == Encoded("warming")
    assert ready("a cat").state == "ready"


def test_requests_at_once_load_once(tiny: ModelSet, monkeypatch: pytest.MonkeyPatch) -> None:
    with ThreadPoolExecutor(8) as requests:
        with held_back(monkeypatch) as began:
            told = list(requests.map(lambda _: encoded(["a cat"]).state, range(16)))
        assert told == ["warming"] * 16
        assert {made.state for made in requests.map(lambda _: ready("a cat"), range(16))} == {"ready"}
    assert len(began) == 1


def test_where_no_models_are_named_words_are_all_there_is(search_with: SearchWith) -> None:
    search_with("")
    assert encoded(["a cat"]) == Encoded("unavailable")


def test_models_that_come_after_the_start_are_found_without_another_start(
    tiny: ModelSet, caplog: pytest.LogCaptureFixture
) -> None:
    file = tiny.directory / "tiny/textual/model.onnx"
    content = file.read_bytes()
    file.unlink()
    assert ready("a cat") == Encoded("unavailable")
    [record] = [record for record in caplog.records if record.message == "models_not_loaded"]
    assert record.exc_info is not None
    assert "textual/model.onnx, which is not there" in str(record.exc_info[1])
    file.write_bytes(content)
    assert ready("a cat").state == "ready"


def test_a_failure_is_not_met_anew_by_each_request(
    tiny: ModelSet, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(encoding, "RETRY_SECONDS", math.inf)
    (tiny.directory / "tiny/textual/model.onnx").unlink()
    assert [ready("a cat").state for _ in range(3)] == ["unavailable"] * 3
    assert [record.message for record in caplog.records if record.levelno >= logging.ERROR] == ["models_not_loaded"]


def test_a_file_that_is_not_the_one_of_the_set_is_not_used(
    embedded: ModelSet, search_with: SearchWith, tmp_path: Path
) -> None:
    search_with(tmp_path)
    _lay(embedded, tmp_path, cut="text/weights.npz")
    assert ready("a cat") == Encoded("unavailable")
    _lay(embedded, tmp_path)
    assert ready("a cat").state == "ready"


def _lay(models: ModelSet, directory: Path, cut: str = " ") -> None:
    for path in models.only("text_embedding").files:
        content = (models.directory / path).read_bytes()
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_bytes(content[:-1] if path.endswith(cut) else content)


def test_a_set_that_there_is_not_leaves_words(search_with: SearchWith, tmp_path: Path) -> None:
    search_with(tmp_path, "imagined")
    assert ready("a cat") == Encoded("unavailable")
    assert not takes_pictures()


def test_an_encoder_that_fails_leaves_words(
    tiny: ModelSet, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert ready("a cat").state == "ready"

    def fail(text: str) -> encoding.Vector:
        raise MemoryError(text)

    monkeypatch.setattr(encoding._texts, "get", lambda seconds: fail)
    assert encoded(["a cat"]) == Encoded("unavailable")
    assert [record.message for record in caplog.records if record.levelno >= logging.ERROR] == ["not_encoded"]


@pytest.mark.parametrize("wrong", [np.nan, 0.0])
def test_a_model_whose_vectors_are_none_is_not_used(tiny: ModelSet, wrong: float) -> None:
    weights = np.full((tiny_clip.TOKENS, tiny_clip.DIMENSION), wrong, np.float32)
    with np.errstate(invalid="ignore"):
        tiny_clip.write(tiny.directory / "tiny/textual/model.onnx", "text", 6, [tiny_clip.TOKENS], weights)
        assert ready("a cat") == Encoded("unavailable")


def test_a_text_is_encoded_once(tiny: ModelSet, monkeypatch: pytest.MonkeyPatch) -> None:
    first = ready("a cat")
    monkeypatch.setattr(encoding, "_checked", lambda vectors: pytest.fail("encoded again"))
    assert encoded(["a cat"]).texts == first.texts


def test_numbers_by_which_a_set_says_that_nothing_is_alike_come_along(tmp_path: Path, search_with: SearchWith) -> None:
    tiny_clip.made_in(tmp_path)
    numbers = {"mean": 1.5, "nearest": 0.3, "sure": 0.1, "maybe": 0, "within": 0.2, "growth": 0.1, "alike": 0.75}
    told = "".join(f"options.cut_off.{name} = {value}\n" for name, value in numbers.items())
    (tmp_path / "tiny.toml").write_text(tiny_clip.SET.replace("[[files]]", f"{told}[[files]]", 1))
    search_with(tmp_path, tmp_path / "tiny.toml")
    made = ready("a cat")
    assert made.cut_off == CutOff(**numbers)
    assert made.texts[0].chance is None


def test_the_embedded_set_takes_no_pictures(embedded: ModelSet, search_with: SearchWith) -> None:
    search_with(embedded.directory)
    assert not takes_pictures()
    with pytest.raises(NotWithThisSet) as refused:
        encoded([], image())
    assert refused.value.code == "not_with_this_set"


def test_whether_pictures_are_taken_is_known_before_anything_is_loaded(
    tiny: ModelSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    with held_back(monkeypatch) as began:
        assert takes_pictures()
    assert began == []


@pytest.mark.parametrize(
    ("form", "options"), [("JPEG", {"quality": 100, "subsampling": 0}), ("WEBP", {"lossless": True})]
)
def test_a_picture_is_the_same_in_each_format(tiny: ModelSet, form: str, options: dict[str, Any]) -> None:
    made, expected = ready(picture=image(form, **options)), ready(picture=image())
    assert made.picture == pytest.approx(expected.picture, abs=0.05)


def test_a_picture_is_turned_as_it_says(tiny: ModelSet) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    upside_down = io.BytesIO()
    Image.open(io.BytesIO(image())).rotate(180).save(upside_down, "PNG")
    turned = ready(picture=image(exif=exif)).picture
    assert turned == pytest.approx(ready(picture=upside_down.getvalue()).picture)


def test_a_picture_is_turned_though_its_exif_is_odd(tiny: ModelSet) -> None:
    odd = b"Exif\0\0II*\0\x08\0\0\0\2\0" + struct.pack("<HHIHHHHII", 0x0112, 3, 1, 3, 0, 0x0100, 1, 1, 97) + bytes(4)
    exif = Image.Exif()
    exif[0x0112] = 3
    assert ready(picture=image("JPEG", exif=odd)).picture == ready(picture=image("JPEG", exif=exif)).picture


def test_what_is_not_opaque_is_shown_on_white(tiny: ModelSet) -> None:
    clear, white = io.BytesIO(), io.BytesIO()
    Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(clear, "PNG")
    Image.new("RGB", (20, 20), "white").save(white, "PNG")
    assert ready(picture=clear.getvalue()).picture == ready(picture=white.getvalue()).picture


def _bomb() -> bytes:
    content = io.BytesIO()
    Image.new("1", (1, MAX_PIXELS + 1)).resize((1001, MAX_PIXELS // 1000)).save(content, "PNG")
    return content.getvalue()


def _scans() -> bytes:
    whole = image("JPEG", progressive=True)
    begin = whole.rindex(b"\xff\xda")
    return whole[:begin] + whole[begin:-2] * 200 + whole[-2:]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is no JPEG, PNG or WebP"),
        (b"no picture at all", "is no JPEG, PNG or WebP"),
        (image("GIF"), "is no JPEG, PNG or WebP"),
        (image("TIFF"), "is no JPEG, PNG or WebP"),
        (image()[:-400], "is broken"),
        (image("JPEG")[:-200], "is broken"),
        (image("WEBP")[:-100], "is "),
        (_bomb(), "pixels: at most 4,194,304"),
        (_scans(), "is a JPEG of more scans"),
    ],
    ids=["empty", "text", "GIF", "TIFF", "cut PNG", "cut JPEG", "cut WebP", "many pixels", "many scans"],
)
def test_what_is_no_picture_is_refused_by_the_name_of_its_field(tiny: ModelSet, content: bytes, says: str) -> None:
    with pytest.raises(Invalid) as refused:
        encoded([], content)
    [wrong] = refused.value.fields
    assert wrong.field == "picture"
    assert says in wrong.message


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_bytes_that_are_changed_at_random_are_refused_or_a_picture(tiny: ModelSet) -> None:
    random = np.random.default_rng(10)
    exif = Image.Exif()
    exif[0x0112] = 6
    refused: list[Invalid] = []
    for form in ("JPEG", "PNG", "WEBP"):
        whole = image(form, exif=exif)
        for _ in range(200):
            broken = bytearray(whole)
            for place in random.integers(0, min(len(whole), 200), 3):
                broken[place] = random.integers(0, 256)
            try:
                encoding._pixels(bytes(broken))
            except Invalid as error:
                refused.append(error)
    assert len(refused) > 100
    assert {wrong.field for error in refused for wrong in error.fields} == {"picture"}


def test_models_are_fetched_from_a_bucket_and_only_those_of_search(
    embedded: ModelSet, search_with: SearchWith, cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    texts = embedded.only("text_embedding").files
    for path in texts:
        cloud.s3.put_object(Bucket="originals", Key=f"models/{path}", Body=(embedded.directory / path).read_bytes())
    search_with("s3://originals/models")
    assert ready("a cat").state == "ready"
    lying = [path for path in (tmp_path / "pinhole-models").rglob("*") if path.is_file()]
    assert {path.relative_to(tmp_path / "pinhole-models").as_posix() for path in lying} == set(texts)


def test_a_bucket_without_the_models_leaves_words_until_they_are_there(
    embedded: ModelSet, search_with: SearchWith, cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    search_with("s3://originals/later")
    assert ready("a cat") == Encoded("unavailable")
    for path in embedded.only("text_embedding").files:
        cloud.s3.put_object(Bucket="originals", Key=f"later/{path}", Body=(embedded.directory / path).read_bytes())
    assert ready("a cat").state == "ready"


def test_a_set_that_only_torch_runs_leaves_words(search_with: SearchWith, tmp_path: Path) -> None:
    search_with(tmp_path, "clip-torch")
    assert ready("a cat") == Encoded("unavailable")
    assert not takes_pictures()
