"""The local SQS server's process: `python -m infra.local.queue_process PORT`.

ministack checks no credentials, whoever asks: not for SQS, which it takes by GET too, as any web page can send, nor
on its paths that reset or reconfigure it. So its application runs behind a fence. What passes is SQS's JSON protocol,
with the access key that only this instance knows; no signature is checked.
"""

import asyncio
import hmac
import os
import sys
import time
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config
from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, HTTPScope, Scope

from infra.local.processes import HOST
from infra.local.queue import ACCESS_KEY


async def fenced(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """ministack's application, for SQS requests of this machine's own programs."""
    from ministack.app import app  # reads its environment when imported

    if scope["type"] == "http":
        if _may_pass(scope):
            await app(scope, receive, send)
        else:
            await _refuse(send)


def _may_pass(scope: HTTPScope) -> bool:
    headers = dict(scope["headers"])
    _, _, credential = headers.get(b"authorization", b"").partition(b"Credential=")
    return (
        (scope["method"], scope["path"]) == ("POST", "/")
        and headers.get(b"host") == f"{HOST}:{os.environ['GATEWAY_PORT']}".encode()
        and b"origin" not in headers  # which no program sends, and every page
        and headers.get(b"x-amz-target", b"").startswith(b"AmazonSQS.")
        and hmac.compare_digest(credential.partition(b"/")[0], os.environ[ACCESS_KEY].encode())
    )


async def _refuse(send: ASGISendCallable) -> None:
    await send({"type": "http.response.start", "status": 403, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _tell_ages() -> None:
    """Let GetQueueAttributes tell the age of the oldest message too, for which AWS has a metric of CloudWatch."""
    from ministack.services import sqs

    count = sqs._refresh_counts

    def count_and_tell(queue: dict[str, Any]) -> None:
        count(queue)
        queue["attributes"].pop("ApproximateAgeOfOldestMessage", None)
        if sent := [message["sent_at"] for message in queue["messages"]]:
            queue["attributes"]["ApproximateAgeOfOldestMessage"] = str(int(time.time() - min(sent)))

    sqs._refresh_counts = count_and_tell


def main(port: str) -> None:
    os.environ.update(GATEWAY_PORT=port, SERVICES="sqs", MINISTACK_HOST=HOST, LOG_LEVEL="WARNING")
    for variable in ("PERSIST_STATE", "AUTH", "USE_SSL"):
        os.environ.pop(variable, None)
    _tell_ages()
    config = Config()
    config.bind = [f"{HOST}:{port}"]
    config.keep_alive_timeout = 75
    asyncio.run(serve(fenced, config))


if __name__ == "__main__":
    main(sys.argv[1])
