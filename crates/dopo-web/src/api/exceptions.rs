//! `/api/v1/exceptions`: parcels in trouble, those first that cost most.

use crate::api::ask::Asked;
use crate::api::auth::Caller;
use crate::api::problem::Problem;
use crate::api::shapes::{Amount, ParcelShort, PersonShort, visible};
use crate::limits::{API_ROWS_DEFAULT, API_ROWS_MAX};
use crate::state::App;
use axum::Json;
use axum::extract::State;
use dopo_core::access::Scope;
use dopo_core::parcel::trouble::Trouble;
use dopo_core::parcel::{HoldOutcome, Parcel};
use dopo_engine::console::exceptions::Exception;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which parcels, and what stands first.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExceptionsAsked {
    /// `held`, `attempt_failed`, `refused`, `lost`, `returning`, `returned`, `expired`, `silent`, `shop_acts` or `delayed`.
    #[param(example = "held")]
    trouble: Option<String>,
    /// `cost` (value at risk × urgency, the usual) or `deadline` (what expires next).
    #[param(example = "deadline")]
    sort: Option<String>,
    /// Rows, at most 200.
    limit: Option<usize>,
}

/// A parcel in trouble.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ExceptionRow {
    /// Id of the order.
    order_id: String,
    /// What the customer knows the order by.
    order_number: String,
    /// Whose it is; null without the right to see people.
    customer: Option<PersonShort>,
    /// Two-letter Italian province it goes to.
    province: Option<String>,
    /// The parcel.
    parcel: ParcelShort,
    /// What is wrong.
    trouble: &'static str,
    /// Why, with who caused it.
    reason: Option<String>,
    /// Who must act: `nobody`, `buyer`, `shop`, `carrier`, `customs`.
    act_by: &'static str,
    /// Until when something must be done.
    deadline: Option<Timestamp>,
    /// Since when the courier is silent.
    silent_since: Option<Timestamp>,
    /// What became of the answer to its hold: `asked`, `accepted`, `deferred`, `refused`, `by_hand`; null without one.
    hold_outcome: Option<&'static str>,
    /// Whether its hold can still be answered.
    awaits_answer: bool,
    /// The price of what is inside, else its share of what is left of the order's total.
    at_risk: Amount,
    /// What the deadline makes of it, in percent.
    urgency_percent: u32,
    /// What it is sorted by: at risk × urgency, in cents.
    weight: i64,
}

/// The stable name of what became of an answer.
pub(crate) fn outcome_name(outcome: &HoldOutcome) -> &'static str {
    match outcome {
        HoldOutcome::Asked => "asked",
        HoldOutcome::Accepted { .. } => "accepted",
        HoldOutcome::Deferred => "deferred",
        HoldOutcome::Refused { .. } => "refused",
        HoldOutcome::ByHand => "by_hand",
    }
}

impl ExceptionRow {
    fn new(caller: &Caller, one: &Exception, parcel: &Parcel) -> Self {
        let snapshot = &one.order.snapshot;
        let hold = parcel.hold();
        ExceptionRow {
            order_id: one.order.id.to_string(),
            order_number: snapshot.number.clone(),
            customer: visible(caller, Some(&one.customer)).map(PersonShort::new),
            province: snapshot.ship_to.as_ref().and_then(|to| to.province.clone()),
            parcel: ParcelShort::new(parcel),
            trouble: one.told.trouble.as_str(),
            reason: parcel.reason.clone(),
            act_by: parcel.act_by.as_str(),
            deadline: one.told.deadline,
            silent_since: parcel.silent_since,
            hold_outcome: hold
                .and_then(|hold| hold.outcome.as_ref())
                .map(outcome_name),
            awaits_answer: hold.is_some_and(|hold| hold.awaits_answer()),
            at_risk: one.told.at_risk.into(),
            urgency_percent: one.told.urgency_percent,
            weight: one.told.weight(),
        }
    }
}

/// How many parcels have one trouble.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct TroubleCount {
    /// What is wrong.
    trouble: &'static str,
    /// Parcels.
    n: usize,
}

/// The board.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ExceptionsShape {
    /// The parcels asked for.
    items: Vec<ExceptionRow>,
    /// How many there are of each trouble, among the orders looked at.
    counts: Vec<TroubleCount>,
    /// At risk with all of them, in the shop's currency; other currencies are left out.
    at_risk: Amount,
    /// Orders looked at: those with most at risk.
    orders: usize,
    /// Orders with a parcel in trouble, counted up to 10,000.
    orders_all: u64,
}

/// Parcels in trouble, those first that cost most: the value at risk times four when the deadline is within a day or has
/// passed, times three within two days, times two within four, halved once the courier was told what to do with a hold.
#[utoipa::path(
    get, path = "/api/v1/exceptions", tag = "orders", operation_id = "exceptions",
    params(ExceptionsAsked),
    responses((status = 200, description = "The board.", body = ExceptionsShape)),
    security(("key" = ["orders:read"])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Asked(asked): Asked<ExceptionsAsked>,
) -> Result<Json<ExceptionsShape>, Problem> {
    caller.need(Scope::OrdersRead)?;
    let trouble = match &asked.trouble {
        Some(name) => Some(Trouble::parse(name).ok_or_else(|| {
            Problem::field(
                "trouble",
                "unknown",
                "Questo problema non c'è nell'elenco.",
                "There is no such trouble.",
            )
        })?),
        None => None,
    };
    let by_deadline = match asked.sort.as_deref() {
        None | Some("cost") => false,
        Some("deadline") => true,
        Some(_) => {
            return Err(Problem::field(
                "sort",
                "unknown",
                "Si ordina per `cost` o `deadline`.",
                "Sorted is by `cost` or `deadline`.",
            ));
        }
    };
    let mut board = app.engine.exceptions(caller.id()).await?;
    let counts = Trouble::ALL
        .into_iter()
        .map(|trouble| TroubleCount {
            trouble: trouble.as_str(),
            n: board
                .exceptions
                .iter()
                .filter(|one| one.told.trouble == trouble)
                .count(),
        })
        .filter(|counted| counted.n > 0)
        .collect();
    let currency = crate::api::shapes::currency_of(&caller.shop);
    let cents = board
        .exceptions
        .iter()
        .filter(|one| one.told.at_risk.currency == currency)
        .map(|one| one.told.at_risk.cents)
        .fold(0, i64::saturating_add);
    board
        .exceptions
        .retain(|one| trouble.is_none_or(|asked| one.told.trouble == asked));
    if by_deadline {
        // Stable: what expires together stays in the order of what it costs.
        board
            .exceptions
            .sort_by_key(|one| one.told.deadline.unwrap_or(Timestamp::MAX));
    }
    let rows = asked
        .limit
        .unwrap_or(API_ROWS_DEFAULT)
        .clamp(1, API_ROWS_MAX);
    Ok(Json(ExceptionsShape {
        items: board
            .exceptions
            .iter()
            .take(rows)
            .filter_map(|one| Some(ExceptionRow::new(&caller, one, one.parcel()?)))
            .collect(),
        counts,
        at_risk: dopo_core::money::Money::new(cents, currency).into(),
        orders: board.orders,
        orders_all: board.orders_all,
    }))
}
