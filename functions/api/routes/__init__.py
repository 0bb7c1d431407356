"""One module per resource, each with its blueprint."""

from api.routes import auth, docs, health, uploads

BLUEPRINTS = [auth.routes, health.routes, docs.routes, uploads.routes]
