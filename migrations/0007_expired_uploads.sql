-- What is left at the key of an upload that ended without an item of its own is removed once.
ALTER TABLE upload ADD COLUMN cleaned_at timestamptz;

-- Few uploads wait or ended so: writers wait for a moment, and the file stays one transaction.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX upload_expires_at_idx ON upload (expires_at) WHERE state = 'waiting';
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX upload_uncleaned_idx ON upload (finished_at)
    WHERE state IN ('aborted', 'duplicate') AND cleaned_at IS NULL;
