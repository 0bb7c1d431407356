"""Running one command: what it asks of the admin function, and what it prints of the answer."""

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from contextlib import nullcontext, redirect_stdout
from typing import Any

from infra.admin import connection, tables
from infra.admin.arguments import changes
from infra.bootstrap import REPOSITORY, CannotStart


def run(arguments: argparse.Namespace) -> int:
    """Exit code: 0 done, 1 not, or not all of it.

    Raises:
        CannotStart: nobody can be asked, or it is not to be deleted after all.
    """
    if arguments.command == "user" and arguments.originals and not arguments.delete:
        raise CannotStart("--originals is for --delete")
    name, given, show = _question(arguments)
    target = (
        nullcontext(connection.to_stack(arguments.stack, arguments.region))
        if arguments.stack
        else connection.to_data(arguments.data or REPOSITORY / ".data")
    )
    try:
        with redirect_stdout(sys.stderr), target as ask:
            answer = ask(name, given)
    except connection.CommandFailed as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(answer, indent=2, ensure_ascii=False) if arguments.json else show(answer))
    return int(_leaves_something(name, answer))


def _leaves_something(name: str, answer: Any) -> bool:
    """Whether there is something left that an operator asked for, or must see to."""
    match name:
        case "retry" | "retryAll":
            return any(item["outcome"] in {"duplicate", "no_upload"} for item in answer)
        case "condition":
            return any(check["state"] != "ok" for check in answer)
        case "verify":
            return not answer["complete"] or not all(finding["repaired"] for finding in answer["findings"])
    return False


def _question(arguments: argparse.Namespace) -> tuple[str, Mapping[str, Any], Callable[[Any], str]]:
    """Name and arguments of the admin function's command, and how its answer is shown."""
    match arguments.command:
        case "users":
            return "users", {}, tables.users
        case "user" if arguments.delete:
            _confirm(arguments)
            return "deleteUser", {"name": arguments.name, "originals": arguments.originals}, _one_user
        case "user":
            return "user", {"name": arguments.name, "change": changes(arguments)}, _one_user
        case "jobs" if arguments.item:
            return "item", {"item": arguments.item}, tables.item
        case "jobs" if arguments.failed:
            return "failures", {"limit": arguments.limit}, tables.failures
        case "jobs":
            return "jobs", {}, tables.jobs
        case "models" if arguments.forget:
            return "forget", {"model": arguments.forget}, tables.forgotten
        case "models":
            return "models", {}, tables.models
        case "retry" if arguments.items:
            return "retry", {"items": arguments.items}, tables.retried
        case "retry":
            return "retryAll", {"stage": arguments.stage}, tables.retried
        case "redrive":
            return "redrive", {"queue": arguments.queue}, tables.redriven
        case "verify":
            return "verify", {"repair": arguments.repair}, tables.findings
        case "schedules":
            return "schedules", {}, tables.schedules
        case "run":
            return "run", {"schedule": arguments.schedule}, tables.begun
        case "health":
            return "condition", {}, tables.condition
        case "pause" | "resume":
            return "switch", {"queue": arguments.queue, "on": arguments.command == "resume"}, tables.switched
    return "queues", {}, tables.queues


def _one_user(answer: Any) -> str:
    return tables.users([answer])


def _confirm(arguments: argparse.Namespace) -> None:
    if arguments.yes:
        return
    goes = "their originals too" if arguments.originals else "the originals stay"
    if not sys.stdin.isatty():
        raise CannotStart(f"This would delete {arguments.name}, {goes}: add --yes where nobody can be asked")
    if input(f"Delete {arguments.name} and every photo of theirs, {goes}? Type the name: ").strip() != arguments.name:
        raise CannotStart("Nothing was deleted")
