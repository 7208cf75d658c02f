-- What came in.

-- External ids seen, for recognising repeats: first 16 bytes of SHA-256 of the source, a zero byte and the id. Pruned by age.
CREATE TABLE seen (
    shop_id BIGINT NOT NULL,
    hash    BYTEA NOT NULL CHECK (length(hash) = 16),
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (shop_id, hash)
);
CREATE INDEX seen_by_age ON seen USING brin (seen_at);

CREATE TABLE inbox (
    shop_id     BIGINT NOT NULL,
    inbox_id    BIGINT NOT NULL,
    source      TEXT NOT NULL,
    external_id TEXT NOT NULL,
    topic       TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    status      TEXT COLLATE "C" NOT NULL, -- done, ignored, waiting, failed
    customer_id BIGINT,                    -- whose body it is, where that is known: for forgetting
    note        TEXT,
    body        BYTEA,                     -- sealed; emptied by age
    PRIMARY KEY (shop_id, inbox_id)
) WITH (toast_tuple_target = 8160);        -- a body that fits on a page stays in its row
CREATE INDEX inbox_open ON inbox (shop_id, status, inbox_id) WHERE status IN ('waiting', 'failed');
CREATE INDEX inbox_bodies ON inbox USING brin (received_at);
CREATE INDEX inbox_by_customer ON inbox (shop_id, customer_id) WHERE body IS NOT NULL AND customer_id IS NOT NULL;
ALTER TABLE inbox ALTER COLUMN body SET STORAGE EXTERNAL; -- sealed bytes do not compress

-- Arrivals that wait for a fact.
CREATE TABLE parked (
    shop_id  BIGINT NOT NULL,
    kind     TEXT COLLATE "C" NOT NULL,    -- order, parcel_number
    value    TEXT COLLATE "C" NOT NULL,
    seq      BIGINT NOT NULL,              -- order of arrival within the key, from 1
    inbox_id BIGINT,                       -- where it came in
    arrival  TEXT NOT NULL,
    PRIMARY KEY (shop_id, kind, value, seq)
);
CREATE INDEX parked_by_inbox ON parked (shop_id, inbox_id);
