"""Event source mappings (Lambda): what has a function fed from a queue, and can be switched off."""

from functools import cache
from typing import Any

from pinhole import aws

# As Lambda calls a mapping's state -> what that means for its queue. Others are passing moments of a deployment.
STATES = {"Enabled": "running", "Disabled": "paused", "Enabling": "resuming", "Disabling": "pausing"}


def state(mapping_id: str) -> str:
    """`running`, `paused`, or on the way there `resuming`, `pausing`. Raises Unavailable."""
    with aws.answering("Lambda service"):
        return _state(_lambda().get_event_source_mapping(UUID=mapping_id))


def switch(mapping_id: str, *, on: bool) -> str:
    """Start or stop feeding the function; what it has been given already, it ends. The state that this leads to.

    Raises Unavailable, also while the mapping is being changed.
    """
    with aws.answering("Lambda service"):
        return _state(_lambda().update_event_source_mapping(UUID=mapping_id, Enabled=on))


def _state(mapping: dict[str, str]) -> str:
    return STATES.get(mapping["State"], mapping["State"].lower())


@cache
def _lambda() -> Any:
    return aws.client("lambda")
