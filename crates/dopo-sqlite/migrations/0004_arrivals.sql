-- What came in.

-- External ids seen, for recognising repeats: first 16 bytes of SHA-256 of the source, a zero byte and the id. Pruned by age.
CREATE TABLE seen (
    shop_id INTEGER NOT NULL,
    hash    BLOB NOT NULL CHECK (length(hash) = 16),
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (shop_id, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX seen_by_age ON seen (seen_at);

CREATE TABLE inbox (
    shop_id     INTEGER NOT NULL,
    inbox_id    INTEGER NOT NULL,
    source      TEXT NOT NULL,
    external_id TEXT NOT NULL,
    topic       TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    status      TEXT NOT NULL,             -- done, ignored, waiting, failed
    customer_id INTEGER,                   -- whose body it is, where that is known: for forgetting
    note        TEXT,
    body        BLOB,                      -- sealed; emptied by age
    PRIMARY KEY (shop_id, inbox_id)
) STRICT;
CREATE INDEX inbox_open ON inbox (shop_id, status, inbox_id) WHERE status IN ('waiting', 'failed');
CREATE INDEX inbox_bodies ON inbox (received_at) WHERE body IS NOT NULL;
CREATE INDEX inbox_bodies_of ON inbox (shop_id, customer_id) WHERE body IS NOT NULL AND customer_id IS NOT NULL;

-- Arrivals that wait for a fact.
CREATE TABLE parked (
    shop_id  INTEGER NOT NULL,
    kind     TEXT NOT NULL,                -- order, parcel_number
    value    TEXT NOT NULL,
    seq      INTEGER NOT NULL,             -- order of arrival within the key, from 1
    inbox_id INTEGER,                      -- where it came in
    arrival  TEXT NOT NULL,
    PRIMARY KEY (shop_id, kind, value, seq)
) STRICT;
CREATE INDEX parked_by_inbox ON parked (shop_id, inbox_id);
