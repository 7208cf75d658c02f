//! `/o/{token}/hold/{seq}`: a held parcel, from the courier's telling to the answer and back.

use crate::support::{House, bottega, hidden};
use axum::http::StatusCode;
use dopo_core::event::{Event, ParcelRef};
use dopo_core::order::Order;
use dopo_core::parcel::{
    Checkpoint, HoldAction, HoldOutcome, InstructedBy, Parcel, ParcelSnapshot, ParcelState, Payer,
    ScanSource, Telling,
};
use dopo_engine::tokens::Token;
use dopo_testkit::build;

const DAY_S: i64 = 86_400;

fn parcel(number: &str) -> ParcelRef {
    ParcelRef {
        number: Some(number.into()),
        ..ParcelRef::default()
    }
}

fn ship(order: &str, number: &str) -> Event {
    Event::ParcelUpdated {
        order: order.to_owned(),
        parcel: ParcelSnapshot {
            carrier: Some("BRT".into()),
            number: Some(number.into()),
            shipped_at: Some(build::t(3_600)),
            ..ParcelSnapshot::default()
        },
    }
}

fn told(number: &str, at_s: i64, state: ParcelState, reason: Option<&str>) -> Event {
    let scan = Checkpoint {
        reason: reason.map(str::to_owned),
        place: Some("Filiale di Lecce".into()),
        source: ScanSource::Carrier,
        ..Checkpoint::new(build::t(at_s), state)
    };
    Event::ParcelTracked {
        parcel: parcel(number),
        telling: Box::new(Telling {
            scans: vec![scan.into()],
            hold_expires_at: (state == ParcelState::HeldAtDepot)
                .then(|| build::t(at_s + 5 * DAY_S)),
            ..Telling::default()
        }),
    }
}

pub(crate) struct Held {
    pub house: House,
    pub path: String,
}

impl Held {
    /// A parcel of order 1001 that is held since the second day, until the seventh.
    pub(crate) async fn with(settings: dopo_core::shop::ShopSettings) -> Held {
        let house = House::with(settings, false).await;
        let order = house.order("1001").await;
        house.ingest("ship", ship("1001", "N1")).await;
        house.clock.pass(2 * DAY_S);
        let held = told(
            "N1",
            DAY_S + 3_600,
            ParcelState::HeldAtDepot,
            Some("consignee_absent"),
        );
        house.ingest("held", held).await;
        let token = house.seal(&Token::Order {
            shop: house.shop,
            order: order.id,
        });
        Held {
            path: format!("/o/{token}"),
            house,
        }
    }

    async fn order(&self) -> Order {
        let store = self.house.engine.store();
        let order = store.order_by_external_id(self.house.shop, "1001").await;
        order.expect("the store answers").expect("the order")
    }

    async fn parcel(&self) -> Parcel {
        self.order().await.tracked[0].clone()
    }

    fn hold_path(&self) -> String {
        format!("{}/hold/0", self.path)
    }

    async fn form(&self) -> (String, String) {
        let page = self.house.get(&self.hold_path()).await.text();
        (hidden(&page, "proof"), hidden(&page, "of"))
    }

    async fn choose(&self, of: &str, rest: &str) -> crate::support::Answer {
        let proof = self.form_proof().await;
        let body = format!("proof={proof}&of={of}&{rest}");
        self.house.post_form(&self.hold_path(), body).await
    }

    async fn form_proof(&self) -> String {
        let page = self.house.get(&self.hold_path()).await.text();
        if page.contains("name=\"proof\"") {
            hidden(&page, "proof")
        } else {
            String::new()
        }
    }
}

#[tokio::test]
async fn the_order_page_says_first_that_the_parcel_is_held_until_when_and_why() {
    let held = Held::with(bottega()).await;
    let text = held.house.get(&held.path).await.text();
    // The shop closes the choice four hours before the hold ends.
    assert!(
        text.contains("<h1>Il tuo pacco è in giacenza: scegli che cosa fare entro "),
        "{text}"
    );
    assert!(text.contains("Tocca a te, entro "), "{text}");
    assert!(
        text.contains("Non c&#39;era nessuno all&#39;indirizzo."),
        "{text}"
    );
    assert!(text.contains("/hold/0?lang=it"), "{text}");
}

