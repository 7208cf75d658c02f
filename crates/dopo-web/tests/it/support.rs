//! A whole web edge in process: the real router and engine on the embedded store, with a clock one can set.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use dopo_connect::webhook::HttpPoster;
use dopo_core::advance::Writes;
use dopo_core::customer::Customer;
use dopo_core::event::{Event, EventLine};
use dopo_core::gate::Grant;
use dopo_core::id::{CustomerId, ShopId};
use dopo_core::message::Message;
use dopo_core::order::Order;
use dopo_core::shop::{Seller, ShopSettings};
use dopo_engine::desk::{Desk, Outward};
use dopo_engine::intake::NewIntake;
use dopo_engine::ports::{
    Clock, CourierSource, DkimMaker, DkimRecord, Dns, DnsAway, Entropy, Finish, Finished,
    HookDelivery, HookRefused, HookTranslation, HookTranslator, IdentityProvider, LineError,
    Passwords, Rendering, Store, TemplateRow,
};
use dopo_engine::secrets::MasterKey;
use dopo_engine::tokens::Token;
use dopo_engine::{Engine, Settings};
use dopo_sqlite::SqliteStore;
use dopo_testkit::build;
use dopo_web::{App, AppState, WebParts, WebSettings};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tower::ServiceExt;

pub(crate) const PUBLIC_URL: &str = "https://dopo.example";
pub(crate) const KEY: &str = "dopo_test_key";
pub(crate) const SECRET: &str = "hook-secret";
pub(crate) const PASSWORD: &str = "una frase lunga";
pub(crate) const BROWSER: &str =
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// A clock that stands until it is moved.
pub(crate) struct Hands(Mutex<Timestamp>);

impl Hands {
    pub(crate) fn pass(&self, seconds: i64) {
        let mut now = self.0.lock().unwrap();
        *now += SignedDuration::from_secs(seconds);
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// Bits that never repeat and surprise nobody.
struct Counted(AtomicU64);

impl Entropy for Counted {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let n = self.0.fetch_add(1, Ordering::Relaxed) + 1;
            let digest = Sha256::digest(n.to_be_bytes());
            chunk.copy_from_slice(&digest[..chunk.len()]);
        }
    }
}

/// A vendor whose signature is its secret and whose JSON is ours.
struct Vendor;

impl HookTranslator for Vendor {
    fn knows(&self, source: &str) -> bool {
        matches!(source, "shopify" | "events" | "literal" | "qapla")
    }

    fn courier_sources(&self) -> Vec<CourierSource> {
        vec![CourierSource {
            name: "qapla",
            title: "Qapla'",
        }]
    }

    fn answer(&self, source: &str) -> Option<&'static str> {
        (source == "literal").then_some("{\"result\":\"OK\"}")
    }

    fn kept(&self, source: &str, body: &[u8]) -> Vec<u8> {
        let text = String::from_utf8_lossy(body);
        match source {
            "literal" => text.replace(SECRET, "").into_bytes(),
            _ => body.to_vec(),
        }
    }

    fn verify(
        &self,
        _source: &str,
        headers: &dyn Fn(&str) -> Option<String>,
        body: &[u8],
        secrets: &[Vec<u8>],
        now: Timestamp,
    ) -> Result<HookDelivery, HookRefused> {
        if body.starts_with(b"webhook_id=") {
            let (external_id, topic) = (String::new(), "ping".to_owned());
            return Ok(HookDelivery {
                external_id,
                topic,
                ping: true,
            });
        }
        let signature = headers("x-signature").unwrap_or_default();
        if !secrets.iter().any(|secret| secret == signature.as_bytes()) {
            return Err(HookRefused::BadSignature);
        }
        if let Some(at) = headers("x-timestamp") {
            let seconds: i64 = at.parse().map_err(|_| HookRefused::Stale)?;
            if (now.as_second() - seconds).abs() > 300 {
                return Err(HookRefused::Stale);
            }
        }
        Ok(HookDelivery {
            external_id: headers("x-id").ok_or(HookRefused::Unnamed)?,
            topic: headers("x-topic").unwrap_or_default(),
            ping: false,
        })
    }

    fn translate(
        &self,
        _source: &str,
        _topic: &str,
        body: &[u8],
        _shop: &dopo_core::shop::ShopSettings,
        _now: Timestamp,
    ) -> HookTranslation {
        match serde_json::from_slice::<EventLine>(body) {
            Ok(line) => HookTranslation {
                events: vec![(line.at, line.event)],
                note: None,
                failed: false,
            },
            Err(error) => HookTranslation {
                events: vec![],
                note: Some(error.to_string()),
                failed: true,
            },
        }
    }

    fn parse_event(&self, body: &[u8], default_id: Option<&str>) -> Result<EventLine, LineError> {
        let unreadable = |error: serde_json::Error| LineError {
            code: "unreadable",
            detail: error.to_string(),
        };
        let mut value: Value = serde_json::from_slice(body).map_err(unreadable)?;
        if let (Some(object), Some(id)) = (value.as_object_mut(), default_id) {
            object.entry("id").or_insert(id.into());
        }
        serde_json::from_value(value).map_err(unreadable)
    }
}

