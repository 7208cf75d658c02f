//! What must happen: use cases over ports. Async, no drivers, no clock but the [`ports::Clock`].

pub mod ports;
