//! `/o/…`, `/p/…`, `/u/…`, `/m/…`, `/r/…`, `/k/…`

use crate::support::{House, bottega, hidden};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use dopo_core::consent::{Channel, ConsentState, Purpose, Topic};
use dopo_core::event::{Event, ParcelRef};
use dopo_core::parcel::{Checkpoint, ParcelSnapshot, ParcelState};
use dopo_core::shop::Register;
use dopo_engine::tokens::Token;
use dopo_testkit::build;

pub(crate) fn ship(order: &str, number: &str) -> Event {
    Event::ParcelUpdated {
        order: order.to_owned(),
        parcel: ParcelSnapshot {
            carrier: Some("BRT".into()),
            number: Some(number.into()),
            url: Some("https://brt.example/track?n=1".into()),
            shipped_at: Some(build::t(3_600)),
            ..ParcelSnapshot::default()
        },
    }
}

fn scan(number: &str, state: ParcelState, after_s: i64) -> Event {
    Event::ParcelScanned {
        parcel: ParcelRef {
            number: Some(number.into()),
            ..ParcelRef::default()
        },
        checkpoint: Checkpoint {
            at: build::t(after_s),
            day_only: false,
            state,
            reason: None,
            place: Some("Bari".into()),
            text: None,
            code: None,
            ..Checkpoint::default()
        },
    }
}

#[tokio::test]
async fn the_order_page_follows_the_parcel() {
    let house = House::new().await;
    let order = house.order("1001").await;
    let path = format!(
        "/o/{}",
        house.seal(&Token::Order {
            shop: house.shop,
            order: order.id
        })
    );
    let page = house.get(&path).await;
    assert_eq!(page.status, StatusCode::OK);
    let text = page.text();
    assert!(
        text.contains("<html lang=\"it\">")
            && text.contains("<h1>Stiamo preparando il tuo ordine.</h1>"),
        "{text}"
    );
    assert!(text.contains("29,90\u{a0}€") && text.contains("Moka"));
    for legal in [
        "Bottega del Legno S.r.l.",
        "IT01234567897",
        "LE-123456",
        "10.000,00 € i.v.",
        "Recedere dal contratto qui",
    ] {
        assert!(text.contains(legal), "{legal}");
    }
    assert!(
        !text.contains("Trinchese"),
        "the street stays out of a page that may be forwarded"
    );
    house.clock.pass(86_400);
    house.ingest("p1", ship("1001", "BRT1")).await;
    house
        .ingest("s1", scan("BRT1", ParcelState::InTransit, 7_200))
        .await;
    let text = house.get(&path).await.text();
    assert!(
        text.contains("<h1>Il tuo ordine è in viaggio.</h1>"),
        "{text}"
    );
    assert!(text.contains("Segui il pacco sul sito di BRT") && text.contains("Bari"));
    house
        .ingest("s2", scan("BRT1", ParcelState::OutForDelivery, 86_000))
        .await;
    assert!(
        house
            .get(&path)
            .await
            .text()
            .contains("<h1>Il tuo ordine è in consegna oggi.</h1>")
    );
    house
        .ingest("s3", scan("BRT1", ParcelState::Delivered, 86_300))
        .await;
    let text = house.get(&path).await.text();
    assert!(text.contains("Il tuo ordine è arrivato oggi"), "{text}");
    assert!(text.contains("recedere dal contratto fino a"), "{text}");
}

#[tokio::test]
async fn the_order_page_speaks_english_and_lei() {
    let mut settings = bottega();
    settings.register = Register::Lei;
    let house = House::with(settings, false).await;
    let order = house.order("1001").await;
    let path = format!(
        "/o/{}",
        house.seal(&Token::Order {
            shop: house.shop,
            order: order.id
        })
    );
    assert!(
        house
            .get(&path)
            .await
            .text()
            .contains("Stiamo preparando il Suo ordine.")
    );
    let english = house.get(&format!("{path}?lang=en")).await;
    assert!(
        english.text().contains("<html lang=\"en\">")
            && english.text().contains("We are preparing your order.")
    );
    assert_eq!(english.header("content-language"), "en");
}

