//! `/o/…`: what the page says of windows, estimates, delays, silence, what was taken back, and news.

use crate::customer_pages::ship;
use crate::support::House;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use dopo_core::event::{Event, ParcelRef};
use dopo_core::parcel::{
    Checkpoint, Estimate, ParcelState, PickupPoint, Related, Relation, ScanSource, Telling,
    ToldScan, Window,
};
use dopo_engine::tokens::Token;
use dopo_testkit::build;

/// What a courier tells of a parcel of order 1001.
fn telling(number: &str, telling: Telling) -> Event {
    Event::ParcelTracked {
        parcel: ParcelRef {
            number: Some(number.into()),
            ..ParcelRef::default()
        },
        telling: Box::new(telling),
    }
}

fn scanned(at_s: i64, state: ParcelState) -> ToldScan {
    Checkpoint {
        source: ScanSource::Carrier,
        ..Checkpoint::new(build::t(at_s), state)
    }
    .into()
}

/// An order with a parcel on its way since the first day, as it stands on the second.
async fn under_way(promised: Option<jiff::civil::Date>) -> (House, String) {
    let house = House::new().await;
    let mut told = build::order_told("1001", "chiara@posta.example");
    told.promised_on = promised;
    let told = Event::OrderUpdated {
        order: Box::new(told),
    };
    house.ingest("order", told).await;
    house.ingest("ship", ship("1001", "N1")).await;
    let order = house
        .engine
        .store()
        .order_by_external_id(house.shop, "1001")
        .await
        .unwrap()
        .unwrap();
    let path = format!(
        "/o/{}",
        house.seal(&Token::Order {
            shop: house.shop,
            order: order.id
        })
    );
    house.clock.pass(86_400);
    let moving = Telling {
        scans: vec![scanned(7_200, ParcelState::InTransit)],
        ..Telling::default()
    };
    house.ingest("moving", telling("N1", moving)).await;
    (house, path)
}

fn heading(text: &str) -> &str {
    let from = text.find("<h1>").expect("a heading") + 4;
    text[from..].split("</h1>").next().unwrap_or_default()
}

/// A day in Rome, so many days after today of [`under_way`].
fn day_after(house: &House, days: i32) -> jiff::civil::Date {
    let rome = jiff::tz::TimeZone::get("Europe/Rome").unwrap();
    let today = rome.to_datetime(house.engine.now()).date();
    dopo_core::italy::format::days_after(today, days)
}

