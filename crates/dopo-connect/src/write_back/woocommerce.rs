//! WooCommerce: a private note on the order (REST API v3, `orders/{id}/notes`), which its customer never sees.

use super::{OUR_MARK, troubled, words};
use crate::couriers::codes::CodeTable;
use crate::couriers::http::{Call, Caller, Due, Trouble, encode, read_json};
use crate::couriers::{Account, BASE_URL};
use async_trait::async_trait;
use dopo_core::parcel::Courier;
use dopo_engine::ports::{
    AccountField, Allowance, Ask, CourierDesk, Looked, ShopWord, Vendor, WriteBack, Written,
};
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Milliseconds between two calls: a shop's own machine, which serves its customers meanwhile.
const GAP_MILLISECONDS: u64 = 500;

/// WooCommerce as the one to whom parcels' states are written back.
pub const VENDOR: Vendor = Vendor {
    name: "woocommerce",
    title: "WooCommerce",
    fields: &[
        AccountField {
            name: "shop_url",
            secret: false,
            optional: false,
        },
        AccountField {
            name: "consumer_key",
            secret: false,
            optional: false,
        },
        AccountField {
            name: "consumer_secret",
            secret: true,
            optional: false,
        },
        BASE_URL,
    ],
    covers: &[],
    asked: false,
    releases: &[],
};

pub(crate) fn tables() -> Vec<&'static CodeTable> {
    Vec::new()
}

pub(crate) fn open(account: &Account<'_>) -> Result<Arc<dyn CourierDesk>, String> {
    Ok(Arc::new(Desk {
        caller: account.caller(&account.need("shop_url")?)?,
        key: account.need("consumer_key")?,
        secret: account.need("consumer_secret")?,
    }))
}

/// The note: the state in words, the number, the courier's time in Italy, and a mark by which it is found again. Nothing
/// for states that are no news.
pub fn note(word: &ShopWord) -> Option<String> {
    let zone = TimeZone::get("Europe/Rome").unwrap_or(TimeZone::UTC);
    let at = zone
        .to_datetime(word.at)
        .strftime("%d/%m/%Y %H:%M")
        .to_string();
    let number = word.number.as_deref();
    let number = number
        .map(|number| format!(" – {number}"))
        .unwrap_or_default();
    let words = words(word)?;
    Some(format!(
        "{words}{number}, {at} [{:08x}]{OUR_MARK}",
        mark(word)
    ))
}

/// The body of the request.
pub fn body(note: &str) -> Value {
    json!({ "note": note, "customer_note": false })
}

/// The word as a number: FNV-1a, 32 bits.
fn mark(word: &ShopWord) -> u32 {
    let which = word.fulfilment.as_deref().or(word.number.as_deref());
    let at = word.at.as_second().to_string();
    let parts = [
        word.order.as_str(),
        which.unwrap_or_default(),
        word.state.as_str(),
        at.as_str(),
    ];
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0xff]));
    bytes.fold(0x811c_9dc5, |hash: u32, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

#[derive(Deserialize)]
struct Held {
    #[serde(default)]
    note: String,
}

struct Desk {
    caller: Caller,
    key: String,
    secret: String,
}

impl Desk {
    async fn told(&self, word: &ShopWord, note: &str) -> Result<Written, Trouble> {
        let path = format!("/wp-json/wc/v3/orders/{}/notes", encode(&word.order));
        let call = Call::get(format!("{path}?type=internal")).basic(&self.key, &self.secret);
        let answer = self.caller.call(call).await?;
        let held: Vec<Held> = read_json(answer.data(Due::Json)?).map_err(Trouble::Unreadable)?;
        let mark = format!("[{:08x}]", mark(word));
        if held.iter().any(|held| held.note.contains(&mark)) {
            return Ok(Written::Done);
        }
        let call = Call::post(path)
            .basic(&self.key, &self.secret)
            .json(&body(note));
        self.caller.call(call).await?.data(Due::Json)?;
        Ok(Written::Done)
    }
}

#[async_trait]
impl CourierDesk for Desk {
    fn covers(&self) -> &[Courier] {
        VENDOR.covers
    }

    fn allowance(&self) -> Allowance {
        Allowance {
            per_call: 1,
            per_day: None,
            gap: Duration::from_millis(GAP_MILLISECONDS),
        }
    }

    fn is_asked(&self) -> bool {
        false
    }

    async fn look(&self, _asks: &[Ask]) -> Looked {
        Looked::Refused("WooCommerce is told about parcels and not asked".to_owned())
    }

    fn write_back(&self) -> Option<&dyn WriteBack> {
        Some(self)
    }
}

#[async_trait]
impl WriteBack for Desk {
    async fn write(&self, word: &ShopWord) -> Written {
        let Some(note) = note(word) else {
            return Written::Nothing("this state is no news for the shop");
        };
        match self.told(word, &note).await {
            Ok(written) => written,
            Err(trouble) => troubled(trouble),
        }
    }
}