/// DNS that cannot be asked.
struct NoDns;

#[async_trait::async_trait]
impl Dns for NoDns {
    async fn txt(&self, _name: &str) -> Result<Vec<String>, DnsAway> {
        Err(DnsAway("there is no network in tests".to_owned()))
    }

    async fn addresses(&self, _host: &str) -> Result<Vec<IpAddr>, DnsAway> {
        Err(DnsAway("there is no network in tests".to_owned()))
    }
}

/// Keys that are only words.
struct PlainDkim;

impl DkimMaker for PlainDkim {
    fn make(&self) -> Result<String, String> {
        Ok("a private key".to_owned())
    }

    fn record(&self, domain: &str, selector: &str, _pem: &str) -> Result<DkimRecord, String> {
        Ok(DkimRecord {
            name: format!("{selector}._domainkey.{domain}"),
            value: "v=DKIM1; k=rsa; p=AAAA".to_owned(),
        })
    }
}

/// Passwords whose hash is the password behind a word; `hash` is that of [`PASSWORD`].
struct PlainPasswords;

impl Passwords for PlainPasswords {
    fn fits(&self, password: &str, hash: Option<&str>) -> bool {
        match hash {
            Some("hash") => password == PASSWORD,
            Some(hash) => hash.strip_prefix("plain:") == Some(password),
            None => false,
        }
    }

    fn hash(&self, password: &str) -> Result<String, String> {
        Ok(format!("plain:{password}"))
    }
}

/// What can be different about a house.
#[derive(Default)]
pub(crate) struct Plan {
    /// A demo.
    pub demo: bool,
    /// Nobody may sign in yet.
    pub empty: bool,
    /// Where backups go.
    pub backups: Option<std::path::PathBuf>,
    /// Webhooks may not go into private networks.
    pub public_only: bool,
    /// Where people may sign in beside their password.
    pub identities: Option<Arc<dyn IdentityProvider>>,
}

/// An answer, read whole.
pub(crate) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.bytes.clone()).expect("the answer is text")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).expect("the answer is JSON")
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default()
    }
}

/// A shop, an engine and the router before them.
pub(crate) struct House {
    pub app: App,
    pub desk: Arc<Desk>,
    pub engine: Arc<Engine>,
    pub clock: Arc<Hands>,
    pub shop: ShopId,
    router: Router,
}

pub(crate) fn bottega() -> ShopSettings {
    let seller = Seller {
        legal_name: "Bottega del Legno S.r.l.".into(),
        address: "Via Garibaldi 12, 73100 Lecce (LE)".into(),
        email: "clienti@bottega.example".into(),
        phone: "+39 0832 123456".into(),
        vat_number: "IT01234567897".into(),
        rea: "LE-123456".into(),
        share_capital: Some("10.000,00 € i.v.".into()),
        adr: Some("Per le controversie aderiamo all'organismo ADR di prova.".into()),
    };
    let mut settings = ShopSettings::new("Bottega del Legno", "ordini@bottega.example", seller);
    settings.storefront_url = Some("https://www.bottega.example".into());
    settings.privacy_url = Some("https://www.bottega.example/privacy".into());
    settings.terms_url = Some("https://www.bottega.example/condizioni".into());
    settings
}

