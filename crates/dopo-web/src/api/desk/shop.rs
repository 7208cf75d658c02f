//! `/api/v1/shops` and `/api/v1/shop`: shops, settings, checklist, test order, live and trial.

use super::session::{SessionShop, shops_of};
use super::{actor, not_in_demo};
use crate::api::ask::Told;
use crate::api::auth::{Caller, SignedIn};
use crate::api::problem::Problem;
use crate::state::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use dopo_core::access::{Role, Scope};
use dopo_core::advance::Shop;
use dopo_core::shop::check::LOCKED;
use dopo_engine::desk::{self, Actor};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// The shops of an account.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Shops {
    /// All of them.
    items: Vec<SessionShop>,
}

/// A new shop.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(crate) struct NewShop {
    /// Name in addresses: lower-case letters, digits, hyphens.
    #[schema(example = "casa-lago", max_length = 40)]
    slug: String,
    /// Name customers know.
    #[schema(example = "Casa Lago")]
    name: String,
    /// Sender address of its mails.
    #[schema(example = "ordini@casalago.example")]
    from_email: String,
}

/// A shop with its settings.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ShopSheet {
    /// Name in addresses.
    #[schema(example = "casa-lago")]
    slug: String,
    /// Everything that can be set; described in docs/configuration.md.
    #[schema(value_type = Object, example = json!({"name": "Casa Lago", "from_email": "ordini@casalago.example", "register": "tu"}))]
    settings: Value,
    /// Whether messages leave; otherwise they are captured.
    live: bool,
    /// Whether the installation has a mail server.
    has_mail: bool,
    /// Where customers reach its pages.
    #[schema(example = "https://dopo.example")]
    public_url: String,
    /// Where platforms send their webhooks.
    hooks: Hooks,
    /// What the law fixes and no setting loosens.
    locked: Vec<LockedField>,
}

/// Where platforms send their webhooks.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Hooks {
    /// For Shopify.
    #[schema(example = "https://dopo.example/hooks/casa-lago/shopify")]
    shopify: String,
    /// For WooCommerce.
    woocommerce: String,
    /// For our own events.
    events: String,
}

/// Something the law fixes.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct LockedField {
    /// Which setting.
    #[schema(example = "quiet_hours.promo_call")]
    field: &'static str,
    /// The rule's name.
    #[schema(example = "PRIV-17")]
    rule: &'static str,
    /// What it says, in Italian.
    it: &'static str,
    /// The same in English.
    en: &'static str,
}

/// What a shop needs before it goes live.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Checklist {
    /// The points, in the order in which one sees to them.
    items: Vec<CheckItem>,
    /// Nothing is missing.
    ready: bool,
    /// The shop is live already.
    live: bool,
}

/// One point of the checklist.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CheckItem {
    /// Stable name.
    #[schema(example = "adr")]
    id: &'static str,
    /// `done`, `missing` (refuses going live) or `warning`.
    #[schema(example = "missing")]
    state: &'static str,
    /// What is looked at, in Italian.
    it: &'static str,
    /// The same in English.
    en: &'static str,
    /// What to do, in Italian.
    it_do: &'static str,
    /// The same in English.
    en_do: &'static str,
}

impl From<desk::Checklist> for Checklist {
    fn from(list: desk::Checklist) -> Self {
        let show = |item: desk::CheckItem| CheckItem {
            id: item.id,
            state: item.state.as_str(),
            it: item.it,
            en: item.en,
            it_do: item.it_do,
            en_do: item.en_do,
        };
        Checklist {
            items: list.items.into_iter().map(show).collect(),
            ready: list.ready,
            live: list.live,
        }
    }
}

/// For whom a test order is made.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(crate) struct TestOrder {
    /// Where its messages go.
    #[schema(example = "mara@bottega.example")]
    email: String,
}

/// A test order.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct TestOrderMade {
    /// Our id of it.
    #[schema(example = "1042")]
    order_id: String,
    /// Its page, as the customer sees it.
    #[schema(example = "https://dopo.example/o/AbC…")]
    page_url: String,
}

fn sheet(app: &App, shop: &Shop) -> ShopSheet {
    let public_url = app.engine.public_url();
    let hook = |source: &str| format!("{public_url}/hooks/{}/{source}", shop.slug);
    ShopSheet {
        slug: shop.slug.clone(),
        settings: serde_json::to_value(&shop.settings).unwrap_or_default(),
        live: shop.settings.is_live(),
        has_mail: app.engine.has_mail(),
        public_url: public_url.to_owned(),
        hooks: Hooks {
            shopify: hook("shopify"),
            woocommerce: hook("woocommerce"),
            events: hook("events"),
        },
        locked: LOCKED
            .iter()
            .map(|locked| LockedField {
                field: locked.field,
                rule: locked.rule,
                it: locked.it,
                en: locked.en,
            })
            .collect(),
    }
}

/// The shops one has a role in
#[utoipa::path(
    get, path = "/api/v1/shops", tag = "shop", operation_id = "shops",
    responses(
        (status = 200, description = "The shops of the account.", body = Shops),
        (status = 401, description = "`unauthorized`: nobody is signed in."),
    ),
    security(("session" = [])),
)]
pub(crate) async fn list(State(app): State<App>, who: SignedIn) -> Result<Json<Shops>, Problem> {
    Ok(Json(Shops {
        items: shops_of(&app, &who).await?,
    }))
}

