//! The queue: claims, what became of them, and what a crash leaves.
#![expect(missing_docs, reason = "a fact's name says what it checks")]

use super::{Subject, end_of_time, put, shop, try_put};
use crate::build::*;
use dopo_core::advance::{MessageMark, Writes};
use dopo_core::consent::{Channel, Purpose};
use dopo_core::counter::Counters;
use dopo_core::gate::Reason;
use dopo_core::id::{CustomerId, EffectId, OrderId, RunId, ShopId};
use dopo_core::message::{Message, MessageStatus};
use dopo_engine::ports::store::{
    Claimed, Finish, Finished, MessageFilter, NODE_SILENCE_SECONDS_MAX, Recovered, StoreError,
};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Puts messages into the queue, with a customer.
async fn queue(store: &Subject, shop: ShopId, messages: Vec<Message>) {
    put(
        store,
        shop,
        Writes {
            customers: vec![customer(1, "anna@posta.example")],
            due: messages.iter().map(due).collect(),
            messages,
            ..Writes::default()
        },
    )
    .await;
}

async fn claim(store: &Subject, now: Timestamp) -> Vec<Claimed> {
    store
        .claim_effects(0, Channel::Email, now, 64)
        .await
        .unwrap()
}

async fn finish(store: &Subject, shop: ShopId, message: EffectId, finish: Finish) {
    let one = Finished {
        shop,
        message,
        finish,
    };
    store
        .finish_effects(vec![one], Counters::default(), Vec::new())
        .await
        .unwrap();
}

async fn stored(store: &Subject, shop: ShopId, id: EffectId) -> Message {
    store.message(shop, id).await.unwrap().unwrap().0
}

fn sent(at: Timestamp) -> Finish {
    Finish::Sent {
        at,
        captured: false,
        grant: grant(),
        rendering: rendering("Anna"),
    }
}

pub async fn a_message_without_a_basis_cannot_be_queued(store: Subject) {
    let shop = shop(&store).await;
    for status in [
        MessageStatus::Queued,
        MessageStatus::Sending,
        MessageStatus::Sent,
        MessageStatus::Captured,
    ] {
        let mut bare = message(1, 0, 1);
        bare.grant = None;
        bare.status = status;
        let result = try_put(
            &store,
            shop,
            Writes {
                messages: vec![bare],
                ..Writes::default()
            },
        )
        .await;
        assert!(matches!(result, Err(StoreError::Rejected(_))), "{result:?}");
    }
    let mut held = message(1, 0, 1);
    held.grant = None;
    held.status = MessageStatus::HeldBack;
    held.reason = Some(Reason::NoConsent);
    put(
        &store,
        shop,
        Writes {
            messages: vec![held.clone()],
            ..Writes::default()
        },
    )
    .await;
    assert_eq!(stored(&store, shop, held.id).await, held);
}

pub async fn a_claim_marks_sending_and_brings_the_facts(store: Subject) {
    let shop = shop(&store).await;
    let mut one = message(1, 0, 1);
    one.order_id = Some(OrderId(10));
    one.cart_id = Some("c1".to_owned());
    one.parcel = Some(2);
    put(
        &store,
        shop,
        Writes {
            customers: vec![customer(1, "anna@posta.example")],
            orders: vec![order(10, 1, "1001")],
            carts: vec![cart("c1", 1)],
            messages: vec![one.clone()],
            due: vec![due(&one)],
            ..Writes::default()
        },
    )
    .await;
    let claimed = claim(&store, t(1)).await;
    assert_eq!(claimed.len(), 1);
    let got = &claimed[0];
    one.status = MessageStatus::Sending;
    assert_eq!(got.shop, shop);
    assert_eq!(got.message, one);
    assert_eq!(got.customer, customer(1, "anna@posta.example"));
    assert_eq!(got.order, Some(order(10, 1, "1001")));
    assert_eq!(got.cart, Some(cart("c1", 1)));
    assert!(!got.repeated);
    assert_eq!(
        stored(&store, shop, one.id).await.status,
        MessageStatus::Sending
    );
    assert!(claim(&store, t(1)).await.is_empty(), "nobody gets it again");
}

