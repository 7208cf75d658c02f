//! The gate's promises: the five of rules section 0.2 for random people, and each condition of the table flipped alone.

use super::*;
use crate::cart::CartSnapshot;
use crate::consent::{ConsentAct, ConsentSource, ConsentState, Consents, Topic};
use crate::customer::{Contact, PersonDetails};
use crate::id::{CustomerId, OrderId, RunId};
use crate::money::Money;
use crate::order::{OrderSnapshot, PaymentState};
use crate::shop::Seller;
use jiff::SignedDuration;
use proptest::prelude::*;

/// A Wednesday, 11:00 in Rome.
pub(super) fn noon() -> Timestamp {
    "2026-11-18T10:00:00Z".parse().expect("a time")
}

pub(super) fn shop() -> ShopSettings {
    let mut shop = ShopSettings::new("Casa", "ordini@example.com", Seller::default());
    shop.similarity_groups
        .insert("Sedie".into(), "soggiorno".into());
    shop
}

pub(super) fn order() -> Order {
    let snapshot = OrderSnapshot {
        external_id: "1001".into(),
        number: "#1001".into(),
        placed_at: noon(),
        updated_at: noon(),
        person: PersonDetails::default(),
        lines: Vec::new(),
        subtotal: None,
        discount: None,
        shipping: None,
        tax: None,
        total: Money::eur(5_200),
        refunded: None,
        payment: PaymentState::Paid,
        payment_method: None,
        cash_on_delivery: false,
        cancelled_at: None,
        fulfilled: false,
        ship_to: None,
        shipping_method: None,
        promised_on: None,
        discount_codes: Vec::new(),
        soft_spam_notice: Some("v1".into()),
        cart_id: None,
        test: false,
        parcels: Vec::new(),
    };
    Order {
        id: OrderId(7),
        customer_id: CustomerId(1),
        snapshot,
        tracked: Vec::new(),
        returns: Vec::new(),
        problems: Vec::new(),
        delivered_at: None,
        entered: Default::default(),
        counted: true,
        traces: Default::default(),
    }
}

fn cart(minutes_ago: i64, reminders: u16) -> Cart {
    Cart {
        customer_id: CustomerId(1),
        snapshot: CartSnapshot {
            external_id: "c1".into(),
            updated_at: noon() - SignedDuration::from_mins(minutes_ago),
            person: PersonDetails::default(),
            lines: Vec::new(),
            total: None,
            url: None,
            completed_at: None,
        },
        removed: false,
        reminders,
        entered: Default::default(),
    }
}

/// Somebody reachable on every channel about whom nothing else is known.
pub(super) fn stranger() -> Customer {
    let mut person = Customer::new(CustomerId(1), noon() - SignedDuration::from_hours(24 * 30));
    person.emails.push("chiara@example.com".into());
    person.phones.push("+393331234567".into());
    person.attributes.insert("push".into(), true.into());
    person
}

/// The same with one paid order, the notice on it, of a mapped group.
pub(super) fn buyer() -> Customer {
    let mut person = stranger();
    person.purchases.orders = 1;
    person.purchases.last_at = Some(noon() - SignedDuration::from_hours(24 * 10));
    person.purchases.notice = Some((OrderId(7), "v1".into()));
    person.purchases.groups.insert("soggiorno".into(), noon());
    person
}

fn act(topic: Topic, channel: Option<Channel>, state: ConsentState) -> ConsentAct {
    ConsentAct {
        topic,
        channel,
        state,
        source: ConsentSource::Form,
        text_version: Some("v1".into()),
        form: None,
        language: None,
        proof: None,
    }
}

pub(super) fn say(
    person: &mut Customer,
    topic: Topic,
    channel: Option<Channel>,
    state: ConsentState,
) {
    person
        .consents
        .apply(&act(topic, channel, state), noon(), 99);
}

fn ask<'a>(
    shop: &'a ShopSettings,
    person: &'a Customer,
    purpose: Purpose,
    channel: Channel,
) -> Ask<'a> {
    Ask {
        shop,
        person,
        purpose,
        channel,
        content: Content::default(),
        order: None,
        cart: None,
        now: noon(),
    }
}

#[track_caller]
fn check(ask: &Ask<'_>, expected: Result<Basis, Reason>) {
    let found = match decide(ask) {
        Decision::Allow(grant) => Ok(grant.basis),
        Decision::Deny { why } | Decision::Defer { why, .. } => Err(why),
    };
    assert_eq!(found, expected, "{:?} by {:?}", ask.purpose, ask.channel);
}

