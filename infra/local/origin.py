"""The names that an instance answers to, and what it believes of the reverse proxy before it."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import web

from infra.local.processes import HOST

PORTS = {"http": ":80", "https": ":443"}


class Origin:
    """Where an instance that listens on a port of this machine is found.

    public: its origin before a reverse proxy, such as `https://photos.example.org`; None: there is no proxy.
    url: what its pages and signed URLs begin with: the public one, or else `http://localhost:{port}`. A name, since
        passkeys are for names.
    local: the same for the programs of this machine.
    """

    def __init__(self, port: int, public: str | None = None) -> None:
        self.is_public = public is not None
        self.local = f"http://{_authority(HOST, port)}"
        self.url = public or f"http://{_authority('localhost', port)}"
        parts = urlsplit(self.url)
        self.host, self._default_port = parts.netloc, PORTS[parts.scheme]
        self._names = {self.host, _authority(HOST, port), _authority("localhost", port)}
        self._pages = {self.url} if self.is_public else {f"http://{name}" for name in self._names}

    def host_of(self, request: web.BaseRequest) -> str:
        """The name that was asked for, with a port unless it is the scheme's own."""
        return request.headers.get("Host", "").removesuffix(self._default_port)

    def answers_to(self, host: str) -> bool:
        """Whether a name is ours. Else any name that someone points at us would make their page one of ours."""
        return host in self._names

    def has_page(self, origin: str) -> bool:
        """Whether a page of this origin (as browsers tell it) is one of ours."""
        return origin in self._pages

    def from_client(self, request: web.BaseRequest) -> web.BaseRequest:
        """A request as from the address that its client sent it from.

        Behind a proxy that is the last one that `X-Forwarded-For` names: the proxy itself wrote it. All else in such
        headers is what anyone may claim.
        """
        told = ", ".join(request.headers.getall("X-Forwarded-For", [])).rpartition(",")[2].strip()
        if self.is_public and self.host_of(request) == self.host and _is_address(told):
            return request.clone(remote=told)
        return request


def _authority(host: str, port: int) -> str:
    """Host and port as browsers write them, who leave 80 out."""
    return host if port == 80 else f"{host}:{port}"


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
