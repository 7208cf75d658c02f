//! Outgoing HTTP to addresses that a shop gives (SEC-05): one POST, a time limit, no redirects, nothing inside private
//! networks.
//!
//! The name is looked up once, every address of it is judged, and the connection goes to an address that was judged: a
//! name that changes its mind in between (DNS rebinding) gains nothing.

mod address;

pub use address::is_public;

use async_trait::async_trait;
use dopo_engine::ports::{Post, Posted, Poster};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{HOST, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT};
use hyper::{Method, Request, Uri};
use hyper_util::rt::TokioIo;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Time for one delivery, from the lookup to the end of the answer.
pub const POST_TIME_MAX: Duration = Duration::from_secs(10);
/// Bytes of an answer's body that are read, so that the connection ends in order; what it says is not looked at.
const ANSWER_BYTES_MAX: usize = 64 * 1_024;
/// How we call ourselves.
const AGENT: &str = "Dopo-Webhooks/1";

/// Posts over HTTP/1.1, with TLS that trusts the system's roots.
pub struct HttpPoster {
    tls: Result<Arc<rustls::ClientConfig>, String>,
    private: bool,
}

/// A request to somebody else.
pub(crate) struct Asking {
    /// How.
    pub(crate) method: Method,
    /// Where.
    pub(crate) url: String,
    /// Headers; the names in small letters.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// Body.
    pub(crate) body: Vec<u8>,
    /// How we call ourselves.
    pub(crate) agent: &'static str,
    /// Bytes of the answer's body that are read; a larger one is cut off and missing.
    pub(crate) answer_bytes_max: usize,
    /// Whether an unencrypted connection may only go to a private address.
    pub(crate) plain_only_private: bool,
}

/// An answer.
pub(crate) struct Answered {
    /// Status.
    pub(crate) code: u16,
    /// Headers.
    pub(crate) headers: HeaderMap,
    /// Body; missing where it broke off or was too large.
    pub(crate) body: Option<Bytes>,
}

/// An address taken apart.
#[derive(Debug)]
struct Target {
    uri: Uri,
    host: String,
    port: u16,
    tls: bool,
}

impl HttpPoster {
    /// A poster; `private` lets it post into private networks (for tests and for receivers beside it).
    pub fn new(private: bool) -> Self {
        let tls = crate::mail::smtp::system_trust().map_err(|error| error.to_string());
        HttpPoster { tls, private }
    }

    fn target(&self, url: &str) -> Result<Target, String> {
        let uri: Uri = url
            .parse()
            .map_err(|_| "this is not an address: write it like https://example.com/path")?;
        let tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") if self.private => false,
            _ => return Err("a webhook's address begins with https://".to_owned()),
        };
        if uri.authority().is_some_and(|a| a.as_str().contains('@')) {
            return Err("name and password do not stand in a webhook's address".to_owned());
        }
        let host = uri.host().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            return Err("this address names no server".to_owned());
        }
        if !self.private {
            let literal = host.parse::<IpAddr>();
            let inside = match literal {
                Ok(ip) => !is_public(ip),
                Err(_) => {
                    let name = host.trim_end_matches('.').to_ascii_lowercase();
                    !name.contains('.')
                        || ["localhost", "local", "internal", "home.arpa", "lan"]
                            .iter()
                            .any(|end| name == *end || name.ends_with(&format!(".{end}")))
                }
            };
            if inside {
                return Err(PRIVATE.to_owned());
            }
        }
        Ok(Target {
            host: host.to_owned(),
            port: uri.port_u16().unwrap_or(if tls { 443 } else { 80 }),
            tls,
            uri,
        })
    }

    async fn addresses(&self, target: &Target) -> Result<Vec<SocketAddr>, Posted> {
        let found = tokio::net::lookup_host((target.host.as_str(), target.port)).await;
        let found: Vec<SocketAddr> = match found {
            Ok(found) => found.collect(),
            Err(_) => {
                return Err(Posted::Unreached(
                    "the server's name is not known".to_owned(),
                ));
            }
        };
        if !self.private && found.iter().any(|address| !is_public(address.ip())) {
            return Err(Posted::Refused(PRIVATE.to_owned()));
        }
        Ok(found)
    }

    async fn try_post(&self, post: Post) -> Result<Posted, Posted> {
        let answered = self
            .exchange(Asking {
                method: Method::POST,
                url: post.url,
                headers: post.headers,
                body: post.body.into_bytes(),
                agent: AGENT,
                answer_bytes_max: ANSWER_BYTES_MAX,
                plain_only_private: false,
            })
            .await?;
        Ok(Posted::Answered {
            code: answered.code,
            retry_after: retry_after(&answered.headers),
        })
    }

    /// One request and its answer, without redirects and without a time limit.
    ///
    /// # Errors
    /// [`Posted::Refused`] where it can never be sent, else [`Posted::Unreached`].
    pub(crate) async fn exchange(&self, asking: Asking) -> Result<Answered, Posted> {
        let target = self.target(&asking.url).map_err(Posted::Refused)?;
        let addresses = self.addresses(&target).await?;
        let outside = |address: &SocketAddr| is_public(address.ip());
        if asking.plain_only_private && !target.tls && addresses.iter().any(outside) {
            return Err(Posted::Refused(
                "http:// is only for this machine and private networks: write https://".to_owned(),
            ));
        }
        let mut stream = None;
        for address in addresses {
            if let Ok(open) = TcpStream::connect(address).await {
                stream = Some(open);
                break;
            }
        }
        let stream = stream.ok_or_else(|| away("no connection"))?;
        let _ = stream.set_nodelay(true);
        if !target.tls {
            return exchange(stream, &target, asking).await;
        }
        let config = self.tls.clone().map_err(Posted::Unreached)?;
        let name = rustls::pki_types::ServerName::try_from(target.host.clone())
            .map_err(|_| Posted::Refused("the server's name is no name".to_owned()))?;
        let stream = TlsConnector::from(config)
            .connect(name, stream)
            .await
            .map_err(|error| away(&format!("TLS failed: {error}")))?;
        exchange(stream, &target, asking).await
    }
}