pub async fn nothing_is_claimed_before_its_time(store: Subject) {
    let shop = shop(&store).await;
    let mut late = message(1, 0, 1);
    late.due_at = t(100);
    let soon = message(1, 1, 1);
    queue(&store, shop, vec![late.clone(), soon.clone()]).await;
    let first = claim(&store, t(99)).await;
    assert_eq!(first.len(), 1);
    assert_eq!(first[0].message.id, soon.id);
    let second = claim(&store, t(100)).await;
    assert_eq!(second.len(), 1);
    assert_eq!(second[0].message.id, late.id);
}

pub async fn channels_have_queues_of_their_own(store: Subject) {
    let shop = shop(&store).await;
    let mail = message(1, 0, 1);
    let mut text = message(1, 1, 1);
    text.send = send(Channel::Sms, Purpose::Service);
    queue(&store, shop, vec![mail.clone(), text.clone()]).await;
    let sms = store
        .claim_effects(0, Channel::Sms, t(1), 64)
        .await
        .unwrap();
    assert_eq!(sms.len(), 1);
    assert_eq!(sms[0].message.id, text.id);
    let push = store.claim_effects(0, Channel::Push, t(1), 64).await;
    assert!(push.unwrap().is_empty());
    assert_eq!(claim(&store, t(1)).await[0].message.id, mail.id);
}

pub async fn two_claimers_never_share(store: Subject) {
    let shop = shop(&store).await;
    let all: Vec<_> = (0..200).map(|n| message(1, n, 1)).collect();
    queue(&store, shop, all).await;
    let claimers: Vec<_> = (0..4_u8)
        .map(|node| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let mut got = Vec::new();
                for _ in 0..40 {
                    let claimed = store
                        .claim_effects(node, Channel::Email, t(1), 9)
                        .await
                        .unwrap();
                    assert!(claimed.len() <= 9);
                    got.extend(claimed.into_iter().map(|c| c.message.id));
                }
                got
            })
        })
        .collect();
    let mut got = Vec::new();
    for claimer in claimers {
        got.extend(claimer.await.unwrap());
    }
    assert_eq!(got.len(), 200);
    assert_eq!(got.iter().collect::<BTreeSet<_>>().len(), 200);
}

pub async fn a_sent_message_leaves_the_queue_with_its_rendering(store: Subject) {
    let shop = shop(&store).await;
    let one = message(1, 0, 1);
    queue(&store, shop, vec![one.clone()]).await;
    claim(&store, t(1)).await;
    let mut again = grant();
    again.evidence = "order:2".to_owned();
    let day = jiff::civil::date(2026, 3, 2);
    let mut counters = Counters::default();
    counters.add(shop, day, "messages.sent", "welcome/hello/email", 1);
    store
        .finish_effects(
            vec![Finished {
                shop,
                message: one.id,
                finish: Finish::Sent {
                    at: t(2),
                    captured: false,
                    grant: again.clone(),
                    rendering: rendering("Anna"),
                },
            }],
            counters,
            Vec::new(),
        )
        .await
        .unwrap();
    let (message, made_of) = store.message(shop, one.id).await.unwrap().unwrap();
    let expected = Message {
        status: MessageStatus::Sent,
        sent_at: Some(t(2)),
        grant: Some(again),
        attempts: 1,
        ..one
    };
    assert_eq!(message, expected);
    assert_eq!(made_of, Some(rendering("Anna")));
    assert!(claim(&store, end_of_time()).await.is_empty());
    let counted = store.counters(shop, "messages.", day, day).await.unwrap();
    assert_eq!(counted[0].1, 1);
}

