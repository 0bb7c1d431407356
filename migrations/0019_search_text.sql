-- What a search by words looks through. Languages are English, Dutch and German; each text is there as it stands too.

CREATE EXTENSION IF NOT EXISTS btree_gin;

-- A text as it is cut into words: folded, letters that are two as two, and blanks in place of punctuation, lest the parser
-- takes a file name for a host, and a hyphen for a minus. So much of it that a document, which has eight of these, has at most
-- the 1 MB that a tsvector may have; folded, a letter can be eighteen.
CREATE FUNCTION searchable(said text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN trim(regexp_replace(
        translate(replace(replace(replace(left(folded(left(said, 10000)), 10000), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'øłđ', 'old'),
        '[\s!-/:-@\[-`{-~’]+', ' ', 'g'
    ));

-- searchable text, as its words stand there and by their stems.
CREATE FUNCTION lexemes_of(words text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN to_tsvector('pg_catalog.simple', words) || to_tsvector('pg_catalog.english', words)
        || to_tsvector('pg_catalog.dutch', words) || to_tsvector('pg_catalog.german', words);

-- What searchable names are found by in part: each of their words from each of its letters on, marked by a slash, which no
-- word has. So a part is the begin of one of these.
CREATE FUNCTION parts_of(words text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN array_to_tsvector(ARRAY(
        SELECT '/' || substr(word, start, 40)
        FROM string_to_table(words, ' ') AS word, generate_series(1, least(length(word), 60)) AS start
        WHERE word <> ''
    ));

-- What filters find an item by: a value, marked by the filter's name and signs that no word has.
CREATE FUNCTION tag_of(filter text, value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN '=' || filter || ':' || left(searchable(value), 200);

-- Items that have any of these values.
CREATE FUNCTION search_tags(filter text, accepted text[]) RETURNS tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (SELECT string_agg(quote_literal(tag_of(filter, value)), ' | ')::tsquery FROM unnest(accepted) AS value);

CREATE FUNCTION date_words(day timestamp) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN concat_ws(
        ' ',
        date_part('day', day), date_part('year', day),
        (ARRAY['january januari januar', 'february februari februar', 'march maart marz', 'april', 'may mei mai',
            'june juni', 'july juli', 'august augustus', 'september', 'october oktober', 'november',
            'december dezember'])[date_part('month', day)],
        (ARRAY['monday maandag montag', 'tuesday dinsdag dienstag', 'wednesday woensdag mittwoch',
            'thursday donderdag donnerstag', 'friday vrijdag freitag', 'saturday zaterdag samstag',
            'sunday zondag sonntag'])[date_part('isodow', day)]
    );

-- document: weight A: the places, and what a model says of the whole picture; B: what a person says, what is read in the
-- picture, what is seen in it, names of file, folders and camera; C: the date; D: tags, which mean little.
-- epoch: of which `search_epoch` the models are; 0: it was never written.
CREATE TABLE search_text (
    owner_id bigint NOT NULL,
    item_id text COLLATE "C" NOT NULL,
    document tsvector NOT NULL,
    epoch integer NOT NULL,
    PRIMARY KEY (owner_id, item_id),
    FOREIGN KEY (owner_id, item_id) REFERENCES media_item ON DELETE CASCADE
);
CREATE INDEX search_text_document_idx ON search_text USING gin (owner_id, document);
CREATE INDEX search_text_epoch_idx ON search_text (epoch);

-- Names that an owner's items are found by, once each, for suggestions. They stay where the last such item went: whoever
-- suggests one sees whether anything is found by it. filter: which takes it, or `object` and `tag`, which are words.
CREATE TABLE search_value (
    owner_id bigint NOT NULL REFERENCES users,
    filter text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    searched text COLLATE "C" NOT NULL GENERATED ALWAYS AS (searchable(value)) STORED,
    PRIMARY KEY (owner_id, filter, value)
);

-- One row. It grows when other models answer than before: what is of an earlier one is written anew, by and by.
CREATE TABLE search_epoch (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    number integer NOT NULL DEFAULT 1
);
INSERT INTO search_epoch DEFAULT VALUES;
-- It has other models answer.
GRANT SELECT, UPDATE ON search_epoch TO pinhole_worker;

-- Those that are there already come by the schedule: to write them here would take long. Also so a million take a minute.
SET LOCAL statement_timeout = 0;
INSERT INTO search_text (owner_id, item_id, document, epoch) SELECT owner_id, id, '', 0 FROM media_item;

-- Of each role and picture the look that is shown: the model's that answers, else the newest one's.
CREATE FUNCTION shown_looks(owner bigint, item text)
    RETURNS TABLE (owner_id bigint, item_id text, percentage smallint, model_id smallint) LANGUAGE sql STABLE
    BEGIN ATOMIC
        SELECT DISTINCT ON (role, percentage) look.owner_id, look.item_id, look.percentage, look.model_id
        FROM item_analysis AS look JOIN model ON model.id = look.model_id
        WHERE look.owner_id = owner AND look.item_id = item
        ORDER BY role, percentage, answers DESC, look.model_id DESC;
    END;

CREATE FUNCTION search_document(owner bigint, item text) RETURNS tsvector LANGUAGE sql STABLE AS $$
    WITH look AS MATERIALIZED (
        SELECT * FROM shown_looks(owner, item)
    ), names AS (
        SELECT searchable(string_agg(coalesce(relative_path, filename), ' ')) AS words
        FROM original_file WHERE owner_id = owner AND item_id = item AND role IN ('main', 'clip')
    ), held AS (
        SELECT
            searchable(concat_ws(' ', neighbourhood, city, region, country)) AS place,
            searchable(concat_ws(' ', title, description, array_to_string(keywords, ' '))) AS said,
            searchable(concat_ws(' ', camera_make, camera_model, lens_model)) AS camera,
            array_to_tsvector(ARRAY(SELECT DISTINCT tag_of(filter, value) FROM (VALUES
                ('country', country), ('country', country_code),
                ('place', neighbourhood), ('place', city), ('place', region), ('place', country),
                ('place', concat_ws(' ', city, country)),
                ('camera', camera_make), ('camera', camera_model), ('camera', concat_ws(' ', camera_make, camera_model)),
                ('minRating', rating::text)
            ) AS tag (filter, value) WHERE value <> '')) AS tags
        FROM item_metadata WHERE owner_id = owner AND item_id = item
    ), seen AS (
        SELECT
            (
                SELECT searchable(concat_ws(' ', caption, main_subject, setting, animal_type, vehicle, landmark, food,
                    drink, event, activity, document_type))
                FROM look JOIN item_caption USING (owner_id, item_id, percentage, model_id)
            ) AS caption,
            (
                SELECT searchable(string_agg(line, ' ' ORDER BY percentage, number))
                FROM look JOIN recognised_text USING (owner_id, item_id, percentage, model_id)
            ) AS read,
            (
                SELECT searchable(string_agg(DISTINCT name, ' '))
                FROM look JOIN detected_object USING (owner_id, item_id, percentage, model_id)
            ) AS objects,
            (
                SELECT searchable(string_agg(DISTINCT name, ' '))
                FROM look JOIN image_tag USING (owner_id, item_id, percentage, model_id) WHERE score >= 0.2
            ) AS tags
    )
    SELECT setweight(lexemes_of(concat_ws(' ', held.place, seen.caption)), 'A')
        || setweight(lexemes_of(concat_ws(' ', held.said, seen.read, seen.objects, names.words, held.camera)), 'B')
        || setweight(lexemes_of(coalesce(date_words(media_item.taken_at_local), '')), 'C')
        || setweight(lexemes_of(coalesce(seen.tags, '')), 'D')
        || parts_of(concat_ws(' ', left(names.words, 2500), left(held.camera, 500)))
        || coalesce(held.tags, '')
    FROM seen, names, media_item LEFT JOIN held ON true
    WHERE media_item.owner_id = owner AND media_item.id = item
$$;

-- Writes the documents of some items as they are now. To be called by whoever changed what they are made of, before the
-- commit. The items are locked first, and only then read: of two who change one item the second reads what the first did.
-- Whoever calls it may have tables of the same names, with triggers, among their temporary ones: these come last.
CREATE FUNCTION refresh_search_text(owner bigint, items text[]) RETURNS void LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM FROM media_item WHERE owner_id = owner AND id = ANY(items) ORDER BY id FOR NO KEY UPDATE;
    INSERT INTO search_text (owner_id, item_id, document, epoch)
    SELECT owner_id, id, search_document(owner_id, id), number FROM media_item, search_epoch
    WHERE owner_id = owner AND id = ANY(items)
    ON CONFLICT (owner_id, item_id) DO UPDATE SET document = EXCLUDED.document, epoch = EXCLUDED.epoch;
    -- In their order, and only those that are new: two who write the same must not wait for each other.
    INSERT INTO search_value (owner_id, filter, value)
    SELECT DISTINCT owner, named.filter, left(named.value, 200) FROM (
        SELECT tag.filter, tag.value FROM item_metadata, LATERAL (VALUES
            ('country', country), ('place', neighbourhood), ('place', city), ('place', region), ('camera', camera_model)
        ) AS tag (filter, value)
        WHERE owner_id = owner AND item_id = ANY(items)
        UNION ALL
        SELECT seen.filter, seen.name FROM unnest(items) AS item, shown_looks(owner, item) AS look, LATERAL (
            SELECT 'object' AS filter, name FROM detected_object
            WHERE (owner_id, item_id, percentage, model_id)
                = (look.owner_id, look.item_id, look.percentage, look.model_id)
            UNION ALL
            SELECT 'tag', name FROM image_tag
            WHERE (owner_id, item_id, percentage, model_id)
                = (look.owner_id, look.item_id, look.percentage, look.model_id) AND score >= 0.2
        ) AS seen
    ) AS named
    WHERE searchable(named.value) <> '' AND NOT EXISTS (
        SELECT FROM search_value AS known
        WHERE (known.owner_id, known.filter, known.value) = (owner, named.filter, left(named.value, 200))
        OFFSET 0 -- each looked up by itself: joined, all names of the owner would be read
    )
    ORDER BY 2, 3
    ON CONFLICT DO NOTHING;
END
$$;
REVOKE EXECUTE ON FUNCTION refresh_search_text(bigint, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION refresh_search_text(bigint, text[]) TO pinhole_ingest, pinhole_worker;

-- What a term of a search means: its words by any of these stems or as they stand, or as part of a name, by as much of them
-- as parts have; in quotes as they stand, one behind the other. strict: empty where it is a stop word of a language, since in another it may not be one.
CREATE FUNCTION search_term(said text, quoted boolean, strict boolean, languages regconfig[]) RETURNS tsquery
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN quoted THEN phraseto_tsquery('pg_catalog.simple', words)
        WHEN strict
            AND EXISTS (SELECT FROM unnest(languages) AS language WHERE numnode(phraseto_tsquery(language, words)) = 0)
            THEN ''::tsquery
        ELSE phraseto_tsquery('pg_catalog.simple', words)
            || coalesce((
                SELECT string_agg(format('(%s)', stems), ' | ')::tsquery
                FROM unnest(languages) AS language, phraseto_tsquery(language, words) AS stems WHERE numnode(stems) > 0
            ), '')
            || coalesce((
                SELECT string_agg(format('%s:*', quote_literal('/' || left(word, 40))), ' & ')::tsquery
                FROM string_to_table(words, ' ') AS word HAVING min(length(word)) > 2 OR words ~ '[0-9]'
            ), '')
    END
    FROM (SELECT searchable(said) AS words) AS term
$$;

-- What a comparison of all pictures leaves out.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX media_item_hidden_idx ON media_item (owner_id, id) WHERE NOT visible;

-- What somebody searched for: theirs alone, until they remove it.
CREATE TABLE past_search (
    owner_id bigint NOT NULL REFERENCES users,
    typed text COLLATE "C" NOT NULL,
    searched_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner_id, typed)
);
