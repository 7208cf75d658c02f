//! `GET /api/v1/search`: one field that finds people, orders and journeys; rights decide what is looked through.

use crate::api::ask::Asked;
use crate::api::auth::Caller;
use crate::api::customers::terms;
use crate::api::orders::search_text;
use crate::api::problem::Problem;
use crate::api::shapes::{CustomerRow, OrderRow, visible};
use crate::state::App;
use axum::Json;
use axum::extract::State;
use dopo_core::access::Scope;
use dopo_core::search::words;
use dopo_engine::ports::{CustomerFilter, OrderFilter};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Of each kind.
const FOUND_MAX: usize = 5;

/// What to find.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct SearchAsked {
    /// What is typed.
    #[param(example = "chiara")]
    q: String,
}

/// A journey that was found.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct JourneyFound {
    /// Id.
    id: String,
    /// Italian name.
    name_it: String,
    /// English name.
    name_en: String,
}

/// What was found, at most five of each kind. What the caller may not see is empty.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub(crate) struct Found {
    /// People.
    customers: Vec<CustomerRow>,
    /// Orders.
    orders: Vec<OrderRow>,
    /// Journeys.
    journeys: Vec<JourneyFound>,
}

/// Finds people, orders and journeys by what is typed.
#[utoipa::path(
    get, path = "/api/v1/search", tag = "search", operation_id = "search",
    params(SearchAsked),
    responses((status = 200, description = "What was found.", body = Found)),
    security(("key" = [])),
)]
pub(crate) async fn find(
    State(app): State<App>,
    caller: Caller,
    Asked(asked): Asked<SearchAsked>,
) -> Result<Json<Found>, Problem> {
    let store = app.engine.store();
    let mut found = Found::default();
    let terms = terms(&asked.q);
    if caller.may(Scope::CustomersRead) && !terms.is_empty() {
        let filter = CustomerFilter {
            terms,
            ..CustomerFilter::default()
        };
        let people = store
            .list_customers(caller.id(), &filter, FOUND_MAX)
            .await?;
        found.customers = people
            .iter()
            .map(|person| CustomerRow::new(&caller.shop, person))
            .collect();
    }
    if let Some(text) = search_text(Some(&asked.q))
        && caller.may(Scope::OrdersRead)
    {
        let filter = OrderFilter {
            text: Some(text),
            ..OrderFilter::default()
        };
        let orders = store.list_orders(caller.id(), &filter, FOUND_MAX).await?;
        found.orders = orders
            .iter()
            .map(|(order, person)| OrderRow::new(order, visible(&caller, Some(person))))
            .collect();
    }
    let looked_for = words(&asked.q);
    if caller.may(Scope::JourneysRead) && !looked_for.is_empty() {
        let mut ids: Vec<&String> = Vec::new();
        for ((id, _), journey) in caller.shop.journeys.iter().rev() {
            let own = words(&format!("{} {} {id}", journey.name_it, journey.name_en));
            let hit = looked_for
                .iter()
                .all(|word| own.iter().any(|own| own.starts_with(word.as_str())));
            if hit && !ids.contains(&id) && found.journeys.len() < FOUND_MAX {
                ids.push(id);
                found.journeys.push(JourneyFound {
                    id: id.clone(),
                    name_it: journey.name_it.clone(),
                    name_en: journey.name_en.clone(),
                });
            }
        }
    }
    Ok(Json(found))
}