pub async fn a_captured_message_is_not_sent(store: Subject) {
    let shop = shop(&store).await;
    let one = message(1, 0, 1);
    queue(&store, shop, vec![one.clone()]).await;
    claim(&store, t(1)).await;
    let captured = Finish::Sent {
        at: t(2),
        captured: true,
        grant: grant(),
        rendering: rendering("Anna"),
    };
    finish(&store, shop, one.id, captured).await;
    let kept = stored(&store, shop, one.id).await;
    assert_eq!(kept.status, MessageStatus::Captured);
    assert_eq!(kept.sent_at, Some(t(2)));
}

pub async fn a_held_back_message_leaves_the_queue(store: Subject) {
    let shop = shop(&store).await;
    let one = message(1, 0, 1);
    queue(&store, shop, vec![one.clone()]).await;
    claim(&store, t(1)).await;
    let why = Reason::Objected;
    finish(&store, shop, one.id, Finish::HeldBack { why }).await;
    let held = stored(&store, shop, one.id).await;
    assert_eq!(held.status, MessageStatus::HeldBack);
    assert_eq!(held.reason, Some(Reason::Objected));
    assert_eq!(held.sent_at, None);
    assert!(claim(&store, end_of_time()).await.is_empty());
}

pub async fn a_deferred_message_comes_again_later(store: Subject) {
    let shop = shop(&store).await;
    let one = message(1, 0, 1);
    queue(&store, shop, vec![one.clone()]).await;
    claim(&store, t(1)).await;
    let deferred = Finish::Deferred {
        until: t(500),
        why: Reason::QuietHours,
    };
    finish(&store, shop, one.id, deferred).await;
    let put_off = stored(&store, shop, one.id).await;
    assert_eq!(put_off.status, MessageStatus::Queued);
    assert_eq!(put_off.reason, Some(Reason::QuietHours));
    assert_eq!(put_off.due_at, t(500));
    assert_eq!(put_off.attempts, 0, "nothing was handed over");
    assert!(claim(&store, t(499)).await.is_empty());
    assert_eq!(claim(&store, t(500)).await.len(), 1);
}

pub async fn a_retried_message_comes_again_and_counts(store: Subject) {
    let shop = shop(&store).await;
    let one = message(1, 0, 1);
    queue(&store, shop, vec![one.clone()]).await;
    for n in 1..=3 {
        assert_eq!(claim(&store, t(100 * n)).await.len(), 1);
        let retry = Finish::Retry {
            at: t(100 * n + 50),
            why: "451 try later".to_owned(),
        };
        finish(&store, shop, one.id, retry).await;
        assert!(claim(&store, t(100 * n + 49)).await.is_empty());
        let waiting = stored(&store, shop, one.id).await;
        assert_eq!(waiting.status, MessageStatus::Queued);
        assert_eq!(i64::from(waiting.attempts), n);
        assert_eq!(waiting.failure.as_deref(), Some("451 try later"));
    }
    claim(&store, t(900)).await;
    finish(&store, shop, one.id, sent(t(901))).await;
    let done = stored(&store, shop, one.id).await;
    assert_eq!(done.status, MessageStatus::Sent);
    assert_eq!(done.attempts, 4);
    assert_eq!(done.failure, None, "in the end nothing went wrong");
}

pub async fn a_failed_message_is_a_dead_letter(store: Subject) {
    let shop = shop(&store).await;
    let one = message(1, 0, 1);
    queue(&store, shop, vec![one.clone()]).await;
    claim(&store, t(1)).await;
    let why = "550 no such user".to_owned();
    finish(&store, shop, one.id, Finish::Failed { why }).await;
    let dead = stored(&store, shop, one.id).await;
    assert_eq!(dead.status, MessageStatus::Failed);
    assert_eq!(dead.failure.as_deref(), Some("550 no such user"));
    assert_eq!(dead.attempts, 1);
    assert!(claim(&store, end_of_time()).await.is_empty());
    let filter = MessageFilter {
        status: Some(MessageStatus::Failed),
        ..MessageFilter::default()
    };
    assert_eq!(store.messages(shop, &filter, 10).await.unwrap(), [dead]);
}

