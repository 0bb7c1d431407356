"""`python -m infra admin` against a library on this machine: running, stopped, and killed."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.bootstrap import REPOSITORY
from pinhole_client import Client
from tests.fixtures.instance import Instance, eventually
from tests.fixtures.pictures import jpeg

pytestmark = pytest.mark.skipif(os.name != "posix", reason="ends processes by signals")


class Admin:
    """An operator of one data directory."""

    def __init__(self, data: Path) -> None:
        self.data = data

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "infra", "admin", *arguments, "--data", str(self.data)],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
        )

    def says(self, *arguments: str) -> str:
        """What a command prints that does all that it is asked for."""
        ran = self.run(*arguments)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def refuses(self, *arguments: str, code: int) -> str:
        """The one line with which a command ends that can't."""
        ran = self.run(*arguments)
        assert (ran.returncode, ran.stdout) == (code, ""), ran.stderr
        return ran.stderr.splitlines()[-1]

    def asks(self, *arguments: str) -> Any:
        return json.loads(self.says(*arguments, "--json"))

    def queue(self, name: str) -> Any:
        return next(queue for queue in self.asks("queues") if queue["name"] == name)

    def pause_ingest(self, instance: Instance) -> None:
        """Pause, and end the poll that is under way, where one is, by giving it something to take."""
        assert self.says("pause", "ingest").startswith("ingest is pau")
        instance.upload(jpeg(shade=99))
        eventually(lambda: self.queue("ingest"), lambda queue: queue["consumer"] == "paused" and not queue["inFlight"])


@pytest.fixture(scope="module")
def instance(begin_library: Callable[[Path], None]) -> Iterator[Instance]:
    """One instance for tests that leave it in order."""
    directory = Path(tempfile.mkdtemp(prefix="pinhole-test-"))
    begin_library(directory)
    with Instance(directory) as instance:
        instance.register()
        yield instance
    shutil.rmtree(directory)


@pytest.fixture
def admin(instance: Instance) -> Admin:
    return Admin(instance.data)


def test_a_paused_queue_keeps_what_comes_also_over_a_kill_and_gives_it_out_when_resumed(begun: Path) -> None:
    admin = Admin(begun)
    with Instance(begun) as instance:
        instance.register()
        admin.pause_ingest(instance)
        before = admin.queue("ingest")["visible"]
        upload_id = instance.upload(jpeg())
        queue = admin.queue("ingest")
        assert (queue["visible"], queue["inFlight"], queue["consumer"]) == (before + 1, 0, "paused")
        assert queue["oldestSeconds"] >= 0
        assert instance.call("GET", f"/uploads/{upload_id}")["state"] == "waiting"
        for process in instance.processes():
            process.suspend()  # none of them ends by itself, once those are gone that it works with
        for process in instance.processes():
            process.kill()
        instance.kill()
    with Instance(begun, until="Some queues are paused") as instance:
        instance.wait_for("answers at")
        instance.log_in()
        # The ledger has sent again what the queue lost with the kill.
        eventually(lambda: admin.queue("ingest")["visible"], lambda visible: visible >= 1)
        assert instance.call("GET", f"/uploads/{upload_id}")["state"] == "waiting"
        assert admin.says("resume", "ingest") == "ingest is running.\n"
        assert instance.item_of(upload_id)
        assert admin.asks("jobs")[0]["done"] == 2


