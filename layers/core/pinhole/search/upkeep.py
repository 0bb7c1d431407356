"""What items are found by, where it is out of date: after an upgrade, or since other models answer."""

import time

from pinhole.db import transaction
from pinhole.tables import search_text
from pinhole.telemetry import logger

BATCH = 500


def refresh_stale(seconds: float) -> int:
    """Write it anew for as long, or until none is left; each batch in a transaction of its own. Of how many items.

    Raises Unavailable.
    """
    until = time.monotonic() + seconds
    refreshed = 0
    while time.monotonic() < until:
        with transaction() as conn:
            some = search_text.refresh_stale(conn, BATCH)
        refreshed += some
        if some < BATCH:
            break
    if refreshed:
        logger.info("search_texts_refreshed", extra={"items": refreshed})
    return refreshed
