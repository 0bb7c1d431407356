"""One module per resource, each with its blueprint."""

from api.routes import (
    auth,
    changes,
    docs,
    health,
    items,
    lists,
    live,
    media,
    originals,
    places,
    search,
    storage,
    timeline,
    uploads,
)

BLUEPRINTS = [
    auth.routes,
    health.routes,
    docs.routes,
    uploads.routes,
    timeline.routes,
    lists.routes,
    items.routes,
    changes.routes,
    originals.routes,
    places.routes,
    search.routes,
    media.routes,
    live.routes,
    storage.routes,
]
