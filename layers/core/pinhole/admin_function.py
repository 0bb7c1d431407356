"""The admin function, asked by the API's: it alone may look at all queues, pause them, send to them, run schedules."""

import json
from functools import cache
from typing import Any

from pinhole import aws
from pinhole.errors import Conflict, ErrorCode, NotFound, PinholeError, Unavailable
from pinhole.settings import settings

# What it refuses for reasons that its caller can do something about. Of the rest it is told that it does not answer.
_REFUSALS: dict[str, type[PinholeError]] = {
    ErrorCode.NO_SUCH_QUEUE: NotFound,
    ErrorCode.NO_SUCH_SCHEDULE: NotFound,
    ErrorCode.NO_CONSUMER: Conflict,
    ErrorCode.NO_DEAD_LETTERS: Conflict,
    ErrorCode.MOVE_UNDER_WAY: Conflict,
}


def ask(command: str, **arguments: Any) -> Any:
    """What a command of `functions/admin/commands.py` answers, as JSON has it.

    Raises NotFound and Conflict as the command does; Unavailable where the function does not answer in time, fails, or
    lacks a part that it needs. What it has begun may be done all the same.
    """
    event = json.dumps({"command": command, "arguments": arguments})
    with aws.answering("admin function"):
        answer = _lambda().invoke(FunctionName=settings().admin_function, Payload=event.encode())
        told = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise Unavailable(f"The admin function failed: {told['errorMessage']}")
    if "error" in told:
        code, detail = told["error"]["code"], told["error"]["detail"]
        raise _REFUSALS.get(code, Unavailable)(detail, code=code)
    return told["answer"]


@cache
def _lambda() -> Any:
    from botocore.config import Config  # only here, as in pinhole.aws

    # Asked once: it may go on when nobody waits any more. For less long than API Gateway waits, which is 29 s.
    return aws.client("lambda", Config(read_timeout=25, retries={"total_max_attempts": 1}))
