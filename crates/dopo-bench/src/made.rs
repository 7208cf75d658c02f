//! What the client sends: orders, parcels and scans in our own JSON, as request bytes.

use jiff::{SignedDuration, Timestamp};
use std::fmt::Write;

/// Writes requests for one shop's key.
#[derive(Clone)]
pub struct Requests {
    key: String,
    /// The moment of placed orders.
    now: Timestamp,
    /// The moment of orders so old that nothing follows from them.
    past: Timestamp,
}

impl Requests {
    /// For this key, with orders placed at `now`.
    pub fn new(key: &str, now: Timestamp) -> Self {
        let past = now
            .checked_sub(SignedDuration::from_hours(24 * 20))
            .unwrap_or(now);
        Requests {
            key: key.to_owned(),
            now,
            past,
        }
    }

    /// One new, paid order of a new customer: a receipt follows.
    pub fn order(&self, n: u64, out: &mut Vec<u8>) {
        let mut body = String::with_capacity(1_400);
        order(&mut body, n, self.now, "");
        self.post(&body, out);
    }

    /// Orders `n * count..` in one request.
    pub fn orders(&self, n: u64, count: u64, out: &mut Vec<u8>) {
        let mut body = String::with_capacity(1_400 * count as usize);
        for at in 0..count {
            body.push(if at == 0 { '[' } else { ',' });
            order(&mut body, n * count + at, self.now, "");
        }
        body.push(']');
        self.post(&body, out);
    }

    /// Old orders on their way, `n * count..`, in one request: nothing follows from them.
    pub fn shipped(&self, n: u64, count: u64, out: &mut Vec<u8>) {
        let mut body = String::with_capacity(1_500 * count as usize);
        for at in 0..count {
            let n = n * count + at;
            body.push(if at == 0 { '[' } else { ',' });
            let parcel = format!(
                r#","fulfilled":true,"parcels":[{{"number":"BR{n:010}","carrier":"BRT","shipped_at":"{}"}}]"#,
                self.past
            );
            order(&mut body, n, self.past, &parcel);
        }
        body.push(']');
        self.post(&body, out);
    }

    /// The `n`th scan of the parcels `first..first + parcels`.
    pub fn scan(&self, n: u64, first: u64, parcels: u64, out: &mut Vec<u8>) {
        let (parcel, turn) = (first + n % parcels, n / parcels);
        let at = self
            .past
            .checked_add(SignedDuration::from_mins(10 + turn as i64))
            .unwrap_or(self.past);
        let body = format!(
            r#"{{"id":"scan-{parcel}-{turn}","type":"parcel_scanned","at":"{at}","parcel":{{"number":"BR{parcel:010}"}},"checkpoint":{{"at":"{at}","state":"in_transit","place":"Bologna Hub","text":"IN TRANSITO","code":"NOR"}}}}"#
        );
        self.post(&body, out);
    }

    fn post(&self, body: &str, out: &mut Vec<u8>) {
        out.clear();
        let head = format!(
            "POST /api/v1/events HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            self.key,
            body.len()
        );
        out.extend_from_slice(head.as_bytes());
        out.extend_from_slice(body.as_bytes());
    }
}

/// The address of the customer of an order.
pub fn email(n: u64) -> String {
    format!("chiara.{n}@example.com")
}