#[tokio::test]
async fn hostile_names_are_only_text() {
    let house = House::new().await;
    let mut told = build::order_told("9", "x@posta.example");
    told.number = "{{7*7}}<script>alert(1)</script>".into();
    told.lines[0].title = "\u{202e}\"onmouseover=alert(1) <img src=x>\u{200b}".into();
    told.payment_method = Some("${7*7}".into());
    house
        .ingest(
            "h",
            Event::OrderUpdated {
                order: Box::new(told),
            },
        )
        .await;
    let order = house
        .engine
        .store()
        .order_by_external_id(house.shop, "9")
        .await
        .unwrap()
        .unwrap();
    let mut hostile = ship("9", "N'\"><script>");
    if let Event::ParcelUpdated { parcel, .. } = &mut hostile {
        parcel.url = Some("javascript:alert(1)".into());
    }
    house.ingest("p", hostile).await;
    let path = format!(
        "/o/{}",
        house.seal(&Token::Order {
            shop: house.shop,
            order: order.id
        })
    );
    let text = house.get(&path).await.text();
    for bad in [
        "<script>alert",
        "<img src=x",
        "javascript:",
        "\u{202e}",
        "\u{200b}",
        "49<",
    ] {
        assert!(!text.contains(bad), "{bad}");
    }
    assert!(text.contains("{{7*7}}") && text.contains("${7*7}"));
}

#[tokio::test]
async fn a_page_of_a_large_order_stays_small_over_the_wire() {
    let house = House::new().await;
    let mut told = build::order_told("9", "x@posta.example");
    told.lines = (0..1_000)
        .map(|n| build::line(&format!("p{n}"), 1))
        .collect();
    house
        .ingest(
            "h",
            Event::OrderUpdated {
                order: Box::new(told),
            },
        )
        .await;
    let order = house
        .engine
        .store()
        .order_by_external_id(house.shop, "9")
        .await
        .unwrap()
        .unwrap();
    house.ingest("p", ship("9", "N1")).await;
    for n in 0..90 {
        house
            .ingest(
                &format!("s{n}"),
                scan(
                    "N1",
                    if n % 2 == 0 {
                        ParcelState::InTransit
                    } else {
                        ParcelState::AtDepot
                    },
                    4_000 + n * 60,
                ),
            )
            .await;
    }
    let path = format!(
        "/o/{}",
        house.seal(&Token::Order {
            shop: house.shop,
            order: order.id
        })
    );
    let request = Request::get(&path)
        .header(header::ACCEPT_ENCODING, "gzip")
        .body(Body::empty())
        .unwrap();
    let answer = house.send(request).await;
    assert_eq!(answer.header("content-encoding"), "gzip");
    assert!(answer.bytes.len() < 40_000, "{} bytes", answer.bytes.len());
    let plain = house.get(&path).await;
    assert!(plain.text().contains("900"), "the rest is said as a number");
}

