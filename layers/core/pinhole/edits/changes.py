"""Edits as somebody asks for them: of one item, of many, and taken back.

Who asks may choose the id of the change: what is sent again with it, since its answer was lost, is answered as before.
"""

import hashlib
import json
from datetime import date
from typing import Any

from psycopg import Connection

from pinhole import access
from pinhole.db import transaction
from pinhole.edits import batch, job
from pinhole.edits.asked import Edit, Selection
from pinhole.errors import Conflict, FieldError, Invalid, NotFound, PreconditionFailed
from pinhole.tables import change as change_table
from pinhole.tables import media_item, outbox
from pinhole.tables.change import Change

MAX_AT_ONCE = 10_000


def edit_item(caller_id: int, item_id: str, revision: int, edit: Edit, *, change_id: str | None = None) -> Change:
    """Change one item, if its revision is still this one.

    Raises NotFound for an item that the caller may not edit, PreconditionFailed where it has another revision, Invalid
    where it would get a time or keywords that none may have; Conflict where another change has the id; Unavailable.
    """
    asked_sha256 = _digest(edit.to_json(), [item_id, revision])
    with transaction() as conn:
        begun = change_table.insert(
            conn,
            caller_id,
            caller_id,
            change_id=change_id,
            total=1,
            edit=edit.to_json(),
            asked_sha256=asked_sha256,
        )
        if begun is None:
            change, months = _as_before(conn, caller_id, change_id, asked_sha256), set[date]()
        else:
            change, months = _at_revision(conn, begun, item_id, revision)
    return job.told(change, months)


def edit_items(caller_id: int, selection: Selection, edit: Edit, *, change_id: str | None = None) -> Change:
    """Change many items: up to MAX_AT_ONCE now, all of them or none; of more the change is still running.

    Ids of what the caller may not edit are skipped. Raises Conflict where another change has the id, and Unavailable.
    """
    asked_sha256 = _digest(edit.to_json(), selection.to_json())
    parameters = selection.parameters(caller_id)
    with transaction() as conn:
        chosen = media_item.count(conn, selection.where, parameters)
        only_ids = Selection(ids=selection.ids)
        known = media_item.count(conn, only_ids.where, only_ids.parameters(caller_id)) if selection.ids else 0
        unknown = len(selection.ids) - known
        begun = change_table.insert(
            conn,
            caller_id,
            caller_id,
            change_id=change_id,
            total=chosen + unknown,
            skipped=unknown,
            edit=edit.to_json(),
            selection=selection.to_json(),
            asked_sha256=asked_sha256,
        )
        if begun is None:
            change, months = _as_before(conn, caller_id, change_id, asked_sha256), set[date]()
        else:
            change, months = _at_once(conn, begun, chosen)
    return job.told(change, months)


def undo(caller_id: int, change_id: str) -> Change:
    """Put back what a change changed, where it still is as it left it. Of one that is undone already: what undid it.

    Raises NotFound, Conflict while it is running, and Unavailable.
    """
    with transaction() as conn:
        change = change_table.lock(conn, caller_id, change_id)
        if change is None:
            raise NotFound("There is no such change.")
        if change.state == "running":
            raise Conflict("This change is still running.")
        before = change_table.that_undoes(conn, caller_id, change_id)
        if before is not None:
            return before
        total = outbox.count_edits(conn, caller_id, change_id)
        begun = change_table.insert(conn, caller_id, caller_id, total=total, undoes=change_id)
        assert begun is not None
        undoing, months = _at_once(conn, begun, total)
    return job.told(undoing, months)


def read(caller_id: int, change_id: str) -> Change:
    """A change of the caller's, as far as it has come. Raises NotFound."""
    with transaction() as conn:
        change = change_table.get(conn, caller_id, change_id)
    if change is None:
        raise NotFound("There is no such change.")
    return change


def _digest(*asked: Any) -> bytes:
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).digest()


def _as_before(conn: Connection, caller_id: int, change_id: str | None, asked_sha256: bytes) -> Change:
    assert change_id is not None
    before = change_table.get(conn, caller_id, change_id)
    assert before is not None  # none is ever deleted
    if before.asked_sha256 != asked_sha256:
        raise Conflict("Another change has this id.")
    return before


def _at_revision(conn: Connection, begun: Change, item_id: str, revision: int) -> tuple[Change, set[date]]:
    held = media_item.hold(conn, access.MAY_OPEN, {"viewer_id": begun.owner_id}, [item_id])
    if not held:
        raise NotFound("There is no such item.")
    if held[0].revision != revision:
        raise PreconditionFailed("The item was changed meanwhile. Look at it, and change it again.")
    outcome = batch.worked_out(conn, begun, held)
    if outcome.impossible is not None:
        wrong = FieldError(f"set.{outcome.impossible.field}", outcome.impossible.message)
        raise Invalid("This item can't be changed so.", wrong)
    return batch.write(conn, begun, outcome, cursor=item_id, finished=True)


def _at_once(conn: Connection, begun: Change, items: int) -> tuple[Change, set[date]]:
    # One more, by which it is seen that there are no others.
    return batch.go_on(conn, begun, MAX_AT_ONCE + 1) if items <= MAX_AT_ONCE else (begun, set())
