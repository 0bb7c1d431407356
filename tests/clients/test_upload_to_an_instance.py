"""`pinhole-upload` and the client beneath it, against the whole of Pinhole."""

import shutil
import tempfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from pinhole_client import Client, Problem
from pinhole_client.upload import command
from tests.clients.conftest import write
from tests.fixtures.instance import ACCOUNT, Instance

SIDE = 2500  # without compression 18 MB: sent in two parts


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    """One with a user."""
    directory = Path(tempfile.mkdtemp(prefix="pinhole-test-"))
    with Instance(directory) as running:
        running.register()
        yield running
    shutil.rmtree(directory)


@pytest.fixture
def client(instance: Instance) -> Client:
    """A client with a session of that user."""
    client = Client(instance.origin)
    client.log_in(ACCOUNT["name"], ACCOUNT["password"])
    return client


def picture(kind: str, color: tuple[int, int, int], side: int = 64) -> bytes:
    file = BytesIO()
    Image.new("RGB", (side, side), color).save(file, kind)
    return file.getvalue()


def test_a_tree_becomes_photos_and_what_is_none_is_told(
    instance: Instance,
    client: Client,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    write(tmp_path / "trip" / "Cafe\u0301.jpg", picture("JPEG", (200, 30, 30)))
    write(tmp_path / "trip" / "day two" / "large.bmp", picture("BMP", (30, 200, 30), SIDE))
    write(tmp_path / "trip" / "letter.jpg", b"Dear Ann, this is no photo.")
    environment = {
        "PINHOLE_SERVER": instance.origin,
        "PINHOLE_NAME": ACCOUNT["name"],
        "PINHOLE_PASSWORD": ACCOUNT["password"],
    }
    assert command.run([str(tmp_path / "trip")], environment) == 1
    told = capsys.readouterr().err
    assert f"{tmp_path / 'trip' / 'letter.jpg'}: " in told
    assert "2 files added, 0 there already, 1 failed\n" in told
    items = [
        client.item(item)
        for month in client.timeline()["months"]
        for item in client.call("GET", f"/timeline/{month['month']}")["ids"]
    ]
    assert sorted(str(item["relativePath"]) for item in items) == ["trip/Caf\u00e9.jpg", "trip/day two/large.bmp"]
    assert command.run([str(tmp_path / "trip" / "day two")], environment) == 0
    assert "0 files added, 1 there already\n" in capsys.readouterr().err


def test_a_key_that_may_upload_is_enough_to_send_a_folder(
    instance: Instance,
    client: Client,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    write(tmp_path / "trip" / "small.jpg", picture("JPEG", (1, 2, 3)))
    write(tmp_path / "trip" / "large.bmp", picture("BMP", (3, 2, 1), SIDE))
    made = client.call(
        "POST", "/auth/keys", {"name": "Every night", "scopes": ["upload"], "currentPassword": ACCOUNT["password"]}
    )
    environment = {"PINHOLE_SERVER": instance.origin, "PINHOLE_TOKEN": made["token"]}
    assert command.run([str(tmp_path / "trip")], environment) == 0
    assert "2 files added" in capsys.readouterr().err
    client.request("DELETE", f"/auth/keys/{made['key']['id']}")
    assert command.run([str(tmp_path / "trip")], environment) == 3
    assert "This key is not known, or was revoked." in capsys.readouterr().err


def test_an_access_token_that_is_refused_is_renewed(client: Client) -> None:
    assert client.access_token is not None
    client.access_token = refused = f"{client.access_token[:-4]}AAAA"
    assert client.me()["name"] == ACCOUNT["name"]
    assert client.access_token != refused
    # Its refresh token was used up, and is no more once the session has ended elsewhere.
    client.request("POST", "/auth/logout")
    assert client.me()["name"] == ACCOUNT["name"]


def test_a_problem_tells_its_code_field_and_sentence(client: Client) -> None:
    with pytest.raises(Problem) as refused:
        client.begin({"filename": "", "sizeBytes": 1, "sha256": "0" * 64})
    assert (refused.value.status, refused.value.code) == (422, "invalid")
    assert [wrong.field for wrong in refused.value.fields] == ["filename"]
    assert "filename: " in str(refused.value)
