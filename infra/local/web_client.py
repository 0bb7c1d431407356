"""`/`: the built web client. Paths that are no file are pages of the client, which finds its way by itself."""

from http import HTTPStatus
from pathlib import Path
from urllib.parse import unquote

from aiohttp import web

from infra.local.problem import problem

# Below it lies no file, whatever a folder of photos is called: `Trip 12.7`. `app/addresses.ts` has this rule too.
FOLDERS = "folders/"
# Where the manifest tells a phone to send what another app shares.
SHARE = "share"


class WebClient:
    """Answers with files below `root`."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request for a file or a page."""
        path = unquote(request.raw_path.partition("?")[0]).lstrip("/")
        if request.method == "POST" and path == SHARE:
            # The client's service worker takes it where there is one. Its page says what to do where there is none.
            return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": f"/{SHARE}"})
        if request.method not in {"GET", "HEAD"}:
            return problem(HTTPStatus.METHOD_NOT_ALLOWED, "method_not_allowed", "Pages can only be read.")
        if path.startswith(FOLDERS):
            return self._page()
        if "\0" in path or "\\" in path or not (file := (self._root / path).resolve()).is_relative_to(self._root):
            return _nothing()
        try:
            there = file.is_file()
        except OSError:  # longer than a name can be
            return _nothing()
        if there:
            # The build puts a hash of the content into the name of each asset.
            lasting = path.startswith("assets/")
            return _file(file, "public, max-age=31536000, immutable" if lasting else "no-cache")
        if file.suffix:
            return _nothing()
        return self._page()

    def _page(self) -> web.StreamResponse:
        index = self._root / "index.html"
        if not index.is_file():
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, "not_built", "The web client has not been built.")
        return _file(index, "no-cache")


def _file(path: Path, cache_control: str) -> web.FileResponse:
    # Where the build put it beside the file, and the browser takes it, aiohttp sends it compressed.
    return web.FileResponse(path, headers={"Cache-Control": cache_control, "Vary": "Accept-Encoding"})


def _nothing() -> web.Response:
    return problem(HTTPStatus.NOT_FOUND, "not_found", "There is nothing at this address.")
