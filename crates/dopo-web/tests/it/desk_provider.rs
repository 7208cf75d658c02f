//! Signing in at a provider of identities, with a provider of our own (OpenID Connect, ES256, PKCE S256).

use crate::desk_seat::{Seat, ask, refusal, session_cookie};
use crate::support::{Answer, House, Plan, bottega};
use axum::extract::{RawForm, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use dopo_connect::identity::{KEYS_AGE_MIN, OpenId, OpenIdAccount};
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

const CLIENT: &str = "dopo console";
const SECRET: &str = "a secret: of ours";
const BACK: &str = "https://dopo.example/console/sign-in/provider";

fn b64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The pairs of a query or form.
fn pairs(text: &str) -> HashMap<String, String> {
    let plain = |part: &str| {
        let part = part.replace('+', " ");
        let mut out = Vec::new();
        let mut bytes = part.bytes();
        while let Some(byte) = bytes.next() {
            if byte == b'%' {
                let two: Vec<u8> = bytes.by_ref().take(2).collect();
                let two = String::from_utf8(two).expect("hexadecimal");
                out.push(u8::from_str_radix(&two, 16).expect("hexadecimal"));
            } else {
                out.push(byte);
            }
        }
        String::from_utf8(out).expect("text")
    };
    text.split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (plain(name), plain(value)))
        .collect()
}

/// What a code stands for.
struct Grant {
    claims: Value,
    info: Value,
    challenge: String,
}

/// What the provider keeps.
struct Book {
    url: String,
    seed: u8,
    grants: HashMap<String, Grant>,
    infos: HashMap<String, Value>,
    forges: bool,
}

type Shared = Arc<Mutex<Book>>;

impl Book {
    fn key(&self) -> SigningKey {
        SigningKey::from_slice(&[self.seed; 32]).expect("a key")
    }

    fn signed(&self, claims: &Value) -> String {
        let head = json!({"alg": "ES256", "typ": "JWT", "kid": format!("key {}", self.seed)});
        let text = format!(
            "{}.{}",
            b64(head.to_string().as_bytes()),
            b64(claims.to_string().as_bytes())
        );
        let key = match self.forges {
            true => SigningKey::from_slice(&[99; 32]).expect("a key"),
            false => self.key(),
        };
        let signature: Signature = key.sign(text.as_bytes());
        format!("{text}.{}", b64(&signature.to_bytes()))
    }
}

async fn discovery(State(book): State<Shared>) -> Json<Value> {
    let url = book.lock().expect("a book").url.clone();
    Json(json!({
        "issuer": url,
        "authorization_endpoint": format!("{url}/auth"),
        "token_endpoint": format!("{url}/token"),
        "userinfo_endpoint": format!("{url}/me"),
        "jwks_uri": format!("{url}/jwks"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256"],
    }))
}

async fn keys(State(book): State<Shared>) -> Json<Value> {
    let book = book.lock().expect("a book");
    let point = book.key().verifying_key().to_encoded_point(false);
    Json(json!({"keys": [{
        "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": format!("key {}", book.seed),
        "x": b64(point.x().expect("x")), "y": b64(point.y().expect("y")),
    }]}))
}

fn bad(error: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({"error": error}))).into_response()
}

async fn token(State(book): State<Shared>, headers: HeaderMap, RawForm(form): RawForm) -> Response {
    let mut book = book.lock().expect("a book");
    let form = pairs(std::str::from_utf8(&form).expect("text"));
    // Name and secret are form-encoded before they are joined (RFC 6749 2.3.1).
    let who = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| STANDARD.decode(value.strip_prefix("Basic ")?).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .unwrap_or_default();
    let who = who.split_once(':').unwrap_or_default();
    let who = pairs(&format!("id={}&secret={}", who.0, who.1));
    if (who["id"].as_str(), who["secret"].as_str()) != (CLIENT, SECRET) {
        return (
            StatusCode::UNAUTHORIZED,
            Json(json!({"error": "invalid_client"})),
        )
            .into_response();
    }
    let Some(grant) = book.grants.remove(&form["code"]) else {
        return bad("invalid_grant");
    };
    let proof = b64(&Sha256::digest(form["code_verifier"].as_bytes()));
    if proof != grant.challenge || form["redirect_uri"] != BACK {
        return bad("invalid_grant");
    }
    let access = format!("access-{}", form["code"]);
    book.infos.insert(access.clone(), grant.info);
    Json(json!({
        "access_token": access,
        "token_type": "Bearer",
        "id_token": book.signed(&grant.claims),
    }))
    .into_response()
}

