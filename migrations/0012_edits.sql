-- What people change of their items: each change with how far it has come, what it wrote in the journal, and what undoes it.

ALTER TYPE time_source ADD VALUE 'person' AFTER 'uploaded';
ALTER TYPE outbox_change ADD VALUE 'edited' AFTER 'original_replaced';

-- When the item was first past all that ingest does. Null of one that is not, and of those that were there before this
-- column: they arrived earlier than anything that is compared with it.
ALTER TABLE media_item ADD COLUMN arrived_at timestamptz;
CREATE FUNCTION note_arrival() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.arrived_at := clock_timestamp();
    RETURN NEW;
END
$$;
-- Told from the columns that `processed` is made of: in a trigger of this kind generated columns are not made yet.
CREATE TRIGGER media_item_arrival BEFORE UPDATE ON media_item FOR EACH ROW
    WHEN (
        NEW.arrived_at IS NULL AND NOT is_processed(OLD.kind, OLD.metadata_at, OLD.renditions_at)
        AND is_processed(NEW.kind, NEW.metadata_at, NEW.renditions_at)
    )
    EXECUTE FUNCTION note_arrival();

CREATE TYPE change_state AS ENUM ('running', 'done', 'failed');

-- One edit of one or many items, or what undoes one.
CREATE TABLE change (
    owner_id bigint NOT NULL REFERENCES users,
    id text COLLATE "C" NOT NULL CHECK (id ~ '^[0-9A-Za-z]{12}$'),
    actor_id bigint NOT NULL REFERENCES users,
    asked_at timestamptz NOT NULL DEFAULT now(),
    -- What was asked: {"set": {...}, "reset": [...]}, as on the wire; null where it undoes another.
    edit jsonb,
    undoes text COLLATE "C",
    -- Of which items, while it runs: {"ids": [...], "list": {...}, "asOf": ...}. Null where it undoes another, and at the end.
    selection jsonb,
    state change_state NOT NULL DEFAULT 'running',
    total integer NOT NULL CHECK (total >= 0),
    done integer NOT NULL DEFAULT 0 CHECK (done >= 0),
    skipped integer NOT NULL DEFAULT 0 CHECK (skipped >= 0),
    -- The last item that was looked at: they are worked off in the order of their ids.
    cursor text COLLATE "C" NOT NULL DEFAULT '',
    -- Since it last came on: one that never does fails for good.
    attempts smallint NOT NULL DEFAULT 0,
    touched_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner_id, id),
    FOREIGN KEY (owner_id, undoes) REFERENCES change,
    CHECK ((edit IS NULL) = (undoes IS NOT NULL))
);
-- Each is undone once. What undid it can be undone in turn.
CREATE UNIQUE INDEX change_undoes_key ON change (owner_id, undoes) WHERE undoes IS NOT NULL;
-- Of sweeps over all owners.
CREATE INDEX change_running_idx ON change (touched_at) WHERE state = 'running';

-- Which change wrote it: one row for each item that it changed.
ALTER TABLE outbox ADD COLUMN change_id text COLLATE "C";
-- Empty when it is made: it takes as long as reading the table does.
-- squawk-ignore require-concurrent-index-creation
CREATE UNIQUE INDEX outbox_change_id_key ON outbox (owner_id, change_id, subject_id) WHERE change_id IS NOT NULL;

-- The letters of a name as they are looked for: without accents and in lower case.
CREATE FUNCTION folded(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN lower(regexp_replace(normalize(name, NFKD), U&'[\0300-\036F]', '', 'g'));
-- Names are written when migrations are applied, and by nobody else.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX place_name_idx ON place (folded(name) text_pattern_ops);
