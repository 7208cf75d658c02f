//! Signing in at a provider of identities: OpenID Connect Core 1.0, the authorization code flow with PKCE (RFC 7636).
//!
//! Discovery, keys and the checks of the ID token are `openidconnect`'s; the way out is our own ([`HttpPoster`]). Words for
//! the log name neither people nor tokens.

use crate::webhook::{Asking, HttpPoster};
use async_trait::async_trait;
use dopo_engine::ports::{Identity, IdentityFault, IdentityProvider, Posted, SignInSecrets};
use jiff::Timestamp;
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreErrorResponseType, CoreIdToken,
    CoreIdTokenClaims, CoreJwsSigningAlgorithm, CoreProviderMetadata, CoreUserInfoClaims,
};
use openidconnect::http::StatusCode;
use openidconnect::{
    AsyncHttpClient, AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret,
    CsrfToken, DiscoveryError, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest,
    HttpResponse, IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, RequestTokenError, Scope, SignatureVerificationError, StandardErrorResponse,
    TokenResponse, UserInfoError,
};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::Mutex;
use tokio::time::Instant;

/// Time for one call, from the lookup to the end of the answer.
pub const CALL_TIME_MAX: Duration = Duration::from_secs(5);
/// Bytes of an answer.
pub const ANSWER_BYTES_MAX: usize = 1_024 * 1_024;
/// How long what the provider says of itself is believed.
pub const KNOWN_MAX: Duration = Duration::from_secs(3_600);
/// Keys so young are not asked for again when one is missing.
pub const KEYS_AGE_MIN: Duration = Duration::from_secs(60);
/// A provider that did not answer is left alone for so long.
pub const AWAY_PAUSE: Duration = Duration::from_secs(3);
/// How we call ourselves.
const AGENT: &str = "Dopo/1 (sign-in)";

/// Signatures that are believed: of a key pair only, so that nobody who knows the client's secret signs as the provider.
const SIGNATURES: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// What an installation has agreed with its provider.
#[derive(Clone)]
pub struct OpenIdAccount {
    /// The issuer's address; its discovery document lies under it.
    pub issuer: String,
    /// Our name there.
    pub client_id: String,
    /// Our secret there; `None` for a public client.
    pub client_secret: Option<String>,
    /// How people call the provider.
    pub name: String,
}

/// A provider of identities that speaks OpenID Connect.
pub struct OpenId {
    wire: Wire,
    issuer: IssuerUrl,
    client_id: ClientId,
    client_secret: Option<ClientSecret>,
    name: String,
    known: Mutex<Known>,
}

/// What the provider said of itself.
#[derive(Default)]
struct Known {
    said: Option<(Instant, Arc<CoreProviderMetadata>)>,
    failed: Option<(Instant, String)>,
}

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

impl OpenId {
    /// A provider. It is first asked when somebody signs in.
    ///
    /// # Errors
    /// In words, when the issuer's address is none.
    pub fn new(account: OpenIdAccount) -> Result<Self, String> {
        let issuer = IssuerUrl::new(account.issuer.clone())
            .ok()
            .filter(|issuer| {
                let url = issuer.url();
                matches!(url.scheme(), "https" | "http")
                    && url.host_str().is_some()
                    && url.query().is_none()
                    && url.fragment().is_none()
            })
            .ok_or("the issuer must be an address like https://id.example.com, without ? and #")?;
        Ok(OpenId {
            wire: Wire(HttpPoster::new(true)),
            issuer,
            client_id: ClientId::new(account.client_id),
            client_secret: account.client_secret.map(ClientSecret::new),
            name: account.name,
            known: Mutex::new(Known::default()),
        })
    }

    /// What the provider says of itself, if known for less than `age_max`; else it is asked.
    async fn metadata(
        &self,
        age_max: Duration,
    ) -> Result<Arc<CoreProviderMetadata>, IdentityFault> {
        let mut known = self.known.lock().await;
        if let Some((at, said)) = &known.said
            && at.elapsed() < age_max
        {
            return Ok(Arc::clone(said));
        }
        if let Some((at, why)) = &known.failed
            && at.elapsed() < AWAY_PAUSE
        {
            return Err(IdentityFault::Away(why.clone()));
        }
        let asked = CoreProviderMetadata::discover_async(self.issuer.clone(), &self.wire).await;
        match asked {
            Ok(said) => {
                let said = Arc::new(said);
                known.said = Some((Instant::now(), Arc::clone(&said)));
                known.failed = None;
                Ok(said)
            }
            Err(error) => {
                let why = match error {
                    DiscoveryError::Request(why) => why.to_string(),
                    error => format!("its discovery document or keys cannot be used: {error}"),
                };
                known.failed = Some((Instant::now(), why.clone()));
                Err(IdentityFault::Away(why))
            }
        }
    }

