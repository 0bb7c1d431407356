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
    given = {"PINHOLE_DATABASE_URL": "postgresql://pinhole_worker@/pinhole", "PINHOLE_MEDIA_KEYS": "a secret"}
    with pytest.raises(ServiceFailed):  # it ends as soon as it has told
        worker.start(tmp_path, given)
    told = json.loads((tmp_path / "log").read_text().splitlines()[0])
    assert told["PINHOLE_DATABASE_URL"] == given["PINHOLE_DATABASE_URL"]
    assert [name for name, value in told.items() if "secret" in value] == []
    assert {name for name in told if name.startswith(("PINHOLE_", "AWS_"))} <= worker.SETTINGS
