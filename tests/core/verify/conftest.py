"""Fixtures of the consistency check."""

from datetime import timedelta

import pytest

from pinhole import verify
from pinhole.verify import streams
from tests.core.verify.checking import empty
from tests.fixtures.ingest import Inbox


@pytest.fixture(autouse=True)
def _no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "GRACE", timedelta(0))
    monkeypatch.setattr(streams, "PAGE", 2)


@pytest.fixture
def library(inbox: Inbox) -> Inbox:
    """An inbox whose buckets hold nothing of other tests."""
    for bucket in ("originals", "renditions"):
        empty(inbox.cloud, bucket)
    return inbox
