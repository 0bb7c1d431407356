"""The API's own description, for programs and for people."""

from pathlib import Path

from chalice.app import Blueprint

from api.endpoint import endpoint
from api.responses import Raw

routes = Blueprint(__name__)

# Swagger UI comes with the web client, and takes the place of the link to the same in one file.
# It sets styles from its script; scripts come from this site's files alone.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Pinhole API</title>
<link rel="icon" href="/favicon.svg">
<link rel="stylesheet" href="/docs-assets/swagger-ui.css">
<script src="/docs-assets/swagger-ui-bundle.js" defer></script>
<script src="/docs-assets/init.js" defer></script>
</head>
<body>
<div id="swagger-ui">
The API in one file: <a href="/api/openapi.json">openapi.json</a>.
A site that serves the web client too shows it on this page.
</div>
</body>
</html>
"""


@routes.route("/docs", methods=["GET"])
@endpoint(produces=("text/html",), public=True)
def show_docs() -> Raw:
    """Show this description as a page on which calls can be tried."""
    return Raw(_PAGE, "text/html; charset=utf-8", headers={"Content-Security-Policy": _POLICY})


@routes.route("/openapi.json", methods=["GET"])
@endpoint(produces=("application/json",), public=True)
def read_openapi() -> Raw:
    """Answer this description as OpenAPI 3.1."""
    # Written by `python -m infra generate`: no function has all routes.
    return Raw(Path(__file__).parent.with_name("openapi.json").read_text("utf-8"), "application/json")
