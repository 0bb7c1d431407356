-- Indexes for what read a large table whole.

-- The bytes of an owner are summed up from the index alone, each time an upload is opened.
-- It is made in a fraction of a second at 100,000 items: writers wait for it, and the file stays one transaction.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX media_item_storage_idx ON media_item (owner_id) INCLUDE (size_bytes);

-- What is looked for every few minutes are stale jobs, of ingest and of each other stage that waits for its worker.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX job_open_ingest_idx ON job (touched_at)
    WHERE state IN ('waiting', 'running') AND stage IN ('metadata', 'renditions');
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX job_waiting_idx ON job (stage, touched_at) WHERE state = 'waiting';
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX job_open_idx;
