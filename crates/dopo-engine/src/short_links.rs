//! Short links in SMS (SMS-04): a path of few random characters that leads where the sealed address led.
//!
//! What a link means is known when its message leaves, because how clicks are measured is the gate's word of that moment.
//! So the links of a message are made then, and are durable before it is handed over: a link that somebody holds leads
//! somewhere. A message that is tried again finds the links it has and leaves with the same ones.

use crate::Engine;
use crate::ports::{SHORT_LINK_CHARS, SHORT_LINK_DAYS, SHORT_LINKS_MAX, ShortLinkRow, StoreError};
use dopo_core::id::{EffectId, ShopId};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Letters and digits: nothing that a phone would take for the end of a link.
const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Hours in a day.
const DAY_HOURS: i64 = 24;

/// Where a short link leads.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ShortLink {
    /// Whose shop.
    pub shop: ShopId,
    /// The path on the same host, without its first slash; `None` when its time is over.
    pub leads_to: Option<String>,
}

/// A place that a message leads to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// Whose shop.
    pub shop: ShopId,
    /// The message.
    pub message: EffectId,
    /// The path on the shop's pages, without its first slash.
    pub path: String,
}

/// A message's text and what it was made of, in which long links become short ones.
pub(crate) struct Piece<'a> {
    /// Whose shop.
    pub shop: ShopId,
    /// The message.
    pub message: EffectId,
    /// The address of the shop's pages, without a slash at its end.
    pub home: String,
    /// The text.
    pub text: &'a mut String,
    /// What stands in the fields of its template.
    pub context: &'a mut Value,
}

/// Whether a path, without its first slash, can be a short link's.
pub fn is_short_link(path: &str) -> bool {
    path.len() == SHORT_LINK_CHARS && path.bytes().all(|c| c.is_ascii_alphanumeric())
}

/// The characters of a short link from random bits.
fn characters(mut bits: u128) -> String {
    let mut out = String::with_capacity(SHORT_LINK_CHARS);
    for _ in 0..SHORT_LINK_CHARS {
        out.push(char::from(LETTERS[(bits % 62) as usize]));
        bits /= 62;
    }
    out
}

fn sha256(text: &str) -> Vec<u8> {
    Sha256::digest(text.as_bytes()).to_vec()
}

impl Engine {
    /// Short links to places, in their order: those that their messages have already, else new ones. Durable when it
    /// returns.
    ///
    /// # Errors
    /// When the store does not take them; no message may leave with them then.
    pub async fn short_links(&self, places: &[Place]) -> Result<Vec<String>, StoreError> {
        let hours = SignedDuration::from_hours(SHORT_LINK_DAYS * DAY_HOURS);
        let expires_at = self.now().checked_add(hours).unwrap_or(Timestamp::MAX);
        let mut out = Vec::with_capacity(places.len());
        for places in places.chunks(SHORT_LINKS_MAX) {
            let made = |place: &Place| {
                let code = characters(self.entropy.u128());
                let mut nonce = [0; 24];
                self.entropy.fill(&mut nonce);
                let plain = format!("{code}{}", place.path);
                ShortLinkRow {
                    shop: place.shop,
                    message: place.message,
                    target: sha256(&place.path),
                    hash: sha256(&code),
                    sealed: self.key.seal(place.shop, nonce, plain.as_bytes()),
                    expires_at,
                }
            };
            let links = places.iter().map(made).collect();
            for row in self.store.keep_short_links(links).await? {
                out.push(self.opened(&row)?.0);
            }
        }
        Ok(out)
    }

    /// Where a short link leads; `None` when there is none of these characters.
    ///
    /// # Errors
    /// When the store does not answer, or holds what this installation's key cannot open.
    pub async fn short_link(&self, code: &str) -> Result<Option<ShortLink>, StoreError> {
        if !is_short_link(code) {
            return Ok(None);
        }
        let Some(row) = self.store.short_link(&sha256(code)).await? else {
            return Ok(None);
        };
        let leads_to = if self.now() < row.expires_at {
            Some(self.opened(&row)?.1)
        } else {
            None
        };
        Ok(Some(ShortLink {
            shop: row.shop,
            leads_to,
        }))
    }

    /// A row's characters and path.
    fn opened(&self, row: &ShortLinkRow) -> Result<(String, String), StoreError> {
        let wrong = |why: String| StoreError::Rejected(format!("a short link: {why}"));
        let plain = self
            .key
            .open(row.shop, &row.sealed)
            .map_err(|error| wrong(error.to_string()))?;
        let plain = String::from_utf8(plain).map_err(|error| wrong(error.to_string()))?;
        match plain.split_at_checked(SHORT_LINK_CHARS) {
            Some((code, path)) => Ok((code.to_owned(), path.to_owned())),
            None => Err(wrong("what was sealed is too short".to_owned())),
        }
    }

