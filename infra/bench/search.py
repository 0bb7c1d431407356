"""Search in large libraries: the handler in this process, against the bare SQL of the same data."""

import struct

import numpy as np
from psycopg import Connection

from pinhole.seen import Model, Role
from pinhole.tables import model, search_text

REPEATS = 30
WITH_FILTERS_MS = 40
WITHOUT_FILTERS_RATIO = 1.2
_CLUSTERS, _DIMENSION, _BATCH = 2_000, 512, 10_000
WORDS = ("beach", "dog", "mountain", "car", "birthday cake", "sunset", "boat", "cat", "church", "bicycle")
FILTERS = {"country": ["Country 1"], "camera": ["Camera 2"], "kind": ["photo"]}

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


def _fill(conn: Connection, owner_id: int, embeds: Model) -> None:
    """Have every item of a library seen and named, with vectors around centres, as those of similar photos are."""
    with conn.transaction():
        model.answer(conn, [model.known(conn, each) for each in [*_MODELS, embeds]])
        conn.execute(_NUMBERED, (owner_id,))
        conn.execute(_FOUND_BY)
    model_id = model.known(conn, embeds)
    ids = [item_id for (item_id,) in conn.execute("SELECT id FROM media_item WHERE owner_id = %s", (owner_id,))]
    chance = np.random.default_rng(owner_id % 2**32)
    centres = chance.standard_normal((_CLUSTERS, _DIMENSION), np.float32)
    for start in range(0, len(ids), _BATCH):
        batch = ids[start : start + _BATCH]
        vectors = centres[chance.integers(_CLUSTERS, size=len(batch))]
        vectors = vectors + chance.standard_normal(vectors.shape, np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        with conn.cursor().copy("COPY image_embedding FROM STDIN (FORMAT binary)") as copy:
            copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
            for item_id, vector in zip(batch, vectors.astype(">f2"), strict=True):
                fields = (
                    struct.pack(">q", owner_id),
                    struct.pack(">h", model_id),
                    item_id.encode(),
                    bytes(2),
                    struct.pack(">hh", _DIMENSION, 0) + vector.tobytes(),
                )
                copy.write(
                    struct.pack(">h", len(fields)) + b"".join(struct.pack(">i", len(field)) + field for field in fields)
                )
            copy.write(struct.pack(">h", -1))
        search_text.refresh(conn, owner_id, batch)
    conn.execute("VACUUM ANALYZE")
