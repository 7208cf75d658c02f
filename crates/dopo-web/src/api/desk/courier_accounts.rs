//! `/api/v1/courier-accounts`: the shop's accounts with couriers and collectors, and with whom one can have one.

use super::audit;
use crate::api::ask::Told;
use crate::api::auth::Caller;
use crate::api::problem::Problem;
use crate::state::App;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use dopo_core::access::Scope;
use dopo_core::parcel::{Courier, HoldAction};
use dopo_engine::couriers::{CourierAccount as Account, CourierAccountError};
use dopo_engine::ports::{AccountState, Vendor};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A courier.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CourierShape {
    /// Its stable name.
    #[schema(example = "gls_it")]
    id: &'static str,
    /// The name people know it by.
    #[schema(example = "GLS Italy")]
    name: &'static str,
}

impl From<&Courier> for CourierShape {
    fn from(courier: &Courier) -> Self {
        CourierShape {
            id: courier.as_str(),
            name: courier.title(),
        }
    }
}

/// A field of an account.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct AccountFieldShape {
    /// Its stable name.
    #[schema(example = "password")]
    name: &'static str,
    /// Whether it is never shown again.
    secret: bool,
    /// Whether the account works without it.
    optional: bool,
}

/// Somebody with whom a shop can have an account.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CourierVendor {
    /// Its stable name.
    #[schema(example = "gls_it")]
    name: &'static str,
    /// The name people know it by.
    #[schema(example = "GLS Italy")]
    title: &'static str,
    /// What an account consists of.
    fields: Vec<AccountFieldShape>,
    /// Couriers whose parcels it knows.
    covers: Vec<CourierShape>,
    /// Whether it is asked; false where it only tells by itself.
    asked: bool,
    /// What can be done with a held parcel through it: `redeliver`, `other_address`, `collect`, `send_back`.
    releases: Vec<&'static str>,
}

impl From<&Vendor> for CourierVendor {
    fn from(vendor: &Vendor) -> Self {
        CourierVendor {
            name: vendor.name,
            title: vendor.title,
            fields: vendor
                .fields
                .iter()
                .map(|field| AccountFieldShape {
                    name: field.name,
                    secret: field.secret,
                    optional: field.optional,
                })
                .collect(),
            covers: vendor.covers.iter().map(CourierShape::from).collect(),
            asked: vendor.asked,
            releases: vendor
                .releases
                .iter()
                .copied()
                .map(HoldAction::as_str)
                .collect(),
        }
    }
}

/// An account, without its secrets.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CourierAccount)]
pub(crate) struct CourierAccountShape {
    /// With whom.
    #[schema(example = "gls_it")]
    vendor: &'static str,
    /// The name people know it by.
    title: &'static str,
    /// Its fields that are no secrets.
    fields: BTreeMap<String, String>,
    /// Names of the secrets that are set.
    secrets: Vec<&'static str>,
    /// When it was given.
    added_at: Timestamp,
    /// `ok`, or `refused`: nothing is asked until it is given anew.
    #[schema(example = "ok")]
    state: &'static str,
    /// Since when it is refused.
    refused_at: Option<Timestamp>,
    /// Why, in the vendor's words.
    refused_why: Option<String>,
    /// Calls made today (UTC).
    calls_today: u32,
    /// Calls that may be made in a day; null = as many as are needed.
    calls_per_day: Option<u32>,
    /// Couriers whose parcels are looked at through it.
    covers: Vec<CourierShape>,
}

impl From<Account> for CourierAccountShape {
    fn from(account: Account) -> Self {
        let (state, refused_at, refused_why) = match account.state {
            AccountState::Ok => ("ok", None, None),
            AccountState::Refused { since, why } => ("refused", Some(since), Some(why)),
        };
        CourierAccountShape {
            vendor: account.vendor.name,
            title: account.vendor.title,
            fields: account.fields.into_iter().collect(),
            secrets: account.secrets,
            added_at: account.added_at,
            state,
            refused_at,
            refused_why,
            calls_today: account.used_today,
            calls_per_day: account.per_day,
            covers: account.covers.iter().map(CourierShape::from).collect(),
        }
    }
}

/// All accounts, and all vendors.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CourierAccounts {
    /// The shop's accounts.
    items: Vec<CourierAccountShape>,
    /// With whom one can have an account.
    vendors: Vec<CourierVendor>,
}

