//! Integration tests of the connectors and channels.

mod mail;
