//! Calls to couriers: one request, a time limit, a limit of bytes, no redirects; what the answer's outside means.
//!
//! Errors are words for the operator: they name neither addresses nor headers nor what stands in a body, because those
//! hold keys and people.

use dopo_core::parcel::Telling;
use dopo_engine::ports::{Ask, Found, Looked, Posted, Released};
use hyper::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

use crate::webhook::{Asking, HttpPoster, retry_after};

/// Time for one call, from the lookup to the end of the answer.
pub const CALL_TIME_MAX: Duration = Duration::from_secs(20);
/// Bytes of an answer.
pub const ANSWER_BYTES_MAX: usize = 4 * 1_024 * 1_024;
/// A token is renewed when it has less than this left.
pub const TOKEN_MARGIN: Duration = Duration::from_secs(120);
/// How long a token lasts where the answer does not say.
const TOKEN_TIME_USUAL: Duration = Duration::from_secs(3_000);
/// How we call ourselves.
const AGENT: &str = "Dopo/1 (parcel tracking)";

/// Why there is no telling.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Trouble {
    /// The number is not known, or not yet.
    Unknown,
    /// Not now; in words.
    Later {
        /// How long to wait, where it was said.
        after: Option<Duration>,
        /// Why.
        why: String,
    },
    /// The account is not accepted; in words.
    Refused(String),
    /// The answer could not be understood; in words.
    Unreadable(String),
}

impl Trouble {
    /// Not now, without a time.
    pub fn later(why: impl Into<String>) -> Self {
        Trouble::Later {
            after: None,
            why: why.into(),
        }
    }

    /// What it makes of a call that asked for `asks` numbers at once.
    pub fn looked(self, asks: usize) -> Looked {
        match self {
            Trouble::Unknown => Looked::Answered(vec![Found::Unknown; asks]),
            Trouble::Later { after, why } => Looked::Later { after, why },
            Trouble::Refused(why) => Looked::Refused(why),
            Trouble::Unreadable(why) => Looked::Answered(vec![Found::Unreadable(why); asks]),
        }
    }

    /// What it makes of telling a courier what to do with a held parcel. What is neither yes nor no is asked again.
    pub fn released(self) -> Released {
        match self {
            Trouble::Unknown => {
                Released::Refused("the courier does not know this parcel as held".to_owned())
            }
            Trouble::Later { after, why } => Released::Later { after, why },
            Trouble::Refused(why) => Released::Refused(why),
            Trouble::Unreadable(why) => Released::Later { after: None, why },
        }
    }
}

/// What one number's answer becomes; what holds for the whole call is the error.
///
/// # Errors
/// [`Looked::Later`] and [`Looked::Refused`].
pub fn found(told: Result<Telling, Trouble>) -> Result<Found, Looked> {
    match told {
        Ok(telling) => Ok(Found::Told(Box::new(telling))),
        Err(Trouble::Unknown) => Ok(Found::Unknown),
        Err(Trouble::Unreadable(why)) => Ok(Found::Unreadable(why)),
        Err(trouble @ (Trouble::Later { .. } | Trouble::Refused(_))) => Err(trouble.looked(1)),
    }
}

/// Asks for one number after the other, for couriers that take one a call. The first answer that is no answer ends it.
pub(crate) async fn one_by_one<'a, A, F>(asks: &'a [Ask], ask: A) -> Looked
where
    A: Fn(&'a Ask) -> F,
    F: Future<Output = Result<Telling, Trouble>>,
{
    let mut answers = Vec::with_capacity(asks.len());
    for one in asks {
        match found(ask(one).await) {
            Ok(answer) => answers.push(answer),
            Err(looked) => return looked,
        }
    }
    Looked::Answered(answers)
}

/// What an answer must be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Due {
    /// JSON.
    Json,
    /// XML.
    Xml,
}

