"""The statements that delete a user, as their use cases send them."""

from psycopg.sql import SQL

from pinhole.deletion import job as deleting
from pinhole.ids import new_user_id
from pinhole.tables import (
    deletion,
    job,
    kept_folder,
    library,
    live_connection,
    media_item,
    original_file,
    session,
    stored_sum,
    upload,
    user,
)
from tests.fixtures.statements import NOW, World, case

ROWS = 100


@case
def a_user_is_to_be_deleted(w: World) -> None:
    owner_id = w.ann.id
    assert user.exists(w.conn, owner_id)
    library.originals_may_be_deleted(w.conn)
    upload.may_land(w.conn, owner_id)
    assert deletion.insert(w.conn, owner_id, 100_000, originals=True, seconds=0)
    assert deletion.begin_attempt(w.conn, owner_id)
    assert deletion.is_under_way(w.conn, owner_id)
    assert deletion.lock(w.conn, owner_id) is not None
    deletion.come_on(w.conn, owner_id, 1)
    deletion.progress(w.conn)
    deletion.touch_stale(w.conn, NOW)


@case
def what_goes_with_a_user_is_counted(w: World) -> None:
    media_item.count(w.conn, SQL("owner_id = %(owner_id)s"), {"owner_id": w.ann.id})


@case
def items_of_a_user_are_deleted(w: World) -> None:
    owner_id = w.ann.id
    ids = media_item.list_idle(w.conn, owner_id, deleting.GRACE_SECONDS, ROWS)
    original_file.lock_mains(w.conn, owner_id, ids)
    assert list(media_item.take_idle(w.conn, owner_id, deleting.GRACE_SECONDS, ids)) == ids
    job.remove_items(w.conn, owner_id, ids)
    media_item.delete(w.conn, owner_id, ids)
    assert media_item.exists_any(w.conn, owner_id)


@case
def rows_of_a_user_are_deleted(w: World) -> None:
    for delete_some in (*deleting.TABLES, session.delete_some):
        delete_some(w.conn, w.ann.id, ROWS)
    live_connection.exist_ended(w.conn, w.ann.id)


@case
def a_user_is_deleted_of_whom_nothing_else_is_left(w: World) -> None:
    user_id = new_user_id()
    w.conn.execute(
        "INSERT INTO users (id, name, name_key, password_hash, role, folder) VALUES (%s, 'z', 'z', '-', 'member', 'z')",
        (user_id,),
    )
    stored_sum.forget(w.conn, user_id)
    kept_folder.insert(w.conn, "z")
    user.delete(w.conn, user_id)
