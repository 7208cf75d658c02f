//! What people do in the console, and what leaves as webhooks.
#![expect(missing_docs, reason = "a fact's name says what it checks")]

use super::{Subject, number, put, shop};
use crate::build::*;
use dopo_core::advance::{OutwardWord, Writes};
use dopo_core::counter::{Counters, NOW};
use dopo_core::id::{CustomerId, EffectId, OrderId, RunId, ShopId};
use dopo_engine::ports::console::{
    AuditRow, DeliveryOutcome, DeliveryRow, DeliveryStatus, NoteRow, PLATFORM, PasskeyRow,
    Receivers, VIEWS_MAX, ViewRow, WEBHOOK_CLAIM_MAX, WEBHOOK_DAYS, WEBHOOKS_MAX, WebhookRow,
};
use dopo_engine::ports::store::{DecideArrivals, InboxStatus, StoreError};
use std::collections::BTreeSet;
use std::sync::Arc;

pub async fn notes_are_kept_newest_first(store: Subject) {
    let shop_a = shop(&store).await;
    let shop_b = shop(&store).await;
    let mut numbers = Vec::new();
    for (n, text) in ["ha chiamato", "richiamare lunedì", "'; DROP --"]
        .into_iter()
        .enumerate()
    {
        let note = NoteRow {
            id: 0,
            customer_id: CustomerId(1),
            order_id: (n == 1).then_some(OrderId(7)),
            at: t(n as i64),
            author: "key dopo_ab12".to_owned(),
            text: text.to_owned(),
        };
        numbers.push(store.add_note(shop_a, &note).await.unwrap());
    }
    assert!(numbers.is_sorted());
    let notes = store.notes_of(shop_a, CustomerId(1), 9).await.unwrap();
    let ids: Vec<i64> = notes.iter().map(|n| n.id).collect();
    assert_eq!(ids, [numbers[2], numbers[1], numbers[0]]);
    assert_eq!(notes[1].order_id, Some(OrderId(7)));
    assert_eq!(notes[1].at, t(1));
    assert_eq!(notes[0].text, "'; DROP --");
    let few = store.notes_of(shop_a, CustomerId(1), 1).await.unwrap();
    assert_eq!(few.len(), 1);
    let foreign = store.notes_of(shop_b, CustomerId(1), 9).await.unwrap();
    assert!(foreign.is_empty());
    assert!(!store.delete_note(shop_b, numbers[0]).await.unwrap());
    assert!(store.delete_note(shop_a, numbers[0]).await.unwrap());
    assert!(!store.delete_note(shop_a, numbers[0]).await.unwrap());
    let left = store.notes_of(shop_a, CustomerId(1), 9).await.unwrap();
    assert_eq!(left.len(), 2);
}

async fn open_tasks(store: &Subject, shop: ShopId) -> i64 {
    let found = store.counters(shop, "now.tasks", NOW, NOW).await.unwrap();
    found.into_iter().map(|(_, n)| n).sum()
}

pub async fn tasks_are_opened_and_done_by_hand(store: Subject) {
    let shop_a = shop(&store).await;
    let shop_b = shop(&store).await;
    put(
        &store,
        shop_a,
        Writes {
            customers: vec![customer(1, "anna@posta.example")],
            ..Writes::default()
        },
    )
    .await;
    for n in 1..=3 {
        store.add_task(shop_a, &task(n, 1, t(n))).await.unwrap();
    }
    let again = store.add_task(shop_a, &task(1, 1, t(1))).await;
    assert!(matches!(again, Err(StoreError::Conflict(_))));
    assert_eq!(open_tasks(&store, shop_a).await, 3);
    let id = |n| EffectId::derive(RunId(n), 1, 9);
    let done = |shop, n, at| store.set_task_done(shop, id(n), at);
    assert_eq!(done(shop_b, 1, Some(t(9))).await.unwrap(), None);
    assert_eq!(done(shop_a, 8, Some(t(9))).await.unwrap(), None);
    assert_eq!(done(shop_a, 2, Some(t(9))).await.unwrap(), Some(true));
    assert_eq!(done(shop_a, 2, Some(t(10))).await.unwrap(), Some(false));
    assert_eq!(open_tasks(&store, shop_a).await, 2);
    let open = store.tasks(shop_a, true, 9).await.unwrap();
    assert_eq!(open.len(), 2);
    let own = store.tasks_of(shop_a, CustomerId(1), 9).await.unwrap();
    let own: Vec<_> = own.iter().map(|t| (t.task.effect, t.done_at)).collect();
    assert_eq!(own, [(id(3), None), (id(2), Some(t(9))), (id(1), None)]);
    assert_eq!(done(shop_a, 2, None).await.unwrap(), Some(true));
    assert_eq!(done(shop_a, 2, None).await.unwrap(), Some(false));
    assert_eq!(open_tasks(&store, shop_a).await, 3);
    done(shop_a, 3, Some(t(11))).await.unwrap();
    put(
        &store,
        shop_a,
        Writes {
            forgotten: vec![CustomerId(1)],
            ..Writes::default()
        },
    )
    .await;
    assert_eq!(
        open_tasks(&store, shop_a).await,
        0,
        "they go with the person"
    );
}