async fn me(State(book): State<Shared>, headers: HeaderMap) -> Response {
    let access = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .unwrap_or_default();
    match book.lock().expect("a book").infos.get(access) {
        Some(info) => Json(info.clone()).into_response(),
        None => StatusCode::UNAUTHORIZED.into_response(),
    }
}

/// A provider on a port of this machine.
struct Provider {
    book: Shared,
    server: JoinHandle<()>,
}

impl Provider {
    async fn start() -> Provider {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let book = Arc::new(Mutex::new(Book {
            url,
            seed: 7,
            grants: HashMap::new(),
            infos: HashMap::new(),
            forges: false,
        }));
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/jwks", get(keys))
            .route("/token", post(token))
            .route("/me", get(me))
            .with_state(Arc::clone(&book));
        let server = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("it serves");
        });
        Provider { book, server }
    }

    fn url(&self) -> String {
        self.book.lock().expect("a book").url.clone()
    }

    fn client(&self) -> OpenId {
        OpenId::new(OpenIdAccount {
            issuer: self.url(),
            client_id: CLIENT.to_owned(),
            client_secret: Some(SECRET.to_owned()),
            name: "Azienda".to_owned(),
        })
        .expect("a provider")
    }

    async fn house(&self) -> House {
        let plan = Plan {
            identities: Some(Arc::new(self.client())),
            ..Plan::default()
        };
        House::planned(bottega(), plan).await
    }

    /// Somebody signs in at the address they were sent to. Gives what the browser comes back with.
    fn sign_in(&self, house: &House, begun: &Begun, edit: impl FnOnce(&mut Grant)) -> Value {
        let asked = pairs(begun.url.split_once('?').expect("a query").1);
        assert!(begun.url.starts_with(&format!("{}/auth?", self.url())));
        assert_eq!(asked["client_id"], CLIENT);
        assert_eq!(asked["redirect_uri"], BACK);
        assert_eq!(asked["response_type"], "code");
        assert_eq!(asked["scope"], "openid email");
        assert_eq!(asked["code_challenge_method"], "S256");
        let now = dopo_engine::ports::Clock::now(&*house.clock).as_second();
        let mut grant = Grant {
            claims: json!({
                "iss": self.url(), "sub": "mara-at-the-provider", "aud": CLIENT, "iat": now, "exp": now + 300,
                "nonce": asked["nonce"], "email": "Mara@bottega.example", "email_verified": true,
            }),
            info: Value::Null,
            challenge: asked["code_challenge"].clone(),
        };
        edit(&mut grant);
        let mut book = self.book.lock().expect("a book");
        let code = format!("code-{}", book.grants.len() + book.infos.len());
        book.grants.insert(code.clone(), grant);
        json!({"state": asked["state"], "code": code})
    }
}

/// A sign-in under way in one browser.
struct Begun {
    url: String,
    cookie: String,
}

async fn begin(house: &House, to: &str) -> Begun {
    let path = "/session/provider/start";
    let answer = ask(house, "", Method::POST, path, Some(json!({"to": to}))).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let set = answer.header("set-cookie").to_owned();
    for part in [
        "__Host-dopo-provider=",
        "HttpOnly",
        "Secure",
        "SameSite=Lax",
        "Max-Age=600",
    ] {
        assert!(set.contains(part), "{set}");
    }
    Begun {
        url: answer.json()["url"]
            .as_str()
            .expect("an address")
            .to_owned(),
        cookie: set.split(';').next().unwrap_or_default().to_owned(),
    }
}

async fn finish(house: &House, cookie: &str, came: &Value) -> Answer {
    let path = "/session/provider/finish";
    ask(house, cookie, Method::POST, path, Some(came.clone())).await
}

