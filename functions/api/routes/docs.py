"""The API's documentation."""

from chalice.app import Blueprint

routes = Blueprint(__name__)
