//! `/p/{token}`: the preference centre. Each purpose on each channel can be switched alone (PRIV-05), measuring apart from
//! the messages (PRIV-10).

use super::{Ask, AskPage, Asked, Link, field, form, person_of, record, shop_of};
use crate::page::{Frame, PageError, shop_page};
use crate::state::App;
use crate::words::{Voice, fill};
use askama::Template;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use dopo_core::consent::{Channel, ConsentAct, ConsentSource, ConsentState, Topic};
use dopo_core::customer::Customer;
use dopo_engine::tokens::Token;

/// Version of the page's texts, kept with each choice as its proof.
pub(crate) const TEXT_VERSION: &str = "preferences-2026-11";
const FORM: &str = "preferences";

/// One switch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Cell {
    pub topic: Topic,
    pub channel: Option<Channel>,
    pub name: String,
    pub label: &'static str,
    pub on: bool,
}

/// The switches of one purpose.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Group {
    pub name: &'static str,
    pub title: &'static str,
    pub hint: &'static str,
    pub cells: Vec<Cell>,
}

#[derive(Template)]
#[template(path = "preferences.html")]
struct PreferencesPage {
    frame: Frame,
    intro: String,
    for_whom: Option<String>,
    action: String,
    proof: String,
    groups: Vec<Group>,
}

/// Whether messages of the topic come on the channel unless the person says no: legitimate interest, soft spam and the
/// single cart reminder hold for e-mail only (rules 0.2).
pub(crate) fn comes_unless_refused(topic: Topic, channel: Option<Channel>) -> bool {
    channel == Some(Channel::Email)
        && matches!(
            topic,
            Topic::Care | Topic::Cart | Topic::Feedback | Topic::MarketingSimilar
        )
}

/// Whether a switch stands on.
pub(crate) fn is_on(person: &Customer, topic: Topic, channel: Option<Channel>) -> bool {
    match person.consents.state(topic, channel) {
        ConsentState::Confirmed | ConsentState::Granted => true,
        ConsentState::Unknown => comes_unless_refused(topic, channel),
        ConsentState::Refused | ConsentState::Withdrawn | ConsentState::Objected => false,
    }
}

/// The switches of a person: channels on which they can be reached, or on which something was once said.
pub(crate) fn groups(person: &Customer, voice: Voice) -> Vec<Group> {
    let reachable = |topic: Topic, channel: Channel| match channel {
        Channel::Email => !person.emails.is_empty(),
        Channel::Sms | Channel::Call => !person.phones.is_empty(),
        Channel::Push => person.consents.cell(topic, Some(channel)).is_some(),
    };
    let label = |channel: Channel| match channel {
        Channel::Email => voice.c_email(),
        Channel::Sms => voice.c_sms(),
        Channel::Push => voice.c_push(),
        Channel::Call => voice.c_call(),
    };
    let cell = |topic: Topic, channel: Option<Channel>, label: &'static str| Cell {
        topic,
        channel,
        name: match channel {
            Some(channel) => format!("{}.{}", topic.as_str(), channel.as_str()),
            None => topic.as_str().to_owned(),
        },
        label,
        on: is_on(person, topic, channel),
    };
    use Channel::{Call, Email, Push, Sms};
    let purposes: [(Topic, &'static str, &'static str, &[Channel]); 6] = [
        (
            Topic::Service,
            voice.t_service(),
            voice.t_service_hint(),
            &[Sms, Push],
        ),
        (
            Topic::Care,
            voice.t_care(),
            voice.t_care_hint(),
            &[Email, Sms, Push],
        ),
        (
            Topic::Feedback,
            voice.t_feedback(),
            voice.t_feedback_hint(),
            &[Email, Sms, Push, Call],
        ),
        (
            Topic::Cart,
            voice.t_cart(),
            voice.t_cart_hint(),
            &[Email, Sms, Push],
        ),
        (
            Topic::MarketingSimilar,
            voice.t_similar(),
            voice.t_similar_hint(),
            &[Email, Sms, Push, Call],
        ),
        (
            Topic::Marketing,
            voice.t_marketing(),
            voice.t_marketing_hint(),
            &[Email, Sms, Push, Call],
        ),
    ];
    let mut groups: Vec<Group> = purposes
        .into_iter()
        .map(|(topic, title, hint, channels)| Group {
            name: topic.as_str(),
            title,
            hint,
            cells: channels
                .iter()
                .filter(|channel| reachable(topic, **channel))
                .map(|channel| cell(topic, Some(*channel), label(*channel)))
                .collect(),
        })
        .filter(|group| !group.cells.is_empty())
        .collect();
    groups.push(Group {
        name: "measuring",
        title: voice.pref_measure(),
        hint: voice.pref_measure_hint(),
        cells: vec![
            cell(Topic::TrackingOpen, None, voice.t_open()),
            cell(Topic::TrackingClick, None, voice.t_click()),
            cell(Topic::Profiling, None, voice.t_profiling()),
        ],
    });
    groups
}

