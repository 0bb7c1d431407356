-- Uploads: what a client promised to send, and what became of it.

CREATE TYPE upload_state AS ENUM ('waiting', 'received', 'ready', 'failed', 'duplicate', 'aborted');
CREATE TYPE upload_method AS ENUM ('single', 'multipart');

CREATE TABLE upload (
    id text PRIMARY KEY CHECK (id ~ '^[0-9A-Za-z]{12}$'),
    owner_id integer NOT NULL REFERENCES users,
    object_key text NOT NULL UNIQUE,
    filename text NOT NULL,
    size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
    sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
    content_type text NOT NULL,
    modified_at timestamptz,
    method upload_method NOT NULL,
    multipart_id text,
    part_size_bytes bigint,
    state upload_state NOT NULL DEFAULT 'waiting',
    item_id text REFERENCES media_item ON DELETE SET NULL,
    error_code text,
    error_detail text,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    received_at timestamptz,
    -- When requeue_stale last looked whether the object had come without its event.
    looked_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    CHECK ((method = 'multipart') = (part_size_bytes IS NOT NULL)),
    CHECK ((state = 'failed') = (error_code IS NOT NULL))
);
CREATE INDEX upload_open_idx ON upload (owner_id, sha256) WHERE state IN ('waiting', 'received');
CREATE INDEX upload_looked_at_idx ON upload (looked_at) WHERE state IN ('waiting', 'received');
CREATE INDEX upload_item_id_idx ON upload (item_id);
