//! `/api/v1/customers…`: people, how they are found and what is known of them. `story` reads what happened with one of
//! them, `acts` does things by hand, `export` hands many of them over as a file.

pub(crate) mod acts;
pub(crate) mod export;
pub(crate) mod story;

use crate::api::ask::{Asked, Told};
use crate::api::auth::Caller;
use crate::api::page::{Page, Paging};
use crate::api::places::provinces;
use crate::api::problem::Problem;
use crate::api::shapes::CustomerRow;
use crate::state::App;
use axum::Json;
use axum::extract::{Path, State};
use dopo_core::access::Scope;
use dopo_core::advance::Correction;
use dopo_core::consent::{Channel, ConsentCell, Topic};
use dopo_core::customer::Customer;
use dopo_core::gate::Decision;
use dopo_core::id::CustomerId;
use dopo_core::italy::Locale;
use dopo_core::search::words as search_words;
use dopo_core::words;
use dopo_engine::console::person::GateCell;
use dopo_engine::ports::{CustomerFilter, PAGE_ROWS_MAX, SEARCH_TERMS_MAX};
use dopo_engine::tokens::Token;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

/// Longest search text, in characters.
const SEARCH_CHARS_MAX: usize = 200;

/// Which people.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct CustomersAsked {
    /// Beginnings of names, an e-mail address, a phone number or tags; all must be there.
    #[param(example = "chiara ros")]
    q: Option<String>,
    /// Provinces, two letters each, with commas.
    #[param(example = "BO,MO")]
    province: Option<String>,
    /// A region of Italy: all its provinces.
    #[param(example = "emilia_romagna")]
    region: Option<String>,
    /// At least so many standing paid orders.
    orders_min: Option<u32>,
    /// At most so many.
    orders_max: Option<u32>,
    /// Last order at or after.
    #[param(value_type = Option<String>, format = DateTime)]
    last_order_from: Option<Timestamp>,
    /// Last order before.
    #[param(value_type = Option<String>, format = DateTime)]
    last_order_before: Option<Timestamp>,
    /// Who agreed (`true`) or did not agree (`false`) to offers by e-mail.
    marketing_email: Option<bool>,
    /// Whose address bounced for good, or who complained.
    unreachable: Option<bool>,
    /// Who is at risk (`true`) or is not (`false`): they have an order with a parcel in trouble, or a task that is open
    /// because something failed.
    at_risk: Option<bool>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Rows, at most 200.
    limit: Option<usize>,
    /// The shop, where no header can be sent (downloads).
    #[expect(
        dead_code,
        reason = "read by the caller, known here so that it is no unknown field"
    )]
    shop: Option<String>,
}

impl CustomersAsked {
    fn filter(&self, before: Option<CustomerId>) -> Result<CustomerFilter, Problem> {
        let provinces = provinces(self.province.as_deref(), self.region.as_deref())?;
        Ok(CustomerFilter {
            terms: terms(self.q.as_deref().unwrap_or_default()),
            provinces,
            orders_min: self.orders_min,
            orders_max: self.orders_max,
            last_order_from: self.last_order_from,
            last_order_before: self.last_order_before,
            marketing_email: self.marketing_email,
            unreachable: self.unreachable,
            at_risk: self.at_risk,
            before,
        })
    }
}

/// What is typed, as the words that are looked for. An address is looked for whole; a phone number by its digits.
pub(crate) fn terms(typed: &str) -> Vec<String> {
    let typed: String = typed.chars().take(SEARCH_CHARS_MAX).collect();
    let mut terms: Vec<String> = Vec::new();
    let digits: String = typed.chars().filter(char::is_ascii_digit).collect();
    let is_phone = digits.len() >= 5
        && typed
            .chars()
            .all(|c| c.is_ascii_digit() || " +-./()".contains(c));
    if is_phone {
        terms.push(digits);
    } else {
        for part in typed.split_whitespace() {
            if part.contains('@') {
                terms.push(part.to_lowercase());
            } else {
                terms.extend(search_words(part));
            }
        }
    }
    terms.truncate(SEARCH_TERMS_MAX);
    terms
}

