"""A worker as the command line wants it, until SIGTERM."""

import argparse
import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from gpu_worker import metrics, surroundings
from gpu_worker.models_process import Options
from gpu_worker.worker import CannotWork, Worker
from pinhole.settings import settings
from pinhole.stages import CATALOGUE, Stage
from pinhole.telemetry import logger
from pinhole_models import model_set
from pinhole_models.roles import ModelError

if TYPE_CHECKING:
    from gpu_worker.captioner import Captioner
    from gpu_worker.video.worker import VideoWorker


def run(arguments: argparse.Namespace, models: Path) -> int:
    """Work. models: where the files of models lie, if they are fetched. Returns the exit code."""
    if os.name == "posix":
        os.nice(arguments.nice)
    try:
        _check_surroundings(arguments.queues)
        worker = WORKERS[arguments.queues](arguments, models)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: worker.stop())
        if arguments.metrics_port is not None:
            _serve(arguments.metrics_port, worker.healthy, arguments.metrics_address)
        worker.run()
    except CannotWork as error:
        logger.error("cannot_work", extra={"reason": str(error)})
        return 2
    return 0


def _check_surroundings(works_on: str) -> None:
    if complaint := surroundings.complaint(works_on):
        raise CannotWork(complaint)


def _serve(port: int, healthy: Callable[[], bool], address: str) -> None:
    try:
        metrics.serve(port, healthy, address)
    except OSError as error:
        reason = error.strerror or str(error)
        raise CannotWork(f"Nothing can listen at port {port} of {address} ({reason}): choose --metrics-port") from error


def _worker(arguments: argparse.Namespace, models: Path) -> Worker:
    row = CATALOGUE[Stage.ANALYSIS]
    urls = {lane: carrier.url(settings()) for lane, carrier in row.lanes.items()}
    source = arguments.models if arguments.models.startswith("s3://") else ""
    directory = str(models) if source else arguments.models
    options = Options(arguments.set, directory, arguments.threads, arguments.decoders, source)
    return Worker(urls, options, arguments.batch, arguments.grace)


def _captioner(arguments: argparse.Namespace, models: Path) -> "Captioner":
    # Only here, as what follows: who makes copies of videos needs nothing that looks at pictures.
    from gpu_worker import captioner

    try:
        return captioner.of(model_set.read(arguments.set, models), settings().caption_key.get_secret_value())
    except (ModelError, OSError) as error:
        raise CannotWork(str(error)) from error


def _video_worker(arguments: argparse.Namespace, _models: Path) -> "VideoWorker":
    from gpu_worker.video.worker import VideoWorker

    return VideoWorker(arguments.threads, arguments.grace)


WORKERS: Mapping[str, Callable[[argparse.Namespace, Path], "Worker | Captioner | VideoWorker"]] = {
    "ml": _worker,
    "captions": _captioner,
    "video": _video_worker,
}
