"""Answers of the admin function as people read them."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

UNITS = ((86400, "d"), (3600, "h"), (60, "min"))
_EXCEPTION = re.compile(r"^[\w.]+: .+", re.MULTILINE)


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Columns with two spaces between them, numbers to the right. None is shown as a dash."""
    cells = [[_shown(value) for value in row] for row in rows]
    widths = [max(len(line[column]) for line in [head, *cells]) for column in range(len(head))]
    right = [all(isinstance(row[column], int | None) for row in rows) for column in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in [head, *cells]
    )


def span(seconds: float) -> str:
    """A length of time in its largest whole unit."""
    for size, unit in UNITS:
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{max(0, int(seconds))} s"


def printable(text: str) -> str:
    """Text from files and errors, with nothing that a terminal would obey."""
    return "".join(character if character.isprintable() or character == "\n" else "\ufffd" for character in text)


def users(answer: Sequence[Mapping[str, Any]]) -> str:
    """`admin users`, `admin user NAME`. The quota is the one that holds."""
    if not answer:
        return "Nobody has registered yet."
    head = [
        "NAME",
        "ROLE",
        "FOLDER",
        "PHOTOS",
        "ORIGINALS",
        "RENDITIONS",
        "QUOTA",
        "2ND FACTOR",
        "LAST SEEN",
        "DISABLED",
    ]
    rows = [
        [
            user["name"],
            user["role"],
            user["folder"],
            user["items"],
            user["originalsBytes"],
            user["renditionsBytes"],
            user["effectiveQuotaBytes"],
            "yes" if user["secondFactors"] else None,
            user["lastSeenAt"] and f"{_age(user['lastSeenAt'])} ago",
            _kept_out(user),
        ]
        for user in answer
    ]
    return table(head, rows)


def _kept_out(user: Mapping[str, Any]) -> str | None:
    going = user["deletion"]
    if going is None:
        return user["disabledAt"] and f"{_age(user['disabledAt'])} ago"
    stuck = ", stuck" if going["isStuck"] else ""
    return f"being deleted, {going['itemsLeft']:,} of {going['items']:,} left{stuck}"


def queues(answer: Sequence[Mapping[str, Any]]) -> str:
    """`admin queues`."""
    head = ["QUEUE", "VISIBLE", "IN FLIGHT", "DELAYED", "OLDEST", "DEAD LETTERS", "CONSUMER", "VISIBILITY", "RECEIVES"]
    rows = [
        [
            queue["name"],
            queue["visible"],
            queue["inFlight"],
            queue["delayed"],
            None if queue["oldestSeconds"] is None else span(queue["oldestSeconds"]),
            queue["deadLettersDepth"],
            queue["consumer"] or "none",
            f"{queue['visibilityTimeoutSeconds']} s",
            queue["maxReceiveCount"],
        ]
        for queue in answer
    ]
    return table(head, rows)


def jobs(answer: Sequence[Mapping[str, Any]]) -> str:
    """`admin jobs`."""
    head = ["STAGE", "WAITING", "RUNNING", "DONE", "FAILED", "OLDEST WAITING", "DONE IN 5 MIN", "DONE IN 60 MIN"]
    rows = [
        [
            stage["stage"],
            stage["waiting"],
            stage["running"],
            stage["done"],
            stage["failed"],
            None if stage["oldestWaiting"] is None else _age(stage["oldestWaiting"]),
            stage["doneIn5Minutes"],
            stage["doneIn60Minutes"],
        ]
        for stage in answer
    ]
    return table(head, rows)


def failures(answer: Sequence[Mapping[str, Any]]) -> str:
    """`admin jobs --failed`."""
    if not answer:
        return "Nothing has failed."
    head = ["ITEM", "STAGE", "OWNER", "FILE", "CODE", "ATTEMPTS", "FAILED", "REASON"]
    rows = [
        [
            job["itemId"],
            job["stage"],
            job["owner"],
            job["filename"],
            job["code"],
            job["attempts"],
            f"{_age(job['finishedAt'])} ago",
            reason(job["report"]),
        ]
        for job in answer
    ]
    return table(head, rows)


def item(answer: Sequence[Mapping[str, Any]]) -> str:
    """`admin jobs ITEM`: what the file is, its stages, and whole reports."""
    first = answer[0]
    told = f"{first['filename']} of {first['owner']}, {first['sizeBytes']:,} bytes, upload {first['uploadId']}"
    head = ["STAGE", "STATE", "ATTEMPTS", "CODE", "ASKED FOR", "BEGUN", "ENDED"]
    rows = [
        [
            job["stage"],
            job["state"],
            job["attempts"],
            job["code"],
            *(job[moment] and f"{_age(job[moment])} ago" for moment in ("createdAt", "startedAt", "finishedAt")),
        ]
        for job in answer
    ]
    reports = [f"Report of {job['stage']}:\n{printable(job['report'])}" for job in answer if job["report"]]
    return "\n\n".join([printable(told), table(head, rows), *reports])


