-- A change is sent again where its answer was lost: it has the id that its sender chose, and the same was asked for.

-- SHA-256 of what was asked, and of which items. Null of what undoes another, and of changes before this column.
ALTER TABLE change ADD COLUMN asked_sha256 bytea CHECK (octet_length(asked_sha256) = 32);
