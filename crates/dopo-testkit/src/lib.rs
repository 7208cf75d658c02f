//! What tests share: builders of facts, the contract every store must keep, couriers that
//! answer what they are told to, a mail server that only listens.

pub mod build;
pub mod contract;
pub mod couriers;
pub mod smtp_sink;
