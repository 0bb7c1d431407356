-- Media items, the files that they are stored as, what is known of them, and their renditions.
--
-- The owner is the first part of every key of what belongs to a user, so that these tables can be partitioned, and an
-- owner can move to another database.

CREATE TYPE media_kind AS ENUM ('photo', 'video');
CREATE TYPE item_visibility AS ENUM ('timeline', 'archive', 'hidden', 'locked');
CREATE TYPE time_confidence AS ENUM ('high', 'medium', 'low');
CREATE TYPE time_source AS ENUM (
    'exif_original', 'exif_digitized', 'filename', 'gps', 'exif_modified', 'file_modified', 'uploaded'
);

-- Whether an item is past all that ingest does: what follows, as all that is done to a video, it is shown without.
CREATE FUNCTION is_processed(kind media_kind, metadata_at timestamptz, renditions_at timestamptz) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN metadata_at IS NOT NULL AND (kind = 'video' OR renditions_at IS NOT NULL);

-- Identity, order, visibility, and what the grid needs: no more, since every month that is read reads it.
CREATE TABLE media_item (
    owner_id bigint NOT NULL REFERENCES users,
    -- By bytes: the tie-break of every order must not depend on the server's locale.
    id text COLLATE "C" NOT NULL CHECK (id ~ '^[0-9A-Za-z]{12}$'),
    -- Opaque prefix of the item's renditions and of their URLs; says nothing about the item.
    item_key text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    -- Grows with each change of the row.
    revision bigint NOT NULL DEFAULT 1,

    -- Known once the metadata stage is committed.
    kind media_kind,
    width integer CHECK (width > 0),
    height integer CHECK (height > 0),
    duration_ms integer,
    metadata_at timestamptz,

    -- Capture time, as it holds: from the highest layer that tells it.
    taken_at_local timestamp,
    taken_at_utc timestamptz,
    utc_offset_seconds integer,
    timezone_name text,
    time_source time_source,
    time_confidence time_confidence,
    sort_timestamp timestamptz,

    -- Known once the renditions stage is committed.
    rendition_version integer NOT NULL DEFAULT 0,
    thumb_hash bytea,
    renditions_at timestamptz,

    favourite boolean NOT NULL DEFAULT false,
    has_clip boolean NOT NULL DEFAULT false,
    -- A panorama or a photosphere.
    is_projected boolean NOT NULL DEFAULT false,
    -- Others of its stack lie below it, or it lies below the top of its stack.
    tops_stack boolean NOT NULL DEFAULT false,
    below_top boolean NOT NULL DEFAULT false,
    -- How many albums of its owner keep it out of their timeline.
    hiding_albums integer NOT NULL DEFAULT 0 CHECK (hiding_albums >= 0),
    visibility item_visibility NOT NULL DEFAULT 'timeline',
    trashed_at timestamptz,
    missing_at timestamptz,
    -- A stage failed for good; the report is in its job.
    failed_at timestamptz,

    processed boolean NOT NULL GENERATED ALWAYS AS (is_processed(kind, metadata_at, renditions_at)) STORED,
    -- Decides who may see it. `listed` repeats the expression, since one generated column can't read another.
    visible boolean NOT NULL GENERATED ALWAYS AS (
        trashed_at IS NULL AND missing_at IS NULL AND failed_at IS NULL AND visibility IN ('timeline', 'archive')
        AND is_processed(kind, metadata_at, renditions_at)
    ) STORED,
    -- Months hold what is listed.
    listed boolean NOT NULL GENERATED ALWAYS AS (
        trashed_at IS NULL AND missing_at IS NULL AND failed_at IS NULL AND visibility IN ('timeline', 'archive')
        AND is_processed(kind, metadata_at, renditions_at)
        AND visibility = 'timeline' AND NOT below_top AND hiding_albums = 0
    ) STORED,
    month date GENERATED ALWAYS AS (date_trunc('month', taken_at_local)::date) STORED,
    -- clamp(round(50 * log2(width / height)) + 128, 0, 255); square where the size is not known.
    ratio smallint NOT NULL GENERATED ALWAYS AS (
        greatest(0, least(255, round(coalesce(50 * ln(width::double precision / height) / ln(2::double precision), 0)) + 128))
    ) STORED,
    -- Bits that the grid shows: 1 favourite, 2 clip, 4 stack, 8 projection.
    flags smallint NOT NULL GENERATED ALWAYS AS (
        favourite::int + 2 * has_clip::int + 4 * tops_stack::int + 8 * is_projected::int
    ) STORED,

    PRIMARY KEY (owner_id, id),
    UNIQUE (item_key, owner_id),
    CHECK (metadata_at IS NULL OR (
        kind IS NOT NULL AND taken_at_local IS NOT NULL AND sort_timestamp IS NOT NULL AND time_confidence IS NOT NULL
    )),
    CHECK (renditions_at IS NULL OR (
        rendition_version > 0 AND width IS NOT NULL AND height IS NOT NULL AND thumb_hash IS NOT NULL
    )),
    CHECK (NOT (tops_stack AND below_top))
);
-- The order of the timeline, and everything a month's ratios need without touching the table.
CREATE INDEX media_item_timeline_idx ON media_item (owner_id, month, sort_timestamp DESC, id DESC)
    INCLUDE (ratio) WHERE listed;

