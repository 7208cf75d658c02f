//! The way of a parcel on a small map of dots, drawn here: nobody else is asked for anything.
//!
//! Italy is suggested by the capitals of its provinces. Only places that are recognised are drawn, and only from two on.

use super::Page;
use crate::words::fill;
use dopo_core::italy::capitals::{Capital, capital_near, capitals};
use dopo_core::parcel::Parcel;
use std::fmt::Write as _;
use std::sync::LazyLock;

/// Places of one way that are drawn, the newest.
const STOPS_MAX: usize = 20;
/// Pixels of a degree of latitude.
const DEGREE_PX: f64 = 22.0;
/// How much shorter a degree of longitude is at 42 degrees north, in the middle of Italy.
const NARROWER: f64 = 0.743;
/// The corner of the map: degrees east and north.
const CORNER: (f64, f64) = (6.2, 47.4);
/// Width and height of the map, in pixels.
const SIZE: (i32, i32) = (212, 246);

/// A way on the map.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Way {
    /// Width of the map, in pixels.
    pub width: i32,
    /// Height of the map, in pixels.
    pub height: i32,
    /// The dots of Italy, as a path.
    pub dots: &'static str,
    /// The way, as a path.
    pub line: String,
    /// The places before the last, as a path of dots.
    pub stops: String,
    /// The last place.
    pub last: (i32, i32),
    /// Its name.
    pub town: &'static str,
    /// Where the name begins or ends, and which of the two (`start`, `end`).
    pub label: (i32, &'static str),
    /// The whole in words.
    pub told: String,
}

static DOTS: LazyLock<String> = LazyLock::new(|| dots(capitals()));

fn at(capital: &Capital) -> (i32, i32) {
    let (east, north) = CORNER;
    let x = (capital.longitude - east) * NARROWER * DEGREE_PX;
    let y = (north - capital.latitude) * DEGREE_PX;
    (x.round() as i32, y.round() as i32)
}

fn dots(capitals: impl Iterator<Item = Capital>) -> String {
    capitals.fold(String::new(), |mut path, capital| {
        let (x, y) = at(&capital);
        let _ = write!(path, "M{x} {y}h0");
        path
    })
}

impl Page<'_> {
    /// The way of a parcel, where at least two of its places are recognised.
    pub(super) fn way(&self, parcel: &Parcel) -> Option<Way> {
        let mut stops: Vec<Capital> = Vec::new();
        let standing = parcel.checkpoints.iter().filter(|k| k.revoked_at.is_none());
        for place in standing.filter_map(|k| k.checkpoint.place.as_deref()) {
            let Some(capital) = capital_near(place) else {
                continue;
            };
            if stops.last() != Some(&capital) {
                stops.push(capital);
            }
        }
        let stops = &stops[stops.len().saturating_sub(STOPS_MAX)..];
        let (last, before) = stops.split_last()?;
        let first = before.first()?;
        let (x, y) = at(first);
        let mut line = format!("M{x} {y}");
        for stop in &stops[1..] {
            let (x, y) = at(stop);
            let _ = write!(line, "L{x} {y}");
        }
        let (x, y) = at(last);
        let towns: Vec<&str> = stops.iter().map(|stop| stop.town).collect();
        Some(Way {
            width: SIZE.0,
            height: SIZE.1,
            dots: &DOTS,
            line,
            stops: dots(before.iter().copied()),
            last: (x, y),
            town: last.town,
            label: if x > SIZE.0 / 2 {
                (x - 10, "end")
            } else {
                (x + 10, "start")
            },
            told: fill(self.voice.map_told(), &[("places", &towns.join(", "))]),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_capital_lies_on_the_map_and_the_dots_are_light() {
        for capital in capitals() {
            let (x, y) = at(&capital);
            assert!((4..=SIZE.0 - 4).contains(&x), "{} at {x}", capital.town);
            assert!((4..=SIZE.1 - 4).contains(&y), "{} at {y}", capital.town);
        }
        assert!(DOTS.len() < 2_000, "{} bytes", DOTS.len());
    }
}
