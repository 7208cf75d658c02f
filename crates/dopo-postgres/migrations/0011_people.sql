-- People at risk (an order with a parcel in trouble, or an open task about something that went wrong) are found and counted
-- without reading an order: whose order a risk is about, and which tasks tell of a failure.
-- Orders by the province they go to: the program fills tasks and orders right after this step, and keeps them.
ALTER TABLE risks ADD COLUMN customer_id BIGINT NOT NULL DEFAULT 0;
UPDATE risks r SET customer_id = o.customer_id FROM orders o WHERE o.shop_id = r.shop_id AND o.order_id = r.order_id;
CREATE INDEX risks_by_customer ON risks (shop_id, customer_id);

ALTER TABLE tasks ADD COLUMN failure BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX tasks_of_failures ON tasks (shop_id, customer_id) WHERE done_at IS NULL AND failure;

ALTER TABLE orders ADD COLUMN province TEXT COLLATE "C" NOT NULL DEFAULT ''; -- two letters; empty where it is not told or abroad
CREATE INDEX orders_by_place ON orders (shop_id, province, (-order_id));

-- What people in the team and keys are called, and in which language the console speaks to a person (it, en).
ALTER TABLE users ADD COLUMN name TEXT;
ALTER TABLE users ADD COLUMN locale TEXT;
ALTER TABLE api_keys ADD COLUMN name TEXT;
