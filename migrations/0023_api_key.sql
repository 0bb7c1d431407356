-- Keys by which scripts act for a user. Of a key only its hash is kept; one that is revoked is deleted.
CREATE TABLE api_key (
    id text PRIMARY KEY CHECK (id ~ '^[0-9A-Za-z]{12}$'),
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 64),
    scopes text[] NOT NULL CHECK (cardinality(scopes) > 0 AND scopes <@ ARRAY['upload', 'read', 'all']),
    token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    created_at timestamptz NOT NULL DEFAULT now(),
    -- To the minute: it is not written for each call.
    last_used_at timestamptz
);
CREATE INDEX api_key_user_id_idx ON api_key (user_id);