pub async fn what_is_to_do_about_an_order_is_found_until_it_is_done(store: Subject) {
    let shop_a = shop(&store).await;
    let shop_b = shop(&store).await;
    let people = Writes {
        customers: vec![customer(1, "anna@posta.example")],
        ..Writes::default()
    };
    put(&store, shop_a, people).await;
    for (n, about) in [(1, Some(7)), (2, Some(7)), (3, Some(8)), (4, None)] {
        let mut task = task(n, 1, t(n));
        task.order_id = about.map(OrderId);
        store.add_task(shop_a, &task).await.unwrap();
    }
    let about = async |shop, order: i64, limit| {
        let rows = store.open_tasks_about(shop, OrderId(order), limit);
        let rows = rows.await.unwrap().into_iter();
        rows.map(|row| row.task.effect).collect::<Vec<_>>()
    };
    let id = |n| EffectId::derive(RunId(n), 1, 9);
    assert_eq!(about(shop_a, 7, 9).await, [id(2), id(1)]);
    assert_eq!(about(shop_a, 7, 1).await, [id(2)]);
    assert_eq!(about(shop_a, 8, 9).await, [id(3)]);
    assert_eq!(about(shop_a, 9, 9).await, Vec::new());
    assert_eq!(about(shop_b, 7, 9).await, Vec::new());
    store
        .set_task_done(shop_a, id(2), Some(t(9)))
        .await
        .unwrap();
    assert_eq!(about(shop_a, 7, 9).await, [id(1)]);
    store.set_task_done(shop_a, id(2), None).await.unwrap();
    assert_eq!(about(shop_a, 7, 9).await, [id(2), id(1)], "open again");
}

fn view(name: &str, user: Option<i64>) -> ViewRow {
    ViewRow {
        id: 0,
        page: "customers".to_owned(),
        name: name.to_owned(),
        query: "province=BO&orders_min=2".to_owned(),
        user,
    }
}

pub async fn views_are_everybodys_or_ones_own(store: Subject) {
    let shop_a = shop(&store).await;
    let shop_b = shop(&store).await;
    let all = store.add_view(shop_a, &view("Tutti", None)).await.unwrap();
    let mine = store
        .add_view(shop_a, &view("Miei", Some(7)))
        .await
        .unwrap();
    let names = |views: Vec<ViewRow>| views.into_iter().map(|v| v.name).collect::<Vec<_>>();
    let seen = store.views(shop_a, Some(7)).await.unwrap();
    assert_eq!(seen[0].query, "province=BO&orders_min=2");
    assert_eq!(names(seen), ["Tutti", "Miei"]);
    assert_eq!(
        names(store.views(shop_a, Some(8)).await.unwrap()),
        ["Tutti"]
    );
    assert_eq!(names(store.views(shop_a, None).await.unwrap()), ["Tutti"]);
    assert!(store.views(shop_b, Some(7)).await.unwrap().is_empty());
    assert!(!store.delete_view(shop_a, mine, Some(8)).await.unwrap());
    assert!(!store.delete_view(shop_b, all, Some(7)).await.unwrap());
    assert!(store.delete_view(shop_a, mine, Some(7)).await.unwrap());
    assert!(store.delete_view(shop_a, all, Some(8)).await.unwrap());
    for n in 0..VIEWS_MAX {
        let name = format!("{n}");
        store.add_view(shop_a, &view(&name, None)).await.unwrap();
    }
    let more = store.add_view(shop_a, &view("one more", None)).await;
    assert!(matches!(more, Err(StoreError::Conflict(_))));
    store.add_view(shop_b, &view("theirs", None)).await.unwrap();
}