/// People, newest first.
#[utoipa::path(
    get, path = "/api/v1/customers", tag = "customers", operation_id = "listCustomers",
    params(CustomersAsked),
    responses((status = 200, description = "People, newest first.", body = Page<CustomerRow>)),
    security(("key" = ["customers:read"])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Asked(asked): Asked<CustomersAsked>,
) -> Result<Json<Page<CustomerRow>>, Problem> {
    caller.need(Scope::CustomersRead)?;
    let paging = Paging::<i64>::read("customers", asked.cursor.as_deref(), asked.limit)?;
    let filter = asked.filter(paging.before.map(CustomerId))?;
    let rows = app
        .engine
        .store()
        .list_customers(caller.id(), &filter, paging.look())
        .await?;
    let shop = &caller.shop;
    Ok(Json(paging.page(
        rows,
        |person| person.id.0,
        |person| CustomerRow::new(shop, &person),
    )))
}

/// One consent of a person.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ConsentShape {
    /// What about.
    topic: String,
    /// On which channel; null = all.
    channel: Option<String>,
    /// `granted`, `confirmed`, `refused`, `withdrawn`, `objected`, `unknown`.
    #[schema(value_type = String)]
    state: Value,
    /// When the person acted.
    since: Option<Timestamp>,
    /// In words, Italian.
    it: String,
    /// In words, English.
    en: String,
}

/// What the gate would say now.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "purpose": "marketing", "channel": "sms", "decision": "deny", "basis": null, "reason": "no_consent", "until": null,
    "it": "Non ha dato il consenso per questo scopo su questo canale (Codice privacy, art. 130).",
    "en": "No consent for this purpose on this channel (Privacy Code, art. 130)."
}))]
pub(crate) struct GateShape {
    /// Why one would write.
    purpose: &'static str,
    /// On which channel.
    channel: &'static str,
    /// `allow`, `defer` or `deny`.
    decision: &'static str,
    /// The basis in law, when allowed.
    basis: Option<&'static str>,
    /// The reason, when not.
    reason: Option<&'static str>,
    /// Until when it must wait, when deferred.
    until: Option<Timestamp>,
    /// One line, Italian.
    it: &'static str,
    /// One line, English.
    en: &'static str,
}

impl From<GateCell> for GateShape {
    fn from(cell: GateCell) -> Self {
        let (decision, basis, reason, until) = match cell.decision {
            Decision::Allow(grant) => ("allow", Some(grant.basis), None, None),
            Decision::Defer { until, why } => ("defer", None, Some(why), Some(until)),
            Decision::Deny { why } => ("deny", None, Some(why), None),
        };
        let say = |locale| {
            basis
                .map(|basis| basis.words(locale))
                .or(reason.map(|reason| reason.words(locale)))
                .unwrap_or_default()
        };
        GateShape {
            purpose: cell.purpose.as_str(),
            channel: cell.channel.as_str(),
            decision,
            basis: basis.map(|basis| basis.as_str()),
            reason: reason.map(|reason| reason.as_str()),
            until,
            it: say(Locale::It),
            en: say(Locale::En),
        }
    }
}

/// Everything about one person.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CustomerShape {
    #[serde(flatten)]
    row: CustomerRow,
    /// Given name as written.
    first_name: Option<String>,
    /// Family name as written.
    last_name: Option<String>,
    /// All addresses, the one in use first.
    emails: Vec<String>,
    /// All numbers, the one in use first.
    phones: Vec<String>,
    /// The platform's customer ids.
    shop_customer_ids: Vec<String>,
    /// `it`, `en` or null.
    locale: Option<&'static str>,
    /// Two-letter country code.
    country: Option<String>,
    /// IANA zone, where known.
    time_zone: Option<String>,
    /// Attributes set by journeys or the shop.
    #[schema(value_type = Object)]
    attributes: Value,
    /// Below 14.
    minor: bool,
    /// The last human sign of life.
    active_at: Option<Timestamp>,
    /// Ids of records that turned out to be this person.
    merged_from: Vec<String>,
    /// Dead or complaining addresses, with when.
    #[schema(value_type = Object)]
    suppression: Value,
    /// What they bought, in sum.
    #[schema(value_type = Object)]
    purchases: Value,
    /// What they agreed to and what not.
    consents: Vec<ConsentShape>,
    /// What could be sent now, and why not.
    gate: Vec<GateShape>,
    /// Their preference page.
    preferences_url: String,
}

