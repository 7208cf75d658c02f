//! Parcels in full, the shop's own answer to a hold, and photos of problems.

use crate::api::ask::Told;
use crate::api::asking::AskShape;
use crate::api::auth::Caller;
use crate::api::exceptions::outcome_name;
use crate::api::orders::find;
use crate::api::problem::Problem;
use crate::api::shapes::Amount;
use crate::state::App;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dopo_core::access::Scope;
use dopo_core::advance::Shop;
use dopo_core::order::{Order, PostalAddress, Problem as Reported};
use dopo_core::parcel::trouble::Trouble;
use dopo_core::parcel::{
    DepotHold, HoldAction, HoldAnswer, HoldOutcome, KnownCheckpoint, Parcel, PickupPoint,
};
use dopo_core::words;
use dopo_engine::console::hold::{
    ADDRESS_CHARS_MAX, DRIVER_NOTE_CHARS_MAX, DRIVER_PHONE_CHARS_MAX, FieldFault, HoldError,
};
use dopo_engine::console::live::Topics;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

/// A scan of the carrier.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CheckpointShape {
    /// When the carrier says it happened.
    at: Timestamp,
    /// The carrier gave a day and no hour.
    day_only: bool,
    /// The zone of the carrier's clock: an offset or an IANA name; null = not told.
    zone: Option<String>,
    /// Where the parcel is after it.
    state: &'static str,
    /// The same, Italian.
    it: &'static str,
    /// The same, English.
    en: &'static str,
    /// Place in the carrier's words.
    place: Option<String>,
    /// The carrier's text.
    text: Option<String>,
    /// The carrier's code.
    code: Option<String>,
    /// Why, with who caused it.
    reason: Option<String>,
    /// Who told of it: `shop`, `carrier`, `aggregator`, `manual`.
    #[schema(value_type = String)]
    source: Value,
    /// When we learnt of it.
    known_at: Timestamp,
    /// When the carrier took it back.
    revoked_at: Option<Timestamp>,
}

impl CheckpointShape {
    fn new(known: &KnownCheckpoint) -> Self {
        let scan = &known.checkpoint;
        let words = words::parcel(scan.state);
        CheckpointShape {
            at: scan.at,
            day_only: scan.day_only,
            zone: scan.zone.clone(),
            state: scan.state.as_str(),
            it: words.it,
            en: words.en,
            place: scan.place.clone(),
            text: scan.text.clone(),
            code: scan.code.clone(),
            reason: scan.reason.clone(),
            source: serde_json::to_value(scan.source).unwrap_or_default(),
            known_at: known.known_at,
            revoked_at: known.revoked_at,
        }
    }
}

/// A span in which the courier expects to deliver.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct WindowShape {
    /// Earliest.
    from: Timestamp,
    /// Latest.
    until: Timestamp,
    /// Only days are meant, not hours.
    days: bool,
}

/// Our own estimate of the day of delivery.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct EstimateShape {
    /// The day that is as likely too early as too late.
    #[schema(value_type = String, format = Date)]
    median: Date,
    /// First day of the interval.
    #[schema(value_type = String, format = Date)]
    from: Date,
    /// Last day of the interval.
    #[schema(value_type = String, format = Date)]
    until: Date,
    /// How many deliveries of a hundred fall into it.
    coverage_percent: u8,
    /// Deliveries it was learnt from.
    sample: u32,
}

/// Where a parcel can be fetched.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PickupPointShape {
    /// Name.
    name: Option<String>,
    /// Street and number.
    street: Option<String>,
    /// Postal code.
    postal_code: Option<String>,
    /// Town.
    city: Option<String>,
    /// Opening hours, as told.
    hours: Vec<String>,
    /// Last day.
    #[schema(value_type = Option<String>, format = Date)]
    until: Option<Date>,
}

impl From<&PickupPoint> for PickupPointShape {
    fn from(point: &PickupPoint) -> Self {
        PickupPointShape {
            name: point.name.clone(),
            street: point.street.clone(),
            postal_code: point.postal_code.clone(),
            city: point.city.clone(),
            hours: point.hours.clone(),
            until: point.until,
        }
    }
}

