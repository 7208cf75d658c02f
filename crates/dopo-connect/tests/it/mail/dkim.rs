use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Instant;

use dopo_connect::mail::dkim::{generate_ed25519, generate_rsa};
use dopo_connect::mail::{DkimError, DkimKey, DkimKeys};
use mail_auth::common::parse::TxtRecordParser;
use mail_auth::common::verify::DomainKey;
use mail_auth::hickory_resolver::config::{ResolverConfig, ResolverOpts};
use mail_auth::{
    AuthenticatedMessage, DkimResult, MX, MessageAuthenticator, Parameters, ResolverCache, Txt,
};

use super::order_mail;

const RSA: &str = include_str!("keys/dkim-rsa-2048.pem");
const RSA_SHORT: &str = include_str!("keys/dkim-rsa-1024.pem");

/// The DNS of the test: nothing but these records.
#[derive(Default)]
struct Records(HashMap<String, Txt>);

impl ResolverCache<String, Txt> for Records {
    fn get<Q>(&self, name: &Q) -> Option<Txt>
    where
        String: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.0.get(name).cloned()
    }
    fn remove<Q>(&self, _: &Q) -> Option<Txt>
    where
        String: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        None
    }
    fn insert(&self, _: String, _: Txt, _: Instant) {}
}

macro_rules! empty_cache {
    ($($key:ty => $value:ty),+) => {$(
        impl ResolverCache<$key, $value> for Records {
            fn get<Q>(&self, _: &Q) -> Option<$value>
            where
                $key: Borrow<Q>,
                Q: Hash + Eq + ?Sized,
            {
                None
            }
            fn remove<Q>(&self, _: &Q) -> Option<$value>
            where
                $key: Borrow<Q>,
                Q: Hash + Eq + ?Sized,
            {
                None
            }
            fn insert(&self, _: $key, _: $value, _: Instant) {}
        }
    )+};
}
empty_cache!(
    String => Arc<Vec<MX>>,
    String => Arc<Vec<Ipv4Addr>>,
    String => Arc<Vec<Ipv6Addr>>,
    IpAddr => Arc<Vec<String>>
);

async fn verdicts(records: &Records, message: &[u8]) -> Vec<DkimResult> {
    let resolver =
        MessageAuthenticator::new(ResolverConfig::default(), ResolverOpts::default()).unwrap();
    let message = AuthenticatedMessage::parse(message).unwrap();
    let parameters = Parameters::new(&message).with_txt_cache(records);
    resolver
        .verify_dkim(parameters)
        .await
        .iter()
        .map(|output| output.result().clone())
        .collect()
}

fn publish(records: &mut Records, key: &DkimKey) {
    let record = DomainKey::parse(key.dns_record().as_bytes()).unwrap();
    records.0.insert(
        format!("{}.", key.dns_name()),
        Txt::DomainKey(Arc::new(record)),
    );
}

fn both_keys() -> (DkimKeys, Records) {
    let pkcs8 = generate_ed25519().unwrap();
    let rsa = DkimKey::from_pem("negozio.example", "dopo-rsa", RSA).unwrap();
    let ed25519 = DkimKey::from_pkcs8("negozio.example", "dopo-ed", &pkcs8).unwrap();
    assert!(rsa.is_rsa() && !ed25519.is_rsa());
    let mut records = Records::default();
    publish(&mut records, &rsa);
    publish(&mut records, &ed25519);
    let keys = DkimKeys::new();
    keys.set("Negozio.example", vec![rsa, ed25519]);
    (keys, records)
}

#[tokio::test]
async fn an_independent_verifier_accepts_both_signatures() {
    let (keys, records) = both_keys();
    let mut mail = order_mail(1);
    mail.subject = "Novità — perché no? ".repeat(8);
    mail.text = "  due  spazi \t e coda  \n\n\n\n".to_owned();
    mail.headers.push((
        "List-Unsubscribe".to_owned(),
        format!("<https://u.negozio.example/x/{}>", "T".repeat(300)),
    ));
    mail.headers.push((
        "List-Unsubscribe-Post".to_owned(),
        "List-Unsubscribe=One-Click".to_owned(),
    ));
    let encoded = mail.encode().unwrap();
    let signed = keys
        .sign("negozio.example", encoded.bytes, mail.date)
        .unwrap();
    let results = verdicts(&records, &signed).await;
    assert_eq!(results, [DkimResult::Pass, DkimResult::Pass]);
    let text = String::from_utf8(signed).unwrap();
    let unfolded = text.replace("\r\n\t", "");
    for name in [
        "List-Unsubscribe",
        "List-Unsubscribe-Post",
        "From",
        "Subject",
    ] {
        assert!(
            unfolded.contains(&format!(":{name}:"))
                || unfolded.contains(&format!("h={name}:"))
                || unfolded.contains(&format!(":{name};")),
            "{name} is signed: {unfolded:.600}"
        );
    }
    assert!(
        !unfolded.contains("Feedback-ID"),
        "an absent header is not signed"
    );
}

#[tokio::test]
async fn a_changed_mail_fails() {
    let (keys, records) = both_keys();
    let mail = order_mail(1);
    let signed = keys
        .sign("negozio.example", mail.encode().unwrap().bytes, mail.date)
        .unwrap();
    let text = String::from_utf8(signed).unwrap();
    for (from, to) in [
        ("ordine 1", "ordine 2"),
        ("Bianchi", "Neri"),
        ("order-1@", "order-2@"),
    ] {
        assert!(text.contains(from));
        let changed = text.replace(from, to);
        for result in verdicts(&records, changed.as_bytes()).await {
            assert_ne!(result, DkimResult::Pass, "{from} → {to}");
        }
    }
}

#[tokio::test]
async fn a_key_made_here_signs_and_is_read_back() {
    let pkcs8 = match generate_rsa() {
        Ok(pkcs8) => pkcs8,
        Err(error) => {
            println!("skipped: {error}");
            return;
        }
    };
    let key = DkimKey::from_pkcs8("negozio.example", "nuova", &pkcs8).unwrap();
    assert!(key.is_rsa());
    let mut records = Records::default();
    publish(&mut records, &key);
    let keys = DkimKeys::new();
    keys.set("negozio.example", vec![key]);
    let bytes = order_mail(1).encode().unwrap().bytes;
    let signed = keys
        .sign("negozio.example", bytes, order_mail(1).date)
        .unwrap();
    assert_eq!(verdicts(&records, &signed).await, [DkimResult::Pass]);
}

#[test]
fn a_domain_without_a_key_is_sent_as_it_is() {
    let (keys, _) = both_keys();
    let bytes = order_mail(1).encode().unwrap().bytes;
    let signed = keys.sign("altro.example", bytes.clone(), order_mail(1).date);
    assert_eq!(signed.unwrap(), bytes);
}

#[test]
fn unusable_keys_are_refused_with_a_reason() {
    assert_eq!(
        DkimKey::from_pem("negozio.example", "s", RSA_SHORT).err(),
        Some(DkimError::Weak)
    );
    assert!(matches!(
        DkimKey::from_pem("negozio.example", "s", "no key"),
        Err(DkimError::Key(_))
    ));
    assert!(matches!(
        DkimKey::from_pem("negozio example", "s", RSA),
        Err(DkimError::Name(_))
    ));
    let key = DkimKey::from_pem("negozio.example", "s", RSA).unwrap();
    assert_eq!(format!("{key:?}"), "DkimKey(s of negozio.example)");
}
