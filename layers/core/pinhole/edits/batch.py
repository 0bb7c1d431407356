"""The next items of a change, in one transaction: locked, changed, and journalled.

How many are worked on at once is bounded by the text that is read and written of them, not by their number alone: a
description may have 10,000 characters.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from psycopg import Connection

from pinhole import access, places
from pinhole.accounts import onboarding
from pinhole.edits import holding
from pinhole.edits.asked import Edit, Selection
from pinhole.edits.said import MARKS, Impossible, Said, difference, edited, undone
from pinhole.imaging.capture_time import plausible
from pinhole.tables import change as change_table
from pinhole.tables import item_metadata, media_item, outbox, search_text
from pinhole.tables.change import Change
from pinhole.tables.item_metadata import Layer
from pinhole.tables.media_item import Held

PIECE_BYTES = 4_000_000  # of JSON; all that is made of it takes some ten times as much memory
_WEIGHED = 100  # items, so that what does not fit is not weighed for nothing
_NAMES = ("country_code", "country", "region", "city", "neighbourhood")

Step = Callable[[Held, Said], tuple[Said, bool]]
"""What becomes of an item, and whether that is all that was asked. Raises Impossible."""


@dataclass(slots=True)
class Outcome:
    """What came of some items, and what is to be written of them, by their ids: columns as JSON."""

    done: int = 0
    skipped: int = 0
    impossible: Impossible | None = None
    edits: dict[str, tuple[Said, Said]] = field(default_factory=dict)
    person: dict[str, Said] = field(default_factory=dict)
    of_grid: dict[str, dict[str, Any]] = field(default_factory=dict)
    beyond: dict[str, dict[str, Any]] = field(default_factory=dict)
    months: set[date] = field(default_factory=set)


def go_on(conn: Connection, change: Change, limit: int) -> tuple[Change, set[date], Impossible | None]:
    """Go on with a change, which is locked, by at most `limit` items. The change as it is then, months it moved, and
    why one of them was skipped, where it could not be changed so.

    The months are to be bumped, by the last statement of the transaction.
    """
    owner_id = change.owner_id
    if change.undoes is None:
        assert change.selection is not None
        selection = Selection.from_json(change.selection)
        where, parameters = selection.where, selection.parameters(owner_id)
        limit = max(1, min(limit, PIECE_BYTES // _size(change.edit)))
        item_ids = media_item.page(conn, where, parameters, change.cursor, limit)
    else:
        where, parameters = access.MAY_OPEN, {"viewer_id": owner_id}
        item_ids = outbox.page_of_edits(conn, owner_id, change.undoes, change.cursor, limit)
    piece = _fitting(conn, change, item_ids)
    held = media_item.hold(conn, where, parameters, piece)
    outcome = worked_out(conn, change, held)
    outcome.skipped += len(piece) - len(held)
    last = piece[-1] if piece else change.cursor
    come, months = write(conn, change, outcome, cursor=last, finished=len(piece) == len(item_ids) < limit)
    return come, months, outcome.impossible


def _fitting(conn: Connection, change: Change, item_ids: Sequence[str]) -> Sequence[str]:
    """The first of these items, of which there is no more to be read than fits."""
    room = PIECE_BYTES
    for begin in range(0, len(item_ids), _WEIGHED):
        some = item_ids[begin : begin + _WEIGHED]
        said = item_metadata.weigh(conn, change.owner_id, some)
        edits = {} if change.undoes is None else outbox.weigh_edits(conn, change.owner_id, change.undoes, some)
        for number, item_id in enumerate(some, begin):
            room -= said.get(item_id, 0) + edits.get(item_id, 0)
            if room < 0:
                return item_ids[: max(1, number)]
    return item_ids


def _size(edit: Mapping[str, Any] | None) -> int:
    return len(json.dumps(edit, ensure_ascii=False).encode())


def worked_out(conn: Connection, change: Change, held: Sequence[Held]) -> Outcome:
    """What a change makes of these items, which are locked: so what others did to them before has been committed."""
    outcome = Outcome()
    item_ids = [item.id for item in held]
    layers = item_metadata.list_said(conn, change.owner_id, item_ids)
    step = _undoing(conn, change, item_ids) if change.undoes else _editing(conn, change, item_ids)
    fallback_timezone = onboarding.fallback_timezone(conn)
    for item in held:
        said = layers.get(item.id, {})
        before = _said(item, said.get(Layer.PERSON, {}))
        try:
            after, all_of_it = step(item, before)
            base = said.get(Layer.FILE, {}) | said.get(Layer.SIDECAR, {})
            _note(outcome, item, base, before, after, fallback_timezone)
        except Impossible as impossible:
            outcome.impossible, all_of_it = impossible, False
        outcome.done += all_of_it
        outcome.skipped += not all_of_it
    return outcome


def write(
    conn: Connection, change: Change, outcome: Outcome, *, cursor: str, finished: bool
) -> tuple[Change, set[date]]:
    """Write what came of items, and how far the change has come by it. The change then, and months as of `go_on`."""
    owner_id, months = change.owner_id, outcome.months
    _name_places(conn, outcome)
    if outcome.edits:
        months |= set(media_item.write(conn, owner_id, outcome.of_grid))
        outbox.add_edits(conn, owner_id, change.actor_id, change.id, outcome.edits)
    if outcome.person:
        item_metadata.say_many(conn, owner_id, Layer.PERSON, outcome.person)
    if outcome.beyond:
        item_metadata.write(conn, owner_id, outcome.beyond)
    search_text.refresh(conn, owner_id, _found_otherwise(outcome))
    come = change_table.come_on(
        conn,
        owner_id,
        change.id,
        cursor=cursor,
        done=outcome.done,
        skipped=outcome.skipped,
        finished=finished,
    )
    return come, months


def _found_otherwise(outcome: Outcome) -> list[str]:
    """Items that other words find than before."""
    dated = (item_id for item_id, columns in outcome.of_grid.items() if "taken_at_local" in columns)
    return sorted({*outcome.beyond, *dated})


def _editing(conn: Connection, change: Change, item_ids: Sequence[str]) -> Step:
    assert change.edit is not None
    # One moment for all, however long they take: what is thrown away at once lies together in the trash.
    edit, now = Edit.from_json(change.edit), change.asked_at.astimezone(UTC)
    relative = edit.set.keys() & {"addKeywords", "removeKeywords"}
    keywords = item_metadata.list_keywords(conn, change.owner_id, item_ids) if relative else {}

    def step(item: Held, said: Said) -> tuple[Said, bool]:
        after = edited(said, edit, now, item=item, keywords=keywords.get(item.id, []))
        if "shiftSeconds" in edit.set:
            local = datetime.fromisoformat(after["time"]["takenAtLocal"])
            if not plausible(local.replace(tzinfo=UTC), now):
                raise Impossible("shiftSeconds", "leads before 1826, or more than a day ahead")
        return after, True

    return step


def _undoing(conn: Connection, change: Change, item_ids: Sequence[str]) -> Step:
    assert change.undoes is not None
    edits = outbox.list_edits(conn, change.owner_id, change.undoes, item_ids)
    return lambda item, said: undone(said, *edits[item.id])


def _said(item: Held, person: Mapping[str, Any]) -> Said:
    trashed_at = None if item.trashed_at is None else item.trashed_at.astimezone(UTC).isoformat()
    archived = item.visibility == "archive"
    return {**person, "favourite": item.favourite, "archived": archived, "trashedAt": trashed_at}


def _note(
    outcome: Outcome, item: Held, base: dict[str, Any], before: Said, after: Said, fallback_timezone: str
) -> None:
    difference_of = difference(before, after)
    changed = difference_of[0].keys() | difference_of[1].keys()
    if not changed:
        return
    outcome.edits[item.id] = difference_of
    # Also where no column changes: the revision grows.
    outcome.of_grid[item.id] = holding.of_grid(item, base, after, changed, fallback_timezone)
    # By their ratings photos become covers of their month.
    if item.listed and (outcome.of_grid[item.id] or "rating" in changed):
        outcome.months.add(item.month)
    if changed - set(MARKS):
        outcome.person[item.id] = {name: value for name, value in after.items() if name not in MARKS}
    if beyond := holding.beyond_grid(base, after, changed):
        outcome.beyond[item.id] = beyond


def _name_places(conn: Connection, outcome: Outcome) -> None:
    moved = {item_id: columns for item_id, columns in outcome.beyond.items() if "latitude" in columns}
    points = {(each["latitude"], each["longitude"]) for each in moved.values() if each["latitude"] is not None}
    found = places.find_many(conn, points) if points else {}
    for item_id, columns in moved.items():
        place = found.get((columns["latitude"], columns["longitude"]))
        columns |= {name: None if place is None else getattr(place, name) for name in _NAMES}
        outcome.of_grid[item_id]["place_name"] = None if place is None else place.name
