"""Files as they appear. Looked for again and again: folders on other machines tell nobody of what changes in them."""

import time
from collections.abc import Callable, Iterator, Sequence

from pinhole_client.upload.finding import Finder, LeftOut, LocalFile, Stamp

_LEAST_PAUSE_SECONDS = 5.0
_PAUSES_A_LOOK = 10  # a look that takes long, over a network, comes the more seldom

Batch = tuple[Finder, list[LocalFile], list[tuple[str, str]]]
"""Who found them, the files, and path and reason of what can't be read."""


def watched(named: Sequence[str], wait: Callable[[float], object]) -> Iterator[Batch]:
    """Files that are new or have changed, once they were the same in two looks. Without end.

    What can't be read is told once, and again when that changes. wait: sleeps so many seconds.
    """
    taken: dict[str, Stamp] = {}
    before: dict[str, Stamp] = {}
    told: dict[str, str] = {}
    left_out = LeftOut()
    while True:
        began = time.monotonic()
        troubles: dict[str, str] = {}
        finder = Finder(troubles.__setitem__)
        unsettled: dict[str, Stamp] = {}
        ready = []
        for file in finder.find(named):
            if taken.get(file.path) == file.stamp:
                continue
            if before.get(file.path) == file.stamp:
                ready.append(file)
                taken[file.path] = file.stamp
            else:
                unsettled[file.path] = file.stamp
        took = time.monotonic() - began
        before = unsettled
        news = [(path, why) for path, why in troubles.items() if told.get(path) != why]
        told = troubles
        if ready or news or finder.left_out != left_out:
            left_out = finder.left_out
            yield finder, ready, news
        wait(max(_LEAST_PAUSE_SECONDS, took * _PAUSES_A_LOOK))
