//! What tests share: builders of facts, the contract every store must keep, a mail server that only listens.

pub mod build;
pub mod contract;
pub mod smtp_sink;