pub async fn a_message_in_doubt_is_not_repeated(store: Subject) {
    let shop = shop(&store).await;
    let one = message(1, 0, 1);
    queue(&store, shop, vec![one.clone()]).await;
    claim(&store, t(1)).await;
    let why = "connection lost after DATA".to_owned();
    finish(&store, shop, one.id, Finish::InDoubt { why }).await;
    let doubt = stored(&store, shop, one.id).await;
    assert_eq!(doubt.status, MessageStatus::InDoubt);
    assert!(claim(&store, end_of_time()).await.is_empty());
}

/// One message of every purpose.
fn of_all_purposes() -> Vec<Message> {
    Purpose::ALL
        .into_iter()
        .zip(0..)
        .map(|(purpose, n)| {
            let mut one = message(1, n, 1);
            one.send = send(Channel::Email, purpose);
            one
        })
        .collect()
}

async fn check_recovered(store: &Subject, shop: ShopId, recovered: Recovered) {
    assert_eq!(
        recovered,
        Recovered {
            repeated: 2,
            in_doubt: 6
        }
    );
    let again = claim(store, t(100)).await;
    let purposes: BTreeSet<Purpose> = again.iter().map(|c| c.message.send.purpose).collect();
    assert_eq!(purposes, BTreeSet::from([Purpose::Legal, Purpose::Service]));
    assert!(again.iter().all(|c| c.repeated), "known to be repeats");
    for one in of_all_purposes() {
        let status = stored(store, shop, one.id).await.status;
        if one.send.purpose.repeats_when_in_doubt() {
            assert_eq!(status, MessageStatus::Sending);
        } else {
            assert_eq!(status, MessageStatus::InDoubt);
        }
    }
}

pub async fn a_dead_node_leaves_service_to_repeat_and_the_rest_in_doubt(store: Subject) {
    let shop = shop(&store).await;
    queue(&store, shop, of_all_purposes()).await;
    let node = store.acquire_node(t(0)).await.unwrap();
    let claimed = store
        .claim_effects(node, Channel::Email, t(1), 64)
        .await
        .unwrap();
    assert_eq!(claimed.len(), 8);
    let recovered = store
        .recover(t(NODE_SILENCE_SECONDS_MAX + 1), None)
        .await
        .unwrap();
    check_recovered(&store, shop, recovered).await;
}

pub async fn a_living_node_keeps_its_claims(store: Subject) {
    let shop = shop(&store).await;
    queue(&store, shop, of_all_purposes()).await;
    let node = store.acquire_node(t(0)).await.unwrap();
    store
        .claim_effects(node, Channel::Email, t(1), 64)
        .await
        .unwrap();
    store.heartbeat(node, t(60)).await.unwrap();
    let none = store
        .recover(t(60 + NODE_SILENCE_SECONDS_MAX), None)
        .await
        .unwrap();
    assert_eq!(none, Recovered::default());
    assert!(claim(&store, t(100)).await.is_empty());
}

pub async fn a_new_node_recovers_its_own_number(store: Subject) {
    let shop = shop(&store).await;
    queue(&store, shop, of_all_purposes()).await;
    let node = store.acquire_node(t(0)).await.unwrap();
    store
        .claim_effects(node, Channel::Email, t(1), 64)
        .await
        .unwrap();
    // Killed and started again: whatever stands under the number is from before.
    store.heartbeat(node, t(60)).await.unwrap();
    let recovered = store.recover(t(60), Some(node)).await.unwrap();
    check_recovered(&store, shop, recovered).await;
}

pub async fn a_bounce_before_the_record_stays_a_bounce(store: Subject) {
    let shop = shop(&store).await;
    let one = message(1, 0, 1);
    queue(&store, shop, vec![one.clone()]).await;
    claim(&store, t(1)).await;
    let bounced = MessageMark::Bounced(t(2), "550 mailbox gone".to_owned());
    put(
        &store,
        shop,
        Writes {
            marks: vec![(one.id, bounced)],
            ..Writes::default()
        },
    )
    .await;
    finish(&store, shop, one.id, sent(t(3))).await;
    let kept = stored(&store, shop, one.id).await;
    assert_eq!(kept.status, MessageStatus::Bounced);
    assert_eq!(kept.failure.as_deref(), Some("550 mailbox gone"));
    assert_eq!(kept.sent_at, Some(t(3)));
    assert!(claim(&store, end_of_time()).await.is_empty());
}

