"""`python -m gpu_worker`: analyse the photos that the queues ask for, until SIGTERM."""

import argparse
import os
import sys

from gpu_worker import bench, surroundings
from gpu_worker.command_line import seconds, whole


def main() -> int:
    surroundings.find_product()
    arguments = _parser().parse_args()
    try:
        return int(arguments.run(arguments))
    except ModuleNotFoundError as error:
        sys.stderr.write(f"{surroundings.without(error)}\n")
        return 2


def _work(arguments: argparse.Namespace) -> int:
    # Only here: the bench runs where none of it is installed.
    from gpu_worker import working
    from pinhole_models.model_directory import default_directory

    return working.run(arguments, default_directory())


def _parser() -> argparse.ArgumentParser:
    # Only here: it lies where `surroundings.find_product` leads.
    from pinhole_models.model_directory import default_directory

    parser = argparse.ArgumentParser(prog="python -m gpu_worker", description=__doc__)
    parser.add_argument("--queues", type=_queues, default="ml", help="what to work on: ml, captions or video")
    parser.add_argument("--set", default="embedded", help="the model set: of pinhole_models/model_sets, or a file.toml")
    parser.add_argument(
        "--models",
        default=str(default_directory()),
        help="where the files of models lie; s3://bucket/prefix: where to fetch them from",
    )
    parser.add_argument("--threads", type=whole(1), default=os.cpu_count(), help="threads of each model")
    parser.add_argument("--decoders", type=whole(1), default=os.cpu_count(), help="pictures decoded at once")
    parser.add_argument("--batch", type=whole(1), default=8, help="photos that the models look at together")
    parser.add_argument("--nice", type=whole(0, 19), default=0, help="let others go first, by so much (0 to 19)")
    parser.add_argument("--metrics-port", type=whole(0, 65535), help="answer /metrics and /health there")
    parser.add_argument("--metrics-address", default="127.0.0.1", help="of which address")
    parser.add_argument("--grace", type=seconds, default=20, help="seconds for what is looked at, at SIGTERM")
    parser.set_defaults(run=_work)
    bench.add_to(parser.add_subparsers(title="instead of that"), default_directory())
    return parser


def _queues(text: str) -> str:
    names = text.split(",")
    if unknown := [name for name in names if name not in surroundings.QUEUES]:
        raise argparse.ArgumentTypeError(f"this worker knows ml, captions and video, and not {', '.join(unknown)}")
    if len(names) > 1:
        raise argparse.ArgumentTypeError("each is for a worker of its own")
    return names[0]


if __name__ == "__main__":
    sys.exit(main())
