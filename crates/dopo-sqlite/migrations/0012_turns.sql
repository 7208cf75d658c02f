-- The board of parcels in trouble is read in pages, of equal risk the newest order first.
DROP INDEX risks_by_cents;
CREATE INDEX risks_by_worst ON risks (shop_id, cents, order_id);

-- An account's calls keep their distance on all nodes together: not before turn_at, and how many in a row were put off.
ALTER TABLE courier_accounts ADD COLUMN turn_at INTEGER;
ALTER TABLE courier_accounts ADD COLUMN put_off INTEGER NOT NULL DEFAULT 0;
