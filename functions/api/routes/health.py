"""Whether the parts answer."""

from chalice.app import Blueprint

routes = Blueprint(__name__)