pub async fn the_audit_log_is_read_page_by_page(store: Subject) {
    let shop_a = shop(&store).await;
    let shop_b = shop(&store).await;
    for (n, action) in ["key.made", "settings.changed", "key.revoked", "journey.on"]
        .into_iter()
        .enumerate()
    {
        let row = AuditRow {
            id: 0,
            at: t(n as i64),
            actor: "user:7".to_owned(),
            actor_name: "anna@bottega.example".to_owned(),
            action: action.to_owned(),
            subject: format!("thing/{n}"),
            detail: serde_json::json!({ "n": n, "from": null }),
        };
        store.add_audit(shop_a, &row).await.unwrap();
    }
    let page = store.audit(shop_a, None, None, 3).await.unwrap();
    let actions = |rows: &[AuditRow]| rows.iter().map(|r| r.action.clone()).collect::<Vec<_>>();
    assert_eq!(
        actions(&page),
        ["journey.on", "key.revoked", "settings.changed"]
    );
    assert_eq!(page[0].detail, serde_json::json!({ "n": 3, "from": null }));
    assert_eq!(page[0].at, t(3));
    let rest = store.audit(shop_a, None, Some(page[2].id), 3).await;
    assert_eq!(actions(&rest.unwrap()), ["key.made"]);
    let keys = store.audit(shop_a, Some("key."), None, 9).await.unwrap();
    assert_eq!(actions(&keys), ["key.revoked", "key.made"]);
    assert!(store.audit(shop_b, None, None, 9).await.unwrap().is_empty());
}

async fn user(store: &Subject, role: &str) -> i64 {
    let email = format!("u{}@bottega.example", number());
    store.save_user(&email, role, "hash", t0()).await.unwrap()
}

pub async fn a_role_holds_in_one_shop_or_in_all(store: Subject) {
    let shop_a = shop(&store).await;
    let shop_b = shop(&store).await;
    let before = store.count_users().await.unwrap();
    let owner = user(&store, "owner").await;
    let guest = user(&store, "none").await;
    assert_eq!(store.count_users().await.unwrap(), before + 2);
    store
        .set_member(shop_a, guest, Some("viewer"))
        .await
        .unwrap();
    store.set_member(shop_a, guest, Some("care")).await.unwrap();
    store
        .set_member(shop_b, owner, Some("viewer"))
        .await
        .unwrap();
    for (shop, user, role) in [
        (shop_a, owner, Some("owner")),
        (shop_b, owner, Some("viewer")),
        (shop_a, guest, Some("care")),
        (shop_b, guest, None),
        (shop_a, -1, None),
    ] {
        let found = store.role_in(shop, user).await.unwrap();
        assert_eq!(found.as_deref(), role);
    }
    let of = |members: Vec<dopo_engine::ports::console::Member>| {
        let ours = members
            .into_iter()
            .filter(|m| m.user.id == owner || m.user.id == guest);
        ours.map(|m| (m.user.id, m.role, m.everywhere))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        of(store.members(shop_a).await.unwrap()),
        [
            (owner, "owner".to_owned(), true),
            (guest, "care".to_owned(), false)
        ]
    );
    assert_eq!(
        of(store.members(shop_b).await.unwrap()),
        [(owner, "viewer".to_owned(), false)]
    );
    store.set_member(shop_a, guest, None).await.unwrap();
    assert_eq!(store.role_in(shop_a, guest).await.unwrap(), None);
    let row = store.user_by_id(owner).await.unwrap().unwrap();
    assert_eq!(row.role, "owner");
    assert_eq!(store.user_by_id(-1).await.unwrap(), None);
}

