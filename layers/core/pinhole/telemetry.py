"""Structured logs and metrics.

Logs: one event per outcome, with a fixed name and its values as fields; never a signed URL, a token or a position.
`upload_id` is the correlation id: every line about a photo has it, from the begin of its upload to its being visible.

Metrics: CloudWatch's Embedded Metric Format, one line per set of dimensions at the end of a call. The dimensions are
`service` (the function) and, where there is one, `stage`; an id would make a metric of each photo.
"""

import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from pinhole.settings import settings

NAMESPACE = "Pinhole"

P = ParamSpec("P")
R = TypeVar("R")

logger = Logger()  # its service is POWERTOOLS_SERVICE_NAME, as the template says for each function
_metrics: dict[str | None, EphemeralMetrics] = {}


def follow(upload_id: str | None) -> None:
    """Have every line from now on carry this upload's id, or none. Each call of a function begins with it."""
    logger.append_keys(upload_id=upload_id)


def count(metric: str, *, stage: str | None = None) -> None:
    """Count one, such as `ItemsVisible`."""
    _add(metric, MetricUnit.Count, 1, stage)


def duration(metric: str, seconds: float, *, stage: str | None = None) -> None:
    """Note how long something took."""
    _add(metric, MetricUnit.Seconds, seconds, stage)


def queue_age(sent_timestamp: str) -> None:
    """Note how long a message that was received now has been on its way. sent_timestamp: SQS's, milliseconds."""
    duration("QueueAge", max(0.0, time.time() - int(sent_timestamp) / 1000))


def measured(handler: Callable[P, R]) -> Callable[P, R]:
    """Decorates a function's handler: what was measured goes out, all at once, when a call ends, however it ends."""

    @wraps(handler)
    def call(*arguments: P.args, **named: P.kwargs) -> R:
        try:
            return handler(*arguments, **named)
        finally:
            for metrics in _metrics.values():
                metrics.flush_metrics()
            _metrics.clear()

    return call


def _add(metric: str, unit: MetricUnit, value: float, stage: str | None) -> None:
    if not settings().metrics:
        return
    if stage not in _metrics:
        _metrics[stage] = EphemeralMetrics(namespace=NAMESPACE)
        if stage is not None:
            _metrics[stage].add_dimension("stage", stage)
    _metrics[stage].add_metric(metric, unit, value)
