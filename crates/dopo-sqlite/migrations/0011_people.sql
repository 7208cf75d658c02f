-- People at risk (an order with a parcel in trouble, or an open task about something that went wrong) are found and counted
-- without reading an order: whose order a risk is about, and which tasks tell of a failure.
-- Orders by the province they go to: the program fills tasks and orders right after this step, and keeps them.
ALTER TABLE risks ADD COLUMN customer_id INTEGER NOT NULL DEFAULT 0;
UPDATE risks SET customer_id = coalesce((SELECT o.customer_id FROM orders o
    WHERE o.shop_id = risks.shop_id AND o.order_id = risks.order_id), 0);
CREATE INDEX risks_by_customer ON risks (shop_id, customer_id);

ALTER TABLE tasks ADD COLUMN failure INTEGER NOT NULL DEFAULT 0 CHECK (failure IN (0, 1));
CREATE INDEX tasks_of_failures ON tasks (shop_id, customer_id) WHERE done_at IS NULL AND failure = 1;

ALTER TABLE orders ADD COLUMN province TEXT NOT NULL DEFAULT ''; -- two letters; empty where it is not told or abroad
CREATE INDEX orders_by_place ON orders (shop_id, province, order_id);

-- What people in the team and keys are called, and in which language the console speaks to a person (it, en).
ALTER TABLE users ADD COLUMN name TEXT;
ALTER TABLE users ADD COLUMN locale TEXT;
ALTER TABLE api_keys ADD COLUMN name TEXT;