/// A hold at a depot, or what is asked before it, with the answer and what became of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct HoldShape {
    /// Since when, by the courier's time.
    opened_at: Timestamp,
    /// Before the depot holds it: a delivery that failed or an address that will not do, where only the customer can help.
    early: bool,
    /// Why.
    reason: Option<String>,
    /// Where.
    branch: Option<String>,
    /// The courier's own number of it.
    reference: Option<String>,
    /// When the parcel goes back.
    expires_at: Timestamp,
    /// Whether the courier told that; else it is what is usual.
    expiry_told: bool,
    /// Whether an answer can be given now.
    awaits_answer: bool,
    /// Until when the customer can choose on their page.
    buyer_until: Timestamp,
    /// `redeliver`, `other_address`, `collect` or `send_back`; null without an answer.
    action: Option<&'static str>,
    /// Where to, for another address.
    #[schema(value_type = Option<Object>)]
    address: Option<PostalAddress>,
    /// Telephone for the driver.
    phone: Option<String>,
    /// A line for the driver.
    note: Option<String>,
    /// `buyer` or `shop`.
    #[schema(value_type = Option<String>)]
    by: Value,
    /// When it was answered.
    answered_at: Option<Timestamp>,
    /// `asked`, `accepted`, `deferred`, `refused` or `by_hand`.
    outcome: Option<&'static str>,
    /// The courier's words: its reference, or why it refused.
    outcome_words: Option<String>,
    /// When the parcel left the hold.
    closed_at: Option<Timestamp>,
}

impl HoldShape {
    fn new(hold: &DepotHold, rules: &dopo_core::parcel::HoldRules) -> Self {
        let answer = hold.answer.as_ref();
        HoldShape {
            opened_at: hold.opened_at,
            early: hold.early,
            reason: hold.reason.clone(),
            branch: hold.branch.clone(),
            reference: hold.reference.clone(),
            expires_at: hold.expires_at,
            expiry_told: hold.expiry_told,
            awaits_answer: hold.awaits_answer(),
            buyer_until: hold.closes_at(rules),
            action: answer.map(|answer| answer.action.as_str()),
            address: answer.and_then(|answer| answer.address.clone()),
            phone: answer.and_then(|answer| answer.phone.clone()),
            note: answer.and_then(|answer| answer.note.clone()),
            by: serde_json::to_value(hold.by).unwrap_or_default(),
            answered_at: hold.answered_at,
            outcome: hold.outcome.as_ref().map(outcome_name),
            outcome_words: match &hold.outcome {
                Some(HoldOutcome::Accepted { reference }) => reference.clone(),
                Some(HoldOutcome::Refused { why }) => Some(why.clone()),
                _ => None,
            },
            closed_at: hold.closed_at,
        }
    }
}

/// A parcel with its scans, oldest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ParcelShape {
    /// Number within the order, from 0.
    seq: u16,
    /// The platform's id.
    external_id: Option<String>,
    /// Carrier as the shop names it.
    carrier: Option<String>,
    /// Tracking number.
    number: Option<String>,
    /// Numbers it had before.
    former_numbers: Vec<String>,
    /// The carrier's page for it.
    url: Option<String>,
    /// `outbound`, `return` or `redelivery`.
    #[schema(value_type = String)]
    direction: Value,
    /// The parcel of the order that it brings back or brings again.
    follows: Option<u16>,
    /// When the shop handed it over.
    shipped_at: Option<Timestamp>,
    /// Day the carrier expects to deliver, as the shop was told.
    #[schema(value_type = Option<String>, format = Date)]
    expected_on: Option<Date>,
    /// When the courier expects to deliver.
    window: Option<WindowShape>,
    /// When we expect it.
    estimate: Option<EstimateShape>,
    /// The last day that its person was told as a delay.
    #[schema(value_type = Option<String>, format = Date)]
    delay_told: Option<Date>,
    /// Where it is.
    state: &'static str,
    /// The same, Italian.
    it: &'static str,
    /// The same, English.
    en: &'static str,
    /// Why.
    reason: Option<String>,
    /// Who must act: `nobody`, `buyer`, `shop`, `carrier`, `customs`.
    act_by: &'static str,
    /// Until when.
    act_deadline: Option<Timestamp>,
    /// What is wrong with it, as the board of exceptions names it; null = nothing.
    trouble: Option<&'static str>,
    /// Since when its courier is silent.
    silent_since: Option<Timestamp>,
    /// When the person got it.
    delivered_at: Option<Timestamp>,
    /// The shop took it back.
    cancelled: bool,
    /// Where it can be fetched.
    pickup_point: Option<PickupPointShape>,
    /// What the driver collects.
    cash_on_delivery: Option<Amount>,
    /// Grams.
    weight_g: Option<u32>,
    /// Holds, the newest last.
    holds: Vec<HoldShape>,
    /// Whether its courier may be asked about it now, and what came of the last question.
    ask: AskShape,
    /// Its scans, oldest first.
    checkpoints: Vec<CheckpointShape>,
}

impl ParcelShape {
    /// A parcel of this order as it stands now.
    pub(crate) async fn read(
        app: &App,
        shop: &Shop,
        order: &Order,
        parcel: &Parcel,
    ) -> Result<Self, Problem> {
        let ask = AskShape::read(app, shop, order, parcel).await?;
        Ok(ParcelShape::new(parcel, &shop.settings.hold, ask))
    }

