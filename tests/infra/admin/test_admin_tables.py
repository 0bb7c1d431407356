"""What operators read."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra.admin import tables


def ago(**time: int) -> str:
    return (datetime.now(UTC) - timedelta(**time)).isoformat().replace("+00:00", "Z")


def job(**changes: Any) -> dict[str, Any]:
    return {
        "itemId": "abcdefghij01",
        "stage": "metadata",
        "state": "failed",
        "attempts": 5,
        "owner": "ada",
        "filename": "beach.jpg",
        "sizeBytes": 1234567,
        "uploadId": "abcdefghij02",
        "code": "processing_failed",
        "report": "Traceback\nRuntimeError: no",
        "createdAt": ago(hours=2),
        "startedAt": None,
        "finishedAt": ago(minutes=3),
        **changes,
    }


def test_of_a_user_the_quota_that_holds_is_shown_and_since_when_they_are_kept_out() -> None:
    user = {
        "name": "ada",
        "role": "member",
        "folder": "ada",
        "items": 3,
        "originalsBytes": 12345,
        "renditionsBytes": 678,
        "quotaBytes": None,
        "effectiveQuotaBytes": 100_000,
        "secondFactors": True,
        "lastSeenAt": ago(hours=2),
        "disabledAt": None,
        "deletion": None,
    }
    going = {"items": 1234, "itemsLeft": 1000, "isStuck": True}
    head, row, kept_out, goes = tables.users(
        [
            user,
            user | {"disabledAt": ago(days=3), "effectiveQuotaBytes": None, "secondFactors": False},
            user | {"deletion": going},
        ]
    ).splitlines()
    assert head.split()[:7] == ["NAME", "ROLE", "FOLDER", "PHOTOS", "ORIGINALS", "RENDITIONS", "QUOTA"]
    assert row.split() == ["ada", "member", "ada", "3", "12,345", "678", "100,000", "yes", "2", "h", "ago", "-"]
    assert kept_out.split()[6:] == ["-", "-", "2", "h", "ago", "3", "d", "ago"]
    assert goes.endswith("being deleted, 1,000 of 1,234 left, stuck")


def test_numbers_stand_to_the_right_and_what_is_not_there_is_a_dash() -> None:
    assert tables.table(["NAME", "COUNT"], [["a", 1234567], ["longer", None]]) == (
        "NAME        COUNT\na       1,234,567\nlonger          -"
    )


@pytest.mark.parametrize(
    ("seconds", "text"), [(-1, "0 s"), (59.9, "59 s"), (60, "1 min"), (3599, "59 min"), (7200, "2 h"), (200000, "2 d")]
)
def test_a_length_of_time_is_told_in_its_largest_whole_unit(seconds: float, text: str) -> None:
    assert tables.span(seconds) == text


@pytest.mark.parametrize(
    ("report", "line"),
    [
        (
            "Traceback …\npinhole.errors.FileRejected: The file is empty.\n",
            "pinhole.errors.FileRejected: The file is empty.",
        ),
        (
            "All 5 attempts failed. The last one:\nKeyError: 'a'\n\nMessage 12, sent then, was given up.",
            "KeyError: 'a'",
        ),
        (
            "All 5 attempts failed. The last one:\nThe process died without a report: killed.",
            "The process died without a report: killed.",
        ),
        ("A: first\nB: second", "B: second"),
        ("", None),
        (None, None),
    ],
)
def test_the_reason_of_a_failure_is_its_last_exception_else_its_last_line(report: str | None, line: str | None) -> None:
    assert tables.reason(report) == line


def test_a_name_or_report_can_not_give_orders_to_the_terminal() -> None:
    listed = tables.failures([job(filename="\x1b[2Jgone.jpg")])
    read = tables.item([job(report="first\nValueError: \x1b]0;owned\x07")])
    for shown in (listed, read):
        assert "\x1b" not in shown
        assert "\x07" not in shown
    assert "first\nValueError" in read


def test_an_item_is_shown_with_each_stage_and_the_whole_report() -> None:
    shown = tables.item([job(state="done", report=None, code=None), job(stage="renditions")])
    assert shown.startswith("beach.jpg of ada, 1,234,567 bytes, upload abcdefghij02\n")
    assert "2 h ago" in shown
    assert "3 min ago" in shown
    assert shown.endswith("Report of renditions:\nTraceback\nRuntimeError: no")


def test_what_was_not_retried_is_told_with_why() -> None:
    told = tables.retried(
        [
            {"itemId": "a", "outcome": "retried", "winner": None},
            {"itemId": "b", "outcome": "duplicate", "winner": "c"},
            {"itemId": "d", "outcome": "no_upload", "winner": None},
            {"itemId": "e", "outcome": "not_failed", "winner": None},
        ]
    )
    assert told.splitlines() == [
        "b stays failed: its owner has the same bytes as c.",
        "d stays failed: the upload it came by is gone.",
        "e has not failed, or is being tried again already.",
        "1 item is tried again.",
    ]


def test_findings_are_told_one_by_one_and_whether_there_are_more() -> None:
    finding = {"kind": "event_lost", "key": "ada/x", "itemId": None, "uploadId": "u", "repaired": True}
    assert tables.findings({"findings": [], "complete": True, "young": 0}) == "Tables and buckets agree."
    shown = tables.findings({"findings": [finding], "complete": False, "young": 0})
    assert "event_lost" in shown
    assert "yes" in shown
    assert "There are more" in shown


def test_what_was_too_young_to_be_judged_is_not_said_to_agree() -> None:
    shown = tables.findings({"findings": [], "complete": True, "young": 1200})
    assert shown.startswith("What was judged of tables and buckets agrees.\n1,200 more")


def test_dead_letters_are_moved_or_on_their_way() -> None:
    moved = {"deadLetters": "live-dead-letters", "queue": "live", "messages": 2, "done": True}
    assert tables.redriven(moved) == "2 messages were moved from live-dead-letters to live."
    assert "are on their way" in tables.redriven({**moved, "done": False})
    assert tables.redriven({**moved, "messages": 0}) == "live-dead-letters has nothing to move."


def test_models_are_shown_with_how_far_they_are() -> None:
    first = {"id": 1, "role": "tags", "name": "lite", "version": "1", "dimension": None, "answers": True}
    shown = tables.models([first | {"completeAt": ago(hours=3), "photos": 12345}])
    assert shown.splitlines() == [
        "ID  ROLE  MODEL  VERSION  DIMENSION  PHOTOS  ALL SEEN  ANSWERS",
        " 1  tags  lite   1                -  12,345  3 h ago   yes",
    ]
    assert tables.models([]) == "No model has looked at a photo yet."


def test_a_forgotten_model_is_told_with_what_it_saw() -> None:
    assert tables.forgotten({"name": "lite", "version": "1", "photos": 1}) == (
        "lite, version 1, and what it saw of 1 photo is gone."
    )


def test_of_a_schedule_it_is_shown_what_its_last_run_did_or_what_ended_it() -> None:
    done = {
        "name": "sweep",
        "every": "rate(5 minutes)",
        "state": "succeeded",
        "overdue": False,
        "startedAt": ago(minutes=3),
        "succeededAt": ago(minutes=2),
        "counts": {"sent": 1200, "kept": 0},
        "error": None,
    }
    broken = {"state": "failed", "overdue": True, "counts": None, "error": "OSError", "succeededAt": None}
    _, first, second = tables.schedules([done, done | broken]).splitlines()
    assert re.split(" {2,}", first) == [
        "sweep",
        "rate(5 minutes)",
        "succeeded",
        "3 min ago",
        "2 min ago",
        "sent 1,200, kept 0",
    ]
    assert re.split(" {2,}", second)[2:] == ["failed, overdue", "3 min ago", "-", "OSError"]


def test_of_a_check_it_is_shown_what_it_found() -> None:
    findings: list[dict[str, Any]] = [
        {"subject": "ml", "count": 1200, "since": None},
        {"subject": "video", "count": 1, "since": ago(hours=3)},
    ]
    answer: list[dict[str, Any]] = [
        {"name": "database", "state": "ok", "findings": []},
        {"name": "waiting", "state": "failing", "findings": findings},
    ]
    _, well, not_well = tables.condition(answer).splitlines()
    assert re.split(" {2,}", well) == ["database", "ok", "-"]
    assert re.split(" {2,}", not_well) == ["waiting", "failing", "ml 1,200, video 1 since 3 h"]
