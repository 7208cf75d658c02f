//! `/u/{token}`: out of one kind of message. GET asks, POST does it at once, also as one click of the mailbox (RFC 8058,
//! MAIL-03): no cookie, no proof but the token.

use super::preferences::{act as consent_act, is_on};
use super::{Ask, AskPage, Asked, Link, form, person_of, record, shop_of};
use crate::page::{Frame, PageError, shop_page};
use crate::state::App;
use crate::words::{Voice, fill};
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use dopo_core::advance::Shop;
use dopo_core::consent::{Channel, ConsentState, Purpose, Topic};
use dopo_core::customer::Customer;
use dopo_core::id::{EffectId, ShopId};
use dopo_engine::tokens::Token;
use std::sync::Arc;

/// What a mail of this purpose unsubscribes from. Offers and similar products are one thing to the reader; from what is
/// due to the customer nobody can unsubscribe, so the link of such a mail leads to the offers.
pub(crate) fn topics(purpose: Purpose) -> &'static [Topic] {
    match purpose {
        Purpose::Care => &[Topic::Care],
        Purpose::Feedback => &[Topic::Feedback],
        Purpose::Cart => &[Topic::Cart],
        Purpose::Legal
        | Purpose::Service
        | Purpose::MarketingSimilar
        | Purpose::Marketing
        | Purpose::ThirdParty => &[Topic::Marketing, Topic::MarketingSimilar],
    }
}

fn name(purpose: Purpose, voice: Voice) -> &'static str {
    match purpose {
        Purpose::Care => voice.t_care(),
        Purpose::Feedback => voice.t_feedback(),
        Purpose::Cart => voice.t_cart(),
        _ => voice.t_marketing(),
    }
}

struct Found {
    shop: Arc<Shop>,
    person: Customer,
    purpose: Purpose,
    /// The channel of the message: what came by SMS is stopped by SMS.
    channel: Channel,
}

async fn find(app: &App, token: &str) -> Result<Found, PageError> {
    let Some(Token::Unsubscribe {
        shop,
        customer,
        message,
    }) = app.engine.tokens().open(token)
    else {
        return Err(PageError::Missing);
    };
    let shop = shop_of(app, shop)?;
    let person = person_of(app, shop.id, customer).await?;
    let (purpose, channel) = kind_of(app, shop.id, message).await?;
    Ok(Found {
        shop,
        person,
        purpose,
        channel,
    })
}

/// Purpose and channel of the message; a message that is gone leaves the widest: marketing by mail.
async fn kind_of(
    app: &App,
    shop: ShopId,
    message: EffectId,
) -> Result<(Purpose, Channel), PageError> {
    let found = app.engine.store().message(shop, message).await?;
    Ok(
        found.map_or((Purpose::Marketing, Channel::Email), |(message, _)| {
            (message.send.purpose, message.channel())
        }),
    )
}

pub(crate) async fn ask(
    State(app): State<App>,
    Path(token): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let Found {
        shop,
        person,
        purpose,
        channel,
    } = find(&app, &token).await?;
    let voice = Voice::choose(&shop.settings, asked.lang.as_deref(), person.locale);
    let topic = name(purpose, voice);
    let page = AskPage {
        frame: Frame::new(&shop.settings, voice, voice.unsub_title().to_owned()),
        title: fill(
            match channel {
                Channel::Sms => voice.unsub_ask_sms(),
                Channel::Email | Channel::Push | Channel::Call => voice.unsub_ask(),
            },
            &[("topic", topic), ("shop", &shop.settings.name)],
        ),
        hint: Some(voice.unsub_hint().to_owned()),
        ask: Some(Ask {
            action: format!("/u/{token}?lang={}", voice.tag()),
            field: "List-Unsubscribe",
            value: "One-Click".to_owned(),
            button: voice.unsub_button(),
        }),
        link: Some(preferences_link(&app, &shop, &person, voice)),
    };
    Ok(shop_page(&page.frame, &page))
}

pub(crate) async fn act(
    State(app): State<App>,
    Path(token): Path<String>,
    Query(asked): Query<Asked>,
    body: Body,
) -> Result<Response, PageError> {
    let Found {
        shop,
        person,
        purpose,
        channel,
    } = find(&app, &token).await?;
    // The body says only what the token already says; it is read to be bounded, not to be believed.
    form(body).await?;
    let voice = Voice::choose(&shop.settings, asked.lang.as_deref(), person.locale);
    let channel = Some(channel);
    let acts = topics(purpose)
        .iter()
        .filter(|topic| {
            // What was never asked stays unasked, except that a no to offers is said once and for all.
            is_on(&person, **topic, channel)
                || (person.consents.state(**topic, channel) == ConsentState::Unknown)
        })
        .map(|topic| consent_act(&person, *topic, channel, false, voice))
        .collect();
    record(&app, shop.id, person.id, acts).await?;
    let topic = name(purpose, voice);
    let next = match channel {
        Some(Channel::Sms) => voice.unsub_done_next_sms(),
        _ => voice.unsub_done_next(),
    };
    let page = AskPage {
        frame: Frame::new(&shop.settings, voice, voice.unsub_title().to_owned()),
        title: voice.unsub_done().to_owned(),
        hint: Some(fill(next, &[("topic", topic)])),
        ask: None,
        link: Some(preferences_link(&app, &shop, &person, voice)),
    };
    Ok(shop_page(&page.frame, &page))
}

fn preferences_link(app: &App, shop: &Shop, person: &Customer, voice: Voice) -> Link {
    let token = Token::Preferences {
        shop: shop.id,
        customer: person.id,
    };
    Link {
        href: format!(
            "/p/{}?lang={}",
            app.engine.tokens().seal(&token),
            voice.tag()
        ),
        label: voice.unsub_other(),
    }
}
