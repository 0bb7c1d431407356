-- Lists are edited as they were seen, and a change is undone as often as there is something left to put back.
-- Older versions read the column that goes.
-- compatible_from: 0017

-- Which transaction last brought an item where it is: compared with the snapshot in which a list was read, they say exactly
-- whether it was in it. Null of what has not moved since there are these columns, which is before all that is compared.
DROP TRIGGER media_item_arrival ON media_item;
-- Only the trigger called it.
-- squawk-ignore ban-drop-function
DROP FUNCTION note_arrival;
-- Nothing reads it any more.
-- squawk-ignore ban-drop-column
ALTER TABLE media_item DROP COLUMN arrived_at;
ALTER TABLE media_item
    ADD COLUMN placed_by xid8, -- to its place: timeline, archive, trash, or beside these
    ADD COLUMN shown_by xid8, -- to where it is visible
    ADD COLUMN favoured_by xid8, -- to favourites
    ADD COLUMN dated_by xid8; -- to its month
-- Changes that are under way go on with the lists as they are now: the moment that they had tells nothing any more.
UPDATE change
SET selection = jsonb_set(selection, '{asOf}', to_jsonb(pg_current_snapshot()::text))
WHERE state = 'running' AND selection ->> 'asOf' IS NOT NULL;

-- In which list an item lies that its owner may open: null of one that they may not. Beside: visible, and in neither list.
CREATE FUNCTION place_of(item media_item) RETURNS text LANGUAGE sql IMMUTABLE
RETURN CASE
    WHEN item.missing_at IS NOT NULL OR item.failed_at IS NOT NULL OR item.visibility NOT IN ('timeline', 'archive')
        OR NOT is_processed(item.kind, item.metadata_at, item.renditions_at) THEN NULL
    WHEN item.trashed_at IS NOT NULL THEN 'trash'
    WHEN item.below_top THEN 'beside'
    WHEN item.visibility = 'archive' THEN 'archive'
    WHEN item.hiding_albums > 0 THEN 'beside'
    ELSE 'timeline'
END;
CREATE FUNCTION note_coming() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    place_before text := place_of(OLD);
    place text := place_of(NEW);
BEGIN
    IF place IS DISTINCT FROM place_before THEN
        NEW.placed_by := pg_current_xact_id();
        IF coalesce(place_before, 'trash') = 'trash' THEN
            NEW.shown_by := pg_current_xact_id();
        END IF;
    END IF;
    IF NEW.favourite AND NOT OLD.favourite THEN
        NEW.favoured_by := pg_current_xact_id();
    END IF;
    IF date_trunc('month', NEW.taken_at_local) IS DISTINCT FROM date_trunc('month', OLD.taken_at_local) THEN
        NEW.dated_by := pg_current_xact_id();
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER media_item_coming BEFORE UPDATE ON media_item FOR EACH ROW EXECUTE FUNCTION note_coming();

-- An undo that had to skip items, or was undone itself, may be followed by another.
-- In an instant, of a table that only edits write.
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX change_undoes_key;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX change_undoes_idx ON change (owner_id, undoes, asked_at) WHERE undoes IS NOT NULL;
-- Not when the transaction began: who undoes the same waits for each other.
ALTER TABLE change ALTER COLUMN asked_at SET DEFAULT clock_timestamp();
-- Whether another undoes a change that is not undone itself.
CREATE FUNCTION is_undone(of_owner bigint, change_id text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM change WHERE owner_id = of_owner AND undoes = change_id AND NOT is_undone(of_owner, id))
$$;
