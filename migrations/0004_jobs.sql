-- The ledger: one row per stage of an item. The queue only carries; this is the truth.

CREATE TYPE job_stage AS ENUM ('metadata', 'renditions', 'video', 'analysis', 'caption');
CREATE TYPE job_state AS ENUM ('waiting', 'running', 'done', 'failed');

CREATE TABLE job (
    item_id text NOT NULL REFERENCES media_item ON DELETE CASCADE,
    stage job_stage NOT NULL,
    state job_state NOT NULL DEFAULT 'waiting',
    attempts smallint NOT NULL DEFAULT 0,
    last_error text,
    created_at timestamptz NOT NULL DEFAULT now(),
    -- An attempt belongs to its worker until the lease ends: the worker is dead by then, for sure.
    leased_until timestamptz,
    started_at timestamptz,
    -- The last sign of life, or of being sent: a row that nobody touches is stale.
    touched_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    PRIMARY KEY (item_id, stage),
    CHECK ((state = 'running') = (leased_until IS NOT NULL))
);
CREATE INDEX job_open_idx ON job (touched_at) WHERE state IN ('waiting', 'running');
CREATE INDEX job_state_idx ON job (state, finished_at);
