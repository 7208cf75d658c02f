//! Passkeys, with an authenticator of our own (WebAuthn level 3, ES256, no attestation).

use crate::desk_seat::{Seat, ask, refusal, session_cookie};
use crate::support::{Answer, House};
use axum::http::{Method, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// An authenticator with one key.
struct Authenticator {
    key: SigningKey,
    id: Vec<u8>,
    handle: String,
    uses: u32,
}

fn b64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn client_data(kind: &str, challenge: &Value, origin: &str) -> String {
    let challenge = challenge.as_str().expect("a challenge");
    format!(
        "{{\"type\":\"{kind}\",\"challenge\":\"{challenge}\",\"origin\":\"{origin}\",\"crossOrigin\":false}}"
    )
}

/// User present and verified.
const SEEN: u8 = 0x05;
/// A key is told along.
const WITH_KEY: u8 = 0x40;

impl Authenticator {
    fn new(options: &Value) -> Authenticator {
        Authenticator {
            key: SigningKey::from_slice(&[7; 32]).expect("a key"),
            id: vec![9; 24],
            handle: options["user"]["id"].as_str().expect("a handle").to_owned(),
            uses: 0,
        }
    }

    fn data(&self, flags: u8) -> Vec<u8> {
        let mut data = Sha256::digest(b"dopo.example").to_vec();
        data.push(flags);
        data.extend_from_slice(&self.uses.to_be_bytes());
        data
    }

    /// Answers a registration challenge.
    fn create(&self, options: &Value, origin: &str) -> Value {
        let mut data = self.data(SEEN | WITH_KEY);
        data.extend_from_slice(&[0; 16]);
        data.extend_from_slice(&u16::try_from(self.id.len()).expect("short").to_be_bytes());
        data.extend_from_slice(&self.id);
        let point = self.key.verifying_key().to_encoded_point(false);
        data.extend_from_slice(&[0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend_from_slice(point.x().expect("x"));
        data.extend_from_slice(&[0x22, 0x58, 0x20]);
        data.extend_from_slice(point.y().expect("y"));
        let mut object = vec![0xa3, 0x63];
        object.extend_from_slice(b"fmt");
        object.push(0x64);
        object.extend_from_slice(b"none");
        object.push(0x67);
        object.extend_from_slice(b"attStmt");
        object.push(0xa0);
        object.push(0x68);
        object.extend_from_slice(b"authData");
        object.extend_from_slice(&[0x58, u8::try_from(data.len()).expect("short")]);
        object.extend_from_slice(&data);
        let client = client_data("webauthn.create", &options["challenge"], origin);
        json!({
            "id": b64(&self.id),
            "rawId": b64(&self.id),
            "type": "public-key",
            "response": {
                "clientDataJSON": b64(client.as_bytes()),
                "attestationObject": b64(&object),
                "transports": ["internal"],
            },
            "clientExtensionResults": {},
        })
    }

    /// Answers a sign-in challenge.
    fn get(&mut self, options: &Value, origin: &str) -> Value {
        self.uses += 1;
        let data = self.data(SEEN);
        let client = client_data("webauthn.get", &options["challenge"], origin);
        let mut signed = data.clone();
        signed.extend_from_slice(&Sha256::digest(client.as_bytes()));
        let signature: Signature = self.key.sign(&signed);
        json!({
            "id": b64(&self.id),
            "rawId": b64(&self.id),
            "type": "public-key",
            "response": {
                "clientDataJSON": b64(client.as_bytes()),
                "authenticatorData": b64(&data),
                "signature": b64(signature.to_der().as_bytes()),
                "userHandle": self.handle,
            },
            "clientExtensionResults": {},
        })
    }
}

const HERE: &str = "https://dopo.example";

async fn register(seat: &Seat<'_>) -> Authenticator {
    let started = seat.post("/me/passkeys/start", json!({})).await.json();
    let authenticator = Authenticator::new(&started["options"]);
    let credential = authenticator.create(&started["options"], HERE);
    let told = json!({"challenge_id": started["challenge_id"], "name": "Portatile", "credential": credential});
    let added = seat.post("/me/passkeys/finish", told.clone()).await;
    assert_eq!(added.status, StatusCode::CREATED, "{}", added.text());
    let again = seat.post("/me/passkeys/finish", told).await;
    assert_eq!(refusal(&again), (422, "challenge_unknown".to_owned()));
    authenticator
}

async fn sign_in(house: &House, change: impl FnOnce(&Value) -> Value) -> Answer {
    let post = async |path: &str, body: Value| ask(house, "", Method::POST, path, Some(body)).await;
    let started = post("/session/passkey/start", json!({})).await.json();
    let credential = change(&started["options"]);
    let told = json!({"challenge_id": started["challenge_id"], "credential": credential});
    post("/session/passkey/finish", told).await
}

#[tokio::test]
async fn a_passkey_is_added_signs_in_and_is_removed() {
    let house = House::new().await;
    let seat = Seat::owner(&house).await;
    let mut authenticator = register(&seat).await;
    let inside = sign_in(&house, |options| authenticator.get(options, HERE)).await;
    assert_eq!(inside.status, StatusCode::NO_CONTENT, "{}", inside.text());
    let cookie = session_cookie(&inside);
    let session = ask(&house, &cookie, Method::GET, "/session", None)
        .await
        .json();
    assert_eq!(session["user"]["email"], "mara@bottega.example");
    assert_eq!(session["passkeys"], 1);
    let mine = seat.get("/me/passkeys").await.json();
    assert_eq!(mine["items"][0]["name"], "Portatile");
    assert!(mine["items"][0]["used_at"].is_string());
    let id = mine["items"][0]["id"].as_str().expect("an id");
    let other = Seat::with_role(&house, "care").await;
    assert_eq!(
        other.delete(&format!("/me/passkeys/{id}")).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        seat.delete(&format!("/me/passkeys/{id}")).await.status,
        StatusCode::NO_CONTENT
    );
    let outside = sign_in(&house, |options| authenticator.get(options, HERE)).await;
    assert_eq!(refusal(&outside), (401, "passkey_refused".to_owned()));
}

#[tokio::test]
async fn an_answer_from_elsewhere_changed_or_repeated_does_not_sign_in() {
    let house = House::new().await;
    let seat = Seat::owner(&house).await;
    let mut authenticator = register(&seat).await;
    let phished = sign_in(&house, |options| {
        authenticator.get(options, "https://dopo.example.evil.example")
    })
    .await;
    assert_eq!(refusal(&phished), (401, "passkey_refused".to_owned()));
    let mut kept = Value::Null;
    let good = sign_in(&house, |options| {
        kept = authenticator.get(options, HERE);
        kept.clone()
    })
    .await;
    assert_eq!(good.status, StatusCode::NO_CONTENT);
    let repeated = sign_in(&house, |_| kept.clone()).await;
    assert_eq!(refusal(&repeated), (401, "passkey_refused".to_owned()));
    let forged = sign_in(&house, |options| {
        let mut answer = authenticator.get(options, HERE);
        answer["response"]["signature"] = json!(b64(&[0x30, 0x06, 2, 1, 1, 2, 1, 1]));
        answer
    })
    .await;
    assert_eq!(refusal(&forged), (401, "passkey_refused".to_owned()));
}
