-- Runs, messages, the queue and the counters.

CREATE TABLE runs (
    shop_id         INTEGER NOT NULL,
    run_id          INTEGER NOT NULL,
    customer_id     INTEGER NOT NULL,
    closed          INTEGER NOT NULL CHECK (closed IN (0, 1)),
    journey         TEXT NOT NULL,
    journey_version INTEGER NOT NULL,
    version         INTEGER NOT NULL,
    wake_at         INTEGER,               -- NULL when closed
    key             TEXT NOT NULL,         -- the RunKey
    state           TEXT NOT NULL,         -- the RunState
    PRIMARY KEY (shop_id, run_id)
) STRICT;
CREATE INDEX runs_by_customer ON runs (shop_id, customer_id, closed);
CREATE INDEX runs_due ON runs (shop_id, wake_at) WHERE wake_at IS NOT NULL;

CREATE TABLE messages (
    shop_id         INTEGER NOT NULL,
    effect_id       BLOB NOT NULL CHECK (length(effect_id) = 16),
    customer_id     INTEGER NOT NULL,
    order_id        INTEGER,
    parcel          INTEGER,
    cart_id         TEXT,
    journey         TEXT NOT NULL,
    journey_version INTEGER NOT NULL,
    step            TEXT NOT NULL,
    channel         TEXT NOT NULL,
    purpose         TEXT NOT NULL,
    template        TEXT NOT NULL,
    status          TEXT NOT NULL,
    decided_at      INTEGER NOT NULL,
    due_at          INTEGER NOT NULL,
    sent_at         INTEGER,
    opened_at       INTEGER,
    clicked_at      INTEGER,
    basis           TEXT,
    evidence        TEXT,
    grant_json      TEXT,                  -- the whole Grant; basis and evidence are of it
    reason          TEXT,
    failure         TEXT,
    attempts        INTEGER NOT NULL DEFAULT 0,
    body            TEXT NOT NULL,         -- the SendMessage
    PRIMARY KEY (shop_id, effect_id),
    -- What must never happen, no. 1: nothing without a basis is on its way.
    CONSTRAINT messages_have_a_basis CHECK (
        status NOT IN ('queued', 'sending', 'sent', 'captured')
        OR (basis IS NOT NULL AND evidence IS NOT NULL AND grant_json IS NOT NULL)
    )
) STRICT;
CREATE INDEX messages_by_customer ON messages (shop_id, customer_id);
CREATE INDEX messages_by_order ON messages (shop_id, order_id) WHERE order_id IS NOT NULL;
CREATE INDEX messages_in_trouble ON messages (shop_id, status, effect_id)
    WHERE status IN ('failed', 'bounced', 'in_doubt');

-- What waits to leave or is leaving; rows go when a message is done with.
CREATE TABLE outbox (
    shop_id   INTEGER NOT NULL,
    effect_id BLOB NOT NULL CHECK (length(effect_id) = 16),
    channel   TEXT NOT NULL,
    due_at    INTEGER NOT NULL,
    node      INTEGER,                     -- who hands it over now; NULL = ready
    repeated  INTEGER NOT NULL DEFAULT 0 CHECK (repeated IN (0, 1)),
    PRIMARY KEY (shop_id, effect_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_ready ON outbox (channel, due_at) WHERE node IS NULL;
CREATE INDEX outbox_taken ON outbox (node) WHERE node IS NOT NULL;

CREATE TABLE renderings (
    shop_id   INTEGER NOT NULL,
    effect_id BLOB NOT NULL CHECK (length(effect_id) = 16),
    body      TEXT NOT NULL,               -- the Rendering
    PRIMARY KEY (shop_id, effect_id)
) STRICT;

CREATE TABLE counters (
    shop_id INTEGER NOT NULL,
    day     TEXT NOT NULL,
    metric  TEXT NOT NULL,
    dim     TEXT NOT NULL,
    n       INTEGER NOT NULL,
    PRIMARY KEY (shop_id, day, metric, dim)
) STRICT, WITHOUT ROWID;
