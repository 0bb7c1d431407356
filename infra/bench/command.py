"""`python -m infra bench`: one table."""

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from infra.bench import (
    edits,
    footprint,
    lists,
    not_modified,
    page,
    photos,
    pipeline,
    playing,
    relevance,
    search,
    seeing,
    timeline,
    video,
    worker,
)
from infra.bench.rows import Row, as_json, progress, table
from infra.bootstrap import CannotStart

MEASUREMENTS: dict[str, Callable[[], Iterator[Row]]] = {
    "photos": photos.measure,
    "pipeline": pipeline.measure,
    "timeline-100k": partial(timeline.measure, 100_000),
    "timeline-1m": partial(timeline.measure, 1_000_000),
    "timeline-304": not_modified.measure,
    "lists": lists.measure,
    "edits": edits.measure,
    "search-100k": partial(search.measure, 100_000),
    "search-10-owners": partial(search.measure, 100_000, 10),
    "search-1m": partial(search.measure, 1_000_000),
    "page-100k": partial(page.measure, 100_000),
    "page-1m": partial(page.measure, 1_000_000),
    "functions": footprint.measure,
    "worker": worker.measure,
    "worker-models": worker.measure_models,
    "worker-quality": seeing.measure,
    "relevance": relevance.measure,
    "video": video.measure,
    "video-page": playing.measure,
}


def run(only: Sequence[str], *, json: bool) -> int:
    """Measure all, or only what is named, and print the table. Returns the exit code: 1 where an aim is not met.

    Raises:
        CannotStart: nothing is measured under such a name, or a program is missing.
    """
    if unknown := set(only) - set(MEASUREMENTS):
        raise CannotStart(f"Nothing is measured as {', '.join(unknown)}: there are {', '.join(MEASUREMENTS)}")
    rows: list[Row] = []
    try:
        with contextlib.redirect_stdout(sys.stderr):  # the parts that are started tell of themselves
            for number, name in enumerate(only or MEASUREMENTS, start=1):
                progress(f"{name} ({number} of {len(only or MEASUREMENTS)})")
                rows += MEASUREMENTS[name]()
    finally:  # what was measured until something failed took minutes
        print(as_json(rows) if json else table(rows))
    over = [f"{row.name}: {row.ours:.4g} {row.unit}, to be {row.aim}" for row in rows if row.met is False]
    if over:
        print("Not met:", *over, sep="\n  ", file=sys.stderr)
    return 1 if over else 0
