//! The sender's domain: the DNS records that mail needs, and whether they are there (MAIL-01).

use super::{Actor, Desk, SettingsError};
use crate::ports::DnsAway;
use crate::shops::host_of;
use dopo_core::advance::Shop;
use jiff::Timestamp;
use serde_json::json;
use std::net::IpAddr;
use std::sync::Arc;

/// The name of the keys that Dopo makes.
const SELECTOR: &str = "dopo";

/// Whether a record is in DNS.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RecordState {
    /// It is there and will do.
    Found,
    /// There is none.
    Missing,
    /// There is one, and it will not do.
    Different,
    /// DNS could not be asked.
    Unknown,
}

impl RecordState {
    /// The stable name used in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            RecordState::Found => "found",
            RecordState::Missing => "missing",
            RecordState::Different => "different",
            RecordState::Unknown => "unknown",
        }
    }
}

/// One record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DomainRecord {
    /// `spf`, `dkim`, `dmarc` or `pages`.
    pub id: &'static str,
    /// Type of the record: `TXT`, or `CNAME` for the pages.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// What it should say; empty while there is no key to publish.
    pub value: String,
    /// What it is for, in Italian.
    pub why_it: &'static str,
    /// The same in English.
    pub why_en: &'static str,
    /// Whether it is there.
    pub state: RecordState,
    /// What is there.
    pub found: Option<String>,
}

/// A look at a sender's domain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DomainCheck {
    /// The domain.
    pub domain: String,
    /// SPF, DKIM, DMARC, and the host of the shop's pages where it has one.
    pub records: Vec<DomainRecord>,
    /// When it was looked at.
    pub checked_at: Timestamp,
}

type Answer = Result<Vec<String>, DnsAway>;

impl Desk {
    /// Looks at the records of the sender's domain. Takes as long as DNS does.
    pub async fn check_domain(&self, shop: &Shop) -> DomainCheck {
        let domain = domain_of(&shop.settings.from_email);
        let dkim = self.dkim_record(shop, &domain);
        let dkim_name = match &dkim {
            Some((name, _)) => name.clone(),
            None => format!("{SELECTOR}._domainkey.{domain}"),
        };
        let dns = &self.outward.dns;
        let dmarc_name = format!("_dmarc.{domain}");
        let (spf, key, dmarc, pages) = tokio::join!(
            dns.txt(&domain),
            dns.txt(&dkim_name),
            self.dmarc(&domain, &dmarc_name),
            self.pages_record(shop)
        );
        let (spf_state, spf_found) = judge_spf(spf);
        let (key_state, key_found) =
            judge_dkim(key, dkim.as_ref().map(|(_, value)| value.as_str()));
        let (dmarc_state, dmarc_found) = judge_dmarc(dmarc);
        let mut check = DomainCheck {
            records: vec![
                DomainRecord {
                    id: "spf",
                    kind: "TXT",
                    name: domain.clone(),
                    value: spf_found
                        .clone()
                        .filter(|_| spf_state == RecordState::Found)
                        .unwrap_or_else(|| "v=spf1 mx ~all".to_owned()),
                    why_it: "Dice quali server possono inviare per il dominio. Se le e-mail passano da un fornitore, aggiungi il suo «include:» prima di «~all».",
                    why_en: "Says which servers may send for the domain. If mails go through a provider, add its `include:` before `~all`.",
                    state: spf_state,
                    found: spf_found,
                },
                DomainRecord {
                    id: "dkim",
                    kind: "TXT",
                    name: dkim_name,
                    value: dkim.map(|(_, value)| value).unwrap_or_default(),
                    why_it: "La chiave con cui chi riceve controlla la firma delle e-mail.",
                    why_en: "The key by which receivers check the signature of mails.",
                    state: key_state,
                    found: key_found,
                },
                DomainRecord {
                    id: "dmarc",
                    kind: "TXT",
                    name: dmarc_name,
                    value: dmarc_found
                        .clone()
                        .filter(|_| dmarc_state == RecordState::Found)
                        .unwrap_or_else(|| "v=DMARC1; p=none".to_owned()),
                    why_it: "Dice a chi riceve che cosa fare delle e-mail che si spacciano per il negozio. Gmail e Yahoo lo chiedono.",
                    why_en: "Tells receivers what to do with mails that only pretend to be from the shop. Gmail and Yahoo ask for it.",
                    state: dmarc_state,
                    found: dmarc_found,
                },
            ],
            domain,
            checked_at: self.engine.now(),
        };
        check.records.extend(pages);
        check
    }