pub async fn a_new_password_ends_other_sessions(store: Subject) {
    let shop = shop(&store).await;
    let id = user(&store, "owner").await;
    let token = |n: i64| format!("{id}-{n}").into_bytes();
    for n in 1..=3 {
        store
            .add_session(&token(n), id, t0(), t(86_400))
            .await
            .unwrap();
    }
    let seen = |members: Vec<dopo_engine::ports::console::Member>| {
        members
            .into_iter()
            .find(|m| m.user.id == id)
            .and_then(|m| m.seen_at)
    };
    assert_eq!(seen(store.members(shop).await.unwrap()), None);
    for (at, known) in [(t(60), t(60)), (t(61), t(60)), (t(600), t(600))] {
        assert!(store.session(&token(1), at).await.unwrap().is_some());
        assert_eq!(seen(store.members(shop).await.unwrap()), Some(known));
    }
    let keep = token(2);
    store.set_password(id, "other", Some(&keep)).await.unwrap();
    let user = store.user_by_id(id).await.unwrap().unwrap();
    assert_eq!(user.password_hash, "other");
    for (n, there) in [(1, false), (2, true), (3, false)] {
        let found = store.session(&token(n), t(700)).await.unwrap();
        assert_eq!(found.is_some(), there);
    }
    let members = store.members(shop).await.unwrap();
    assert_eq!(seen(members), Some(t(700)), "known after a session's end");
    store.end_sessions(id).await.unwrap();
    assert!(store.session(&keep, t(700)).await.unwrap().is_none());
    store.add_session(&keep, id, t0(), t(86_400)).await.unwrap();
    store.set_password(id, "third", None).await.unwrap();
    assert!(store.session(&keep, t(700)).await.unwrap().is_none());
    let nobody = store.set_password(-1, "x", None).await;
    assert!(matches!(nobody, Err(StoreError::Rejected(_))));
}

pub async fn passkeys_are_found_by_their_id(store: Subject) {
    let shop = shop(&store).await;
    let (one, two) = (user(&store, "owner").await, user(&store, "viewer").await);
    let key = |n: i64, user: i64| PasskeyRow {
        credential_id: format!("credential-{user}-{n}").into_bytes(),
        user,
        name: "telefono".to_owned(),
        state: vec![0, 159, 146, 150],
        created_at: t(n),
        used_at: None,
    };
    for passkey in [key(1, one), key(2, one), key(3, two)] {
        store.add_passkey(&passkey).await.unwrap();
    }
    let again = store.add_passkey(&key(1, one)).await;
    assert!(matches!(again, Err(StoreError::Conflict(_))));
    let own = store.passkeys(one).await.unwrap();
    assert_eq!(own, [key(1, one), key(2, one)]);
    let id = key(1, one).credential_id;
    store.use_passkey(&id, b"new state", t(9)).await.unwrap();
    let found = store.passkey(&id).await.unwrap().unwrap();
    assert_eq!(
        (found.state.as_slice(), found.used_at),
        (b"new state".as_slice(), Some(t(9)))
    );
    let members = store.members(shop).await.unwrap();
    let of = |id| members.iter().find(|m| m.user.id == id).map(|m| m.passkeys);
    assert_eq!((of(one), of(two)), (Some(2), Some(1)));
    assert!(!store.delete_passkey(two, &id).await.unwrap());
    assert!(store.delete_passkey(one, &id).await.unwrap());
    assert_eq!(store.passkey(&id).await.unwrap(), None);
}

