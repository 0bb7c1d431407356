"""The local SQS server's process: `python -m infra.local.queue_process PORT`.

ministack checks no credentials, whoever asks: not for SQS, which it takes by GET too, as any web page can send, nor
on its paths that reset or reconfigure it. So its application runs behind a fence. What passes is SQS's JSON protocol,
signed with the secret key that only this instance knows.
"""

import asyncio
import hmac
import os
import sys
import time
from collections.abc import Mapping
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypercorn.asyncio import serve
from hypercorn.config import Config
from hypercorn.typing import ASGIReceiveCallable, ASGIReceiveEvent, ASGISendCallable, HTTPScope, Scope

from infra.local.processes import HOST
from infra.local.queue import ACCESS_KEY, SECRET_KEY

# Ten messages of a batch have 1 MiB together; JSON may write a byte of theirs with six.
MAX_BODY_BYTES = 8 * 1024 * 1024


async def fenced(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """ministack's application, for SQS requests of this machine's own programs."""
    from ministack.app import app  # reads its environment when imported

    if scope["type"] == "http":
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        body = await _body(receive) if _may_be_read(scope, headers) else None
        if body is not None and _is_signed(headers, body):
            await app(scope, _again(body, receive), send)
        else:
            await _refuse(send)


def _may_be_read(scope: HTTPScope, headers: Mapping[str, str]) -> bool:
    length = headers.get("content-length", "")
    return (
        (scope["method"], scope["path"]) == ("POST", "/")
        and headers.get("host") == f"{HOST}:{os.environ['GATEWAY_PORT']}"
        and "origin" not in headers  # which no program sends, and every page
        and headers.get("x-amz-target", "").startswith("AmazonSQS.")
        and length.isdecimal()
        and int(length) <= MAX_BODY_BYTES
    )


async def _body(receive: ASGIReceiveCallable) -> bytes | None:
    """The body of a request; None when the client left before its end."""
    body = bytearray()
    while True:
        event = await receive()
        if event["type"] != "http.request":
            return None
        body += event["body"]
        if not event["more_body"]:
            return bytes(body)


def _is_signed(headers: Mapping[str, str], body: bytes) -> bool:
    """Whether the signature (SigV4) is the one that this instance's credentials make for this request."""
    algorithm, _, rest = headers.get("authorization", "").partition(" ")
    parts = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    scope = parts.get("Credential", "").split("/")
    if algorithm != "AWS4-HMAC-SHA256" or len(scope) != 5 or scope[0] != os.environ[ACCESS_KEY]:
        return False
    signer = SigV4Auth(Credentials(os.environ[ACCESS_KEY], os.environ[SECRET_KEY]), scope[3], scope[2])
    signed = {name: headers.get(name, "") for name in parts.get("SignedHeaders", "").split(";")}
    request = AWSRequest("POST", f"http://{headers['host']}/", headers=signed, data=body)
    request.context["timestamp"] = headers.get("x-amz-date", "")
    expected = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    return hmac.compare_digest(parts.get("Signature", "").encode(), expected.encode())


def _again(body: bytes, receive: ASGIReceiveCallable) -> ASGIReceiveCallable:
    """What the application receives: the body, which was read already, then what else comes."""
    read: list[ASGIReceiveEvent] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> ASGIReceiveEvent:
        return read.pop() if read else await receive()

    return receive_again


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
    config.include_server_header = False
    asyncio.run(serve(fenced, config))


if __name__ == "__main__":
    main(sys.argv[1])