    fn new(parcel: &Parcel, rules: &dopo_core::parcel::HoldRules, ask: AskShape) -> Self {
        let now = words::parcel(parcel.state);
        let told = &parcel.snapshot;
        ParcelShape {
            seq: parcel.seq,
            external_id: told.external_id.clone(),
            carrier: told.carrier.clone(),
            number: told.number.clone(),
            former_numbers: parcel.former_numbers.clone(),
            url: told.url.clone(),
            direction: serde_json::to_value(parcel.direction).unwrap_or_default(),
            follows: parcel.follows,
            shipped_at: told.shipped_at,
            expected_on: told.expected_on,
            window: parcel.window.map(|window| WindowShape {
                from: window.from,
                until: window.until,
                days: window.days,
            }),
            estimate: parcel.estimate.map(|estimate| EstimateShape {
                median: estimate.median,
                from: estimate.from,
                until: estimate.until,
                coverage_percent: estimate.coverage_percent,
                sample: estimate.sample,
            }),
            delay_told: parcel.delay_told,
            state: parcel.state.as_str(),
            it: now.it,
            en: now.en,
            reason: parcel.reason.clone(),
            act_by: parcel.act_by.as_str(),
            act_deadline: parcel.act_deadline,
            trouble: Trouble::of(parcel).map(Trouble::as_str),
            silent_since: parcel.silent_since,
            delivered_at: parcel.delivered_at,
            cancelled: told.cancelled,
            pickup_point: parcel.pickup_point.as_ref().map(PickupPointShape::from),
            cash_on_delivery: parcel.cash_on_delivery.map(Amount::from),
            weight_g: parcel.weight_g,
            holds: parcel
                .holds
                .iter()
                .map(|hold| HoldShape::new(hold, rules))
                .collect(),
            ask,
            checkpoints: parcel
                .checkpoints
                .iter()
                .map(CheckpointShape::new)
                .collect(),
        }
    }
}

/// A problem that the person reported on their page.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ReportedShape {
    /// `not_received`, `damaged`, `wrong_item`, `missing` or `other`.
    kind: &'static str,
    /// Which parcel, from 0; null = the order.
    parcel: Option<u16>,
    /// In their words.
    text: Option<String>,
    /// Ids of photos, for `GET /api/v1/orders/{id}/photos/{photo}`.
    photos: Vec<String>,
    /// When.
    at: Timestamp,
}

impl From<&Reported> for ReportedShape {
    fn from(problem: &Reported) -> Self {
        ReportedShape {
            kind: problem.kind.as_str(),
            parcel: problem.parcel,
            text: problem.text.clone(),
            photos: problem.photos.clone(),
            at: problem.at,
        }
    }
}

/// Where a held parcel shall go instead.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AddressTold {
    /// Who receives.
    name: Option<String>,
    /// Company.
    company: Option<String>,
    /// Street and number.
    street: Option<String>,
    /// Floor, staircase, c/o.
    extra: Option<String>,
    /// Postal code.
    postal_code: Option<String>,
    /// Town.
    city: Option<String>,
    /// Two-letter province.
    province: Option<String>,
    /// Two-letter country.
    country: Option<String>,
}

/// What shall be done with a held parcel.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "action": "redeliver", "phone": "+393331234567", "note": "Suonare due volte." }))]
pub(crate) struct HoldAnswerTold {
    /// `redeliver`, `other_address`, `collect` or `send_back`.
    #[serde(default)]
    action: String,
    /// Where to, with `other_address`: street, postal code and town at least.
    #[serde(default)]
    address: Option<AddressTold>,
    /// Telephone for the driver.
    #[serde(default)]
    phone: Option<String>,
    /// A line for the driver.
    #[serde(default)]
    note: Option<String>,
}

impl HoldAnswerTold {
    fn read(self) -> Result<HoldAnswer, Problem> {
        let action = HoldAction::parse(&self.action).ok_or_else(|| {
            Problem::field(
                "action",
                "unknown",
                "Scegli tra `redeliver`, `other_address`, `collect` e `send_back`.",
                "Choose `redeliver`, `other_address`, `collect` or `send_back`.",
            )
        })?;
        Ok(HoldAnswer {
            action,
            address: self.address.map(|told| PostalAddress {
                name: told.name,
                company: told.company,
                street: told.street,
                extra: told.extra,
                postal_code: told.postal_code,
                city: told.city,
                province: told.province,
                country: told.country,
            }),
            phone: self.phone,
            note: self.note,
        })
    }
}

