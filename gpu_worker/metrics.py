"""What the worker measures of itself, for Prometheus, and whether it is well."""

from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.005, 0.02, 0.1, 0.5, 2, 10, 60, 300, 1800, 7200, 86400)

queue_age = Histogram("pinhole_queue_age_seconds", "How long messages waited", ["lane"], buckets=_SECONDS)
batch_size = Histogram("pinhole_batch_size", "Photos looked at together", buckets=(1, 2, 4, 8, 16, 32, 64, 128))
stage_seconds = Histogram("pinhole_stage_seconds", "What a step takes", ["step"], buckets=_SECONDS)
photos = Counter("pinhole_photos", "Photos analysed: their rate is images per second", ["lane"])
failures = Counter("pinhole_failures", "Attempts that failed", ["lane"])

captions = Counter("pinhole_captions", "Photos that captions were asked for", ["outcome"])

in_hand = Gauge("pinhole_in_hand", "Photos that were received and are not done with", ["lane"])
with_models = Gauge("pinhole_with_models", "Photos that the process of the models has in memory")
models_loaded = Gauge("pinhole_models_loaded", "Whether the models are in memory")
models_memory = Gauge("pinhole_models_memory_bytes", "Resident memory of the process of the models")


def serve(port: int, healthy: Callable[[], bool], address: str = "127.0.0.1") -> ThreadingHTTPServer:
    """Answer /metrics and /health in a thread, until the server is shut down. Port 0: any that is free."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            match self.path:
                case "/metrics":
                    self._answer(HTTPStatus.OK, generate_latest(), CONTENT_TYPE_LATEST)
                case "/health" if healthy():
                    self._answer(HTTPStatus.OK, b"well\n", "text/plain")
                case "/health":
                    self._answer(HTTPStatus.SERVICE_UNAVAILABLE, b"stuck\n", "text/plain")
                case _:
                    self.send_error(HTTPStatus.NOT_FOUND)

        def _answer(self, status: HTTPStatus, body: bytes, content_type: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing: the log is of photos."""

    server = ThreadingHTTPServer((address, port), Handler)
    Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server
