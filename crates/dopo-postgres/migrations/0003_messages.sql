-- Runs, messages, the queue and the counters.
-- Tables that are worked off are vacuumed early and without pauses: a queue's dead rows are what slows it.

CREATE TABLE runs (
    shop_id         BIGINT NOT NULL,
    run_id          BIGINT NOT NULL,
    customer_id     BIGINT NOT NULL,
    closed          BOOLEAN NOT NULL,
    journey         TEXT NOT NULL,
    journey_version INTEGER NOT NULL,
    version         INTEGER NOT NULL,
    wake_at         BIGINT,                -- NULL when closed
    key             TEXT NOT NULL,         -- the RunKey
    state           TEXT NOT NULL,         -- the RunState
    PRIMARY KEY (shop_id, run_id)
) WITH (fillfactor = 75, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX runs_by_customer ON runs (shop_id, customer_id) WHERE NOT closed;
CREATE INDEX runs_closed_by_customer ON runs (shop_id, customer_id) WHERE closed;
CREATE INDEX runs_due ON runs (shop_id, wake_at) WHERE wake_at IS NOT NULL;

CREATE TABLE messages (
    shop_id         BIGINT NOT NULL,
    effect_id       BYTEA NOT NULL CHECK (length(effect_id) = 16),
    customer_id     BIGINT NOT NULL,
    order_id        BIGINT,
    parcel          INTEGER,
    cart_id         TEXT,
    journey         TEXT NOT NULL,
    journey_version INTEGER NOT NULL,
    step            TEXT NOT NULL,
    channel         TEXT NOT NULL,
    purpose         TEXT NOT NULL,
    template        TEXT NOT NULL,
    status          TEXT COLLATE "C" NOT NULL, -- 'sending' is not written: it is 'queued' with a node in the outbox
    decided_at      BIGINT NOT NULL,
    due_at          BIGINT NOT NULL,
    sent_at         BIGINT,
    opened_at       BIGINT,
    clicked_at      BIGINT,
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
) WITH (fillfactor = 75, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX messages_by_customer ON messages (shop_id, customer_id);
CREATE INDEX messages_by_order ON messages (shop_id, order_id) WHERE order_id IS NOT NULL;
CREATE INDEX messages_in_trouble ON messages (shop_id, status, effect_id)
    WHERE status IN ('failed', 'bounced', 'in_doubt');

-- What waits to leave or is leaving; rows go when a message is done with.
CREATE TABLE outbox (
    shop_id   BIGINT NOT NULL,
    effect_id BYTEA NOT NULL CHECK (length(effect_id) = 16),
    channel   TEXT COLLATE "C" NOT NULL,
    due_at    BIGINT NOT NULL,
    node      SMALLINT,                    -- who hands it over now; NULL = ready
    repeated  BOOLEAN NOT NULL DEFAULT FALSE,
    PRIMARY KEY (shop_id, effect_id)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX outbox_ready ON outbox (channel, due_at) WHERE node IS NULL;
CREATE INDEX outbox_taken ON outbox (node) WHERE node IS NOT NULL;

CREATE TABLE renderings (
    shop_id   BIGINT NOT NULL,
    effect_id BYTEA NOT NULL CHECK (length(effect_id) = 16),
    body      TEXT NOT NULL,               -- the Rendering
    PRIMARY KEY (shop_id, effect_id)
);

-- The slot is the committer's: concurrent ones do not queue for one row. Read as the sum over slots.
CREATE TABLE counters (
    shop_id BIGINT NOT NULL,
    day     TEXT COLLATE "C" NOT NULL,
    metric  TEXT COLLATE "C" NOT NULL,
    dim     TEXT COLLATE "C" NOT NULL,
    slot    SMALLINT NOT NULL,
    n       BIGINT NOT NULL,
    PRIMARY KEY (shop_id, day, metric, dim, slot)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
