"""The worker of an instance gets what it needs, and none of the secrets that the instance has."""

import json
import sys
from pathlib import Path

import pytest

from infra.local import worker
from infra.local.processes import ServiceFailed

TELLS = [sys.executable, "-c", "import json, os; print(json.dumps(dict(os.environ)))"]


def test_it_gets_no_secret_that_it_does_not_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PINHOLE_TOKEN_SECRET", "PINHOLE_MEDIA_KEYS", "PINHOLE_SETUP_TOKEN", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "a secret of the shell")
    monkeypatch.setattr(worker, "_command", lambda: TELLS)
    given = {
        "PINHOLE_DATABASE_URL": "postgresql://pinhole_worker@/pinhole",
        "PINHOLE_MEDIA_KEYS": "a secret",
        "PINHOLE_CAPTION_KEY": "a secret",
    }
    with pytest.raises(ServiceFailed):  # it ends as soon as it has told
        worker.start(tmp_path, given)
    told = json.loads((tmp_path / "log").read_text().splitlines()[0])
    assert told["PINHOLE_DATABASE_URL"] == given["PINHOLE_DATABASE_URL"]
    assert [name for name, value in told.items() if "secret" in value] == []
    assert {name for name in told if name.startswith(("PINHOLE_", "AWS_"))} <= worker.SETTINGS | worker.QUEUES


def test_the_one_that_has_photos_described_gets_the_key_and_no_queues(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_command", lambda: TELLS)
    given = {"PINHOLE_CAPTION_KEY": "sk-1", "PINHOLE_MEDIA_KEYS": "a secret", "PINHOLE_ML_QUEUE_URL": "http://queue"}
    with pytest.raises(ServiceFailed):
        worker.start_captions(tmp_path, given, tmp_path / "captions.toml")
    told = json.loads((tmp_path / "log").read_text().splitlines()[0])
    assert {name for name in told if name.startswith("PINHOLE_")} == {"PINHOLE_CAPTION_KEY"}