def models(answer: Sequence[Mapping[str, Any]]) -> str:
    """`admin models`."""
    if not answer:
        return "No model has looked at a photo yet."
    head = ["ID", "ROLE", "MODEL", "VERSION", "DIMENSION", "PHOTOS", "ALL SEEN", "ANSWERS"]
    rows = [
        [
            model["id"],
            model["role"],
            model["name"],
            model["version"],
            model["dimension"],
            model["photos"],
            model["completeAt"] and f"{_age(model['completeAt'])} ago",
            "yes" if model["answers"] else "no",
        ]
        for model in answer
    ]
    return table(head, rows)


def forgotten(answer: Mapping[str, Any]) -> str:
    """`admin models --forget`."""
    photos = f"{answer['photos']:,} photo{'' if answer['photos'] == 1 else 's'}"
    return f"{printable(answer['name'])}, version {printable(answer['version'])}, and what it saw of {photos} is gone."


def retried(answer: Sequence[Mapping[str, Any]]) -> str:
    """`admin retry`: what was not retried, and why; then how many were."""
    why: dict[str, Callable[[Mapping[str, Any]], str]] = {
        "not_failed": lambda item: f"{item['itemId']} has not failed, or is being tried again already.",
        "duplicate": lambda item: f"{item['itemId']} stays failed: its owner has the same bytes as {item['winner']}.",
        "no_upload": lambda item: f"{item['itemId']} stays failed: the upload it came by is gone.",
    }
    done = [item for item in answer if item["outcome"] == "retried"]
    others = [why[item["outcome"]](item) for item in answer if item["outcome"] != "retried"]
    return "\n".join([*others, f"{len(done)} {'item is' if len(done) == 1 else 'items are'} tried again."])


def redriven(answer: Mapping[str, Any]) -> str:
    """`admin redrive`."""
    if answer["messages"] == 0:
        return f"{answer['deadLetters']} has nothing to move."
    moving = "were moved" if answer["done"] else "are on their way"
    return f"{answer['messages']} messages {moving} from {answer['deadLetters']} to {answer['queue']}."


def switched(answer: Mapping[str, Any]) -> str:
    """`admin pause` and `admin resume`."""
    told = {"pausing": " (what was taken already is ended first)"}
    return f"{answer['queue']} is {answer['consumer']}{told.get(answer['consumer'], '')}."


def schedules(answer: Sequence[Mapping[str, Any]]) -> str:
    """`admin schedules`."""
    head = ["SCHEDULE", "EVERY", "LAST RUN", "BEGUN", "LAST DONE", "DID"]
    rows = [
        [
            one["name"],
            one["every"],
            f"{one['state']}{', overdue' if one['overdue'] else ''}",
            one["startedAt"] and f"{_age(one['startedAt'])} ago",
            one["succeededAt"] and f"{_age(one['succeededAt'])} ago",
            one["error"] or ", ".join(f"{kind} {count:,}" for kind, count in (one["counts"] or {}).items()) or None,
        ]
        for one in answer
    ]
    return table(head, rows)


def begun(answer: Mapping[str, Any]) -> str:
    """`admin run`."""
    return f"{answer['name']} is begun. `admin schedules` tells what comes of it."


def condition(answer: Sequence[Mapping[str, Any]]) -> str:
    """`admin health`."""
    return table(["CHECK", "STATE", "WHAT"], [[one["name"], one["state"], _found(one["findings"])] for one in answer])


def _found(findings: Sequence[Mapping[str, Any]]) -> str | None:
    """What a check found, in one line."""
    told = [
        " ".join(
            [
                one["subject"],
                *([f"{one['count']:,}"] if one["count"] is not None else []),
                *([f"since {_age(one['since'])}"] if one["since"] is not None else []),
            ]
        )
        for one in findings
    ]
    return ", ".join(told) or None


def findings(answer: Mapping[str, Any]) -> str:
    """`admin verify`."""
    young = [f"{answer['young']:,} more may be in work, since they are less than a day old: not judged."]
    unjudged = young if answer["young"] else []
    if not answer["findings"]:
        agreed = "What was judged of tables and buckets agrees." if unjudged else "Tables and buckets agree."
        return "\n".join([agreed, *unjudged])
    head = ["FINDING", "REPAIRED", "ITEM", "UPLOAD", "KEY"]
    rows = [
        [one["kind"], "yes" if one["repaired"] else "no", one["itemId"], one["uploadId"], one["key"]]
        for one in answer["findings"]
    ]
    more = [] if answer["complete"] else ["There are more: ask again when these are repaired."]
    return "\n".join([table(head, rows), *more, *unjudged])


def reason(report: str | None) -> str | None:
    """The one line of a report that says most: its last exception, else how it ends."""
    lines = [line for line in (report or "").splitlines() if line.strip()]
    exceptions = _EXCEPTION.findall(report or "")
    return next(iter(exceptions[-1:] or lines[-1:]), None)


def _age(moment: str) -> str:
    return span((datetime.now(UTC) - datetime.fromisoformat(moment)).total_seconds())


def _shown(value: object) -> str:
    return "-" if value is None else printable(f"{value:,}" if isinstance(value, int) else str(value))
