//! The description of the API: every operation, put together from what stands beside the handlers, with what holds for all
//! of them said once. `docs/openapi.json` is a copy that a test compares.

use crate::api::desk;
use crate::api::{
    asking, consents, counters, coupons, couriers, customers, events, exceptions, journeys, live,
    messages, orders, parcels, ready, search, tasks, templates, today,
};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use dopo_core::access::Scope;
use serde_json::{Map, Value, json};
use std::sync::LazyLock;
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Dopo",
        description = "What happens after the sale: people, orders, journeys, messages, and why each message was sent or not. \
            Every id is a string; money is `{ cents, currency }`; times are RFC 3339 in UTC. Errors are problem documents \
            (RFC 9457) with a stable `code`. Lists come in pages: ask on with `?cursor=<next>`.",
    ),
    paths(
        today::show,
        counters::list,
        search::find,
        live::listen,
        customers::list,
        customers::export::csv,
        customers::show,
        customers::correct,
        customers::story::timeline,
        customers::story::orders,
        customers::story::messages,
        customers::story::runs,
        customers::story::tasks,
        customers::story::notes,
        customers::story::ledger,
        customers::acts::add_note,
        customers::acts::delete_note,
        customers::acts::stop,
        customers::acts::export,
        customers::acts::forget,
        customers::acts::send,
        orders::list,
        orders::show,
        parcels::answer_hold,
        asking::ask_courier,
        parcels::photo,
        exceptions::list,
        exceptions::csv,
        couriers::performance,
        couriers::performance_csv,
        couriers::contacts,
        couriers::contacts_csv,
        messages::list,
        messages::show,
        messages::document,
        messages::requeue,
        journeys::list,
        journeys::publish,
        journeys::try_document,
        journeys::show,
        journeys::set_current,
        journeys::runs,
        journeys::stop,
        ready::list,
        ready::add,
        templates::list,
        templates::show,
        templates::document,
        tasks::list,
        tasks::set,
        tasks::open,
        events::create,
        consents::create,
        coupons::show,
        coupons::redeem,
        desk::session::show,
        desk::session::enter,
        desk::session::leave,
        desk::account::forgot,
        desk::account::reset,
        desk::account::change_password,
        desk::account::change_profile,
        desk::passkeys::start_sign_in,
        desk::passkeys::finish_sign_in,
        desk::passkeys::list,
        desk::passkeys::start_adding,
        desk::passkeys::finish_adding,
        desk::passkeys::remove,
        desk::provider::show,
        desk::provider::start,
        desk::provider::finish,
        desk::setup::show,
        desk::setup::make,
        desk::shop::list,
        desk::shop::add,
        desk::shop::show,
        desk::shop::change,
        desk::shop::checklist,
        desk::shop::test_order,
        desk::shop::go_live,
        desk::shop::back_to_trial,
        desk::domain::show,
        desk::domain::make,
        desk::inbox::list,
        desk::inbox::show,
        desk::inbox::replay,
        desk::connections::list,
        desk::connections::set,
        desk::connections::make_secret,
        desk::connections::remove,
        desk::connections::courier_hooks,
        desk::courier_accounts::list,
        desk::courier_accounts::add,
        desk::courier_accounts::remove,
        desk::keys::list,
        desk::keys::make,
        desk::keys::revoke,
        desk::webhooks::list,
        desk::webhooks::make,
        desk::webhooks::change,
        desk::webhooks::remove,
        desk::webhooks::test,
        desk::webhooks::deliveries,
        desk::webhooks::replay,
        desk::webhooks::write_backs,
        desk::team::list,
        desk::team::invite,
        desk::team::change,
        desk::team::remove,
        desk::audit::list,
        desk::backups::list,
        desk::backups::make,
        desk::views::list,
        desk::views::save,
        desk::views::remove,
    ),
    components(schemas(crate::api::problem::Problem))
)]
struct Described;

