//! placeholder

pub mod mail;
