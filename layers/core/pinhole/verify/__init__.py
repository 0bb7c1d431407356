"""Do the tables and the buckets agree? What does not is told, finding by finding, and repaired where asked.

Listings and tables are read side by side in one pass, page by page: memory stays the same at a million objects. Each
suspicion is looked at again by itself, under its key's lock, before it counts: what changed meanwhile is no finding.
Nothing is judged, and nothing deleted, that is younger than `GRACE`: it may be in work. How much that is, is told.

Nothing is deleted because a row is missing: rows get lost too. What a repair deletes is in the store a second time, was
never shown, or is made from an original that is there.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from pinhole.verify import elsewhere, files, halves, jobs, metadata, months, originals, renditions, search_texts
from pinhole.verify.finding import Finding, Kind, Tally

# Longer than any work on an object takes, with the attempts that may be needed.
GRACE = timedelta(hours=24)

__all__ = ["GRACE", "Finding", "Kind", "Tally", "check"]


def check(tally: Tally, *, repair: bool) -> Iterator[Finding]:
    """What does not agree, of all users. With `repair` each finding that can be is repaired before it is told.

    tally: is added to, as the findings are taken.

    Raises Unavailable; what was found and repaired until then stays.
    """
    before = datetime.now(UTC) - GRACE
    # First: an original whose row is lost would be read in as a new item, and its item be taken for one without.
    told: set[str] = set()
    for finding in files.check(before, tally, repair=repair):
        if not finding.repaired:
            told.add(finding.key)
        yield finding
    yield from originals.check(before, tally, told, repair=repair)
    yield from renditions.check(before, tally, repair=repair)
    yield from metadata.check(before, tally, repair=repair)
    yield from search_texts.check(before, tally, repair=repair)
    yield from halves.check(before, tally, repair=repair)
    yield from jobs.check(before, tally, repair=repair)
    yield from months.check(repair=repair)
    # Last: however much of it there is, nothing else comes behind it.
    yield from elsewhere.check(before, tally, told, repair=repair)