/// A request, relative to the courier's address.
#[derive(Clone)]
pub struct Call {
    method: Method,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Call {
    /// A GET of a path with its query (`/track/shipments?trackingNumber=…`); values through [`encode`].
    pub fn get(path: impl Into<String>) -> Self {
        Call::new(Method::GET, path)
    }

    /// A POST to a path.
    pub fn post(path: impl Into<String>) -> Self {
        Call::new(Method::POST, path)
    }

    /// A PUT to a path.
    pub fn put(path: impl Into<String>) -> Self {
        Call::new(Method::PUT, path)
    }

    fn new(method: Method, path: impl Into<String>) -> Self {
        Call {
            method,
            path: path.into(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Adds a header; its name in small letters.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Adds name and password (RFC 7617).
    #[must_use]
    pub fn basic(self, user: &str, password: &str) -> Self {
        use base64::Engine as _;
        let both = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        self.header("authorization", format!("Basic {both}"))
    }

    /// Adds a JSON body.
    #[must_use]
    pub fn json(mut self, body: &serde_json::Value) -> Self {
        self.body = body.to_string().into_bytes();
        self.header("content-type", "application/json")
    }

    /// Adds a form as body.
    #[must_use]
    pub fn form(mut self, fields: &[(&str, &str)]) -> Self {
        self.body = query(fields).into_bytes();
        self.header("content-type", "application/x-www-form-urlencoded")
    }

    /// Adds an XML body.
    #[must_use]
    pub fn xml(mut self, body: String) -> Self {
        self.body = body.into_bytes();
        self.header("content-type", "text/xml; charset=utf-8")
    }
}

/// One courier's address, and the way to it.
#[derive(Clone)]
pub struct Caller {
    http: Arc<HttpPoster>,
    base: String,
}

impl Caller {
    /// A caller of an address (`https://api-eu.dhl.com`).
    ///
    /// # Errors
    /// In words: it is no address, or one inside a private network where that was not allowed.
    pub fn new(http: Arc<HttpPoster>, base: &str) -> Result<Self, String> {
        use dopo_engine::ports::Poster as _;
        let base = base.trim().trim_end_matches('/').to_owned();
        http.check(&base)
            .map_err(|why| format!("the courier's address (base_url) cannot be used: {why}"))?;
        Ok(Caller { http, base })
    }

    /// Calls.
    ///
    /// # Errors
    /// [`Trouble::Later`] without an answer; [`Trouble::Refused`] where the call can never be made.
    pub async fn call(&self, call: Call) -> Result<Answer, Trouble> {
        let asking = Asking {
            method: call.method,
            url: format!("{}{}", self.base, call.path),
            headers: call.headers,
            body: call.body,
            agent: AGENT,
            answer_bytes_max: ANSWER_BYTES_MAX,
            plain_only_private: true,
        };
        let answered = match tokio::time::timeout(CALL_TIME_MAX, self.http.exchange(asking)).await {
            Ok(Ok(answered)) => answered,
            Ok(Err(Posted::Refused(why))) => return Err(Trouble::Refused(why)),
            Ok(Err(Posted::Unreached(why))) => return Err(Trouble::later(why)),
            Ok(Err(Posted::Answered { code, .. })) => {
                return Err(Trouble::later(format!("the courier answered {code}")));
            }
            Err(_) => {
                let seconds = CALL_TIME_MAX.as_secs();
                return Err(Trouble::later(format!("no answer within {seconds} s")));
            }
        };
        let Some(body) = answered.body else {
            return Err(Trouble::later("the answer broke off or is too large"));
        };
        let content_type = answered.headers.get(hyper::header::CONTENT_TYPE);
        Ok(Answer {
            status: answered.code,
            content_type: content_type
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
                .to_ascii_lowercase(),
            retry_after: retry_after(&answered.headers),
            body: body.to_vec(),
        })
    }
}

/// What a courier answered.
#[derive(Clone)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Type of the body, in small letters.
    pub content_type: String,
    /// How long it asks to wait.
    pub retry_after: Option<Duration>,
    /// Body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body, where the answer's outside allows to read it.
    ///
    /// # Errors
    /// 401 and 403 refuse the account, 404 and 410 do not know the number, 408, 425, 429, redirects and 5xx come later,
    /// and so does a page where data is due: maintenance is served as 200. Other statuses are unreadable.
    pub fn data(&self, due: Due) -> Result<&[u8], Trouble> {
        let Answer { status, body, .. } = self;
        match status {
            200..=299 => {}
            401 | 403 => {
                return Err(Trouble::Refused(format!(
                    "the courier does not accept the account (answer {status}): check its keys"
                )));
            }
            404 | 410 => return Err(Trouble::Unknown),
            408 | 425 | 429 | 300..=399 | 500..=599 => {
                return Err(Trouble::Later {
                    after: self.retry_after,
                    why: match status {
                        429 => "the courier has had enough calls for now".to_owned(),
                        status => format!("the courier answered {status}"),
                    },
                });
            }
            status => {
                return Err(Trouble::Unreadable(format!(
                    "the courier answered {status}"
                )));
            }
        }
        if self.is_page(due) {
            return Err(Trouble::Later {
                after: self.retry_after,
                why: "the courier sends a page where data is due: maintenance, as a rule"
                    .to_owned(),
            });
        }
        if body.iter().all(u8::is_ascii_whitespace) {
            return Err(Trouble::Unreadable("the answer is empty".to_owned()));
        }
        Ok(body)
    }

    fn is_page(&self, due: Due) -> bool {
        let body = self
            .body
            .strip_prefix(b"\xef\xbb\xbf")
            .unwrap_or(&self.body);
        let start = &body.trim_ascii_start()[..body.trim_ascii_start().len().min(64)];
        let start = String::from_utf8_lossy(start).to_ascii_lowercase();
        let html = start.starts_with("<!doctype html") || start.starts_with("<html");
        match due {
            Due::Json => html || start.starts_with('<'),
            Due::Xml => html || (!start.is_empty() && !start.starts_with('<')),
        }
    }
}

/// Reads JSON.
///
/// # Errors
/// In words: where it is not as documented, without what stands there.
pub fn read_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut json = serde_json::Deserializer::from_slice(bytes);
    serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let at = error.path().to_string();
        match error.inner().classify() {
            serde_json::error::Category::Data => {
                format!("the answer is not as the courier documents it, at {at}")
            }
            _ => "the answer is not JSON".to_owned(),
        }
    })
}

