//! What the order page may show, and what stands in the way.

use super::tests::{buyer, noon, order, say, shop, stranger};
use super::*;
use crate::consent::{ConsentState, Topic};
use crate::effect::OpenTask;
use crate::money::Money;
use crate::order::{OrderLine, Problem, ProblemKind};
use crate::parcel::{Direction, Parcel, ParcelState};
use jiff::SignedDuration;

/// A paid order of a chair, shown to its buyer.
fn chair() -> Order {
    let mut order = order();
    order.snapshot.lines = vec![OrderLine {
        id: "1".into(),
        product_id: Some("sedia-1".into()),
        sku: None,
        title: "Sedia".into(),
        variant: None,
        quantity: 1,
        unit_price: Money::eur(5_200),
        category: Some("Sedie".into()),
        url: None,
        image_url: None,
    }];
    order
}

/// What there is to do about an order as long as nobody has done it.
fn open_tasks(order: &Order) -> Vec<OpenTask> {
    let of = |problem: &Problem| task(problem.kind.task());
    order.problems.iter().map(of).collect()
}

fn task(kind: &str) -> OpenTask {
    OpenTask {
        kind: kind.to_owned(),
        title: kind.to_owned(),
        due_at: None,
        promo: false,
    }
}

fn page_word(
    person: &Customer,
    change: impl FnOnce(&mut ShopSettings, &mut Order),
) -> Result<Basis, PageWhy> {
    let (mut shop, mut order) = (shop(), chair());
    change(&mut shop, &mut order);
    let tasks = open_tasks(&order);
    match decide_page(&shop, person, &order, &tasks, noon()) {
        PageDecision::Show(grant) => Ok(grant.basis),
        PageDecision::Leave { why } => Err(why),
    }
}

#[test]
fn the_page_shows_goods_only_where_a_mail_about_them_could_rest_on_something() {
    let as_is = |_: &mut ShopSettings, _: &mut Order| {};
    assert_eq!(page_word(&buyer(), as_is), Ok(Basis::SoftSpam));
    // Neither a dead address nor long silence matters: nothing is sent, and who looks is awake.
    let mut quiet = buyer();
    quiet.emails.clear();
    quiet.active_at = Some(noon() - SignedDuration::from_hours(24 * 700));
    assert_eq!(page_word(&quiet, as_is), Ok(Basis::SoftSpam));
    let mut agreed = stranger();
    say(
        &mut agreed,
        Topic::Marketing,
        Some(Channel::Email),
        ConsentState::Confirmed,
    );
    assert_eq!(page_word(&agreed, as_is), Ok(Basis::Consent));

    let denied = |person: &Customer| page_word(person, as_is).expect_err("nothing is shown");
    assert_eq!(denied(&stranger()), PageWhy::Denied(Reason::NoPurchase));
    let mut objected = buyer();
    say(
        &mut objected,
        Topic::MarketingSimilar,
        None,
        ConsentState::Withdrawn,
    );
    assert_eq!(denied(&objected), PageWhy::Denied(Reason::Objected));
    let mut minor = buyer();
    minor.minor = true;
    assert_eq!(denied(&minor), PageWhy::Denied(Reason::Minor));
    let mut complained = buyer();
    complained.suppression.complained_at = Some(noon());
    assert_eq!(denied(&complained), PageWhy::Denied(Reason::Complained));
    let mut unasked = buyer();
    unasked.purchases.notice = None;
    assert_eq!(denied(&unasked), PageWhy::Denied(Reason::NoNotice));
}

