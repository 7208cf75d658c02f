//! TNT's ExpressConnect.

use super::{all_known, fake::Fake, lines, payload};
use dopo_connect::couriers::http::Trouble;
use dopo_connect::couriers::tnt::{CODES, translate};
use dopo_core::parcel::Courier;
use dopo_engine::ports::{Found, Looked};
use jiff::civil::date;

#[test]
fn a_number_used_twice_is_the_consignment_collected_last_or_nearest_to_ours() {
    all_known(
        "karrio/tnt",
        ".xml",
        &["TRACKING_ERROR_RESPONSE.xml", "TRACKING_RESPONSE.xml"],
    );
    let Some(body) = payload("karrio/tnt", "TRACKING_RESPONSE.xml") else {
        return;
    };
    let answer = translate::read(&body).unwrap();
    // The expectation beside it tells the number twice, and an unknown number as one that is not delivered.
    let told = answer.telling("123456782", None, &CODES).unwrap();
    // Delivered in Australia, by its address; the depot is in Spain: with no zone told, the destination has none of its
    // own here, so that Italy's clock is read.
    assert_eq!(
        lines(&told),
        ["2021-02-18T09:20:00Z delivered #OK @ Pamplona"]
    );
    let note = told.note.unwrap();
    assert!(note.contains("2 consignments") && note.contains("several zones"));
    let other = answer.telling("123456782", Some(date(2021, 2, 1)), &CODES);
    assert_eq!(
        lines(&other.unwrap()),
        [
            "2021-02-01T18:42:00Z picked_up #CI @ Nuernberg",
            "2021-02-01T18:46:00Z in_transit #IS @ Nuernberg Hub",
            "2021-02-01T18:51:00Z in_transit #TR @ Nuernberg Hub",
            "2021-02-02T08:50:00Z in_transit #IS @ Arnhem Hub",
            "2021-02-02T09:24:00Z in_transit #AS @ Arnhem Hub",
            "2021-02-02T09:44:00Z in_transit #IS @ Arnhem Hub",
            "2021-02-02T21:45:00Z in_transit !carrier_delayed #MLA @ DZ5",
            "2021-02-03T10:52:00Z in_transit !carrier_delayed #NR @ Bradford",
            "2021-02-03T14:12:00Z in_transit !carrier_delayed #NR @ Bradford",
            "2021-02-03T16:13:00Z in_transit #IS @ DZ5",
            "2021-02-03T16:51:00Z in_transit #TR @ DZ5",
            "2021-02-04T03:55:00Z in_transit #IR @ Bradford",
            "2021-02-04T05:09:00Z in_transit #IR @ Bradford",
            "2021-02-04T07:47:00Z out_for_delivery #OD @ Bradford",
            "2021-02-04T08:41:00Z delivered #OK @ Bradford",
        ]
    );
    let unknown = answer.telling("22222222", None, &CODES);
    assert_eq!(unknown, Err(Trouble::Unknown));
}

#[test]
fn an_account_that_tnt_does_not_accept_is_refused() {
    let Some(body) = payload("karrio/tnt", "TRACKING_ERROR_RESPONSE.xml") else {
        return;
    };
    let refused = translate::read(&body).map(|_| ());
    assert!(matches!(refused, Err(Trouble::Refused(_))), "{refused:?}");
}

#[tokio::test]
async fn thirty_numbers_are_asked_in_one_call_and_answered_in_their_order() {
    let server = Fake::start(|_| {
        let xml = "<TrackResponse><Consignment><ConsignmentNumber>B</ConsignmentNumber><SummaryCode>DEL</SummaryCode><StatusData><StatusCode>OK</StatusCode><StatusDescription>Delivered</StatusDescription><LocalEventDate>20261120</LocalEventDate><LocalEventTime>1020</LocalEventTime></StatusData></Consignment></TrackResponse>";
        (200, xml.to_owned())
    })
    .await;
    let desk = super::desk("tnt", &server.url, &["user", "password"]);
    let asks = [
        super::ask(Courier::Tnt, "A<&"),
        super::ask(Courier::Tnt, "B"),
    ];
    let Looked::Answered(found) = desk.look(&asks).await else {
        panic!("no answer");
    };
    assert_eq!(found[0], Found::Unknown);
    assert!(matches!(&found[1], Found::Told(told) if told.scans.len() == 1));
    assert_eq!(server.lines(), ["POST /expressconnect/track.do"]);
    let asked = server.asked().remove(0);
    // Markup in a number is escaped, and then the form is.
    assert!(asked.contains("A%26lt%3B%26amp%3B"), "{asked}");
}
