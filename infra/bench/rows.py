"""What is measured, and the table of it."""

import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Aim:
    """Bounds of what we take ourselves, or of its ratio to the floor."""

    of: Literal["ours", "ratio"]
    most: float
    least: float = 0.0

    def __str__(self) -> str:
        least, most = (f"{bound:g}" for bound in (self.least, self.most))
        if self.most == float("inf"):
            return f"{self.of} ≥ {least}"
        return f"{self.of} {least} to {most}" if self.least else f"{self.of} ≤ {most}"


@dataclass(frozen=True, slots=True)
class Row:
    """What ours is and what the floor is, both in `unit`; `floor_is` says what was measured for it."""

    name: str
    unit: str
    ours: float
    floor: float | None = None
    floor_is: str = ""
    aim: Aim | None = None

    @property
    def ratio(self) -> float | None:
        return None if self.floor is None else self.ours / self.floor

    @property
    def met(self) -> bool | None:
        """None where there is no aim."""
        if self.aim is None:
            return None
        value = self.ours if self.aim.of == "ours" else self.ratio
        assert value is not None
        return self.aim.least <= value <= self.aim.most


def table(rows: Sequence[Row]) -> str:
    """The rows as text, in columns."""
    header = ("", "ours", "", "floor", "", "ratio", "aim", "met?")
    lines = [header, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    right = {1, 3, 5}
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.name,
        _number(row.ours),
        row.unit,
        "" if row.floor is None else _number(row.floor),
        row.floor_is,
        "" if row.ratio is None else f"{row.ratio:.2f}",
        "" if row.aim is None else str(row.aim),
        {None: "", True: "yes", False: "NO"}[row.met],
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def as_json(rows: Sequence[Row]) -> str:
    """The rows as a JSON array of objects; `ratio`, `aim` and `met` are null where there is none."""
    return json.dumps(
        [
            {
                "name": row.name,
                "unit": row.unit,
                "ours": row.ours,
                "floor": row.floor,
                "floorIs": row.floor_is or None,
                "ratio": row.ratio,
                "aim": None if row.aim is None else str(row.aim),
                "met": row.met,
            }
            for row in rows
        ],
        ensure_ascii=False,
        indent=2,
    )


def progress(text: str) -> None:
    """Tell what is going on, beside the table: on stderr."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def medians(contestants: Mapping[str, Callable[[], float]], repeats: int) -> dict[str, float]:
    """The median of what each gives. In turns, so that a busy moment hits all of them; the first turn doesn't count."""
    results: dict[str, list[float]] = {name: [] for name in contestants}
    for turn in range(repeats + 1):
        for name, measure in contestants.items():
            result = measure()
            if turn:
                results[name].append(result)
    return {name: statistics.median(values) for name, values in results.items()}


def clocked(work: Callable[[], object], pause_seconds: float = 0.0) -> Callable[[], float]:
    """Measures milliseconds on the clock, after a pause."""

    def measure() -> float:
        time.sleep(pause_seconds)
        began = time.perf_counter()
        work()
        return (time.perf_counter() - began) * 1000

    return measure