#[test]
fn the_table_of_bases_holds_for_a_buyer_who_never_chose() {
    let (shop, person, order) = (shop(), buyer(), order());
    use Channel::*;
    let table = [
        (
            Purpose::Legal,
            [
                Ok(Basis::LegalDuty),
                Ok(Basis::LegalDuty),
                Ok(Basis::LegalDuty),
                Ok(Basis::LegalDuty),
            ],
        ),
        (
            Purpose::Service,
            [
                Ok(Basis::Contract),
                Ok(Basis::Contract),
                Ok(Basis::Contract),
                Ok(Basis::Contract),
            ],
        ),
        (
            Purpose::Care,
            [
                Ok(Basis::LegitimateInterest),
                Err(Reason::NoConsent),
                Ok(Basis::Consent),
                Err(Reason::ChannelNotAllowed),
            ],
        ),
        (
            Purpose::Feedback,
            [
                Ok(Basis::SoftSpam),
                Err(Reason::ChannelNeedsConsent),
                Err(Reason::ChannelNeedsConsent),
                Err(Reason::OptOutRegister),
            ],
        ),
        (
            Purpose::Cart,
            [
                Err(Reason::CartLimit),
                Err(Reason::NoConsent),
                Err(Reason::NoConsent),
                Err(Reason::NoConsent),
            ],
        ),
        (
            Purpose::MarketingSimilar,
            [
                Ok(Basis::SoftSpam),
                Err(Reason::ChannelNeedsConsent),
                Err(Reason::ChannelNeedsConsent),
                Err(Reason::OptOutRegister),
            ],
        ),
        (
            Purpose::Marketing,
            [
                Err(Reason::NoConsent),
                Err(Reason::NoConsent),
                Err(Reason::NoConsent),
                Err(Reason::OptOutRegister),
            ],
        ),
        (Purpose::ThirdParty, [Err(Reason::ThirdParty); 4]),
    ];
    for (purpose, row) in table {
        for (channel, expected) in [Email, Sms, Push, Call].into_iter().zip(row) {
            check(
                &Ask {
                    order: Some(&order),
                    ..ask(&shop, &person, purpose, channel)
                },
                expected,
            );
        }
    }
}

#[test]
fn each_condition_of_soft_spam_alone_carries_it() {
    type Flip = (fn(&mut Customer), Reason);
    let shop = shop();
    let flips: [Flip; 7] = [
        (|p| p.purchases.orders = 0, Reason::NoPurchase),
        (|p| p.purchases.notice = None, Reason::NoNotice),
        (|p| p.purchases.groups.clear(), Reason::NotSimilar),
        (
            |p| p.purchases.last_at = Some(noon() - SignedDuration::from_hours(24 * 30 * 25)),
            Reason::PurchaseTooOld,
        ),
        (
            |p| {
                say(
                    p,
                    Topic::MarketingSimilar,
                    Some(Channel::Email),
                    ConsentState::Objected,
                )
            },
            Reason::Objected,
        ),
        (
            |p| say(p, Topic::Marketing, None, ConsentState::Refused),
            Reason::Objected,
        ),
        (
            |p| p.suppression.complained_at = Some(noon()),
            Reason::Complained,
        ),
    ];
    check(
        &ask(&shop, &buyer(), Purpose::MarketingSimilar, Channel::Email),
        Ok(Basis::SoftSpam),
    );
    for (flip, why) in flips {
        let mut person = buyer();
        flip(&mut person);
        check(
            &ask(&shop, &person, Purpose::MarketingSimilar, Channel::Email),
            Err(why),
        );
    }
    let groups = ["cucina".to_owned()];
    let person = buyer();
    let content = Content {
        groups: &groups,
        ..Content::default()
    };
    check(
        &Ask {
            content,
            ..ask(&shop, &person, Purpose::MarketingSimilar, Channel::Email)
        },
        Err(Reason::NotSimilar),
    );
}

