-- What ingest may do. It decodes files of strangers by native code, so it has a role of its own, which the runner makes:
-- whoever takes ingest over reads no account but whose a folder is, and nothing of what is known of photos.

GRANT SELECT (id, folder) ON users TO pinhole_ingest;

GRANT SELECT, UPDATE ON upload TO pinhole_ingest;
GRANT SELECT, INSERT, UPDATE, DELETE ON media_item TO pinhole_ingest;
GRANT SELECT, INSERT, UPDATE ON original_file TO pinhole_ingest;
GRANT SELECT, INSERT, UPDATE, DELETE ON job TO pinhole_ingest;

-- Written and not read, but for the keys that say which row.
GRANT SELECT (owner_id, item_id), INSERT, UPDATE ON item_metadata TO pinhole_ingest;
GRANT SELECT (owner_id, item_id, layer), INSERT, UPDATE ON item_statement TO pinhole_ingest;
GRANT SELECT (owner_id, item_id, name), INSERT, DELETE ON rendition TO pinhole_ingest;
GRANT SELECT (viewer_id, month, revision), INSERT, UPDATE (revision) ON timeline_month TO pinhole_ingest;
GRANT INSERT ON outbox TO pinhole_ingest;

GRANT SELECT, INSERT, UPDATE ON notice TO pinhole_ingest;
GRANT SELECT ON place TO pinhole_ingest;
