-- What users show beside their password, or instead of it, and how far a login has come that waits for that.

-- One at most of a user: a secret that their telephone has too (RFC 6238). Pending until a code of it was shown.
CREATE TABLE totp (
    user_id bigint PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    secret bytea NOT NULL CHECK (octet_length(secret) = 20),
    -- Of 30 seconds each since 1970: a step is good once.
    last_step bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    confirmed_at timestamptz
);

CREATE TABLE recovery_code (
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    code_hash bytea NOT NULL CHECK (octet_length(code_hash) = 32),
    used_at timestamptz,
    PRIMARY KEY (user_id, code_hash)
);

-- Credentials by WebAuthn. Whoever made one chose its id, which is never another user's.
CREATE TABLE passkey (
    credential_id bytea PRIMARY KEY CHECK (octet_length(credential_id) BETWEEN 1 AND 1023),
    id text NOT NULL UNIQUE CHECK (id ~ '^[0-9A-Za-z]{12}$'),
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 64),
    -- As COSE has it.
    public_key bytea NOT NULL,
    sign_count bigint NOT NULL CHECK (sign_count >= 0),
    -- The host that it was made for: browsers show it to no other.
    rp_id text NOT NULL,
    transports text[] NOT NULL,
    backed_up boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz
);
CREATE INDEX passkey_user_id_idx ON passkey (user_id);

-- Of a ticket only its hash is kept. It opens nothing by itself.
CREATE TABLE login_ticket (
    token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    -- second_factor: its user has shown a password. passkey: nobody yet, who comes by a passkey alone.
    -- enrolment: its user, logged in, makes a passkey.
    kind text NOT NULL CHECK (kind IN ('second_factor', 'passkey', 'enrolment')),
    user_id bigint REFERENCES users ON DELETE CASCADE,
    -- As it was: another password ends the ticket.
    password_hash text,
    -- What a passkey has to sign.
    challenge bytea NOT NULL,
    attempts smallint NOT NULL DEFAULT 0,
    expires_at timestamptz NOT NULL,
    CHECK ((kind = 'passkey') = (user_id IS NULL)),
    CHECK ((user_id IS NULL) = (password_hash IS NULL))
);
CREATE INDEX login_ticket_user_id_idx ON login_ticket (user_id);
CREATE INDEX login_ticket_expires_at_idx ON login_ticket (expires_at);
