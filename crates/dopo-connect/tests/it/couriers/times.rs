//! Couriers' clocks, from payload to telling.

use super::lines;
use dopo_connect::couriers::tnt::{CODES, translate};
use dopo_core::parcel::Telling;

fn telling(scans: &[(&str, &str, &str)]) -> Telling {
    // Newest first, as the courier sends them.
    let scans = scans.iter().rev().map(|(code, day, hour)| {
        format!("<StatusData><StatusCode>{code}</StatusCode><LocalEventDate>{day}</LocalEventDate><LocalEventTime>{hour}</LocalEventTime></StatusData>")
    });
    let xml = format!(
        "<TrackResponse><Consignment><ConsignmentNumber>1</ConsignmentNumber><DestinationCountry><CountryCode>IT</CountryCode></DestinationCountry>{}</Consignment></TrackResponse>",
        scans.collect::<String>()
    );
    let answer = translate::read(xml.as_bytes()).unwrap();
    answer.telling("1", None, &CODES).unwrap()
}

#[test]
fn an_empty_hour_is_day_precision() {
    let told = telling(&[
        ("CI", "20261119", ""),
        ("TR", "20261119", "2145"),
        ("OD", "20261120", "0720"),
        ("OK", "20261120", ""),
    ]);
    // A day is its beginning; after a scan of the same day it stays behind that one, as the carrier orders them.
    assert_eq!(
        lines(&told),
        [
            "2026-11-18T23:00:00Z (day) picked_up #CI",
            "2026-11-19T20:45:00Z in_transit #TR",
            "2026-11-20T06:20:00Z out_for_delivery #OD",
            "2026-11-20T06:20:00Z (day) delivered #OK",
        ]
    );
    let zones = told.scans.iter().map(|s| s.checkpoint.zone.as_deref());
    assert!(zones.eq([Some("Europe/Rome"); 4]));
}

#[test]
fn half_past_two_twice_on_the_last_sunday_of_october() {
    let told = telling(&[
        ("CI", "20261025", "0145"),
        ("IS", "20261025", "0230"),
        ("AS", "20261025", "0230"),
        ("TR", "20261025", "0310"),
    ]);
    // The clock goes back at three: the same hour comes again, and the carrier's order says which is which.
    assert_eq!(
        lines(&told),
        [
            "2026-10-24T23:45:00Z picked_up #CI",
            "2026-10-25T00:30:00Z in_transit #IS",
            "2026-10-25T01:30:00Z in_transit #AS",
            "2026-10-25T02:10:00Z in_transit #TR",
        ]
    );
    // And in March the hour that is left out is read as the one after it.
    let told = telling(&[("CI", "20260329", "0230")]);
    assert_eq!(lines(&told), ["2026-03-29T01:30:00Z picked_up #CI"]);
}