def test_a_failure_is_listed_read_and_tried_again(instance: Instance, admin: Admin) -> None:
    upload_id = instance.upload(b"just some text")
    failed = eventually(lambda: admin.asks("jobs", "--failed"), bool)
    (failure,) = failed
    assert (failure["uploadId"], failure["owner"], failure["code"]) == (upload_id, "ada", "unsupported_type")

    listed = admin.says("jobs", "--failed")
    for words in (failure["itemId"], "ada", "photo.jpg", "unsupported_type", "FileRejected"):
        assert words in listed
    assert "Traceback" in admin.says("jobs", failure["itemId"])

    admin.pause_ingest(instance)
    assert admin.says("retry", failure["itemId"]) == "1 item is tried again.\n"
    assert admin.asks("jobs", "--failed") == []
    again = admin.run("retry", failure["itemId"])
    assert (again.returncode, again.stdout.splitlines()[-1]) == (0, "0 items are tried again.")
    assert admin.asks("jobs", failure["itemId"])[0]["state"] == "waiting"

    admin.says("resume", "ingest")
    (failed_again,) = eventually(lambda: admin.asks("jobs", "--failed"), bool)
    assert (failed_again["itemId"], failed_again["attempts"]) == (failure["itemId"], 1)
    assert failed_again["finishedAt"] > failure["finishedAt"]


def test_an_administrator_pauses_and_resumes_a_queue_and_tries_again_by_the_api(
    instance: Instance, admin: Admin
) -> None:
    assert instance.call("POST", "/admin/queues/changes/pause")["consumer"] in {"pausing", "paused"}
    eventually(lambda: admin.queue("changes")["consumer"], lambda consumer: consumer == "paused")
    assert instance.call("POST", "/admin/queues/changes/resume")["consumer"] == "running"
    assert [queue["name"] for queue in instance.call("GET", "/admin/queues")["queues"]] == [
        queue["name"] for queue in admin.asks("queues")
    ]
    assert instance.call("POST", "/admin/jobs/retry", {"owner": "nobody"}) == {
        "retried": 0,
        "notRetried": 0,
        "nextCursor": None,
    }


def test_users_are_listed_and_changed_and_the_last_administrator_stays(instance: Instance, admin: Admin) -> None:
    (ada,) = admin.asks("users")
    assert (ada["name"], ada["role"], ada["quotaBytes"], ada["disabledAt"]) == ("ada", "administrator", None, None)
    assert admin.asks("user", "ADA", "--quota", "5000000000")["effectiveQuotaBytes"] == 5_000_000_000
    assert instance.call("GET", "/storage")["quotaBytes"] == 5_000_000_000
    assert "5,000,000,000" in admin.says("users")
    assert admin.asks("user", "ada", "--quota", "none")["quotaBytes"] is None
    assert instance.call("GET", "/me/factors")["passwordIsEnough"] is True
    assert admin.asks("user", "ada", "--remove-factors")["secondFactors"] is False
    instance.log_in()  # the command has ended all sessions
    assert "Nobody would be left" in admin.refuses("user", "ada", "--disable", code=1)
    assert "Nobody would be left" in admin.refuses("user", "ada", "--role", "member", code=1)
    assert "There is no user bea" in admin.refuses("user", "bea", "--enable", code=1)
    assert "neither a number of bytes nor none" in admin.refuses("user", "ada", "--quota", "-1", code=2)


def test_a_user_is_deleted_by_whoever_means_it(instance: Instance, admin: Admin) -> None:
    token = instance.call("POST", "/admin/invites", {})["token"]
    bea = {"name": "bea", "password": "a password of bea's"}
    Client(instance.client.server).call("POST", "/auth/register", bea | {"inviteToken": token})
    assert "add --yes" in admin.refuses("user", "bea", "--delete", code=2)
    assert "--originals is for --delete" in admin.refuses("user", "bea", "--originals", code=2)
    assert "There is no user zoe" in admin.refuses("user", "zoe", "--delete", "--yes", code=1)
    assert "originals are kept" in admin.refuses("user", "bea", "--delete", "--originals", "--yes", code=1)
    assert "being deleted, 0 of 0 left" in admin.says("user", "bea", "--delete", "--yes")
    eventually(lambda: [user["name"] for user in admin.asks("users")], lambda names: names == ["ada"])


