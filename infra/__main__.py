"""`python -m infra`: runs the system on this machine (`up`), every check (`test`), and what it costs (`bench`)."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this is what says so
    sys.stderr.write("Pinhole needs Python 3.11 or newer: install it, and start again with it\n")
    sys.exit(2)

import argparse
from contextlib import redirect_stdout
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

from infra import bootstrap
from infra.admin import arguments as admin

# Where the packages of the functions, of the product and of its client are imported from.
_ROOTS = ("layers/core", "layers/models", "functions", "clients/python")
sys.path += [str(bootstrap.REPOSITORY / root) for root in _ROOTS]


def main() -> int:
    arguments = _parser().parse_args()
    try:
        exit_code: int = arguments.run(arguments)
    except bootstrap.CannotStart as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return exit_code


def _up(arguments: argparse.Namespace) -> int:
    bootstrap.check_web_client()
    bootstrap.enter_environment("infra/requirements.txt")
    if arguments.demo:
        bootstrap.install("infra/demo-requirements.txt")
    if arguments.captions or arguments.models:
        bootstrap.install("gpu_worker/requirements.txt")  # else the worker brings it, once all answers
    bootstrap.build_web_client()
    from infra import up
    from infra.local.instance import DEFAULT_MODELS, Place

    return up.run(
        up.Options(
            data=arguments.data or bootstrap.REPOSITORY / _directory(arguments),
            place=Place(
                arguments.port,
                arguments.endpoint,
                arguments.public_origin,
                not arguments.no_worker,
                arguments.models or DEFAULT_MODELS,
                arguments.captions,
                dict(arguments.parameter),
            ),
            demo=arguments.demo,
            reset=arguments.reset,
            yes=arguments.yes,
        )
    )


def _directory(arguments: argparse.Namespace) -> str:
    """Libraries that don't share their objects don't share a directory."""
    name = ".demo" if arguments.demo else ".data"
    return f"{name}-endpoint" if arguments.endpoint else name


def _test(arguments: argparse.Namespace) -> int:
    if arguments.torch:
        bootstrap.enter_environment("tests/requirements.txt", bootstrap.TORCH)
        from infra import torch_tests

        return torch_tests.run(arguments.pytest)
    bootstrap.enter_environment("tests/requirements.txt")
    from infra import test

    return test.run(arguments.only, arguments.pytest)


def _admin(arguments: argparse.Namespace) -> int:
    with _apart_from_the_answer():
        bootstrap.enter_environment("infra/requirements.txt")
    from infra.admin import command

    return command.run(arguments)


def _migrate(arguments: argparse.Namespace) -> int:
    bootstrap.enter_environment("infra/requirements.txt")
    import psycopg

    from infra import database_roles, migrate, places

    try:
        applied = migrate.apply(arguments.database)
        print("\n".join(applied) if applied else "Nothing to apply")
        if count := places.fill(arguments.database):
            print(f"Loaded {count:,} names of places")
        for role, whose, anew in (
            (database_roles.INGEST, "IngestDatabaseUrl", arguments.new_ingest_password),
            (database_roles.WORKER, "PINHOLE_DATABASE_URL of the worker", arguments.new_worker_password),
        ):
            if anew or not database_roles.logs_in(arguments.database, role):
                print(f"{whose}, which is not shown again: {database_roles.let_in(arguments.database, role)}")
    except (psycopg.OperationalError, psycopg.errors.InsufficientPrivilege) as error:
        raise bootstrap.CannotStart(f"The database can't be migrated: {' '.join(str(error).split())}") from error
    return 0


def _bench(arguments: argparse.Namespace) -> int:
    with _apart_from_the_answer():
        bootstrap.enter_environment("infra/requirements.txt")
        bootstrap.install("infra/demo-requirements.txt")
    from infra.bench import command

    return command.run(arguments.only, json=arguments.json)


def _soak(_arguments: argparse.Namespace) -> int:
    bootstrap.enter_environment("infra/requirements.txt")
    from infra import soak

    return soak.run()


def _models(arguments: argparse.Namespace) -> int:
    bootstrap.enter_environment("infra/models/requirements.txt")
    bootstrap.install("gpu_worker/requirements.txt")
    from infra.models import command

    return command.run(arguments.set, arguments.directory)


def _generate(_arguments: argparse.Namespace) -> int:
    bootstrap.enter_environment("tests/requirements.txt")
    # Not built: that takes what is written here.
    bootstrap.install_node_packages(bootstrap.WEB)
    from infra import generate

    written = generate.write()
    print("\n".join(f"{path.name} written" for path in written) if written else "All files are current")
    return 0


def _lock(_arguments: argparse.Namespace) -> int:
    bootstrap.enter_environment("tests/requirements.txt")
    from infra import lock

    return lock.run()


def _apart_from_the_answer() -> redirect_stdout[TextIO]:
    """What a script reads on stdout is the answer alone, also of the first call, which has to install."""
    return redirect_stdout(sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra", description="Pinhole on this machine")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    up = commands.add_parser("up", help="run the whole system on this machine")
    up.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="where everything is kept (default: .data; with --demo .demo; with --endpoint that and -endpoint)",
    )
    up.add_argument("--port", type=_port, default=9475, help="port of this machine (default: %(default)s)")
    up.add_argument(
        "--public-origin",
        type=_origin,
        metavar="URL",
        help="what browsers ask a reverse proxy for, such as https://photos.example.org (see docs/reverse-proxy.md)",
    )
    up.add_argument(
        "--endpoint",
        type=_url,
        metavar="URL",
        help="use a running LocalStack, instead of a store and queues of our own",
    )
    worker = up.add_mutually_exclusive_group()
    worker.add_argument("--no-worker", action="store_true", help="analyse no photos")
    worker.add_argument(
        "--captions",
        type=lambda text: Path(text).resolve(),
        metavar="FILE",
        help="have photos described too, by the vision endpoint that this model set names (see docs/operations.md)",
    )
    up.add_argument(
        "--models",
        type=_model_set,
        metavar="SET",
        help="the model set of the worker and of search: a name, or a file.toml of your own (default: embedded)",
    )
    up.add_argument("--demo", action="store_true", help="a library with sample photos")
    up.add_argument("--reset", action="store_true", help="first delete what the data directory holds")
    up.add_argument("--yes", action="store_true", help="don't ask before --reset deletes")
    up.add_argument(
        "--parameter",
        type=_parameter,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a parameter of template.yaml, for this run; may be given again",
    )
    up.set_defaults(run=_up)

    test = commands.add_parser("test", help="run every check")
    part = test.add_mutually_exclusive_group()
    part.add_argument(
        "--only",
        metavar="NAME",
        help="run one step, or the tests of a room, such as ingest; an unknown name lists them",
    )
    part.add_argument("--torch", action="store_true", help="run the tests that need torch, in .venv-torch")
    test.add_argument("pytest", nargs="*", metavar="-- ARGUMENT", help="more arguments for pytest")
    test.set_defaults(run=_test)

    admin.add(commands, _admin)

    migrate = commands.add_parser("migrate", help="apply migrations to a database")
    migrate.add_argument("database", metavar="URL", help="postgresql://…")
    for whose, name in (("ingest's", "ingest"), ("the worker's", "worker")):
        migrate.add_argument(
            f"--new-{name}-password",
            action="store_true",
            help=f"give {whose} role of its own another password, and print its URL",
        )
    migrate.set_defaults(run=_migrate)

    bench = commands.add_parser("bench", help="measure what it costs, beside the floor of the same run")
    bench.add_argument("--only", nargs="+", default=[], metavar="NAME", help="some rows; an unknown name lists them")
    bench.add_argument("--json", action="store_true", help="print JSON instead of a table")
    bench.set_defaults(run=_bench)

    soak = commands.add_parser("soak", help="kill parts at random while photos come in, and see that none is lost")
    soak.set_defaults(run=_soak)

    models = commands.add_parser("models", help="fetch the models that look at photos")
    models.add_argument(
        "--set", default="embedded", metavar="SET", help="a name, or a file.toml of your own (default: %(default)s)"
    )
    models.add_argument("--directory", type=Path, metavar="DIR", help="where sets lie (default: in your cache)")
    models.set_defaults(run=_models)

    generate = commands.add_parser("generate", help="write every file that is made from others")
    generate.set_defaults(run=_generate)

    lock = commands.add_parser("lock", help="compile every requirements.in")
    lock.set_defaults(run=_lock)
    return parser


def _url(text: str) -> str:
    return _without_path(text, "http://127.0.0.1:4566")


def _origin(text: str) -> str:
    """As browsers write it: in small letters, and without the port that its scheme has anyway."""
    url = _without_path(text, "https://photos.example.org").lower()
    return url.removesuffix(":443" if url.startswith("https:") else ":80")


def _without_path(text: str, example: str) -> str:
    try:
        parts = urlsplit(text)
        rest = (parts.username, parts.path.strip("/"), parts.query, parts.fragment)
        whole = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0 and not any(rest)
    except ValueError:  # such as a port beyond 65535, which is only looked at when it is asked for
        whole = False
    if not whole:
        raise argparse.ArgumentTypeError(f"{text} is no address like {example}")
    return text.rstrip("/")


def _model_set(text: str) -> str:
    """Another process reads it, in another directory."""
    return str(Path(text).resolve()) if text.endswith(".toml") else text


def _parameter(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name.isalnum() and equals):
        raise argparse.ArgumentTypeError(f"{text} is no parameter like IngestVisibilityTimeout=1440")
    return name, value


def _port(text: str) -> int:
    if not (text.isdecimal() and 0 < int(text) < 65536):
        raise argparse.ArgumentTypeError(f"{text} is no port: use a number from 1 to 65535")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
