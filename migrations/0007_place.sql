-- Populated places of the world, filled from GeoNames when migrations are applied; empty means no places are named.

CREATE EXTENSION IF NOT EXISTS cube;

CREATE TABLE place (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    country_code text NOT NULL CHECK (country_code ~ '^[A-Z]{2}$'),
    country text NOT NULL,
    region text,
    population integer NOT NULL CHECK (population >= 0),
    latitude double precision NOT NULL CHECK (latitude BETWEEN -90 AND 90),
    longitude double precision NOT NULL CHECK (longitude BETWEEN -180 AND 180),
    -- Kilometres from the centre of the earth: distances are right at the poles and across the date line.
    location cube NOT NULL GENERATED ALWAYS AS (
        cube(ARRAY[
            6371.0088 * cos(radians(latitude)) * cos(radians(longitude)),
            6371.0088 * cos(radians(latitude)) * sin(radians(longitude)),
            6371.0088 * sin(radians(latitude))
        ])
    ) STORED
);
CREATE INDEX place_location_idx ON place USING gist (location);
