"""A LocalStack plugin: each Lambda environment is a child process, so that LocalStack needs no Docker.

LocalStack talks to an environment by its own protocol: it posts calls to `/invoke`, and is told `status/{id}/ready`,
`invocations/{id}/response`, `…/error` and `…/logs`. The child is the genuine `awslambdaric`, which talks Lambda's
Runtime API: it asks for `…/invocation/next` and posts its answers. This module stands between the two.

Selected with `LAMBDA_RUNTIME_EXECUTOR=process`. The function's layers come first on the child's path.
"""

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests
from localstack import config
from localstack.services.lambda_.invocation.executor_endpoint import ExecutorEndpoint
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

HOST = "127.0.0.1"
INHERITED = ("HOME", "LANG", "LD_LIBRARY_PATH", "PATH", "TMPDIR")
LOG_TAIL = 2000


class ProcessExecutor(RuntimeExecutor):
    """One environment of one function: at most one call at a time."""

    def __init__(self, id: str, function_version: Any) -> None:  # noqa: A002 (LocalStack's name)
        super().__init__(id=id, function_version=function_version)
        self._endpoint = ExecutorEndpoint(id)
        self._calls: queue.Queue[dict[str, Any] | None]
        self._lock = threading.Lock()
        self._current: dict[str, Any] | None = None
        self._timer: threading.Timer | None = None
        self._log: list[str] = []
        self._ready = False
        self._stopping = False
        self._process: subprocess.Popen[bytes] | None = None

    # LocalStack's side

    def start(self, env_vars: Mapping[str, Any]) -> None:
        self._endpoint.start()
        self._variables = {name: str(value) for name, value in env_vars.items()}
        self._timeout = int(self._variables["AWS_LAMBDA_FUNCTION_TIMEOUT"])
        self._server = ThreadingHTTPServer((HOST, 0), _handler_of(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self._endpoint.container_address = HOST
        self._endpoint.container_port = self._server.server_address[1]
        self._spawn()
        self._endpoint.wait_for_startup()

    def stop(self) -> None:
        self._stopping = True
        if self._process is not None:
            self._calls.put(None)
            self._process.kill()
        self._server.shutdown()
        self._server.server_close()
        self._endpoint.shutdown()

    def invoke(self, payload: dict[str, str]) -> Any:
        return self._endpoint.invoke(payload)

    def get_logs(self) -> str:
        return "".join(self._log)

    def get_address(self) -> str:
        return HOST

    def get_endpoint_from_executor(self) -> str:
        return HOST

    def get_runtime_endpoint(self) -> str:
        return f"http://{HOST}:{config.GATEWAY_LISTEN[0].port}{self._endpoint.get_endpoint_prefix()}"

    @classmethod
    def prepare_version(cls, function_version: Any) -> None:
        function_version.config.code.prepare_for_execution()
        for layer in function_version.config.layers:
            layer.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version: Any) -> None:
        """Nothing to do: LocalStack removes the unpacked code itself."""

    @classmethod
    def validate_environment(cls) -> bool:
        return True

    # What the HTTP handler calls

    def begin(self, call: dict[str, Any]) -> None:
        """LocalStack wants this call run."""
        assert self._process is not None
        self._current = call
        self._timer = threading.Timer(self._timeout, self._time_out, [call["invoke-id"]])
        self._timer.daemon = True
        self._timer.start()
        if self._process.poll() is not None:
            self._spawn()
        self._calls.put(call)

    def next_call(self) -> tuple[bytes, dict[str, str]] | None:
        """The child asks for work: the event, and the headers of the Runtime API. None when all is over."""
        calls = self._calls
        if not self._ready:
            self._ready = True
            self._tell(f"/status/{self.id}/ready", b"{}")
        call = calls.get()
        if call is None:
            return None
        return call["payload"].encode(), {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": call["invoke-id"],
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + self._timeout) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": call.get("invoked-function-arn")
            or self.function_version.qualified_arn,
            "Lambda-Runtime-Trace-Id": call.get("trace-id") or "",
        }

    def finish(self, call_id: str, outcome: str, body: bytes) -> None:
        """A call ended with `response` or `error`. Only the first end of a call counts."""
        with self._lock:
            if self._current is None or self._current["invoke-id"] != call_id:
                return
            self._current = None
        assert self._timer is not None
        self._timer.cancel()
        self._tell(f"/invocations/{call_id}/logs", json.dumps({"logs": self.get_logs()}).encode())
        self._log.clear()
        self._tell(f"/invocations/{call_id}/{outcome}", body)

    def could_not_start(self, body: bytes) -> None:
        self._tell(f"/status/{self.id}/error", body)

    # The child

    def _spawn(self) -> None:
        code = str(self.function_version.config.code.get_unzipped_code_location())
        layers = [
            str(layer.code.get_unzipped_code_location() / "python") for layer in self.function_version.config.layers
        ]
        environment = {
            **{name: os.environ[name] for name in INHERITED if name in os.environ},
            **self._variables,
            "AWS_LAMBDA_RUNTIME_API": f"{HOST}:{self._server.server_address[1]}",
            "LAMBDA_TASK_ROOT": code,
            "PYTHONPATH": os.pathsep.join([code, *layers]),
            "PYTHONUNBUFFERED": "1",
            "TZ": "UTC",
        }
        # A queue of its own: what waits for an earlier child, which died idle, must not take its calls.
        self._calls = queue.Queue()
        process = subprocess.Popen(
            [sys.executable, "-m", "awslambdaric", self._variables["_HANDLER"]],
            cwd=code,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._process = process
        threading.Thread(target=self._watch, args=(process,), daemon=True).start()

    def _watch(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self._log.append(line.decode(errors="replace"))
        status = process.wait()
        if self._stopping or process is not self._process:
            return
        message = f"Runtime exited with error: exit status {status}"
        if not self._ready:
            tail = self.get_logs()[-LOG_TAIL:]
            self.could_not_start(_error("Runtime.ExitError", f"{message}\n{tail}"))
        elif self._current is not None:
            self.finish(self._current["invoke-id"], "error", _error("Runtime.ExitError", message))

    def _time_out(self, call_id: str) -> None:
        timed_out, self._process = self._process, None
        assert timed_out is not None
        timed_out.kill()
        timed_out.wait()
        self._spawn()
        message = f"RequestId: {call_id} Error: Task timed out after {self._timeout:.2f} seconds"
        self.finish(call_id, "error", _error("Sandbox.Timedout", message))

    def _tell(self, path: str, body: bytes) -> None:
        requests.post(
            self.get_runtime_endpoint() + path,
            data=body,
            headers={"Content-Type": "application/json"},
            proxies={"http": ""},
            timeout=10,
        )


class ProcessExecutorPlugin(RuntimeExecutorPlugin):
    """What LocalStack looks up by the name `process`."""

    name = "process"

    def load(self, *_: Any, **__: Any) -> type[ProcessExecutor]:
        return ProcessExecutor


def _error(kind: str, message: str) -> bytes:
    return json.dumps({"errorType": kind, "errorMessage": message}).encode()


def _handler_of(executor: ProcessExecutor) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:  # Runtime API: next
            call = executor.next_call()
            if call is None:
                self._answer(500)
            else:
                self._answer(200, *call)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            match self.path.split("/")[1:]:
                case ["invoke"]:
                    executor.begin(json.loads(body))
                    self._answer(200)
                case [*_, "invocation", call_id, "response" | "error" as outcome]:
                    self._answer(202, b'{"status":"OK"}')
                    executor.finish(call_id, outcome, body)
                case [*_, "init", "error"]:
                    self._answer(202)
                    executor.could_not_start(body)
                case _:
                    self._answer(404)

        def log_message(self, *_: Any) -> None:
            """LocalStack logs the calls; each request of ours would only repeat it."""

        def _answer(self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler
