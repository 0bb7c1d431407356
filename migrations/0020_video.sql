-- Videos play: what is made of them, and live photos, whose picture and clip are one item.

ALTER TYPE job_stage ADD VALUE 'poster' BEFORE 'video';
ALTER TYPE job_stage ADD VALUE 'stills' AFTER 'video';
ALTER TYPE job_stage ADD VALUE 'clip' AFTER 'stills';
ALTER TYPE time_source ADD VALUE 'video' AFTER 'uploaded';

-- What the container of a video says. Rates: a second.
ALTER TABLE item_metadata
    ADD COLUMN video_codec text,
    ADD COLUMN audio_codec text,
    ADD COLUMN frame_rate real,
    ADD COLUMN capture_frame_rate real,
    ADD COLUMN bit_rate bigint,
    -- The original, as it is, without a copy.
    ADD COLUMN plays_in_browsers boolean NOT NULL DEFAULT false;

-- Of the attempt that runs: how much of it is done, 0 to 1.
ALTER TABLE job ADD COLUMN progress real;

-- Few have one: it takes as long as reading the table does.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX item_metadata_live_idx ON item_metadata (owner_id, live_content_id) WHERE live_content_id IS NOT NULL;

-- Where an item is found that was another one's half: of a live photo, the half that came later.
CREATE TABLE item_redirect (
    owner_id bigint NOT NULL,
    id text COLLATE "C" NOT NULL,
    item_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (owner_id, id),
    FOREIGN KEY (owner_id, item_id) REFERENCES media_item ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX item_redirect_item_id_idx ON item_redirect (owner_id, item_id);

-- What the worker may do more: it decodes originals, and has what it makes of them shown.
GRANT UPDATE (rendition_version, thumb_hash, renditions_at) ON media_item TO pinhole_worker;
GRANT INSERT, DELETE ON rendition TO pinhole_worker;
GRANT SELECT (owner_id, item_id, motion_offset, motion_bytes, plays_in_browsers), UPDATE (colours, perceptual_hash)
    ON item_metadata TO pinhole_worker;
GRANT SELECT (viewer_id, month, revision), INSERT, UPDATE (revision) ON timeline_month TO pinhole_worker;
GRANT SELECT, INSERT, UPDATE ON notice TO pinhole_worker;
