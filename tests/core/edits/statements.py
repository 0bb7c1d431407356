"""The statements of edits, as their use cases send them."""

from pinhole import places
from pinhole.edits import Selection, asked, batch
from pinhole.lists import ItemList
from pinhole.tables import change, media_item, outbox
from tests.fixtures.statements import NOW, World, case

BATCH = 20


@case
def items_are_edited_and_it_is_undone(w: World) -> None:
    owner_id = w.ann.id
    selection = Selection(ids=frozenset({w.item.id}))
    media_item.count(w.conn, selection.where, selection.parameters(owner_id))
    values = {"takenAtLocal": "2020-01-01T00:00:00", "place": {"latitude": 1.0, "longitude": 1.0}, "addKeywords": ["a"]}
    edit = asked(values, ()).to_json()
    begun = change.insert(w.conn, owner_id, owner_id, total=1, edit=edit, selection=selection.to_json())
    assert begun is not None
    assert change.insert(w.conn, owner_id, owner_id, change_id=begun.id, total=1, edit=edit) is None
    batch.go_on(w.conn, begun, BATCH)
    assert change.lock(w.conn, owner_id, begun.id) is not None
    assert change.that_undoes(w.conn, owner_id, begun.id) is None
    assert change.count_undone_by(w.conn, owner_id, begun.id) == 0
    assert outbox.count_edits(w.conn, owner_id, begun.id) == 1
    undoing = change.insert(w.conn, owner_id, owner_id, total=1, undoes=begun.id)
    assert undoing is not None
    come, *_ = batch.go_on(w.conn, undoing, BATCH)
    assert come.done == 1
    w.conn.execute("UPDATE change SET state = 'failed' WHERE owner_id = %s AND id = %s", (owner_id, undoing.id))
    assert change.begin_again(w.conn, owner_id, undoing.id).state == "running"
    assert change.get(w.conn, owner_id, begun.id) is not None


@case
def a_large_change_comes_on_by_a_batch(w: World) -> None:
    owner_id = w.ann.id
    [(as_of,)] = w.conn.execute("SELECT pg_current_snapshot()::text")
    selection = Selection(list=ItemList("timeline"), as_of=as_of)
    edit = asked({"favourite": True}, ()).to_json()
    begun = change.insert(w.conn, owner_id, owner_id, total=100_000, edit=edit, selection=selection.to_json())
    assert begun is not None
    change.begin_attempt(w.conn, owner_id, begun.id)
    come, *_ = batch.go_on(w.conn, begun, BATCH)
    assert (come.state, come.done) == ("running", BATCH)
    change.touch_stale(w.conn, NOW, BATCH)
    change.fail(w.conn, owner_id, begun.id, 0)


@case
def a_place_is_looked_for_by_its_name(w: World) -> None:
    places.suggest(w.conn, "Villa", 10)
    places.named(w.conn, "Villa")
