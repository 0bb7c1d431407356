"""The statements of analysis, as its use cases send them."""

from typing import Any

from pinhole.seen import Caption, Look, Model, Role
from pinhole.stages import Lane, Stage
from pinhole.tables import (
    caption_day,
    detected_object,
    face,
    image_colours,
    image_embedding,
    image_quality,
    image_tag,
    item_analysis,
    item_caption,
    item_metadata,
    job,
    model,
    original_file,
    recognised_text,
    rendition,
)
from pinhole.tables.rendition import Rendition
from tests.core.analysis.test_analysis import SEEN
from tests.fixtures.statements import World, case


@case
def what_a_model_saw_is_written(w: World) -> None:
    newer = model.known(w.conn, Model(Role.TAGS, "newer", "1"))
    original_file.lock_main(w.conn, w.subject.owner_id, w.subject.id)
    rendition.find(w.conn, w.subject.owner_id, w.subject.id, "1440.webp")
    look = Look(w.subject.owner_id, w.subject.id, 0, newer)
    item_analysis.insert(w.conn, look)
    rendition.names_of(w.conn, w.subject.owner_id, w.subject.id)
    item_analysis.list_looks(w.conn, w.subject.owner_id, w.subject.id)
    assert SEEN.embedding is not None
    assert SEEN.colours is not None
    assert SEEN.quality is not None
    image_embedding.insert(w.conn, look, SEEN.embedding)
    image_tag.insert(w.conn, look, SEEN.tags)
    detected_object.insert(w.conn, look, SEEN.objects)
    face.insert(w.conn, look, SEEN.faces)
    recognised_text.insert(w.conn, look, SEEN.text)
    image_colours.insert(w.conn, look, SEEN.colours)
    image_quality.insert(w.conn, look, SEEN.quality)


@case
def other_models_than_before_look(w: World) -> None:
    newer = model.known(w.conn, Model(Role.TAGS, "newer", "1"))
    model.answer_first(w.conn, [newer])
    model.list_pending(w.conn, [newer])
    item_analysis.list_lacking(w.conn, "analysis", [newer], (0, ""), 500)
    model.list_answering(w.conn, [newer])
    item_analysis.any_under_way(w.conn, "analysis", [newer])
    model.answer(w.conn, [newer])


@case
def a_photo_is_described(w: World) -> None:
    captioner = model.known(w.conn, Model(Role.CAPTION, "captioner", "1"))
    model.answering(w.conn, Role.CAPTION)
    job.list_free(w.conn, Stage.CAPTION, Lane.FRESH, 10)
    caption_day.spend(w.conn, 100)
    look = Look(w.subject.owner_id, w.subject.id, 0, captioner)
    item_analysis.insert(w.conn, look)
    names = ("main_subject", "setting", "animal_type", "vehicle", "landmark", "food", "drink", "event", "activity")
    said: dict[str, Any] = dict.fromkeys((*names, "document_type", "mood"))
    said |= dict.fromkeys(("pets", "indoor", "landscape", "cityscape"), False)
    item_caption.insert(w.conn, look, Caption(caption="A field.", people_count=0, **said))


@case
def a_video_gets_its_copy(w: World) -> None:
    item_metadata.moving_part(w.conn, w.ann.id, w.item.id)
    original_file.clip_of(w.conn, w.ann.id, w.item.id)
    version = rendition.next_version(w.conn, w.ann.id, w.item.id)
    rendition.put(w.conn, w.ann.id, w.item.id, [Rendition("720p.mp4", version, 1280, 720, 10)])