impl House {
    pub(crate) async fn new() -> House {
        House::with(bottega(), false).await
    }

    pub(crate) async fn demo() -> House {
        House::with(bottega(), true).await
    }

    pub(crate) async fn with(settings: ShopSettings, demo: bool) -> House {
        let plan = Plan {
            demo,
            ..Plan::default()
        };
        House::planned(settings, plan).await
    }

    pub(crate) async fn planned(settings: ShopSettings, plan: Plan) -> House {
        let demo = plan.demo;
        let store = SqliteStore::open_temporary()
            .await
            .expect("a temporary store");
        store.migrate().await.expect("the schema");
        let clock = Arc::new(Hands(Mutex::new(build::t(0))));
        let key = MasterKey::new([7; 32]);
        let shop = store.add_shop("bottega", &settings).await.expect("a shop");
        for source in ["shopify", "events"] {
            let sealed = key.seal(shop, [1; 24], SECRET.as_bytes());
            store
                .save_connection(shop, source, &sealed, clock.now())
                .await
                .expect("a connection");
        }
        let scopes: Vec<String> = [
            "events:write",
            "messages:read",
            "orders:read",
            "counters:read",
            "consents:write",
            "coupons:read",
            "coupons:write",
        ]
        .map(str::to_owned)
        .to_vec();
        let hash = Sha256::digest(KEY.as_bytes());
        store
            .add_api_key(shop, None, "dopo_test", &hash, &scopes, clock.now())
            .await
            .expect("a key");
        if !plan.empty {
            store
                .save_user("mara@bottega.example", "owner", "hash", clock.now())
                .await
                .expect("a user");
        }
        let engine = Engine::start(
            Arc::new(store),
            clock.clone(),
            Arc::new(Counted(AtomicU64::new(0))),
            None,
            key,
            Settings {
                public_url: PUBLIC_URL.to_owned(),
                ..Settings::default()
            },
        )
        .await
        .expect("the engine starts");
        let desk = Desk::new(
            Arc::clone(&engine),
            Outward {
                dns: Arc::new(NoDns),
                poster: Arc::new(HttpPoster::new(!plan.public_only)),
                dkim: Arc::new(PlainDkim),
                passwords: Arc::new(PlainPasswords),
                identities: plan.identities,
                translator: Arc::new(Vendor),
                backup_folder: plan.backups,
                demo,
            },
        );
        let app = AppState::new(WebParts {
            engine: Arc::clone(&engine),
            translator: Arc::new(Vendor),
            desk: Arc::clone(&desk),
            metrics: None,
            settings: WebSettings {
                public_url: PUBLIC_URL.to_owned(),
                api_requests_per_second: 1_000,
                demo,
                client_address_header: None,
            },
        });
        let router = dopo_web::router(app.clone());
        House {
            app,
            desk,
            engine,
            clock,
            shop,
            router,
        }
    }

    /// Sends a request and leaves the answer's body to be read part by part.
    pub(crate) async fn open(&self, request: Request<Body>) -> axum::response::Response {
        self.router
            .clone()
            .oneshot(request)
            .await
            .expect("the router answers")
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self
            .router
            .clone()
            .oneshot(request)
            .await
            .expect("the router answers");
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX)
            .await
            .expect("a whole body")
            .to_vec();
        Answer {
            status: parts.status,
            headers: parts.headers,
            bytes,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        let request = Request::get(path).header(header::USER_AGENT, BROWSER);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn api_get(&self, path: &str) -> Answer {
        let request = Request::get(path).header(header::AUTHORIZATION, format!("Bearer {KEY}"));
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn api_post(&self, path: &str, body: impl ToString) -> Answer {
        let request = Request::post(path)
            .header(header::AUTHORIZATION, format!("Bearer {KEY}"))
            .header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(body.to_string())).unwrap())
            .await
    }

