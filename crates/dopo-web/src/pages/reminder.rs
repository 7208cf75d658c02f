//! `/r/{token}`: "remind me tomorrow". GET asks, POST does it, once per message; no expiry ever moves (CONS-11).

use super::{Ask, AskPage, Asked, ingest, person_of, proof, shop_of};
use crate::page::{Frame, PageError, shop_page};
use crate::state::App;
use crate::words::Voice;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::Method;
use axum::response::Response;
use dopo_core::event::{Event, EventLine};
use dopo_engine::tokens::Token;

const FORM: &str = "reminder";

pub(crate) async fn page(
    State(app): State<App>,
    method: Method,
    Path(token): Path<String>,
    Query(asked): Query<Asked>,
    body: Body,
) -> Result<Response, PageError> {
    let proof = proof(&method, body).await?;
    let Some(Token::Reminder { shop, message }) = app.engine.tokens().open(&token) else {
        return Err(PageError::Missing);
    };
    let shop = shop_of(&app, shop)?;
    let (row, _) = app
        .engine
        .store()
        .message(shop.id, message)
        .await?
        .ok_or(PageError::Missing)?;
    let person = person_of(&app, shop.id, row.customer_id).await?;
    let voice = Voice::choose(&shop.settings, asked.lang.as_deref(), person.locale);
    if let Some(proof) = &proof {
        if !app.form_proof_holds(FORM, &token, proof) {
            return Err(PageError::Form);
        }
        let line = EventLine {
            id: format!("reminder/{message}"),
            at: app.engine.now(),
            event: Event::ReminderRequested { message },
        };
        ingest(&app, shop.id, line).await?;
    }
    let done = proof.is_some();
    let page = AskPage {
        frame: Frame::new(&shop.settings, voice, voice.remind_title().to_owned()),
        title: if done {
            voice.remind_done()
        } else {
            voice.remind_ask()
        }
        .to_owned(),
        hint: Some(
            if done {
                voice.remind_done_next()
            } else {
                voice.remind_hint()
            }
            .to_owned(),
        ),
        ask: (!done).then(|| Ask {
            action: format!("/r/{token}?lang={}", voice.tag()),
            field: "proof",
            value: app.form_proof(FORM, &token),
            button: voice.remind_button(),
        }),
        link: None,
    };
    Ok(shop_page(&page.frame, &page))
}
