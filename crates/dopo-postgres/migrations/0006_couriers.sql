-- What is kept for couriers: which parcels are looked at and when, what looks bring, answers on their way, accounts, and
-- photos of problems.

-- A parcel that its courier is asked for. Gone when it is never asked for again.
CREATE TABLE looks (
    shop_id   BIGINT NOT NULL,
    order_id  BIGINT NOT NULL,
    seq       INTEGER NOT NULL,
    courier   TEXT COLLATE "C" NOT NULL,
    number    TEXT NOT NULL,
    next_at   BIGINT NOT NULL,            -- hides it while it is asked for
    failures  INTEGER NOT NULL DEFAULT 0, -- looks in a row that found nothing
    told      BIGINT,                     -- hash of what was told last
    looked_at BIGINT,
    PRIMARY KEY (shop_id, order_id, seq)
) WITH (fillfactor = 80);
CREATE INDEX looks_due ON looks (shop_id, courier, next_at);

-- What looks at all parcels of one courier bring.
CREATE TABLE feeds (
    shop_id      BIGINT NOT NULL,
    courier      TEXT COLLATE "C" NOT NULL,
    heard_at     BIGINT NOT NULL, -- when something new was last found
    quiet_looks  BIGINT NOT NULL, -- looks since then
    silent_since BIGINT,          -- once that was said
    PRIMARY KEY (shop_id, courier)
);

-- An answer to a hold on its way to the courier. Gone when the courier has answered.
CREATE TABLE courier_calls (
    shop_id    BIGINT NOT NULL,
    call_id    BYTEA NOT NULL,  -- 16 bytes
    order_id   BIGINT NOT NULL,
    due_at     BIGINT NOT NULL, -- of the next try; hides it while it is tried
    attempts   INTEGER NOT NULL DEFAULT 0,
    last_error TEXT,
    body       TEXT NOT NULL,
    PRIMARY KEY (shop_id, call_id)
);
CREATE INDEX courier_calls_due ON courier_calls (due_at);
CREATE INDEX courier_calls_by_order ON courier_calls (shop_id, order_id);

CREATE TABLE courier_accounts (
    shop_id     BIGINT NOT NULL,
    vendor      TEXT COLLATE "C" NOT NULL,
    fields      BYTEA NOT NULL, -- sealed
    added_at    BIGINT NOT NULL,
    refused_at  BIGINT,         -- NULL = accepted
    refused_why TEXT,
    day         TEXT,           -- of used, UTC
    used        BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (shop_id, vendor)
);

CREATE TABLE photos (
    shop_id    BIGINT NOT NULL,
    photo_id   TEXT COLLATE "C" NOT NULL,
    order_id   BIGINT NOT NULL,
    at         BIGINT NOT NULL,
    media_type TEXT NOT NULL,
    bytes      BYTEA NOT NULL,
    PRIMARY KEY (shop_id, photo_id)
);
CREATE INDEX photos_by_order ON photos (shop_id, order_id);
