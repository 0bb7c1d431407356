"""`python -m gpu_worker bench`: how fast the models look at pictures on this machine, and what we add to that."""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from gpu_worker.command_line import seconds, several, whole

# Only what Python brings: where torch measures, nothing else of the worker's need be there.


@dataclass(frozen=True, slots=True)
class Measured:
    """One line of the table. batch: pictures at once; None where there is no such thing."""

    what: str
    batch: int | None
    value: float
    unit: str


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", models: Path) -> None:
    """The command and its options. models: where the files of models lie."""
    parser = commands.add_parser("bench", help="measure how fast models look at pictures on this machine")
    parser.add_argument("--runtime", choices=("onnxruntime", "torch"), default="onnxruntime", help="what runs models")
    parser.add_argument("--set", default="embedded", help="the model set: of pinhole_models/model_sets, or a file.toml")
    parser.add_argument("--models", type=Path, default=models, help="where the files of models lie")
    parser.add_argument("--threads", type=whole(1), default=os.cpu_count(), help="threads of each model")
    parser.add_argument("--batches", type=several, default=[1, 8, 32], help="pictures at once, with commas: 1,8,32")
    parser.add_argument("--seconds", type=seconds, default=2, help="how long each is measured, at the least")
    parser.add_argument("--photos", type=Path, help="a directory of pictures to look at, instead of made ones")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure, and print. Returns the exit code."""
    if arguments.runtime == "torch":
        from gpu_worker import bench_torch

        rows = list(bench_torch.measure(arguments.batches, arguments.seconds))
    else:
        from gpu_worker.bench_pictures import NoPictures
        from pinhole_models.roles import ModelError

        with tempfile.TemporaryDirectory(prefix="pinhole-bench-") as scratch:
            try:
                rows = list(_measure(arguments, Path(scratch)))
            except (ModelError, NoPictures) as error:
                sys.stderr.write(f"{error}\n")
                return 2
    sys.stdout.write((as_json(rows) if arguments.json else table(rows)) + "\n")
    return 0


def table(rows: Sequence[Measured]) -> str:
    """The rows as text, in columns."""
    width = max(len(row.what) for row in rows)
    return "\n".join(
        f"{row.what:<{width}}  {'' if row.batch is None else row.batch:>5}  {row.value:>10,.4g}  {row.unit}"
        for row in rows
    )


def as_json(rows: Sequence[Measured]) -> str:
    """The rows as a JSON array of objects."""
    return json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=2)


def measuring(what: str, batch: int | None = None) -> None:
    """Say what is measured from now on, on stderr: it may take minutes until the table comes."""
    sys.stderr.write(f"Measuring {what}{'' if batch is None else f', {batch} at once'}\n")
    sys.stderr.flush()


def a_second(work: Callable[[], object], pictures: int, seconds: float) -> float:
    """Pictures a second, when `work` does so many. The first time does not count."""
    work()
    times, began = 0, time.perf_counter()
    while not times or time.perf_counter() - began < seconds:
        work()
        times += 1
    return pictures * times / (time.perf_counter() - began)


def _measure(arguments: argparse.Namespace, scratch: Path) -> Iterator[Measured]:
    from gpu_worker import bench_looking, bench_pictures
    from pinhole_models import model_set

    models = model_set.read(arguments.set, arguments.models, arguments.threads)
    runnable = bench_looking.with_random_weights(models, scratch)
    for role in set(models.models()) - set(runnable.parts):
        sys.stderr.write(f"{role} is left out: its files are not there, and random ones would measure nothing\n")
    sys.stderr.write(f"Loading the models of {arguments.set}\n")
    contents = bench_pictures.contents(arguments.photos)
    yield from bench_looking.measure(runnable, contents, arguments.batches, arguments.seconds)
