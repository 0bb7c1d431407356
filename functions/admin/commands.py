"""The commands by name: each checks what it is given, and calls one use case."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, is_dataclass
from datetime import datetime
from itertools import islice
from typing import Annotated, Any

from pydantic import Field, validate_call
from pydantic.alias_generators import to_camel

from pinhole import verify
from pinhole.db import transaction
from pinhole.errors import NotFound
from pinhole.operations import condition, jobs, models, queues, retry, schedules, users
from pinhole.operations.jobs import Failures, Position
from pinhole.operations.users import UserChange
from pinhole.stages import Stage
from pinhole.verify import Tally

MAX_FINDINGS = 5000  # an answer of Lambda has 6 MB


def count_jobs() -> Any:
    with transaction() as conn:
        return jobs.counts(conn)


def list_failures(limit: Annotated[int, Field(ge=1, le=1000)]) -> Any:
    with transaction() as conn:
        return jobs.failures(conn, Failures(), None, limit).jobs


def read_item(item: str) -> Any:
    with transaction() as conn:
        return jobs.of_item(conn, item)


def list_models() -> Any:
    with transaction() as conn:
        return models.states(conn)


def forget_model(model: int) -> Any:
    return models.forget(model)


def retry_items(items: list[str]) -> Any:
    return retry.retry_items(items)


def retry_all(stage: Stage | None) -> Any:
    return retry.retry_all(stage)


def retry_failed(
    item_id: str | None, stage: Stage | None, code: str | None, owner: str | None, cursor: str | None
) -> Any:
    after = None if cursor is None else Position.parse(cursor)
    done = retry.retry_failed(Failures(item_id, stage, code, owner), after)
    return {
        "retried": done.retried,
        "not_retried": done.not_retried,
        "next_cursor": None if done.next is None else str(done.next),
    }


def change_user(name: str, change: UserChange) -> Any:
    return users.change_named(name, change)


def delete_user(name: str, originals: bool) -> Any:
    return users.delete_named(name, originals=originals)


def redrive(queue: str) -> Any:
    return queues.redrive(queue)


def switch(queue: str, on: bool) -> Any:
    return {"queue": queue, "consumer": queues.switch(queue, on=on)}


def run_schedule(schedule: str) -> Any:
    return schedules.run_now(schedule)


def check(repair: bool) -> Any:
    """Findings, at most as many as an answer holds, whether that was all, and how much is too young to judge."""
    tally = Tally()
    found = list(islice(verify.check(tally, repair=repair), MAX_FINDINGS + 1))
    return {"findings": found[:MAX_FINDINGS], "complete": len(found) <= MAX_FINDINGS, "young": tally.young}


COMMANDS: Mapping[str, Callable[..., Any]] = {
    "queues": queues.states,
    "jobs": count_jobs,
    "failures": list_failures,
    "item": read_item,
    "models": list_models,
    "forget": forget_model,
    "retry": retry_items,
    "retryAll": retry_all,
    "retryFailed": retry_failed,
    "users": users.states,
    "user": change_user,
    "deleteUser": delete_user,
    "redrive": redrive,
    "switch": switch,
    "verify": check,
    "schedules": schedules.states,
    "run": run_schedule,
    "condition": condition.look,
}


def run(command: str, arguments: Mapping[str, Any]) -> Any:
    """The command's answer as JSON has it: names in camelCase, times in ISO 8601.

    Raises NotFound for an unknown command, pydantic.ValidationError for wrong arguments, and what its use case does.
    """
    if command not in COMMANDS:
        raise NotFound(f"There is no command {command}. The commands are: {', '.join(COMMANDS)}.")
    return _json(validate_call(COMMANDS[command])(**arguments))


def _json(answer: Any) -> Any:
    match answer:
        case dict():
            return {to_camel(name): _json(value) for name, value in answer.items()}
        case list():
            return [_json(value) for value in answer]
        case datetime():
            return answer.isoformat().replace("+00:00", "Z")
        case _ if is_dataclass(answer) and not isinstance(answer, type):
            return _json(asdict(answer))
    return answer
