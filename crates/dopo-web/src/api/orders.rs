//! `GET /api/v1/orders/{external_id}`: an order as we know it (scope `orders:read`).

use crate::api::auth::Caller;
use crate::api::problem::Problem;
use crate::state::App;
use axum::Json;
use axum::extract::{Path, State};
use dopo_core::access::Scope;
use dopo_engine::tokens::Token;
use serde_json::Value;

pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(external_id): Path<String>,
) -> Result<Json<Value>, Problem> {
    caller.need(Scope::OrdersRead)?;
    let order = app
        .engine
        .store()
        .order_by_external_id(caller.id(), &external_id)
        .await?
        .ok_or_else(|| Problem::not_found("This shop has no order with this platform id."))?;
    let token = app.engine.tokens().seal(&Token::Order {
        shop: caller.id(),
        order: order.id,
    });
    let mut value = serde_json::to_value(&order).unwrap_or(Value::Null);
    if let Some(object) = value.as_object_mut() {
        object.insert(
            "page_url".to_owned(),
            format!("{}/o/{token}", app.settings.public_url).into(),
        );
    }
    Ok(Json(value))
}
