-- Videos that were there before videos were processed: their posters are asked for by the schedule. What is made of
-- videos was waited for since they came, though nothing made it. After 0020: a value of a type can be used once the
-- transaction is over that added it. As many rows as there are videos, written once.
SET LOCAL statement_timeout = 0;
INSERT INTO job (owner_id, subject_kind, subject_id, stage, lane)
SELECT owner_id, 'item', id, 'poster', 'bulk' FROM media_item
WHERE kind = 'video' AND processed AND renditions_at IS NULL
ON CONFLICT DO NOTHING;
-- And of photos that move the clips.
INSERT INTO job (owner_id, subject_kind, subject_id, stage, lane)
SELECT owner_id, 'item', id, 'clip', 'bulk' FROM media_item WHERE has_clip AND processed
ON CONFLICT DO NOTHING;
UPDATE job SET lane = 'bulk' WHERE stage = 'video' AND state = 'waiting';