    fn client(&self, said: &CoreProviderMetadata, back: &str) -> Result<Client, IdentityFault> {
        let back = RedirectUrl::new(back.to_owned())
            .map_err(|_| IdentityFault::Away("our own address is no address".to_owned()))?;
        let client = CoreClient::from_provider_metadata(
            said.clone(),
            self.client_id.clone(),
            self.client_secret.clone(),
        )
        .set_redirect_uri(back);
        let only_in_body = said
            .token_endpoint_auth_methods_supported()
            .is_some_and(|ways| {
                !ways.contains(&CoreClientAuthMethod::ClientSecretBasic)
                    && ways.contains(&CoreClientAuthMethod::ClientSecretPost)
            });
        Ok(match only_in_body {
            true => client.set_auth_type(AuthType::RequestBody),
            false => client,
        })
    }
}

#[async_trait]
impl IdentityProvider for OpenId {
    fn name(&self) -> &str {
        &self.name
    }

    async fn begin(&self, back: &str, secrets: &SignInSecrets) -> Result<String, IdentityFault> {
        let said = self.metadata(KNOWN_MAX).await?;
        let client = self.client(&said, back)?;
        let (state, nonce) = (secrets.state.clone(), secrets.nonce.clone());
        let verifier = PkceCodeVerifier::new(secrets.verifier.clone());
        let (url, _, _) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                move || CsrfToken::new(state),
                move || Nonce::new(nonce),
            )
            .add_scope(Scope::new("email".to_owned()))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .url();
        Ok(url.to_string())
    }

    async fn finish(
        &self,
        back: &str,
        code: &str,
        secrets: &SignInSecrets,
        now: Timestamp,
    ) -> Result<Identity, IdentityFault> {
        let said = self.metadata(KNOWN_MAX).await?;
        let mut client = self.client(&said, back)?;
        let tokens = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|_| IdentityFault::Away("it names no token endpoint".to_owned()))?
            .set_pkce_verifier(PkceCodeVerifier::new(secrets.verifier.clone()))
            .request_async(&self.wire)
            .await
            .map_err(no_tokens)?;
        let token = tokens
            .id_token()
            .ok_or_else(|| IdentityFault::Refused("there is no ID token".to_owned()))?;
        let nonce = Nonce::new(secrets.nonce.clone());
        let mut claims = checked(&client, token, &nonce, now);
        // Providers change their keys from time to time.
        if let Err(ClaimsVerificationError::SignatureVerification(
            SignatureVerificationError::NoMatchingKey,
        )) = claims
        {
            let said = self.metadata(KEYS_AGE_MIN).await?;
            client = self.client(&said, back)?;
            claims = checked(&client, token, &nonce, now);
        }
        let claims = claims.map_err(|error| IdentityFault::Refused(unsound(&error).to_owned()))?;
        let mut identity = Identity {
            issuer: claims.issuer().as_str().to_owned(),
            subject: claims.subject().as_str().to_owned(),
            email: claims.email().map(|email| email.as_str().to_owned()),
            email_verified: claims.email_verified().unwrap_or(false),
        };
        let access = tokens.access_token();
        let can_ask = client.user_info_url().is_some()
            && access.secret().bytes().all(|b| b.is_ascii_graphic());
        if identity.email.is_none() && can_ask {
            // Some providers put the address there only (OpenID Connect Core 5.4).
            let info: CoreUserInfoClaims = client
                .user_info(access.clone(), Some(claims.subject().clone()))
                .map_err(|_| IdentityFault::Away("it names no userinfo endpoint".to_owned()))?
                .request_async(&self.wire)
                .await
                .map_err(|error| match error {
                    UserInfoError::ClaimsVerification(_) => IdentityFault::Refused(
                        "the userinfo endpoint speaks of somebody else".to_owned(),
                    ),
                    UserInfoError::Request(why) => IdentityFault::Away(why.to_string()),
                    _ => IdentityFault::Away("its userinfo endpoint does not tell".to_owned()),
                })?;
            identity.email = info.email().map(|email| email.as_str().to_owned());
            identity.email_verified = info.email_verified().unwrap_or(false);
        }
        Ok(identity)
    }
}

/// The claims of an ID token whose signature, issuer, audience, nonce and expiry are right.
fn checked<'t>(
    client: &Client,
    token: &'t CoreIdToken,
    nonce: &Nonce,
    now: Timestamp,
) -> Result<&'t CoreIdTokenClaims, ClaimsVerificationError> {
    let now = SystemTime::from(now);
    let verifier = client
        .id_token_verifier()
        .set_allowed_algs(SIGNATURES)
        .set_time_fn(move || now.into());
    token.claims(&verifier, nonce)
}

