-- Users who are being deleted, with all that is theirs: how far that has come, and what stays.

-- From the commit of its row on they are let in nowhere, and no job of theirs is begun.
CREATE TABLE deletion (
    user_id bigint PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    -- Whether the originals go too. Else they stay where they are.
    originals boolean NOT NULL,
    asked_at timestamptz NOT NULL DEFAULT now(),
    -- Until then an original may arrive by an address that was handed out. The user stays until it is over.
    lasts_until timestamptz NOT NULL,
    -- How many there were, and how many are gone.
    items bigint NOT NULL CHECK (items >= 0),
    items_gone bigint NOT NULL DEFAULT 0 CHECK (items_gone >= 0),
    -- Since it last came on.
    attempts smallint NOT NULL DEFAULT 0,
    touched_at timestamptz NOT NULL DEFAULT now()
);

-- Prefixes of users who are gone: nobody else gets them, lest they get what lies there or arrives late.
CREATE TABLE kept_folder (
    folder text PRIMARY KEY CHECK (folder ~ '^[^/]+(/[^/]+)*$'),
    kept_at timestamptz NOT NULL DEFAULT now()
);

-- Whether a user may go is looked up in it. It takes as long as reading the table does, which holds what people edited.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX change_actor_id_idx ON change (actor_id);

-- What begins a job asks whether its owner is being deleted.
GRANT SELECT (user_id) ON deletion TO pinhole_ingest, pinhole_worker;
