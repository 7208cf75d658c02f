//! Bearer keys: whose shop, what they may do, how often.

use crate::api::problem::Problem;
use crate::limits::{API_KEY_MEMORY, API_KEYS_MAX};
use crate::state::App;
use axum::http::{HeaderMap, header};
use dopo_engine::ports::ApiKeyRow;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio::time::Instant;

type Seen = HashMap<[u8; 32], (Instant, Arc<ApiKeyRow>)>;

/// Keys seen lately, so that a busy client costs no database read per request.
#[derive(Default)]
pub struct KeyMemory {
    seen: Mutex<Seen>,
}

impl KeyMemory {
    fn get(&self, hash: &[u8; 32]) -> Option<Arc<ApiKeyRow>> {
        let seen = self
            .seen
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let (at, key) = seen.get(hash)?;
        (at.elapsed() < API_KEY_MEMORY).then(|| Arc::clone(key))
    }

    fn put(&self, hash: [u8; 32], key: &Arc<ApiKeyRow>) {
        let mut seen = self
            .seen
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if seen.len() >= API_KEYS_MAX {
            seen.clear();
        }
        seen.insert(hash, (Instant::now(), Arc::clone(key)));
    }
}

/// The key of a request that carries `scope`, within its rate.
///
/// # Errors
/// 401 without a valid key, 403 without the scope, 429 over the rate.
pub(crate) async fn key(
    app: &App,
    headers: &HeaderMap,
    scope: &'static str,
) -> Result<Arc<ApiKeyRow>, Problem> {
    let missing = || {
        Problem::unauthorized("Send `Authorization: Bearer KEY`. `dopo api-key add` makes a key.")
    };
    let text = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, key)| key.trim())
        .filter(|key| !key.is_empty())
        .ok_or_else(missing)?;
    let hash: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    let key = match app.keys.get(&hash) {
        Some(key) => key,
        None => {
            let row = app.engine.store().api_key(&hash).await?;
            let key = Arc::new(
                row.filter(|key| key.revoked_at.is_none())
                    .ok_or_else(missing)?,
            );
            app.keys.put(hash, &key);
            key
        }
    };
    if !key.scopes.iter().any(|own| own == scope) {
        return Err(Problem::forbidden(scope));
    }
    app.api_limit.take(&key.id).map_err(Problem::too_many)?;
    Ok(key)
}