#[test]
fn a_cart_reminder_without_consent_is_one_informative_and_prompt() {
    let (shop, person) = (shop(), stranger());
    let fresh = cart(60, 0);
    let base = ask(&shop, &person, Purpose::Cart, Channel::Email);
    check(
        &Ask {
            cart: Some(&fresh),
            ..base.clone()
        },
        Ok(Basis::CartReminder),
    );
    let promo = Content {
        promo: true,
        ..Content::default()
    };
    check(
        &Ask {
            cart: Some(&fresh),
            content: promo,
            ..base.clone()
        },
        Err(Reason::PromoNotAllowed),
    );
    let again = cart(60, 1);
    check(
        &Ask {
            cart: Some(&again),
            ..base.clone()
        },
        Err(Reason::CartLimit),
    );
    let late = cart(25 * 60, 0);
    check(
        &Ask {
            cart: Some(&late),
            ..base.clone()
        },
        Err(Reason::CartLimit),
    );
    // Asked again when it leaves, the one reminder does not count against itself.
    let this = Content {
        this: Some(EffectId(1)),
        ..Content::default()
    };
    check(
        &Ask {
            cart: Some(&again),
            content: this,
            ..base
        },
        Ok(Basis::CartReminder),
    );
    let mut refused = stranger();
    say(&mut refused, Topic::Marketing, None, ConsentState::Refused);
    check(
        &Ask {
            cart: Some(&fresh),
            ..ask(&shop, &refused, Purpose::Cart, Channel::Email)
        },
        Err(Reason::Objected),
    );
    let mut agreed = stranger();
    say(&mut agreed, Topic::Marketing, None, ConsentState::Confirmed);
    check(
        &Ask {
            cart: Some(&again),
            ..ask(&shop, &agreed, Purpose::Cart, Channel::Email)
        },
        Ok(Basis::Consent),
    );
}

#[test]
fn opens_are_identified_only_with_consent_and_never_on_legal_mail() {
    let mut shop = shop();
    shop.tracking_open_default = TrackingMode::Identified;
    let order = order();
    let mode = |person: &Customer, purpose| {
        let ask = Ask {
            order: Some(&order),
            ..ask(&shop, person, purpose, Channel::Email)
        };
        match decide(&ask) {
            Decision::Allow(grant) => grant.tracking_open,
            other => panic!("{other:?}"),
        }
    };
    let mut person = buyer();
    assert_eq!(mode(&person, Purpose::Service), TrackingMode::Aggregate);
    say(
        &mut person,
        Topic::TrackingOpen,
        None,
        ConsentState::Confirmed,
    );
    assert_eq!(mode(&person, Purpose::Service), TrackingMode::Identified);
    assert_eq!(mode(&person, Purpose::Legal), TrackingMode::Off);
}

#[test]
fn promotional_blocks_need_what_marketing_needs() {
    let (shop, order) = (shop(), order());
    let blocks = |person: &Customer, purpose| match decide(&Ask {
        order: Some(&order),
        ..ask(&shop, person, purpose, Channel::Email)
    }) {
        Decision::Allow(grant) => grant.promo_blocks,
        other => panic!("{other:?}"),
    };
    assert!(blocks(&buyer(), Purpose::Service));
    assert!(!blocks(&stranger(), Purpose::Service));
    assert!(!blocks(&buyer(), Purpose::Legal));
}

#[test]
fn a_promotional_sms_on_a_saturday_evening_waits_until_monday_morning() {
    let shop = shop();
    let mut person = stranger();
    say(&mut person, Topic::Marketing, None, ConsentState::Confirmed);
    let saturday = "2026-11-21T18:01:00Z".parse().expect("a time"); // 19:01 in Rome
    let ask = Ask {
        now: saturday,
        ..ask(&shop, &person, Purpose::Marketing, Channel::Sms)
    };
    let Decision::Defer { until, why } = decide(&ask) else {
        panic!("not deferred")
    };
    assert_eq!(why, Reason::QuietHours);
    let monday: Timestamp = "2026-11-23T08:00:00Z".parse().expect("a time");
    assert!(
        until >= monday && until < monday + SignedDuration::from_mins(31),
        "{until}"
    );
}

#[test]
fn the_fourth_promotional_mail_of_a_week_is_not_sent() {
    let shop = ShopSettings {
        mix: crate::shop::Mix {
            promo_percent_max: 100,
            window_days: 60,
        },
        ..shop()
    };
    let mut person = stranger();
    say(&mut person, Topic::Marketing, None, ConsentState::Confirmed);
    for (n, hours) in [(1, 30), (2, 20), (3, 10)] {
        check(
            &ask(&shop, &person, Purpose::Marketing, Channel::Email),
            Ok(Basis::Consent),
        );
        let at = noon() - SignedDuration::from_hours(hours);
        let effect = EffectId::derive(RunId(1), n, 0);
        person.remember(Contact::new(effect, at, Channel::Email, Purpose::Marketing));
    }
    check(
        &ask(&shop, &person, Purpose::Marketing, Channel::Email),
        Err(Reason::FrequencyCap),
    );
    // A service message is never capped.
    let order = order();
    check(
        &Ask {
            order: Some(&order),
            ..ask(&shop, &person, Purpose::Service, Channel::Email)
        },
        Ok(Basis::Contract),
    );
}

