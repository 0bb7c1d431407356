"""Search in large libraries: the handler in this process, against the bare SQL of the same data."""

import itertools
import os
import struct
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from psycopg import Connection

from api import encoding
from infra.bench import library
from infra.bench.api import Api, large_library
from infra.bench.rows import Aim, Row, clocked, medians, progress
from infra.models import fetch
from pinhole.search.filters import Asked
from pinhole.search.searching import MOST, Likeness, Query, by_picture, by_words
from pinhole.seen import Model, Role
from pinhole.tables import model, search_text, user
from pinhole_models import model_set, vocabulary
from pinhole_models.model_directory import default_directory

REPEATS = 30
WITH_FILTERS_MS, WITHOUT_FILTERS_RATIO = 40, 1.2
MOST_IN_TIME = 100_000  # of one owner, for which the aim with filters holds
NEAREST = 100
WORDS = ("beach", "dog", "mountain", "sports car", "birthday", "sunset", "boat", "cat", "church", "bicycle")
FILTERS: Mapping[str, Sequence[str]] = {"country": ["Country 1"], "camera": ["Camera 2"], "kind": ["photo"]}
_BATCH = 10_000
_NOISE = 0.03  # a number: a photo is as near to what it shows, .83, as the models say at their surest

# Of places and tags few are frequent, and most are rare.
_NUMBERED = """
    CREATE TEMP TABLE numbered ON COMMIT DROP AS
    SELECT owner_id, id, n, (100 * power(abs(hashtext(id)) / 2147483648.0, 2))::int AS skewed
    FROM (SELECT owner_id, id, row_number() OVER () AS n FROM media_item WHERE owner_id = %s) AS each
"""
_FOUND_BY = """
    INSERT INTO original_file (owner_id, bucket, object_key, item_id, role, etag, size_bytes, filename, mime_type,
        sha256, counts)
    SELECT owner_id, 'originals', owner_id || '/' || id, id, 'main', md5(id), 1000, format('IMG_%s.jpg', n),
        'image/jpeg', sha256(id::bytea), true
    FROM numbered;
    INSERT INTO item_metadata (owner_id, item_id, country, city, camera_make, camera_model, title, description)
    SELECT owner_id, id, 'Country ' || skewed * 40 / 100, 'City ' || skewed * 4, 'Maker', 'Camera ' || n % 7,
        CASE WHEN n % 10 = 0 THEN 'A day at the ' || (ARRAY['beach', 'lake', 'fair', 'zoo'])[n / 10 % 4 + 1] END,
        CASE WHEN n % 50 = 0 THEN 'What somebody wrote of it, with some words more than a title has' END
    FROM numbered;
    INSERT INTO item_analysis (owner_id, item_id, model_id) SELECT owner_id, numbered.id, model.id FROM numbered, model;
    INSERT INTO image_tag (owner_id, item_id, percentage, model_id, name, score)
    SELECT owner_id, numbered.id, 0, model.id, 'tag ' || skewed * each, 0.5
    FROM numbered, model, generate_series(1, 3) AS each WHERE role = 'tags' ON CONFLICT DO NOTHING;
    INSERT INTO detected_object (owner_id, item_id, percentage, model_id, number, name, score, box)
    SELECT owner_id, numbered.id, 0, model.id, 0, (ARRAY['person', 'person', 'dog', 'car', 'boat', 'cat'])[n % 6 + 1],
        0.9, ARRAY[0, 0, 0.5, 0.5]
    FROM numbered, model WHERE role = 'objects' AND n % 2 = 0
"""
_MODELS = [Model(Role.TAGS, "bench", "1"), Model(Role.OBJECTS, "bench", "1")]

# Exact, and nothing else: who may see what, and how it is shown, comes on top.
_ALL = """
    SELECT item_id FROM image_embedding WHERE owner_id = %(owner_id)s AND model_id = %(model_id)s
    ORDER BY embedding <#> %(vector)s::halfvec LIMIT %(most)s
"""
_FILTERED = """
    SELECT media_item.id FROM item_metadata
    JOIN media_item ON media_item.owner_id = item_metadata.owner_id AND id = item_metadata.item_id
    JOIN image_embedding ON image_embedding.owner_id = media_item.owner_id AND image_embedding.item_id = id
    WHERE media_item.owner_id = %(owner_id)s AND model_id = %(model_id)s
        AND country = %(country)s AND camera_model = %(camera)s AND kind = 'photo'
    ORDER BY embedding <#> %(vector)s::halfvec LIMIT %(most)s
"""

Vectors = npt.NDArray[np.float16]


def measure(items: int, owners: int = 1) -> Iterator[Row]:
    """Rows of a search with three filters and with none, in one of so many libraries: milliseconds, warm."""
    models = model_set.read("embedded", default_directory())
    fetch.fetch(models)
    os.environ["PINHOLE_SEARCH_MODELS"] = str(models.directory)
    embeds = models.models()[Role.IMAGE_EMBEDDING]
    with large_library(items) as (api, conn, owner_id, _):
        for number in range(1, owners):
            library.fill(conn, user.insert(conn, f"bench {number}", "-", "member", f"bench {number}").id, items)
        progress(f"Having what {owners * items:,} photos show known")
        ids, vectors = _fill(conn, owner_id, embeds)
        for (other,) in conn.execute("SELECT id FROM users WHERE id <> %s", (owner_id,)).fetchall():
            _fill(conn, other, embeds)
        conn.execute("VACUUM ANALYZE")
        api.get("/timeline")  # by which a search knows how large the library is
        while encoding.encoded(["photo"]).state == "warming":
            pass
        label = f"{items:,} items" + (f" of each of {owners} owners" if owners > 1 else "")
        yield from _rows(api, conn, owner_id, embeds, label, ids, vectors)


