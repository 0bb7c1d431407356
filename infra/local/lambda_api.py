"""Lambda's own API, as far as operators need it: invoke a function, and switch an event source mapping.

It has a port of its own, which 127.0.0.1 alone reaches, and a secret in its address: whoever knows that may do
anything. The data directory keeps it for `python -m infra admin`, readable by its owner only.
"""

import hmac
import json
import secrets
from http import HTTPStatus
from typing import Any

from aiohttp import web

from infra.local.data_directory import DataDirectory
from infra.local.function_pool import FunctionError
from infra.local.http_server import HttpServer
from infra.local.processes import HOST, free_ports
from infra.local.runtime import Runtime

VERSION = "2015-03-31"
MAX_EVENT_BYTES = 6 * 1024 * 1024


class LambdaApi:
    """Serves one instance. `url` is what boto3 takes as the endpoint of `lambda`."""

    def __init__(self, data: DataDirectory) -> None:
        self._data = data
        self._secret = secrets.token_urlsafe(24)
        self._port = free_ports(1)[0]
        self.url = f"http://{HOST}:{self._port}/{self._secret}"

    async def start(self, runtime: Runtime) -> None:
        """Begin to answer, and tell the data directory where."""
        self._runtime = runtime
        self._server = HttpServer(self._answer, max_body_bytes=MAX_EVENT_BYTES)
        await self._server.start(self._port)
        self._data.publish(self.url)

    async def stop(self) -> None:
        self._data.publish(None)
        await self._server.stop()

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        secret, _, path = request.path.removeprefix("/").partition("/")
        if not hmac.compare_digest(secret.encode(), self._secret.encode()):
            return web.Response(status=HTTPStatus.NOT_FOUND)
        match [request.method, *path.removeprefix(VERSION).strip("/").split("/")]:
            case ["POST", "functions", name, "invocations"] if name in self._runtime.functions:
                return await self._invoke(name, await request.json(), request.headers.get("X-Amz-Invocation-Type"))
            case ["GET", "event-source-mappings"]:
                return _json({"EventSourceMappings": [self._mapping(uuid) for uuid in self._runtime.pollers]})
            case ["PUT", "event-source-mappings", uuid] if uuid in self._runtime.pollers:
                return self._switch(uuid, on=(await request.json())["Enabled"])
        return _json({"Message": "Nothing is here."}, HTTPStatus.NOT_FOUND, {"x-amzn-ErrorType": "ResourceNotFound"})

    async def _invoke(self, name: str, event: Any, invocation: str | None) -> web.Response:
        if invocation == "Event":
            self._runtime.begin(name, event)
            return web.Response(status=HTTPStatus.ACCEPTED)
        try:
            return _json(await self._runtime.invoke(name, event))
        except FunctionError as error:
            failure = {"errorType": error.error_type, "errorMessage": str(error)}
            return _json(failure, headers={"X-Amz-Function-Error": "Unhandled"})

    def _mapping(self, uuid: str) -> dict[str, str]:
        poller = self._runtime.pollers[uuid]
        return {"UUID": uuid, "EventSourceArn": poller.queue_arn, "State": poller.state}

    def _switch(self, uuid: str, *, on: bool) -> web.Response:
        """What is switched off stays so when everything is started again: only then it is said to be."""
        paused = self._data.paused
        self._data.keep_paused(paused - {uuid} if on else paused | {uuid})
        self._runtime.pollers[uuid].switch(on=on)
        return _json(self._mapping(uuid), HTTPStatus.ACCEPTED)


def _json(body: Any, status: HTTPStatus = HTTPStatus.OK, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(status=status, body=json.dumps(body).encode(), headers=headers, content_type="application/json")
