"""Fixtures of every test. What they start is real: PostgreSQL, the object store, the queue."""

from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

pytest_plugins = [
    "tests.fixtures.database",
    "tests.fixtures.cloud",
    "tests.fixtures.ingest",
    "tests.fixtures.api",
    "tests.fixtures.factors",
    "tests.fixtures.uploading",
    "tests.fixtures.mails",
    "tests.fixtures.instance",
    "tests.fixtures.models",
    "tests.fixtures.vision",
    "tests.fixtures.encoding",
]
TESTS = Path(__file__).parent
# What takes longest, by file or folder, the longest first: one of these that began last would run on alone.
LONGEST = [
    "localstack",
    "e2e/test_uploading.py",
    "e2e",
    "infra",
    "gpu_worker/test_worker_killed.py",
    "gpu_worker/video/test_video_killed.py",
    "core/ingest",
    "core/uploads",
    "core/imaging/test_budgets.py",
    "core/imaging/test_refusals.py",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""

    def rank(item: pytest.Item) -> int:
        path = item.path.relative_to(TESTS)
        return next((rank for rank, name in enumerate(LONGEST) if path.is_relative_to(name)), len(LONGEST))

    items.sort(key=rank)


class ByFile(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """Gives each process whole files, since a module's fixtures are made once; and one all that needs the one stack."""

    def _split_scope(self, nodeid: str) -> str:
        return "localstack" if nodeid.startswith("tests/localstack/") else nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    return ByFile(config, log)
