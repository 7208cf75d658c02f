//! Shops, what they publish, and the people who work with it.
#![expect(missing_docs, reason = "a fact's name says what it checks")]

use super::{Subject, put, shop};
use crate::build::*;
use dopo_core::advance::Writes;
use dopo_core::id::ShopId;
use dopo_core::italy::Locale;
use dopo_engine::ports::store::{ConnectionRow, StoreError, TemplateRow};

fn template(locale: &str, word: &str) -> TemplateRow {
    TemplateRow {
        name: "welcome".to_owned(),
        locale: locale.to_owned(),
        version: 99,
        source: serde_json::json!({ "text": word }),
        compiled: serde_json::json!({ "text": word, "html": "<p>{{ name }}</p>" }),
    }
}

pub async fn the_settings_version_moves_with_every_change(store: Subject) {
    let mut last = store.settings_version().await.unwrap();
    let shop = shop(&store).await;
    macro_rules! moves {
        ($change:expr) => {
            $change.await.unwrap();
            let now = store.settings_version().await.unwrap();
            assert_ne!(now, last, stringify!($change));
            last = now;
        };
    }
    moves!(store.add_shop("altra", &settings("Altra")));
    moves!(store.save_shop(shop, &settings("Bottega 2"), false));
    moves!(store.publish_journey(shop, &journey("welcome"), "id: welcome", true));
    moves!(store.set_current_journey(shop, "welcome", None));
    moves!(store.publish_template(shop, &template("it", "Ciao")));
    moves!(store.save_connection(shop, "shopify", b"one", t0()));
    put(
        &store,
        shop,
        Writes {
            disconnected: true,
            ..Writes::default()
        },
    )
    .await;
    let now = store.settings_version().await.unwrap();
    assert_ne!(now, last, "disconnected by the platform");
    let row = store.shops().await.unwrap();
    assert!(row.iter().any(|r| r.id == shop && r.disconnected));
    put(
        &store,
        shop,
        Writes {
            customers: vec![customer(1, "anna@posta.example")],
            ..Writes::default()
        },
    )
    .await;
    assert_eq!(store.settings_version().await.unwrap(), now, "a fact");
}

pub async fn a_taken_slug_conflicts(store: Subject) {
    let first = store.add_shop("bottega", &settings("Bottega")).await;
    let second = store.add_shop("bottega", &settings("Altra")).await;
    assert!(matches!(second, Err(StoreError::Conflict(_))), "{second:?}");
    let rows = store.shops().await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].id, first.unwrap());
    assert_eq!(rows[0].slug, "bottega");
    assert_eq!(rows[0].settings, settings("Bottega"));
    assert!(!rows[0].disconnected);
    let missing = store
        .save_shop(ShopId(999), &settings("Nessuna"), false)
        .await;
    assert!(matches!(missing, Err(StoreError::Rejected(_))));
    store
        .save_shop(rows[0].id, &settings("Bottega nuova"), true)
        .await
        .unwrap();
    let rows = store.shops().await.unwrap();
    assert_eq!(rows[0].settings, settings("Bottega nuova"));
    assert!(rows[0].disconnected);
}

pub async fn journeys_are_numbered_and_one_version_is_current(store: Subject) {
    let shop = shop(&store).await;
    let other = super::shop(&store).await;
    let mut one = journey("welcome");
    one.version = 42;
    for (current, number) in [(true, 1), (false, 2), (true, 3)] {
        let got = store
            .publish_journey(shop, &one, &format!("# {number}"), current)
            .await;
        assert_eq!(got.unwrap(), number);
    }
    let got = store
        .publish_journey(shop, &journey("thanks"), "# t", false)
        .await;
    assert_eq!(got.unwrap(), 1);
    let got = store.publish_journey(other, &one, "# o", true);
    assert_eq!(got.await.unwrap(), 1, "numbered by shop");

    let current = || async {
        let rows = store.journeys(shop).await.unwrap();
        rows.into_iter()
            .filter(|r| r.current)
            .map(|r| (r.journey.id, r.journey.version))
            .collect::<Vec<_>>()
    };
    assert_eq!(current().await, [("welcome".to_owned(), 3)]);
    let rows = store.journeys(shop).await.unwrap();
    assert_eq!(rows.len(), 4);
    let second = rows
        .iter()
        .find(|r| r.journey.id == "welcome" && r.journey.version == 2)
        .unwrap();
    assert_eq!(second.document, "# 2");
    assert_eq!(second.journey.nodes, one.nodes);

    store
        .set_current_journey(shop, "welcome", Some(2))
        .await
        .unwrap();
    assert_eq!(current().await, [("welcome".to_owned(), 2)]);
    store
        .set_current_journey(shop, "welcome", None)
        .await
        .unwrap();
    assert!(current().await.is_empty());
    let missing = store.set_current_journey(shop, "welcome", Some(9)).await;
    assert!(matches!(missing, Err(StoreError::Rejected(_))));
    assert_eq!(
        store
            .journeys(other)
            .await
            .unwrap()
            .iter()
            .filter(|r| r.current)
            .count(),
        1
    );
}

