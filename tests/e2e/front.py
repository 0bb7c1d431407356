"""What stands before an instance in a test: it may go away, want a login of its own, or serve another version."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, urlsplit

# What is of the connection, and what would have the instance compress, or know again, what is changed here.
_NOT_PASSED_ON = {
    *("connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"),
    *("accept-encoding", "if-none-match", "if-modified-since", "etag", "last-modified"),
}

_LET_IN = "proxy=knows-me"


class Front:
    """Passes requests on, but for WebSockets."""

    def __init__(self, instance: str) -> None:
        self.instance = instance
        self.url = ""
        self.is_away = False
        # By a page of its own, in place of all answers.
        self.wants_login = False
        # Files of another version by path; None: it has none of that name.
        self.changed: dict[str, bytes | None] = {}


@contextmanager
def front_of(instance: str) -> Iterator[Front]:
    """A front of the instance at this address, at one of its own."""
    front = Front(instance)

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    for method in ("GET", "HEAD", "POST", "PATCH"):
        setattr(Handler, f"do_{method}", lambda handler: _answer(handler, front))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    front.url = f"http://localhost:{server.server_port}"
    yield front
    server.shutdown()
    server.server_close()


def _answer(handler: BaseHTTPRequestHandler, front: Front) -> None:
    if front.is_away:
        return  # and the connection ends
    if front.wants_login and _LET_IN not in handler.headers.get("Cookie", ""):
        _ask_to_log_in(handler)
        return
    path = urlsplit(handler.path).path
    changed = front.changed.get(path)
    if path in front.changed and changed is None:
        handler.send_error(404)
        return
    host = urlsplit(front.instance).netloc
    connection = HTTPConnection(host, timeout=60)
    headers = {name: value for name, value in handler.headers.items() if name.lower() not in _NOT_PASSED_ON}
    headers |= {"Host": host} | ({"Origin": front.instance} if "Origin" in headers else {})
    body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
    connection.request(handler.command, handler.path, body, headers)
    response = connection.getresponse()
    content = response.read() if changed is None else changed
    connection.close()
    handler.send_response(response.status)
    for name, value in response.getheaders():
        if name.lower() not in _NOT_PASSED_ON:
            handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    if handler.command != "HEAD":
        with suppress(BrokenPipeError, ConnectionResetError):  # who asked has left
            handler.wfile.write(content)


def _ask_to_log_in(handler: BaseHTTPRequestHandler) -> None:
    path, query = urlsplit(handler.path)[2:4]
    if path == "/proxy/login":
        handler.send_response(200)
        handler.send_header("Content-Type", "text/html")
        handler.end_headers()
        handler.wfile.write(f'<a href="/proxy/callback?{query}">Show who you are</a>'.encode())
        return
    handler.send_response(302)
    if path == "/proxy/callback":
        handler.send_header("Set-Cookie", f"{_LET_IN}; Path=/")
        handler.send_header("Location", parse_qs(query)["to"][0])
    else:
        handler.send_header("Location", f"/proxy/login?to={quote(handler.path, safe='')}")
    handler.send_header("Content-Length", "0")
    handler.end_headers()