#[test]
fn promotion_stays_within_its_share() {
    let shop = shop();
    let mut person = stranger();
    say(&mut person, Topic::Marketing, None, ConsentState::Confirmed);
    let mut remember = |n: u32, purpose| {
        let at = noon() - SignedDuration::from_hours(24 * 9 + i64::from(n));
        let effect = EffectId::derive(RunId(1), n, 0);
        person.remember(Contact::new(effect, at, Channel::Email, purpose));
    };
    for n in 0..5 {
        remember(n, Purpose::Service);
    }
    remember(9, Purpose::Marketing);
    remember(10, Purpose::Marketing);
    check(
        &ask(&shop, &person, Purpose::Marketing, Channel::Email),
        Err(Reason::ContentMix),
    );
    for n in 20..23 {
        let at = noon() - SignedDuration::from_hours(24 * 9 + i64::from(n));
        let effect = EffectId::derive(RunId(1), n, 0);
        person.remember(Contact::new(effect, at, Channel::Email, Purpose::Care));
    }
    check(
        &ask(&shop, &person, Purpose::Marketing, Channel::Email),
        Ok(Basis::Consent),
    );
}

#[test]
fn a_hard_bounce_stops_everything_on_that_channel_even_legal() {
    let shop = shop();
    let mut person = buyer();
    person.suppression.hard_bounced_at = Some(noon());
    for purpose in [Purpose::Legal, Purpose::Service, Purpose::Marketing] {
        check(
            &ask(&shop, &person, purpose, Channel::Email),
            Err(Reason::HardBounce),
        );
    }
}

#[test]
fn an_import_cannot_undo_a_withdrawal_and_a_new_act_can() {
    let mut consents = Consents::default();
    let later = noon() + SignedDuration::from_hours(1);
    assert!(consents.apply(
        &act(Topic::Marketing, None, ConsentState::Withdrawn),
        noon(),
        1
    ));
    let import = ConsentAct {
        source: ConsentSource::Import,
        ..act(Topic::Marketing, None, ConsentState::Confirmed)
    };
    assert!(!consents.apply(&import, later, 2));
    assert!(!consents.agreed(Topic::Marketing, Some(Channel::Email)));
    assert!(consents.apply(
        &act(Topic::Marketing, None, ConsentState::Confirmed),
        later,
        3
    ));
    assert!(consents.agreed(Topic::Marketing, Some(Channel::Email)));
}

#[test]
fn a_grant_without_its_text_proves_nothing() {
    let mut consents = Consents::default();
    let bare = ConsentAct {
        text_version: None,
        ..act(Topic::Marketing, None, ConsentState::Confirmed)
    };
    consents.apply(&bare, noon(), 1);
    assert_eq!(
        consents.state(Topic::Marketing, Some(Channel::Email)),
        ConsentState::Unknown
    );
}

#[test]
fn every_reason_has_a_name_of_its_own_and_words_in_both_languages() {
    use crate::italy::Locale;
    for reason in Reason::ALL {
        assert_eq!(Reason::parse(reason.as_str()), Some(reason));
        assert!(reason.words(Locale::It).len() > 10 && reason.words(Locale::En).len() > 10);
    }
}

fn any_state() -> impl Strategy<Value = ConsentState> {
    prop_oneof![
        Just(ConsentState::Granted),
        Just(ConsentState::Confirmed),
        Just(ConsentState::Refused),
        Just(ConsentState::Withdrawn),
        Just(ConsentState::Objected),
        Just(ConsentState::Unknown),
    ]
}

fn any_acts() -> impl Strategy<Value = Vec<(usize, Option<usize>, ConsentState, i64)>> {
    prop::collection::vec(
        (
            0..Topic::ALL.len(),
            prop::option::of(0..Channel::ALL.len()),
            any_state(),
            -500_i64..0,
        ),
        0..12,
    )
}

/// A random person: bought or not, with random acts and recent contacts.
fn person_of(
    bought: bool,
    acts: &[(usize, Option<usize>, ConsentState, i64)],
    contacts: usize,
) -> Customer {
    let mut person = if bought { buyer() } else { stranger() };
    for (n, (topic, channel, state, hours)) in acts.iter().enumerate() {
        let at = noon() + SignedDuration::from_hours(*hours);
        let act = act(Topic::ALL[*topic], channel.map(|c| Channel::ALL[c]), *state);
        person.consents.apply(&act, at, n as i64);
    }
    for n in 0..contacts {
        let at = noon() - SignedDuration::from_hours(n as i64);
        let (channel, purpose) = (Channel::ALL[n % 4], Purpose::ALL[n % 8]);
        person.remember(Contact::new(EffectId(n as u128), at, channel, purpose));
    }
    person
}