    /// Whether the host of the shop's pages leads to where the installation's own leads; `None` where it has none. Behind
    /// a network that spreads pages over the world addresses may differ and all be well: it warns and refuses nothing.
    async fn pages_record(&self, shop: &Shop) -> Option<DomainRecord> {
        let host = shop.settings.pages_domain.as_deref()?;
        let here = host_of(self.engine.public_url()).unwrap_or_default();
        let dns = &self.outward.dns;
        let known = here.parse::<IpAddr>().ok();
        let ours = async {
            match known {
                Some(address) => Ok(vec![address]),
                None => dns.addresses(here).await,
            }
        };
        let (theirs, ours) = tokio::join!(dns.addresses(host), ours);
        let (state, found) = judge_pages(theirs, ours);
        Some(DomainRecord {
            id: "pages",
            kind: match known {
                None => "CNAME",
                Some(IpAddr::V4(_)) => "A",
                Some(IpAddr::V6(_)) => "AAAA",
            },
            name: host.to_owned(),
            value: here.to_owned(),
            why_it: "Porta i clienti alle pagine del negozio sotto il suo nome. Serve anche un certificato TLS per questo nome davanti a Dopo.",
            why_en: "Leads customers to the shop's pages under its own name. The name needs a TLS certificate in front of Dopo, too.",
            state,
            found,
        })
    }

    /// A policy of the domain itself, else of the one above it.
    async fn dmarc(&self, domain: &str, name: &str) -> Answer {
        let own = self.outward.dns.txt(name).await?;
        if own.iter().any(|record| is_dmarc(record)) {
            return Ok(own);
        }
        match domain.split_once('.') {
            Some((_, above)) if above.contains('.') => {
                self.outward.dns.txt(&format!("_dmarc.{above}")).await
            }
            _ => Ok(own),
        }
    }

    /// Name and value of the record that goes with the shop's key.
    fn dkim_record(&self, shop: &Shop, domain: &str) -> Option<(String, String)> {
        let secrets = self.engine.connection_secrets(shop.id, "dkim");
        let text = String::from_utf8_lossy(secrets.first()?).into_owned();
        let (selector, pem) = text.split_once('\n')?;
        match self.outward.dkim.record(domain, selector.trim(), pem) {
            Ok(record) => Some((record.name, record.value)),
            Err(error) => {
                tracing::error!(shop = %shop.slug, error, "the DKIM key cannot be used");
                None
            }
        }
    }

    /// Makes a DKIM key if the shop has none.
    ///
    /// # Errors
    /// When no key can be made or stored.
    pub async fn make_dkim(&self, shop: &Shop, actor: &Actor) -> Result<(), SettingsError> {
        let _one_at_a_time = self.settings_lock.lock().await;
        self.engine.refresh_shops().await?;
        if !self.engine.connection_secrets(shop.id, "dkim").is_empty() {
            return Ok(());
        }
        let maker = Arc::clone(&self.outward.dkim);
        let pem = tokio::task::spawn_blocking(move || maker.make())
            .await
            .map_err(|error| SettingsError::NoKey(error.to_string()))?
            .map_err(SettingsError::NoKey)?;
        self.engine
            .save_secret(shop.id, "dkim", &format!("{SELECTOR}\n{pem}"))
            .await?;
        self.audit(
            shop.id,
            actor,
            "shop.dkim_made",
            "connection/dkim",
            json!({"selector": SELECTOR}),
        )
        .await?;
        Ok(())
    }
}

fn domain_of(from_email: &str) -> String {
    from_email
        .rsplit('@')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase()
}

fn is_dmarc(record: &str) -> bool {
    record
        .trim_start()
        .to_ascii_uppercase()
        .starts_with("V=DMARC1")
}

fn judge_spf(answer: Answer) -> (RecordState, Option<String>) {
    let Ok(records) = answer else {
        return (RecordState::Unknown, None);
    };
    let mut spf = records
        .into_iter()
        .filter(|r| r.trim_start().to_ascii_lowercase().starts_with("v=spf1"));
    match (spf.next(), spf.next()) {
        (None, _) => (RecordState::Missing, None),
        // Two records void each other (RFC 7208 4.5); `+all` lets anybody send.
        (Some(one), Some(_)) => (RecordState::Different, Some(one)),
        (Some(one), None) if one.to_ascii_lowercase().contains("+all") => {
            (RecordState::Different, Some(one))
        }
        (Some(one), None) => (RecordState::Found, Some(one)),
    }
}