/// The act of saying yes or no, as the person's record stands.
pub(crate) fn act(
    person: &Customer,
    topic: Topic,
    channel: Option<Channel>,
    yes: bool,
    voice: Voice,
) -> ConsentAct {
    let state = if yes {
        // Said from a link that was sent to the person's own address: as good as a double opt-in (PRIV-04).
        ConsentState::Confirmed
    } else if matches!(
        person.consents.state(topic, channel),
        ConsentState::Confirmed | ConsentState::Granted
    ) {
        ConsentState::Withdrawn
    } else if comes_unless_refused(topic, channel) {
        ConsentState::Objected
    } else {
        ConsentState::Refused
    };
    ConsentAct {
        topic,
        channel,
        state,
        source: ConsentSource::PreferenceCentre,
        text_version: Some(TEXT_VERSION.to_owned()),
        form: Some("preference_centre".to_owned()),
        language: Some(voice.tag().to_owned()),
        proof: None,
    }
}

/// The acts that lead from the record to what the person wants: one for each switch that moves.
pub(crate) fn changes(
    person: &Customer,
    groups: &[Group],
    voice: Voice,
    wanted: impl Fn(&Cell) -> bool,
) -> Vec<ConsentAct> {
    groups
        .iter()
        .flat_map(|group| &group.cells)
        .filter(|cell| wanted(cell) != cell.on)
        .map(|cell| act(person, cell.topic, cell.channel, !cell.on, voice))
        .collect()
}

pub(crate) async fn show(
    State(app): State<App>,
    Path(token): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let Some(Token::Preferences { shop, customer }) = app.engine.tokens().open(&token) else {
        return Err(PageError::Missing);
    };
    let shop = shop_of(&app, shop)?;
    let person = person_of(&app, shop.id, customer).await?;
    let voice = Voice::choose(&shop.settings, asked.lang.as_deref(), person.locale);
    let page = PreferencesPage {
        intro: fill(voice.pref_intro(), &[("shop", &shop.settings.name)]),
        for_whom: person
            .emails
            .first()
            .map(|email| fill(voice.pref_for(), &[("address", &masked(email))])),
        action: format!("/p/{token}?lang={}", voice.tag()),
        proof: app.form_proof(FORM, &token),
        groups: groups(&person, voice),
        frame: Frame::new(&shop.settings, voice, voice.pref_title().to_owned()),
    };
    Ok(shop_page(&page.frame, &page))
}

pub(crate) async fn save(
    State(app): State<App>,
    Path(token): Path<String>,
    Query(asked): Query<Asked>,
    body: Body,
) -> Result<Response, PageError> {
    let Some(Token::Preferences { shop, customer }) = app.engine.tokens().open(&token) else {
        return Err(PageError::Missing);
    };
    let form = form(body).await?;
    if !app.form_proof_holds(FORM, &token, field(&form, "proof").unwrap_or_default()) {
        return Err(PageError::Form);
    }
    let shop = shop_of(&app, shop)?;
    let person = person_of(&app, shop.id, customer).await?;
    let voice = Voice::choose(&shop.settings, asked.lang.as_deref(), person.locale);
    let groups = groups(&person, voice);
    let acts = match field(&form, "do") {
        Some("stop_measuring") => stop_measuring(&person, voice),
        Some("only_orders") => changes(&person, &groups, voice, |_| false),
        _ => changes(&person, &groups, voice, |cell| {
            field(&form, &cell.name).is_some()
        }),
    };
    let changed = !acts.is_empty();
    record(&app, shop.id, person.id, acts).await?;
    let page = AskPage {
        frame: Frame::new(&shop.settings, voice, voice.pref_title().to_owned()),
        title: if changed {
            voice.pref_saved()
        } else {
            voice.pref_unchanged()
        }
        .to_owned(),
        hint: changed.then(|| voice.pref_saved_next().to_owned()),
        ask: None::<Ask>,
        link: Some(Link {
            href: format!("/p/{token}?lang={}", voice.tag()),
            label: voice.pref_back(),
        }),
    };
    Ok(shop_page(&page.frame, &page))
}

/// "Stop measuring opens and clicks, keep the e-mails": recorded even where nothing was ever said, because unknown may
/// still be counted in aggregate.
pub(crate) fn stop_measuring(person: &Customer, voice: Voice) -> Vec<ConsentAct> {
    [Topic::TrackingOpen, Topic::TrackingClick]
        .into_iter()
        .filter(|topic| !person.consents.state(*topic, None).is_negative())
        .map(|topic| act(person, topic, None, false, voice))
        .collect()
}

/// `g•••@example.it`: enough to recognise one's own address, too little for whoever the page was forwarded to.
fn masked(email: &str) -> String {
    match email.split_once('@') {
        Some((local, domain)) => {
            format!(
                "{}•••@{domain}",
                local.chars().next().map(String::from).unwrap_or_default()
            )
        }
        None => "•••".to_owned(),
    }
}
