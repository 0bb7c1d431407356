"""Event source mappings (Lambda): what has a function fed from a queue, and can be switched off."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from pinhole import aws

# As Lambda calls a mapping's state -> what that means for its queue. Others are passing moments of a deployment.
STATES = {"Enabled": "running", "Disabled": "paused", "Enabling": "resuming", "Disabling": "pausing"}


@dataclass(frozen=True, slots=True)
class EventSource:
    """A mapping. state: `running`, `paused`, or on the way there `resuming`, `pausing`."""

    id: str
    state: str


def by_queue() -> dict[str, EventSource]:
    """All mappings that feed functions from queues, by the name of the queue in SQS. Raises Unavailable."""
    with aws.answering("Lambda service"):
        pages = _lambda().get_paginator("list_event_source_mappings").paginate()
        listed = [mapping for page in pages for mapping in page["EventSourceMappings"]]
    arns = [(mapping.get("EventSourceArn", ""), mapping) for mapping in listed]  # one of Kafka has none
    return {
        arn.rpartition(":")[2]: EventSource(mapping["UUID"], _state(mapping)) for arn, mapping in arns if ":sqs:" in arn
    }


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
