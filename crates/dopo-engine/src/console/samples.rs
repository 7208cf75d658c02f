//! Templates filled with made-up people and goods, in the shop's own name, so that one sees what customers get.

use crate::Engine;
use crate::ports::{Rendered, StoreError, TemplateRow};
use crate::render::samples::{Richness, Sample};
use crate::render::{prepare_one, render};
use dopo_core::advance::Shop;
use dopo_core::consent::{Channel, Purpose};
use dopo_core::italy::Locale;
use dopo_core::journey::Node;
use dopo_core::words::Words;
use serde_json::Value;

/// A sample to choose.
#[derive(Clone, Copy, Debug)]
pub struct SampleChoice {
    /// Id in the API.
    pub id: &'static str,
    /// What it is.
    pub words: Words,
    richness: Richness,
}

/// The samples, the fullest first.
pub const SAMPLES: [SampleChoice; 2] = [
    SampleChoice {
        id: "full",
        words: Words {
            it: "Sappiamo tutto: nome, foto dei prodotti, corriere",
            en: "Everything is known: name, product pictures, carrier",
        },
        richness: Richness::Full,
    },
    SampleChoice {
        id: "bare",
        words: Words {
            it: "Sappiamo il minimo che ogni negozio racconta",
            en: "Only what every shop tells is known",
        },
        richness: Richness::Bare,
    },
];

/// A template filled with a sample.
#[derive(Clone, Debug)]
pub struct TemplateShown {
    /// The template.
    pub row: TemplateRow,
    /// Its channel.
    pub channel: Channel,
    /// Id of the sample.
    pub sample: &'static str,
    /// What it looks like.
    pub rendered: Rendered,
}

/// The channel of a template: one with an SMS part is for SMS.
pub fn channel_of(row: &TemplateRow) -> Channel {
    let has = |part: &str| {
        row.source
            .get(part)
            .and_then(Value::as_str)
            .is_some_and(|text| !text.trim().is_empty())
    };
    if has("sms") && !has("mjml") {
        Channel::Sms
    } else {
        Channel::Email
    }
}

/// The purpose for which a template is sent: as its source says, else as a journey sends it.
fn purpose_of(shop: &Shop, row: &TemplateRow) -> Purpose {
    let said = row
        .source
        .get("purpose")
        .and_then(Value::as_str)
        .and_then(Purpose::parse);
    said.or_else(|| {
        shop.journeys.values().rev().find_map(|journey| {
            journey.nodes.iter().find_map(|node| match node {
                Node::Send {
                    template, purpose, ..
                } if *template == row.name => Some(*purpose),
                _ => None,
            })
        })
    })
    .unwrap_or(Purpose::Service)
}

impl Engine {
    /// The newest version of a template in a language, filled with a sample; `None` when there is no such template, the
    /// inner error says in words why it cannot be filled.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn template_shown(
        &self,
        shop: &Shop,
        name: &str,
        locale: Locale,
        choice: &SampleChoice,
    ) -> Result<Option<Result<TemplateShown, String>>, StoreError> {
        let rows = self.store().templates(shop.id).await?;
        let Some(row) = rows
            .into_iter()
            .find(|row| row.name == name && row.locale == locale.tag())
        else {
            return Ok(None);
        };
        let channel = channel_of(&row);
        let purpose = purpose_of(shop, &row);
        let settings = &shop.settings;
        let mut sample = Sample::new(purpose, channel, locale, settings.register, choice.richness);
        sample.shop = shop.clone();
        let filled = || {
            let prepared = prepare_one(&row).map_err(|error| error.to_string())?;
            let context =
                serde_json::to_value(sample.context()).map_err(|error| error.to_string())?;
            render(&prepared, &context).map_err(|error| error.to_string())
        };
        Ok(Some(filled().map(|rendered| TemplateShown {
            channel,
            sample: choice.id,
            rendered,
            row,
        })))
    }
}