/// What is wrong with an ID token, in words without its values.
fn unsound(error: &ClaimsVerificationError) -> &'static str {
    match error {
        ClaimsVerificationError::Expired(_) => "the ID token has expired",
        ClaimsVerificationError::InvalidAudience(_) => "the ID token is meant for somebody else",
        ClaimsVerificationError::InvalidIssuer(_) => "the ID token is of another issuer",
        ClaimsVerificationError::InvalidNonce(_) => "the ID token belongs to another sign-in",
        ClaimsVerificationError::SignatureVerification(_) => "the ID token is not signed soundly",
        _ => "the ID token is not as it should be",
    }
}

type TokenRefusal = RequestTokenError<Unheard, StandardErrorResponse<CoreErrorResponseType>>;

/// Why there are no tokens: the code was not good, or the provider cannot be used as things stand.
fn no_tokens(error: TokenRefusal) -> IdentityFault {
    match error {
        RequestTokenError::ServerResponse(said) => match said.error() {
            CoreErrorResponseType::InvalidGrant => {
                IdentityFault::Refused("the provider does not accept the code".to_owned())
            }
            CoreErrorResponseType::InvalidClient | CoreErrorResponseType::UnauthorizedClient => {
                IdentityFault::Away(
                    "it does not accept us: look at DOPO_OIDC_CLIENT_ID and the client's secret"
                        .to_owned(),
                )
            }
            _ => IdentityFault::Away("its token endpoint refuses".to_owned()),
        },
        RequestTokenError::Request(why) => IdentityFault::Away(why.to_string()),
        _ => IdentityFault::Away("its token endpoint answers what cannot be read".to_owned()),
    }
}

/// No answer; in words, without the address.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Unheard(String);

/// Our way out, as the library asks for it.
struct Wire(HttpPoster);

impl Wire {
    async fn ask(&self, request: HttpRequest) -> Result<HttpResponse, Unheard> {
        let (head, body) = request.into_parts();
        let mut headers = Vec::new();
        for (name, value) in &head.headers {
            let name = match name.as_str() {
                "accept" => "accept",
                "authorization" => "authorization",
                "content-type" => "content-type",
                _ => return Err(Unheard("a header of the request is not known".to_owned())),
            };
            let value = value
                .to_str()
                .map_err(|_| Unheard("a header cannot be sent".to_owned()))?;
            headers.push((name, value.to_owned()));
        }
        let asking = Asking {
            method: head.method,
            url: head.uri.to_string(),
            headers,
            body,
            agent: AGENT,
            answer_bytes_max: ANSWER_BYTES_MAX,
            plain_only_private: true,
        };
        let answered = match tokio::time::timeout(CALL_TIME_MAX, self.0.exchange(asking)).await {
            Ok(Ok(answered)) => answered,
            Ok(Err(Posted::Refused(why) | Posted::Unreached(why))) => return Err(Unheard(why)),
            Ok(Err(Posted::Answered { code, .. })) => {
                return Err(Unheard(format!("it answered {code}")));
            }
            Err(_) => {
                let seconds = CALL_TIME_MAX.as_secs();
                return Err(Unheard(format!("no answer within {seconds} s")));
            }
        };
        let body = answered
            .body
            .ok_or_else(|| Unheard("the answer broke off or is too large".to_owned()))?;
        let mut response = HttpResponse::new(body.to_vec());
        *response.status_mut() = StatusCode::from_u16(answered.code)
            .map_err(|_| Unheard("the answer has no status".to_owned()))?;
        *response.headers_mut() = answered.headers;
        Ok(response)
    }
}

impl<'c> AsyncHttpClient<'c> for Wire {
    type Error = Unheard;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Unheard>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.ask(request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(issuer: &str) -> OpenIdAccount {
        OpenIdAccount {
            issuer: issuer.to_owned(),
            client_id: "dopo".to_owned(),
            client_secret: None,
            name: "Azienda".to_owned(),
        }
    }

    #[test]
    fn an_issuer_is_an_address_without_a_query() {
        for good in [
            "https://id.example",
            "http://127.0.0.1:9000/realms/a",
            "https://id.example/",
        ] {
            assert!(OpenId::new(account(good)).is_ok(), "{good}");
        }
        for bad in [
            "id.example",
            "ftp://id.example",
            "https://id.example/?a=b",
            "",
        ] {
            assert!(OpenId::new(account(bad)).is_err(), "{bad}");
        }
    }

    #[tokio::test]
    async fn a_provider_that_is_down_is_away_and_told_so_without_its_address() {
        let provider = OpenId::new(account("http://127.0.0.1:1/secret-path")).expect("an address");
        let secrets = SignInSecrets {
            state: "s".repeat(43),
            nonce: "n".repeat(43),
            verifier: "v".repeat(43),
        };
        let refused = provider.begin("https://dopo.example/back", &secrets).await;
        match refused {
            Err(IdentityFault::Away(why)) => assert!(!why.contains("secret-path"), "{why}"),
            other => panic!("{other:?}"),
        }
    }
}
