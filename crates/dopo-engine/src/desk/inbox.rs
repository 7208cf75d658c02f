//! What came in and could not be used: taken in again, with what the program knows today.

use super::{Actor, Desk};
use crate::Engine;
use crate::intake::{IngestError, NewIntake};
use crate::ports::{HookTranslator, InboxRow, InboxStatus, IntakeOutcome, StoreError};
use crate::secrets::SecretError;
use dopo_core::advance::Shop;
use dopo_core::event::Origin;
use dopo_core::id::InboxId;
use serde_json::json;

/// Raw events replayed in one request.
pub const REPLAY_MAX: usize = 200;

/// What became of one row that was replayed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Replayed {
    /// Which.
    pub id: InboxId,
    /// `accepted`, `kept`, `repeated` or `failed`.
    pub outcome: &'static str,
    /// Why, in words.
    pub note: Option<String>,
}

/// Why a raw event could not be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// Its body is past its time.
    #[error("its body is not kept any more: ask the sender to send it again")]
    NoBody,
    /// Its body cannot be opened.
    #[error(transparent)]
    Sealed(#[from] SecretError),
    /// It could not be recorded.
    #[error(transparent)]
    Ingest(#[from] IngestError),
}

impl Engine {
    /// Translates a stored body again and takes it in.
    ///
    /// # Errors
    /// [`ReplayError`]; the row is unchanged then.
    pub async fn replay_row(
        &self,
        translator: &dyn HookTranslator,
        shop: &Shop,
        row: &InboxRow,
    ) -> Result<IntakeOutcome, ReplayError> {
        let sealed = row.body.as_ref().ok_or(ReplayError::NoBody)?;
        let body = self.key.open(shop.id, sealed)?;
        let (events, note, failed) = if translator.knows(&row.source) && row.source != "events" {
            let read = translator.translate(
                &row.source,
                &row.topic,
                &body,
                &shop.settings,
                row.received_at,
            );
            (read.events, read.note, read.failed)
        } else {
            match translator.parse_event(&body, Some(&row.external_id)) {
                Ok(line) => (vec![(line.at, line.event)], None, false),
                Err(error) => (Vec::new(), Some(error.detail), true),
            }
        };
        let intake = NewIntake {
            source: row.source.clone(),
            external_id: row.external_id.clone(),
            topic: row.topic.clone(),
            body: Some(body),
            events,
            note,
            failed,
            origin: Origin::Live,
        };
        Ok(self.replay(shop.id, row.id, intake).await?)
    }
}

impl Desk {
    /// Replays these raw events, oldest first; ids that are not there are told as failed.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn replay(
        &self,
        shop: &Shop,
        mut ids: Vec<InboxId>,
        actor: &Actor,
    ) -> Result<Vec<Replayed>, StoreError> {
        ids.sort_unstable();
        ids.dedup();
        ids.truncate(REPLAY_MAX);
        let mut out = Vec::with_capacity(ids.len());
        for id in ids {
            let row = self.engine.store.inbox_row(shop.id, id).await?;
            let (outcome, note) = match row {
                None => (
                    "failed",
                    Some("there is no raw event with this id".to_owned()),
                ),
                Some(row) => match self
                    .engine
                    .replay_row(&*self.outward.translator, shop, &row)
                    .await
                {
                    Ok(IntakeOutcome::Accepted) => ("accepted", None),
                    Ok(IntakeOutcome::Repeated) => ("repeated", None),
                    Ok(IntakeOutcome::Kept(why)) => ("kept", Some(why)),
                    Err(error) => ("failed", Some(error.to_string())),
                },
            };
            out.push(Replayed { id, outcome, note });
        }
        let accepted = out.iter().filter(|r| r.outcome == "accepted").count();
        self.audit(
            shop.id,
            actor,
            "inbox.replayed",
            "inbox",
            json!({"tried": out.len(), "accepted": accepted}),
        )
        .await?;
        Ok(out)
    }

    /// Replays the oldest failed raw events of a source, up to [`REPLAY_MAX`].
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn replay_failed(
        &self,
        shop: &Shop,
        source: Option<&str>,
        actor: &Actor,
    ) -> Result<Vec<Replayed>, StoreError> {
        let rows = self
            .engine
            .store
            .list_inbox(shop.id, Some(InboxStatus::Failed), source, None, REPLAY_MAX)
            .await?;
        let ids = rows.into_iter().map(|row| row.id).collect();
        self.replay(shop, ids, actor).await
    }

    /// The body of a raw event in the clear; `None` when it is not kept any more.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn body(&self, shop: &Shop, row: &InboxRow) -> Result<Option<Vec<u8>>, SecretError> {
        match &row.body {
            Some(sealed) => Ok(Some(self.engine.key.open(shop.id, sealed)?)),
            None => Ok(None),
        }
    }
}