    /// Puts short links in the place of long ones, in texts and in what the texts are made of.
    pub(crate) async fn shorten(&self, pieces: &mut [Piece<'_>]) -> Result<(), StoreError> {
        let mut places = Vec::new();
        for piece in pieces.iter() {
            let home = format!("{}/", piece.home);
            places.extend(
                long_links(&home, piece.text, piece.context).map(|path| Place {
                    shop: piece.shop,
                    message: piece.message,
                    path,
                }),
            );
        }
        let codes = self.short_links(&places).await?;
        let mut links = places.into_iter().zip(codes).peekable();
        for piece in pieces {
            while let Some((place, code)) = links
                .next_if(|(place, _)| (place.shop, place.message) == (piece.shop, piece.message))
            {
                let long = format!("{}/{}", piece.home, place.path);
                let short = format!("{}/{code}", piece.home);
                *piece.text = piece.text.replace(&long, &short);
                exchange(piece.context, &long, &short);
            }
        }
        Ok(())
    }
}

/// The paths of our own links in a text, the longest first, as the fields it was made from hold them.
fn long_links(home: &str, text: &str, context: &Value) -> impl Iterator<Item = String> {
    let mut found = Vec::new();
    gather(home, context, &mut found);
    found.retain(|link: &String| {
        text.contains(link.as_str()) && link.len() > home.len() + SHORT_LINK_CHARS
    });
    found.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    found.dedup();
    // The address of an order is the beginning of others: what stands in the text as a part of another does not count.
    let mut text = text.to_owned();
    let home = home.len();
    found.into_iter().filter_map(move |link| {
        let stands = text.contains(&link);
        text = text.replace(&link, " ");
        stands.then(|| link[home..].to_owned())
    })
}

/// Texts within a value that begin with `home`.
fn gather(home: &str, value: &Value, out: &mut Vec<String>) {
    match value {
        Value::String(text) if text.starts_with(home) => out.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| gather(home, value, out)),
        Value::Object(fields) => fields.values().for_each(|value| gather(home, value, out)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Puts one text in the place of another, wherever a value holds exactly it.
fn exchange(value: &mut Value, from: &str, to: &str) {
    match value {
        Value::String(text) if text == from => to.clone_into(text),
        Value::Array(values) => values
            .iter_mut()
            .for_each(|value| exchange(value, from, to)),
        Value::Object(fields) => fields
            .values_mut()
            .for_each(|value| exchange(value, from, to)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_short_link_is_a_path_of_eleven_characters_that_the_rule_allows() {
        const RULE_CHARS_MAX: usize = 12;
        const BITS_MIN: f64 = 60.0;
        for bits in [0, 1, u128::MAX, 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef] {
            let code = characters(bits);
            assert!(is_short_link(&code), "{code}");
            assert!(code.len() <= RULE_CHARS_MAX);
        }
        assert!(SHORT_LINK_CHARS as f64 * 62_f64.log2() >= BITS_MIN);
        assert_ne!(characters(1), characters(2));
        for other in [
            "",
            "healthz",
            "0123456789",
            "0123456789_",
            "012345678901",
            "è12345678",
        ] {
            assert!(!is_short_link(other), "{other}");
        }
    }

    #[test]
    fn links_in_a_text_are_found_the_longest_first_and_each_where_it_stands() {
        let home = "https://dopo.example/";
        let context = json!({
            "order": { "url": "https://dopo.example/o/aaaaaaaaaaaaaaaaaaaaaaaa" },
            "parcel": { "hold_url": "https://dopo.example/o/aaaaaaaaaaaaaaaaaaaaaaaa/hold/1" },
            "links": { "unsubscribe": "https://dopo.example/u/bbbbbbbbbbbbbbbbbbbbbbbb", "order": null },
            "shop": { "url": "https://faggio.example/una-pagina-molto-lunga" },
        });
        let found = |text: &str| long_links(home, text, &context).collect::<Vec<_>>();
        assert_eq!(
            found("a https://dopo.example/o/aaaaaaaaaaaaaaaaaaaaaaaa/hold/1 b"),
            ["o/aaaaaaaaaaaaaaaaaaaaaaaa/hold/1"]
        );
        assert_eq!(
            found(
                "https://dopo.example/o/aaaaaaaaaaaaaaaaaaaaaaaa#recesso Stop: https://dopo.example/u/bbbbbbbbbbbbbbbbbbbbbbbb"
            ),
            ["o/aaaaaaaaaaaaaaaaaaaaaaaa", "u/bbbbbbbbbbbbbbbbbbbbbbbb"]
        );
        assert_eq!(
            found("https://faggio.example/una-pagina-molto-lunga"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_value_is_exchanged_only_as_a_whole() {
        let mut value = json!({ "a": ["x/long", "x/long/on"], "b": { "c": "x/long" }, "d": 1 });
        exchange(&mut value, "x/long", "x/s");
        assert_eq!(
            value,
            json!({ "a": ["x/s", "x/long/on"], "b": { "c": "x/s" }, "d": 1 })
        );
    }
}
