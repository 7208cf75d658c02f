//! DNS, asked with a time limit: the records of a sender's domain.

use async_trait::async_trait;
use dopo_engine::ports::{Dns, DnsAway};
use mail_auth::hickory_resolver::TokioResolver;
use mail_auth::hickory_resolver::proto::{ProtoError, ProtoErrorKind, op::ResponseCode};
use std::future::Future;
use std::net::IpAddr;
use std::sync::OnceLock;
use std::time::Duration;

/// Time for one answer.
pub const DNS_TIME_MAX: Duration = Duration::from_secs(3);

/// The resolver the system is set to (`/etc/resolv.conf`), read when it is first needed.
#[derive(Default)]
pub struct SystemDns {
    resolver: OnceLock<Result<TokioResolver, String>>,
}

impl SystemDns {
    /// A resolver that has not looked at the system yet.
    pub fn new() -> Self {
        Self::default()
    }

    fn resolver(&self) -> Result<&TokioResolver, DnsAway> {
        let made = self.resolver.get_or_init(|| {
            let mut builder = TokioResolver::builder_tokio().map_err(|error| error.to_string())?;
            let options = builder.options_mut();
            options.timeout = DNS_TIME_MAX / 2;
            options.attempts = 1;
            // A record just published should be seen.
            options.cache_size = 0;
            Ok(builder.build())
        });
        made.as_ref().map_err(|why| DnsAway(why.clone()))
    }
}

#[async_trait]
impl Dns for SystemDns {
    async fn txt(&self, name: &str) -> Result<Vec<String>, DnsAway> {
        // With the dot at its end a name is whole, and no search domain is tried.
        let whole = format!("{}.", name.trim_end_matches('.'));
        let found = answer(self.resolver()?.txt_lookup(whole)).await?;
        let records = found.iter().flat_map(|found| found.iter());
        Ok(records
            .map(|record| {
                let parts = record.txt_data().iter();
                parts.map(|part| String::from_utf8_lossy(part)).collect()
            })
            .collect())
    }

    async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, DnsAway> {
        let whole = format!("{}.", host.trim_end_matches('.'));
        let found = answer(self.resolver()?.lookup_ip(whole)).await?;
        Ok(found.iter().flat_map(|found| found.iter()).collect())
    }
}

/// What was found within [`DNS_TIME_MAX`]; `None` where there is none.
async fn answer<T>(
    asked: impl Future<Output = Result<T, ProtoError>>,
) -> Result<Option<T>, DnsAway> {
    let Ok(answered) = tokio::time::timeout(DNS_TIME_MAX, asked).await else {
        let seconds = DNS_TIME_MAX.as_secs();
        return Err(DnsAway(format!("no answer within {seconds} s")));
    };
    answered.map(Some).or_else(|error| match error.kind() {
        // Only "there is none" is an answer; a failing server is not.
        ProtoErrorKind::NoRecordsFound(none)
            if matches!(
                none.response_code,
                ResponseCode::NXDomain | ResponseCode::NoError
            ) =>
        {
            Ok(None)
        }
        _ => Err(DnsAway(error.to_string())),
    })
}
