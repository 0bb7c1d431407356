"""A worker as the command line wants it, until SIGTERM."""

import argparse
import os
import signal
from collections.abc import Callable
from pathlib import Path

from gpu_worker import captioner, metrics, surroundings
from gpu_worker.captioner import Captioner
from gpu_worker.models_process import Options
from gpu_worker.worker import CannotWork, Worker
from pinhole.settings import settings
from pinhole.stages import CATALOGUE, Stage
from pinhole.telemetry import logger
from pinhole_models import model_set
from pinhole_models.roles import ModelError


def run(arguments: argparse.Namespace, models: Path) -> int:
    """Work. models: where the files of models lie, if they are fetched. Returns the exit code."""
    if os.name == "posix":
        os.nice(arguments.nice)
    try:
        describes = arguments.queues == ["captions"]
        _check_surroundings(queues=not describes)
        worker = _captioner(arguments, models) if describes else _worker(arguments, models)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: worker.stop())
        if arguments.metrics_port is not None:
            _serve(arguments.metrics_port, worker.healthy, arguments.metrics_address)
        worker.run()
    except CannotWork as error:
        logger.error("cannot_work", extra={"reason": str(error)})
        return 2
    return 0


def _check_surroundings(*, queues: bool) -> None:
    if complaint := surroundings.complaint(queues=queues):
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


def _captioner(arguments: argparse.Namespace, models: Path) -> Captioner:
    try:
        return captioner.of(model_set.read(arguments.set, models), settings().caption_key.get_secret_value())
    except (ModelError, OSError) as error:
        raise CannotWork(str(error)) from error