fn judge_dkim(answer: Answer, wanted: Option<&str>) -> (RecordState, Option<String>) {
    let Ok(records) = answer else {
        return (RecordState::Unknown, None);
    };
    let key = |record: &str| -> Option<String> {
        let plain: String = record.chars().filter(|c| !c.is_whitespace()).collect();
        plain
            .split(';')
            .find_map(|part| part.strip_prefix("p=").map(str::to_owned))
    };
    let found = records.into_iter().find(|record| key(record).is_some());
    match (found, wanted) {
        (None, _) => (RecordState::Missing, None),
        (Some(found), Some(wanted)) if key(&found) == key(wanted) => {
            (RecordState::Found, Some(found))
        }
        (Some(found), _) => (RecordState::Different, Some(found)),
    }
}

fn judge_dmarc(answer: Answer) -> (RecordState, Option<String>) {
    let Ok(records) = answer else {
        return (RecordState::Unknown, None);
    };
    let mut policies = records.into_iter().filter(|record| is_dmarc(record));
    match (policies.next(), policies.next()) {
        (None, _) => (RecordState::Missing, None),
        (Some(one), Some(_)) => (RecordState::Different, Some(one)),
        (Some(one), None) if !one.to_ascii_lowercase().contains("p=") => {
            (RecordState::Different, Some(one))
        }
        (Some(one), None) => (RecordState::Found, Some(one)),
    }
}

fn judge_pages(
    theirs: Result<Vec<IpAddr>, DnsAway>,
    ours: Result<Vec<IpAddr>, DnsAway>,
) -> (RecordState, Option<String>) {
    let (Ok(theirs), Ok(ours)) = (theirs, ours) else {
        return (RecordState::Unknown, None);
    };
    let words: Vec<String> = theirs.iter().map(ToString::to_string).collect();
    let found = (!words.is_empty()).then(|| words.join(", "));
    let state = match () {
        () if theirs.is_empty() => RecordState::Missing,
        () if ours.is_empty() => RecordState::Unknown,
        () if theirs.iter().any(|address| ours.contains(address)) => RecordState::Found,
        () => RecordState::Different,
    };
    (state, found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(records: &[&str]) -> Answer {
        Ok(records.iter().map(|r| (*r).to_owned()).collect())
    }

    #[test]
    fn one_spf_record_will_do_and_two_or_an_open_one_will_not() {
        use RecordState::*;
        assert_eq!(
            judge_spf(says(&["v=spf1 include:x ~all", "other"])).0,
            Found
        );
        assert_eq!(judge_spf(says(&["other"])).0, Missing);
        assert_eq!(
            judge_spf(says(&["v=spf1 a -all", "v=spf1 mx -all"])).0,
            Different
        );
        assert_eq!(judge_spf(says(&["v=spf1 +all"])).0, Different);
        assert_eq!(judge_spf(Err(DnsAway("no network".into()))).0, Unknown);
    }

    #[test]
    fn a_dkim_record_is_ours_when_its_key_is_however_it_is_cut() {
        use RecordState::*;
        let ours = "v=DKIM1; k=rsa; p=AAAABBBB";
        assert_eq!(
            judge_dkim(says(&["v=DKIM1;k=rsa; p=AAAA BBBB"]), Some(ours)).0,
            Found
        );
        assert_eq!(
            judge_dkim(says(&["v=DKIM1; p=CCCC"]), Some(ours)).0,
            Different
        );
        assert_eq!(judge_dkim(says(&[]), Some(ours)).0, Missing);
    }

    #[test]
    fn pages_are_here_when_their_host_leads_where_ours_does() {
        use RecordState::*;
        let at = |addresses: &[&str]| -> Result<Vec<IpAddr>, DnsAway> {
            Ok(addresses
                .iter()
                .map(|a| a.parse().expect("an address"))
                .collect())
        };
        let ours = || at(&["192.0.2.7", "2001:db8::7"]);
        assert_eq!(judge_pages(at(&["192.0.2.7"]), ours()).0, Found);
        assert_eq!(
            judge_pages(at(&["192.0.2.9"]), ours()),
            (Different, Some("192.0.2.9".to_owned()))
        );
        assert_eq!(judge_pages(at(&[]), ours()), (Missing, None));
        assert_eq!(
            judge_pages(Err(DnsAway("no network".into())), ours()).0,
            Unknown
        );
    }

    #[test]
    fn a_dmarc_record_needs_a_policy() {
        use RecordState::*;
        assert_eq!(judge_dmarc(says(&["v=DMARC1; p=none"])).0, Found);
        assert_eq!(
            judge_dmarc(says(&["v=DMARC1; rua=mailto:x@y.example"])).0,
            Different
        );
        assert_eq!(judge_dmarc(says(&["v=spf1 -all"])).0, Missing);
    }
}