fn consents(person: &Customer) -> Vec<ConsentShape> {
    let shape = |topic: Topic, channel: Option<Channel>, cell: Option<&ConsentCell>| {
        let state = cell.map_or(dopo_core::consent::ConsentState::Unknown, |cell| cell.state);
        let say = |locale| {
            let on = channel
                .map(|channel| format!(" ({})", words::channel(channel).pick(locale)))
                .unwrap_or_default();
            format!(
                "{}: {}{on}",
                words::consent(state).pick(locale),
                words::topic(topic).pick(locale)
            )
        };
        ConsentShape {
            topic: topic.as_str().to_owned(),
            channel: channel.map(|channel| channel.as_str().to_owned()),
            state: serde_json::to_value(state).unwrap_or_default(),
            since: cell.map(|cell| cell.at),
            it: say(Locale::It),
            en: say(Locale::En),
        }
    };
    let mut all = Vec::new();
    for topic in Topic::ALL {
        let said: Vec<(Option<Channel>, &ConsentCell)> = person
            .consents
            .cells()
            .filter_map(|(key, cell)| match key.split_once('/') {
                Some((of, channel)) if of == topic.as_str() => {
                    Some((Channel::parse(channel), cell))
                }
                None if key == topic.as_str() => Some((None, cell)),
                _ => None,
            })
            .collect();
        if said.is_empty() {
            all.push(shape(topic, None, None));
        }
        all.extend(
            said.into_iter()
                .map(|(channel, cell)| shape(topic, channel, Some(cell))),
        );
    }
    all
}

fn object(value: impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_else(|_| json!({}))
}

/// The person with this id, or the one they were merged into.
pub(crate) async fn find(app: &App, caller: &Caller, id: &str) -> Result<Customer, Problem> {
    let missing = || Problem::not_found("This shop has no person with this id.");
    let id = CustomerId(id.parse().map_err(|_| missing())?);
    let store = app.engine.store();
    if let Some(person) = store.customer(caller.id(), id).await? {
        return Ok(person);
    }
    let became = store.resolve_customer(caller.id(), id).await?;
    if became == id {
        return Err(missing());
    }
    store
        .customer(caller.id(), became)
        .await?
        .ok_or_else(missing)
}

async fn shape(app: &App, caller: &Caller, person: &Customer) -> Result<CustomerShape, Problem> {
    let store = app.engine.store();
    let (merged, orders) = tokio::try_join!(
        store.merged_into(caller.id(), person.id),
        store.orders_of(caller.id(), person.id, PAGE_ROWS_MAX),
    )?;
    let gate = app.engine.gate_table(&caller.shop, person, &orders);
    let token = app.engine.tokens().seal(&Token::Preferences {
        shop: caller.id(),
        customer: person.id,
    });
    Ok(CustomerShape {
        row: CustomerRow::new(&caller.shop, person),
        first_name: person.first_name.clone(),
        last_name: person.last_name.clone(),
        emails: person.emails.clone(),
        phones: person.phones.clone(),
        shop_customer_ids: person.shop_customer_ids.clone(),
        locale: person.locale.map(Locale::tag),
        country: person.country.clone(),
        time_zone: person.time_zone.clone(),
        attributes: object(&person.attributes),
        minor: person.minor,
        active_at: person.active_at,
        merged_from: merged.iter().map(ToString::to_string).collect(),
        suppression: object(&person.suppression),
        purchases: json!({
            "orders": person.purchases.orders,
            "total_cents": person.purchases.total_cents,
            "first_at": person.purchases.first_at,
            "last_at": person.purchases.last_at,
            "groups": person.purchases.groups,
            "notice": person.purchases.notice.as_ref().map(|(order, version)| {
                json!({ "order_id": order.to_string(), "version": version })
            }),
        }),
        consents: consents(person),
        gate: gate.into_iter().map(GateShape::from).collect(),
        preferences_url: format!("{}/p/{token}", app.engine.pages_url(&caller.shop)),
    })
}

