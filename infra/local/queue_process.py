"""The local SQS server's process: `python -m infra.local.queue_process PORT`.

ministack also has paths that reset or reconfigure it without credentials, whoever asks, and at start it looks
after services that are not used here. So its application runs behind a fence: only SQS requests that name
this server's own address as Host, and no other site as Origin, pass.
"""

import asyncio
import os
import sys
import time
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config
from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, Scope

HOST = "127.0.0.1"


async def fenced(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """ministack's application, for SQS requests of this machine's own programs."""
    from ministack.app import app  # reads its environment when imported

    if scope["type"] == "http":
        headers = dict(scope["headers"])
        own = f"{HOST}:{os.environ['GATEWAY_PORT']}".encode()
        if headers.get(b"host") != own or headers.get(b"origin", b"http://" + own) != b"http://" + own:
            await _refuse(send, 403)
        elif scope["path"].startswith("/_"):
            await _refuse(send, 404)
        else:
            await app(scope, receive, send)


async def _refuse(send: ASGISendCallable, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
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
