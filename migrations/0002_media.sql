-- Media items and the months of the timeline.

CREATE TYPE media_kind AS ENUM ('photo', 'video');
CREATE TYPE time_confidence AS ENUM ('high', 'medium', 'low');

CREATE TABLE media_item (
    -- By bytes: the tie-break of every order must not depend on the server's locale.
    id text COLLATE "C" PRIMARY KEY CHECK (id ~ '^[0-9A-Za-z]{12}$'),
    owner_id integer NOT NULL REFERENCES users,
    -- Opaque prefix of the item's renditions and of their URLs; says nothing about the item.
    item_key text NOT NULL UNIQUE,

    -- The original in the originals bucket.
    object_key text NOT NULL UNIQUE,
    object_version text,
    etag text NOT NULL,
    sequencer text,
    size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
    filename text NOT NULL,
    modified_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),

    -- Known once the metadata stage is committed.
    sha256 bytea CHECK (octet_length(sha256) = 32),
    mime_type text,
    kind media_kind,
    width integer CHECK (width > 0),
    height integer CHECK (height > 0),
    duration_ms integer,
    metadata_at timestamptz,

    -- Capture time: what holds now, and what was read from the file.
    taken_at_local timestamp,
    taken_at_utc timestamptz,
    utc_offset_seconds integer,
    timezone_name text,
    original_taken_at_local timestamp,
    original_taken_at_utc timestamptz,
    original_utc_offset_seconds integer,
    original_timezone_name text,
    time_source text,
    time_confidence time_confidence,
    sort_timestamp timestamptz,

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
    exif jsonb,

    -- Known once the renditions stage is committed.
    rendition_version integer NOT NULL DEFAULT 0,
    renditions jsonb,
    rendition_bytes bigint,
    thumb_hash bytea,
    colours integer[],
    renditions_at timestamptz,

    trashed_at timestamptz,
    missing_at timestamptz,
    -- A stage failed for good; the report is in its job.
    failed_at timestamptz,

    -- DOMAIN's definition of visible, in one place.
    visible boolean NOT NULL GENERATED ALWAYS AS (
        trashed_at IS NULL AND missing_at IS NULL AND failed_at IS NULL
        AND metadata_at IS NOT NULL AND (kind = 'video' OR renditions_at IS NOT NULL)
    ) STORED,
    month date GENERATED ALWAYS AS (date_trunc('month', taken_at_local)::date) STORED,
    -- clamp(round(50 * log2(width / height)) + 128, 0, 255); square where the size is not known.
    ratio smallint NOT NULL GENERATED ALWAYS AS (
        greatest(0, least(255, round(coalesce(50 * ln(width::double precision / height) / ln(2::double precision), 0)) + 128))
    ) STORED,

    CHECK (metadata_at IS NULL OR (
        sha256 IS NOT NULL AND mime_type IS NOT NULL AND kind IS NOT NULL
        AND taken_at_local IS NOT NULL AND sort_timestamp IS NOT NULL AND time_confidence IS NOT NULL
    )),
    CHECK (renditions_at IS NULL OR (
        rendition_version > 0 AND width IS NOT NULL AND height IS NOT NULL AND thumb_hash IS NOT NULL
    ))
);
-- The same bytes are one item of an owner. A failed item does not count: its bytes may be sent again.
CREATE UNIQUE INDEX media_item_owner_sha256_key ON media_item (owner_id, sha256) WHERE failed_at IS NULL;
-- The order of the timeline, and everything a month's ratios need without touching the table.
CREATE INDEX media_item_timeline_idx ON media_item (owner_id, month, sort_timestamp DESC, id DESC)
    INCLUDE (ratio) WHERE visible;

-- A month's revision grows with every change of what is visible in it. Rows are never deleted, so the sum of an
-- owner's revisions is the library's revision. The ratio bytes are those of ratios_revision, rebuilt by a reader.
CREATE TABLE timeline_month (
    owner_id integer NOT NULL REFERENCES users,
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    revision bigint NOT NULL DEFAULT 1,
    ratios bytea NOT NULL DEFAULT '',
    ratios_revision bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (owner_id, month)
) WITH (fillfactor = 70);