#[tokio::test]
async fn forged_tokens_of_every_page_are_404_in_plain_words() {
    let house = House::new().await;
    let order = house.order("1001").await;
    let wrong_kind = house.seal(&Token::Preferences {
        shop: house.shop,
        customer: order.customer_id,
    });
    let right = house.seal(&Token::Order {
        shop: house.shop,
        order: order.id,
    });
    let other_shop = house.seal(&Token::Order {
        shop: dopo_core::id::ShopId(99),
        order: order.id,
    });
    let cut = &right[..right.len() - 2];
    for token in ["AAAA", "", "è", cut, &wrong_kind, &other_shop] {
        let answer = house.get(&format!("/o/{token}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{token}");
        assert!(
            answer.text().contains("Questa pagina non c'è.")
                || answer.text().contains("Questa pagina non c&#39;è.")
        );
    }
    for path in ["/p/x", "/u/x", "/m/x", "/r/x", "/c/x", "/k/x.png"] {
        assert_eq!(
            house.get(path).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
        if !path.starts_with("/c") && !path.starts_with("/k") {
            assert_eq!(
                house
                    .post_form(path, "List-Unsubscribe=One-Click")
                    .await
                    .status,
                StatusCode::NOT_FOUND,
                "{path}"
            );
        }
    }
}

#[tokio::test]
async fn each_preference_is_switched_alone() {
    let house = House::new().await;
    let order = house.order("1001").await;
    let path = format!(
        "/p/{}",
        house.seal(&Token::Preferences {
            shop: house.shop,
            customer: order.customer_id
        })
    );
    let page = house.get(&path).await.text();
    assert!(
        page.contains("name=\"care.email\" value=\"on\" aria-describedby=\"hint-care\" checked"),
        "{page}"
    );
    assert!(
        page.contains("name=\"marketing.email\" value=\"on\" aria-describedby=\"hint-marketing\">")
    );
    assert!(!page.contains("marketing.sms"), "no number, no switch");
    assert!(!page.contains("chiara@"), "the address is shortened");
    let proof = hidden(&page, "proof");
    let on = "care.email=on&feedback.email=on&cart.email=on&marketing_similar.email=on&marketing.email=on";
    let saved = house
        .post_form(&path, format!("proof={proof}&do=save&{on}"))
        .await;
    assert!(saved.text().contains("Abbiamo salvato le tue preferenze."));
    let person = house.customer(order.customer_id).await;
    let state = |topic| person.consents.state(topic, Some(Channel::Email));
    assert_eq!(state(Topic::Marketing), ConsentState::Confirmed);
    assert_eq!(
        state(Topic::Care),
        ConsentState::Unknown,
        "what was not moved is not touched"
    );
    house.clock.pass(60);
    let off = "care.email=on&feedback.email=on&cart.email=on&marketing.email=on";
    house
        .post_form(&path, format!("proof={proof}&do=save&{off}"))
        .await;
    let person = house.customer(order.customer_id).await;
    assert_eq!(
        person
            .consents
            .state(Topic::MarketingSimilar, Some(Channel::Email)),
        ConsentState::Objected
    );
    assert_eq!(
        person
            .consents
            .state(Topic::Marketing, Some(Channel::Email)),
        ConsentState::Confirmed
    );
    let same = house
        .post_form(&path, format!("proof={proof}&do=save&{off}"))
        .await;
    assert!(same.text().contains("Non è cambiato niente."));
    house.clock.pass(60);
    house
        .post_form(&path, format!("proof={proof}&do=only_orders"))
        .await;
    let person = house.customer(order.customer_id).await;
    for topic in [
        Topic::Marketing,
        Topic::Care,
        Topic::Cart,
        Topic::Feedback,
        Topic::MarketingSimilar,
    ] {
        assert!(
            person
                .consents
                .state(topic, Some(Channel::Email))
                .is_negative(),
            "{topic:?}"
        );
    }
}

#[tokio::test]
async fn a_preference_form_without_its_proof_changes_nothing() {
    let house = House::new().await;
    let order = house.order("1001").await;
    let token = house.seal(&Token::Preferences {
        shop: house.shop,
        customer: order.customer_id,
    });
    let before = house.fingerprint().await;
    for proof in ["", "00", &"0".repeat(64)] {
        let answer = house
            .post_form(
                &format!("/p/{token}"),
                format!("proof={proof}&do=only_orders"),
            )
            .await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
    let large = house
        .post_form(&format!("/p/{token}"), "x".repeat(70_000))
        .await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(house.fingerprint().await, before);
}

#[tokio::test]
async fn measuring_stops_and_the_mails_go_on() {
    let house = House::new().await;
    let order = house.order("1001").await;
    let id = order.customer_id;
    let path = format!(
        "/m/{}",
        house.seal(&Token::StopMeasuring {
            shop: house.shop,
            customer: id
        })
    );
    let before = house.customer(id).await;
    let page = house.get(&path).await.text();
    assert_eq!(house.customer(id).await, before, "GET changes nothing");
    let done = house
        .post_form(&path, format!("proof={}", hidden(&page, "proof")))
        .await;
    assert!(done.text().contains("Non misuriamo più aperture e clic."));
    let person = house.customer(id).await;
    assert!(
        person
            .consents
            .state(Topic::TrackingOpen, None)
            .is_negative()
    );
    assert!(
        person
            .consents
            .state(Topic::TrackingClick, None)
            .is_negative()
    );
    assert_eq!(
        person.consents.state(Topic::Care, Some(Channel::Email)),
        ConsentState::Unknown
    );
}

#[tokio::test]
async fn one_click_unsubscribes_at_once_without_a_cookie_and_again_does_no_harm() {
    let house = House::new().await;
    let order = house.order("1001").await;
    let mut message = build::message(77, 0, order.customer_id.0);
    message.send.purpose = Purpose::Marketing;
    house.message(message.clone()).await;
    let token = Token::Unsubscribe {
        shop: house.shop,
        customer: order.customer_id,
        message: message.id,
    };
    let path = format!("/u/{}", house.seal(&token));
    let before = house.customer(order.customer_id).await;
    let asked = house.get(&path).await;
    assert!(
        asked
            .text()
            .contains("name=\"List-Unsubscribe\" value=\"One-Click\"")
    );
    assert_eq!(
        house.customer(order.customer_id).await,
        before,
        "GET changes nothing"
    );
    let done = house.post_form(&path, "List-Unsubscribe=One-Click").await;
    assert_eq!(done.status, StatusCode::OK);
    assert_eq!(done.header("set-cookie"), "");
    let person = house.customer(order.customer_id).await;
    for topic in [Topic::Marketing, Topic::MarketingSimilar] {
        assert!(
            person
                .consents
                .state(topic, Some(Channel::Email))
                .is_negative(),
            "{topic:?}"
        );
    }
    assert_eq!(
        person.consents.state(Topic::Care, Some(Channel::Email)),
        ConsentState::Unknown
    );
    let fingerprint = house.fingerprint().await;
    assert_eq!(
        house
            .post_form(&path, "List-Unsubscribe=One-Click")
            .await
            .status,
        StatusCode::OK
    );
    assert_eq!(house.fingerprint().await, fingerprint, "nothing left to do");
}

#[tokio::test]
async fn a_reminder_is_asked_for_once_by_a_press_of_the_button() {
    let house = House::new().await;
    let order = house.order("1001").await;
    let message = house
        .message(build::message(77, 0, order.customer_id.0))
        .await;
    let path = format!(
        "/r/{}",
        house.seal(&Token::Reminder {
            shop: house.shop,
            message: message.id
        })
    );
    let before = house.fingerprint().await;
    let page = house.get(&path).await.text();
    assert_eq!(house.fingerprint().await, before);
    let form = format!("proof={}", hidden(&page, "proof"));
    assert!(
        house
            .post_form(&path, &form)
            .await
            .text()
            .contains("te lo ricordiamo domani")
    );
    let after = house.fingerprint().await;
    assert_ne!(after, before);
    house.post_form(&path, &form).await;
    assert_eq!(
        house.fingerprint().await,
        after,
        "twice pressed is once asked"
    );
}

#[tokio::test]
async fn the_countdown_ends_with_the_stored_expiry() {
    let house = House::new().await;
    let order = house.order("1001").await;
    let coupon = build::coupon("GRAZIE-7", order.customer_id.0);
    let writes = dopo_core::advance::Writes {
        coupons: vec![coupon.clone()],
        ..Default::default()
    };
    let intake = build::intake(
        9,
        "c",
        vec![build::arrival(house.shop, "c", 9, build::nothing())],
    );
    let decide = std::sync::Arc::new(move |_, _| writes.clone());
    house
        .engine
        .store()
        .commit_arrivals(house.shop, vec![intake], decide)
        .await
        .unwrap();
    let path = format!(
        "/k/{}.png",
        house.seal(&Token::Countdown {
            shop: house.shop,
            code: "GRAZIE-7".into()
        })
    );
    let before = house.get(&path).await;
    assert_eq!(before.header("content-type"), "image/png");
    assert!(before.header("cache-control").contains("no-store"));
    let left = coupon.expires_at.as_second() - build::t(0).as_second();
    house.clock.pass(left + 1);
    let after = house.get(&path).await;
    assert_ne!(before.bytes, after.bytes);
    house.clock.pass(86_400);
    assert_eq!(
        house.get(&path).await.bytes,
        after.bytes,
        "the offer has ended, once and for all"
    );
}
