-- Live updates: tickets that open a WebSocket once, open connections, and notices that wait to be told.

CREATE TABLE live_ticket (
    ticket_hash bytea PRIMARY KEY CHECK (octet_length(ticket_hash) = 32),
    user_id integer NOT NULL REFERENCES users ON DELETE CASCADE,
    expires_at timestamptz NOT NULL
);
CREATE INDEX live_ticket_expires_at_idx ON live_ticket (expires_at);

CREATE TABLE live_connection (
    connection_id text PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users ON DELETE CASCADE,
    connected_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX live_connection_user_id_idx ON live_connection (user_id);

-- At most one notice per owner waits; changes that come meanwhile add their months to it.
CREATE TABLE live_notice (
    owner_id integer PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    months date[] NOT NULL,
    -- The last change: what was told is forgotten only if nothing came in between.
    changed_at timestamptz NOT NULL,
    -- The last message that was sent to the queue for it.
    requested_at timestamptz NOT NULL
);
