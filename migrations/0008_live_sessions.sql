-- A ticket and a WebSocket end with the session that they were opened in. Those of before are forgotten: a ticket lives
-- for seconds, and a WebSocket that is told nothing is soon closed, and its client opens another.

-- squawk-ignore ban-drop-table
DROP TABLE live_ticket, live_connection;

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