#[tokio::test]
async fn a_get_asks_and_a_post_answers_once() {
    let held = Held::with(bottega()).await;
    let before = held.parcel().await;
    let (_, of) = held.form().await;
    assert_eq!(held.parcel().await, before, "a GET changes nothing");
    let answered = held.choose(&of, "action=redeliver&phone=333+1234567").await;
    assert_eq!(answered.status, StatusCode::SEE_OTHER);
    let hold = held.parcel().await.holds[0].clone();
    let answer = hold.answer.clone().expect("an answer");
    assert_eq!(answer.action, HoldAction::Redeliver);
    assert_eq!(answer.phone.as_deref(), Some("333 1234567"));
    assert_eq!(hold.by, Some(InstructedBy::Buyer));
    // No account with this courier: somebody in the shop tells it, and the page says so.
    assert_eq!(hold.outcome, Some(HoldOutcome::ByHand));
    let page = held.house.get(answered.header("location")).await.text();
    assert!(
        page.contains("<h1>Abbiamo preso nota: una nuova consegna.</h1>"),
        "{page}"
    );
    assert!(page.contains("a mano"), "{page}");
    // The same form again, by a double click.
    let again = held.choose(&of, "action=redeliver").await;
    assert_eq!(again.status, StatusCode::SEE_OTHER);
    assert_eq!(held.parcel().await.holds[0], hold);
}

#[tokio::test]
async fn two_forms_of_one_hold_make_one_answer_and_the_second_is_told() {
    let held = Held::with(bottega()).await;
    let (_, of) = held.form().await;
    held.choose(&of, "action=collect").await;
    let second = held.choose(&of, "action=send_back").await;
    let answer = held.parcel().await.holds[0].answer.clone();
    assert_eq!(answer.map(|a| a.action), Some(HoldAction::Collect));
    let page = held.house.get(second.header("location")).await.text();
    assert!(page.contains("la tua scelta non è partita"), "{page}");
    assert!(page.contains("il ritiro in sede"), "{page}");
}

#[tokio::test]
async fn another_address_must_be_whole_and_what_was_written_stays() {
    let held = Held::with(bottega()).await;
    let (_, of) = held.form().await;
    let wrong = held
        .choose(
            &of,
            "action=other_address&street=Via+Roma+1%22%3E&city=Lecce",
        )
        .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let text = wrong.text();
    assert!(text.contains("servono via, CAP e città"), "{text}");
    assert!(text.contains("value=\"Via Roma 1&#34;&#62;\""), "{text}");
    assert!(held.parcel().await.holds[0].answer.is_none());
    let right = "action=other_address&street=Via+Roma+1&postal_code=73100&city=Lecce&province=le";
    held.choose(&of, right).await;
    let answer = held.parcel().await.holds[0]
        .answer
        .clone()
        .expect("an answer");
    let address = answer.address.expect("an address");
    assert_eq!(address.street.as_deref(), Some("Via Roma 1"));
    assert_eq!(address.province.as_deref(), Some("LE"));
}

#[tokio::test]
async fn only_what_the_shop_allows_can_be_chosen_and_the_price_is_told_before() {
    let mut settings = bottega();
    settings.hold.actions = vec![HoldAction::Redeliver, HoldAction::Collect];
    settings.hold.payer = Payer::Buyer;
    settings.hold.price_words = Some("5 € alla consegna".into());
    let held = Held::with(settings).await;
    let page = held.house.get(&held.hold_path()).await.text();
    assert!(page.contains("A tuo carico: 5 € alla consegna."), "{page}");
    assert!(
        !page.contains("send_back") && !page.contains("other_address\""),
        "{page}"
    );
    let (_, of) = held.form().await;
    let refused = held.choose(&of, "action=send_back").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(held.parcel().await.holds[0].answer.is_none());
}

#[tokio::test]
async fn an_expired_hold_can_no_longer_be_answered_and_says_so() {
    let held = Held::with(bottega()).await;
    let (proof, of) = held.form().await;
    held.house.clock.pass(4 * DAY_S);
    let body = format!("proof={proof}&of={of}&action=redeliver");
    let late = held.house.post_form(&held.hold_path(), body).await;
    assert!(held.parcel().await.holds[0].answer.is_none());
    let page = held.house.get(late.header("location")).await.text();
    assert!(page.contains("la tua scelta non è partita"), "{page}");
    assert!(page.contains("non si può più scegliere da qui"), "{page}");
    assert!(!page.contains("name=\"action\""), "{page}");
}

#[tokio::test]
async fn a_parcel_that_moves_again_is_no_longer_asked_about() {
    let held = Held::with(bottega()).await;
    let (proof, of) = held.form().await;
    let out = told("N1", 2 * DAY_S - 60, ParcelState::OutForDelivery, None);
    held.house.ingest("out", out).await;
    let page = held.house.get(&held.hold_path()).await.text();
    assert!(
        page.contains("Per questo pacco non c&#39;è più niente da scegliere."),
        "{page}"
    );
    let body = format!("proof={proof}&of={of}&action=redeliver");
    let late = held.house.post_form(&held.hold_path(), body).await;
    assert!(late.text().contains("la tua scelta non è partita"));
    assert!(held.parcel().await.holds[0].answer.is_none());
}

