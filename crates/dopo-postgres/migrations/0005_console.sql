-- What the console lists and searches, and what it keeps.
-- Columns that repeat what a body says are filled by the program right after this step, and kept by it with every write.
-- Indexes that lists walk from their newest end hold the number negated: no other index gives that order, so the planner
-- cannot prefer one that would read every body on the way.

ALTER TABLE customers
    ADD COLUMN orders INTEGER NOT NULL DEFAULT 0,
    ADD COLUMN total_cents BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN last_order_at BIGINT,
    ADD COLUMN province TEXT COLLATE "C",
    ADD COLUMN marketing_email SMALLINT NOT NULL DEFAULT 0, -- 0 unknown, 1 yes, 2 no
    ADD COLUMN reach SMALLINT NOT NULL DEFAULT 0;           -- 0 open, 1 unreachable, 2 nobody
-- A list with any filter walks this and no body.
CREATE INDEX customers_list ON customers (shop_id, (-customer_id))
    INCLUDE (customer_id, reach, province, orders, last_order_at, marketing_email);

-- The words a person is found by, as dopo-core's search makes them of the body.
CREATE TABLE customer_words (
    shop_id     BIGINT NOT NULL,
    word        TEXT COLLATE "C" NOT NULL,
    customer_id BIGINT NOT NULL,
    PRIMARY KEY (shop_id, word, customer_id)
);

ALTER TABLE orders ADD COLUMN standing TEXT COLLATE "C" NOT NULL DEFAULT 'open';
CREATE INDEX orders_by_standing ON orders (shop_id, standing, (-order_id));
CREATE INDEX orders_by_number ON orders (shop_id, (lower(ltrim(number, '#') COLLATE "C")), order_id);

CREATE INDEX runs_active ON runs (shop_id, journey, (-run_id)) WHERE NOT closed;

CREATE INDEX messages_by_journey ON messages (shop_id, journey, effect_id, step);
CREATE INDEX messages_held_back ON messages (shop_id, effect_id) WHERE status = 'held_back';

-- When each source last sent something, to the minute.
CREATE TABLE sources (
    shop_id    BIGINT NOT NULL,
    source     TEXT COLLATE "C" NOT NULL,
    last_at    BIGINT NOT NULL,
    last_topic TEXT NOT NULL,
    PRIMARY KEY (shop_id, source)
);
INSERT INTO sources (shop_id, source, last_at, last_topic)
    SELECT DISTINCT ON (shop_id, source) shop_id, source, received_at, topic FROM inbox
    ORDER BY shop_id, source, received_at DESC;

CREATE TABLE notes (
    shop_id     BIGINT NOT NULL,
    note_id     BIGINT GENERATED ALWAYS AS IDENTITY,
    customer_id BIGINT NOT NULL,
    order_id    BIGINT,
    at          BIGINT NOT NULL,
    author      TEXT NOT NULL,
    text        TEXT NOT NULL,
    PRIMARY KEY (shop_id, note_id)
);
CREATE INDEX notes_by_customer ON notes (shop_id, customer_id, note_id);

CREATE TABLE views (
    shop_id BIGINT NOT NULL,
    view_id BIGINT GENERATED ALWAYS AS IDENTITY,
    page    TEXT NOT NULL,
    name    TEXT NOT NULL,
    query   TEXT NOT NULL,
    user_id BIGINT,                        -- NULL = everybody's
    PRIMARY KEY (shop_id, view_id)
);

-- What somebody did: only ever added.
CREATE TABLE audit (
    shop_id    BIGINT NOT NULL,
    audit_id   BIGINT GENERATED ALWAYS AS IDENTITY,
    at         BIGINT NOT NULL,
    actor      TEXT NOT NULL,              -- user:ID, key:ID, command, dopo
    actor_name TEXT NOT NULL,
    action     TEXT COLLATE "C" NOT NULL,
    subject    TEXT NOT NULL,
    detail     TEXT NOT NULL,
    PRIMARY KEY (shop_id, audit_id)
);

-- Roles in one shop; the role on the account holds in all others, unless it is none.
CREATE TABLE members (
    shop_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    role    TEXT NOT NULL,
    PRIMARY KEY (shop_id, user_id)
);

ALTER TABLE users ADD COLUMN seen_at BIGINT;     -- in any session
ALTER TABLE sessions ADD COLUMN seen_at BIGINT;
CREATE INDEX sessions_by_user ON sessions (user_id);

CREATE TABLE passkeys (
    credential_id BYTEA PRIMARY KEY,
    user_id       BIGINT NOT NULL,
    name          TEXT NOT NULL,
    state         BYTEA NOT NULL,          -- what the verifier needs
    created_at    BIGINT NOT NULL,
    used_at       BIGINT
);
CREATE INDEX passkeys_by_user ON passkeys (user_id);

CREATE TABLE webhooks (
    shop_id    BIGINT NOT NULL,
    webhook_id BIGINT GENERATED ALWAYS AS IDENTITY,
    url        TEXT NOT NULL,
    kinds      TEXT NOT NULL,              -- JSON array of text; empty = all
    secret     BYTEA NOT NULL,             -- sealed
    active     BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (shop_id, webhook_id)
);

CREATE TABLE deliveries (
    shop_id     BIGINT NOT NULL,
    delivery_id BIGINT GENERATED ALWAYS AS IDENTITY,
    webhook_id  BIGINT NOT NULL,
    event_id    TEXT COLLATE "C" NOT NULL,
    kind        TEXT NOT NULL,
    body        TEXT NOT NULL,
    status      TEXT COLLATE "C" NOT NULL CHECK (status IN ('waiting', 'done', 'failed')),
    attempts    INTEGER NOT NULL,
    due_at      BIGINT NOT NULL,           -- of the next attempt; hides a delivery while it is tried
    created_at  BIGINT NOT NULL,
    last_code   INTEGER,
    last_error  TEXT,
    PRIMARY KEY (shop_id, delivery_id),
    UNIQUE (shop_id, webhook_id, event_id)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX deliveries_by_webhook ON deliveries (shop_id, webhook_id, (-delivery_id)) INCLUDE (status);
CREATE INDEX deliveries_due ON deliveries (due_at) WHERE status = 'waiting';
CREATE INDEX deliveries_old ON deliveries (created_at) WHERE status <> 'waiting';

CREATE TABLE backups (
    backup_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    began_at  BIGINT NOT NULL,
    ended_at  BIGINT,
    file      TEXT NOT NULL,
    bytes     BIGINT,
    error     TEXT
);
