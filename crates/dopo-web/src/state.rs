//! What every handler shares.

use crate::api::auth::KeyMemory;
use crate::api::desk::passkeys::Ceremonies;
use crate::api::idempotency::Answers;
use crate::hits::Hits;
use crate::limits::{
    HITS_PER_SECOND_MAX, LINK_ATTEMPTS_MAX, REQUESTS_IN_FLIGHT_MAX, SIGN_IN_ATTEMPTS_MAX,
    SIGN_IN_WINDOW,
};
use crate::pages::limits::PageLimits;
use crate::rate::Limiter;
use dopo_engine::Engine;
use dopo_engine::desk::Desk;
use dopo_engine::ports::HookTranslator;
use hmac::{Hmac, KeyInit, Mac};
use metrics_exporter_prometheus::PrometheusHandle;
use sha2::Sha256;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;

/// What can be set about the web edge.
#[derive(Clone, Debug)]
pub struct WebSettings {
    /// Address customers reach us by, without a slash at the end (`https://dopo.example`).
    pub public_url: String,
    /// Requests per second that one API key may make.
    pub api_requests_per_second: u32,
    /// Everything captured is shown without signing in, and `/demo/` is there.
    pub demo: bool,
    /// Header with the client's address, set by a reverse proxy of ours (`x-forwarded-for`: its last entry is taken).
    pub client_address_header: Option<String>,
}

/// What the program hands over.
pub struct WebParts {
    /// The engine.
    pub engine: Arc<Engine>,
    /// The connectors' way in.
    pub translator: Arc<dyn HookTranslator>,
    /// The use cases of the console.
    pub desk: Arc<Desk>,
    /// Where metrics are read; `/metrics` is absent without it.
    pub metrics: Option<PrometheusHandle>,
    /// Settings.
    pub settings: WebSettings,
}

/// The shared state behind [`App`].
pub struct AppState {
    pub(crate) engine: Arc<Engine>,
    pub(crate) translator: Arc<dyn HookTranslator>,
    pub(crate) desk: Arc<Desk>,
    pub(crate) metrics: Option<PrometheusHandle>,
    pub(crate) settings: WebSettings,
    pub(crate) keys: KeyMemory,
    pub(crate) answers: Answers,
    pub(crate) ceremonies: Ceremonies,
    pub(crate) api_limit: Limiter,
    pub(crate) hit_limit: Limiter,
    pub(crate) sign_in_limit: Limiter,
    pub(crate) link_limit: Limiter,
    pub(crate) page_limits: PageLimits,
    pub(crate) hits: Hits,
    pub(crate) in_flight: Semaphore,
    pub(crate) live_seats: Arc<Semaphore>,
    request_seed: u64,
    request_count: AtomicU64,
}

/// The state as handlers take it.
pub type App = Arc<AppState>;

impl AppState {
    /// The state of a fresh program.
    pub fn new(parts: WebParts) -> App {
        let mut seed = [0; 8];
        parts.engine.entropy().fill(&mut seed);
        let per_second = parts.settings.api_requests_per_second.max(1);
        Arc::new(AppState {
            engine: parts.engine,
            translator: parts.translator,
            desk: parts.desk,
            metrics: parts.metrics,
            settings: parts.settings,
            keys: KeyMemory::default(),
            answers: Answers::default(),
            ceremonies: Ceremonies::default(),
            api_limit: Limiter::new(per_second, Duration::from_secs(1)),
            hit_limit: Limiter::new(HITS_PER_SECOND_MAX, Duration::from_secs(1)),
            sign_in_limit: Limiter::new(SIGN_IN_ATTEMPTS_MAX, SIGN_IN_WINDOW),
            link_limit: Limiter::new(LINK_ATTEMPTS_MAX, SIGN_IN_WINDOW),
            page_limits: PageLimits::default(),
            hits: Hits::default(),
            in_flight: Semaphore::new(REQUESTS_IN_FLIGHT_MAX),
            live_seats: crate::api::live::seats(),
            request_seed: u64::from_be_bytes(seed),
            request_count: AtomicU64::new(0),
        })
    }

    /// A name for the next request, to find it in the log again. Not a secret.
    pub(crate) fn next_request_id(&self) -> String {
        let n = self.request_count.fetch_add(1, Ordering::Relaxed);
        let mut z = n
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .wrapping_add(self.request_seed);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        format!("{:016x}", z ^ (z >> 31))
    }

    /// Whether customers reach us over TLS.
    pub(crate) fn is_https(&self) -> bool {
        self.settings.public_url.starts_with("https://")
    }

    /// The proof that a form of `kind` about `subject` came from us: hexadecimal HMAC-SHA-256.
    pub(crate) fn form_proof(&self, kind: &str, subject: &str) -> String {
        let mut mac = mac(self.engine.tokens().form_key());
        mac.update(kind.as_bytes());
        mac.update(&[0]);
        mac.update(subject.as_bytes());
        hex(&mac.finalize().into_bytes())
    }

    /// Whether a form's proof holds, in constant time.
    pub(crate) fn form_proof_holds(&self, kind: &str, subject: &str, proof: &str) -> bool {
        let expected = self.form_proof(kind, subject);
        bool::from(subtle::ConstantTimeEq::ct_eq(
            expected.as_bytes(),
            proof.as_bytes(),
        ))
    }

    /// A fresh name for an act on our pages.
    pub(crate) fn fresh_id(&self) -> String {
        format!("{:032x}", self.engine.entropy().u128())
    }
}

fn mac(key: &[u8; 32]) -> Hmac<Sha256> {
    match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mac) => mac,
        Err(_) => unreachable!("HMAC takes keys of any length"),
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(out, "{byte:02x}");
    }
    out
}