/// Groups of operations, in the order of the reference, with what they are about.
const TAGS: [(&str, &str); 22] = [
    (
        "today",
        "Figures of the first page and the counters behind them.",
    ),
    (
        "customers",
        "People: found, shown, corrected, stopped, exported, forgotten.",
    ),
    ("orders", "Orders and their parcels."),
    (
        "couriers",
        "How couriers perform, and how often people look for their parcel.",
    ),
    (
        "messages",
        "What was decided, why, what it looked like, what happened to it.",
    ),
    (
        "journeys",
        "Journeys as pictures with live counts, their versions, who is inside.",
    ),
    ("templates", "Templates with samples."),
    ("tasks", "What somebody should do."),
    ("search", "One field that finds everything."),
    ("live", "Changes as they happen."),
    ("events", "Telling Dopo what happened."),
    ("consents", "Telling what people agreed to."),
    ("coupons", "Discount codes."),
    ("inbox", "What came in, raw, and its replay."),
    ("connections", "Connections to shops and their health."),
    (
        "webhooks",
        "Our own events, told to others (Standard Webhooks).",
    ),
    ("keys", "Keys for this API."),
    ("shop", "Settings, sender domain, going live."),
    ("team", "Who works here."),
    ("audit", "Who changed what."),
    ("backups", "Copies of the database."),
    ("views", "Saved filters of the console."),
];
/// The group of operations for people who sign in.
const SESSION_TAG: (&str, &str) = ("session", "Signing in to the console. Not by key.");

/// Operations that need no credentials.
const OPEN: [(&str, &str); 6] = [
    ("post", "/api/v1/session"),
    ("delete", "/api/v1/session"),
    ("post", "/api/v1/password/forgot"),
    ("post", "/api/v1/password/reset"),
    ("get", "/api/v1/setup"),
    ("post", "/api/v1/setup"),
];
/// Further open operations: the beginning of a path.
const OPEN_BELOW: &str = "/api/v1/session/";

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The document as text, the same at every start.
pub(crate) static DOCUMENT: LazyLock<String> =
    LazyLock::new(|| serde_json::to_string_pretty(&document()).unwrap_or_default() + "\n");

/// `GET /api/v1/openapi.json`
pub(crate) async fn show() -> Response {
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        ),
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=300"),
        ),
    ];
    (headers, DOCUMENT.as_str()).into_response()
}

/// The whole document.
fn document() -> Value {
    let mut document = serde_json::to_value(Described::openapi()).unwrap_or_default();
    document["openapi"] = json!("3.1.0");
    document["info"] = json!({
        "title": document["info"]["title"],
        "description": document["info"]["description"],
        "version": "1",
        "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
    });
    document["servers"] = json!([{ "url": "/", "description": "This installation." }]);
    let tags = TAGS.into_iter().chain([SESSION_TAG]);
    document["tags"] = tags
        .map(|(name, description)| json!({ "name": name, "description": description }))
        .collect();
    document["components"]["securitySchemes"] = json!({
        "key": {
            "type": "http", "scheme": "bearer",
            "description": "A key of one shop. Its scopes say what it may do.",
        },
        "session": {
            "type": "apiKey", "in": "cookie", "name": "__Host-dopo",
            "description": "The console's session. Name the shop in the header `Dopo-Shop`; a change needs that header too.",
        },
    });
    document["components"]["parameters"] = json!({
        "Shop": {
            "name": "Dopo-Shop", "in": "header", "required": false, "schema": { "type": "string" },
            "description": "With a session: the shop, by its slug. A key knows its shop.",
        },
        "IdempotencyKey": {
            "name": "Idempotency-Key", "in": "header", "required": false,
            "schema": { "type": "string", "minLength": 1, "maxLength": 200 },
            "description": "The same key with the same body gets the first answer again; with another body 422 `idempotency_key_reused`.",
        },
    });
    document["components"]["responses"] = ANSWERS
        .into_iter()
        .map(|(name, description)| {
            let answer = json!({ "description": description, "content": problem_content() });
            (name.to_owned(), answer)
        })
        .collect::<Map<String, Value>>()
        .into();
    if let Some(paths) = document["paths"].as_object_mut() {
        for (path, item) in paths {
            for method in METHODS {
                if let Some(operation) = item.get_mut(method).and_then(Value::as_object_mut) {
                    complete(path, method, operation);
                }
            }
        }
    }
    document.sort_all_objects();
    document
}

