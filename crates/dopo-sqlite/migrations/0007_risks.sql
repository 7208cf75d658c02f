-- Orders with a parcel in trouble and the cents at risk with them, as dopo-engine works them out of the body: kept by the
-- program with every write, and filled right after this step.
CREATE TABLE risks (
    shop_id  INTEGER NOT NULL,
    order_id INTEGER NOT NULL,
    cents    INTEGER NOT NULL,
    PRIMARY KEY (shop_id, order_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX risks_by_cents ON risks (shop_id, cents);
