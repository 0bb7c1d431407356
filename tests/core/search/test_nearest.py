"""In a library that is too large for comparing all pictures, the nearest come by an index."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any

import numpy as np
import pytest
from psycopg import Connection

from pinhole.search import searching
from pinhole.search.filters import Asked
from pinhole.search.searching import Likeness, Query, by_picture
from pinhole.seen import Model, Role
from pinhole.tables import model, timeline_month
from tests.fixtures.library import NOT_SHOWN, Library, new_library
from tests.fixtures.plans import Plan, explaining

MODEL = Model(Role.IMAGE_EMBEDDING, "a model", "1", 512)
INDEX = "image_embedding_512_idx"
PHOTOS = 40
Search = Callable[..., tuple[list[str], set[str]]]
chance = np.random.default_rng(7)


def _unit() -> list[float]:
    vector = chance.standard_normal(MODEL.dimension)
    return [float(value) for value in vector / np.linalg.norm(vector)]


def _add(library: Library, model_id: int, **columns: Any) -> str:
    key = (library.owner_id, library.add(**columns), model_id)
    library.conn.execute("INSERT INTO item_analysis (owner_id, item_id, model_id) VALUES (%s, %s, %s)", key)
    library.conn.execute(
        "INSERT INTO image_embedding (owner_id, item_id, percentage, model_id, embedding)"
        " VALUES (%s, %s, 0, %s, %s::real[]::halfvec)",
        (*key, _unit()),
    )
    return key[1]


@pytest.fixture
def model_id(conn: Connection) -> int:
    """Of the model that answers."""
    with conn.transaction():
        known = model.known(conn, MODEL)
        model.answer(conn, [known])
    return known


@pytest.fixture
def library(conn: Connection, model_id: int, monkeypatch: pytest.MonkeyPatch) -> Library:
    """Of PHOTOS, as large as those are to which an index is worth its while: half of them are favourites, two rated."""
    monkeypatch.setattr(searching, "MOST_COMPARED", 20)
    monkeypatch.setattr(timeline_month, "estimate", lambda *_: PHOTOS)
    library = new_library(conn, "ann")
    for number in range(PHOTOS):
        _add(library, model_id, favourite=number % 2 == 0, kind="video" if number < 2 else "photo")
    return library


@pytest.fixture
def search(database_url: str, library: Library) -> Iterator[Search]:
    """Searches by a vector: what was found, and by which indexes. So small a table is read whole where it may be."""
    vector = _unit()
    with explaining(database_url) as (explained, plans):
        explained.execute("SET enable_seqscan = off; SET enable_sort = off")

        def searched(*asked: Asked) -> tuple[list[str], set[str]]:
            plans.clear()
            with explained.transaction():
                found = by_picture(
                    explained, library.owner_id, Query.of("", asked, date(2026, 11, 28)), Likeness(MODEL, vector)
                )
            return [item_id for item_id, _ in found], _indexes(plans)

        yield searched


def _indexes(plans: Sequence[Plan]) -> set[str]:
    return {node["Index Name"] for plan in plans for node in plan.nodes if "Index Name" in node}


def _exactly(search: Search, *asked: Asked) -> list[str]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(searching, "MOST_COMPARED", PHOTOS)
        found, indexes = search(*asked)
    assert INDEX not in indexes
    return found


def test_the_nearest_come_by_the_index_in_their_order(search: Search) -> None:
    found, indexes = search()
    assert INDEX in indexes
    assert len(found) == PHOTOS
    assert found == _exactly(search)


def test_what_many_pass_is_judged_of_the_nearest_one_by_one(search: Search) -> None:
    favourites = Asked("favourite", ["true"])
    found, indexes = search(favourites)
    assert INDEX in indexes
    assert len(found) == PHOTOS / 2
    assert found == _exactly(search, favourites)


def test_what_few_pass_is_compared_exactly(search: Search) -> None:
    videos = Asked("kind", ["video"])
    found, indexes = search(videos)
    assert INDEX not in indexes
    assert len(found) == 2


def test_neither_what_is_hidden_nor_what_others_have_comes_by_the_index(
    conn: Connection, library: Library, model_id: int, search: Search
) -> None:
    for columns in NOT_SHOWN.values():
        _add(library, model_id, **columns)
    theirs = new_library(conn, "mallory")
    for _ in range(PHOTOS):
        _add(theirs, model_id)
    found, indexes = search()
    assert INDEX in indexes
    assert len(found) == PHOTOS
    assert found == _exactly(search)


def test_the_index_takes_vectors_of_the_dimensions_that_are_asked_of_it(conn: Connection) -> None:
    indexed = conn.execute(
        "SELECT indexdef FROM pg_indexes WHERE tablename = 'image_embedding' AND indexdef LIKE '%hnsw%' ORDER BY 1"
    ).fetchall()
    for (definition,), dimension in zip(indexed, searching.INDEXED_DIMENSIONS, strict=True):
        assert f"halfvec({dimension})" in definition
        assert f"vector_dims(embedding) = {dimension}" in definition