def test_what_can_not_be_is_said_in_one_line(admin: Admin) -> None:
    assert "There is no queue lvie. The queues are: ingest," in admin.refuses("pause", "lvie", code=1)
    assert "No function reads ml" in admin.refuses("pause", "ml", code=1)
    assert "no item abcdefghij01" in admin.refuses("retry", "abcdefghij01", code=1)
    assert "no item abcdefghij01" in admin.refuses("jobs", "abcdefghij01", code=1)
    assert "unrecorded has no dead-letter queue" in admin.refuses("redrive", "unrecorded", code=1)
    assert admin.says("redrive", "ingest") == "ingest-dead-letters has nothing to move.\n"
    assert admin.says("verify") == "Tables and buckets agree.\n"


def test_where_nothing_runs_the_ledger_is_still_read_and_written(begun: Path) -> None:
    admin = Admin(begun)
    with Instance(begun) as instance:
        instance.register()
        instance.upload(b"just some text")
        (failure,) = eventually(lambda: admin.asks("jobs", "--failed"), bool)
        instance.kill()  # its note of where it takes orders stays

    assert admin.asks("jobs", "--failed") == [failure]
    assert "Pinhole does not run" in admin.refuses("queues", code=2)
    assert "Pinhole does not run" in admin.refuses("redrive", "ingest", code=2)
    assert "No function reads ml" in admin.refuses("pause", "ml", code=1)
    assert admin.says("verify") == "Tables and buckets agree.\n"
    assert admin.says("pause", "ingest") == "ingest is paused.\n"
    assert admin.says("retry", "--all") == "1 item is tried again.\n"
    assert "no item abcdefghij01" in admin.refuses("retry", "abcdefghij01", code=1)

    with Instance(begun, "--parameter", "IngestVisibilityTimeout=1440", until="Some queues are paused"):
        assert admin.queue("ingest")["visibilityTimeoutSeconds"] == 1440
        eventually(lambda: admin.queue("ingest")["visible"], lambda visible: visible >= 1)
        assert admin.asks("jobs")[0]["waiting"] == 1
        admin.says("resume", "ingest")
        (again,) = eventually(lambda: admin.asks("jobs", "--failed"), bool)
        assert again["itemId"] == failure["itemId"]


def test_a_directory_without_a_library_is_refused_and_not_made(tmp_path: Path) -> None:
    assert "There is no library in" in Admin(tmp_path / "none").refuses("jobs", code=2)
    assert not (tmp_path / "none").exists()


def test_whoever_does_not_know_the_secret_address_gets_nowhere(instance: Instance, admin: Admin) -> None:
    file = instance.data / "running.json"
    assert file.stat().st_mode & 0o077 == 0
    note = file.read_text()
    known = json.loads(note)["lambda"]
    file.write_text(json.dumps({"lambda": known.rpartition("/")[0] + "/guessed"}))
    try:
        assert "does not answer" in admin.refuses("queues", code=2)
    finally:
        file.write_text(note)


def test_a_schedule_is_run_now_and_tells_when_it_has(admin: Admin) -> None:
    def last() -> Any:
        return next(one for one in admin.asks("schedules") if one["name"] == "clean_tokens")

    before = eventually(last, lambda run: run["state"] == "succeeded")
    assert admin.says("run", "clean_tokens").startswith("clean_tokens is begun.")
    after = eventually(last, lambda run: run["startedAt"] > before["startedAt"] and run["state"] == "succeeded")
    assert after["counts"].keys() == before["counts"].keys()
    assert "There is no schedule nap." in admin.refuses("run", "nap", code=1)


def test_health_tells_each_check_of_an_instance(admin: Admin) -> None:
    ran = admin.run("health", "--json")
    checks = {check["name"]: check["state"] for check in json.loads(ran.stdout)}
    assert [checks[part] for part in ("database", "objects", "queues", "schedules")] == ["ok"] * 4
    assert ran.returncode == int(set(checks.values()) != {"ok"})