def _rows(
    api: Api, conn: Connection, owner_id: int, embeds: Model, label: str, ids: Sequence[str], vectors: Vectors
) -> Iterator[Row]:
    progress(f"Searching, {REPEATS} times in each way")
    typed = itertools.cycle(WORDS)
    asked = [Asked(name, values) for name, values in FILTERS.items()]
    bare = {
        "owner_id": owner_id,
        "model_id": model.known(conn, embeds),
        "most": MOST,
        "country": "Country 1",
        "camera": "Camera 2",
    }

    def likeness() -> Likeness:
        return Likeness(embeds, encoding.encoded([next(typed)]).texts[0].vector)

    def query(filters: Sequence[Asked], words: str = "") -> Query:
        return Query.of(words, filters, datetime.now(UTC).date())

    def sql(statement: str) -> list[Any]:
        return conn.execute(statement, {**bare, "vector": str(likeness().wanted)}, prepare=False).fetchall()

    conn.prepare_threshold = None  # as the functions connect
    took = medians(
        {
            "filtered": clocked(lambda: api.get("/search", query={"q": [next(typed)], **FILTERS})),
            "filtered pictures": clocked(lambda: by_picture(conn, owner_id, query(asked), likeness())),
            "filtered SQL": clocked(lambda: sql(_FILTERED)),
            "all": clocked(lambda: api.get("/search", query={"q": [next(typed)]})),
            "all pictures": clocked(lambda: by_picture(conn, owner_id, query([]), likeness())),
            "all SQL": clocked(lambda: sql(_ALL)),
            "all words": clocked(lambda: by_words(conn, owner_id, query([], next(typed)))),
        },
        REPEATS,
    )
    aim = Aim("ours", WITH_FILTERS_MS) if len(ids) <= MOST_IN_TIME else None
    yield Row(f"{label}: search with three filters", "ms", took["filtered"], aim=aim)
    yield Row(f"{label}: pictures, three filters", "ms", took["filtered pictures"], took["filtered SQL"], "bare SQL")
    yield Row(f"{label}: search without filters", "ms", took["all"], took["all SQL"], "exact scan by SQL")
    aim = Aim("ratio", WITHOUT_FILTERS_RATIO)
    yield Row(f"{label}: all pictures", "ms", took["all pictures"], took["all SQL"], "exact scan by SQL", aim)
    yield Row(f"{label}: words without filters", "ms", took["all words"])
    recalls = []
    for one in (likeness() for _ in WORDS):
        nearest = np.argsort(-(vectors @ np.asarray(one.wanted, np.float32)))[:NEAREST]
        found = set(list(by_picture(conn, owner_id, query([]), one).cosines)[:NEAREST])
        recalls.append(len(found & {ids[index] for index in nearest}) / NEAREST)
    # Those that are as near as each other come in either order.
    yield Row(f"{label}: recall of the {NEAREST} nearest", "", min(recalls), aim=Aim("ours", 1, 0.99))


def _fill(conn: Connection, owner_id: int, embeds: Model) -> tuple[list[str], Vectors]:
    """Have every item of a library seen and named, with vectors around those of words. Ids, and the vector of each."""
    with conn.transaction():
        model.answer(conn, [model.known(conn, each) for each in [*_MODELS, embeds]])
        conn.execute(_NUMBERED, (owner_id,))
        conn.execute(_FOUND_BY)
    model_id = model.known(conn, embeds)
    ids = [item_id for (item_id,) in conn.execute("SELECT id FROM media_item WHERE owner_id = %s", (owner_id,))]
    chance = np.random.default_rng(1)
    centres = np.load(vocabulary.FOLDER / "use-multilingual-3.npy").astype(np.float32) / vocabulary.STEPS
    made = []
    for start in range(0, len(ids), _BATCH):
        batch = ids[start : start + _BATCH]
        shown = centres[chance.integers(len(centres), size=len(batch))]
        vectors = shown + _NOISE * chance.standard_normal(shown.shape, np.float32)
        made.append((vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16))
        _copy(conn, owner_id, model_id, batch, made[-1])
        search_text.refresh(conn, owner_id, batch)
    return ids, np.concatenate(made)


def _copy(conn: Connection, owner_id: int, model_id: int, ids: Sequence[str], vectors: Vectors) -> None:
    """In PostgreSQL's binary form, since a hundred thousand vectors as text take minutes."""
    with conn.cursor().copy("COPY image_embedding FROM STDIN (FORMAT binary)") as copy:
        copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
        for item_id, vector in zip(ids, vectors.astype(">f2"), strict=True):
            fields = (
                struct.pack(">q", owner_id),
                struct.pack(">h", model_id),
                item_id.encode(),
                bytes(2),
                struct.pack(">hh", len(vector), 0) + vector.tobytes(),
            )
            copy.write(
                struct.pack(">h", len(fields)) + b"".join(struct.pack(">i", len(field)) + field for field in fields)
            )
        copy.write(struct.pack(">h", -1))