/// The seconds that an answer asks to wait.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?;
    value.trim().parse().ok().map(Duration::from_secs)
}

const PRIVATE: &str = "this address lies in a private network: an installation that means it sets DOPO_WEBHOOKS_PRIVATE=1";

fn away(why: &str) -> Posted {
    Posted::Unreached(why.to_owned())
}

async fn exchange<S>(stream: S, target: &Target, asking: Asking) -> Result<Answered, Posted>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|_| away("the server does not speak HTTP"))?;
    let path = target
        .uri
        .path_and_query()
        .map_or("/", |path| path.as_str());
    let host = target
        .uri
        .authority()
        .map(|authority| authority.as_str())
        .unwrap_or_default();
    let mut request = Request::builder()
        .method(asking.method)
        .uri(path)
        .header(HOST, host)
        .header(USER_AGENT, asking.agent);
    for (name, value) in &asking.headers {
        let value = HeaderValue::from_str(value)
            .map_err(|_| Posted::Refused("a header cannot be sent".to_owned()))?;
        request = request.header(HeaderName::from_static(name), value);
    }
    let request = request
        .body(Full::new(Bytes::from(asking.body)))
        .map_err(|_| Posted::Refused("the request cannot be made".to_owned()))?;
    // The connection ends with this task, whichever way the answer goes.
    let driving = tokio::spawn(connection);
    let answered = async {
        let response = sender
            .send_request(request)
            .await
            .map_err(|_| away("the connection broke before the answer"))?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, asking.answer_bytes_max).collect().await;
        Ok(Answered {
            code: head.status.as_u16(),
            headers: head.headers,
            body: body.ok().map(http_body_util::Collected::to_bytes),
        })
    }
    .await;
    driving.abort();
    answered
}

#[async_trait]
impl Poster for HttpPoster {
    async fn post(&self, post: Post) -> Posted {
        match tokio::time::timeout(POST_TIME_MAX, self.try_post(post)).await {
            Ok(Ok(posted) | Err(posted)) => posted,
            Err(_) => away(&format!("no answer within {} s", POST_TIME_MAX.as_secs())),
        }
    }

    fn check(&self, url: &str) -> Result<(), String> {
        self.target(url).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    fn post(url: &str) -> Post {
        Post {
            url: url.to_owned(),
            headers: vec![("content-type", "application/json".to_owned())],
            body: "{\"a\":1}".to_owned(),
        }
    }

    /// Answers once with these bytes and gives what it was asked.
    async fn answers(answer: &'static str) -> (String, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/in?x=1", listener.local_addr().expect("bound"));
        let heard = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a client");
            let mut bytes = vec![0; 4_096];
            let mut read = 0;
            while !String::from_utf8_lossy(&bytes[..read]).contains("{\"a\":1}") {
                read += stream.read(&mut bytes[read..]).await.expect("bytes");
            }
            stream.write_all(answer.as_bytes()).await.expect("sent");
            String::from_utf8_lossy(&bytes[..read]).into_owned()
        });
        (url, heard)
    }

    #[tokio::test]
    async fn a_post_arrives_and_its_answer_comes_back() {
        let (url, heard) = answers("HTTP/1.1 204 No Content\r\n\r\n").await;
        let posted = HttpPoster::new(true).post(post(&url)).await;
        assert_eq!(
            posted,
            Posted::Answered {
                code: 204,
                retry_after: None
            }
        );
        let heard = heard.await.expect("heard").to_ascii_lowercase();
        assert!(heard.starts_with("post /in?x=1 http/1.1\r\n"), "{heard}");
        assert!(heard.contains("host: 127.0.0.1:"), "{heard}");
        assert!(heard.contains("content-type: application/json"), "{heard}");
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer_and_is_not_followed() {
        let (url, _) = answers(
            "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:1/\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n",
        )
        .await;
        let posted = HttpPoster::new(true).post(post(&url)).await;
        assert_eq!(
            posted,
            Posted::Answered {
                code: 307,
                retry_after: Some(Duration::from_secs(7))
            }
        );
    }

    #[tokio::test]
    async fn nothing_is_posted_into_private_networks() {
        let poster = HttpPoster::new(false);
        for url in [
            "https://127.0.0.1/x",
            "https://[::1]/x",
            "https://10.0.0.8/x",
            "https://169.254.169.254/latest/meta-data",
            "https://localhost/x",
            "https://db.internal/x",
            "https://intranet/x",
            "http://example.com/x",
            "https://user:pass@example.com/x",
            "ftp://example.com/x",
            "gopher",
            "",
        ] {
            assert!(poster.check(url).is_err(), "{url}");
            let posted = poster.post(post(url)).await;
            assert!(matches!(posted, Posted::Refused(_)), "{url}: {posted:?}");
        }
        assert!(poster.check("https://hooks.example.com/x").is_ok());
    }

    #[tokio::test]
    async fn a_closed_port_is_unreached() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("bound"));
        drop(listener);
        let posted = HttpPoster::new(true).post(post(&url)).await;
        assert!(matches!(posted, Posted::Unreached(_)), "{posted:?}");
    }
}