/// One person. The id of a record that was merged away answers with the person it became.
#[utoipa::path(
    get, path = "/api/v1/customers/{id}", tag = "customers", operation_id = "getCustomer",
    params(("id" = String, Path, description = "Id of the person.")),
    responses((status = 200, description = "The person.", body = CustomerShape)),
    security(("key" = ["customers:read"])),
)]
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<CustomerShape>, Problem> {
    caller.need(Scope::CustomersRead)?;
    let person = find(&app, &caller, &id).await?;
    Ok(Json(shape(&app, &caller, &person).await?))
}

/// Present and null is another thing than absent.
fn some<'de, D: Deserializer<'de>, T: Deserialize<'de>>(d: D) -> Result<Option<T>, D::Error> {
    T::deserialize(d).map(Some)
}

/// What to correct; what is absent stays, null clears.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "first_name": "Chiara", "tags": ["legno", "cliente storica"] }))]
pub(crate) struct CorrectionTold {
    /// Given name.
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = Option<String>)]
    first_name: Option<Option<String>>,
    /// Family name.
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = Option<String>)]
    last_name: Option<Option<String>>,
    /// `it` or `en`.
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = Option<String>)]
    locale: Option<Option<Locale>>,
    /// Two-letter Italian province.
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = Option<String>)]
    province: Option<Option<String>>,
    /// All tags, in place of those there are.
    #[serde(default)]
    tags: Option<Vec<String>>,
    /// Below 14.
    #[serde(default)]
    minor: Option<bool>,
}

/// Corrects a person's record.
#[utoipa::path(
    patch, path = "/api/v1/customers/{id}", tag = "customers", operation_id = "correctCustomer",
    params(("id" = String, Path, description = "Id of the person.")),
    request_body = CorrectionTold,
    responses((status = 200, description = "The person as they now stand.", body = CustomerShape)),
    security(("key" = ["customers:write"])),
)]
pub(crate) async fn correct(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Told(told): Told<CorrectionTold>,
) -> Result<Json<CustomerShape>, Problem> {
    caller.need(Scope::CustomersWrite)?;
    let person = find(&app, &caller, &id).await?;
    let fields: Vec<&str> = [
        ("first_name", told.first_name.is_some()),
        ("last_name", told.last_name.is_some()),
        ("locale", told.locale.is_some()),
        ("province", told.province.is_some()),
        ("tags", told.tags.is_some()),
        ("minor", told.minor.is_some()),
    ]
    .into_iter()
    .filter_map(|(name, there)| there.then_some(name))
    .collect();
    let correction = Correction {
        first_name: told.first_name,
        last_name: told.last_name,
        locale: told.locale,
        province: told.province,
        tags: told.tags,
        minor: told.minor,
    };
    let problems = correction.problems();
    if !problems.is_empty() {
        let mut problem = Problem::invalid("fields_invalid", "Some fields cannot be used.");
        problem.errors = problems
            .iter()
            .map(|wrong| json!({ "field": wrong.field, "code": wrong.code, "it": wrong.it, "en": wrong.en }))
            .collect();
        return Err(problem);
    }
    app.engine
        .correct(caller.id(), person.id, correction)
        .await?;
    caller
        .audit(
            &app,
            "customer.corrected",
            format!("customer/{}", person.id),
            json!({ "fields": fields }),
        )
        .await?;
    let person = find(&app, &caller, &id).await?;
    Ok(Json(shape(&app, &caller, &person).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_becomes_the_words_that_are_stored() {
        assert_eq!(terms("Chiara ROS"), ["chiara", "ros"]);
        assert_eq!(terms("Chiara@Posta.example"), ["chiara@posta.example"]);
        assert_eq!(terms("333 123 45"), ["33312345"]);
        assert_eq!(terms("Nicolò"), ["nicolo"]);
        assert_eq!(terms(""), Vec::<String>::new());
    }
}
