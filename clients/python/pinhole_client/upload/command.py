"""`pinhole-upload DIR…`."""

import argparse
import contextlib
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum
from http import HTTPStatus
from io import TextIOWrapper
from types import FrameType

from pinhole_client import __version__
from pinhole_client.client import Client
from pinhole_client.errors import ClientError, Problem
from pinhole_client.upload.finding import Finder, shown, spelled
from pinhole_client.upload.hashes import Hashes, state_file
from pinhole_client.upload.run import SEND_AT_ONCE, Run
from pinhole_client.upload.telling import Telling
from pinhole_client.upload.watching import watched

_PARTS_AT_ONCE = 3
_SERVER = "http://localhost:9475"
_CREDENTIALS = ("TOKEN", "NAME", "PASSWORD")
_EPILOG = f"""\
environment:
  PINHOLE_NAME, PINHOLE_PASSWORD   who you are
  PINHOLE_TOKEN                    or an API key that may upload, or an access token, which is not renewed
  PINHOLE_SERVER                   the server, where --server is not given (default: {_SERVER})
  XDG_STATE_HOME                   where hashes are remembered (default: ~/.local/state)

exit codes:
  0  all files are in the library (with --dry-run: nothing failed)
  1  some files could not be read, or were refused; each is told
  2  wrong arguments or environment
  3  the server can't be reached, doesn't let you in, or hashes can't be remembered
  130  interrupted; with --watch that is how it ends, with 0 or 1
  141  nobody reads the list of --dry-run any more
"""


class ExitCode(IntEnum):
    """What a script learns of a run."""

    ALL_THERE = 0
    SOME_FAILED = 1
    USAGE = 2
    NO_WAY_IN = 3
    INTERRUPTED = 130
    NOBODY_READS = 141


def main() -> None:
    """The entry point."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal may lack the letters of a name
    try:
        code = run(sys.argv[1:], os.environ)
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = ExitCode.INTERRUPTED
    except BrokenPipeError:
        # Whoever read the list has seen enough. What is left of it would be tried again at the end of the process.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = ExitCode.NOBODY_READS
    sys.exit(code)


def run(words: Sequence[str], environment: Mapping[str, str]) -> int:
    """Do what the command line says. Returns the exit code; raises SystemExit for wrong arguments."""
    parser = _parser()
    arguments = parser.parse_args(words)
    for path in arguments.paths:
        if not os.path.lexists(path):
            parser.error(f"{shown(path)} is not there")
    server = (arguments.server or environment.get("PINHOLE_SERVER") or _SERVER).strip()
    # Lines of a file from Windows end in CR.
    token, name, password = (environment.get(f"PINHOLE_{what}", "").rstrip("\r\n") for what in _CREDENTIALS)
    token = token.strip()
    if token and (name or password):
        parser.error("PINHOLE_TOKEN is set, and a name or password too: unset what shall not be used")
    if not token and not (name and password):
        parser.error("set PINHOLE_NAME and PINHOLE_PASSWORD, or PINHOLE_TOKEN, in the environment")
    try:
        client = Client(server, token=token or None, connections=SEND_AT_ONCE * (1 + _PARTS_AT_ONCE))
    except ValueError as error:
        parser.error(spelled(str(error)))
    telling = Telling()
    try:
        hashes = Hashes(state_file(), telling.say)
    except (OSError, sqlite3.Error) as error:
        telling.say(_not_remembered(error))
        return ExitCode.NO_WAY_IN
    try:
        with contextlib.ExitStack() as session:
            try:
                if token:
                    client.me()
                else:
                    client.log_in(name, password)
                    session.callback(_log_out, client)
            except Problem as refusal:
                if refusal.status != HTTPStatus.UNAUTHORIZED or not client.onboarding()["registrationOpen"]:
                    raise
                telling.say(f"Nobody is registered there yet: open {client.server} in a browser first.")
                return ExitCode.NO_WAY_IN
            return _upload(client, hashes, telling, arguments)
    except ClientError as error:
        telling.say(str(error))
        return ExitCode.NO_WAY_IN
    except sqlite3.Error as error:
        telling.say(_not_remembered(error))
        return ExitCode.NO_WAY_IN
    finally:
        hashes.close()


def _not_remembered(error: Exception) -> str:
    return f"Hashes can't be remembered in {state_file()}: {error}"


def _upload(client: Client, hashes: Hashes, telling: Telling, arguments: argparse.Namespace) -> int:
    if arguments.watch:
        return _watch(client, hashes, telling, arguments.paths)
    current = Run(client, hashes, telling, dry_run=arguments.dry_run)
    finder = Finder(current.outcomes.trouble)
    try:
        with _interruptible(), telling.live():
            counts = current.run(finder.find(arguments.paths))
    except KeyboardInterrupt:
        telling.say("Interrupted. The next call goes on from here.")
        return ExitCode.INTERRUPTED
    telling.end(counts, finder, dry_run=arguments.dry_run)
    return ExitCode.SOME_FAILED if counts.failed else ExitCode.ALL_THERE


def _watch(client: Client, hashes: Hashes, telling: Telling, paths: Sequence[str]) -> int:
    code = ExitCode.ALL_THERE
    try:
        with _interruptible():
            for finder, files, troubles in watched(paths, threading.Event().wait):
                current = Run(client, hashes, telling, dry_run=False)
                for path, why in troubles:
                    current.outcomes.trouble(path, why)
                with telling.live():
                    counts = current.run(files)
                telling.end(counts, finder, dry_run=False)
                code = ExitCode.SOME_FAILED if counts.failed else code
    except KeyboardInterrupt:
        return code
    raise AssertionError("it is watched until somebody interrupts")


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """SIGTERM ends it as Ctrl-C does: what runs is left in order."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _log_out(client: Client) -> None:
    with contextlib.suppress(ClientError):  # the session ends by itself
        client.log_out()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pinhole-upload",
        description="Send folders of photos to Pinhole. What is there already is not sent.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("paths", nargs="+", metavar="DIR", help="a folder, with all that is in it; or a file")
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    parser.add_argument("--server", metavar="URL", help="such as https://photos.example.org")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--dry-run", action="store_true", help="tell which files would be sent, and send nothing")
    how.add_argument("--watch", action="store_true", help="go on, and send files as they appear")
    return parser
