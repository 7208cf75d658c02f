//! Short links of messages.
#![expect(missing_docs, reason = "a fact's name says what it checks")]

use super::{Subject, put, shop};
use crate::build::*;
use dopo_core::advance::Writes;
use dopo_core::id::{CustomerId, EffectId, RunId, ShopId};
use dopo_engine::ports::links::{SHORT_LINK_REMEMBERED_DAYS, SHORT_LINKS_MAX, ShortLinkRow};
use dopo_engine::ports::store::StoreError;

/// A link of a message to a place; `made` tells apart what was made for the same place twice.
fn link(shop: ShopId, run: i64, place: u8, made: u8) -> ShortLinkRow {
    let mut hash = vec![made; 32];
    hash[0] = place;
    hash[1..9].copy_from_slice(&run.to_be_bytes());
    hash[9..17].copy_from_slice(&shop.0.to_be_bytes());
    ShortLinkRow {
        shop,
        message: EffectId::derive(RunId(run), 1, 0),
        target: vec![place; 32],
        hash,
        sealed: vec![made; 60],
        expires_at: t(86_400),
    }
}

pub async fn a_short_link_is_kept_once_for_its_message_and_place(store: Subject) {
    let shop = shop(&store).await;
    let first = vec![
        link(shop, 1, 1, 1),
        link(shop, 1, 2, 1),
        link(shop, 2, 1, 1),
    ];
    let kept = store.keep_short_links(first.clone()).await.unwrap();
    assert_eq!(kept, first);

    let again = vec![
        link(shop, 2, 1, 9),
        link(shop, 2, 3, 9),
        link(shop, 1, 1, 9),
    ];
    let kept = store.keep_short_links(again.clone()).await.unwrap();
    assert_eq!(
        kept,
        [first[2].clone(), again[1].clone(), first[0].clone()],
        "in the order given, those that were there as they were"
    );
    let gone = store.short_link(&again[0].hash).await.unwrap();
    assert_eq!(gone, None, "what was not needed is not kept");
    assert!(store.keep_short_links(vec![]).await.unwrap().is_empty());

    let many = (0..=SHORT_LINKS_MAX as i64).map(|n| link(shop, n, 7, 7));
    let refused = store.keep_short_links(many.collect()).await;
    assert!(matches!(refused, Err(StoreError::Rejected(_))));
}

pub async fn a_short_link_says_whose_it_is(store: Subject) {
    let (ours, theirs) = (shop(&store).await, shop(&store).await);
    let both = vec![link(ours, 1, 1, 1), link(theirs, 1, 1, 1)];
    store.keep_short_links(both.clone()).await.unwrap();
    for one in &both {
        let found = store.short_link(&one.hash).await.unwrap();
        assert_eq!(found.as_ref(), Some(one));
    }
    assert_eq!(store.short_link(&[0; 32]).await.unwrap(), None);
}

pub async fn short_links_go_with_their_person(store: Subject) {
    let (shop, other) = (shop(&store).await, shop(&store).await);
    let writes = |email: &str, elsewhere: &str| Writes {
        customers: vec![customer(1, email), customer(2, elsewhere)],
        identities: vec![
            (email_key(email), CustomerId(1)),
            (email_key(elsewhere), CustomerId(2)),
        ],
        messages: vec![message(1, 0, 1), message(2, 0, 2)],
        ..Writes::default()
    };
    for shop in [shop, other] {
        put(
            &store,
            shop,
            writes("anna@posta.example", "bruno@posta.example"),
        )
        .await;
    }
    let kept = vec![
        link(shop, 1, 1, 1),
        link(shop, 2, 1, 1),
        link(other, 1, 1, 1),
    ];
    store.keep_short_links(kept.clone()).await.unwrap();
    let of = async |shop: ShopId, customer: i64| {
        store
            .short_links_of(shop, CustomerId(customer))
            .await
            .unwrap()
    };
    assert_eq!(of(shop, 1).await, [kept[0].clone()]);
    assert!(of(shop, 9).await.is_empty());

    let forget = Writes {
        forgotten: vec![CustomerId(1)],
        ..Writes::default()
    };
    put(&store, shop, forget).await;
    assert!(of(shop, 1).await.is_empty());
    assert_eq!(store.short_link(&kept[0].hash).await.unwrap(), None);
    assert_eq!(of(shop, 2).await, [kept[1].clone()]);
    assert_eq!(of(other, 1).await, [kept[2].clone()]);
}

pub async fn short_links_are_remembered_for_a_time_after_they_expired(store: Subject) {
    let shop = shop(&store).await;
    let day = 86_400;
    let mut late = link(shop, 2, 1, 1);
    late.expires_at = t(2 * day);
    let both = vec![link(shop, 1, 1, 1), late];
    store.keep_short_links(both.clone()).await.unwrap();
    let gone = async |days: i64| store.prune(t(days * day + 1)).await.unwrap().links;
    assert_eq!(gone(SHORT_LINK_REMEMBERED_DAYS).await, 0);
    assert!(store.short_link(&both[0].hash).await.unwrap().is_some());
    assert_eq!(gone(SHORT_LINK_REMEMBERED_DAYS + 1).await, 1);
    assert_eq!(store.short_link(&both[0].hash).await.unwrap(), None);
    assert_eq!(gone(SHORT_LINK_REMEMBERED_DAYS + 2).await, 1);
    assert_eq!(store.short_link(&both[1].hash).await.unwrap(), None);
}