pub async fn templates_keep_their_versions(store: Subject) {
    let shop = shop(&store).await;
    for (locale, word, version) in [("it", "Ciao", 1), ("it", "Salve", 2), ("en", "Hello", 1)] {
        let got = store.publish_template(shop, &template(locale, word)).await;
        assert_eq!(got.unwrap(), version);
    }
    let newest: Vec<_> = store
        .templates(shop)
        .await
        .unwrap()
        .into_iter()
        .map(|t| (t.locale, t.version, t.source))
        .collect();
    let text = |word: &str| serde_json::json!({ "text": word });
    assert_eq!(newest.len(), 2);
    assert!(newest.contains(&("it".to_owned(), 2, text("Salve"))));
    assert!(newest.contains(&("en".to_owned(), 1, text("Hello"))));
    let old = store.template(shop, "welcome", "it", 1).await.unwrap();
    let expected = TemplateRow {
        version: 1,
        ..template("it", "Ciao")
    };
    assert_eq!(old, Some(expected));
    let none = store.template(shop, "welcome", "it", 3).await.unwrap();
    assert_eq!(none, None);
}

pub async fn a_rotated_secret_keeps_the_one_before(store: Subject) {
    let shop = shop(&store).await;
    for (secret, n) in [(b"one", 1), (b"two", 2), (b"tre", 3)] {
        store
            .save_connection(shop, "shopify", secret, t(n))
            .await
            .unwrap();
    }
    store
        .save_connection(shop, "dkim", b"\x00\xff", t(4))
        .await
        .unwrap();
    let rows = store.connections(shop).await.unwrap();
    assert_eq!(rows.len(), 2);
    let row = rows.iter().find(|r| r.source == "shopify").unwrap();
    assert_eq!(row.secret, b"tre");
    assert_eq!(row.previous.as_deref(), Some(&b"two"[..]));
    assert_eq!(row.changed_at, t(3));
    let row = rows.iter().find(|r| r.source == "dkim").unwrap();
    assert_eq!(row.secret, b"\x00\xff");
    assert_eq!(row.previous, None);
}

pub async fn a_removed_connection_leaves_no_secret(store: Subject) {
    let (shop_a, shop_b) = (shop(&store).await, shop(&store).await);
    for shop in [shop_a, shop_b] {
        for source in ["qapla", "shopify"] {
            store
                .save_connection(shop, source, b"one", t(1))
                .await
                .unwrap();
        }
    }
    let before = store.settings_version().await.unwrap();
    assert!(store.remove_connection(shop_a, "qapla").await.unwrap());
    assert_ne!(store.settings_version().await.unwrap(), before);
    assert!(!store.remove_connection(shop_a, "qapla").await.unwrap());
    let sources = |rows: Vec<ConnectionRow>| rows.into_iter().map(|r| r.source).collect::<Vec<_>>();
    let rows = store.connections(shop_a).await.unwrap();
    assert_eq!(sources(rows), ["shopify"]);
    let rows = store.connections(shop_b).await.unwrap();
    assert_eq!(sources(rows), ["qapla", "shopify"]);
}

