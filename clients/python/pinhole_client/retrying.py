"""Patience with a server: one that is away comes back, be it tomorrow.

Only what it refuses itself, again and again, is given up.
"""

import random
from collections.abc import Callable
from typing import TypeVar

from pinhole_client.errors import ClientError

Pause = Callable[[float, ClientError], None]
"""Waits so many seconds for the sake of this trouble. May raise, to give up."""

_REFUSALS = 7  # a URL that ran out, or a stumble; but hardly each time
_REFUSED = (403, 500)
_FIRST_SECONDS, _LONGEST_SECONDS = 0.5, 30.0
_MOST_DOUBLINGS = 10

T = TypeVar("T")


def patiently(work: Callable[[], T], pause: Pause) -> T:
    """Do `work` until it succeeds. Raises ClientError for what will not pass, and what `pause` raises."""
    failures = refusals = 0
    while True:
        try:
            return work()
        except ClientError as error:
            refusals += error.status in _REFUSED
            if not error.passing or refusals == _REFUSALS:
                raise
            asked = error.retry_after_seconds
            pause(_backoff(failures) if asked is None else asked, error)
            failures += 1


def _backoff(failures: int) -> float:
    """Doubling, and spread out so that many clients don't come back at once."""
    longest = min(_LONGEST_SECONDS, _FIRST_SECONDS * 2.0 ** min(failures, _MOST_DOUBLINGS))
    return longest * random.uniform(0.5, 1)  # noqa: S311 - no secret