pub async fn somebody_elsewhere_is_one_account_and_stays_it(store: Subject) {
    let (one, two) = (user(&store, "owner").await, user(&store, "viewer").await);
    let (here, there) = ("https://id.example", "https://id.example/other");
    let subject = format!("subject-{}", number());
    assert_eq!(store.user_of_identity(here, &subject).await.unwrap(), None);
    store
        .link_identity(here, &subject, one, t(1))
        .await
        .unwrap();
    let taken = store.link_identity(here, &subject, two, t(2)).await;
    assert!(matches!(taken, Err(StoreError::Conflict(_))));
    let second = store.link_identity(here, "another", one, t(2)).await;
    assert!(matches!(second, Err(StoreError::Conflict(_))));
    store
        .link_identity(there, &subject, two, t(3))
        .await
        .unwrap();
    let of = async |issuer: &str| {
        let found = store.user_of_identity(issuer, &subject).await.unwrap();
        found.map(|user| user.id)
    };
    assert_eq!((of(here).await, of(there).await), (Some(one), Some(two)));
    store.unlink_identities(one).await.unwrap();
    assert_eq!((of(here).await, of(there).await), (None, Some(two)));
}

pub async fn a_key_is_found_by_its_number(store: Subject) {
    let shop_a = shop(&store).await;
    let shop_b = shop(&store).await;
    let hash = format!("hash-{}", number()).into_bytes();
    let scopes = ["orders:read".to_owned()];
    let id = store
        .add_api_key(shop_a, None, "dopo_ab12", &hash, &scopes, t0())
        .await
        .unwrap();
    store.revoke_api_key(shop_a, id, t(5)).await.unwrap();
    let row = store.api_key_by_id(shop_a, id).await.unwrap().unwrap();
    assert_eq!((row.hash, row.revoked_at), (hash, Some(t(5))));
    assert_eq!(store.api_key_by_id(shop_b, id).await.unwrap(), None);
}

fn webhook(url: &str) -> WebhookRow {
    WebhookRow {
        id: 0,
        url: url.to_owned(),
        kinds: vec!["order.placed".to_owned(), "message.*".to_owned()],
        secret: b"sealed".to_vec(),
        active: true,
        created_at: t0(),
    }
}

pub async fn webhooks_are_kept_for_their_shop(store: Subject) {
    let shop_a = shop(&store).await;
    let shop_b = shop(&store).await;
    let mut hook = webhook("https://gestionale.example/hook");
    hook.id = store.save_webhook(shop_a, &hook).await.unwrap();
    assert_eq!(store.webhooks(shop_a).await.unwrap(), [hook.clone()]);
    hook.active = false;
    hook.kinds.clear();
    assert_eq!(store.save_webhook(shop_a, &hook).await.unwrap(), hook.id);
    assert_eq!(store.webhooks(shop_a).await.unwrap(), [hook.clone()]);
    assert!(store.webhooks(shop_b).await.unwrap().is_empty());
    let foreign = store.save_webhook(shop_b, &hook).await;
    assert!(matches!(foreign, Err(StoreError::Rejected(_))));
    assert!(!store.delete_webhook(shop_b, hook.id).await.unwrap());
    for n in 1..WEBHOOKS_MAX {
        let other = webhook(&format!("https://gestionale.example/{n}"));
        store.save_webhook(shop_a, &other).await.unwrap();
    }
    let more = store
        .save_webhook(shop_a, &webhook("https://x.example"))
        .await;
    assert!(matches!(more, Err(StoreError::Conflict(_))));
    assert!(store.delete_webhook(shop_a, hook.id).await.unwrap());
    assert!(!store.delete_webhook(shop_a, hook.id).await.unwrap());
}

fn delivery(shop: ShopId, webhook: i64, event: &str, due: i64) -> DeliveryRow {
    DeliveryRow {
        shop,
        id: 0,
        webhook,
        event_id: event.to_owned(),
        kind: "message.sent".to_owned(),
        body: "{\"à\": 1}".to_owned(),
        status: DeliveryStatus::Waiting,
        attempts: 0,
        due_at: t(due),
        created_at: t(due),
        last_code: None,
        last_error: None,
    }
}

fn outcome(of: &DeliveryRow, status: DeliveryStatus, due: i64) -> DeliveryOutcome {
    DeliveryOutcome {
        shop: of.shop,
        id: of.id,
        status,
        due_at: t(due),
        code: Some(503),
        error: Some("it answered 503".to_owned()),
    }
}

