//! `/api/v1/team`: who works in the shop.

use super::{actor, number};
use crate::api::ask::Told;
use crate::api::auth::Caller;
use crate::api::problem::Problem;
use crate::state::App;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use dopo_core::access::{Role, Scope};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The team.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Team {
    /// By e-mail address.
    items: Vec<Member>,
}

/// Somebody who works in the shop.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Member {
    /// Number of the account.
    #[schema(example = "3")]
    id: String,
    /// Its address.
    #[schema(example = "mara@bottega.example")]
    email: String,
    /// What they are called, where they said it.
    #[schema(example = "Mara Conti")]
    name: Option<String>,
    /// `owner`, `marketer`, `care`, `developer` or `viewer`.
    #[schema(example = "care")]
    role: String,
    /// Whether the role holds in every shop of the installation.
    everywhere: bool,
    /// When they last used a session.
    seen_at: Option<Timestamp>,
    /// Passkeys they have.
    passkeys: u32,
}

/// Somebody to invite.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(crate) struct Invitation {
    /// Their address.
    #[schema(example = "luca@bottega.example")]
    email: String,
    /// Their role.
    #[schema(example = "care")]
    role: String,
}

/// Somebody invited.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Invited {
    /// The account.
    #[serde(flatten)]
    member: Member,
    /// Where they choose their password, shown this once; null when they have one already.
    #[schema(example = "https://dopo.example/console/reset#AbC…")]
    invite_url: Option<String>,
    /// Whether it was mailed to them.
    mailed: bool,
}

/// A new role.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(crate) struct NewRole {
    /// `owner`, `marketer`, `care`, `developer` or `viewer`.
    #[schema(example = "marketer")]
    role: String,
}

fn shown(member: dopo_engine::ports::Member) -> Member {
    Member {
        id: member.user.id.to_string(),
        email: member.user.email,
        name: member.user.name,
        role: member.role,
        everywhere: member.everywhere,
        seen_at: member.seen_at,
        passkeys: member.passkeys,
    }
}

fn role(name: &str) -> Result<Role, Problem> {
    Role::parse(name).ok_or_else(|| {
        Problem::field(
            "role",
            "no_such_role",
            "I ruoli sono: owner, marketer, care, developer, viewer.",
            "The roles are: owner, marketer, care, developer, viewer.",
        )
    })
}

/// The team
#[utoipa::path(
    get, path = "/api/v1/team", tag = "team", operation_id = "team",
    responses(
        (status = 200, description = "Everybody with a role in this shop.", body = Team),
        (status = 401, description = "`unauthorized`."),
        (status = 403, description = "`scope_missing`: `team:read`."),
    ),
)]
pub(crate) async fn list(State(app): State<App>, caller: Caller) -> Result<Json<Team>, Problem> {
    caller.need(Scope::TeamRead)?;
    let members = app.desk.team(caller.id()).await?;
    Ok(Json(Team {
        items: members.into_iter().map(shown).collect(),
    }))
}

/// Invite somebody
#[utoipa::path(
    post, path = "/api/v1/team", tag = "team", operation_id = "invite",
    request_body = Invitation,
    responses(
        (status = 201, description = "Invited, with the link that is shown this once.", body = Invited),
        (status = 401, description = "`unauthorized`."),
        (status = 403, description = "`scope_missing`: `team:write`."),
        (status = 409, description = "`already_member`, `demo`."),
        (status = 422, description = "`fields_invalid`: no address, or no such role."),
    ),
)]
pub(crate) async fn invite(
    State(app): State<App>,
    caller: Caller,
    Told(told): Told<Invitation>,
) -> Result<(StatusCode, Json<Invited>), Problem> {
    caller.need(Scope::TeamWrite)?;
    let role = role(&told.role)?;
    let invited = app
        .desk
        .invite(&caller.shop, &told.email, role, &actor(&caller))
        .await?;
    let answer = Invited {
        member: shown(invited.member),
        invite_url: invited.url,
        mailed: invited.mailed,
    };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// Change a role
#[utoipa::path(
    put, path = "/api/v1/team/{id}", tag = "team", operation_id = "change_role",
    params(("id" = String, Path, description = "Number of the account.")),
    request_body = NewRole,
    responses(
        (status = 200, description = "Changed.", body = Member),
        (status = 401, description = "`unauthorized`."),
        (status = 403, description = "`scope_missing`: `team:write`."),
        (status = 404, description = "`not_found`: not in this team."),
        (status = 409, description = "`last_owner`, `demo`."),
        (status = 422, description = "`fields_invalid`: no such role."),
    ),
)]
pub(crate) async fn change(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Told(told): Told<NewRole>,
) -> Result<Json<Member>, Problem> {
    caller.need(Scope::TeamWrite)?;
    let role = role(&told.role)?;
    let member = app
        .desk
        .change_role(caller.id(), number(&id)?, role, &actor(&caller))
        .await?;
    Ok(Json(shown(member)))
}

/// Take somebody out of the team
#[utoipa::path(
    delete, path = "/api/v1/team/{id}", tag = "team", operation_id = "remove_member",
    params(("id" = String, Path, description = "Number of the account.")),
    responses(
        (status = 204, description = "Gone from this shop; their sessions ended."),
        (status = 401, description = "`unauthorized`."),
        (status = 403, description = "`scope_missing`: `team:write`."),
        (status = 404, description = "`not_found`: not in this team."),
        (status = 409, description = "`last_owner`, `demo`."),
    ),
)]
pub(crate) async fn remove(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    caller.need(Scope::TeamWrite)?;
    app.desk
        .remove_member(caller.id(), number(&id)?, &actor(&caller))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
