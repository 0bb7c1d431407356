"""The function of search, apart from the others: it loads models, which take memory and time."""

from api.application import application
from api.routes import search

app = application("search", [search.routes])
