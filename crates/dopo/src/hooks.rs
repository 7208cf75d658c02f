//! The way in for vendors, on the connectors.

use dopo_connect::couriers::hooks::CourierHook;
use dopo_connect::signature::{self, Refused, Secrets, Source};
use dopo_connect::{Setting, events, shopify, woocommerce};
use dopo_core::event::EventLine;
use dopo_core::money::Currency;
use dopo_core::shop::ShopSettings;
use dopo_engine::ports::hooks::{
    CourierSource, Headers, HookDelivery, HookRefused, HookTranslation, HookTranslator, LineError,
};
use jiff::Timestamp;
use std::collections::HashMap;

/// Verifies and translates with the connectors.
pub struct Connectors;

/// The headers that signatures need, by lower-case name.
const HEADERS: [&str; 18] = [
    "x-shopify-hmac-sha256",
    "x-shopify-topic",
    "x-shopify-webhook-id",
    "x-shopify-event-id",
    "x-shopify-shop-domain",
    "shopify-hmac-sha256",
    "shopify-topic",
    "shopify-webhook-id",
    "shopify-event-id",
    "shopify-shop-domain",
    "x-wc-webhook-signature",
    "x-wc-webhook-topic",
    "x-wc-webhook-delivery-id",
    "x-wc-webhook-source",
    "x-wc-webhook-id",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
];

impl HookTranslator for Connectors {
    fn knows(&self, source: &str) -> bool {
        Source::parse(source).is_some() || CourierHook::parse(source).is_some()
    }

    fn courier_sources(&self) -> Vec<CourierSource> {
        let source = |hook: CourierHook| CourierSource {
            name: hook.as_str(),
            title: hook.title(),
        };
        CourierHook::ALL.map(source).to_vec()
    }

    fn verify(
        &self,
        source: &str,
        headers: Headers<'_>,
        body: &[u8],
        secrets: &[Vec<u8>],
        now: Timestamp,
    ) -> Result<HookDelivery, HookRefused> {
        let courier = CourierHook::parse(source);
        let source = Source::parse(source);
        // WooCommerce greets a new webhook with an unsigned form; it tells nothing and is only answered.
        if source == Some(Source::WooCommerce) && woocommerce::is_ping(body) {
            return Ok(HookDelivery {
                external_id: "ping".to_owned(),
                topic: "ping".to_owned(),
                ping: true,
            });
        }
        let found: HashMap<&str, String> = HEADERS
            .iter()
            .chain(&CourierHook::HEADERS)
            .filter_map(|name| headers(name).map(|value| (*name, value)))
            .collect();
        let text = |n: usize| {
            secrets
                .get(n)
                .and_then(|secret| std::str::from_utf8(secret).ok())
        };
        let secrets = Secrets {
            current: text(0),
            previous: text(1),
        };
        let header = |name: &str| found.get(name).map(String::as_str);
        let verified = match (source, courier) {
            (Some(source), _) => signature::verify(source, header, body, secrets, now),
            (None, Some(courier)) => courier.verify(header, body, secrets),
            (None, None) => return Err(HookRefused::UnknownSource),
        };
        let verified = verified.map_err(|refused| match refused {
            Refused::TooOld(_) | Refused::TooNew(_) => HookRefused::Stale,
            _ => HookRefused::BadSignature,
        })?;
        Ok(HookDelivery {
            external_id: verified.delivery_id,
            topic: verified.topic,
            ping: false,
        })
    }

    fn translate(
        &self,
        source: &str,
        topic: &str,
        body: &[u8],
        shop: &ShopSettings,
        now: Timestamp,
    ) -> HookTranslation {
        let setting = Setting {
            received_at: now,
            currency: Currency::parse(&shop.currency).ok(),
            domain: shop.storefront_url.as_deref().and_then(host),
        };
        let translation = match (Source::parse(source), CourierHook::parse(source)) {
            (Some(Source::Shopify), _) => shopify::translate(topic, body, &setting),
            (Some(Source::WooCommerce), _) => woocommerce::translate(topic, body, &setting),
            (None, Some(courier)) => courier.translate(body, &setting),
            _ => {
                return HookTranslation {
                    events: Vec::new(),
                    note: Some(format!("no connector reads `{source}`")),
                    failed: true,
                };
            }
        };
        HookTranslation {
            events: translation.events,
            note: translation.note,
            failed: translation.failed,
        }
    }

