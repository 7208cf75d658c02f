//! `/m/{token}`: stop measuring opens and clicks, keep the e-mails (PRIV-10). GET asks, POST does it.

use super::preferences::stop_measuring;
use super::{Ask, AskPage, Asked, Link, person_of, proof, record, shop_of};
use crate::page::{Frame, PageError, shop_page};
use crate::state::App;
use crate::words::Voice;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::Method;
use axum::response::Response;
use dopo_engine::tokens::Token;

const FORM: &str = "measuring";

pub(crate) async fn page(
    State(app): State<App>,
    method: Method,
    Path(token): Path<String>,
    Query(asked): Query<Asked>,
    body: Body,
) -> Result<Response, PageError> {
    let proof = proof(&method, body).await?;
    let Some(Token::StopMeasuring { shop, customer }) = app.engine.tokens().open(&token) else {
        return Err(PageError::Missing);
    };
    let shop = shop_of(&app, shop)?;
    let person = person_of(&app, shop.id, customer).await?;
    let voice = Voice::choose(&shop.settings, asked.lang.as_deref(), person.locale);
    if let Some(proof) = &proof {
        if !app.form_proof_holds(FORM, &token, proof) {
            return Err(PageError::Form);
        }
        record(&app, shop.id, person.id, stop_measuring(&person, voice)).await?;
    }
    let done = proof.is_some();
    let all = Token::Preferences {
        shop: shop.id,
        customer: person.id,
    };
    let page = AskPage {
        frame: Frame::new(&shop.settings, voice, voice.measure_title().to_owned()),
        title: if done {
            voice.measure_done()
        } else {
            voice.measure_ask()
        }
        .to_owned(),
        hint: Some(
            if done {
                voice.measure_done_next()
            } else {
                voice.measure_hint()
            }
            .to_owned(),
        ),
        ask: (!done).then(|| Ask {
            action: format!("/m/{token}?lang={}", voice.tag()),
            field: "proof",
            value: app.form_proof(FORM, &token),
            button: voice.measure_button(),
        }),
        link: Some(Link {
            href: format!("/p/{}?lang={}", app.engine.tokens().seal(&all), voice.tag()),
            label: voice.unsub_other(),
        }),
    };
    Ok(shop_page(&page.frame, &page))
}
