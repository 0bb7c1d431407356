"""Names of places, for whoever says where a photo was taken."""

from chalice.app import Blueprint
from pydantic import Field

from api.endpoint import READ, endpoint
from api.wire import WireModel
from pinhole import places
from pinhole.accounts import User
from pinhole.db import statement

MAX_SUGGESTIONS = 10

routes = Blueprint(__name__)


class PlaceQuery(WireModel):
    q: str = Field(min_length=1, max_length=100, description="How the name begins, whatever its accents and case")


class PlaceSuggestion(WireModel):
    name: str
    region: str | None
    country: str
    country_code: str = Field(description="ISO 3166-1 alpha-2")
    latitude: float
    longitude: float


class PlaceSuggestions(WireModel):
    places: list[PlaceSuggestion]


@routes.route("/places", methods=["GET"])
@endpoint(scopes=READ, query=PlaceQuery, answer=PlaceSuggestions)
def suggest_places(query: PlaceQuery, caller: User) -> PlaceSuggestions:
    """Suggest places while a name is typed: those of just this name first, then the largest; 10 at most."""
    found = statement(lambda conn: places.suggest(conn, query.q, MAX_SUGGESTIONS))
    return PlaceSuggestions(
        places=[
            PlaceSuggestion(**{name: getattr(place, name) for name in PlaceSuggestion.model_fields}) for place in found
        ]
    )
