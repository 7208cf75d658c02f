//! Our calls out against mock servers made of the couriers' own descriptions.
//!
//! Prism refuses what the description does not allow: a missing header or parameter, a wrong body, no proof of who asks.
//! `DOPO_PRISM` names its program; `cargo xtask test --only contracts` installs it and sets it.

use dopo_connect::couriers::VendorDesks;
use dopo_connect::couriers::http::{Call, Caller};
use dopo_connect::webhook::HttpPoster;
use dopo_core::parcel::Courier;
use dopo_engine::ports::{Ask, Couriers, Found, Looked};
use serde_json::Value;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Time for a mock server to start.
const START_TIME_MAX: Duration = Duration::from_secs(60);

/// A running mock server; it ends with this value.
struct Prism {
    url: String,
    child: Child,
}

impl Drop for Prism {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Prism {
    fn start(program: &Path, description: &Path) -> Prism {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let child = Command::new(program)
            .args(["mock", "--host", "127.0.0.1", "--port", &port.to_string()])
            .args(["-m", "false", "--errors"])
            .arg(description)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{} does not start: {error}", program.display()));
        let prism = Prism {
            url: format!("http://127.0.0.1:{port}"),
            child,
        };
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(
                began.elapsed() < START_TIME_MAX,
                "the mock server does not start"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        prism
    }
}

/// The program and the folder of descriptions, or nothing with a line that says so.
fn ground() -> Option<(PathBuf, PathBuf)> {
    let Some(program) = std::env::var_os("DOPO_PRISM") else {
        println!(
            "skipped: DOPO_PRISM names no mock server (`cargo xtask test --only contracts` does)"
        );
        return None;
    };
    let shared = std::env::var_os("DOPO_SHARED_DIR").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let contracts = shared.join("contracts");
    if !contracts.is_dir() {
        println!("skipped: no reference data at {}", contracts.display());
        return None;
    }
    Some((program.into(), contracts))
}

/// Paths and components of descriptions in one, the paths behind a prefix: a vendor whose token and tracking are
/// described apart is called at one address.
fn merged(parts: &[(PathBuf, &str)], into: &Path) -> PathBuf {
    let mut whole: Value = serde_json::json!({
        "openapi": "3.0.3", "info": { "title": "merged", "version": "1" }, "paths": {}, "components": {},
    });
    for (file, prefix) in parts {
        let part: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        for (path, item) in part["paths"].as_object().unwrap() {
            whole["paths"][format!("{prefix}{path}")] = item.clone();
        }
        for (kind, named) in part["components"].as_object().unwrap() {
            for (name, component) in named.as_object().unwrap() {
                whole["components"][kind][name] = component.clone();
            }
        }
    }
    mend(&mut whole);
    let file = into.join("merged.openapi.json");
    std::fs::write(&file, whole.to_string()).unwrap();
    file
}

/// UPS gives lists an example that is a text, which its own schema does not allow: those examples are left out.
fn mend(value: &mut Value) {
    match value {
        Value::Object(object) => {
            if object.get("type").is_some_and(|kind| kind == "array")
                && object.get("example").is_some_and(Value::is_string)
            {
                object.remove("example");
            }
            object.values_mut().for_each(mend);
        }
        Value::Array(list) => list.iter_mut().for_each(mend),
        _ => {}
    }
}

fn ask(courier: Courier, number: &str) -> Ask {
    Ask {
        courier,
        number: number.to_owned(),
        shipped_on: Some(jiff::civil::date(2026, 11, 18)),
        postal_code: Some("20121".to_owned()),
        country: Some("IT".to_owned()),
    }
}

/// Asks a vendor's mock server; what Prism objects to is no answer, or one that cannot be read.
async fn look(vendor: &str, url: &str, fields: &[(&str, &str)], ask: Ask) -> Found {
    let mut all: Vec<(&str, &str)> = fields.to_vec();
    all.push(("base_url", url));
    if vendor == "inpost_it" {
        // A number unknown in Italy is asked for in Poland.
        all.push(("second_url", url));
    }
    let all = all.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
    let desk = VendorDesks::new(true).open(vendor, &all.collect()).unwrap();
    match desk.look(&[ask]).await {
        Looked::Answered(mut found) if found.len() == 1 => found.remove(0),
        other => panic!("{vendor}: {other:?}"),
    }
}

/// What is asked of whom.
struct Row<'a> {
    vendor: &'a str,
    description: &'a Path,
    fields: &'a [(&'a str, &'a str)],
    ask: Ask,
    /// Whether the description holds an example of an answer, which must then be told.
    exemplified: bool,
}

fn row<'a>(
    vendor: &'a str,
    description: &'a Path,
    fields: &'a [(&'a str, &'a str)],
    courier: Courier,
    number: &str,
    exemplified: bool,
) -> Row<'a> {
    Row {
        vendor,
        description,
        fields,
        ask: ask(courier, number),
        exemplified,
    }
}

