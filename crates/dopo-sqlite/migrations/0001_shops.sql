-- Shops, what they publish, and the people who work with it.
-- Times are microseconds since 1970 (UTC), days are ISO text, JSON is text. Every key of a shop's table begins with the shop.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY NOT NULL,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta (name, value) VALUES ('settings_version', 1);

CREATE TABLE shops (
    shop_id      INTEGER PRIMARY KEY NOT NULL,
    slug         TEXT NOT NULL UNIQUE,
    disconnected INTEGER NOT NULL DEFAULT 0 CHECK (disconnected IN (0, 1)),
    salt         BLOB NOT NULL,            -- of the hashes in suppressed
    settings     TEXT NOT NULL
) STRICT;

CREATE TABLE journeys (
    shop_id    INTEGER NOT NULL,
    journey_id TEXT NOT NULL,
    version    INTEGER NOT NULL,
    current    INTEGER NOT NULL DEFAULT 0 CHECK (current IN (0, 1)),
    document   TEXT NOT NULL,
    body       TEXT NOT NULL,
    PRIMARY KEY (shop_id, journey_id, version)
) STRICT;

CREATE TABLE templates (
    shop_id  INTEGER NOT NULL,
    name     TEXT NOT NULL,
    locale   TEXT NOT NULL,
    version  INTEGER NOT NULL,
    source   TEXT NOT NULL,
    compiled TEXT NOT NULL,
    PRIMARY KEY (shop_id, name, locale, version)
) STRICT;

CREATE TABLE connections (
    shop_id    INTEGER NOT NULL,
    source     TEXT NOT NULL,
    secret     BLOB NOT NULL,
    previous   BLOB,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (shop_id, source)
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
    user_id       INTEGER PRIMARY KEY NOT NULL,
    email         TEXT NOT NULL UNIQUE,
    role          TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    created_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
    token_hash BLOB PRIMARY KEY NOT NULL,
    user_id    INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE api_keys (
    shop_id    INTEGER NOT NULL,
    api_key_id INTEGER NOT NULL,           -- from 1 within the shop
    prefix     TEXT NOT NULL,
    hash       BLOB NOT NULL UNIQUE,
    scopes     TEXT NOT NULL,              -- JSON array of text
    created_at INTEGER NOT NULL,
    revoked_at INTEGER,
    PRIMARY KEY (shop_id, api_key_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE nodes (
    node         INTEGER PRIMARY KEY NOT NULL CHECK (node BETWEEN 0 AND 15),
    heartbeat_at INTEGER NOT NULL
) STRICT;