CREATE FUNCTION grow_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.revision := OLD.revision + 1;
    RETURN NEW;
END
$$;
CREATE TRIGGER media_item_revision BEFORE UPDATE ON media_item FOR EACH ROW EXECUTE FUNCTION grow_revision();

-- main: what the item is made from; clip: the moving half of a live photo; sidecar: what another program says of it;
-- alias: the same bytes at another key.
CREATE TYPE file_role AS ENUM ('main', 'clip', 'sidecar', 'alias');

-- Each stored file of an item.
CREATE TABLE original_file (
    owner_id bigint NOT NULL,
    -- `originals` is the stack's own, whatever its name is: a library can move to another account.
    bucket text NOT NULL,
    object_key text COLLATE "C" NOT NULL,
    item_id text COLLATE "C" NOT NULL,
    role file_role NOT NULL,
    -- As the store told them.
    version text,
    etag text NOT NULL,
    sequencer text,
    size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
    -- As whoever sent it told them; relative_path: its folders and its name, with slashes.
    filename text NOT NULL,
    relative_path text,
    modified_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    -- Known once it was read. SHA-1 is what clients of other systems ask by.
    mime_type text,
    sha256 bytea CHECK (octet_length(sha256) = 32),
    sha1 bytea CHECK (octet_length(sha1) = 20),
    -- Whether its owner has these bytes by it: not by a sidecar or an alias, nor by a file of a failed item.
    counts boolean NOT NULL,
    PRIMARY KEY (owner_id, bucket, object_key),
    FOREIGN KEY (owner_id, item_id) REFERENCES media_item ON DELETE CASCADE,
    CHECK (NOT counts OR role IN ('main', 'clip'))
);
-- The same bytes are one item of an owner.
CREATE UNIQUE INDEX original_file_sha256_key ON original_file (owner_id, sha256) WHERE counts;
CREATE UNIQUE INDEX original_file_main_key ON original_file (owner_id, item_id) WHERE role = 'main';
CREATE INDEX original_file_item_id_idx ON original_file (owner_id, item_id);
-- The bytes of an owner are summed up from the index alone, each time an upload is opened.
CREATE INDEX original_file_storage_idx ON original_file (owner_id) INCLUDE (size_bytes);

-- What holds of an item beyond the grid: from its file, from a sidecar, or said by a person.
CREATE TABLE item_metadata (
    owner_id bigint NOT NULL,
    item_id text COLLATE "C" NOT NULL,
    camera_make text,
    camera_model text,
    lens_model text,
    focal_length_mm real,
    f_number real,
    exposure_seconds double precision,
    iso integer,
    rating smallint CHECK (rating BETWEEN 0 AND 5),
    title text,
    description text,
    keywords text[] NOT NULL DEFAULT '{}',
    latitude double precision CHECK (latitude BETWEEN -90 AND 90),
    longitude double precision CHECK (longitude BETWEEN -180 AND 180),
    altitude_m real,
    direction_deg real,
    country_code text,
    country text,
    region text,
    city text,
    neighbourhood text,
    projection text,
    field_of_view_deg real,
    is_hdr boolean NOT NULL DEFAULT false,
    is_night boolean NOT NULL DEFAULT false,
    is_screenshot boolean NOT NULL DEFAULT false,
    is_animated boolean NOT NULL DEFAULT false,
    burst_id text,
    live_content_id text,
    -- Where in the original a motion photo's clip lies.
    motion_offset bigint,
    motion_bytes bigint,
    -- 0xRRGGBB, the most frequent first.
    colours integer[],
    -- 64 bits of a discrete cosine transform: pictures that look alike differ in few of them.
    perceptual_hash bigint,
    exif jsonb,
    PRIMARY KEY (owner_id, item_id),
    FOREIGN KEY (owner_id, item_id) REFERENCES media_item ON DELETE CASCADE
);

CREATE TYPE item_layer AS ENUM ('file', 'sidecar', 'person');

-- What each source says of what several may say: `time`, `position`, `rating`, `title`, `description`, `keywords`. A key
-- that is there was said, also where its value is null. What holds is file || sidecar || person, so that taking a layer
-- back needs no reading of the file.
CREATE TABLE item_statement (
    owner_id bigint NOT NULL,
    item_id text COLLATE "C" NOT NULL,
    layer item_layer NOT NULL,
    said jsonb NOT NULL CHECK (jsonb_typeof(said) = 'object'),
    said_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner_id, item_id, layer),
    FOREIGN KEY (owner_id, item_id) REFERENCES media_item ON DELETE CASCADE
);

-- What is shown of an item, at {item_key}/{version}/{name} in the bucket of renditions.
CREATE TABLE rendition (
    owner_id bigint NOT NULL,
    item_id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    width integer NOT NULL CHECK (width > 0),
    height integer NOT NULL CHECK (height > 0),
    size_bytes bigint NOT NULL CHECK (size_bytes > 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner_id, item_id, name),
    FOREIGN KEY (owner_id, item_id) REFERENCES media_item ON DELETE CASCADE
);
