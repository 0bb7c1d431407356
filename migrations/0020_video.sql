-- Videos play: what is made of them, and live photos, whose picture and clip are one item.
-- Foreign keys are made anew to follow an item whose id changes. Each reads its table once, while ingest waits.
-- squawk-ignore-file ban-drop-constraint, adding-foreign-key-constraint, constraint-missing-not-valid

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

-- The half of a live photo that is the photo can be the younger one: it takes the id of the older, and all of it follows.
ALTER TABLE original_file
    DROP CONSTRAINT original_file_owner_id_item_id_fkey,
    ADD CONSTRAINT original_file_owner_id_item_id_fkey FOREIGN KEY (owner_id, item_id) REFERENCES media_item
        ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE item_metadata
    DROP CONSTRAINT item_metadata_owner_id_item_id_fkey,
    ADD CONSTRAINT item_metadata_owner_id_item_id_fkey FOREIGN KEY (owner_id, item_id) REFERENCES media_item
        ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE item_statement
    DROP CONSTRAINT item_statement_owner_id_item_id_fkey,
    ADD CONSTRAINT item_statement_owner_id_item_id_fkey FOREIGN KEY (owner_id, item_id) REFERENCES media_item
        ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE rendition
    DROP CONSTRAINT rendition_owner_id_item_id_fkey,
    ADD CONSTRAINT rendition_owner_id_item_id_fkey FOREIGN KEY (owner_id, item_id) REFERENCES media_item
        ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE item_analysis
    DROP CONSTRAINT item_analysis_owner_id_item_id_fkey,
    ADD CONSTRAINT item_analysis_owner_id_item_id_fkey FOREIGN KEY (owner_id, item_id) REFERENCES media_item
        ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE search_text
    DROP CONSTRAINT search_text_owner_id_item_id_fkey,
    ADD CONSTRAINT search_text_owner_id_item_id_fkey FOREIGN KEY (owner_id, item_id) REFERENCES media_item
        ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE upload
    DROP CONSTRAINT upload_owner_id_item_id_fkey,
    ADD CONSTRAINT upload_owner_id_item_id_fkey FOREIGN KEY (owner_id, item_id) REFERENCES media_item
        ON DELETE SET NULL (item_id) ON UPDATE CASCADE;
ALTER TABLE image_embedding
    DROP CONSTRAINT image_embedding_owner_id_item_id_percentage_model_id_fkey,
    ADD CONSTRAINT image_embedding_owner_id_item_id_percentage_model_id_fkey FOREIGN KEY (owner_id, item_id, percentage, model_id)
        REFERENCES item_analysis ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE image_tag
    DROP CONSTRAINT image_tag_owner_id_item_id_percentage_model_id_fkey,
    ADD CONSTRAINT image_tag_owner_id_item_id_percentage_model_id_fkey FOREIGN KEY (owner_id, item_id, percentage, model_id)
        REFERENCES item_analysis ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE detected_object
    DROP CONSTRAINT detected_object_owner_id_item_id_percentage_model_id_fkey,
    ADD CONSTRAINT detected_object_owner_id_item_id_percentage_model_id_fkey FOREIGN KEY (owner_id, item_id, percentage, model_id)
        REFERENCES item_analysis ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE face
    DROP CONSTRAINT face_owner_id_item_id_percentage_model_id_fkey,
    ADD CONSTRAINT face_owner_id_item_id_percentage_model_id_fkey FOREIGN KEY (owner_id, item_id, percentage, model_id)
        REFERENCES item_analysis ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE recognised_text
    DROP CONSTRAINT recognised_text_owner_id_item_id_percentage_model_id_fkey,
    ADD CONSTRAINT recognised_text_owner_id_item_id_percentage_model_id_fkey FOREIGN KEY (owner_id, item_id, percentage, model_id)
        REFERENCES item_analysis ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE image_colours
    DROP CONSTRAINT image_colours_owner_id_item_id_percentage_model_id_fkey,
    ADD CONSTRAINT image_colours_owner_id_item_id_percentage_model_id_fkey FOREIGN KEY (owner_id, item_id, percentage, model_id)
        REFERENCES item_analysis ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE image_quality
    DROP CONSTRAINT image_quality_owner_id_item_id_percentage_model_id_fkey,
    ADD CONSTRAINT image_quality_owner_id_item_id_percentage_model_id_fkey FOREIGN KEY (owner_id, item_id, percentage, model_id)
        REFERENCES item_analysis ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE item_caption
    DROP CONSTRAINT item_caption_owner_id_item_id_percentage_model_id_fkey,
    ADD CONSTRAINT item_caption_owner_id_item_id_percentage_model_id_fkey FOREIGN KEY (owner_id, item_id, percentage, model_id)
        REFERENCES item_analysis ON DELETE CASCADE ON UPDATE CASCADE;