/// A value for a path or query: everything but letters, digits and `-._~` is percent-encoded (RFC 3986 2.3).
pub fn encode(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            byte => {
                out.push('%');
                out.push_str(&format!("{byte:02X}"));
            }
        }
    }
    out
}

/// Fields as a query or form.
pub fn query(fields: &[(&str, &str)]) -> String {
    let fields = fields
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)));
    fields.collect::<Vec<_>>().join("&")
}

/// A token of an account, kept until shortly before it ends.
#[derive(Default)]
pub struct TokenStore {
    kept: Mutex<Option<(String, Instant)>>,
}

/// The usual answer of a token endpoint (RFC 6749 5.1); some write the seconds as text.
#[derive(Deserialize)]
struct Granted {
    access_token: String,
    #[serde(default)]
    expires_in: Option<serde_json::Value>,
}

impl TokenStore {
    /// The token in use, or a new one by `fetch`, which says how long it lasts. Several calls at once fetch once.
    ///
    /// # Errors
    /// Those of `fetch`.
    pub async fn token<F>(&self, fetch: F) -> Result<String, Trouble>
    where
        F: Future<Output = Result<(String, Duration), Trouble>>,
    {
        let mut kept = self.kept.lock().await;
        if let Some((token, until)) = kept.as_ref()
            && Instant::now() + TOKEN_MARGIN < *until
        {
            return Ok(token.clone());
        }
        let (token, lasts) = fetch.await?;
        *kept = Some((token.clone(), Instant::now() + lasts));
        Ok(token)
    }

