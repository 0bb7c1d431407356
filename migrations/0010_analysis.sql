-- What models saw of each picture. Every row says which model it is of, so that what an older one saw still answers while
-- a newer one has not seen everything.

CREATE EXTENSION IF NOT EXISTS vector;

CREATE TYPE model_role AS ENUM (
    'image_embedding', 'tags', 'objects', 'faces', 'ocr', 'colours', 'quality', 'caption'
);

-- Places in a picture, as shares of its width and height.
CREATE FUNCTION are_shares(real[]) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS 'SELECT array_position($1, NULL) IS NULL AND 0 <= ALL ($1) AND 1 >= ALL ($1)';

-- Every model that ever looked. dimension: of its embeddings.
CREATE TABLE model (
    id smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    role model_role NOT NULL,
    name text NOT NULL,
    version text NOT NULL,
    dimension smallint CHECK (dimension > 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    -- Whether what it saw is what is shown and searched: of one model a role.
    answers boolean NOT NULL DEFAULT false,
    -- When it had looked at every photo that there was.
    complete_at timestamptz,
    UNIQUE NULLS NOT DISTINCT (role, name, version, dimension)
);
CREATE UNIQUE INDEX model_answers_key ON model (role) WHERE answers;

-- That a model looked at a picture, whatever it found. percentage: of a video, where in it the still lies; 0 of a photo.
CREATE TABLE item_analysis (
    owner_id bigint NOT NULL,
    item_id text COLLATE "C" NOT NULL,
    percentage smallint NOT NULL DEFAULT 0 CHECK (percentage BETWEEN 0 AND 100),
    model_id smallint NOT NULL REFERENCES model,
    analysed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner_id, item_id, percentage, model_id),
    FOREIGN KEY (owner_id, item_id) REFERENCES media_item ON DELETE CASCADE
);

-- Of unit length. A search reads all of an owner's vectors of one model, one after the other: so they lie in the row, and
-- the key has them together. No dimension: models side by side differ in it.
CREATE TABLE image_embedding (
    owner_id bigint NOT NULL,
    model_id smallint NOT NULL,
    item_id text COLLATE "C" NOT NULL,
    percentage smallint NOT NULL,
    embedding halfvec NOT NULL CHECK (abs(l2_norm(embedding) - 1) < 0.01),
    PRIMARY KEY (owner_id, model_id, item_id, percentage),
    FOREIGN KEY (owner_id, item_id, percentage, model_id) REFERENCES item_analysis ON DELETE CASCADE
);
ALTER TABLE image_embedding ALTER COLUMN embedding SET STORAGE PLAIN;

-- A word for the whole picture.
CREATE TABLE image_tag (
    owner_id bigint NOT NULL,
    item_id text COLLATE "C" NOT NULL,
    percentage smallint NOT NULL,
    model_id smallint NOT NULL,
    name text NOT NULL,
    score real NOT NULL CHECK (score BETWEEN 0 AND 1),
    PRIMARY KEY (owner_id, item_id, percentage, model_id, name),
    FOREIGN KEY (owner_id, item_id, percentage, model_id) REFERENCES item_analysis ON DELETE CASCADE
);

-- box: where it begins from the left and the top, how wide and how high it is, each as a share of the picture.
CREATE TABLE detected_object (
    owner_id bigint NOT NULL,
    item_id text COLLATE "C" NOT NULL,
    percentage smallint NOT NULL,
    model_id smallint NOT NULL,
    number smallint NOT NULL,
    name text NOT NULL,
    score real NOT NULL CHECK (score BETWEEN 0 AND 1),
    box real[] NOT NULL CHECK (cardinality(box) = 4 AND are_shares(box)),
    PRIMARY KEY (owner_id, item_id, percentage, model_id, number),
    FOREIGN KEY (owner_id, item_id, percentage, model_id) REFERENCES item_analysis ON DELETE CASCADE
);

