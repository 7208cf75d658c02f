-- Who at a provider of identities (OpenID Connect) is which account. Remembered at the first sign-in, so that an address that
-- changes hands at the provider moves no account.
CREATE TABLE user_identities (
    issuer    TEXT NOT NULL,
    subject   TEXT NOT NULL,              -- the provider's name for the person; never changes there
    user_id   BIGINT NOT NULL,
    linked_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
);
CREATE UNIQUE INDEX user_identities_by_user ON user_identities (user_id, issuer);
