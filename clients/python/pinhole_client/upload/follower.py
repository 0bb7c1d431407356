"""Tells the server which files have arrived, for the store tells it of none, and follows what it makes of them.

Both are the same question.
"""

import threading
from collections import Counter
from collections.abc import Callable
from itertools import islice

from pinhole_client import wire
from pinhole_client.client import Client
from pinhole_client.errors import ClientError
from pinhole_client.retrying import Pause
from pinhole_client.upload.finding import LocalFile

_MOST_ASKED = 500  # by one request
# Of those that the server knows to have arrived: more would be much to read for little news.
_RECEIVED_ASKED = 100
# Of one upload that the store has acknowledged and the server finds nothing of, half a second apart or more.
_MOST_WAITS = 10
_GATHER_SECONDS, _TICK_SECONDS, _SLOWEST_TICK_SECONDS = 0.5, 1.0, 10.0


class Follower:
    """Follows uploads until they have ended.

    on_settled: told each upload's file and what became of it: None where the server knows it no more, and `waiting`
    where it goes on finding nothing in the store.
    """

    def __init__(self, client: Client, on_settled: Callable[[LocalFile, wire.UploadOutcome | None], None]) -> None:
        self._client = client
        self._on_settled = on_settled
        self._asking = threading.Lock()
        self._changing = threading.Condition()
        # Arrived, and not yet received for all that the server says.
        self._untold: dict[str, LocalFile] = {}
        self._received: dict[str, LocalFile] = {}
        self._waits: Counter[str] = Counter()

    def follow(self, upload_id: str, file: LocalFile) -> None:
        """The store has acknowledged all bytes of an upload."""
        with self._changing:
            self._untold[upload_id] = file
            self._changing.notify()

    def wake(self) -> None:
        """Have `run` look whether it is over."""
        with self._changing:
            self._changing.notify_all()

    def report(self) -> bool:
        """Tell now what has arrived. Whether the server found that any of it has: then it has room for more."""
        return self._ask()[0]

    def run(self, is_over: threading.Event, pause: Pause) -> None:
        """Ask again and again until it is over. Raises ClientError for what will not pass."""
        wait = _TICK_SECONDS
        while not is_over.is_set():
            with self._changing:
                self._changing.wait_for(lambda: self._untold or self._received or is_over.is_set(), _TICK_SECONDS)
                is_idle = not self._untold and not self._received
            if is_idle or is_over.wait(_GATHER_SECONDS):
                continue
            try:
                _, has_news = self._ask()
            except ClientError as error:
                if not error.passing:
                    raise
                wait = min(_SLOWEST_TICK_SECONDS, wait * 1.3)
                pause(max(wait, error.retry_after_seconds or 0), error)
                continue
            # While files come through, ask on at once; while they don't, more and more seldom.
            wait = _TICK_SECONDS if has_news else min(_SLOWEST_TICK_SECONDS, wait * 1.3)
            with self._changing:
                self._changing.wait_for(lambda: self._untold or is_over.is_set(), 0 if has_news else wait)

    def _ask(self) -> tuple[bool, bool]:
        """Whether the server found any to have arrived, and whether any has ended."""
        with self._asking:
            with self._changing:
                untold = list(islice(self._untold, _MOST_ASKED))
                received = list(islice(self._received, max(0, _RECEIVED_ASKED - len(untold))))
            asked = [*untold, *received]
            if not asked:
                return False, False
            outcomes = {outcome["id"]: outcome for outcome in self._client.complete_many(asked)}
            ended: list[tuple[LocalFile, wire.UploadOutcome | None]] = []
            has_room = False
            with self._changing:
                for upload_id in asked:
                    outcome = outcomes.get(upload_id)
                    is_waiting = outcome is not None and outcome["state"] == "waiting"
                    self._waits[upload_id] += is_waiting
                    if is_waiting and self._waits[upload_id] < _MOST_WAITS:
                        continue
                    del self._waits[upload_id]
                    has_room |= upload_id in self._untold and not is_waiting
                    file = self._untold.pop(upload_id, None) or self._received.pop(upload_id)
                    if outcome is not None and outcome["state"] == "received":
                        self._received[upload_id] = file
                    else:
                        ended.append((file, outcome))
        for file, outcome in ended:
            self._on_settled(file, outcome)
        return has_room, bool(ended)
