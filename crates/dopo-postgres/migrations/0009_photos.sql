-- Photos whose time is over are found by their age, and the cases of their orders by the order.
CREATE INDEX photos_by_age ON photos (at);
CREATE INDEX tasks_by_order ON tasks (shop_id, order_id) WHERE order_id IS NOT NULL;