#[tokio::test]
async fn a_window_is_told_with_its_hours_and_offered_to_the_calendar() {
    let (house, path) = under_way(None).await;
    let rome = jiff::tz::TimeZone::get("Europe/Rome").unwrap();
    let tomorrow = day_after(&house, 1);
    let at = |hour| rome.to_timestamp(tomorrow.at(hour, 0, 0, 0)).unwrap();
    let window = Telling {
        expected: Some(Window {
            from: at(10),
            until: at(14),
            days: false,
        }),
        ..Telling::default()
    };
    house.ingest("window", telling("N1", window)).await;
    let page = house.get(&path).await.text();
    assert_eq!(
        heading(&page),
        "Il tuo ordine arriva domani tra le 10 e le 14."
    );
    let file = house.get(&format!("{path}/calendar/0.ics")).await;
    assert_eq!(file.header("content-type"), "text/calendar; charset=utf-8");
    let entry = file.text();
    let utc = |at: jiff::Timestamp| at.strftime("%Y%m%dT%H%M%SZ").to_string();
    assert!(
        entry.contains(&format!("DTSTART:{}\r\n", utc(at(10)))),
        "{entry}"
    );
    assert!(
        entry.contains(&format!("DTEND:{}\r\n", utc(at(14)))),
        "{entry}"
    );
    assert!(
        !entry.contains("Chiara") && !entry.contains("Trinchese"),
        "{entry}"
    );
    let english = house.get(&format!("{path}?lang=en")).await.text();
    assert_eq!(
        heading(&english),
        "Your order arrives tomorrow between 10:00 and 14:00."
    );
    // The next day, after the window: the promise is not repeated as if nothing had happened.
    house.clock.pass(86_400 + 12 * 3_600);
    let late = house.get(&path).await.text();
    assert!(
        !heading(&late).contains("arriva domani"),
        "{}",
        heading(&late)
    );
    assert!(late.contains("in ritardo"), "{}", heading(&late));
    let gone = house.get(&format!("{path}/calendar/0.ics")).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_estimate_is_told_as_wide_as_it_is_and_as_ours() {
    let (house, path) = under_way(None).await;
    let estimate = Estimate {
        median: day_after(&house, 3),
        from: day_after(&house, 2),
        until: day_after(&house, 4),
        coverage_percent: 90,
        sample: 1_240,
    };
    let estimated = Event::ParcelEstimated {
        parcel: ParcelRef {
            number: Some("N1".into()),
            ..ParcelRef::default()
        },
        estimate,
    };
    house.ingest("estimate", estimated).await;
    let page = house.get(&path).await.text();
    let said = heading(&page);
    assert!(
        said.starts_with("Contiamo che il tuo ordine arrivi tra "),
        "{said}"
    );
    assert!(page.contains("È una stima nostra"), "{page}");
    assert!(
        page.contains("90 arrivano in questi giorni") && page.contains("1.240"),
        "{page}"
    );
    // What did not come in these days rests on no estimate any more.
    house.clock.pass(86_400 * 6);
    let page = house.get(&path).await.text();
    assert!(!page.contains("90 arrivano in questi giorni"), "{page}");
}

#[tokio::test]
async fn the_page_trusts_our_estimate_once_the_couriers_day_has_passed_it() {
    let (house, path) = under_way(None).await;
    let rome = jiff::tz::TimeZone::get("Europe/Rome").unwrap();
    let noon = |day: jiff::civil::Date| rome.to_timestamp(day.at(12, 0, 0, 0)).unwrap();
    let told = Telling {
        scans: vec![scanned(8_000, ParcelState::AtDepot)],
        expected: Some(Window {
            from: noon(day_after(&house, 0)),
            until: noon(day_after(&house, 0)),
            days: true,
        }),
        ..Telling::default()
    };
    house.ingest("told", telling("N1", told)).await;
    let estimated = Event::ParcelEstimated {
        parcel: ParcelRef {
            number: Some("N1".into()),
            ..ParcelRef::default()
        },
        estimate: Estimate {
            median: day_after(&house, 3),
            from: day_after(&house, 2),
            until: day_after(&house, 4),
            coverage_percent: 80,
            sample: 40,
        },
    };
    house.ingest("estimate", estimated).await;
    let page = house.get(&path).await.text();
    let said = heading(&page);
    assert!(
        said.starts_with("Contiamo che il tuo ordine arrivi tra "),
        "{said}"
    );
}

#[tokio::test]
async fn a_delay_is_told_once_with_an_apology_the_reason_and_what_can_be_done() {
    let (house, _) = under_way(None).await;
    let promised = day_after(&house, 1);
    let (house, path) = under_way(Some(promised)).await;
    let mut scan = scanned(8_000, ParcelState::AtDepot);
    scan.checkpoint.reason = Some("weather_delayed".into());
    let rome = jiff::tz::TimeZone::get("Europe/Rome").unwrap();
    let noon = |day: jiff::civil::Date| rome.to_timestamp(day.at(12, 0, 0, 0)).unwrap();
    let later = Telling {
        scans: vec![scan],
        expected: Some(Window {
            from: noon(day_after(&house, 3)),
            until: noon(day_after(&house, 4)),
            days: true,
        }),
        ..Telling::default()
    };
    house.ingest("later", telling("N1", later)).await;
    let page = house.get(&path).await.text();
    let said = heading(&page);
    assert!(
        said.starts_with("Il tuo ordine è in ritardo: lo aspettiamo tra "),
        "{said}"
    );
    assert!(said.ends_with("invece che entro domani."), "{said}");
    assert!(page.contains("Il maltempo rallenta le consegne."), "{page}");
    assert!(page.contains("Ci dispiace"), "{page}");
    assert!(
        page.contains("recedere dal contratto: si può anche prima"),
        "{page}"
    );
    // Promise and courier side by side.
    assert!(
        page.contains("Promesso da noi") && page.contains("Dice il corriere"),
        "{page}"
    );
}

#[tokio::test]
async fn silence_is_told_as_silence_and_never_as_a_loss() {
    let (house, path) = under_way(None).await;
    house.clock.pass(8 * 86_400);
    let silent = Event::ParcelFellSilent {
        parcel: ParcelRef {
            number: Some("N1".into()),
            ..ParcelRef::default()
        },
        since: build::t(7_200),
    };
    house.ingest("silent", silent).await;
    let page = house.get(&path).await.text();
    assert!(
        heading(&page).starts_with("Il corriere non dà notizie del tuo pacco da "),
        "{}",
        heading(&page)
    );
    assert!(page.contains("Non vuol dire che sia perso"), "{page}");
    assert!(!page.contains("Smarrito"), "{page}");
}

#[tokio::test]
async fn a_delivery_that_was_taken_back_stays_to_be_seen() {
    let (house, path) = under_way(None).await;
    let delivered = Telling {
        scans: vec![
            scanned(7_200, ParcelState::InTransit),
            scanned(9_000, ParcelState::Delivered),
        ],
        complete: true,
        ..Telling::default()
    };
    house.ingest("delivered", telling("N1", delivered)).await;
    let page = house.get(&path).await.text();
    assert!(
        heading(&page).starts_with("Il tuo ordine è arrivato"),
        "{}",
        heading(&page)
    );
    assert!(
        page.contains("/problem?lang=it\">Segnala un problema"),
        "{page}"
    );
    let without = Telling {
        scans: vec![scanned(7_200, ParcelState::InTransit)],
        complete: true,
        ..Telling::default()
    };
    house.ingest("without", telling("N1", without)).await;
    let page = house.get(&path).await.text();
    assert_eq!(heading(&page), "Il tuo ordine è in viaggio.");
    assert!(page.contains("<s>Consegnato</s>"), "{page}");
    assert!(page.contains("poi ha ritirato la notizia"), "{page}");
}

#[tokio::test]
async fn a_pick_up_point_is_told_with_its_hours_and_its_last_day() {
    let (house, path) = under_way(None).await;
    let ready = Telling {
        scans: vec![scanned(9_000, ParcelState::ReadyForPickup)],
        pickup_point: Some(PickupPoint {
            name: Some("Tabacchi Il Faggio".into()),
            street: Some("Via Roma 3".into()),
            postal_code: Some("73100".into()),
            city: Some("Lecce".into()),
            hours: vec!["lun–sab 8:00–19:30".into(), "dom <chiuso>".into()],
            until: Some(day_after(&house, 5)),
        }),
        cash_on_delivery: Some(dopo_core::money::Money::eur(2_990)),
        ..Telling::default()
    };
    house.ingest("ready", telling("N1", ready)).await;
    let page = house.get(&path).await.text();
    assert_eq!(
        heading(&page),
        "Il tuo pacco ti aspetta al punto di ritiro: Tabacchi Il Faggio."
    );
    for said in [
        "Puoi ritirarlo fino a ",
        "lun–sab 8:00–19:30",
        "Via Roma 3",
        "Tocca a te",
    ] {
        assert!(page.contains(said), "{said}");
    }
    assert!(!page.contains("<chiuso>"));
    // It was paid at the order: nothing is asked for again.
    assert!(!page.contains("Da pagare al corriere"), "{page}");
}

#[tokio::test]
async fn goods_that_come_back_and_go_out_again_are_three_ways_of_one_order() {
    let (house, path) = under_way(None).await;
    let returned = Telling {
        scans: vec![scanned(9_000, ParcelState::Returning)],
        related: vec![
            Related {
                relation: Relation::Return,
                number: "R1".into(),
            },
            Related {
                relation: Relation::Redelivery,
                number: "N2".into(),
            },
        ],
        ..Telling::default()
    };
    house.ingest("returned", telling("N1", returned)).await;
    let back = Telling {
        scans: vec![scanned(10_000, ParcelState::Delivered)],
        ..Telling::default()
    };
    house.ingest("back", telling("R1", back)).await;
    let again = Telling {
        scans: vec![scanned(11_000, ParcelState::OutForDelivery)],
        ..Telling::default()
    };
    house.ingest("again", telling("N2", again)).await;
    let page = house.get(&path).await.text();
    assert!(heading(&page).contains("in consegna"), "{}", heading(&page));
    for said in [
        "Rientro al negozio",
        "Nuova consegna",
        "Arrivato al negozio",
    ] {
        assert!(page.contains(said), "{said}");
    }
}

#[tokio::test]
async fn a_page_that_is_looked_at_asks_for_news_and_counts_as_one_view() {
    let (house, path) = under_way(None).await;
    let first = house.get(&path).await;
    let version = first.header("etag").to_owned();
    assert!(version.starts_with("W/\""), "{version}");
    let shown = version.trim_start_matches("W/").trim_matches('"');
    assert!(first.text().contains(&format!("data-live=\"{shown}\"")));
    let ask = || {
        Request::get(&path)
            .header(header::USER_AGENT, crate::support::BROWSER)
            .header(header::IF_NONE_MATCH, &version)
            .body(Body::empty())
            .unwrap()
    };
    let same = house.send(ask()).await;
    assert_eq!(same.status, StatusCode::NOT_MODIFIED);
    assert!(same.bytes.is_empty());
    let out = Telling {
        scans: vec![scanned(9_000, ParcelState::OutForDelivery)],
        ..Telling::default()
    };
    house.ingest("out", telling("N1", out)).await;
    let news = house.send(ask()).await;
    assert_eq!(news.status, StatusCode::OK);
    assert!(heading(&news.text()).contains("in consegna"));
    // A machine's view is none.
    let bot = Request::get(&path).header(header::USER_AGENT, "Googlebot/2.1");
    house.send(bot.body(Body::empty()).unwrap()).await;
    let (_tell, told) = tokio::sync::watch::channel(true);
    dopo_web::run_hits(house.app.clone(), told).await;
    let today = day_after(&house, 0);
    let counted = house
        .engine
        .store()
        .counters(house.shop, "pages.tracking", today, today)
        .await
        .unwrap();
    let views: i64 = counted.iter().map(|(_, n)| n).sum();
    assert_eq!(views, 1);
}

#[tokio::test]
async fn the_map_shows_the_way_from_two_recognised_places_on() {
    let (house, path) = under_way(None).await;
    let at = |place: &str, after_s| {
        let scan = Checkpoint {
            source: ScanSource::Carrier,
            place: Some(place.to_owned()),
            ..Checkpoint::new(build::t(after_s), ParcelState::InTransit)
        };
        Telling {
            scans: vec![scan.into()],
            ..Telling::default()
        }
    };
    house
        .ingest("a", telling("N1", at("HUB BOLOGNA", 8_000)))
        .await;
    house.ingest("b", telling("N1", at("Leipzig", 8_100))).await;
    let before = house.get(&path).await.text();
    assert!(!before.contains("<svg class=\"map"), "one place is no way");
    house
        .ingest("c", telling("N1", at("Filiale di Roma", 9_000)))
        .await;
    let text = house.get(&path).await.text();
    assert!(
        text.contains(
            "role=\"img\" aria-label=\"Il pacco sulla carta d&#39;Italia: Bologna, Roma\""
        ),
        "{text}"
    );
    assert!(text.contains(">Roma</text>"));
    let svg = &text[text.find("<svg class=\"map").expect("a map")..];
    let svg = svg.split("</svg>").next().expect("its end");
    assert!(svg.len() < 3_000, "{} bytes before compression", svg.len());
}
