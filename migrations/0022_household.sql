-- More than one user: who may come in, what each may store, who is kept out, and where each is logged in.

ALTER TABLE users
    -- A disabled user is known, and let in nowhere. Their photos stay as they are.
    ADD COLUMN disabled_at timestamptz,
    -- Bytes of originals; NULL: what the setting PINHOLE_MAX_USER_BYTES says.
    ADD COLUMN quota_bytes bigint CHECK (quota_bytes >= 0);

ALTER TABLE session
    -- What the client calls itself, as it was at the last refresh.
    ADD COLUMN user_agent text,
    ADD COLUMN address text,
    ADD COLUMN last_seen_at timestamptz NOT NULL DEFAULT now();
UPDATE session SET last_seen_at = coalesce(
    (SELECT max(expires_at) - interval '30 days' FROM refresh_token WHERE session_id = session.id), created_at
);

-- An invite is open until it is used, revoked or past its end; an ended one blocks nothing.
CREATE TABLE invite (
    id text PRIMARY KEY CHECK (id ~ '^[0-9A-Za-z]{12}$'),
    token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    -- S3 prefix that its user gets; NULL: made from the name that they choose.
    folder text CHECK (folder ~ '^[^/]+(/[^/]+)*$'),
    quota_bytes bigint CHECK (quota_bytes >= 0),
    made_by bigint REFERENCES users ON DELETE SET NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    used_at timestamptz,
    used_by bigint REFERENCES users ON DELETE SET NULL,
    CHECK (used_at IS NULL OR revoked_at IS NULL)
);
CREATE INDEX invite_created_at_idx ON invite (created_at DESC);
CREATE INDEX invite_made_by_idx ON invite (made_by);
CREATE INDEX invite_used_by_idx ON invite (used_by);

-- What the first administrator said of the whole library, once.
CREATE TABLE library (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 64),
    -- IANA name; orders items whose UTC time is unknown, instead of PINHOLE_FALLBACK_TIMEZONE.
    fallback_timezone text NOT NULL,
    originals_may_be_deleted boolean NOT NULL,
    onboarded_at timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT (fallback_timezone) ON library TO pinhole_ingest, pinhole_worker;

-- Failures are shown from the latest on, in pages: which stage, code and owner one has is read from the index too.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX job_failed_idx ON job (finished_at, owner_id, subject_id, stage, error_code)
    WHERE state = 'failed' AND subject_kind = 'item';
-- When each user was here last is shown beside their names.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX session_last_seen_at_idx ON session (user_id, last_seen_at);
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX session_user_id_idx;
