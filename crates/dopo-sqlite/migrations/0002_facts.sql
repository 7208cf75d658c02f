-- The facts: people, orders, carts, products, coupons, tasks, the consent ledger.
-- A column is the truth over the body where both hold a value (customer_id after a merge, redeemed_at).

CREATE TABLE customers (
    shop_id     INTEGER NOT NULL,
    customer_id INTEGER NOT NULL,
    body        TEXT NOT NULL,
    PRIMARY KEY (shop_id, customer_id)
) STRICT;

CREATE TABLE identities (
    shop_id     INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    value       TEXT NOT NULL,
    customer_id INTEGER NOT NULL,
    PRIMARY KEY (shop_id, kind, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX identities_by_customer ON identities (shop_id, customer_id);

-- Where a record went that turned out to be another's: links that name the old id still lead to the person.
CREATE TABLE merged_customers (
    shop_id     INTEGER NOT NULL,
    customer_id INTEGER NOT NULL,
    into_id     INTEGER NOT NULL,
    PRIMARY KEY (shop_id, customer_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX merged_customers_by_into ON merged_customers (shop_id, into_id);

CREATE TABLE orders (
    shop_id     INTEGER NOT NULL,
    order_id    INTEGER NOT NULL,
    customer_id INTEGER NOT NULL,
    external_id TEXT NOT NULL,
    number      TEXT NOT NULL,
    placed_at   INTEGER NOT NULL,
    body        TEXT NOT NULL,
    PRIMARY KEY (shop_id, order_id),
    UNIQUE (shop_id, external_id)
) STRICT;
CREATE INDEX orders_by_customer ON orders (shop_id, customer_id);

CREATE TABLE parcel_numbers (
    shop_id  INTEGER NOT NULL,
    number   TEXT NOT NULL,
    order_id INTEGER NOT NULL,
    PRIMARY KEY (shop_id, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX parcel_numbers_by_order ON parcel_numbers (shop_id, order_id);

CREATE TABLE carts (
    shop_id     INTEGER NOT NULL,
    external_id TEXT NOT NULL,
    customer_id INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    body        TEXT NOT NULL,
    PRIMARY KEY (shop_id, external_id)
) STRICT;
CREATE INDEX carts_by_customer ON carts (shop_id, customer_id);

CREATE TABLE products (
    shop_id     INTEGER NOT NULL,
    external_id TEXT NOT NULL,
    category    TEXT,
    available   INTEGER NOT NULL CHECK (available IN (0, 1)),
    updated_at  INTEGER NOT NULL,
    body        TEXT NOT NULL,
    PRIMARY KEY (shop_id, external_id)
) STRICT;
CREATE INDEX products_by_category ON products (shop_id, category) WHERE available = 1;

-- Pieces sold of a product, whether it is known by itself or only from order lines; moved once an order, when it becomes known.
CREATE TABLE product_sales (
    shop_id     INTEGER NOT NULL,
    external_id TEXT NOT NULL,
    sold        INTEGER NOT NULL,
    PRIMARY KEY (shop_id, external_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE coupons (
    shop_id     INTEGER NOT NULL,
    code        TEXT NOT NULL,
    customer_id INTEGER NOT NULL,
    redeemed_at INTEGER,
    body        TEXT NOT NULL,
    PRIMARY KEY (shop_id, code)
) STRICT;
CREATE INDEX coupons_by_customer ON coupons (shop_id, customer_id);

CREATE TABLE tasks (
    shop_id     INTEGER NOT NULL,
    effect_id   BLOB NOT NULL CHECK (length(effect_id) = 16),
    customer_id INTEGER NOT NULL,
    order_id    INTEGER,
    opened_at   INTEGER NOT NULL,
    done_at     INTEGER,
    body        TEXT NOT NULL,             -- the OpenTask
    PRIMARY KEY (shop_id, effect_id)
) STRICT;
CREATE INDEX tasks_by_opened ON tasks (shop_id, opened_at);
CREATE INDEX tasks_by_customer ON tasks (shop_id, customer_id);

-- Consent acts: only ever added, except that a forgotten person's are deleted and a merge moves them.
CREATE TABLE ledger (
    shop_id     INTEGER NOT NULL,
    ledger_id   INTEGER NOT NULL,
    customer_id INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    known_at    INTEGER NOT NULL,
    act         TEXT NOT NULL,
    PRIMARY KEY (shop_id, ledger_id)
) STRICT;
CREATE INDEX ledger_by_customer ON ledger (shop_id, customer_id);

-- Addresses of forgotten people, as SHA-256 of the shop's salt, the shop and the lower-case address: not to be written to
-- again by an import of an old list.
CREATE TABLE suppressed (
    shop_id INTEGER NOT NULL,
    hash    BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (shop_id, hash)
) STRICT, WITHOUT ROWID;