fn allowed(decision: &Decision) -> bool {
    matches!(decision, Decision::Allow(_))
}

proptest! {
    #[test]
    fn without_consent_and_purchase_nothing_promotional_is_allowed(
        acts in any_acts(), contacts in 0_usize..20, hour in -2_000_i64..2_000,
    ) {
        let shop = shop();
        let acts: Vec<_> = acts.into_iter().filter(|(_, _, state, _)| *state != ConsentState::Confirmed).collect();
        let person = person_of(false, &acts, contacts);
        for purpose in [Purpose::Feedback, Purpose::MarketingSimilar, Purpose::Marketing, Purpose::ThirdParty] {
            for channel in Channel::ALL {
                let now = noon() + SignedDuration::from_hours(hour);
                let word = decide(&Ask { now, ..ask(&shop, &person, purpose, channel) });
                prop_assert!(!allowed(&word));
            }
        }
    }

    #[test]
    fn soft_spam_never_allows_anything_but_mail(acts in any_acts(), contacts in 0_usize..20) {
        let (shop, person) = (shop(), person_of(true, &acts, contacts));
        for purpose in Purpose::ALL {
            for channel in [Channel::Sms, Channel::Push, Channel::Call] {
                if let Decision::Allow(grant) = decide(&ask(&shop, &person, purpose, channel)) {
                    prop_assert_ne!(grant.basis, Basis::SoftSpam);
                }
            }
        }
    }

    #[test]
    fn after_a_withdrawal_nothing_of_that_purpose_leaves_on_that_channel(
        acts in any_acts(), bought: bool, channel in 0_usize..4,
    ) {
        let shop = shop();
        let channel = Channel::ALL[channel];
        let pairs = [
            (Purpose::Marketing, Topic::Marketing),
            (Purpose::MarketingSimilar, Topic::MarketingSimilar),
            (Purpose::Feedback, Topic::Feedback),
            (Purpose::Cart, Topic::Cart),
            (Purpose::Care, Topic::Care),
        ];
        for (purpose, topic) in pairs {
            let mut person = person_of(bought, &acts, 0);
            let withdrawn = act(topic, Some(channel), ConsentState::Withdrawn);
            person.consents.apply(&withdrawn, noon(), 1_000);
            let (order, cart) = (order(), cart(30, 0));
            let later = noon() + SignedDuration::from_mins(1);
            let ask = Ask { order: Some(&order), cart: Some(&cart), now: later, ..ask(&shop, &person, purpose, channel) };
            prop_assert!(!allowed(&decide(&ask)), "{:?} {:?}", purpose, channel);
        }
    }

    #[test]
    fn legal_mail_is_denied_by_nothing_but_a_dead_address(
        acts in any_acts(), bought: bool, contacts in 0_usize..48, minor: bool, complained: bool, hour in -5_000_i64..5_000,
    ) {
        let shop = shop();
        let mut person = person_of(bought, &acts, contacts);
        person.minor = minor;
        person.suppression.complained_at = complained.then(noon);
        let now = noon() + SignedDuration::from_hours(hour);
        let word = decide(&Ask { now, ..ask(&shop, &person, Purpose::Legal, Channel::Email) });
        prop_assert!(allowed(&word));
    }

    #[test]
    fn the_shops_default_never_identifies_anybody(acts in any_acts(), open in 0_usize..3, click in 0_usize..3) {
        let modes = [TrackingMode::Off, TrackingMode::Aggregate, TrackingMode::Identified];
        let mut shop = shop();
        shop.tracking_open_default = modes[open];
        shop.tracking_click_default = modes[click];
        let person = person_of(true, &acts, 0);
        let order = order();
        let ask = Ask { order: Some(&order), ..ask(&shop, &person, Purpose::Service, Channel::Email) };
        if let Decision::Allow(grant) = decide(&ask) {
            if !person.consents.agreed(Topic::TrackingOpen, None) {
                prop_assert_ne!(grant.tracking_open, TrackingMode::Identified);
            }
            if !person.consents.agreed(Topic::TrackingClick, None) {
                prop_assert_ne!(grant.tracking_click, TrackingMode::Identified);
            }
        }
    }
}