/// One test for all: the mock servers run one after the other, so that a small machine bears them.
#[tokio::test]
async fn calls_out_keep_to_the_couriers_own_descriptions() {
    let Some((program, contracts)) = ground() else {
        return;
    };
    let scratch = tempfile::tempdir().unwrap();
    let ups = merged(
        &[
            (
                contracts.join("ups/OAuthClientCredentials-Ready.openapi.json"),
                "",
            ),
            (contracts.join("ups/Tracking-Ready.openapi.json"), "/api"),
        ],
        scratch.path(),
    );
    let dhl = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/dhl-tracking.openapi.yaml");
    let client: &[(&str, &str)] = &[
        ("client_id", "id"),
        ("client_secret", "secret"),
        ("scope", "scope"),
    ];
    let key: &[(&str, &str)] = &[("api_key", "key")];
    let keys: &[(&str, &str)] = &[("public_key", "pk"), ("secret_key", "sk")];
    let login: &[(&str, &str)] = &[("user_id", "1"), ("password", "secret")];
    let brt = contracts.join("brt/brt-tracking.openapi.json");
    let poste = contracts.join("poste-italiane/poste-delivery-business-tracking.openapi.json");
    let inpost = contracts.join("inpost-italy/shipx-tracking.openapi.json");
    let sendcloud = contracts.join("sendcloud/v3-parcel-tracking.openapi.json");
    let aftership = contracts.join("aftership/aftership-tracking-2026-07.openapi.json");
    // Without an example Prism fills in words such as `string`: then only the call is proven.
    let all = [
        row("dhl", &dhl, key, Courier::Dhl, "7777777770", true),
        row(
            "ups",
            &ups,
            client,
            Courier::Ups,
            "1Z5R89390357567127",
            true,
        ),
        row(
            "sendcloud",
            &sendcloud,
            keys,
            Courier::Dhl,
            "123456789",
            true,
        ),
        row(
            "poste",
            &poste,
            client,
            Courier::Poste,
            "3UW19XY000127",
            true,
        ),
        row("brt", &brt, login, Courier::Brt, "080010017684806", true),
        row(
            "inpost_it",
            &inpost,
            &[],
            Courier::InpostItaly,
            "620123456789012345678901",
            true,
        ),
        row(
            "aftership",
            &aftership,
            key,
            Courier::Brt,
            "080010017684",
            false,
        ),
    ];
    for Row {
        vendor,
        description,
        fields,
        ask,
        exemplified,
    } in all
    {
        let began = Instant::now();
        let prism = Prism::start(&program, description);
        let found = look(vendor, &prism.url, fields, ask).await;
        let scans = match found {
            Found::Told(told) => told.scans.len(),
            Found::Unknown => 0,
            Found::Unreadable(why) => panic!("{vendor}: {why}"),
        };
        assert!(!exemplified || scans > 0, "{vendor}: not told");
        println!(
            "{vendor}: {scans} scans, {:.1} s",
            began.elapsed().as_secs_f64()
        );
    }
    // That Prism does object: the same call without keys.
    let prism = Prism::start(&program, &sendcloud);
    let http = Arc::new(HttpPoster::new(true));
    let caller = Caller::new(http, &prism.url).unwrap();
    let answer = caller.call(Call::get("/parcels/tracking/1")).await.unwrap();
    assert_eq!(answer.status, 401);
}