/// Add a shop
#[utoipa::path(
    post, path = "/api/v1/shops", tag = "shop", operation_id = "add_shop",
    request_body = NewShop,
    responses(
        (status = 201, description = "Added, in trial, with the first journeys and templates.", body = ShopSheet),
        (status = 401, description = "`unauthorized`: nobody is signed in."),
        (status = 403, description = "`owner_needed`: only an owner of the whole installation adds shops; `cross_site`."),
        (status = 409, description = "`slug_taken`, `demo`."),
        (status = 422, description = "`fields_invalid`."),
    ),
    security(("session" = [])),
)]
pub(crate) async fn add(
    State(app): State<App>,
    who: SignedIn,
    Told(told): Told<NewShop>,
) -> Result<(StatusCode, Json<ShopSheet>), Problem> {
    not_in_demo(&who)?;
    if Role::parse(&who.user.role) != Some(Role::Owner) {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "owner_needed",
            "You may not add shops",
            "Only an owner of the whole installation adds shops.",
        ));
    }
    let actor = Actor::user(&who.user);
    let shop = app
        .desk
        .add_shop(&told.slug, &told.name, &told.from_email, &actor)
        .await?;
    Ok((StatusCode::CREATED, Json(sheet(&app, &shop))))
}

/// The shop and its settings
#[utoipa::path(
    get, path = "/api/v1/shop", tag = "shop", operation_id = "shop",
    responses(
        (status = 200, description = "The shop.", body = ShopSheet),
        (status = 401, description = "`unauthorized`."),
        (status = 403, description = "`scope_missing`: `settings:read`."),
    ),
)]
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<ShopSheet>, Problem> {
    caller.need(Scope::SettingsRead)?;
    Ok(Json(sheet(&app, &caller.shop)))
}

/// Change settings
///
/// A JSON merge patch (RFC 7396) of the settings: members that are not named stay, null removes.
#[utoipa::path(
    patch, path = "/api/v1/shop", tag = "shop", operation_id = "change_shop",
    request_body(content = Object, description = "The settings to change.", example = json!({"register": "lei", "caps": {"email_per_7_days": 2}})),
    responses(
        (status = 200, description = "The shop as it is now.", body = ShopSheet),
        (status = 401, description = "`unauthorized`."),
        (status = 403, description = "`scope_missing`: `settings:write`."),
        (status = 422, description = "`fields_invalid`: every field that cannot be used, in Italian and English; those the law bounds have the code `law`."),
    ),
)]
pub(crate) async fn change(
    State(app): State<App>,
    caller: Caller,
    Told(patch): Told<Map<String, Value>>,
) -> Result<Json<ShopSheet>, Problem> {
    caller.need(Scope::SettingsWrite)?;
    let shop = app
        .desk
        .change_settings(&caller.shop, &patch, &actor(&caller))
        .await?;
    Ok(Json(sheet(&app, &shop)))
}

/// What is missing before going live
#[utoipa::path(
    get, path = "/api/v1/shop/checklist", tag = "shop", operation_id = "checklist",
    responses(
        (status = 200, description = "The checklist.", body = Checklist),
        (status = 401, description = "`unauthorized`."),
        (status = 403, description = "`scope_missing`: `settings:read`."),
    ),
)]
pub(crate) async fn checklist(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<Checklist>, Problem> {
    caller.need(Scope::SettingsRead)?;
    Ok(Json(app.desk.checklist(&caller.shop).await?.into()))
}

/// Make a test order
///
/// It goes the way of every order and gets its messages, and counts as no sale.
#[utoipa::path(
    post, path = "/api/v1/shop/test-order", tag = "shop", operation_id = "test_order",
    request_body = TestOrder,
    responses(
        (status = 201, description = "Made.", body = TestOrderMade),
        (status = 401, description = "`unauthorized`."),
        (status = 403, description = "`scope_missing`: `settings:write`."),
        (status = 422, description = "`fields_invalid`: no e-mail address."),
    ),
)]
pub(crate) async fn test_order(
    State(app): State<App>,
    caller: Caller,
    Told(told): Told<TestOrder>,
) -> Result<(StatusCode, Json<TestOrderMade>), Problem> {
    caller.need(Scope::SettingsWrite)?;
    let (order, page_url) = app
        .desk
        .test_order(&caller.shop, &told.email, &actor(&caller))
        .await?;
    let made = TestOrderMade {
        order_id: order.to_string(),
        page_url,
    };
    Ok((StatusCode::CREATED, Json(made)))
}

/// Go live
#[utoipa::path(
    post, path = "/api/v1/shop/live", tag = "shop", operation_id = "go_live",
    responses(
        (status = 200, description = "Live: from now on messages leave.", body = Checklist),
        (status = 401, description = "`unauthorized`."),
        (status = 403, description = "`scope_missing`: `shop:live`."),
        (status = 409, description = "`not_ready`, with the member `checklist`."),
    ),
)]
pub(crate) async fn go_live(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<Checklist>, Problem> {
    caller.need(Scope::ShopLive)?;
    let list = app.desk.go_live(&caller.shop, &actor(&caller)).await?;
    Ok(Json(list.into()))
}

/// Back to trial
#[utoipa::path(
    delete, path = "/api/v1/shop/live", tag = "shop", operation_id = "back_to_trial",
    responses(
        (status = 200, description = "In trial: messages are captured again.", body = ShopSheet),
        (status = 401, description = "`unauthorized`."),
        (status = 403, description = "`scope_missing`: `shop:live`."),
    ),
)]
pub(crate) async fn back_to_trial(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<ShopSheet>, Problem> {
    caller.need(Scope::ShopLive)?;
    app.desk
        .back_to_trial(&caller.shop, &actor(&caller))
        .await?;
    let shop = app.engine.shop(caller.id()).unwrap_or(caller.shop);
    Ok(Json(sheet(&app, &shop)))
}
