//! placeholder

pub mod smtp_sink;