pub async fn marks_touch_only_their_columns(store: Subject) {
    let shop = shop(&store).await;
    let one = message(1, 0, 1);
    queue(&store, shop, vec![one.clone()]).await;
    claim(&store, t(1)).await;
    finish(&store, shop, one.id, sent(t(2))).await;
    let before = stored(&store, shop, one.id).await;
    let marks = vec![
        (one.id, MessageMark::Opened(t(5))),
        (one.id, MessageMark::Opened(t(6))),
        (one.id, MessageMark::Clicked(t(7))),
        (one.id, MessageMark::Clicked(t(8))),
        (EffectId::derive(RunId(99), 1, 0), MessageMark::Opened(t(5))),
    ];
    put(
        &store,
        shop,
        Writes {
            marks,
            ..Writes::default()
        },
    )
    .await;
    let after = stored(&store, shop, one.id).await;
    let expected = Message {
        opened_at: Some(t(5)),
        clicked_at: Some(t(7)),
        ..before
    };
    assert_eq!(after, expected, "the first of each counts");
}

pub async fn requeue_takes_only_what_failed_or_is_in_doubt(store: Subject) {
    let shop = shop(&store).await;
    let (failed, doubted, left) = (message(1, 0, 1), message(1, 1, 1), message(1, 2, 1));
    queue(
        &store,
        shop,
        vec![failed.clone(), doubted.clone(), left.clone()],
    )
    .await;
    assert!(
        !store.requeue(shop, failed.id, t(1)).await.unwrap(),
        "it is queued already"
    );
    assert_eq!(claim(&store, t(1)).await.len(), 3);
    let why = || "broken".to_owned();
    finish(&store, shop, failed.id, Finish::Failed { why: why() }).await;
    finish(&store, shop, doubted.id, Finish::InDoubt { why: why() }).await;
    finish(&store, shop, left.id, sent(t(2))).await;
    assert!(!store.requeue(shop, left.id, t(3)).await.unwrap());
    assert!(!store.requeue(ShopId(999), failed.id, t(3)).await.unwrap());
    let unknown = EffectId::derive(RunId(99), 1, 0);
    assert!(!store.requeue(shop, unknown, t(3)).await.unwrap());
    assert!(store.requeue(shop, failed.id, t(3)).await.unwrap());
    assert!(store.requeue(shop, doubted.id, t(4)).await.unwrap());
    assert!(claim(&store, t(2)).await.is_empty());
    let again = claim(&store, t(4)).await;
    let repeated: Vec<_> = again.iter().map(|c| (c.message.id, c.repeated)).collect();
    assert_eq!(repeated, [(failed.id, false), (doubted.id, true)]);
    assert!(again.iter().all(|c| c.message.attempts == 0));
    assert!(again.iter().all(|c| c.message.failure.is_none()));
}

pub async fn the_depth_tells_due_from_later(store: Subject) {
    let shop = shop(&store).await;
    let mut late = message(1, 1, 1);
    late.due_at = t(100);
    let mut text = message(1, 2, 1);
    text.send = send(Channel::Sms, Purpose::Service);
    let taken = message(1, 3, 1);
    queue(&store, shop, vec![taken]).await;
    claim(&store, t(1)).await;
    queue(&store, shop, vec![message(1, 0, 1), late, text]).await;
    let depth = store.queue_depth(t(50)).await.unwrap();
    let expected = [
        (Channel::Email, 1, 1),
        (Channel::Sms, 1, 0),
        (Channel::Push, 0, 0),
        (Channel::Call, 0, 0),
    ];
    assert_eq!(depth, expected, "what is being handed over does not wait");
    let person = store.customer(shop, CustomerId(1)).await.unwrap();
    assert!(person.is_some());
}