pub async fn two_claimers_never_share_a_delivery(store: Subject) {
    let shop = shop(&store).await;
    let hook = store
        .save_webhook(shop, &webhook("https://x.example"))
        .await
        .unwrap();
    let all: Vec<_> = (0..100)
        .map(|n| delivery(shop, hook, &format!("evt-{n}"), n % 7))
        .collect();
    store.add_deliveries(&all).await.unwrap();
    let claim = |store: Subject| async move {
        let mut mine = Vec::new();
        loop {
            let got = store
                .claim_deliveries(Receivers::Webhooks, t(10), t(60), 5)
                .await
                .unwrap();
            if got.is_empty() {
                return mine;
            }
            mine.extend(got.into_iter().map(|d| d.id));
        }
    };
    let (one, two) = (
        tokio::spawn(claim(Arc::clone(&store))),
        tokio::spawn(claim(Arc::clone(&store))),
    );
    let (one, two) = (one.await.unwrap(), two.await.unwrap());
    let together: BTreeSet<i64> = one.iter().chain(&two).copied().collect();
    assert_eq!(one.len() + two.len(), 100);
    assert_eq!(together.len(), 100);
    // Whoever claimed them died: they come again.
    let again = store
        .claim_deliveries(Receivers::Webhooks, t(60), t(90), 1_000)
        .await
        .unwrap();
    assert_eq!(again.len(), WEBHOOK_CLAIM_MAX);
}

fn word(to: i64, id: &str, at: i64) -> OutwardWord {
    OutwardWord {
        to,
        id: id.to_owned(),
        kind: "order.placed".to_owned(),
        body: "{}".to_owned(),
        at: t(at),
    }
}

pub async fn words_for_the_outside_are_stored_with_their_batch(store: Subject) {
    let shop_a = shop(&store).await;
    let shop_b = shop(&store).await;
    let hook = store
        .save_webhook(shop_a, &webhook("https://x.example"))
        .await
        .unwrap();
    assert_ne!(hook, PLATFORM);
    let told = |words: Vec<OutwardWord>| Writes {
        outward: words,
        ..Writes::default()
    };
    let words = vec![
        word(hook, "evt-1", 1),
        word(PLATFORM, "word-1", 1),
        word(PLATFORM, "word-2", 9),
    ];
    put(&store, shop_a, told(words.clone())).await;
    // The same decision once more says nothing twice.
    put(&store, shop_a, told(words)).await;
    put(&store, shop_b, told(vec![word(PLATFORM, "word-1", 2)])).await;
    let names = |rows: Vec<DeliveryRow>| {
        let name = |d: DeliveryRow| (d.shop, d.webhook, d.event_id);
        rows.into_iter().map(name).collect::<Vec<_>>()
    };
    let hooks = store.claim_deliveries(Receivers::Webhooks, t(5), t(60), 9);
    assert_eq!(
        names(hooks.await.unwrap()),
        [(shop_a, hook, "evt-1".to_owned())]
    );
    let platforms = store.claim_deliveries(Receivers::Platforms, t(5), t(60), 9);
    assert_eq!(
        names(platforms.await.unwrap()),
        [
            (shop_a, PLATFORM, "word-1".to_owned()),
            (shop_b, PLATFORM, "word-1".to_owned())
        ]
    );
    // Whoever claimed them died: they come again, with what has come due since.
    let again = store.claim_deliveries(Receivers::Platforms, t(60), t(99), 9);
    assert_eq!(again.await.unwrap().len(), 3);
    let listed = store.deliveries(shop_b, PLATFORM, None, None, 9);
    assert_eq!(listed.await.unwrap().len(), 1);
}

pub async fn what_became_of_a_message_is_told_in_the_same_transaction(store: Subject) {
    let shop = shop(&store).await;
    let hook = store
        .save_webhook(shop, &webhook("https://x.example"))
        .await
        .unwrap();
    let row = DeliveryRow::waiting(shop, &word(hook, "evt-sent", 3));
    for _ in 0..2 {
        let told = vec![row.clone()];
        store
            .finish_effects(Vec::new(), Counters::default(), told)
            .await
            .unwrap();
    }
    let claimed = store.claim_deliveries(Receivers::Webhooks, t(3), t(60), 9);
    let claimed = claimed.await.unwrap();
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].event_id, "evt-sent");
}