fn problem_content() -> Value {
    json!({ "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } })
}

/// Answers that many operations may give.
const ANSWERS: [(&str, &str); 11] = [
    (
        "Unauthorized",
        "`unauthorized`: no key and no session, or a wrong one.",
    ),
    (
        "Forbidden",
        "`scope_missing`: the key or role lacks the scope, named in `scope`; or `cross_site`: another site asked.",
    ),
    (
        "Missing",
        "`not_found`: nothing with this id in this shop; or `shop_not_found`.",
    ),
    (
        "NoShop",
        "`shop_not_found`: no such shop, or none one has a role in.",
    ),
    (
        "TooMany",
        "`too_many_requests`: wait as `Retry-After` says.",
    ),
    ("Unreadable", "`body_unreadable`: it did not arrive whole."),
    ("TooLarge", "`body_too_large`."),
    ("NotJson", "`json_expected`."),
    (
        "Invalid",
        "What was sent cannot be used; `code` names what: `query_invalid`, `json_unreadable`, `fields_invalid`, \
         `cursor_unreadable`, `shop_missing`…",
    ),
    (
        "Running",
        "`idempotency_key_running`: the first request with this key is still being answered.",
    ),
    (
        "Unavailable",
        "`unavailable`: the store does not answer; nothing was stored.",
    ),
];

/// Adds to an operation what holds for all of its kind: who may, the headers, the answers that any may give.
fn complete(path: &str, method: &str, operation: &mut Map<String, Value>) {
    // Rust's line breaks are not paragraphs.
    for name in ["summary", "description"] {
        if let Some(text) = operation.get(name).and_then(Value::as_str) {
            let text = text.replace('\n', " ");
            operation.insert(name.to_owned(), text.into());
        }
    }
    let is_open = OPEN.contains(&(method, path)) || path.starts_with(OPEN_BELOW);
    let scopes = scopes(operation);
    let by_key = operation.contains_key("security") || !scopes.is_empty();
    let security = if is_open {
        json!([])
    } else if by_key {
        json!([{ "key": scopes.clone() }, { "session": scopes.clone() }])
    } else {
        json!([{ "session": [] }])
    };
    operation.insert("security".to_owned(), security);

    let mut headers = Vec::new();
    if !is_open && by_key || tag(operation) == "views" {
        headers.push(json!({ "$ref": "#/components/parameters/Shop" }));
    }
    if method == "post" && !is_open && by_key {
        headers.push(json!({ "$ref": "#/components/parameters/IdempotencyKey" }));
    }
    if !headers.is_empty() {
        let parameters = operation
            .entry("parameters")
            .or_insert_with(|| json!([]))
            .as_array_mut();
        if let Some(parameters) = parameters {
            parameters.extend(headers);
        }
    }

    let has_parameters = operation
        .get("parameters")
        .and_then(Value::as_array)
        .is_some_and(|all| all.iter().any(|one| one["in"] == "path"));
    let has_body = operation.contains_key("requestBody");
    let Some(answers) = operation
        .get_mut("responses")
        .and_then(Value::as_object_mut)
    else {
        return;
    };
    let mut add = |status: &str, name: &str| {
        answers
            .entry(status)
            .or_insert_with(|| json!({ "$ref": format!("#/components/responses/{name}") }));
    };
    if !is_open {
        add("401", "Unauthorized");
        add("403", "Forbidden");
        add("404", if has_parameters { "Missing" } else { "NoShop" });
        add("429", "TooMany");
    }
    if has_body {
        add("400", "Unreadable");
        add("413", "TooLarge");
        add("415", "NotJson");
    }
    add("422", "Invalid");
    if method == "post" && !is_open {
        add("409", "Running");
    }
    add("503", "Unavailable");
    for (status, answer) in answers.iter_mut() {
        let is_problem = status.starts_with('4') || status.starts_with('5');
        if is_problem
            && let Some(answer) = answer.as_object_mut()
            && !answer.contains_key("$ref")
        {
            answer.insert("content".to_owned(), problem_content());
        }
    }
}

fn tag(operation: &Map<String, Value>) -> String {
    let first = operation
        .get("tags")
        .and_then(|tags| tags.get(0))
        .and_then(Value::as_str);
    first.unwrap_or_default().to_owned()
}

/// The scopes an operation needs: as declared, else as its 403 names them.
fn scopes(operation: &Map<String, Value>) -> Vec<String> {
    let declared = operation
        .get("security")
        .and_then(|all| all.get(0))
        .and_then(|one| one.get("key"))
        .and_then(Value::as_array);
    if let Some(declared) = declared {
        let names = declared.iter().filter_map(Value::as_str);
        return names.map(str::to_owned).collect();
    }
    let said = operation
        .get("responses")
        .and_then(|answers| answers.get("403"))
        .and_then(|answer| answer.get("description"))
        .and_then(Value::as_str)
        .unwrap_or_default();
    said.split('`')
        .filter(|word| Scope::parse(word).is_some())
        .map(str::to_owned)
        .collect()
}
