//! `/api/v1/orders…`: orders with their parcels.

use crate::api::ask::Asked;
use crate::api::auth::Caller;
use crate::api::page::{Page, Paging};
use crate::api::parcels::{ParcelShape, ReportedShape};
use crate::api::places::provinces;
use crate::api::problem::Problem;
use crate::api::shapes::{MessageRow, OrderRow, PersonShort, visible};
use crate::state::App;
use axum::Json;
use axum::extract::{Path, State};
use dopo_core::access::Scope;
use dopo_core::customer::Customer;
use dopo_core::gate::{PageDecision, decide_page};
use dopo_core::id::{CustomerId, OrderId};
use dopo_core::italy::Locale;
use dopo_core::order::{Order, Standing};
use dopo_core::words;
use dopo_engine::ports::{MessageQuery, OrderFilter, PAGE_ROWS_MAX};
use dopo_engine::tokens::Token;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

/// Longest search text, in characters.
const SEARCH_CHARS_MAX: usize = 100;

/// Which orders.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrdersAsked {
    /// Beginning of the number, of the platform's id, or of a tracking number.
    #[param(example = "1001")]
    q: Option<String>,
    /// `open`, `shipped`, `trouble`, `delivered` or `cancelled`.
    #[param(example = "trouble")]
    standing: Option<String>,
    /// Only of this person.
    customer: Option<String>,
    /// Only to these provinces, two letters each, with commas; where it is not told where an order goes, its person's
    /// counts. Of each the newest 50,000 orders are looked at.
    #[param(example = "BO,MO")]
    province: Option<String>,
    /// Only to a region of Italy: all its provinces.
    #[param(example = "emilia_romagna")]
    region: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Rows, at most 200.
    limit: Option<usize>,
}

/// Orders, newest first.
#[utoipa::path(
    get, path = "/api/v1/orders", tag = "orders", operation_id = "listOrders",
    params(OrdersAsked),
    responses((status = 200, description = "Orders, newest first.", body = Page<OrderRow>)),
    security(("key" = ["orders:read"])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Asked(asked): Asked<OrdersAsked>,
) -> Result<Json<Page<OrderRow>>, Problem> {
    caller.need(Scope::OrdersRead)?;
    let paging = Paging::<i64>::read("orders", asked.cursor.as_deref(), asked.limit)?;
    let standing = match &asked.standing {
        Some(name) => Some(Standing::parse(name).ok_or_else(|| {
            let known: Vec<&str> = Standing::ALL.into_iter().map(Standing::as_str).collect();
            Problem::invalid(
                "standing_unknown",
                format!("`standing` is one of {}.", known.join(", ")),
            )
        })?),
        None => None,
    };
    let filter = OrderFilter {
        text: search_text(asked.q.as_deref()),
        customer: match &asked.customer {
            Some(id) => Some(CustomerId(number("customer", id)?)),
            None => None,
        },
        standing,
        provinces: provinces(asked.province.as_deref(), asked.region.as_deref())?,
        before: paging.before.map(OrderId),
    };
    let rows = app
        .engine
        .store()
        .list_orders(caller.id(), &filter, paging.look())
        .await?;
    Ok(Json(paging.page(
        rows,
        |(order, _)| order.id.0,
        |(order, person)| OrderRow::new(&order, visible(&caller, Some(&person))),
    )))
}

/// What is typed to find an order; `None` when nothing is.
pub(crate) fn search_text(typed: Option<&str>) -> Option<String> {
    let text: String = typed?.trim().chars().take(SEARCH_CHARS_MAX).collect();
    let text = text.trim_start_matches('#').to_owned();
    (!text.is_empty()).then_some(text)
}

/// An id in a query.
pub(crate) fn number(field: &str, id: &str) -> Result<i64, Problem> {
    id.parse().map_err(|_| {
        Problem::field(
            field,
            "id_invalid",
            "Un identificativo è fatto di cifre.",
            "An id is made of digits.",
        )
    })
}

/// A return of goods.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ReturnShape {
    /// The platform's id.
    external_id: String,
    /// Where it stands.
    #[schema(value_type = String)]
    state: Value,
    /// Since when.
    at: Timestamp,
    /// The same, Italian.
    it: &'static str,
    /// The same, English.
    en: &'static str,
}

/// Whether the customer's page shows more of the shop's goods.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PageGoodsShape {
    /// It may.
    shown: bool,
    /// What it rests on (`consent`, `soft_spam`), or why not (`objected`, `parcel_trouble`, `switched_off`…).
    #[schema(example = "soft_spam")]
    why: &'static str,
    /// The proof, where it may.
    evidence: Option<String>,
    /// The same in words, Italian.
    it: &'static str,
    /// The same, English.
    en: &'static str,
}

