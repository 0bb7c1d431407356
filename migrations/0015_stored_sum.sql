-- What is stored for owners of much, as it was summed up last: that takes longer the more there is.
CREATE TABLE stored_sum (
    owner_id bigint PRIMARY KEY REFERENCES users,
    originals_bytes bigint NOT NULL,
    renditions_bytes bigint NOT NULL,
    items bigint NOT NULL,
    summed_at timestamptz NOT NULL DEFAULT now()
);
