//! `/api/v1/shop/domain`: the sender's DNS records.

use super::actor;
use crate::api::auth::Caller;
use crate::api::problem::Problem;
use crate::state::App;
use axum::Json;
use axum::extract::State;
use dopo_core::access::Scope;
use dopo_engine::desk;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// The sender's domain.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Domain {
    /// Which.
    #[schema(example = "casalago.example")]
    domain: String,
    /// SPF, DKIM and DMARC, and the host of the shop's pages where it has one of its own.
    records: Vec<DomainRecord>,
    /// When DNS was asked.
    checked_at: Timestamp,
}

/// One record.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct DomainRecord {
    /// `spf`, `dkim`, `dmarc` or `pages`.
    #[schema(example = "dkim")]
    id: &'static str,
    /// Type of the record: `TXT`; for the pages `CNAME`, or `A` or `AAAA` where the installation has no name.
    #[schema(example = "TXT")]
    kind: &'static str,
    /// Its name.
    #[schema(example = "dopo._domainkey.casalago.example")]
    name: String,
    /// What it should say; empty while there is no key to publish.
    value: String,
    /// What it is for, in Italian.
    why_it: &'static str,
    /// The same in English.
    why_en: &'static str,
    /// `found`, `missing`, `different`, or `unknown` when DNS could not be asked.
    #[schema(example = "missing")]
    state: &'static str,
    /// What is there.
    found: Option<String>,
}

impl From<desk::DomainCheck> for Domain {
    fn from(check: desk::DomainCheck) -> Self {
        let show = |record: desk::DomainRecord| DomainRecord {
            id: record.id,
            kind: record.kind,
            name: record.name,
            value: record.value,
            why_it: record.why_it,
            why_en: record.why_en,
            state: record.state.as_str(),
            found: record.found,
        };
        Domain {
            domain: check.domain,
            records: check.records.into_iter().map(show).collect(),
            checked_at: check.checked_at,
        }
    }
}

/// Look at the sender's DNS records
#[utoipa::path(
    get, path = "/api/v1/shop/domain", tag = "shop", operation_id = "domain",
    responses(
        (status = 200, description = "The records as DNS has them now.", body = Domain),
        (status = 401, description = "`unauthorized`."),
        (status = 403, description = "`scope_missing`: `settings:read`."),
    ),
)]
pub(crate) async fn show(State(app): State<App>, caller: Caller) -> Result<Json<Domain>, Problem> {
    caller.need(Scope::SettingsRead)?;
    Ok(Json(app.desk.check_domain(&caller.shop).await.into()))
}

/// Make the DKIM key
///
/// Makes a key if the shop has none; from then on its mails are signed.
#[utoipa::path(
    post, path = "/api/v1/shop/domain", tag = "shop", operation_id = "make_dkim",
    responses(
        (status = 200, description = "The records, with the one to publish.", body = Domain),
        (status = 401, description = "`unauthorized`."),
        (status = 403, description = "`scope_missing`: `settings:write`."),
        (status = 409, description = "`no_key`: no key can be made on this machine."),
    ),
)]
pub(crate) async fn make(State(app): State<App>, caller: Caller) -> Result<Json<Domain>, Problem> {
    caller.need(Scope::SettingsWrite)?;
    app.desk.make_dkim(&caller.shop, &actor(&caller)).await?;
    Ok(Json(app.desk.check_domain(&caller.shop).await.into()))
}