-- landmarks: x and y of both eyes, the nose, both corners of the mouth. embedding: centred, of unit length.
CREATE TABLE face (
    owner_id bigint NOT NULL,
    item_id text COLLATE "C" NOT NULL,
    percentage smallint NOT NULL,
    model_id smallint NOT NULL,
    number smallint NOT NULL,
    box real[] NOT NULL CHECK (cardinality(box) = 4 AND are_shares(box)),
    landmarks real[] NOT NULL CHECK (cardinality(landmarks) = 10 AND are_shares(landmarks)),
    confidence real NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    size_px integer NOT NULL CHECK (size_px > 0),
    sharpness real NOT NULL CHECK (sharpness BETWEEN 0 AND 1),
    embedding halfvec NOT NULL CHECK (abs(l2_norm(embedding) - 1) < 0.01),
    PRIMARY KEY (owner_id, item_id, percentage, model_id, number),
    FOREIGN KEY (owner_id, item_id, percentage, model_id) REFERENCES item_analysis ON DELETE CASCADE
);
ALTER TABLE face ALTER COLUMN embedding SET STORAGE PLAIN;

-- A line of text, in the order of reading. corners: x and y of four, from the begin of its top edge.
CREATE TABLE recognised_text (
    owner_id bigint NOT NULL,
    item_id text COLLATE "C" NOT NULL,
    percentage smallint NOT NULL,
    model_id smallint NOT NULL,
    number smallint NOT NULL,
    line text NOT NULL,
    score real NOT NULL CHECK (score BETWEEN 0 AND 1),
    corners real[] NOT NULL CHECK (cardinality(corners) = 8 AND are_shares(corners)),
    PRIMARY KEY (owner_id, item_id, percentage, model_id, number),
    FOREIGN KEY (owner_id, item_id, percentage, model_id) REFERENCES item_analysis ON DELETE CASCADE
);

-- dominant: 0xRRGGBB, and shares of each, the largest first. hue: degrees. histogram: 12 hues, black, grey, white.
CREATE TABLE image_colours (
    owner_id bigint NOT NULL,
    item_id text COLLATE "C" NOT NULL,
    percentage smallint NOT NULL,
    model_id smallint NOT NULL,
    dominant integer[] NOT NULL CHECK (array_position(dominant, NULL) IS NULL),
    shares real[] NOT NULL CHECK (cardinality(shares) = cardinality(dominant) AND are_shares(shares)),
    hue real CHECK (hue >= 0 AND hue < 360),
    saturation real NOT NULL CHECK (saturation BETWEEN 0 AND 1),
    lightness real NOT NULL CHECK (lightness BETWEEN 0 AND 1),
    histogram real[] NOT NULL CHECK (cardinality(histogram) = 15 AND are_shares(histogram)),
    PRIMARY KEY (owner_id, item_id, percentage, model_id),
    FOREIGN KEY (owner_id, item_id, percentage, model_id) REFERENCES item_analysis ON DELETE CASCADE
);

CREATE TABLE image_quality (
    owner_id bigint NOT NULL,
    item_id text COLLATE "C" NOT NULL,
    percentage smallint NOT NULL,
    model_id smallint NOT NULL,
    sharpness real NOT NULL CHECK (sharpness BETWEEN 0 AND 1),
    noise real NOT NULL CHECK (noise BETWEEN 0 AND 1),
    exposure real NOT NULL CHECK (exposure BETWEEN 0 AND 1),
    overall real NOT NULL CHECK (overall BETWEEN 0 AND 100),
    PRIMARY KEY (owner_id, item_id, percentage, model_id),
    FOREIGN KEY (owner_id, item_id, percentage, model_id) REFERENCES item_analysis ON DELETE CASCADE
);

-- What the worker may do. It decodes what was made of files of strangers, and its models are large and of others: so it
-- has a role of its own, which reads no account, no position and no journal, and of what models saw only that they looked.
GRANT SELECT ON media_item, original_file, rendition TO pinhole_worker;
GRANT SELECT, INSERT, UPDATE ON job TO pinhole_worker;
GRANT SELECT, INSERT, UPDATE (answers, complete_at) ON model TO pinhole_worker;
GRANT SELECT, INSERT ON item_analysis TO pinhole_worker;
GRANT INSERT ON image_embedding, image_tag, detected_object, face, recognised_text, image_colours, image_quality
    TO pinhole_worker;
