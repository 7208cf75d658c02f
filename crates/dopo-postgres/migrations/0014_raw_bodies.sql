-- Raw bodies past their time are found among those that are still there. By blocks of received_at each nightly round read
-- everything that had ever come in.
DROP INDEX inbox_bodies;
CREATE INDEX inbox_bodies ON inbox (received_at) WHERE body IS NOT NULL;
