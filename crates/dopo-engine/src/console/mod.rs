//! What the people of a shop see and do: the figures of the day, a person's story, journeys with their counts, and the
//! few things done by hand. Reads are bounded; what is decided is decided in `dopo-core`.

pub(crate) mod at_risk;
pub mod cases;
pub mod contacts;
pub mod days;
pub mod exceptions;
pub mod figures;
pub mod hand;
pub mod hold;
pub mod journeys;
pub mod live;
pub mod performance;
pub mod person;
pub mod samples;
pub mod timeline;
