"""The ledger: what is to be done, by whom it is carried, and how it moves from state to state.

The ledger is the truth, the queue the carrier. A new stage is a row in `catalogue` and a function that does it.
"""

from pinhole.stages.catalogue import CATALOGUE, after, course, polled_by_workers
from pinhole.stages.deliveries import coming_back
from pinhole.stages.moves import (
    Claim,
    WornOut,
    add,
    backoff_seconds,
    claim,
    extend,
    fail,
    finish,
    give_back,
    give_up,
    go_on,
    hold,
    last_words,
    tell_progress,
)
from pinhole.stages.requests import (
    Asked,
    ask_again,
    ask_again_for,
    ask_worker,
    hand_over,
    read,
    room,
    send_events,
    send_stale,
)
from pinhole.tables.job import Lane, Stage, Subject

__all__ = [
    "CATALOGUE",
    "Asked",
    "Claim",
    "Lane",
    "Stage",
    "Subject",
    "WornOut",
    "add",
    "after",
    "ask_again",
    "ask_again_for",
    "ask_worker",
    "backoff_seconds",
    "claim",
    "coming_back",
    "course",
    "extend",
    "fail",
    "finish",
    "give_back",
    "give_up",
    "go_on",
    "hand_over",
    "hold",
    "last_words",
    "polled_by_workers",
    "read",
    "room",
    "send_events",
    "send_stale",
    "tell_progress",
]
