-- Lists of photos beside the timeline. Each has an index with all that its months take, so that no list is stored.

-- In which folder the main file lies: the first 16 bytes of the SHA-256 of its path, which may be too long for an index.
-- What came without a path lies at the top, whose path is empty.
ALTER TABLE media_item
    ADD COLUMN folder bytea NOT NULL DEFAULT '\xe3b0c44298fc1c149afbf4c8996fb924' CHECK (octet_length(folder) = 16);
UPDATE media_item
SET folder = substring(sha256(convert_to(substring(relative_path FROM '^(.*)/[^/]*$'), 'UTF8')) FOR 16)
FROM original_file AS file
WHERE file.owner_id = media_item.owner_id AND file.item_id = media_item.id AND role = 'main'
    AND relative_path LIKE '%/%';

-- Made while ingest waits, which takes seconds for a million items.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX media_item_favourites_idx ON media_item (owner_id, month, sort_timestamp DESC, id DESC)
    INCLUDE (ratio, revision) WHERE visible AND favourite;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX media_item_archive_idx ON media_item (owner_id, month, sort_timestamp DESC, id DESC)
    INCLUDE (ratio, revision) WHERE visible AND visibility = 'archive' AND NOT below_top;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX media_item_trash_idx ON media_item (
    owner_id, (date_trunc('month', trashed_at AT TIME ZONE 'UTC')::date), trashed_at DESC, sort_timestamp DESC, id DESC
) INCLUDE (ratio, revision) WHERE missing_at IS NULL AND failed_at IS NULL AND visibility IN ('timeline', 'archive')
    AND processed AND trashed_at IS NOT NULL;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX media_item_recent_idx ON media_item (
    owner_id, (date_trunc('month', created_at AT TIME ZONE 'UTC')::date), created_at DESC, id DESC
) INCLUDE (ratio, revision) WHERE listed;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX media_item_folder_idx ON media_item (owner_id, folder, month, sort_timestamp DESC, id DESC)
    INCLUDE (ratio, revision) WHERE visible;

-- What is stored for an owner is summed up from the index alone, as of originals.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX rendition_storage_idx ON rendition (owner_id) INCLUDE (size_bytes);