pub async fn a_delivery_comes_again_until_it_is_done(store: Subject) {
    let shop_a = shop(&store).await;
    let shop_b = shop(&store).await;
    let hook = store
        .save_webhook(shop_a, &webhook("https://x.example"))
        .await
        .unwrap();
    let other = store
        .save_webhook(shop_a, &webhook("https://y.example"))
        .await
        .unwrap();
    store
        .add_deliveries(&[
            delivery(shop_a, hook, "evt-1", 1),
            delivery(shop_a, hook, "evt-1", 2),
            delivery(shop_a, other, "evt-1", 3),
            delivery(shop_a, hook, "evt-2", 500),
        ])
        .await
        .unwrap();
    let claimed = store
        .claim_deliveries(Receivers::Webhooks, t(9), t(60), 9)
        .await
        .unwrap();
    assert_eq!(claimed.len(), 2, "one event goes to one webhook once");
    let first = claimed.iter().find(|d| d.webhook == hook).unwrap();
    let expected = DeliveryRow {
        id: first.id,
        due_at: t(60),
        ..delivery(shop_a, hook, "evt-1", 1)
    };
    assert_eq!(*first, expected);
    let none = store
        .claim_deliveries(Receivers::Webhooks, t(59), t(90), 9)
        .await
        .unwrap();
    assert!(none.is_empty());
    for one in &claimed {
        let later = outcome(one, DeliveryStatus::Waiting, 100);
        store.finish_deliveries(&[later]).await.unwrap();
    }
    let again = store
        .claim_deliveries(Receivers::Webhooks, t(100), t(160), 9)
        .await
        .unwrap();
    assert_eq!(again.len(), 2);
    assert!(again.iter().all(|d| d.attempts == 1));
    let first = again.iter().find(|d| d.webhook == hook).unwrap();
    assert_eq!(first.last_code, Some(503));
    assert_eq!(first.last_error.as_deref(), Some("it answered 503"));
    let failed = outcome(first, DeliveryStatus::Failed, 100);
    store.finish_deliveries(&[failed]).await.unwrap();
    let none = store
        .claim_deliveries(Receivers::Webhooks, t(110), t(160), 9)
        .await
        .unwrap();
    assert!(none.is_empty());

    let list = |status, before| store.deliveries(shop_a, hook, status, before, 9);
    let found = list(None, None).await.unwrap();
    let events = |rows: &[DeliveryRow]| rows.iter().map(|d| d.event_id.clone()).collect::<Vec<_>>();
    assert_eq!(events(&found), ["evt-2", "evt-1"]);
    let rest = list(None, Some(found[0].id)).await.unwrap();
    assert_eq!(events(&rest), ["evt-1"]);
    let failed = list(Some(DeliveryStatus::Failed), None).await.unwrap();
    assert_eq!(events(&failed), ["evt-1"]);
    let foreign = store.deliveries(shop_b, hook, None, None, 9).await.unwrap();
    assert!(foreign.is_empty());

    let id = failed[0].id;
    assert!(!store.requeue_delivery(shop_b, id, t(200)).await.unwrap());
    assert!(store.requeue_delivery(shop_a, id, t(200)).await.unwrap());
    let once_more = store
        .claim_deliveries(Receivers::Webhooks, t(200), t(260), 9)
        .await
        .unwrap();
    let once_more = once_more.iter().find(|d| d.id == id).unwrap();
    assert_eq!(once_more.attempts, 0);
    let done = outcome(once_more, DeliveryStatus::Done, 200);
    store.finish_deliveries(&[done]).await.unwrap();

    let late = t(WEBHOOK_DAYS * 86_400 + 100);
    assert_eq!(store.prune_deliveries(t(600)).await.unwrap(), 0);
    assert_eq!(store.prune_deliveries(late).await.unwrap(), 1);
    let left = list(None, None).await.unwrap();
    assert_eq!(events(&left), ["evt-2"], "what waits is kept");
    assert!(store.delete_webhook(shop_a, hook).await.unwrap());
    assert!(list(None, None).await.unwrap().is_empty());
    let others = store.deliveries(shop_a, other, None, None, 9).await;
    assert_eq!(others.unwrap().len(), 1);
}

