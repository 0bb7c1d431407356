-- Photos are named by where they were taken, also to those who don't see them: beside what the grid needs, so that reading
-- a month reads no other table.
ALTER TABLE media_item ADD COLUMN place_name text;
UPDATE media_item
SET place_name = concat_ws(', ', city, country)
FROM item_metadata
WHERE item_metadata.owner_id = media_item.owner_id AND item_id = id AND city IS NOT NULL;
-- What is shown of each month is other than it was.
UPDATE timeline_month SET revision = revision + 1;
