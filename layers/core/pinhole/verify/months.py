"""Every month that items are listed in is in the timeline, with what is listed.

One that was lost gets a revision that is higher than any that a client may hold: see `timeline_month`.
"""

from collections.abc import Iterator
from datetime import date

from psycopg.sql import SQL

from pinhole import live
from pinhole.db import transaction
from pinhole.tables import timeline_month
from pinhole.telemetry import logger
from pinhole.verify.finding import Finding, Kind

# One statement, so that a month and its items are of one moment. A month whose ratios are of an older revision is left
# to its next reader.
_WRONG = SQL(
    """
    SELECT month, stored.month IS NULL AS lost
    FROM (
        SELECT month,
            string_agg(set_byte('\\x00', 0, ratio), '' ORDER BY sort_timestamp DESC, id DESC) AS ratios
        FROM media_item WHERE owner_id = %(viewer_id)s AND listed GROUP BY month
    ) AS listed
    FULL JOIN (SELECT * FROM timeline_month WHERE viewer_id = %(viewer_id)s) AS stored USING (month)
    WHERE stored.month IS NULL
       OR stored.ratios_revision = stored.revision AND stored.ratios <> coalesce(listed.ratios, '')
    ORDER BY month
    """
)


def check(*, repair: bool) -> Iterator[Finding]:
    """Findings about the timeline."""
    with transaction() as conn:
        viewers = [
            viewer_id
            for (viewer_id,) in conn.execute(
                "SELECT id FROM users WHERE NOT EXISTS (SELECT FROM deletion WHERE user_id = users.id) ORDER BY id"
            )
        ]
    for viewer_id in viewers:
        with transaction() as conn:
            wrong: list[tuple[date, bool]] = conn.execute(_WRONG, {"viewer_id": viewer_id}).fetchall()
            if wrong and repair:
                timeline_month.bump(conn, viewer_id, [month for month, _ in wrong])
        if wrong and repair:
            live.library_changed(viewer_id, [month for month, _ in wrong])
        for month, lost in wrong:
            kind = Kind.MONTH_LOST if lost else Kind.MONTH_WRONG
            logger.warning("inconsistency_found", extra={"kind": kind, "month": f"{month:%Y-%m}", "repaired": repair})
            yield Finding(kind, f"{month:%Y-%m}", repaired=repair)
