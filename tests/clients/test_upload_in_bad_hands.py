"""`pinhole-upload` with what is broken, hostile or only clumsy: environment, server, memory, terminal, files."""

from pathlib import Path

import pytest

from tests.clients.conftest import Upload
from tests.clients.pretended import Pinhole

SECRET = "a-secret-of-the-tests"


def test_a_token_of_a_file_with_other_line_ends_is_good(server: Pinhole, upload: Upload, tree: Path) -> None:
    server.tokens.add(SECRET)
    assert upload(tree, PINHOLE_TOKEN=f" {SECRET}\r\n") == 0
    assert len(server.library) == 2


@pytest.mark.parametrize("token", [f"{SECRET}\r\nX: y", f"{SECRET}\x00", f"{SECRET}\u20ac"])
def test_a_token_that_can_be_none_is_refused_and_not_shown(
    upload: Upload, tree: Path, token: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        upload(tree, PINHOLE_TOKEN=token)
    assert end.value.code == 2
    told = capsys.readouterr().err
    assert "The access token has characters in it that none has.\n" in told
    assert SECRET not in told


@pytest.mark.parametrize("address", ["http://ann:{}@127.0.0.1:9", "ann:{}@127.0.0.1:9", "http://{}@127.0.0.1"])
def test_an_address_with_a_password_is_refused_and_not_shown(
    upload: Upload, tree: Path, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        upload(tree, "--server", address.format(SECRET))
    assert end.value.code == 2
    told = capsys.readouterr().err
    assert "may hold no user or password" in told
    assert SECRET not in told


@pytest.mark.parametrize("address", ["http://", "http://[::1", "http://host:port", "https://host/\x1b[2J", "host"])
def test_an_address_that_can_be_none_is_refused(
    upload: Upload, tree: Path, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        upload(tree, "--server", address)
    assert end.value.code == 2
    told = capsys.readouterr().err
    assert "is no address like https://photos.example.org" in told
    assert "\x1b" not in told
