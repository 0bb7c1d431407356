-- Photos that were there before 0016 are named by where they were taken. By itself, so that they are read meanwhile: 0016
-- locks out readers, for an instant. Of a million it takes minutes, which writers of these wait for.
SET LOCAL statement_timeout = 0;
-- What holds a row for some seconds is not worth doing all of it again.
SET LOCAL lock_timeout = '1min';
UPDATE media_item
SET place_name = concat_ws(', ', city, country)
FROM item_metadata
WHERE item_metadata.owner_id = media_item.owner_id AND item_id = id AND city IS NOT NULL AND place_name IS NULL;
-- What is shown of each month is other than it was.
UPDATE timeline_month SET revision = revision + 1;
