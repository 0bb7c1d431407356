"""Schedules. Each fires once at the start too, so that a machine that is on an hour a day does its chores."""

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from infra.local.cloudformation import ACCOUNT
from infra.local.function_pool import FunctionError
from infra.local.schedules import Schedule
from infra.local.template import Function

LONGEST_SLEEP_SECONDS = 60

log = logging.getLogger(__name__)


async def run_schedule(function: Function, schedule: Schedule, invoke: Callable[[Any], Awaitable[Any]]) -> None:
    """Invoke the function now and whenever its schedule says, until cancelled or until that is never again.

    A failure is logged; the next turn follows.
    """
    due: datetime | None = datetime.now(UTC)
    while due is not None:
        # In short sleeps: while the machine itself sleeps, clocks go on and timers may not.
        while (left := (due - datetime.now(UTC)).total_seconds()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(min(left, LONGEST_SLEEP_SECONDS))
        try:
            await invoke(scheduled_event(function, datetime.now(UTC)))
        except FunctionError as error:
            log.error("a scheduled run failed: %s", error)  # noqa: TRY400 - the process logged its own trace
        due = schedule.after(datetime.now(UTC))


def scheduled_event(function: Function, now: datetime) -> dict[str, Any]:
    """The event that EventBridge sends."""
    region = function.arn.split(":")[3]
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": [f"arn:aws:events:{region}:{ACCOUNT}:rule/{function.name}"],
        "detail": {},
    }
