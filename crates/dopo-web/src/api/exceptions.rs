//! `/api/v1/exceptions`: parcels in trouble, those first that cost most, in pages and as a file.

use crate::api::ask::Asked;
use crate::api::auth::Caller;
use crate::api::customers::export::{cell, csv_file};
use crate::api::page::{read_cursor, write_cursor};
use crate::api::problem::Problem;
use crate::api::shapes::{Amount, ParcelShort, PersonShort, visible};
use crate::limits::{API_ROWS_DEFAULT, API_ROWS_MAX, EXPORT_ROWS_MAX};
use crate::state::App;
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use dopo_core::access::Scope;
use dopo_core::money::Money;
use dopo_core::parcel::trouble::Trouble;
use dopo_core::parcel::{HoldOutcome, Parcel};
use dopo_engine::console::exceptions::{
    BOARD_ORDERS_MAX, Board, BoardPlace, BoardQuery, Exception,
};
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
    /// `next` of the page before, with the same trouble and sort.
    cursor: Option<String>,
    /// Rows, at most 200.
    limit: Option<usize>,
}

impl ExceptionsAsked {
    /// What is asked for, and the name that its cursors bear.
    fn read(&self, rows: usize) -> Result<(BoardQuery, String), Problem> {
        let trouble = match &self.trouble {
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
        let by_deadline = match self.sort.as_deref() {
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
        let sort = if by_deadline { "deadline" } else { "cost" };
        let list = format!("exceptions/{sort}/{}", trouble.map_or("", Trouble::as_str));
        let from = match &self.cursor {
            Some(cursor) => read_cursor(&list, cursor)?,
            None => BoardPlace::default(),
        };
        let query = BoardQuery {
            trouble,
            by_deadline,
            from,
            rows,
            ..BoardQuery::default()
        };
        Ok((query, list))
    }
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

/// A page of the board.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ExceptionsShape {
    /// The parcels asked for.
    items: Vec<ExceptionRow>,
    /// Ask on with `?cursor=` and this; null on the last page.
    next: Option<String>,
    /// How many there are of each trouble, among the orders looked at.
    counts: Vec<TroubleCount>,
    /// At risk with all of them, in the shop's currency; other currencies are left out.
    at_risk: Amount,
    /// Orders looked at for counts and sum: on the first page the 1,000 with most at risk, then those that follow.
    orders: usize,
    /// Orders with a parcel in trouble, counted up to 10,000.
    orders_all: u64,
}

/// Parcels in trouble, those first that cost most: the value at risk times four when the deadline is within a day or has
/// passed, times three within two days, times two within four, halved once the courier was told what to do with a hold.
/// Read in blocks of 1,000 orders by what is at risk with them: within a block parcels stand as asked for, then comes the
/// next block.
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
    let rows = asked
        .limit
        .unwrap_or(API_ROWS_DEFAULT)
        .clamp(1, API_ROWS_MAX);
    let (query, list) = asked.read(rows)?;
    let board = app.engine.exceptions(caller.id(), &query).await?;
    let currency = crate::api::shapes::currency_of(&caller.shop);
    let mut sums = board.at_risk.iter();
    let at_risk = sums.find(|sum| sum.currency == currency);
    Ok(Json(ExceptionsShape {
        items: rows_of(&caller, &board),
        next: board.next.map(|place| write_cursor(&list, &place)),
        counts: board
            .counts
            .iter()
            .map(|(trouble, n)| TroubleCount {
                trouble: trouble.as_str(),
                n: *n,
            })
            .collect(),
        at_risk: at_risk.copied().unwrap_or(Money::new(0, currency)).into(),
        orders: board.orders,
        orders_all: board.orders_all,
    }))
}

fn rows_of(caller: &Caller, board: &Board) -> Vec<ExceptionRow> {
    let all = board.exceptions.iter();
    all.filter_map(|one| Some(ExceptionRow::new(caller, one, one.parcel()?)))
        .collect()
}

const CSV_HEAD: &str = "order,number,province,carrier,tracking_number,state,trouble,reason,act_by,deadline,silent_since,awaits_answer,hold_outcome,at_risk,currency,urgency_percent\r\n";

/// A line without names or addresses: the board is for work, and whoever needs the person opens the order.
fn csv_line(row: &ExceptionRow) -> String {
    let text = |text: &Option<String>| cell(text.as_deref().unwrap_or_default());
    let time = |at: Option<Timestamp>| cell(&at.map(|at| at.to_string()).unwrap_or_default());
    let cents = row.at_risk.cents.unsigned_abs();
    [
        cell(&row.order_id),
        cell(&row.order_number),
        text(&row.province),
        text(&row.parcel.carrier),
        text(&row.parcel.number),
        cell(row.parcel.state),
        cell(row.trouble),
        text(&row.reason),
        cell(row.act_by),
        time(row.deadline),
        time(row.silent_since),
        row.awaits_answer.to_string(),
        cell(row.hold_outcome.unwrap_or_default()),
        format!("{}.{:02}", cents / 100, cents % 100),
        cell(&row.at_risk.currency),
        row.urgency_percent.to_string(),
    ]
    .join(",")
        + "\r\n"
}

/// The whole board as a CSV file of at most 200,000 lines, sent block by block, without people.
#[utoipa::path(
    get, path = "/api/v1/exceptions.csv", tag = "orders", operation_id = "exportExceptions",
    params(ExceptionsAsked),
    responses((status = 200, description = "A CSV file, UTF-8, formula-safe.", body = String, content_type = "text/csv")),
    security(("key" = ["orders:read"])),
)]
pub(crate) async fn csv(
    State(app): State<App>,
    caller: Caller,
    Asked(asked): Asked<ExceptionsAsked>,
) -> Result<Response, Problem> {
    caller.need(Scope::OrdersRead)?;
    let (mut query, _) = asked.read(BOARD_ORDERS_MAX)?;
    // The first block is read before the answer begins, so that a store that is away is an error and not half a file.
    let first = app.engine.exceptions(caller.id(), &query).await?;
    let (send, receive) = tokio::sync::mpsc::channel::<Result<String, std::io::Error>>(2);
    tokio::spawn(async move {
        let mut sent = 0;
        let mut board = first;
        let mut part = CSV_HEAD.to_owned();
        loop {
            for row in rows_of(&caller, &board) {
                part.push_str(&csv_line(&row));
                sent += 1;
            }
            let over = send.send(Ok(std::mem::take(&mut part))).await.is_err();
            let Some(next) = board.next.filter(|_| !over && sent < EXPORT_ROWS_MAX) else {
                return;
            };
            query.from = next;
            match app.engine.exceptions(caller.id(), &query).await {
                Ok(next) => board = next,
                Err(error) => {
                    tracing::error!(%error, "an export broke off");
                    let _ = send.send(Err(std::io::Error::other("the store"))).await;
                    return;
                }
            }
        }
    });
    Ok(csv_file("attachment; filename=\"exceptions.csv\"", receive))
}