#[test]
fn the_page_shows_no_goods_beside_anything_that_worries_somebody() {
    type Spoil = fn(&mut ShopSettings, &mut Order);
    let parcel = |state| Parcel {
        state,
        ..Parcel::default()
    };
    let of = |change: Spoil| page_word(&buyer(), change);
    assert_eq!(
        of(|s, _| s.products_on_page = false),
        Err(PageWhy::SwitchedOff)
    );
    assert_eq!(
        of(|_, o| o.snapshot.cancelled_at = Some(noon())),
        Err(PageWhy::Denied(Reason::OrderGone))
    );
    assert_eq!(
        of(|s, _| s.similarity_groups.clear()),
        Err(PageWhy::Denied(Reason::NotSimilar))
    );
    for state in ParcelState::ALL {
        let word = page_word(&buyer(), |_, o| o.tracked = vec![parcel(state)]);
        let fine = !state.needs_somebody();
        assert_eq!(
            word,
            if fine {
                Ok(Basis::SoftSpam)
            } else {
                Err(PageWhy::ParcelTrouble)
            },
            "{state:?}"
        );
    }
    let troubles: [Spoil; 6] = [
        |_, o| o.tracked[0].reason = Some("carrier_damaged".into()),
        |_, o| o.tracked[0].silent_since = Some(noon()),
        |_, o| o.tracked[0].direction = Direction::Return,
        |_, o| o.snapshot.promised_on = Some(jiff::civil::date(2026, 11, 17)),
        |_, o| {
            o.snapshot.promised_on = Some(jiff::civil::date(2026, 11, 20));
            o.tracked[0].snapshot.expected_on = Some(jiff::civil::date(2026, 11, 23));
        },
        |_, o| {
            o.returns = vec![crate::order::ReturnFact {
                external_id: "r1".into(),
                state: crate::order::ReturnState::Open,
                at: noon(),
            }];
        },
    ];
    for (n, trouble) in troubles.into_iter().enumerate() {
        let word = page_word(&buyer(), |s, o| {
            o.tracked = vec![parcel(ParcelState::InTransit)];
            trouble(s, o);
        });
        assert_eq!(word, Err(PageWhy::ParcelTrouble), "trouble {n}");
    }
    let on_time = page_word(&buyer(), |_, o| {
        o.snapshot.promised_on = Some(jiff::civil::date(2026, 11, 17));
        o.tracked = vec![parcel(ParcelState::Delivered)];
    });
    assert_eq!(
        on_time,
        Ok(Basis::SoftSpam),
        "what has come is late no more"
    );
    let reported: Spoil = |_, o| {
        o.problems = vec![reported_problem(ProblemKind::Damaged)];
    };
    assert_eq!(of(reported), Err(PageWhy::ProblemReported));
}

fn reported_problem(kind: ProblemKind) -> Problem {
    Problem {
        kind,
        parcel: None,
        text: None,
        photos: Vec::new(),
        at: noon(),
    }
}

#[test]
fn a_reported_problem_keeps_goods_off_the_page_until_its_case_is_closed() {
    let word = |problems: &[ProblemKind], tasks: &[OpenTask]| {
        let mut order = chair();
        order.problems = problems.iter().copied().map(reported_problem).collect();
        match decide_page(&shop(), &buyer(), &order, tasks, noon()) {
            PageDecision::Show(_) => None,
            PageDecision::Leave { why } => Some(why),
        }
    };
    for kind in ProblemKind::ALL {
        let case = task(kind.task());
        assert_eq!(word(&[kind], &[case]), Some(PageWhy::ProblemReported));
        assert_eq!(word(&[kind], &[]), None, "{kind:?}: its task is done");
    }
    // What else there is to do about the order is no case.
    let other = [task("by_hand"), task("hold_refused")];
    assert_eq!(word(&[ProblemKind::Damaged], &other), None);
    // A second report opens a case of its own.
    let both = [ProblemKind::Damaged, ProblemKind::Missing];
    let second = [task(ProblemKind::Missing.task())];
    assert_eq!(word(&both, &second), Some(PageWhy::ProblemReported));
    assert_eq!(word(&[], &second), None, "nothing was reported");
}

#[test]
fn a_click_on_the_page_is_never_counted_to_a_person() {
    let mut person = buyer();
    say(
        &mut person,
        Topic::TrackingClick,
        None,
        ConsentState::Confirmed,
    );
    for (set, measured) in [
        (TrackingMode::Off, TrackingMode::Off),
        (TrackingMode::Aggregate, TrackingMode::Aggregate),
    ] {
        let mut shop = shop();
        shop.tracking_click_default = set;
        let word = decide_page(&shop, &person, &chair(), &[], noon());
        let PageDecision::Show(grant) = word else {
            panic!("shown: {word:?}");
        };
        assert_eq!(grant.tracking_click, measured);
    }
}
