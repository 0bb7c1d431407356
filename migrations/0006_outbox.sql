-- What happened to a library and what people are told.

CREATE TYPE outbox_subject AS ENUM ('item');
CREATE TYPE outbox_change AS ENUM ('born', 'original_replaced');

-- The journal: each change that a person made, and the birth of each item, written in the transaction that makes it.
-- Whoever reads it takes rows of transactions below pg_snapshot_xmin(pg_current_snapshot()), in the order of the key:
-- nothing that commits late is missed, and no writer waits for a counter.
CREATE TABLE outbox (
    owner_id bigint NOT NULL REFERENCES users,
    transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id(),
    id bigint GENERATED ALWAYS AS IDENTITY,
    -- Who said it; null: nobody did, it happened.
    actor_id bigint,
    subject_kind outbox_subject NOT NULL,
    subject_id text COLLATE "C" NOT NULL,
    change outbox_change NOT NULL,
    before jsonb,
    after jsonb,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner_id, transaction_id, id)
);

CREATE TYPE notice_kind AS ENUM ('library_changed');

-- What a user is told: on open pages, and later by the bell and by push. At most one notice of a kind about a subject
-- waits; what comes meanwhile joins it.
CREATE TABLE notice (
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    kind notice_kind NOT NULL,
    subject text COLLATE "C" NOT NULL DEFAULT '',
    -- library_changed: {"months": ["2024-07-01", ...]}, in order.
    detail jsonb NOT NULL,
    -- The last change: what was told is forgotten only if nothing came in between.
    changed_at timestamptz NOT NULL,
    -- The last message that was sent to the queue for it.
    requested_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, kind, subject)
);
