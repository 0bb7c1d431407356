-- E-mail: addresses that users have shown to be theirs, and the mails that are sent about accounts.

ALTER TABLE users
    -- As it was typed, and as it is looked up by; both only once it is confirmed.
    ADD COLUMN email text CHECK (char_length(email) <= 254),
    ADD COLUMN email_key text CHECK ((email IS NULL) = (email_key IS NULL));
-- squawk-ignore require-concurrent-index-creation
CREATE UNIQUE INDEX users_email_key_idx ON users (email_key);

-- The ledger of mails: the queue only carries the id. Of a token only its hash is kept, and that from when it is sent on.
CREATE TABLE mail (
    id text PRIMARY KEY CHECK (id ~ '^[0-9A-Za-z]{12}$'),
    kind text NOT NULL CHECK (kind IN ('confirm', 'reset', 'invite', 'password_changed', 'email_changed', 'factors_changed', 'key_made')),
    -- Of a reset NULL until it is sent: whoever asks for one finds out nothing, not even by how long it takes.
    user_id bigint REFERENCES users ON DELETE CASCADE,
    invite_id text REFERENCES invite ON DELETE CASCADE,
    address text NOT NULL CHECK (char_length(address) <= 254),
    address_key text NOT NULL,
    -- dropped: there was nobody to send it to any more.
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'dropped', 'failed')),
    attempts integer NOT NULL DEFAULT 0,
    -- Somebody is sending it until then.
    leased_until timestamptz,
    token_hash bytea UNIQUE CHECK (octet_length(token_hash) = 32),
    -- Of a reset: as it was when the token was made. Another one ends it.
    password_hash text,
    created_at timestamptz NOT NULL DEFAULT now(),
    touched_at timestamptz NOT NULL DEFAULT now(),
    sent_at timestamptz,
    used_at timestamptz,
    expires_at timestamptz NOT NULL
);
CREATE INDEX mail_user_id_idx ON mail (user_id);
CREATE INDEX mail_invite_id_idx ON mail (invite_id);
CREATE INDEX mail_expires_at_idx ON mail (expires_at);
CREATE INDEX mail_failed_idx ON mail (touched_at) WHERE state = 'failed';
CREATE INDEX mail_waiting_idx ON mail (touched_at) WHERE state = 'waiting';
CREATE INDEX mail_reset_sent_idx ON mail (address_key, sent_at) WHERE kind = 'reset';