    /// A token by OAuth 2.0 client credentials (RFC 6749 4.4): `call` is the request for it.
    ///
    /// # Errors
    /// [`Trouble::Refused`] where the account is not accepted, else as [`Caller::call`].
    pub async fn client_credentials(&self, caller: &Caller, call: Call) -> Result<String, Trouble> {
        self.token(async {
            let answer = caller.call(call).await?;
            // A wrong client is 400 or 401 by the standard, and 422 with some.
            if matches!(answer.status, 400 | 401 | 403 | 422) {
                return Err(Trouble::Refused(
                    "the courier does not accept the account's client id and secret".to_owned(),
                ));
            }
            let granted: Granted = match answer.data(Due::Json) {
                Ok(body) => read_json(body).map_err(Trouble::later)?,
                Err(Trouble::Unknown | Trouble::Unreadable(_)) => {
                    return Err(Trouble::later("the courier gives no token"));
                }
                Err(trouble) => return Err(trouble),
            };
            let seconds = granted.expires_in.as_ref().and_then(|value| {
                let text = value.as_str().and_then(|text| text.trim().parse().ok());
                value.as_u64().or(text)
            });
            let lasts = seconds.map_or(TOKEN_TIME_USUAL, Duration::from_secs);
            Ok((granted.access_token, lasts))
        })
        .await
    }

    /// Forgets the token: the courier did not accept it.
    pub async fn forget(&self) {
        *self.kept.lock().await = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status,
            content_type: String::new(),
            retry_after: Some(Duration::from_secs(7)),
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn the_outside_of_an_answer_says_what_became_of_the_call() {
        let json = |status, body| answer(status, body).data(Due::Json).map(<[u8]>::to_vec);
        assert_eq!(json(200, "{}"), Ok(b"{}".to_vec()));
        assert_eq!(json(404, "{}"), Err(Trouble::Unknown));
        assert!(matches!(json(401, ""), Err(Trouble::Refused(_))));
        assert!(matches!(json(403, ""), Err(Trouble::Refused(_))));
        for status in [302, 429, 500, 503] {
            let later = json(status, "");
            let after = Some(Duration::from_secs(7));
            assert!(
                matches!(later, Err(Trouble::Later { after: a, .. }) if a == after),
                "{status}"
            );
        }
        assert!(matches!(json(422, "{}"), Err(Trouble::Unreadable(_))));
        assert!(matches!(json(200, " "), Err(Trouble::Unreadable(_))));
    }

    #[test]
    fn a_maintenance_page_served_as_200_is_not_an_answer() {
        for page in [
            "<!DOCTYPE html><title>Maintenance</title>",
            "\n <HTML>",
            "\u{feff}<html>",
        ] {
            for due in [Due::Json, Due::Xml] {
                let got = answer(200, page).data(due).map(<[u8]>::to_vec);
                assert!(matches!(got, Err(Trouble::Later { .. })), "{page}");
            }
        }
        let xml = answer(200, "Servizio non disponibile");
        assert!(matches!(xml.data(Due::Xml), Err(Trouble::Later { .. })));
        assert!(
            answer(200, "<?xml version='1.0'?><a/>")
                .data(Due::Xml)
                .is_ok()
        );
    }

    #[test]
    fn values_are_encoded_for_addresses() {
        assert_eq!(encode("1Z 9/é?&"), "1Z%209%2F%C3%A9%3F%26");
        assert_eq!(query(&[("a", "b c"), ("d", "e")]), "a=b%20c&d=e");
    }

    #[test]
    fn an_error_of_reading_names_the_place_and_not_the_value() {
        #[derive(Debug, Deserialize)]
        struct Shape {
            #[expect(dead_code, reason = "only read")]
            n: u8,
        }
        let error = read_json::<Shape>(br#"{"n":"Mario Rossi"}"#).expect_err("no number");
        assert_eq!(error, "the answer is not as the courier documents it, at n");
    }

    #[tokio::test]
    async fn a_token_is_fetched_once_and_again_shortly_before_it_ends() {
        let store = TokenStore::default();
        let fetch = |name: &'static str, seconds| async move {
            Ok((name.to_owned(), Duration::from_secs(seconds)))
        };
        assert_eq!(store.token(fetch("a", 3_600)).await, Ok("a".to_owned()));
        assert_eq!(store.token(fetch("b", 60)).await, Ok("a".to_owned()));
        store.forget().await;
        assert_eq!(store.token(fetch("b", 60)).await, Ok("b".to_owned()));
        assert_eq!(store.token(fetch("c", 60)).await, Ok("c".to_owned()));
    }
}