-- Whether an item can be half of a live photo, as far as it goes: it is past all that ingest does, has no clip, and does
-- not lie in the trash, where it is to be gone some day while the other half stays.
CREATE FUNCTION is_half(item media_item) RETURNS boolean LANGUAGE sql IMMUTABLE
RETURN item.processed AND NOT item.has_clip AND item.failed_at IS NULL AND item.missing_at IS NULL
    AND item.trashed_at IS NULL;

ALTER TYPE outbox_change ADD VALUE 'joined' AFTER 'edited';

-- Also where an item takes the id of another: nobody has seen that id with a later one.
CREATE OR REPLACE FUNCTION grow_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.revision := greatest(OLD.revision, NEW.revision) + 1;
    RETURN NEW;
END
$$;

-- Makes one item of a live photo's halves, a photo and a video of the same content identifier. The older one's id and moment
-- of birth stay, all else is the photo's; the video's file becomes its clip, and what was made of the video is let go. What a
-- person said of the video holds of the photo, where nobody said it of that. Both originals' keys are locked by the caller.
-- kept: the id, null where they are no such halves, or not any more. months: that they were in, or are now. let_go: keys of
-- the renditions of the video. Ingest may not read what it moves, so the owner of the tables does it.
CREATE FUNCTION join_live_photo(owner bigint, photo text, video text, OUT kept text, OUT months date[], OUT let_go text[])
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    picture media_item;
    moving media_item;
    said_of_photo jsonb;
    moved jsonb;
    dated boolean;
    younger text;
