//! bpost: the `itemTracking` XML of its parcel tracking, read.

use dopo_core::parcel::{PickupPoint, ScanSource, Telling, Window};
use std::sync::LazyLock;

use super::codes::{CodeTable, RawScan, Timeline};
use super::http::Trouble;
use super::time::Clock;
use super::xml;
use crate::tidy;

static CODES: LazyLock<CodeTable> =
    LazyLock::new(|| CodeTable::embedded("bpost", include_str!("codes.csv")));

/// Its code tables.
pub fn tables() -> [&'static CodeTable; 1] {
    [&CODES]
}

/// Reads an answer about one parcel.
///
/// # Errors
/// [`Trouble::Later`] for bpost's system error, [`Trouble::Unreadable`] for what is no tracking.
pub fn translate(body: &[u8]) -> Result<Telling, Trouble> {
    let root = xml::tree(body).map_err(Trouble::Unreadable)?;
    if root.name == "systemException" {
        return Err(Trouble::later("bpost has an error of its own"));
    }
    if root.name != "itemTracking" {
        return Err(Trouble::Unreadable("the answer is no tracking".to_owned()));
    }
    let mut clock = Clock::named("Europe/Brussels");
    let mut timeline = Timeline::new(&CODES, ScanSource::Carrier);
    for state in root.all("stateInfo") {
        let Some(heard) = state.at("time").and_then(|time| clock.written(time)) else {
            timeline.skip();
            continue;
        };
        let codes = [state.at("stateCode").unwrap_or_default()];
        timeline.push(
            RawScan {
                codes: &codes,
                text: state.at("stateDescription"),
                ..RawScan::default()
            },
            heard,
        );
    }
    let telling = timeline.finish();
    let delivered = telling
        .scans
        .iter()
        .any(|scan| scan.checkpoint.state.is_possession());
    // Once delivered, it is the time of the delivery and no estimate.
    let expected = root.at("deliveryTime").filter(|_| !delivered);
    let expected = expected.and_then(|time| Clock::named("Europe/Brussels").written(time));
    let point = root.child("pickupPoint").map(|point| {
        let part = |name: &str| point.at(name).and_then(tidy::text);
        let street: Vec<_> = [part("streetName"), part("houseNumber")]
            .into_iter()
            .flatten()
            .collect();
        PickupPoint {
            name: part("name"),
            street: tidy::text(&street.join(" ")),
            postal_code: part("postalCode"),
            city: part("city"),
            ..PickupPoint::default()
        }
    });
    Ok(Telling {
        complete: true,
        expected: expected.map(|heard| Window {
            from: heard.at,
            until: heard.at,
            days: false,
        }),
        pickup_point: point,
        weight_g: root
            .at("itemDetail/weightInGrams")
            .and_then(|grams| grams.parse().ok()),
        ..telling
    })
}
