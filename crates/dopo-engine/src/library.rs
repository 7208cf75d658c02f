//! What every shop begins with: the built-in journeys and templates, in Italian and English.
//!
//! A template file begins with `title:`, `purpose:`, `subject:` and `preheader:`, one a line; then come its parts, each
//! under `--- text`, `--- mjml` or `--- sms`. `library/templates/README.md` shows how to write one.

use crate::ports::{Store, StoreError, TemplateRow};
use crate::render::TemplateSource;
use dopo_core::advance::Shop;
use dopo_core::consent::Purpose;
use dopo_core::id::ShopId;
use dopo_core::italy::Locale;
use dopo_core::journey::Journey;
use dopo_core::journey::check::check;
use dopo_core::journey::graph::{Text, graph};
use std::collections::BTreeSet;

const JOURNEYS: &[(&str, &str)] = &[
    (
        "order_receipt",
        include_str!("../library/journeys/order_receipt.yaml"),
    ),
    (
        "shipping_notices",
        include_str!("../library/journeys/shipping_notices.yaml"),
    ),
    (
        "failed_attempt",
        include_str!("../library/journeys/failed_attempt.yaml"),
    ),
    (
        "pickup_point",
        include_str!("../library/journeys/pickup_point.yaml"),
    ),
    (
        "depot_hold",
        include_str!("../library/journeys/depot_hold.yaml"),
    ),
    (
        "hold_answered",
        include_str!("../library/journeys/hold_answered.yaml"),
    ),
    (
        "hold_refused",
        include_str!("../library/journeys/hold_refused.yaml"),
    ),
    ("delay", include_str!("../library/journeys/delay.yaml")),
    ("silence", include_str!("../library/journeys/silence.yaml")),
    (
        "delivery_taken_back",
        include_str!("../library/journeys/delivery_taken_back.yaml"),
    ),
    (
        "returned_parcel",
        include_str!("../library/journeys/returned_parcel.yaml"),
    ),
    (
        "lost_parcel",
        include_str!("../library/journeys/lost_parcel.yaml"),
    ),
    (
        "problem_received",
        include_str!("../library/journeys/problem_received.yaml"),
    ),
    (
        "after_delivery",
        include_str!("../library/journeys/after_delivery.yaml"),
    ),
    (
        "abandoned_cart",
        include_str!("../library/journeys/abandoned_cart.yaml"),
    ),
];

macro_rules! templates {
    ($($name:literal),* $(,)?) => {
        &[$(($name, [
            include_str!(concat!("../library/templates/it/", $name, ".tmpl")),
            include_str!(concat!("../library/templates/en/", $name, ".tmpl")),
        ])),*]
    };
}

const TEMPLATES: &[(&str, [&str; 2])] = templates![
    "order_receipt",
    "shipped",
    "out_for_delivery",
    "delivered",
    "attempt_failed",
    "pickup_ready",
    "pickup_reminder",
    "pickup_last_day",
    "held",
    "hold_reminder",
    "hold_sms",
    "hold_answered",
    "hold_refused",
    "delayed",
    "silent",
    "delivery_taken_back",
    "returned",
    "lost",
    "problem_received",
    "guide_24h",
    "cross_sell_48h",
    "offer_72h",
    "sms_24h",
    "sms_48h",
    "sms_72h",
    "cart_1h",
    "cart_24h",
    "cart_72h",
];

/// The built-in journeys: name and document.
pub fn journeys() -> &'static [(&'static str, &'static str)] {
    JOURNEYS
}

/// The built-in templates, Italian before English.
pub fn templates() -> Vec<TemplateSource> {
    let of = |(name, files): &(&str, [&str; 2])| {
        let [it, en] = files.map(str::to_owned);
        [(Locale::It, it), (Locale::En, en)].map(|(locale, file)| read(name, locale, &file))
    };
    TEMPLATES.iter().flat_map(of).collect()
}

/// What a built-in template is called; `None` when there is no such template.
pub fn title(name: &str) -> Option<Text> {
    let (_, files) = TEMPLATES.iter().find(|(known, _)| *known == name)?;
    let [it, en] = files.map(|file| {
        let mut head = file.lines().take_while(|line| !line.starts_with("--- "));
        let title = head.find_map(|line| line.strip_prefix("title: "));
        title.unwrap_or(name).trim().to_owned()
    });
    Some(Text { it, en })
}

