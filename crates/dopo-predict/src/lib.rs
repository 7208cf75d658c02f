//! What is likely, learnt from counts. Pure: no clock, no chance, no files; values in, values out.
//!
//! [`days`] learns after how many days something happens, as a discrete hazard per cell of a hierarchy in which thin cells
//! lean on those above them, and says it as an interval with a stated coverage.

pub mod days;
mod gamma;

pub use days::{DayCurve, Days, Interval, Learner, Level, Outcome};
