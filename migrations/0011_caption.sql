-- What a vision-language model says of a picture, and how often it may be asked a day.

ALTER TYPE job_stage ADD VALUE 'caption' AFTER 'analysis';

-- Null: not there, or not known.
CREATE TABLE item_caption (
    owner_id bigint NOT NULL,
    item_id text COLLATE "C" NOT NULL,
    percentage smallint NOT NULL,
    model_id smallint NOT NULL,
    caption text NOT NULL,
    main_subject text,
    setting text,
    pets boolean NOT NULL,
    animal_type text,
    vehicle text,
    landmark text,
    food text,
    drink text,
    event text,
    activity text,
    document_type text,
    people_count integer NOT NULL CHECK (people_count >= 0),
    mood text,
    indoor boolean NOT NULL,
    landscape boolean NOT NULL,
    cityscape boolean NOT NULL,
    PRIMARY KEY (owner_id, item_id, percentage, model_id),
    FOREIGN KEY (owner_id, item_id, percentage, model_id) REFERENCES item_analysis ON DELETE CASCADE
);

-- Questions that were asked on a day (UTC), by all workers together.
CREATE TABLE caption_day (
    day date PRIMARY KEY,
    questions integer NOT NULL CHECK (questions > 0)
);

GRANT INSERT ON item_caption TO pinhole_worker;
GRANT SELECT, INSERT, UPDATE ON caption_day TO pinhole_worker;
