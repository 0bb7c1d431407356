"""Edits as somebody asks for them: of one item, of many, and taken back.

Who asks may choose the id of the change: what is sent again with it, since its answer was lost, is answered as before.
"""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from psycopg import Connection, Rollback

from pinhole import access
from pinhole.db import transaction
from pinhole.edits import batch, job
from pinhole.edits.asked import Edit, Selection
from pinhole.edits.said import Impossible
from pinhole.errors import Conflict, FieldError, Invalid, NotFound, PreconditionFailed
from pinhole.tables import change as change_table
from pinhole.tables import item_redirect, media_item, outbox
from pinhole.tables.change import Change

MAX_AT_ONCE = 10_000
# Whether a change is undone is found by way of all that undo what undoes it.
MAX_UNDOS_OF_UNDOS = 50
# What found nothing to put back is not begun again so soon, where to see that takes a job.
_LOOKED_LATELY = timedelta(minutes=10)


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
            item_id = item_redirect.follow(conn, caller_id, item_id)
            change, months = _at_revision(conn, begun, item_id, revision)
        job.bump(conn, change, months)
    return job.told(change, months)


def edit_items(caller_id: int, selection: Selection, edit: Edit, *, change_id: str | None = None) -> Change:
    """Change many items: up to MAX_AT_ONCE now, all of them or none; of more, or where much text is to be written, the
    change is still running.

    Ids of what the caller may not edit are skipped, and items that would get a time or keywords that none may have.
    Raises Invalid where it could be done to none by then, for that reason; Conflict where another change has the id;
    Unavailable.
    """
    asked_sha256 = _digest(edit.to_json(), selection.to_json())
    with transaction() as conn:
        selection = replace(
            selection,
            ids=frozenset(item_redirect.follow_all(conn, caller_id, selection.ids)),
            but=frozenset(item_redirect.follow_all(conn, caller_id, selection.but)),
        )
        parameters = selection.parameters(caller_id)
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
        job.bump(conn, change, months)
    return job.told(change, months)


def undo(caller_id: int, change_id: str) -> Change:
    """Put back what a change changed, where it still is as it left it.

    Of one that is undone already, or is being undone: what undid it, so that it may be asked for again. Where that
    failed it goes on from where it stopped. Where it had to skip items, or was undone itself, another is begun; if that
    finds nothing to put back, it was only asked for again, and what undid it before is the answer (of more than
    MAX_AT_ONCE items, where nobody knows that yet, the other is, unless one has just found nothing).

    Raises NotFound, Conflict while it is running, and where it ends a chain of MAX_UNDOS_OF_UNDOS that undo each other;
    Unavailable.
    """
    with transaction() as conn:
        change = change_table.lock(conn, caller_id, change_id)
        if change is None:
            raise NotFound("There is no such change.")
        if change.state == "running":
            raise Conflict("This change is still running.")
        before = change_table.that_undoes(conn, caller_id, change_id)
        if before is None or before.undone or (before.state == "done" and before.skipped):
            undoing, months = _undone(conn, change, before)
        elif before.state == "failed":
            undoing, months = change_table.begin_again(conn, caller_id, before.id), set()
        else:
            return before
        job.bump(conn, undoing, months)
    return job.told(undoing, months)


def _undone(conn: Connection, change: Change, before: Change | None) -> tuple[Change, set[date]]:
    if change_table.count_undone_by(conn, change.owner_id, change.id) >= MAX_UNDOS_OF_UNDOS:
        raise Conflict("This was undone and done again too often.")
    with conn.transaction() as attempt:
        total = outbox.count_edits(conn, change.owner_id, change.id)
        if before is not None and total > MAX_AT_ONCE and _found_nothing_lately(conn, before):
            return before, set()
        begun = change_table.insert(conn, change.owner_id, change.owner_id, total=total, undoes=change.id)
        assert begun is not None
        undoing, months = _at_once(conn, begun, total)
        if before is None or undoing.state == "running" or outbox.count_edits(conn, change.owner_id, undoing.id):
            return undoing, months
        raise Rollback(attempt)
    assert before is not None
    return before, set()


def _found_nothing_lately(conn: Connection, before: Change) -> bool:
    is_fresh = datetime.now(UTC) - before.asked_at < _LOOKED_LATELY
    return is_fresh and not before.undone and not outbox.count_edits(conn, before.owner_id, before.id)


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
        raise _invalid(outcome.impossible)
    return batch.write(conn, begun, outcome, cursor=item_id, finished=True)


def _at_once(conn: Connection, begun: Change, items: int) -> tuple[Change, set[date]]:
    change, months, impossible = begun, set[date](), None
    if items <= MAX_AT_ONCE:
        # As many as items without long texts take; by the last it is seen that there are no others.
        for _ in range(MAX_AT_ONCE // job.BATCH + 1):
            change, moved, why = batch.go_on(conn, change, job.BATCH)
            months |= moved
            impossible = impossible or why
            if change.state != "running":
                break
    if impossible is not None and change.state == "done" and change.done == 0:
        raise _invalid(impossible)
    return change, months


def _invalid(impossible: Impossible) -> Invalid:
    return Invalid("This can't be changed so.", FieldError(f"set.{impossible.field}", impossible.message))
