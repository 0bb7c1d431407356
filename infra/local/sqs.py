"""SQS's JSON protocol over aiohttp: a long poll that waits without a thread and can be cancelled."""

import json
from typing import Any

import aiohttp
import yarl
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

# A long poll answers within 20 seconds.
TIMEOUT = aiohttp.ClientTimeout(total=30)


class QueueUnavailable(Exception):
    """The queue does not answer, or refuses."""


class Sqs:
    """Calls of SQS, signed with the given credentials."""

    def __init__(self, session: aiohttp.ClientSession, *, region: str, credentials: Credentials) -> None:
        self._session = session
        self._auth = SigV4Auth(credentials, "sqs", region)

    async def receive(self, queue_url: str, *, limit: int, wait_seconds: int) -> list[dict[str, Any]]:
        """Up to `limit` (at most 10) messages, as SQS describes them. Raises QueueUnavailable."""
        answer = await self._call(
            "ReceiveMessage",
            QueueUrl=queue_url,
            MaxNumberOfMessages=limit,
            WaitTimeSeconds=wait_seconds,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        return messages

    async def delete(self, queue_url: str, receipt_handles: list[str]) -> None:
        """Delete up to ten messages. Raises QueueUnavailable, also when only some were deleted."""
        entries = [{"Id": str(n), "ReceiptHandle": handle} for n, handle in enumerate(receipt_handles)]
        answer = await self._call("DeleteMessageBatch", QueueUrl=queue_url, Entries=entries)
        if failed := answer.get("Failed"):
            raise QueueUnavailable(f"{len(failed)} messages of {queue_url} were not deleted: {failed[0]}")

    async def send(self, queue_url: str, body: str) -> None:
        """Send one message. Raises QueueUnavailable."""
        await self._call("SendMessage", QueueUrl=queue_url, MessageBody=body)

    async def _call(self, action: str, **parameters: Any) -> dict[str, Any]:
        url = str(yarl.URL(parameters["QueueUrl"]).with_path("/"))
        request = AWSRequest("POST", url, data=json.dumps(parameters).encode())
        request.headers["Content-Type"] = "application/x-amz-json-1.0"
        request.headers["X-Amz-Target"] = f"AmazonSQS.{action}"
        self._auth.add_auth(request)
        try:
            async with self._session.post(
                url, data=request.data, headers=dict(request.headers.items()), timeout=TIMEOUT
            ) as response:
                answer: dict[str, Any] = json.loads(await response.read() or b"{}")
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise QueueUnavailable(f"{action}: {error!r}") from error
        if response.status != 200:
            raise QueueUnavailable(f"{action}: {answer.get('__type')}: {answer.get('message', answer)}")
        return answer