BEGIN
    PERFORM FROM media_item WHERE owner_id = owner AND id IN (photo, video) ORDER BY id FOR UPDATE;
    SELECT * INTO picture FROM media_item WHERE owner_id = owner AND id = photo AND kind = 'photo' AND is_half(media_item);
    SELECT * INTO moving FROM media_item WHERE owner_id = owner AND id = video AND kind = 'video' AND is_half(media_item);
    -- A change of many goes through them in the order of their ids: what gets another meanwhile it would take twice, or never.
    IF EXISTS (SELECT FROM change WHERE owner_id = owner AND state = 'running') THEN
        RETURN;
    END IF;
    IF picture.id IS NULL OR moving.id IS NULL OR NOT EXISTS (
        SELECT FROM item_metadata AS one JOIN item_metadata AS other USING (owner_id, live_content_id)
        WHERE owner_id = owner AND one.item_id = photo AND other.item_id = video
    ) THEN
        RETURN;
    END IF;
    let_go := ARRAY(
        SELECT moving.item_key || '/' || version || '/' || name FROM rendition WHERE owner_id = owner AND item_id = video
    );

    said_of_photo := coalesce(
        (SELECT said FROM item_statement WHERE owner_id = owner AND item_id = photo AND layer = 'person'), '{}'
    );
    moved := coalesce((
        SELECT jsonb_object_agg(key, value) FROM item_statement, jsonb_each(said)
        WHERE owner_id = owner AND item_id = video AND layer = 'person' AND NOT said_of_photo ? key
    ), '{}');
    dated := moved ? 'time';
    IF moved <> '{}' THEN
        INSERT INTO item_statement (owner_id, item_id, layer, said) VALUES (owner, photo, 'person', moved)
        ON CONFLICT (owner_id, item_id, layer) DO UPDATE SET said = item_statement.said || moved, said_at = now();
        UPDATE item_metadata AS held SET
            rating = CASE WHEN moved ? 'rating' THEN its.rating ELSE held.rating END,
            title = CASE WHEN moved ? 'title' THEN its.title ELSE held.title END,
            description = CASE WHEN moved ? 'description' THEN its.description ELSE held.description END,
            keywords = CASE WHEN moved ? 'keywords' THEN its.keywords ELSE held.keywords END
        FROM item_metadata AS its
        WHERE held.owner_id = owner AND held.item_id = photo AND its.owner_id = owner AND its.item_id = video;
    END IF;
    IF moved ? 'position' THEN
        UPDATE item_metadata AS held SET
            (latitude, longitude, altitude_m, direction_deg, country_code, country, region, city, neighbourhood)
            = (its.latitude, its.longitude, its.altitude_m, its.direction_deg, its.country_code, its.country, its.region,
                its.city, its.neighbourhood)
        FROM item_metadata AS its
        WHERE held.owner_id = owner AND held.item_id = photo AND its.owner_id = owner AND its.item_id = video;
    END IF;

    UPDATE original_file SET item_id = photo, role = CASE role WHEN 'main' THEN 'clip' ELSE role END
    WHERE owner_id = owner AND item_id = video;
    UPDATE upload SET item_id = photo WHERE owner_id = owner AND item_id = video;
    DELETE FROM job WHERE owner_id = owner AND subject_kind = 'item' AND subject_id = video;
    DELETE FROM media_item WHERE owner_id = owner AND id = video;

    IF (moving.created_at, moving.id) < (picture.created_at, picture.id) THEN
        kept := video;
        younger := photo;
    ELSE
        kept := photo;
        younger := video;
    END IF;
    UPDATE media_item SET
        id = kept, created_at = least(created_at, moving.created_at), revision = greatest(revision, moving.revision),
        has_clip = true, favourite = favourite OR moving.favourite, visibility = greatest(visibility, moving.visibility)
    WHERE owner_id = owner AND id = photo;
    IF dated THEN
        UPDATE media_item SET
            taken_at_local = moving.taken_at_local, taken_at_utc = moving.taken_at_utc,
            utc_offset_seconds = moving.utc_offset_seconds, timezone_name = moving.timezone_name,
            time_source = moving.time_source, time_confidence = moving.time_confidence,
            sort_timestamp = moving.sort_timestamp
        WHERE owner_id = owner AND id = kept;
    END IF;
    IF moved ? 'position' THEN
        -- A place says the zone, too: the clock on the wall stays, as it does when a person edits.
        UPDATE media_item SET
            timezone_name = moving.timezone_name,
            taken_at_utc = taken_at_local AT TIME ZONE moving.timezone_name,
            utc_offset_seconds = extract(
                epoch FROM taken_at_local - (taken_at_local AT TIME ZONE moving.timezone_name) AT TIME ZONE 'UTC'
            ),
            sort_timestamp = taken_at_local AT TIME ZONE moving.timezone_name
        WHERE owner_id = owner AND id = kept AND NOT dated AND NOT said_of_photo ? 'time'
          AND moving.timezone_name IS NOT NULL
          AND time_source IN ('exif_original', 'exif_digitized', 'exif_modified', 'filename');
        UPDATE media_item SET place_name = moving.place_name WHERE owner_id = owner AND id = kept;
    END IF;
    -- A worker that has the photo in hand under the id that it had finds nothing to write to: its attempt was none.
    UPDATE job SET
        subject_id = kept, leased_until = NULL, touched_at = now(),
        state = CASE state WHEN 'running' THEN 'waiting' ELSE state END,
        attempts = attempts - CASE state WHEN 'running' THEN 1 ELSE 0 END
    WHERE owner_id = owner AND subject_kind = 'item' AND subject_id = photo AND photo <> kept;
    INSERT INTO item_redirect (owner_id, id, item_id) VALUES (owner, younger, kept);
    INSERT INTO outbox (owner_id, subject_kind, subject_id, change, before, after)
    SELECT owner, 'item', kept, 'joined', jsonb_build_object('itemId', younger), jsonb_build_object(
        'itemKey', picture.item_key, 'objectKey', main.object_key, 'sha256', encode(main.sha256, 'hex'),
        'clipKey', clip.object_key
    )
    FROM original_file AS main JOIN original_file AS clip USING (owner_id, item_id)
    WHERE owner_id = owner AND item_id = kept AND main.role = 'main' AND clip.role = 'clip';
    PERFORM refresh_search_text(owner, ARRAY[kept]);
    months := ARRAY(
        SELECT month FROM unnest(ARRAY[picture.month, moving.month]) AS before (month)
        UNION SELECT month FROM media_item WHERE owner_id = owner AND id = kept
    );
END
$$;
REVOKE EXECUTE ON FUNCTION join_live_photo(bigint, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION join_live_photo(bigint, text, text) TO pinhole_ingest;
GRANT SELECT (live_content_id) ON item_metadata TO pinhole_ingest;

-- What the worker may do more: it decodes originals, and has what it makes of them shown.
GRANT UPDATE (rendition_version, thumb_hash, renditions_at, width, height, duration_ms) ON media_item TO pinhole_worker;
GRANT INSERT, DELETE ON rendition TO pinhole_worker;
GRANT SELECT (owner_id, item_id, motion_offset, motion_bytes, plays_in_browsers), UPDATE (colours, perceptual_hash)
    ON item_metadata TO pinhole_worker;
GRANT SELECT (viewer_id, month, revision), INSERT, UPDATE (revision) ON timeline_month TO pinhole_worker;
GRANT SELECT, INSERT, UPDATE ON notice TO pinhole_worker;
