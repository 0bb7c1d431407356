-- The months of the timeline, as one viewer has them: today the owner of what is in them.

-- A month's revision grows with every change of what is listed in it. Rows are never deleted, so the sum of a viewer's
-- revisions is their library's revision. The ratio bytes are those of ratios_revision, rebuilt by a reader.
--
-- A month begins with the milliseconds since 1970: should its row be lost, the one that takes its place has a revision
-- that no client holds with other items, as long as a month changes less than a thousand times a second.
CREATE TABLE timeline_month (
    viewer_id bigint NOT NULL REFERENCES users,
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    revision bigint NOT NULL DEFAULT (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
    ratios bytea NOT NULL DEFAULT '',
    ratios_revision bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (viewer_id, month)
) WITH (fillfactor = 70);
