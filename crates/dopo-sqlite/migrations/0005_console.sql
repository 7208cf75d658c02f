-- What the console lists and searches, and what it keeps.
-- Columns that repeat what a body says are filled by the program right after this step, and kept by it with every write.

ALTER TABLE customers ADD COLUMN orders INTEGER NOT NULL DEFAULT 0;
ALTER TABLE customers ADD COLUMN total_cents INTEGER NOT NULL DEFAULT 0;
ALTER TABLE customers ADD COLUMN last_order_at INTEGER;
ALTER TABLE customers ADD COLUMN province TEXT;
ALTER TABLE customers ADD COLUMN marketing_email INTEGER NOT NULL DEFAULT 0; -- 0 unknown, 1 yes, 2 no
ALTER TABLE customers ADD COLUMN reach INTEGER NOT NULL DEFAULT 0;           -- 0 open, 1 unreachable, 2 nobody
-- A list with any filter walks this and no body.
CREATE INDEX customers_list ON customers
    (shop_id, customer_id, reach, province, orders, last_order_at, marketing_email);

-- The words a person is found by, as dopo-core's search makes them of the body.
CREATE TABLE customer_words (
    shop_id     INTEGER NOT NULL,
    word        TEXT NOT NULL,
    customer_id INTEGER NOT NULL,
    PRIMARY KEY (shop_id, word, customer_id)
) STRICT, WITHOUT ROWID;

ALTER TABLE orders ADD COLUMN standing TEXT NOT NULL DEFAULT 'open';
CREATE INDEX orders_by_standing ON orders (shop_id, standing, order_id);
CREATE INDEX orders_by_number ON orders (shop_id, lower(ltrim(number, '#')), order_id);

CREATE INDEX runs_active ON runs (shop_id, journey, run_id) WHERE closed = 0;

CREATE INDEX messages_by_journey ON messages (shop_id, journey, effect_id, step);
CREATE INDEX messages_held_back ON messages (shop_id, effect_id) WHERE status = 'held_back';

-- When each source last sent something, to the minute.
CREATE TABLE sources (
    shop_id    INTEGER NOT NULL,
    source     TEXT NOT NULL,
    last_at    INTEGER NOT NULL,
    last_topic TEXT NOT NULL,
    PRIMARY KEY (shop_id, source)
) STRICT, WITHOUT ROWID;
-- Of a group, SQLite takes the other columns from the row that holds the maximum.
INSERT INTO sources (shop_id, source, last_at, last_topic)
    SELECT shop_id, source, max(received_at), topic FROM inbox GROUP BY shop_id, source;

CREATE TABLE notes (
    shop_id     INTEGER NOT NULL,
    note_id     INTEGER NOT NULL,          -- from 1 within the shop
    customer_id INTEGER NOT NULL,
    order_id    INTEGER,
    at          INTEGER NOT NULL,
    author      TEXT NOT NULL,
    text        TEXT NOT NULL,
    PRIMARY KEY (shop_id, note_id)
) STRICT;
CREATE INDEX notes_by_customer ON notes (shop_id, customer_id, note_id);

CREATE TABLE views (
    shop_id INTEGER NOT NULL,
    view_id INTEGER NOT NULL,          -- from 1 within the shop
    page    TEXT NOT NULL,
    name    TEXT NOT NULL,
    query   TEXT NOT NULL,
    user_id INTEGER,                       -- NULL = everybody's
    PRIMARY KEY (shop_id, view_id)
) STRICT;

-- What somebody did: only ever added.
CREATE TABLE audit (
    shop_id    INTEGER NOT NULL,
    audit_id   INTEGER NOT NULL,          -- from 1 within the shop
    at         INTEGER NOT NULL,
    actor      TEXT NOT NULL,              -- user:ID, key:ID, command, dopo
    actor_name TEXT NOT NULL,
    action     TEXT NOT NULL,
    subject    TEXT NOT NULL,
    detail     TEXT NOT NULL,
    PRIMARY KEY (shop_id, audit_id)
) STRICT;

-- Roles in one shop; the role on the account holds in all others, unless it is none.
CREATE TABLE members (
    shop_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    role    TEXT NOT NULL,
    PRIMARY KEY (shop_id, user_id)
) STRICT, WITHOUT ROWID;

ALTER TABLE users ADD COLUMN seen_at INTEGER;    -- in any session
ALTER TABLE sessions ADD COLUMN seen_at INTEGER;
CREATE INDEX sessions_by_user ON sessions (user_id);

CREATE TABLE passkeys (
    credential_id BLOB PRIMARY KEY NOT NULL,
    user_id       INTEGER NOT NULL,
    name          TEXT NOT NULL,
    state         BLOB NOT NULL,           -- what the verifier needs
    created_at    INTEGER NOT NULL,
    used_at       INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX passkeys_by_user ON passkeys (user_id);

CREATE TABLE webhooks (
    shop_id    INTEGER NOT NULL,
    webhook_id INTEGER NOT NULL,          -- from 1 within the shop
    url        TEXT NOT NULL,
    kinds      TEXT NOT NULL,              -- JSON array of text; empty = all
    secret     BLOB NOT NULL,              -- sealed
    active     INTEGER NOT NULL CHECK (active IN (0, 1)),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (shop_id, webhook_id)
) STRICT;

CREATE TABLE deliveries (
    shop_id     INTEGER NOT NULL,
    delivery_id INTEGER NOT NULL,          -- from 1 within the shop
    webhook_id  INTEGER NOT NULL,
    event_id    TEXT NOT NULL,
    kind        TEXT NOT NULL,
    body        TEXT NOT NULL,
    status      TEXT NOT NULL CHECK (status IN ('waiting', 'done', 'failed')),
    attempts    INTEGER NOT NULL,
    due_at      INTEGER NOT NULL,          -- of the next attempt; hides a delivery while it is tried
    created_at  INTEGER NOT NULL,
    last_code   INTEGER,
    last_error  TEXT,
    PRIMARY KEY (shop_id, delivery_id),
    UNIQUE (shop_id, webhook_id, event_id)
) STRICT;
CREATE INDEX deliveries_by_webhook ON deliveries (shop_id, webhook_id, delivery_id, status);
CREATE INDEX deliveries_due ON deliveries (due_at) WHERE status = 'waiting';
CREATE INDEX deliveries_old ON deliveries (created_at) WHERE status <> 'waiting';

CREATE TABLE backups (
    backup_id INTEGER PRIMARY KEY NOT NULL,
    began_at  INTEGER NOT NULL,
    ended_at  INTEGER,
    file      TEXT NOT NULL,
    bytes     INTEGER,
    error     TEXT
) STRICT;
