"""`python -m gpu_worker`: analyse the photos that the queues ask for, until SIGTERM."""

import argparse
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gpu_worker import bench

if TYPE_CHECKING:
    from gpu_worker.captioner import Captioner

MODELS = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pinhole" / "models"


def main() -> int:
    arguments = _parser().parse_args()
    return int(arguments.run(arguments))


def _work(arguments: argparse.Namespace) -> int:
    # Only here: the bench runs where none of it is installed.
    from gpu_worker import metrics
    from gpu_worker.models_process import Options
    from gpu_worker.worker import CannotWork, Worker
    from pinhole.settings import settings
    from pinhole.stages import CATALOGUE, Stage
    from pinhole.telemetry import logger

    if os.name == "posix":
        os.nice(arguments.nice)
    try:
        worker = _captioner(arguments) if arguments.queues == ["captions"] else _worker(arguments)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: worker.stop())
        if arguments.metrics_port is not None:
            metrics.serve(arguments.metrics_port, worker.healthy, arguments.metrics_address)
        worker.run()
    except CannotWork as error:
        logger.error("cannot_work", extra={"reason": str(error)})
        return 2
    return 0


def _worker(arguments: argparse.Namespace) -> Worker:
    row = CATALOGUE[Stage.ANALYSIS]
    urls = {lane: carrier.url(settings()) for lane, carrier in row.lanes.items()}
    source = arguments.models if arguments.models.startswith("s3://") else ""
    directory = str(MODELS) if source else arguments.models
    options = Options(arguments.set, directory, arguments.threads, arguments.decoders, source)
    return Worker(urls, options, arguments.batch)


def _captioner(arguments: argparse.Namespace) -> "Captioner":
    # Only here: the loop needs none of it.
    from gpu_worker import captioner
    from gpu_worker.models import model_set
    from gpu_worker.models.roles import ModelError

    try:
        models = model_set.read(arguments.set, MODELS)
        return captioner.of(models, settings().caption_key.get_secret_value())
    except ModelError as error:
        raise CannotWork(str(error)) from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m gpu_worker", description=__doc__)
    parser.add_argument("--queues", type=_queues, default=["ml"], help="what to work on: ml, or captions")
    parser.add_argument("--set", default="embedded", help="the model set: a file of gpu_worker/model_sets")
    parser.add_argument(
        "--models",
        default=str(MODELS),
        help="where the files of models lie; s3://bucket/prefix: where to fetch them from",
    )
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="threads of each model")
    parser.add_argument("--decoders", type=int, default=os.cpu_count(), help="pictures decoded at once")
    parser.add_argument("--batch", type=int, default=8, help="photos that the models look at together")
    parser.add_argument("--nice", type=int, default=0, help="let others go first, by so much (0 to 19)")
    parser.add_argument("--metrics-port", type=int, help="answer /metrics and /health there")
    parser.add_argument("--metrics-address", default="127.0.0.1", help="of which address")
    parser.set_defaults(run=_work)
    bench.add_to(parser.add_subparsers(title="instead of that"), MODELS)
    return parser


def _queues(text: str) -> list[str]:
    names = text.split(",")
    if unknown := [name for name in names if name not in ("ml", "captions")]:
        raise argparse.ArgumentTypeError(f"this worker knows ml and captions, and not {', '.join(unknown)}")
    if len(names) > 1:
        raise argparse.ArgumentTypeError("each is for a worker of its own")
    return names


if __name__ == "__main__":
    sys.exit(main())
