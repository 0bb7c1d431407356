"""A library of the pictures that are asked for, looked at by the embedded models, and written as the worker writes."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pillow_heif
from PIL import Image, ImageOps

from gpu_worker.looking import Looker, Picture
from infra import migrate
from infra.bench import questions
from infra.bench.library import shape_of
from infra.local import postgres
from pinhole import analysis, db, stages
from pinhole.ids import new_key
from pinhole.seen import Seen
from pinhole.settings import settings
from pinhole.stages import Asked, Lane, Stage, Subject
from pinhole.tables import item_metadata, media_item, original_file, rendition, user
from pinhole.tables.item_metadata import ItemMetadata
from pinhole.tables.original_file import Role, Stored
from pinhole.tables.rendition import Rendition

_LONGER_SIDE = 1440  # of the rendition that is looked at
# Where their coordinates are, or would be.
_PLACES = {
    "gradio/tower.jpg": ("Paris", "France"),
    "node-exif/sony-alpha-6000.jpg": ("Paris", "France"),
    "samples/cameras/DSCN0010.jpg": ("Arezzo", "Italy"),
    "samples/cameras/DSCN0029.jpg": ("Arezzo", "Italy"),
    "samples/cameras/HMD_Nokia_8.3_5G.jpg": ("Helsinki", "Finland"),
    "samples/cameras/iphone_hdr_YES.jpg": ("Madrid", "Spain"),
}
# As cameras name them. All others are numbered: their names would tell what they show, which those of photos don't.
_NAMED = ("samples/cameras/", "exif-js/DSCN", "exif-js/dsc")

pillow_heif.register_heif_opener()


def looked_at(looker: Looker) -> dict[str, Seen]:
    """What the models see of each picture, by its name."""
    return {name: looker.look([picture(path)])[0] for name, path in questions.pictures().items()}


def picture(path: Path) -> Picture:
    """A picture as the worker gets it: upright, and no larger than its rendition."""
    with Image.open(path) as opened:
        image = ImageOps.exif_transpose(opened).convert("RGB")
    width, height = image.size
    image.thumbnail((_LONGER_SIDE, _LONGER_SIDE))
    return Picture(np.asarray(image, np.uint8), width, height)


@contextmanager
def library(seen: Mapping[str, Seen]) -> Iterator[tuple[int, dict[str, str]]]:
    """A database with one owner's photos, for `pinhole.db`: the owner's id, and names of pictures by ids of items."""
    with tempfile.TemporaryDirectory(prefix="pinhole-bench-") as directory:
        with postgres.start(Path(directory) / "postgres") as server:
            migrate.apply(server.url)
            os.environ.update(
                PINHOLE_DATABASE_URL=server.url,
                PINHOLE_ORIGINALS_BUCKET="originals",
                PINHOLE_RENDITIONS_BUCKET="renditions",
            )
            settings.cache_clear()
            with db.transaction() as conn:
                owner_id = user.insert(conn, "bench", "-", "member", "bench").id
            yield owner_id, fill(owner_id, seen)
            db.disconnect()


def fill(owner_id: int, seen: Mapping[str, Seen]) -> dict[str, str]:
    """Add photos of which this was seen, by names of pictures. The names, by ids of items."""
    return {_add(owner_id, number, *each): each[0] for number, each in enumerate(seen.items())}


def _add(owner_id: int, number: int, name: str, seen: Seen) -> str:
    filename = name.rpartition("/")[2] if name.startswith(_NAMED) else f"IMG_{number:04}.jpg"
    city, country = _PLACES.get(name, (None, None))
    moment = datetime(2024, 1, 1, 12) + timedelta(days=number)  # noqa: DTZ001 - local
    key = f"bench/{new_key()}"
    with db.transaction() as conn:
        item = media_item.insert(conn, owner_id, None)
        subject = Subject(owner_id, item.id)
        stored = Stored(key, None, "-", None, 2_000_000, filename, None, None)
        original_file.insert(conn, owner_id, item.id, Role.MAIN, stored)
        media_item.commit_metadata(conn, owner_id, item.id, shape_of(moment, _LONGER_SIDE, _LONGER_SIDE))
        item_metadata.insert(conn, owner_id, item.id, ItemMetadata(city=city, country=country))
        media_item.commit_renditions(conn, owner_id, item.id, version=1, thumb_hash=bytes(25))
        rendition.replace(conn, owner_id, item.id, [Rendition(analysis.INPUT, 1, _LONGER_SIDE, _LONGER_SIDE, 400_000)])
        stages.add(conn, subject, Stage.ANALYSIS)
    photo = analysis.begin(Asked(subject, Stage.ANALYSIS), Lane.FRESH, datetime.now(UTC) + timedelta(minutes=1))
    assert photo is not None
    analysis.record(photo.claimed, seen, analysis.introduce(list(seen.models.values())))
    return str(item.id)