/// The whole of it, with what the provider says changed.
async fn attempt(provider: &Provider, house: &House, edit: impl FnOnce(&mut Grant)) -> Answer {
    let begun = begin(house, "/").await;
    let came = provider.sign_in(house, &begun, edit);
    finish(house, &begun.cookie, &came).await
}

async fn who(house: &House, answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let session = ask(
        house,
        &session_cookie(answer),
        Method::GET,
        "/session",
        None,
    )
    .await;
    let session = session.json();
    session["user"]["email"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

const MARA: &str = "mara@bottega.example";

#[tokio::test]
async fn a_verified_address_signs_in_and_goes_on_where_one_wanted_to() {
    let provider = Provider::start().await;
    let house = provider.house().await;
    let shown = ask(&house, "", Method::GET, "/session/provider", None).await;
    assert_eq!(shown.json(), json!({"name": "Azienda"}));
    let begun = begin(&house, "/orders/3?x=1").await;
    let came = provider.sign_in(&house, &begun, |_| {});
    let before = Seat::owner(&house).await;
    let both = format!("{}; {}", before.cookie, begun.cookie);
    let inside = finish(&house, &both, &came).await;
    assert_eq!(who(&house, &inside).await, MARA);
    assert_eq!(inside.json(), json!({"to": "/orders/3?x=1"}));
    // The session from before has ended, and what the browser kept is gone.
    assert_eq!(
        before.get("/session").await.status,
        StatusCode::UNAUTHORIZED
    );
    let cookies: Vec<&str> = inside
        .headers
        .get_all(header::SET_COOKIE)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .collect();
    assert!(
        cookies
            .iter()
            .any(|c| c.starts_with("__Host-dopo-provider=;") && c.ends_with("Max-Age=0")),
        "{cookies:?}"
    );
    let seat = Seat::owner(&house).await;
    assert_eq!(seat.acts().await, ["account.linked"]);
}

#[tokio::test]
async fn an_address_that_changes_hands_at_the_provider_moves_no_account() {
    let provider = Provider::start().await;
    let house = provider.house().await;
    let first = attempt(&provider, &house, |_| {}).await;
    assert_eq!(who(&house, &first).await, MARA);
    // Mara is called otherwise there now, and the address is not even verified.
    let renamed = attempt(&provider, &house, |grant| {
        grant.claims["email"] = json!("someone@else.example");
        grant.claims["email_verified"] = json!(false);
    })
    .await;
    assert_eq!(who(&house, &renamed).await, MARA);
    let other = attempt(&provider, &house, |grant| {
        grant.claims["sub"] = json!("another")
    })
    .await;
    assert_eq!(refusal(&other), (403, "provider_other_person".to_owned()));
}

#[tokio::test]
async fn nobody_is_made_and_an_invitation_is_accepted() {
    let provider = Provider::start().await;
    let house = provider.house().await;
    let luca = |grant: &mut Grant| {
        grant.claims["sub"] = json!("luca-there");
        grant.claims["email"] = json!("luca@bottega.example");
    };
    let stranger = attempt(&provider, &house, luca).await;
    assert_eq!(refusal(&stranger), (403, "provider_unknown".to_owned()));
    assert_eq!(house.engine.store().count_users().await.expect("users"), 1);

    let seat = Seat::owner(&house).await;
    let told = json!({"email": "luca@bottega.example", "role": "care"});
    let invited = seat.post("/team", told).await.json();
    let link = invited["invite_url"].as_str().expect("a link").to_owned();
    let inside = attempt(&provider, &house, luca).await;
    assert_eq!(who(&house, &inside).await, "luca@bottega.example");
    assert_eq!(
        seat.acts().await[..2],
        ["account.invitation_accepted", "account.linked"]
    );
    // Its link opens nothing any more.
    let token = link.split_once('#').expect("a token").1;
    let told = json!({"token": token, "password": "cavallo batteria graffetta"});
    let reset = ask(&house, "", Method::POST, "/password/reset", Some(told)).await;
    assert_eq!(refusal(&reset), (422, "token_unusable".to_owned()));

    // Whoever was removed stays out, and is forgotten: the address may be somebody else's next time.
    let id = invited["id"].as_str().expect("an id");
    assert_eq!(
        seat.delete(&format!("/team/{id}")).await.status,
        StatusCode::NO_CONTENT
    );
    let left = attempt(&provider, &house, luca).await;
    assert_eq!(refusal(&left), (403, "provider_unknown".to_owned()));
    let told = json!({"email": "luca@bottega.example", "role": "viewer"});
    seat.post("/team", told).await;
    let next = attempt(&provider, &house, |grant| {
        luca(grant);
        grant.claims["sub"] = json!("another-luca");
    })
    .await;
    assert_eq!(who(&house, &next).await, "luca@bottega.example");
}

#[tokio::test]
async fn what_the_provider_does_not_vouch_for_does_not_sign_in() {
    type Edit = fn(&mut Grant);
    let cases: [(&str, Edit, &str); 7] = [
        (
            "nonce",
            |g| g.claims["nonce"] = json!("x"),
            "provider_refused",
        ),
        (
            "no nonce",
            |g| g.claims["nonce"] = Value::Null,
            "provider_refused",
        ),
        (
            "audience",
            |g| g.claims["aud"] = json!("another"),
            "provider_refused",
        ),
        (
            "issuer",
            |g| g.claims["iss"] = json!("https://id.example"),
            "provider_refused",
        ),
        (
            "expired",
            |g| g.claims["exp"] = json!(g.claims["iat"].as_i64().unwrap_or_default() - 1),
            "provider_refused",
        ),
        (
            "unverified",
            |g| g.claims["email_verified"] = json!(false),
            "provider_unverified",
        ),
        (
            "verifier",
            |g| g.challenge = "x".to_owned(),
            "provider_refused",
        ),
    ];
    let provider = Provider::start().await;
    let house = provider.house().await;
    for (name, edit, code) in cases {
        let answer = attempt(&provider, &house, edit).await;
        assert_eq!(refusal(&answer), (403, code.to_owned()), "{name}");
        assert_eq!(session_cookie(&answer), "", "{name}");
    }
    provider.book.lock().expect("a book").forges = true;
    let forged = attempt(&provider, &house, |_| {}).await;
    assert_eq!(refusal(&forged), (403, "provider_refused".to_owned()));
}

#[tokio::test]
async fn the_address_may_stand_at_the_userinfo_endpoint_only() {
    let provider = Provider::start().await;
    let house = provider.house().await;
    let thin = |info: Value| {
        move |grant: &mut Grant| {
            grant.claims["email"] = Value::Null;
            grant.claims["email_verified"] = Value::Null;
            grant.info = info;
        }
    };
    let told = json!({"sub": "mara-at-the-provider", "email": MARA, "email_verified": "true"});
    let of_another = json!({"sub": "another", "email": MARA, "email_verified": true});
    let refused = attempt(&provider, &house, thin(of_another)).await;
    assert_eq!(refusal(&refused), (403, "provider_refused".to_owned()));
    let inside = attempt(&provider, &house, thin(told)).await;
    assert_eq!(who(&house, &inside).await, MARA);
}

#[tokio::test]
async fn a_sign_in_ends_once_in_the_browser_that_began_it_and_in_time() {
    let provider = Provider::start().await;
    let house = provider.house().await;
    let stale = (422, "provider_stale".to_owned());
    let begun = begin(&house, "/").await;
    let came = provider.sign_in(&house, &begun, |_| {});
    // Another browser, or the state of another sign-in.
    assert_eq!(refusal(&finish(&house, "", &came).await), stale);
    let other = begin(&house, "/").await;
    assert_eq!(refusal(&finish(&house, &other.cookie, &came).await), stale);
    let inside = finish(&house, &begun.cookie, &came).await;
    assert_eq!(who(&house, &inside).await, MARA);
    // A replay, with all that the browser had.
    assert_eq!(refusal(&finish(&house, &begun.cookie, &came).await), stale);
    let late = begin(&house, "/").await;
    let came = provider.sign_in(&house, &late, |_| {});
    house.clock.pass(601);
    assert_eq!(refusal(&finish(&house, &late.cookie, &came).await), stale);
    // A cookie somebody made up.
    let begun = begin(&house, "/").await;
    let came = provider.sign_in(&house, &begun, |_| {});
    let made_up = format!("{}x", begun.cookie);
    assert_eq!(refusal(&finish(&house, &made_up, &came).await), stale);
}

#[tokio::test]
async fn only_a_path_of_the_console_is_gone_on_with() {
    let provider = Provider::start().await;
    let house = provider.house().await;
    for evil in ["https://evil.example/", "//evil.example", "/\\evil.example"] {
        let begun = begin(&house, evil).await;
        let came = provider.sign_in(&house, &begun, |_| {});
        let inside = finish(&house, &begun.cookie, &came).await;
        assert_eq!(inside.json(), json!({"to": "/"}), "{evil}");
    }
}

#[tokio::test]
async fn too_many_refusals_lock_an_address_out() {
    let provider = Provider::start().await;
    let house = provider.house().await;
    for _ in 0..10 {
        let answer = attempt(&provider, &house, |g| g.claims["aud"] = json!("another")).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
    let path = "/session/provider/start";
    let locked = ask(&house, "", Method::POST, path, Some(json!({}))).await;
    assert_eq!(refusal(&locked), (429, "sign_in_locked".to_owned()));
    assert!(!locked.header("retry-after").is_empty());
}

#[tokio::test]
async fn a_provider_that_is_down_is_said_and_is_nobodys_fault() {
    let provider = Provider::start().await;
    let house = provider.house().await;
    let begun = begin(&house, "/").await;
    let came = provider.sign_in(&house, &begun, |_| {});
    provider.server.abort();
    let _ = provider.server.await;
    let away = (503, "provider_away".to_owned());
    assert_eq!(refusal(&finish(&house, &begun.cookie, &came).await), away);
    let seat = Seat::owner(&house).await;
    assert_eq!(seat.get("/session").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_provider_may_change_its_keys() {
    let provider = Provider::start().await;
    let house = provider.house().await;
    let before = attempt(&provider, &house, |_| {}).await;
    assert_eq!(who(&house, &before).await, MARA);
    provider.book.lock().expect("a book").seed = 8;
    let at_once = attempt(&provider, &house, |_| {}).await;
    assert_eq!(refusal(&at_once), (403, "provider_refused".to_owned()));
    tokio::time::pause();
    tokio::time::advance(KEYS_AGE_MIN).await;
    tokio::time::resume();
    let after = attempt(&provider, &house, |_| {}).await;
    assert_eq!(who(&house, &after).await, MARA);
}

#[tokio::test]
async fn without_a_provider_and_in_a_demo_there_is_none() {
    let provider = Provider::start().await;
    let plan = Plan {
        demo: true,
        identities: Some(Arc::new(provider.client())),
        ..Plan::default()
    };
    let demo = House::planned(bottega(), plan).await;
    for house in [House::new().await, demo] {
        let shown = ask(&house, "", Method::GET, "/session/provider", None).await;
        assert_eq!(shown.json(), json!({"name": null}));
        for (path, body) in [
            ("/session/provider/start", json!({})),
            (
                "/session/provider/finish",
                json!({"state": "s", "code": "c"}),
            ),
        ] {
            let answer = ask(&house, "", Method::POST, path, Some(body)).await;
            assert_eq!(refusal(&answer), (409, "provider_off".to_owned()), "{path}");
        }
    }
}

#[tokio::test]
async fn another_site_cannot_begin_or_end_a_sign_in() {
    let provider = Provider::start().await;
    let house = provider.house().await;
    for path in ["start", "finish"] {
        let request = axum::http::Request::post(format!("/api/v1/session/provider/{path}"))
            .header(header::CONTENT_TYPE, "application/json")
            .header("sec-fetch-site", "cross-site")
            .body(axum::body::Body::from("{\"state\":\"s\",\"code\":\"c\"}"))
            .expect("a request");
        let answer = house.send(request).await;
        assert_eq!(refusal(&answer), (403, "cross_site".to_owned()), "{path}");
    }
}
