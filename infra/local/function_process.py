"""One environment of a function: a process that imports the handler, then runs one event after another.

`python -m infra.local.function_process <package.module.handler> <memory in MB>`

It reads calls on stdin and writes answers on stdout, each a 4-byte big-endian length and that much JSON:

    {"event": …, "requestId": str, "deadline": Unix seconds, "name": str, "arn": str, "memoryMb": int}
    {"ready": true}  once, after the import
    {"result": …}  or  {"error": {"errorType": str, "errorMessage": str, "stackTrace": [str]}}

What the handler prints goes to stderr. When stdin closes the process ends at once, whatever the handler is
doing: whoever started it is gone, and a call that no one waits for will be made again.
"""

import importlib
import json
import os
import queue
import signal
import struct
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

LENGTH = struct.Struct(">I")
# Lambda's bound for the answer of a synchronous call.
MAX_ANSWER_BYTES = 6 * 1024 * 1024 + 100_000


@dataclass(frozen=True, slots=True)
class Context:
    """What Lambda tells a handler about the call."""

    aws_request_id: str
    function_name: str
    invoked_function_arn: str
    memory_limit_in_mb: int
    deadline: float
    function_version: str = "$LATEST"

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the call is ended by force."""
        return max(0, int((self.deadline - time.time()) * 1000))


def main() -> None:
    # Ctrl-C reaches the whole process group; when to end is for the parent to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    calls_from, answers_to = _take_over_stdio()
    calls: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_read_calls, args=(calls_from, calls), daemon=True).start()
    _bound_memory(int(sys.argv[2]))
    try:
        handler = _imported(sys.argv[1])
    except BaseException as error:  # noqa: BLE001 - the caller gets it, whatever it is
        _write(answers_to, {"error": _description(error)})
        sys.exit(1)
    _write(answers_to, {"ready": True})
    while True:
        _write(answers_to, _answer(handler, calls.get()))


def _take_over_stdio() -> tuple[BinaryIO, BinaryIO]:
    calls_from, answers_to = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    return calls_from, answers_to


def _read_calls(stream: BinaryIO, calls: "queue.SimpleQueue[dict[str, Any]]") -> None:
    while len(length := stream.read(LENGTH.size)) == LENGTH.size:
        calls.put(json.loads(stream.read(*LENGTH.unpack(length))))
    os._exit(0)


def _bound_memory(megabytes: int) -> None:
    try:
        import resource
    except ImportError:  # Windows has none
        return
    limit = megabytes * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def _imported(name: str) -> Callable[[Any, Context], Any]:
    module, _, attribute = name.rpartition(".")
    handler: Callable[[Any, Context], Any] = getattr(importlib.import_module(module), attribute)
    return handler


def _answer(handler: Callable[[Any, Context], Any], call: dict[str, Any]) -> dict[str, Any]:
    context = Context(call["requestId"], call["name"], call["arn"], call["memoryMb"], call["deadline"])
    try:
        return {"result": handler(call["event"], context)}
    except Exception as error:  # noqa: BLE001 - the edge: a failed call is an answer too
        traceback.print_exc()
        return {"error": _description(error)}


def _description(error: BaseException) -> dict[str, Any]:
    return {
        "errorType": type(error).__name__,
        "errorMessage": str(error),
        "stackTrace": traceback.format_tb(error.__traceback__),
    }


def _write(stream: BinaryIO, answer: dict[str, Any]) -> None:
    try:
        content = json.dumps(answer, ensure_ascii=False).encode()
    except (TypeError, ValueError) as error:
        content = json.dumps({"error": {**_description(error), "errorType": "Runtime.MarshalError"}}).encode()
    if len(content) > MAX_ANSWER_BYTES:
        message = f"Response payload size exceeded maximum allowed payload size ({MAX_ANSWER_BYTES} bytes)."
        too_large = {"errorType": "Function.ResponseSizeTooLarge", "errorMessage": message, "stackTrace": []}
        content = json.dumps({"error": too_large}).encode()
    stream.write(LENGTH.pack(len(content)) + content)
    stream.flush()


if __name__ == "__main__":
    main()
