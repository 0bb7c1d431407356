-- Uploads: what a client promised to send, and what became of it.

CREATE TYPE upload_state AS ENUM ('waiting', 'received', 'ready', 'failed', 'duplicate', 'aborted');
CREATE TYPE upload_method AS ENUM ('single', 'multipart');

CREATE TABLE upload (
    owner_id bigint NOT NULL REFERENCES users,
    id text COLLATE "C" NOT NULL CHECK (id ~ '^[0-9A-Za-z]{12}$'),
    object_key text COLLATE "C" NOT NULL,
    filename text NOT NULL,
    -- Folders and name as the client has them, with slashes.
    relative_path text,
    size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
    sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
    content_type text NOT NULL,
    modified_at timestamptz,
    method upload_method NOT NULL,
    multipart_id text,
    part_size_bytes bigint,
    state upload_state NOT NULL DEFAULT 'waiting',
    item_id text COLLATE "C",
    error_code text,
    error_detail text,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    received_at timestamptz,
    -- When somebody last looked whether the object had come without its event.
    looked_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    -- What is left at the key of an upload that ended without an item of its own is removed once.
    cleaned_at timestamptz,
    PRIMARY KEY (owner_id, id),
    UNIQUE (owner_id, object_key),
    FOREIGN KEY (owner_id, item_id) REFERENCES media_item ON DELETE SET NULL (item_id),
    CHECK ((method = 'multipart') = (part_size_bytes IS NOT NULL)),
    CHECK ((state = 'failed') = (error_code IS NOT NULL))
);
CREATE INDEX upload_open_idx ON upload (owner_id, sha256) WHERE state IN ('waiting', 'received');
-- Few, however many were received and are not ingested yet.
CREATE INDEX upload_waiting_idx ON upload (owner_id, looked_at) WHERE state = 'waiting';
-- Their URLs live on, so that their bytes may still arrive.
CREATE INDEX upload_given_up_idx ON upload (owner_id, expires_at)
    WHERE state = 'aborted' AND method = 'single' AND cleaned_at IS NULL;
CREATE INDEX upload_item_id_idx ON upload (owner_id, item_id);
-- Of sweeps over all owners.
CREATE INDEX upload_looked_at_idx ON upload (looked_at) WHERE state IN ('waiting', 'received');
CREATE INDEX upload_expires_at_idx ON upload (expires_at) WHERE state = 'waiting';
CREATE INDEX upload_uncleaned_idx ON upload (finished_at)
    WHERE state IN ('aborted', 'duplicate') AND cleaned_at IS NULL;
