-- Short links in SMS: found by the hash of their characters; where they lead is sealed. They go with their message's person,
-- and some time after they expired.
CREATE TABLE short_links (
    shop_id    BIGINT NOT NULL,
    effect_id  BYTEA NOT NULL CHECK (length(effect_id) = 16),
    target     BYTEA NOT NULL CHECK (length(target) = 32), -- SHA-256 of where it leads: one message has one link to one place
    hash       BYTEA NOT NULL CHECK (length(hash) = 32),   -- SHA-256 of its characters
    sealed     BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (shop_id, effect_id, target)
);
CREATE UNIQUE INDEX short_links_by_hash ON short_links (hash);
CREATE INDEX short_links_by_expiry ON short_links (expires_at);
