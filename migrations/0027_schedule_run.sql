-- The last run of each schedule. A run that was killed keeps no end.
CREATE TABLE schedule_run (
    schedule text PRIMARY KEY CHECK (schedule ~ '^[a-z_]{1,64}$'),
    run_id text NOT NULL CHECK (run_id ~ '^[0-9A-Za-z]{12}$'),
    started_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    -- What it did, by kind.
    counts jsonb,
    -- The kind of error that ended it; what else is known is in its log.
    error text,
    succeeded_at timestamptz,
    CHECK (finished_at IS NOT NULL OR (counts IS NULL AND error IS NULL)),
    CHECK (finished_at IS NULL OR (counts IS NULL) <> (error IS NULL))
);
