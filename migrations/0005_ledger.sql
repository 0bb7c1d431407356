-- The ledger: one row per stage of a subject. The queue only carries; this is the truth.

CREATE TYPE job_subject AS ENUM ('item');
CREATE TYPE job_stage AS ENUM ('metadata', 'renditions', 'video', 'analysis');
CREATE TYPE job_lane AS ENUM ('fresh', 'bulk');
CREATE TYPE job_state AS ENUM ('waiting', 'running', 'done', 'failed');

-- No foreign keys: a subject may be anything, and the row of a user's deletion outlives the user. Who removes a subject
-- removes its rows.
CREATE TABLE job (
    -- 0: the system itself.
    owner_id bigint NOT NULL CHECK (owner_id >= 0),
    subject_kind job_subject NOT NULL,
    subject_id text COLLATE "C" NOT NULL,
    stage job_stage NOT NULL,
    -- Where a stage has several results, which of them.
    variant text COLLATE "C" NOT NULL DEFAULT '',
    lane job_lane NOT NULL DEFAULT 'fresh',
    state job_state NOT NULL DEFAULT 'waiting',
    attempts smallint NOT NULL DEFAULT 0,
    last_error text,
    -- What the owner was told, where they were.
    error_code text,
    created_at timestamptz NOT NULL DEFAULT now(),
    -- An attempt belongs to its worker until the lease ends: the worker is dead by then, for sure.
    leased_until timestamptz,
    started_at timestamptz,
    -- The last sign of life, or of being sent: a row that nobody touches is stale.
    touched_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    PRIMARY KEY (owner_id, subject_kind, subject_id, stage, variant),
    CHECK ((state = 'running') = (leased_until IS NOT NULL))
);
-- Of sweeps over all owners: what waits and is stale, and whose worker died.
CREATE INDEX job_waiting_idx ON job (stage, lane, touched_at) WHERE state = 'waiting';
CREATE INDEX job_leased_idx ON job (stage, lane, leased_until) WHERE state = 'running';
CREATE INDEX job_state_idx ON job (state, finished_at);
