-- Accounts: users, their sessions and tokens, what their open pages are told by, and limits on attempts.

CREATE TYPE user_role AS ENUM ('administrator', 'member');

CREATE TABLE users (
    -- Random, and exact in JSON: nobody can tell from it how many there are.
    id bigint PRIMARY KEY CHECK (id > 0 AND id < 9007199254740992),
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 64),
    -- What a user is found by, made from the name by pinhole.tables.user.name_key: lower() is another in each collation.
    name_key text NOT NULL UNIQUE,
    password_hash text NOT NULL,
    role user_role NOT NULL,
    -- S3 prefix of this user's originals, without a slash at either end.
    folder text NOT NULL UNIQUE CHECK (folder ~ '^[^/]+(/[^/]+)*$'),
    -- BCP 47, of what this user is told.
    language text NOT NULL DEFAULT 'en' CHECK (language ~ '^[a-z]{2,3}(-[0-9A-Za-z]{2,8})*$'),
    created_at timestamptz NOT NULL DEFAULT now()
);

-- One row per login. An access token names its session, so ending the session ends the token with it.
CREATE TABLE session (
    id text PRIMARY KEY CHECK (id ~ '^[0-9A-Za-z]{12}$'),
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz
);
CREATE INDEX session_user_id_idx ON session (user_id);

-- Used tokens stay until they expire: a second use is how a stolen token shows itself.
CREATE TABLE refresh_token (
    selector text PRIMARY KEY,
    verifier_hash bytea NOT NULL CHECK (octet_length(verifier_hash) = 32),
    session_id text NOT NULL REFERENCES session ON DELETE CASCADE,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX refresh_token_session_id_idx ON refresh_token (session_id);
CREATE INDEX refresh_token_expires_at_idx ON refresh_token (expires_at);

-- A ticket opens a WebSocket once. It ends with the session that it was made in, and so does the connection.
CREATE TABLE live_ticket (
    ticket_hash bytea PRIMARY KEY CHECK (octet_length(ticket_hash) = 32),
    session_id text NOT NULL REFERENCES session ON DELETE CASCADE,
    expires_at timestamptz NOT NULL
);
CREATE INDEX live_ticket_session_id_idx ON live_ticket (session_id);
CREATE INDEX live_ticket_expires_at_idx ON live_ticket (expires_at);

CREATE TABLE live_connection (
    connection_id text PRIMARY KEY,
    session_id text NOT NULL REFERENCES session ON DELETE CASCADE,
    connected_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX live_connection_session_id_idx ON live_connection (session_id);

-- Attempts in one fixed window of one key, such as "login address 192.0.2.1".
CREATE TABLE rate_limit (
    key text NOT NULL,
    window_start timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 1,
    PRIMARY KEY (key, window_start)
);
CREATE INDEX rate_limit_window_start_idx ON rate_limit (window_start);