impl From<HoldError> for Problem {
    fn from(error: HoldError) -> Self {
        let words = error.to_string();
        match error {
            HoldError::NoParcel => Problem::not_found("This order has no such parcel."),
            HoldError::NotHeld => Problem::conflict("not_held", "The parcel is not held", words),
            HoldError::Answered => {
                Problem::conflict("hold_answered", "An answer stands already", words)
            }
            HoldError::Field(field, FieldFault::Missing) => Problem::field(
                field,
                "empty",
                "Serve per consegnare a un altro indirizzo.",
                "Another address needs it.",
            ),
            HoldError::Field(field, FieldFault::TooLong) => {
                let chars_max = match field {
                    "phone" => DRIVER_PHONE_CHARS_MAX,
                    "note" => DRIVER_NOTE_CHARS_MAX,
                    _ => ADDRESS_CHARS_MAX,
                };
                Problem::field(
                    field,
                    "too_long",
                    &format!("Al massimo {chars_max} caratteri."),
                    &format!("At most {chars_max} characters."),
                )
            }
            HoldError::Ingest(error) => error.into(),
            HoldError::Store(error) => error.into(),
        }
    }
}

/// 404 for an order that is not there.
pub(crate) fn no_order() -> Problem {
    Problem::not_found("This shop has no order with this id.")
}

/// Says what shall be done with a held parcel, for the shop. What people may choose on their page does not bind it.
#[utoipa::path(
    post, path = "/api/v1/orders/{id}/parcels/{seq}/hold-answer", tag = "orders", operation_id = "answerHold",
    params(
        ("id" = String, Path, description = "Our id of the order, else the platform's."),
        ("seq" = String, Path, description = "The parcel's number within the order, from 0."),
    ),
    request_body = HoldAnswerTold,
    responses(
        (status = 200, description = "The parcel with the answer; what the courier makes of it follows.", body = ParcelShape),
        (status = 409, description = "`not_held`, or `hold_answered`: an answer is on its way to the courier or was taken by it."),
    ),
    security(("key" = ["orders:write"])),
)]
pub(crate) async fn answer_hold(
    State(app): State<App>,
    caller: Caller,
    Path((id, seq)): Path<(String, String)>,
    Told(told): Told<HoldAnswerTold>,
) -> Result<Json<ParcelShape>, Problem> {
    caller.need(Scope::OrdersWrite)?;
    let (order, _) = find(&app, &caller, &id).await?.ok_or_else(no_order)?;
    let seq: u16 = seq.parse().map_err(|_| HoldError::NoParcel)?;
    let answer = told.read()?;
    let action = answer.action.as_str();
    let order = app
        .engine
        .answer_hold(caller.id(), &order, seq, answer)
        .await?;
    app.engine.changed(caller.id(), Topics::ORDERS);
    caller
        .audit(
            &app,
            "hold.answered",
            format!("order/{}", order.id),
            json!({ "parcel": seq, "action": action }),
        )
        .await?;
    let parcel = order
        .tracked
        .get(usize::from(seq))
        .ok_or(HoldError::NoParcel)?;
    let shape = ParcelShape::read(&app, &caller.shop, &order, parcel).await?;
    Ok(Json(shape))
}

/// A photo that came with a problem. Only for people who are signed in.
#[utoipa::path(
    get, path = "/api/v1/orders/{id}/photos/{photo}", tag = "orders", operation_id = "photo",
    params(
        ("id" = String, Path, description = "Our id of the order, else the platform's."),
        ("photo" = String, Path, description = "Its id, as the order's problems name it."),
    ),
    responses(
        (status = 200, description = "The picture.", body = Vec<u8>, content_type = "image/jpeg"),
        (status = 403, description = "`scope_missing`: `orders:read`; `sign_in_needed`: a key is not enough."),
    ),
    security(("key" = ["orders:read"])),
)]
pub(crate) async fn photo(
    State(app): State<App>,
    caller: Caller,
    Path((id, photo)): Path<(String, String)>,
) -> Result<Response, Problem> {
    caller.need(Scope::OrdersRead)?;
    let (order, _) = find(&app, &caller, &id).await?.ok_or_else(no_order)?;
    let missing = || Problem::not_found("This order has no such photo.");
    let found = app.engine.store().photo(caller.id(), &photo).await?;
    let found = found
        .filter(|found| found.order_id == order.id)
        .ok_or_else(missing)?;
    if caller.user().is_none() {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "sign_in_needed",
            "Photos are for people who are signed in",
            "Open the order in the console.",
        ));
    }
    let kind = HeaderValue::from_str(&found.media_type).map_err(|_| missing())?;
    let headers = [
        (header::CONTENT_TYPE, kind),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; base-uri 'none'; sandbox"),
        ),
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static("private, no-store"),
        ),
    ];
    Ok((headers, found.bytes).into_response())
}