#[tokio::test]
async fn what_became_of_the_answer_is_told_as_it_is() {
    for (outcome, says) in [
        (
            HoldOutcome::Accepted { reference: None },
            "Il corriere ha accettato una nuova consegna.",
        ),
        (
            HoldOutcome::Deferred,
            "Il corriere ha ricevuto la richiesta: una nuova consegna.",
        ),
        (
            HoldOutcome::Refused {
                why: "ERR-17 <script>".into(),
            },
            "Il corriere non ha accettato una nuova consegna.",
        ),
    ] {
        let held = Held::with(bottega()).await;
        let (_, of) = held.form().await;
        held.choose(&of, "action=redeliver").await;
        let call = held.parcel().await.holds[0].call.expect("a call");
        let reported = Event::HoldReported {
            parcel: parcel("N1"),
            call,
            outcome,
        };
        held.house.ingest("reported", reported).await;
        let text = held.house.get(&held.path).await.text();
        assert!(text.contains(says), "{text}");
        assert!(
            !text.contains("ERR-17"),
            "the courier's words are for the shop"
        );
    }
}

#[tokio::test]
async fn a_refused_choice_can_be_made_again_on_the_same_page() {
    let held = Held::with(bottega()).await;
    let (_, of) = held.form().await;
    held.choose(&of, "action=redeliver").await;
    let call = held.parcel().await.holds[0].call.expect("a call");
    let reported = Event::HoldReported {
        parcel: parcel("N1"),
        call,
        outcome: HoldOutcome::Refused {
            why: "fuori zona".into(),
        },
    };
    held.house.ingest("reported", reported).await;
    let page = held.house.get(&held.hold_path()).await.text();
    assert!(page.contains("Puoi scegliere altro entro "), "{page}");
    let (_, again) = held.form().await;
    assert_ne!(again, of, "the first form does nothing any more");
    held.choose(&of, "action=send_back").await;
    assert_eq!(held.parcel().await.holds[0].call, Some(call));
    held.choose(&again, "action=collect").await;
    let hold = held.parcel().await.holds[0].clone();
    assert_eq!(hold.answer.map(|a| a.action), Some(HoldAction::Collect));
    assert_ne!(hold.call, Some(call));
}

#[tokio::test]
async fn a_form_without_its_proof_or_of_a_forged_token_does_nothing() {
    let held = Held::with(bottega()).await;
    let (proof, of) = held.form().await;
    let wrong = format!("proof={}&of={of}&action=redeliver", "0".repeat(64));
    let answer = held.house.post_form(&held.hold_path(), wrong).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let forged = format!("proof={proof}&of={of}&action=redeliver");
    let answer = held.house.post_form("/o/AAAA/hold/0", forged).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let none = held.house.get(&format!("{}/hold/9", held.path)).await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
    assert!(held.parcel().await.holds[0].answer.is_none());
}

#[tokio::test]
async fn after_a_delivery_that_failed_its_person_chooses_before_the_depot_holds_the_parcel() {
    let house = House::with(bottega(), false).await;
    let order = house.order("1001").await;
    house.ingest("ship", ship("1001", "N1")).await;
    house.clock.pass(2 * DAY_S);
    let failed = told(
        "N1",
        2 * DAY_S - 3_600,
        ParcelState::AttemptFailed,
        Some("consignee_wrong_address"),
    );
    house.ingest("failed", failed).await;
    let token = house.seal(&Token::Order {
        shop: house.shop,
        order: order.id,
    });
    let asked = Held {
        path: format!("/o/{token}"),
        house,
    };
    let page = asked.house.get(&asked.path).await.text();
    assert!(
        page.contains(
            "<h1>Il corriere ha bisogno di una tua indicazione: scegli che cosa fare entro "
        ),
        "{page}"
    );
    assert!(page.contains("/hold/0?lang=it"), "{page}");
    assert!(!page.contains("giacenza:"), "{page}");

    let form = asked.house.get(&asked.hold_path()).await.text();
    assert!(form.contains("value=\"other_address\""), "{form}");
    assert!(!form.contains("value=\"send_back\""), "{form}");
    assert!(!form.contains("in deposito presso"), "{form}");
    let (_, of) = asked.form().await;
    let back = asked.choose(&of, "action=send_back").await;
    assert_eq!(back.status, 422);
    let answer = "action=other_address&street=Via+Roma+1&postal_code=73100&city=Lecce";
    asked.choose(&of, answer).await;
    let hold = asked.parcel().await.holds[0].clone();
    assert!(hold.early);
    assert_eq!(hold.outcome, Some(HoldOutcome::ByHand));
    let page = asked.house.get(&asked.path).await.text();
    assert!(
        page.contains("Abbiamo preso nota: la consegna a un altro indirizzo."),
        "{page}"
    );

    // It is tried again: there is nothing left to choose.
    let out = told("N1", 2 * DAY_S - 60, ParcelState::OutForDelivery, None);
    asked.house.ingest("out", out).await;
    let over = asked.house.get(&asked.hold_path()).await.text();
    assert!(!over.contains("name=\"action\""), "{over}");
}
