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
    -- The start of the current attempt, and the last sign of life: a row that nobody touches is stale.
    started_at timestamptz,
    touched_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    PRIMARY KEY (item_id, stage)
);
CREATE INDEX job_open_idx ON job (touched_at) WHERE state IN ('waiting', 'running');
CREATE INDEX job_failed_idx ON job (finished_at) WHERE state = 'failed';
