"""One module per resource, each with its blueprint."""

from api.routes import auth, docs, health, items, live, media, originals, timeline, uploads

BLUEPRINTS = [
    auth.routes,
    health.routes,
    docs.routes,
    uploads.routes,
    timeline.routes,
    items.routes,
    originals.routes,
    media.routes,
    live.routes,
]