    pub(crate) async fn post_form(&self, path: &str, body: impl ToString) -> Answer {
        let request =
            Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(body.to_string())).unwrap())
            .await
    }

    pub(crate) async fn hook(
        &self,
        source: &str,
        id: &str,
        signature: &str,
        body: impl ToString,
    ) -> Answer {
        let request = Request::post(format!("/hooks/bottega/{source}"))
            .header("x-id", id)
            .header("x-topic", "orders/create")
            .header("x-signature", signature);
        self.send(request.body(Body::from(body.to_string())).unwrap())
            .await
    }

    pub(crate) async fn ingest(&self, id: &str, event: Event) {
        let line = EventLine {
            id: id.to_owned(),
            at: self.clock.now(),
            event,
        };
        self.engine
            .ingest(self.shop, vec![NewIntake::event("api", line, None)])
            .await
            .expect("stored");
    }

    /// An order of Chiara's, as the shop would tell it.
    pub(crate) async fn order(&self, external_id: &str) -> Order {
        self.ingest(
            &format!("order-{external_id}"),
            build::order_updated(external_id, "chiara@posta.example"),
        )
        .await;
        self.engine
            .store()
            .order_by_external_id(self.shop, external_id)
            .await
            .expect("the store answers")
            .expect("the order is known")
    }

    /// The order with this id of the platform's.
    pub(crate) async fn order_of(&self, external_id: &str) -> Order {
        self.engine
            .store()
            .order_by_external_id(self.shop, external_id)
            .await
            .expect("the store answers")
            .expect("the order is known")
    }

    pub(crate) async fn customer(&self, id: CustomerId) -> Customer {
        self.engine
            .store()
            .customer(self.shop, id)
            .await
            .expect("the store answers")
            .expect("the person is known")
    }

    /// Writes a message as decided and let through, without a journey.
    pub(crate) async fn message(&self, message: Message) -> Message {
        let due = build::due(&message);
        let writes = Writes {
            messages: vec![message.clone()],
            due: vec![due],
            ..Writes::default()
        };
        let intake = build::intake(
            message.id.run().0,
            &format!("m-{}", message.id),
            vec![build::arrival(
                self.shop,
                &format!("m-{}", message.id),
                message.id.run().0,
                build::nothing(),
            )],
        );
        let decide = Arc::new(move |_, _| writes.clone());
        self.engine
            .store()
            .commit_arrivals(self.shop, vec![intake], decide)
            .await
            .expect("stored");
        message
    }

    /// Publishes a template and records that the message left with it, captured.
    pub(crate) async fn captured(&self, message: &Message, grant: Grant, html: &str) {
        let parts = json!({ "subject": "Ciao {{ name }}", "text": "Ciao {{ name }},\nil tuo ordine è partito.", "html": html });
        let row = TemplateRow {
            name: message.send.template.clone(),
            locale: "it".into(),
            version: 1,
            source: json!({}),
            compiled: json!({ "tu": parts, "lei": parts }),
        };
        let version = self
            .engine
            .store()
            .publish_template(self.shop, &row)
            .await
            .expect("published");
        let rendering = Rendering {
            template: row.name,
            template_version: version,
            locale: "it".into(),
            context: json!({ "name": "Chiara", "register": "tu", "links": {} }),
            sha256: "00".repeat(32),
        };
        let at = self.clock.now();
        self.engine
            .store()
            .claim_effects(0, message.channel(), at, 10)
            .await
            .expect("claimed");
        let finish = Finish::Sent {
            at,
            captured: true,
            grant,
            rendering,
        };
        let finished = Finished {
            shop: self.shop,
            message: message.id,
            finish,
        };
        self.engine
            .store()
            .finish_effects(vec![finished], Default::default(), Vec::new())
            .await
            .expect("finished");
    }

    pub(crate) fn seal(&self, token: &Token) -> String {
        self.engine.tokens().seal(token)
    }

    /// What a person's record and the whole inbox say, to see whether anything changed.
    pub(crate) async fn fingerprint(&self) -> String {
        let store = self.engine.store();
        let inbox = store
            .inbox(self.shop, None, None, 500)
            .await
            .expect("the inbox");
        let messages = store
            .messages(self.shop, &Default::default(), 500)
            .await
            .expect("messages");
        format!("{} {messages:?}", inbox.len())
    }
}

/// The value of a hidden field.
pub(crate) fn hidden(html: &str, name: &str) -> String {
    let mark = format!("name=\"{name}\" value=\"");
    let at = html.find(&mark).expect("the field is there") + mark.len();
    html[at..].split('"').next().unwrap_or_default().to_owned()
}