fn order(out: &mut String, n: u64, at: Timestamp, more: &str) {
    // Writing to a string does not fail.
    let _ = write!(
        out,
        concat!(
            r#"{{"id":"bench-{n}","type":"order_updated","at":"{at}","order":{{"external_id":"bench-{n}","number":"B{n}","#,
            r#""placed_at":"{at}","updated_at":"{at}","person":{{"email":"{email}","shop_customer_id":"bench-{n}","#,
            r#""first_name":"Chiara","last_name":"Ferrari","locale":"it"}},"lines":["#,
            r#"{{"id":"1","product_id":"p-501","sku":"SED-ROV","title":"Sedia Alba in rovere","variant":"Rovere naturale","quantity":2,"unit_price":{{"cents":12900,"currency":"EUR"}},"category":"sedie","url":"https://shop.example/sedia-alba","image_url":"https://shop.example/img/sedia-alba.jpg"}},"#,
            r#"{{"id":"2","product_id":"p-777","sku":"TAV-NOC","title":"Tavolo Brera 180 cm","variant":"Noce","quantity":1,"unit_price":{{"cents":69900,"currency":"EUR"}},"category":"tavoli","url":"https://shop.example/tavolo-brera","image_url":"https://shop.example/img/tavolo-brera.jpg"}}],"#,
            r#""subtotal":{{"cents":95700,"currency":"EUR"}},"shipping":{{"cents":0,"currency":"EUR"}},"tax":{{"cents":17257,"currency":"EUR"}},"total":{{"cents":95700,"currency":"EUR"}},"payment":"paid","payment_method":"Carta","#,
            r#""ship_to":{{"name":"Chiara Ferrari","street":"Via Giuseppe Verdi 12","postal_code":"40121","city":"Bologna","province":"BO","country":"IT"}},"shipping_method":"Consegna al piano"{more}}}}}"#
        ),
        n = n,
        at = at,
        email = email(n),
        more = more
    );
}

/// The address of the order page in a mail as it was sent: the path, or `None` when there is none.
pub fn order_page(mail: &[u8]) -> Option<String> {
    let text = unquoted(mail);
    let at = memchr::memmem::find(&text, b"/o/")?;
    let end = text[at + 3..]
        .iter()
        .position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')))?;
    Some(String::from_utf8_lossy(&text[at..at + 3 + end]).into_owned())
}

/// Bytes of the HTML part of a mail, decoded.
pub fn html_bytes(mail: &[u8]) -> usize {
    let text = unquoted(mail);
    let lower = |needle: &[u8]| memchr::memmem::find(&text, needle);
    match (
        lower(b"<!doctype")
            .or_else(|| lower(b"<!DOCTYPE"))
            .or_else(|| lower(b"<html")),
        memchr::memmem::rfind(&text, b"</html>"),
    ) {
        (Some(from), Some(to)) if from < to => to + 7 - from,
        _ => 0,
    }
}

/// Quoted-printable undone (RFC 2045 6.7).
fn unquoted(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        if rest.starts_with(b"=\r\n") {
            at += 3;
        } else if rest[0] == b'='
            && let Some(byte) = rest
                .get(1..3)
                .and_then(|hex| std::str::from_utf8(hex).ok())
                .and_then(|hex| u8::from_str_radix(hex, 16).ok())
        {
            out.push(byte);
            at += 3;
        } else {
            out.push(rest[0]);
            at += 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use dopo_core::event::Event;

    fn body(request: &[u8]) -> &str {
        let at = memchr::memmem::find(request, b"\r\n\r\n").expect("a head") + 4;
        std::str::from_utf8(&request[at..]).expect("text")
    }

    #[test]
    fn every_request_carries_events_of_the_product() {
        let requests = Requests::new("k", "2026-11-22T10:00:00Z".parse().expect("a moment"));
        let mut out = Vec::new();
        requests.order(7, &mut out);
        let line: dopo_core::event::EventLine = serde_json_line(body(&out));
        assert!(matches!(line.event, Event::OrderUpdated { .. }));
        requests.scan(5, 100, 3, &mut out);
        let line = serde_json_line(body(&out));
        assert_eq!(line.id, "scan-102-1");
        assert!(matches!(line.event, Event::ParcelScanned { .. }));
        requests.shipped(0, 2, &mut out);
        assert!(body(&out).contains("BR0000000001"));
    }

    fn serde_json_line(text: &str) -> dopo_core::event::EventLine {
        serde_json::from_str(text).expect("an event")
    }

    #[test]
    fn the_order_page_is_found_in_a_folded_mail() {
        let mail = b"x <a href=3D\"https://shop.example/o/AbC=\r\n-9_z\">Il tuo ordine</a>";
        assert_eq!(order_page(mail).as_deref(), Some("/o/AbC-9_z"));
        assert_eq!(
            html_bytes(b"--a\r\n<!doctype html><p>=C3=A8</p></html>\r\n--a--"),
            31
        );
    }
}
