"""The ledger: what is to be done, by whom it is carried, and how it moves from state to state.

The ledger is the truth, the queue the carrier. A new stage is a row in `catalogue` and a function that does it.
"""

from pinhole.stages.catalogue import CATALOGUE, after, of_queue
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
    go_on,
    hold,
)
from pinhole.stages.requests import ask_for_originals, messages, room, send, send_stale, send_to_worker
from pinhole.tables.job import Lane, Stage, Subject

__all__ = [
    "CATALOGUE",
    "Claim",
    "Lane",
    "Stage",
    "Subject",
    "WornOut",
    "add",
    "after",
    "ask_for_originals",
    "backoff_seconds",
    "claim",
    "extend",
    "fail",
    "finish",
    "give_back",
    "go_on",
    "hold",
    "messages",
    "of_queue",
    "room",
    "send",
    "send_stale",
    "send_to_worker",
]