pub async fn users_are_found_by_address(store: Subject) {
    let id = store
        .save_user("anna@bottega.example", "owner", "hash-1", t(1))
        .await
        .unwrap();
    let other = store
        .save_user("bruno@bottega.example", "care", "hash-2", t(2))
        .await
        .unwrap();
    assert_ne!(id, other);
    let again = store
        .save_user("anna@bottega.example", "viewer", "hash-3", t(3))
        .await
        .unwrap();
    assert_eq!(again, id, "replaced, the same person");
    let user = store.user("anna@bottega.example").await.unwrap().unwrap();
    assert_eq!(user.id, id);
    assert_eq!(user.role, "viewer");
    assert_eq!(user.password_hash, "hash-3");
    assert_eq!((user.name, user.locale), (None, None));
    let (name, locale) = (Some("Anna D'Amìco"), Some(Locale::En));
    store.set_profile(id, name, locale).await.unwrap();
    // Who is added anew keeps their name.
    store
        .save_user("anna@bottega.example", "owner", "hash-4", t(4))
        .await
        .unwrap();
    store.add_session(b"tok", id, t(4), t(9)).await.unwrap();
    let shop = shop(&store).await;
    let members = store.members(shop).await.unwrap();
    for user in [
        store.user("anna@bottega.example").await.unwrap(),
        store.user_by_id(id).await.unwrap(),
        store.session(b"tok", t(5)).await.unwrap(),
        members.into_iter().map(|m| m.user).find(|u| u.id == id),
    ] {
        let user = user.unwrap();
        assert_eq!((user.name.as_deref(), user.locale), (name, locale));
    }
    let bruno = store.user_by_id(other).await.unwrap().unwrap();
    assert_eq!((bruno.name, bruno.locale), (None, None));
    let nobody = store.user("carla@bottega.example").await.unwrap();
    assert_eq!(nobody, None);
}

pub async fn sessions_end(store: Subject) {
    let user = store
        .save_user("anna@bottega.example", "owner", "hash", t(1))
        .await
        .unwrap();
    for token in [b"one", b"two"] {
        store.add_session(token, user, t(1), t(100)).await.unwrap();
    }
    let found = store.session(b"one", t(99)).await.unwrap();
    assert_eq!(found.map(|u| u.id), Some(user));
    assert_eq!(store.session(b"one", t(100)).await.unwrap(), None);
    assert_eq!(store.session(b"tre", t(2)).await.unwrap(), None);
    store.end_session(b"one").await.unwrap();
    assert_eq!(store.session(b"one", t(2)).await.unwrap(), None);
    assert!(store.session(b"two", t(2)).await.unwrap().is_some());
}

pub async fn api_keys_are_found_until_revoked(store: Subject) {
    let shop = shop(&store).await;
    let other = super::shop(&store).await;
    let scopes = ["events:write".to_owned(), "messages:read".to_owned()];
    let id = store
        .add_api_key(shop, Some("Magazzino"), "dopo_ab", b"hash-1", &scopes, t(1))
        .await
        .unwrap();
    let second = store
        .add_api_key(shop, None, "dopo_cd", b"hash-2", &[], t(2))
        .await
        .unwrap();
    assert_ne!(id, second);
    let key = store.api_key(b"hash-1").await.unwrap().unwrap();
    assert_eq!((key.id, key.shop), (id, shop));
    assert_eq!(key.prefix, "dopo_ab");
    assert_eq!(key.name.as_deref(), Some("Magazzino"));
    assert_eq!(key.hash, b"hash-1");
    assert_eq!(key.scopes, scopes);
    assert_eq!(key.created_at, t(1));
    assert_eq!(key.revoked_at, None);
    store.revoke_api_key(other, id, t(3)).await.unwrap();
    assert!(
        store.api_key(b"hash-1").await.unwrap().is_some(),
        "another shop cannot revoke it"
    );
    store.revoke_api_key(shop, id, t(4)).await.unwrap();
    store.revoke_api_key(shop, id, t(5)).await.unwrap();
    assert_eq!(store.api_key(b"hash-1").await.unwrap(), None);
    let keys = store.api_keys(shop).await.unwrap();
    assert_eq!(keys.len(), 2);
    let by_id = store.api_key_by_id(shop, second).await.unwrap().unwrap();
    assert_eq!(by_id.name, None);
    let revoked = keys.iter().find(|k| k.id == id).unwrap();
    assert_eq!(revoked.revoked_at, Some(t(4)), "the first time counts");
    assert!(store.api_keys(other).await.unwrap().is_empty());
}
