"""Requests of the gateway itself to the object store."""

from collections.abc import Mapping
from urllib.parse import quote

import aiohttp
import yarl
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

# Nothing is said about the whole: an object may be large. A store that falls silent is given up.
TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=300)


class ObjectStore:
    """The store behind the gateway: what it answers is streamed and never held.

    endpoint: where it listens, such as `http://127.0.0.1:8333`.
    """

    def __init__(self, session: aiohttp.ClientSession, endpoint: str, *, region: str, credentials: Credentials) -> None:
        self.session = session
        self.endpoint = endpoint.rstrip("/")
        self.credentials = credentials
        self._auth = S3SigV4Auth(credentials, "s3", region)

    async def request(
        self, method: str, bucket: str, key: str, *, headers: Mapping[str, str], query: str = ""
    ) -> aiohttp.ClientResponse:
        """Send a signed request without a body. The caller closes the response. Raises aiohttp.ClientError."""
        url = f"{self.endpoint}/{bucket}/{quote(key, safe='/-_.~')}" + (f"?{query}" if query else "")
        request = AWSRequest(method, url, headers=dict(headers))
        self._auth.add_auth(request)
        return await self.session.request(
            method,
            yarl.URL(url, encoded=True),
            headers=dict(request.headers.items()),
            timeout=TIMEOUT,
            allow_redirects=False,
        )
