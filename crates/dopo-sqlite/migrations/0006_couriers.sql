-- What is kept for couriers: which parcels are looked at and when, what looks bring, answers on their way, accounts, and
-- photos of problems.

-- A parcel that its courier is asked for. Gone when it is never asked for again.
CREATE TABLE looks (
    shop_id   INTEGER NOT NULL,
    order_id  INTEGER NOT NULL,
    seq       INTEGER NOT NULL,
    courier   TEXT NOT NULL,
    number    TEXT NOT NULL,
    next_at   INTEGER NOT NULL,           -- hides it while it is asked for
    failures  INTEGER NOT NULL DEFAULT 0, -- looks in a row that found nothing
    told      INTEGER,                    -- hash of what was told last
    looked_at INTEGER,
    PRIMARY KEY (shop_id, order_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX looks_due ON looks (shop_id, courier, next_at);

-- What looks at all parcels of one courier bring.
CREATE TABLE feeds (
    shop_id      INTEGER NOT NULL,
    courier      TEXT NOT NULL,
    heard_at     INTEGER NOT NULL, -- when something new was last found
    quiet_looks  INTEGER NOT NULL, -- looks since then
    silent_since INTEGER,          -- once that was said
    PRIMARY KEY (shop_id, courier)
) STRICT, WITHOUT ROWID;

-- An answer to a hold on its way to the courier. Gone when the courier has answered.
CREATE TABLE courier_calls (
    shop_id    INTEGER NOT NULL,
    call_id    BLOB NOT NULL,    -- 16 bytes
    order_id   INTEGER NOT NULL,
    due_at     INTEGER NOT NULL, -- of the next try; hides it while it is tried
    attempts   INTEGER NOT NULL DEFAULT 0,
    last_error TEXT,
    body       TEXT NOT NULL,
    PRIMARY KEY (shop_id, call_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX courier_calls_due ON courier_calls (due_at);
CREATE INDEX courier_calls_by_order ON courier_calls (shop_id, order_id);

CREATE TABLE courier_accounts (
    shop_id     INTEGER NOT NULL,
    vendor      TEXT NOT NULL,
    fields      BLOB NOT NULL, -- sealed
    added_at    INTEGER NOT NULL,
    refused_at  INTEGER,       -- NULL = accepted
    refused_why TEXT,
    day         TEXT,          -- of used, UTC
    used        INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (shop_id, vendor)
) STRICT, WITHOUT ROWID;

CREATE TABLE photos (
    shop_id    INTEGER NOT NULL,
    photo_id   TEXT NOT NULL,
    order_id   INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    media_type TEXT NOT NULL,
    bytes      BLOB NOT NULL,
    PRIMARY KEY (shop_id, photo_id)
) STRICT;
CREATE INDEX photos_by_order ON photos (shop_id, order_id);
