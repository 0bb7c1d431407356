"""What the command line takes. Standard library only: it is read before anything is installed."""

import argparse
from collections.abc import Callable
from pathlib import Path

STAGES = ("metadata", "renditions", "poster", "video", "stills", "clip", "analysis", "caption", "full_size")

ROLES = ("administrator", "member")

_NO_QUOTA = "none"
_MOST_BYTES = 2**53 - 1  # exact in JSON
_MOST_MODELS = 32767  # ids are smallint


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", run: Callable[..., int]) -> None:
    """Add `admin` and its commands. `run` gets the arguments; `command` is the name of the one that was given."""
    admin = commands.add_parser(
        "admin", help="look at users, queues, jobs, schedules and health; retry, redrive, pause, verify"
    )
    where = argparse.ArgumentParser(add_help=False)
    target = where.add_mutually_exclusive_group()
    target.add_argument("--data", type=Path, metavar="DIR", help="the library on this machine (default: .data)")
    target.add_argument("--stack", metavar="NAME", help="the library of a deployed stack, with your AWS credentials")
    where.add_argument("--region", metavar="REGION", help="where the stack is (default: your AWS configuration's)")
    where.add_argument("--json", action="store_true", help="print JSON")
    names = admin.add_subparsers(required=True, metavar="COMMAND", dest="command")

    def command(name: str, what_for: str) -> argparse.ArgumentParser:
        parser = names.add_parser(name, help=what_for, description=what_for, parents=[where])
        parser.set_defaults(run=run)
        return parser

    command("users", "every user: role, what they store, of how much, when they were here last")

    user = command("user", "change a user's quota or role, keep one out, remove second factors, delete one")
    user.add_argument("name", metavar="NAME", help="as `admin users` shows it")
    user.add_argument("--quota", type=_quota, metavar="BYTES", help="of originals; none: what holds for all")
    user.add_argument("--role", choices=ROLES, help="one administrator who isn't disabled is always left")
    user.add_argument(
        "--remove-factors", action="store_true", help="forget app, passkeys and recovery codes, and end all sessions"
    )
    barred = user.add_mutually_exclusive_group()
    barred.add_argument("--disable", action="store_true", help="end all sessions, and let nobody in by this name")
    barred.add_argument("--enable", action="store_true", help="let them in again")
    barred.add_argument("--delete", action="store_true", help="delete them with all that is theirs; asks first")
    user.add_argument("--originals", action="store_true", help="with --delete: the files that they uploaded go too")
    user.add_argument("--yes", action="store_true", help="don't ask before --delete deletes")

    command("queues", "every queue: depth, age, dead letters, whether it is consumed")

    jobs = command("jobs", "the ledger: what is to be done, how fast it goes, what failed")
    jobs.add_argument("item", nargs="?", metavar="ITEM", help="one item, with whole reports")
    jobs.add_argument("--failed", action="store_true", help="what failed for good, the latest first")
    jobs.add_argument("--limit", type=_limit, default=50, metavar="N", help="at most so many (default: %(default)s)")

    models = command("models", "which models looked at photos, how far each is, which of them answer")
    models.add_argument("--forget", type=_model, metavar="ID", help="delete one that doesn't answer, and all it saw")

    retry = command("retry", "try again what failed for good, under the same id")
    which = retry.add_mutually_exclusive_group(required=True)
    which.add_argument("items", nargs="*", default=[], metavar="ITEM", help="these items")
    which.add_argument("--stage", choices=STAGES, help="all that failed at this stage")
    which.add_argument("--all", action="store_true", help="all that failed")

    for name, what_for in [
        ("redrive", "move a queue's dead letters back to it"),
        ("pause", "let messages of a queue wait"),
        ("resume", "have a paused queue consumed again"),
    ]:
        command(name, what_for).add_argument("queue", metavar="QUEUE", help="a name that `admin queues` shows")

    command("schedules", "what runs by itself: how often, and what came of the last run")
    command("run", "have a schedule run now").add_argument(
        "schedule", metavar="SCHEDULE", help="a name that `admin schedules` shows"
    )
    command("health", "what answers, what waits too long, what somebody must see to; exit code 1 where something must")

    verify = command("verify", "whether tables and buckets agree: every item its original and renditions, and so on")
    verify.add_argument("--repair", action="store_true", help="repair what can be; the rest is told")


def _quota(text: str) -> int | str:
    """Bytes; `none` as it is, since None is what was not given."""
    if text != _NO_QUOTA and not (text.isdecimal() and int(text) <= _MOST_BYTES):
        raise argparse.ArgumentTypeError(f"{text} is neither a number of bytes nor {_NO_QUOTA}")
    return text if text == _NO_QUOTA else int(text)


def changes(arguments: argparse.Namespace) -> dict[str, object]:
    """What `admin user` was asked to change, as the admin function takes it."""
    asked: dict[str, object] = {}
    if arguments.quota is not None:
        asked["quota_bytes"] = None if arguments.quota == _NO_QUOTA else arguments.quota
    if arguments.role is not None:
        asked["role"] = arguments.role
    if arguments.disable or arguments.enable:
        asked["disabled"] = arguments.disable
    if arguments.remove_factors:
        asked["remove_factors"] = True
    return asked


def _model(text: str) -> int:
    if not (text.isdecimal() and 1 <= int(text) <= _MOST_MODELS):
        raise argparse.ArgumentTypeError(f"{text} is no ID that `admin models` shows")
    return int(text)


def _limit(text: str) -> int:
    if not (text.isdecimal() and 1 <= int(text) <= 1000):
        raise argparse.ArgumentTypeError(f"{text} is no number from 1 to 1000")
    return int(text)