pub async fn backups_are_listed_newest_first(store: Subject) {
    let first = store.begin_backup("one.db", t(1)).await.unwrap();
    let second = store.begin_backup("two.db", t(2)).await.unwrap();
    store.end_backup(first, t(5), Ok(4_096)).await.unwrap();
    let why = Err("the disk is full".to_owned());
    store.end_backup(second, t(6), why).await.unwrap();
    let third = store.begin_backup("three.db", t(7)).await.unwrap();
    let found = store.backups(3).await.unwrap();
    let ids: Vec<i64> = found.iter().map(|b| b.id).collect();
    assert_eq!(ids, [third, second, first]);
    assert_eq!((found[0].ended_at, found[0].bytes), (None, None));
    assert_eq!(found[1].error.as_deref(), Some("the disk is full"));
    assert_eq!(found[2].file, "one.db");
    assert_eq!(
        (found[2].bytes, found[2].ended_at),
        (Some(4_096), Some(t(5)))
    );
    assert_eq!(store.backups(1).await.unwrap().len(), 1);
}

pub async fn raw_events_are_listed_without_bodies(store: Subject) {
    let shop = shop(&store).await;
    let quiet: DecideArrivals = Arc::new(|_, _| Writes::default());
    let mut rows = Vec::new();
    for (n, source) in [(0, "shopify"), (1, "events"), (2, "shopify"), (3, "api")] {
        let id = number();
        let name = format!("raw-{id}");
        let mut one = intake(id, &name, vec![arrival(shop, &name, id << 8, nothing())]);
        one.source = source.to_owned();
        one.received_at = t(n * 3_600);
        one.topic = format!("topic-{n}");
        if n % 2 == 0 {
            one.arrivals.clear();
            one.failed = n == 0;
        }
        store
            .commit_arrivals(shop, vec![one], Arc::clone(&quiet))
            .await
            .unwrap();
        rows.push(id);
    }
    rows.reverse();
    for (status, source, found) in [
        (None, None, vec![rows[0], rows[1], rows[2], rows[3]]),
        (None, Some("shopify"), vec![rows[1], rows[3]]),
        (Some(InboxStatus::Failed), None, vec![rows[3]]),
        (Some(InboxStatus::Failed), Some("api"), vec![]),
        (Some(InboxStatus::Ignored), Some("shopify"), vec![rows[1]]),
        (Some(InboxStatus::Done), None, vec![rows[0], rows[2]]),
    ] {
        let mut before = None;
        let mut ids = Vec::new();
        loop {
            let page = store
                .list_inbox(shop, status, source, before, 1)
                .await
                .unwrap();
            let Some(last) = page.last() else { break };
            assert_eq!(last.body, None);
            before = Some(last.id);
            ids.push(last.id.0);
        }
        assert_eq!(ids, found, "{status:?} {source:?}");
    }
    let health = store.source_health(shop).await.unwrap();
    let said: Vec<_> = health
        .iter()
        .map(|h| {
            (
                h.source.as_str(),
                h.last_at,
                h.last_topic.as_str(),
                h.failed,
            )
        })
        .collect();
    assert_eq!(
        said,
        [
            ("api", t(3 * 3_600), "topic-3", 0),
            ("events", t(3_600), "topic-1", 0),
            ("shopify", t(2 * 3_600), "topic-2", 1),
        ]
    );
}

pub async fn a_bad_note_is_refused(store: Subject) {
    let shop = shop(&store).await;
    let note = NoteRow {
        id: 0,
        customer_id: CustomerId(1),
        order_id: None,
        at: t(1),
        author: "anna@bottega.example".to_owned(),
        text: "x".repeat(dopo_engine::ports::console::NOTE_CHARS_MAX + 1),
    };
    let refused = store.add_note(shop, &note).await;
    assert!(matches!(refused, Err(StoreError::Rejected(_))));
}
