//! "Ask the courier now" for the people of the shop: how a question about a parcel stands, and the asking. The limits are
//! those of the customer's page.

use crate::api::auth::Caller;
use crate::api::orders::find;
use crate::api::parcels::{ParcelShape, no_order};
use crate::api::problem::Problem;
use crate::state::App;
use axum::Json;
use axum::extract::{Path, State};
use dopo_core::access::Scope;
use dopo_core::advance::Shop;
use dopo_core::order::Order;
use dopo_core::parcel::{InstructedBy, LookAnswer, LookAsked, NotAsked, Parcel};
use dopo_engine::console::live::Topics;
use dopo_engine::couriers::AskStanding;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

/// A question to the courier.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct AskedShape {
    /// When it was asked for.
    at: Timestamp,
    /// `buyer` or `shop`.
    by: &'static str,
    /// `news`, `same` (no news) or `unknown` (it can tell nothing about this parcel); null as long as it has not answered.
    answer: Option<&'static str>,
    /// When it answered.
    answered_at: Option<Timestamp>,
}

impl From<&LookAsked> for AskedShape {
    fn from(asked: &LookAsked) -> Self {
        AskedShape {
            at: asked.at,
            by: if asked.by_shop { "shop" } else { "buyer" },
            answer: asked.answer.map(LookAnswer::as_str),
            answered_at: asked.answered_at,
        }
    }
}

/// How a question to the courier about a parcel stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct AskShape {
    /// `free`: it may be asked now. Else why not: `no_use` (nothing is wrong, or nothing more is to come), `asked` (within the
    /// last hour), `looked` (Dopo looked minutes ago), `day_over` (six questions about this order today), `by_itself` (it
    /// cannot be asked, it tells by itself), `busy` (its account takes no more calls now), `nobody` (no account of the shop
    /// covers it).
    #[schema(example = "free")]
    standing: &'static str,
    /// With `asked`: when the next question is taken.
    again_at: Option<Timestamp>,
    /// With `looked`: when Dopo looked.
    looked_at: Option<Timestamp>,
    /// The last question about it.
    last: Option<AskedShape>,
}

impl AskShape {
    /// As it stands now.
    pub(crate) async fn read(
        app: &App,
        shop: &Shop,
        order: &Order,
        parcel: &Parcel,
    ) -> Result<Self, Problem> {
        let standing = app.engine.ask_standing(shop, order, parcel).await?;
        let (again_at, looked_at) = match standing {
            AskStanding::Not(NotAsked::Asked(ask)) => (Some(ask.again_at()), None),
            AskStanding::Not(NotAsked::Looked(at)) => (None, Some(at)),
            _ => (None, None),
        };
        Ok(AskShape {
            standing: name(standing),
            again_at,
            looked_at,
            last: parcel.last_ask().map(AskedShape::from),
        })
    }
}

fn name(standing: AskStanding) -> &'static str {
    match standing {
        AskStanding::Free => "free",
        AskStanding::Not(NotAsked::NoUse) => "no_use",
        AskStanding::Not(NotAsked::Asked(_)) => "asked",
        AskStanding::Not(NotAsked::Looked(_)) => "looked",
        AskStanding::Not(NotAsked::DayOver) => "day_over",
        AskStanding::ByItself => "by_itself",
        AskStanding::Busy => "busy",
        AskStanding::Nobody => "nobody",
    }
}

/// Why the courier was not asked; `None` where it was.
fn refusal(standing: AskStanding) -> Option<Problem> {
    let (code, detail) = match standing {
        AskStanding::Free => return None,
        AskStanding::Not(NotAsked::NoUse) => (
            "ask_no_use",
            "Nothing is wrong with this parcel, or nothing more is to come: it is looked at by itself.".to_owned(),
        ),
        AskStanding::Not(NotAsked::Asked(ask)) => (
            "ask_asked",
            format!("It was asked at {}. Ask again from {} on.", ask.at, ask.again_at()),
        ),
        AskStanding::Not(NotAsked::Looked(at)) => (
            "ask_looked",
            format!("Dopo looked at {at}: what it said stands in the order."),
        ),
        AskStanding::Not(NotAsked::DayOver) => (
            "ask_day_over",
            "Today's questions about this order are used up: it is looked at by itself.".to_owned(),
        ),
        AskStanding::ByItself => (
            "ask_by_itself",
            "This courier tells by itself and cannot be asked.".to_owned(),
        ),
        AskStanding::Busy => (
            "ask_busy",
            "The courier's account takes no more calls now: today's are used up, or it asked us to wait.".to_owned(),
        ),
        AskStanding::Nobody => (
            "ask_nobody",
            "No account of this shop covers the courier. Add one in the settings.".to_owned(),
        ),
    };
    Some(Problem::conflict(code, "The courier was not asked", detail))
}

/// Has the courier asked for a parcel now. The same limits hold as for the button on the customer's page, and together with
/// it: at most once an hour for a parcel and six times a day for an order, and only where something is wrong.
#[utoipa::path(
    post, path = "/api/v1/orders/{id}/parcels/{seq}/ask-courier", tag = "orders", operation_id = "askCourier",
    params(
        ("id" = String, Path, description = "Our id of the order, else the platform's."),
        ("seq" = String, Path, description = "The parcel's number within the order, from 0."),
    ),
    responses(
        (status = 200, description = "The parcel; the answer stands in `ask.last` within about a minute.", body = ParcelShape),
        (status = 409, description = "`ask_` and why not, as `ask.standing` of the parcel names it."),
    ),
    security(("key" = ["orders:write"])),
)]
pub(crate) async fn ask_courier(
    State(app): State<App>,
    caller: Caller,
    Path((id, seq)): Path<(String, String)>,
) -> Result<Json<ParcelShape>, Problem> {
    caller.need(Scope::OrdersWrite)?;
    let missing = || Problem::not_found("This order has no such parcel.");
    let (order, _) = find(&app, &caller, &id).await?.ok_or_else(no_order)?;
    let at: u16 = seq.parse().map_err(|_| missing())?;
    let parcel = order.tracked.get(usize::from(at)).ok_or_else(missing)?;
    let asker = (caller.id().0, caller.actor());
    let limit = &app.page_limits.askers;
    limit.take(&asker).map_err(Problem::too_many)?;
    let engine = &app.engine;
    let standing = engine
        .ask_courier(&caller.shop, &order, parcel, InstructedBy::Shop)
        .await?;
    if let Some(why) = refusal(standing) {
        return Err(why);
    }
    engine.changed(caller.id(), Topics::ORDERS);
    let subject = format!("order/{}", order.id);
    let detail = json!({ "parcel": at });
    caller.audit(&app, "courier.asked", subject, detail).await?;
    let found = engine.store().order(caller.id(), order.id).await?;
    let (order, _) = found.ok_or_else(no_order)?;
    let parcel = order.tracked.get(usize::from(at)).ok_or_else(missing)?;
    let shape = ParcelShape::read(&app, &caller.shop, &order, parcel).await?;
    Ok(Json(shape))
}
