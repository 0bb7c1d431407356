"""Renditions, where no CDN serves them: a signed address leads on to the object store."""

import time

from chalice.app import Blueprint

from api.endpoint import endpoint
from api.responses import Answer
from api.wire import WireModel
from pinhole import media_url, objects
from pinhole.errors import ErrorCode, Forbidden

routes = Blueprint(__name__)

REDIRECT_SECONDS = 15 * 60
SPARE_SECONDS = 60


class MediaQuery(WireModel):
    """Expiry, key id and signature, as the timeline and the item give them."""

    e: str
    k: str
    s: str


@routes.route("/media/{item_key}/{version}/{name}", methods=["GET"])
@endpoint(query=MediaQuery, status=302, errors=(Forbidden,), public=True)
def read_media(item_key: str, version: str, name: str, query: MediaQuery) -> Answer:
    """Redirect a signed address of a rendition to a presigned URL of the object store.

    Only in deployments whose `mediaBaseUrl` is `/api`. Elsewhere the CDN or the gateway answers, and nobody comes here.
    """
    now = time.time()
    path = f"/media/{item_key}/{version}/{name}"
    media = media_url.verify(path, f"e={query.e}&k={query.k}&s={query.s}", now)
    if media is None:
        raise Forbidden("This address is not valid, or no longer.", code=ErrorCode.BAD_SIGNATURE)
    kept = min(REDIRECT_SECONDS, int(media.expires - now))
    location = objects.presign_rendition(media.object_key, expires_seconds=kept + SPARE_SECONDS)
    return Answer(None, headers={"Location": location, "Cache-Control": f"private, max-age={kept}"})