/// Reads a template file. What it lacks stays empty and is found when it is compiled.
pub fn read(name: &str, locale: Locale, file: &str) -> TemplateSource {
    let mut source = TemplateSource {
        name: name.to_owned(),
        locale,
        title: String::new(),
        purpose: Purpose::Marketing,
        subject: String::new(),
        preheader: String::new(),
        text: String::new(),
        mjml: String::new(),
        sms: None,
    };
    let mut parts = file.split("\n--- ");
    for line in parts.next().unwrap_or_default().lines() {
        match line.split_once(": ") {
            // An unknown purpose stays the strictest one.
            Some(("purpose", value)) => {
                source.purpose = Purpose::ALL
                    .into_iter()
                    .find(|p| p.as_str() == value.trim())
                    .unwrap_or(source.purpose);
            }
            Some(("title", value)) => source.title = value.trim().to_owned(),
            Some(("subject", value)) => source.subject = value.trim().to_owned(),
            Some(("preheader", value)) => source.preheader = value.trim().to_owned(),
            _ => {}
        }
    }
    for part in parts {
        let (kind, text) = part.split_once('\n').unwrap_or((part, ""));
        let text = text.trim().to_owned();
        match kind.trim() {
            "text" => source.text = text,
            "mjml" => source.mjml = text,
            "sms" => source.sms = Some(text),
            _ => {}
        }
    }
    source
}

/// Why the defaults could not be published.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// The store did not take them.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A built-in document does not pass its own check.
    #[error("the built-in `{name}` is wrong: {what}")]
    Document {
        /// Which.
        name: String,
        /// What is wrong.
        what: String,
    },
}

fn publishable(source: &TemplateSource) -> Result<TemplateRow, LibraryError> {
    source.row().map_err(|problems| LibraryError::Document {
        name: format!("{} ({})", source.name, source.locale.tag()),
        what: problems
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("; "),
    })
}

/// Compiles and publishes the built-in templates and journeys for a new shop.
///
/// # Errors
/// When the store does not take them.
pub async fn publish_defaults(store: &dyn Store, shop: ShopId) -> Result<(), LibraryError> {
    let sources = templates();
    let names: Vec<&str> = TEMPLATES.iter().map(|(name, _)| *name).collect();
    for source in &sources {
        let row = publishable(source)?;
        store.publish_template(shop, &row).await?;
    }
    for (name, document) in journeys() {
        let journey = compiled(name, document, &names)?;
        store
            .publish_journey(shop, &journey, document, true)
            .await?;
    }
    Ok(())
}

fn compiled(name: &str, document: &str, templates: &[&str]) -> Result<Journey, LibraryError> {
    let (journey, remarks) = check(document, templates);
    journey.ok_or_else(|| LibraryError::Document {
        name: name.to_owned(),
        what: remarks
            .iter()
            .map(|r| format!("line {}: {}", r.line, r.en))
            .collect::<Vec<_>>()
            .join("; "),
    })
}

/// The built-in journeys that a shop does not have in any version: those that came after it was set up. With their
/// documents.
///
/// # Errors
/// [`LibraryError::Document`].
pub fn ready_for(shop: &Shop) -> Result<Vec<(Journey, &'static str)>, LibraryError> {
    let names: Vec<&str> = TEMPLATES.iter().map(|(name, _)| *name).collect();
    let mut out = Vec::new();
    for (name, document) in journeys() {
        if !shop.journeys.keys().any(|(id, _)| id == name) {
            out.push((compiled(name, document, &names)?, *document));
        }
    }
    Ok(out)
}

/// Adds a built-in journey that a shop does not have, switched off: nobody enters it until somebody switches it on. Of its
/// templates those are added that the shop lacks; its own stay as they are. `None` when the shop has the journey or there
/// is none of that name.
///
/// # Errors
/// When the store does not take them.
pub async fn add_ready(
    store: &dyn Store,
    shop: &Shop,
    id: &str,
) -> Result<Option<Journey>, LibraryError> {
    let ready = ready_for(shop)?;
    let Some((journey, document)) = ready.into_iter().find(|(journey, _)| journey.id == id) else {
        return Ok(None);
    };
    let needed: BTreeSet<String> = (graph(&journey).nodes.into_iter())
        .filter_map(|node| node.template)
        .collect();
    let there: BTreeSet<(String, String)> = (store.templates(shop.id).await?.into_iter())
        .map(|row| (row.name, row.locale))
        .collect();
    for source in templates() {
        if needed.contains(&source.name) {
            let row = publishable(&source)?;
            if !there.contains(&(row.name.clone(), row.locale.clone())) {
                store.publish_template(shop.id, &row).await?;
            }
        }
    }
    store
        .publish_journey(shop.id, &journey, document, false)
        .await?;
    Ok(Some(journey))
}