impl From<PageDecision> for PageGoodsShape {
    fn from(word: PageDecision) -> Self {
        match word {
            PageDecision::Show(grant) => PageGoodsShape {
                shown: true,
                why: grant.basis.as_str(),
                it: grant.basis.words(Locale::It),
                en: grant.basis.words(Locale::En),
                evidence: Some(grant.evidence),
            },
            PageDecision::Leave { why } => PageGoodsShape {
                shown: false,
                why: why.as_str(),
                it: why.words(Locale::It),
                en: why.words(Locale::En),
                evidence: None,
            },
        }
    }
}

/// An order as a whole: everything the platform told, and beside it what we know.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct OrderShape {
    /// The platform's telling: person, lines, sums, address. Its members stand beside the ones named here.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    told: Value,
    /// Id within the shop.
    id: String,
    /// Where it stands.
    standing: &'static str,
    /// The same, Italian.
    standing_it: &'static str,
    /// The same, English.
    standing_en: &'static str,
    /// Whose it is; null without the right to see people.
    customer: Option<PersonShort>,
    /// Its parcels with their scans.
    parcels: Vec<ParcelShape>,
    /// Its returns.
    returns: Vec<ReturnShape>,
    /// Problems that its person reported, oldest first.
    problems: Vec<ReportedShape>,
    /// Messages about it, newest first; empty without the right to see messages.
    messages: Vec<MessageRow>,
    /// What the customer sees.
    page_url: String,
    /// Whether that page shows more of the shop's goods, and why.
    page_goods: PageGoodsShape,
}

/// The order of this id, ours or else the platform's, with its customer.
pub(crate) async fn find(
    app: &App,
    caller: &Caller,
    id: &str,
) -> Result<Option<(Order, Customer)>, Problem> {
    let store = app.engine.store();
    if let Ok(number) = id.parse::<i64>()
        && let Some(found) = store.order(caller.id(), OrderId(number)).await?
    {
        return Ok(Some(found));
    }
    let Some(order) = store.order_by_external_id(caller.id(), id).await? else {
        return Ok(None);
    };
    Ok(store.order(caller.id(), order.id).await?)
}

/// One order, by our id or by the platform's.
#[utoipa::path(
    get, path = "/api/v1/orders/{id}", tag = "orders", operation_id = "getOrder",
    params(("id" = String, Path, description = "Our id, else the platform's.")),
    responses((status = 200, description = "The order.", body = OrderShape)),
    security(("key" = ["orders:read"])),
)]
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<OrderShape>, Problem> {
    caller.need(Scope::OrdersRead)?;
    let (order, person) = find(&app, &caller, &id)
        .await?
        .ok_or_else(|| Problem::not_found("This shop has no order with this id."))?;
    let messages = if caller.may(Scope::MessagesRead) {
        let query = MessageQuery {
            order: Some(order.id),
            ..MessageQuery::default()
        };
        app.engine
            .store()
            .list_messages(caller.id(), &query, PAGE_ROWS_MAX)
            .await?
    } else {
        Vec::new()
    };
    let token = app.engine.tokens().seal(&Token::Order {
        shop: caller.id(),
        order: order.id,
    });
    let cases = app.engine.open_cases(caller.id(), &order).await?;
    let now = app.engine.now();
    let page_goods = decide_page(&caller.shop.settings, &person, &order, &cases, now).into();
    let mut parcels = Vec::with_capacity(order.tracked.len());
    for parcel in &order.tracked {
        parcels.push(ParcelShape::read(&app, &caller.shop, &order, parcel).await?);
    }
    let shown = visible(&caller, Some(&person));
    let standing = words::standing(order.standing());
    let mut told = serde_json::to_value(&order).unwrap_or(Value::Null);
    if let Some(members) = told.as_object_mut() {
        // These stand beside it in the form of the API.
        for name in ["id", "parcels", "problems", "returns", "tracked", "traces"] {
            members.remove(name);
        }
        members.insert(
            "customer_id".to_owned(),
            order.customer_id.to_string().into(),
        );
    }
    Ok(Json(OrderShape {
        told,
        id: order.id.to_string(),
        standing: order.standing().as_str(),
        standing_it: standing.it,
        standing_en: standing.en,
        customer: shown.map(PersonShort::new),
        parcels,
        problems: order.problems.iter().map(ReportedShape::from).collect(),
        returns: order
            .returns
            .iter()
            .map(|told| {
                let words = words::returning(told.state);
                ReturnShape {
                    external_id: told.external_id.clone(),
                    state: serde_json::to_value(told.state).unwrap_or_default(),
                    at: told.at,
                    it: words.it,
                    en: words.en,
                }
            })
            .collect(),
        messages: messages
            .iter()
            .map(|line| {
                let message = &line.message;
                MessageRow::new(
                    message,
                    app.engine
                        .template_title(caller.id(), &message.send.template),
                    visible(&caller, line.customer.as_ref()),
                    line.order_number.clone(),
                )
            })
            .collect(),
        page_url: format!("{}/o/{token}", app.engine.pages_url(&caller.shop)),
        page_goods,
    }))
}