    fn answer(&self, source: &str) -> Option<&'static str> {
        CourierHook::parse(source)?.answer()
    }

    fn kept(&self, source: &str, body: &[u8]) -> Vec<u8> {
        CourierHook::parse(source).map_or_else(|| body.to_vec(), |courier| courier.kept(body))
    }

    fn parse_event(&self, body: &[u8], default_id: Option<&str>) -> Result<EventLine, LineError> {
        let read = match default_id {
            None => events::read_line(body, 0),
            Some(id) => events::read_line(&with_id(body, id), 0),
        };
        read.map(|accepted| accepted.line)
            .map_err(|refused| LineError {
                code: "event_refused",
                detail: if refused.path.is_empty() {
                    refused.why
                } else {
                    format!("{}: {}", refused.path, refused.why)
                },
            })
    }
}

/// The host of an address: `negozio.example` of `https://negozio.example/casa`.
fn host(url: &str) -> Option<&str> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#'])
        .next()
        .filter(|host| !host.is_empty())
}

/// The event with this id, unless it has one. What is not a JSON object stays as it is and is refused with its place.
fn with_id(body: &[u8], id: &str) -> Vec<u8> {
    match serde_json::from_slice::<serde_json::Value>(body) {
        Ok(serde_json::Value::Object(mut object)) if !object.contains_key("id") => {
            object.insert("id".to_owned(), id.into());
            serde_json::Value::Object(object).to_string().into_bytes()
        }
        _ => body.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dopo_core::event::Event;

    const QAPLA: &[u8] = br#"{"shipment":{"trackingNumber":"XX580104809"},"apiKey":"the key"}"#;

    fn verified(source: &str, header: (&str, &str), body: &[u8], secret: &str) -> bool {
        let headers = |name: &str| (name == header.0).then(|| header.1.to_owned());
        let secrets = [secret.as_bytes().to_vec()];
        Connectors
            .verify(source, &headers, body, &secrets, Timestamp::UNIX_EPOCH)
            .is_ok()
    }

    #[test]
    fn couriers_and_collectors_are_known_and_proven_each_in_its_way() {
        let body = br#"{"key": "value"}"#;
        let signature = "1eed4b3d41f4653ac64fd56f1bf1cbfd349e4482cbc11dff7134bd93e5da4b0a";
        let header = ("sendcloud-signature", signature);
        assert!(verified("sendcloud", header, body, "secretkey"));
        assert!(!verified("sendcloud", header, body, "another"));
        assert!(verified("qapla", ("", ""), QAPLA, "the key"));
        assert!(!verified("qapla", ("", ""), QAPLA, "another"));
        assert!(verified("ups", ("credential", "ours"), b"{}", "ours"));
        assert!(!verified("ups", ("credential", "theirs"), b"{}", "ours"));
        for source in ["sendcloud", "aftership", "17track", "qapla", "ups"] {
            assert!(Connectors.knows(source), "{source}");
            assert!(
                !verified(source, ("", ""), b"{}", ""),
                "{source} without a secret"
            );
        }
        assert!(!Connectors.knows("brt"));
        assert_eq!(Connectors.answer("qapla"), Some(r#"{"result":"OK"}"#));
        assert_eq!(Connectors.answer("shopify"), None);
        let kept = Connectors.kept("qapla", QAPLA);
        assert!(!String::from_utf8_lossy(&kept).contains("the key"));
        assert_eq!(Connectors.kept("shopify", b"as it is"), b"as it is");
    }

    #[test]
    fn a_pushed_status_becomes_a_telling_by_number() {
        let body = br#"{"action":"parcel_status_changed","timestamp":1763800000,
            "parcel":{"tracking_number":"1","status":{"id":11},"carrier":{"code":"brt"}}}"#;
        let shop = dopo_testkit::build::settings("Bottega");
        let told = Connectors.translate("sendcloud", "", body, &shop, Timestamp::UNIX_EPOCH);
        assert!(!told.failed);
        let [(_, Event::ParcelTracked { parcel, telling })] = told.events.as_slice() else {
            panic!("{told:?}");
        };
        assert_eq!(parcel.number.as_deref(), Some("1"));
        assert!(telling.scans[0].checkpoint.state.is_possession());
    }
}
