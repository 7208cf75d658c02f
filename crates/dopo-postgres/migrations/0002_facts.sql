-- The facts: people, orders, carts, products, coupons, tasks, the consent ledger.
-- A column is the truth over the body where both hold a value (customer_id after a merge, redeemed_at).
-- Tables whose bodies are rewritten leave room on their pages, so that an update stays on its page and touches no index.

CREATE TABLE customers (
    shop_id     BIGINT NOT NULL,
    customer_id BIGINT NOT NULL,
    body        TEXT NOT NULL,
    PRIMARY KEY (shop_id, customer_id)
) WITH (fillfactor = 75, autovacuum_vacuum_scale_factor = 0.05);

CREATE TABLE identities (
    shop_id     BIGINT NOT NULL,
    kind        TEXT COLLATE "C" NOT NULL,
    value       TEXT COLLATE "C" NOT NULL,
    customer_id BIGINT NOT NULL,
    PRIMARY KEY (shop_id, kind, value)
);
CREATE INDEX identities_by_customer ON identities (shop_id, customer_id);

-- Where a record went that turned out to be another's: links that name the old id still lead to the person.
CREATE TABLE merged_customers (
    shop_id     BIGINT NOT NULL,
    customer_id BIGINT NOT NULL,
    into_id     BIGINT NOT NULL,
    PRIMARY KEY (shop_id, customer_id)
);
CREATE INDEX merged_customers_by_into ON merged_customers (shop_id, into_id);

CREATE TABLE orders (
    shop_id     BIGINT NOT NULL,
    order_id    BIGINT NOT NULL,
    customer_id BIGINT NOT NULL,
    external_id TEXT COLLATE "C" NOT NULL,
    number      TEXT NOT NULL,
    placed_at   BIGINT NOT NULL,
    body        TEXT NOT NULL,
    PRIMARY KEY (shop_id, order_id),
    UNIQUE (shop_id, external_id)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX orders_by_customer ON orders (shop_id, customer_id);

CREATE TABLE parcel_numbers (
    shop_id  BIGINT NOT NULL,
    number   TEXT COLLATE "C" NOT NULL,
    order_id BIGINT NOT NULL,
    PRIMARY KEY (shop_id, number)
);
CREATE INDEX parcel_numbers_by_order ON parcel_numbers (shop_id, order_id);

CREATE TABLE carts (
    shop_id     BIGINT NOT NULL,
    external_id TEXT COLLATE "C" NOT NULL,
    customer_id BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    body        TEXT NOT NULL,
    PRIMARY KEY (shop_id, external_id)
) WITH (fillfactor = 75, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX carts_by_customer ON carts (shop_id, customer_id);

CREATE TABLE products (
    shop_id     BIGINT NOT NULL,
    external_id TEXT COLLATE "C" NOT NULL,
    category    TEXT COLLATE "C",
    available   BOOLEAN NOT NULL,
    updated_at  BIGINT NOT NULL,
    body        TEXT NOT NULL,
    PRIMARY KEY (shop_id, external_id)
);
CREATE INDEX products_by_category ON products (shop_id, category) WHERE available;

-- Pieces sold of a product, whether it is known by itself or only from order lines; moved once an order, when it becomes known.
-- The slot is the committer's: concurrent ones do not queue for one row. Read as the sum over slots.
CREATE TABLE product_sales (
    shop_id     BIGINT NOT NULL,
    external_id TEXT COLLATE "C" NOT NULL,
    slot        SMALLINT NOT NULL,
    sold        BIGINT NOT NULL,
    PRIMARY KEY (shop_id, external_id, slot)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);

CREATE TABLE coupons (
    shop_id     BIGINT NOT NULL,
    code        TEXT COLLATE "C" NOT NULL,
    customer_id BIGINT NOT NULL,
    redeemed_at BIGINT,
    body        TEXT NOT NULL,
    PRIMARY KEY (shop_id, code)
);
CREATE INDEX coupons_by_customer ON coupons (shop_id, customer_id);

CREATE TABLE tasks (
    shop_id     BIGINT NOT NULL,
    effect_id   BYTEA NOT NULL CHECK (length(effect_id) = 16),
    customer_id BIGINT NOT NULL,
    order_id    BIGINT,
    opened_at   BIGINT NOT NULL,
    done_at     BIGINT,
    body        TEXT NOT NULL,             -- the OpenTask
    PRIMARY KEY (shop_id, effect_id)
);
CREATE INDEX tasks_by_opened ON tasks (shop_id, opened_at);
CREATE INDEX tasks_by_customer ON tasks (shop_id, customer_id);

-- Consent acts: only ever added, except that a forgotten person's are deleted and a merge moves them.
CREATE TABLE ledger (
    shop_id     BIGINT NOT NULL,
    ledger_id   BIGINT NOT NULL,
    customer_id BIGINT NOT NULL,
    at          BIGINT NOT NULL,
    known_at    BIGINT NOT NULL,
    act         TEXT NOT NULL,
    PRIMARY KEY (shop_id, ledger_id)
);
CREATE INDEX ledger_by_customer ON ledger (shop_id, customer_id);

-- Addresses of forgotten people, as SHA-256 of the shop's salt, the shop and the lower-case address: not to be written to
-- again by an import of an old list.
CREATE TABLE suppressed (
    shop_id BIGINT NOT NULL,
    hash    BYTEA NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (shop_id, hash)
);