/// An account to give, or to change.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "vendor": "gls_it", "fields": { "site": "BO", "password": "…" } }))]
pub(crate) struct CourierAccountTold {
    /// With whom.
    #[serde(default)]
    vendor: String,
    /// Its fields by name; of an account that is there a secret that is left out stays.
    #[serde(default)]
    fields: BTreeMap<String, String>,
}

impl From<CourierAccountError> for Problem {
    fn from(error: CourierAccountError) -> Self {
        let words = error.to_string();
        match error {
            CourierAccountError::Store(error) => error.into(),
            CourierAccountError::UnknownVendor(_) => Problem::field(
                "vendor",
                "unknown",
                "Scegli un corriere o un aggregatore dell'elenco.",
                "Choose a courier or collector of the list.",
            ),
            CourierAccountError::UnknownField(_, name, _) => Problem::field(
                &format!("fields.{name}"),
                "unknown",
                "Questo campo non c'è.",
                "There is no such field.",
            ),
            CourierAccountError::Fields(why) => Problem::field(
                "fields",
                "unusable",
                &format!("Le credenziali non si possono usare: {why}."),
                &format!("The credentials cannot be used: {why}."),
            ),
            CourierAccountError::NotFound => Problem::not_found(&words),
        }
    }
}

/// The shop's accounts with couriers
#[utoipa::path(
    get, path = "/api/v1/courier-accounts", tag = "couriers", operation_id = "courier_accounts",
    responses(
        (status = 200, description = "Accounts without their secrets, and with whom one can have one.", body = CourierAccounts),
        (status = 401, description = "`unauthorized`."),
        (status = 403, description = "`scope_missing`: `settings:read`."),
    ),
)]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<CourierAccounts>, Problem> {
    caller.need(Scope::SettingsRead)?;
    let accounts = app.engine.courier_accounts(caller.id()).await?;
    Ok(Json(CourierAccounts {
        items: accounts.into_iter().map(Into::into).collect(),
        vendors: app
            .engine
            .vendors()
            .iter()
            .map(CourierVendor::from)
            .collect(),
    }))
}

/// Give an account with a courier, or change it
///
/// A secret that is left out stays as it was. Parcels under way are looked at from now on.
#[utoipa::path(
    post, path = "/api/v1/courier-accounts", tag = "couriers", operation_id = "add_courier_account",
    request_body = CourierAccountTold,
    responses(
        (status = 201, description = "The account, without its secrets.", body = CourierAccountShape),
        (status = 401, description = "`unauthorized`."),
        (status = 403, description = "`scope_missing`: `settings:write`."),
        (status = 422, description = "`fields_invalid`: no such vendor, a field is missing or cannot be right."),
    ),
)]
pub(crate) async fn add(
    State(app): State<App>,
    caller: Caller,
    Told(told): Told<CourierAccountTold>,
) -> Result<(StatusCode, Json<CourierAccountShape>), Problem> {
    caller.need(Scope::SettingsWrite)?;
    // Names only: of a field it does not say what was typed into it.
    let names: Vec<String> = told.fields.keys().cloned().collect();
    app.engine
        .add_courier_account(caller.id(), &told.vendor, told.fields.into_iter().collect())
        .await?;
    audit(
        &app,
        &caller,
        "courier.added",
        &format!("courier/{}", told.vendor),
        json!({ "fields": names }),
    )
    .await?;
    let accounts = app.engine.courier_accounts(caller.id()).await?;
    let added = accounts
        .into_iter()
        .find(|account| account.vendor.name == told.vendor)
        .ok_or(CourierAccountError::NotFound)?;
    Ok((StatusCode::CREATED, Json(added.into())))
}

/// Remove an account with a courier
#[utoipa::path(
    delete, path = "/api/v1/courier-accounts/{vendor}", tag = "couriers", operation_id = "remove_courier_account",
    params(("vendor" = String, Path, description = "With whom.")),
    responses(
        (status = 204, description = "Removed: it is no longer asked."),
        (status = 401, description = "`unauthorized`."),
        (status = 403, description = "`scope_missing`: `settings:write`."),
        (status = 404, description = "`not_found`."),
    ),
)]
pub(crate) async fn remove(
    State(app): State<App>,
    caller: Caller,
    Path(vendor): Path<String>,
) -> Result<StatusCode, Problem> {
    caller.need(Scope::SettingsWrite)?;
    app.engine
        .remove_courier_account(caller.id(), &vendor)
        .await?;
    audit(
        &app,
        &caller,
        "courier.removed",
        &format!("courier/{vendor}"),
        json!({}),
    )
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
