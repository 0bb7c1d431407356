-- Photos are named by where they were taken, also to those who don't see them: beside what the grid needs, so that reading
-- a month reads no other table. Those that are there get theirs in 0018.
ALTER TABLE media_item ADD COLUMN place_name text;
