-- Renditions with all pixels of a picture: made when they are asked for, and not kept for good.

ALTER TYPE job_stage ADD VALUE 'full_size' AFTER 'analysis';

-- Null: as long as the item. Else it may be removed from then on, and nothing says any more that it is there.
ALTER TABLE rendition ADD COLUMN expires_at timestamptz;
-- Empty when it is made: it takes as long as reading the table does.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX rendition_expires_at_idx ON rendition (expires_at) WHERE expires_at IS NOT NULL;

GRANT SELECT (expires_at) ON rendition TO pinhole_ingest;
