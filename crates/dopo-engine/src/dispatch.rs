//! Handing messages over: claim, ask the gate once more, render, send, record. No transaction is open during a call.

use crate::Engine;
use crate::console::live::Topics;
use crate::intake::NewIntake;
use crate::ports::{CLAIM_MAX, Claimed, Delivery, Envelope, Finish, Finished, Rendered, Rendering};
use crate::render::{self, ContextInput, Links, Prepared};
use crate::shops::LiveShop;
use crate::short_links::Piece;
use crate::tokens::Token;
use crate::worker::{DISPATCH_POLL, pause};
use dopo_core::advance::{HandOver, Shop, count_hand_over, permit_leaving};
use dopo_core::consent::{Channel, Purpose};
use dopo_core::counter::{Counters, Name};
use dopo_core::event::{Event, Origin};
use dopo_core::gate::{Decision, Grant, Reason};
use dopo_core::id::ShopId;
use dopo_core::italy::Locale;
use dopo_core::italy::hours::zone_named;
use dopo_core::message::Message;
use dopo_core::product::{Product, may_show, similar_categories};
use dopo_core::shop::TrackingMode;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Hand-overs of one message before it is a dead letter.
pub const ATTEMPTS_MAX: u16 = 12;
/// Longest wait between two tries.
const RETRY_HOURS_MAX: i64 = 6;
/// Products shown in one message.
const PRODUCTS_MAX: usize = 3;
/// Products asked for at once, from which each message of a batch takes its own.
const PRODUCTS_ASKED_MAX: usize = 64;

/// A message that the gate let pass, before it is rendered.
struct Permitted {
    live: Arc<LiveShop>,
    grant: Grant,
    template: Arc<Prepared>,
    wants: Wants,
}

/// What a template wants to be shown of the shop's goods.
enum Wants {
    Nothing,
    /// Goods of these platform categories.
    Similar(Vec<String>),
    /// The products of the order itself, for the shop's guides to them.
    Bought,
}

/// What a claimed message turned into before it is sent.
enum Ready {
    /// It leaves as this.
    Send {
        envelope: Box<Envelope>,
        grant: Grant,
        rendering: Rendering,
    },
    /// It stays.
    Stay(Finish),
}

pub(crate) async fn dispatch_loop(
    engine: Arc<Engine>,
    channel: Channel,
    mut stop: watch::Receiver<bool>,
) {
    while !*stop.borrow() {
        let bell = engine.bells.channel(channel).notified();
        tokio::pin!(bell);
        // Registered before looking, so that a ring in between is not missed.
        bell.as_mut().enable();
        match dispatch_once(&engine, channel).await {
            Ok(0) => {
                tokio::select! {
                    () = &mut bell => {}
                    stopped = pause(&mut stop, DISPATCH_POLL) => if stopped { return },
                }
            }
            Ok(_) => {}
            Err(error) => {
                metrics::counter!("dopo_store_errors_total").increment(1);
                tracing::error!(%error, "messages could not be claimed or recorded");
                if pause(&mut stop, DISPATCH_POLL * 10).await {
                    return;
                }
            }
        }
    }
}

/// Claims one chunk of a channel and sees it through. Returns how many were claimed.
pub(crate) async fn dispatch_once(
    engine: &Arc<Engine>,
    channel: Channel,
) -> Result<usize, crate::ports::StoreError> {
    let now = engine.now();
    let claimed = engine
        .store
        .claim_effects(engine.node, channel, now, CLAIM_MAX)
        .await?;
    if claimed.is_empty() {
        return Ok(0);
    }
    let count = claimed.len();
    let in_hand = engine.remember_in_hand(&claimed);
    if count == CLAIM_MAX {
        // There is more than one worker's share: wake another one for the rest.
        engine.bells.channel(channel).notify_one();
    }
    let mut counters = Counters::default();
    let mut finished = Vec::with_capacity(count);
    let mut follow_ups: BTreeMap<ShopId, Vec<NewIntake>> = BTreeMap::new();
    let mut leaving: Vec<(Claimed, Grant, Rendering)> = Vec::with_capacity(count);
    let mut envelopes = Vec::with_capacity(count);
    let permitted: Vec<_> = claimed
        .into_iter()
        .map(|claimed| {
            let word = permit(engine, &claimed, now);
            (claimed, word)
        })
        .collect();
    let shelf = Shelf::fetch(engine, &permitted).await;
    let mut made: Vec<(Claimed, Ready)> = permitted
        .into_iter()
        .map(|(claimed, word)| {
            let ready = match word {
                Ok(permitted) => prepare(engine, &claimed, permitted, &shelf, now),
                Err(finish) => Ready::Stay(*finish),
            };
            (claimed, ready)
        })
        .collect();
    if channel == Channel::Sms {
        shorten(engine, &mut made, now).await;
    }
    for (claimed, ready) in made {
        match ready {
            Ready::Stay(finish) => {
                if let Finish::HeldBack { .. } = &finish {
                    let event = Event::MessageHeldBack {
                        message: claimed.message.id,
                    };
                    let intake = follow_up(&claimed, event, "held-back", now);
                    follow_ups.entry(claimed.shop).or_default().push(intake);
                }
                settle(engine, &claimed, finish, &mut counters, &mut finished);
            }
            Ready::Send {
                envelope,
                grant,
                rendering,
            } => {
                let live = engine
                    .shop(claimed.shop)
                    .is_some_and(|shop| shop.settings.is_live());
                if live && channel == Channel::Email && engine.mail.is_some() {
                    envelopes.push(*envelope);
                    leaving.push((claimed, grant, rendering));
                } else {
                    let finish = Finish::Sent {
                        at: engine.now(),
                        captured: true,
                        grant,
                        rendering,
                    };
                    settle(engine, &claimed, finish, &mut counters, &mut finished);
                }
            }
        }
    }
    if let Some(mail) = &engine.mail
        && !envelopes.is_empty()
    {
        let deliveries = mail.send(envelopes).await;
        let at = engine.now();
        for ((claimed, grant, rendering), delivery) in leaving.into_iter().zip(deliveries) {
            let finish = match delivery {
                Delivery::Done => Finish::Sent { at, captured: false, grant, rendering },
                Delivery::Retry { after, why } => retry(&claimed, at, after, why),
                Delivery::Fail { kind, why } => {
                    let event = Event::MessageBounced { message: claimed.message.id, kind };
                    let intake = follow_up(&claimed, event, "failed", at);
                    follow_ups.entry(claimed.shop).or_default().push(intake);
                    Finish::Failed { why }
                }
                Delivery::InDoubt { .. } if claimed.message.send.purpose.repeats_when_in_doubt() => {
                    Finish::Retry { at, why: "the connection broke before the answer: handed over again under the same Message-ID".to_owned() }
                }
                Delivery::InDoubt { why } => Finish::InDoubt { why },
            };
            settle(engine, &claimed, finish, &mut counters, &mut finished);
        }
    }
    let shops: std::collections::BTreeSet<ShopId> =
        finished.iter().map(|finished| finished.shop).collect();
    let told = engine.words_of(&in_hand, &finished);
    let anything = !told.is_empty();
    engine
        .store
        .finish_effects(finished, counters, told)
        .await?;
    if anything {
        engine.outbox.bell.notify_one();
    }
    for shop in shops {
        engine
            .live
            .tell(Some(shop), Topics::MESSAGES.and(Topics::COUNTERS));
    }
    for (shop, intakes) in follow_ups {
        if let Err(error) = engine.ingest(shop, intakes).await {
            tracing::error!(%error, "what followed from a hand-over could not be recorded");
        }
    }
    Ok(count)
}

/// What happened to a message, as an event of ours.
fn follow_up(claimed: &Claimed, event: Event, what: &str, at: Timestamp) -> NewIntake {
    NewIntake {
        source: "engine".to_owned(),
        external_id: format!("{what}:{}:{}", claimed.message.id, claimed.message.attempts),
        topic: event.kind().to_owned(),
        body: None,
        events: vec![(at, event)],
        note: None,
        failed: false,
        origin: Origin::Live,
    }
}

/// Puts a message off after the channel said *not now*, longer each time, or gives it up.
fn retry(claimed: &Claimed, at: Timestamp, after: std::time::Duration, why: String) -> Finish {
    if claimed.message.attempts >= ATTEMPTS_MAX {
        return Finish::Failed {
            why: format!("given up after {ATTEMPTS_MAX} tries: {why}"),
        };
    }
    let growing = 30_i64 << claimed.message.attempts.min(10);
    let asked = i64::try_from(after.as_secs()).unwrap_or(0);
    let seconds = growing.max(asked).min(RETRY_HOURS_MAX * 3_600);
    Finish::Retry {
        at: at
            .checked_add(SignedDuration::from_secs(seconds))
            .unwrap_or(Timestamp::MAX),
        why,
    }
}

/// Notes what became of a claim, and moves its counters.
fn settle(
    engine: &Engine,
    claimed: &Claimed,
    finish: Finish,
    counters: &mut Counters,
    finished: &mut Vec<Finished>,
) {
    let message = &claimed.message;
    let dim = format!(
        "{}/{}/{}",
        message.journey,
        message.send.step,
        message.channel().as_str()
    );
    if let Some(shop) = engine.shop(claimed.shop) {
        let zone = zone_named(&shop.settings.time_zone).unwrap_or(TimeZone::UTC);
        let day = zone.to_datetime(engine.now()).date();
        let hand_over = match &finish {
            Finish::Sent { at, grant, .. } => Some(HandOver::Left { at: *at, grant }),
            Finish::HeldBack { why } => Some(HandOver::HeldBack { why: *why }),
            Finish::Deferred { .. }
            | Finish::Retry { .. }
            | Finish::Failed { .. }
            | Finish::InDoubt { .. } => None,
        };
        if let Some(hand_over) = hand_over {
            count_hand_over(
                counters,
                claimed.shop,
                day,
                message,
                &claimed.customer,
                claimed.order.as_ref(),
                hand_over,
            );
        }
        let mut count = |metric: &'static str, dim: Name, n: i64| {
            counters.add(claimed.shop, day, metric, dim, n)
        };
        match &finish {
            Finish::Sent {
                captured, grant, ..
            } => {
                count(
                    if *captured {
                        "messages.captured"
                    } else {
                        "messages.sent"
                    },
                    dim.into(),
                    1,
                );
                count("messages.basis", grant.basis.as_str().into(), 1);
            }
            Finish::HeldBack { why } => count(
                "messages.held_back",
                format!("{}/{dim}", why.as_str()).into(),
                1,
            ),
            Finish::Deferred { why, .. } => count(
                "messages.deferred",
                format!("{}/{dim}", why.as_str()).into(),
                1,
            ),
            Finish::Retry { .. } => count("messages.retried", dim.into(), 1),
            Finish::Failed { .. } => count("messages.failed", dim.into(), 1),
            Finish::InDoubt { .. } => count("messages.in_doubt", dim.into(), 1),
        }
    }
    let name = match &finish {
        Finish::Sent {
            captured: false, ..
        } => "sent",
        Finish::Sent { captured: true, .. } => "captured",
        Finish::HeldBack { .. } => "held_back",
        Finish::Deferred { .. } => "deferred",
        Finish::Retry { .. } => "retried",
        Finish::Failed { .. } => "failed",
        Finish::InDoubt { .. } => "in_doubt",
    };
    metrics::counter!("dopo_messages_total", "outcome" => name).increment(1);
    finished.push(Finished {
        shop: claimed.shop,
        message: message.id,
        finish,
    });
}

/// Asks the gate again with the facts of this moment, and finds the template of what may leave.
fn permit(engine: &Engine, claimed: &Claimed, now: Timestamp) -> Result<Permitted, Box<Finish>> {
    let Some(live) = engine.live_shop(claimed.shop) else {
        return Err(Box::new(Finish::HeldBack {
            why: Reason::ShopClosed,
        }));
    };
    let grant = match permit_leaving(
        &live.shop,
        &claimed.message,
        &claimed.customer,
        claimed.order.as_ref(),
        claimed.cart.as_ref(),
        now,
    ) {
        Decision::Allow(grant) => grant,
        Decision::Defer { until, why } => return Err(Box::new(Finish::Deferred { until, why })),
        Decision::Deny { why } => return Err(Box::new(Finish::HeldBack { why })),
    };
    let locale = claimed.customer.locale.unwrap_or(live.shop.settings.locale);
    let Some(template) = live.templates.get(&claimed.message.send.template, locale) else {
        let why = format!(
            "there is no template `{}`: publish it and replay this message",
            claimed.message.send.template
        );
        return Err(Box::new(Finish::Failed { why }));
    };
    let wants = if render::needs_products(&template) {
        let categories = similar_categories(&live.shop.settings, claimed.order.as_ref());
        Wants::Similar(categories)
    } else if render::needs_guides(&template) {
        Wants::Bought
    } else {
        Wants::Nothing
    };
    Ok(Permitted {
        live,
        grant,
        template,
        wants,
    })
}

/// Renders what may leave.
fn prepare(
    engine: &Engine,
    claimed: &Claimed,
    permitted: Permitted,
    shelf: &Shelf,
    now: Timestamp,
) -> Ready {
    let Permitted {
        live,
        grant,
        template,
        wants,
    } = permitted;
    let products = shelf.of(claimed, &wants);
    if products.is_empty() && matches!(wants, Wants::Similar(_)) {
        return Ready::Stay(Finish::HeldBack {
            why: Reason::NotSimilar,
        });
    }
    // A template that exists only in the other language gets that language's dates and amounts too.
    let locale = template.locale;
    match compose(
        engine, &live, claimed, &grant, &template, &products, locale, now,
    ) {
        Ok((envelope, rendering)) => Ready::Send {
            envelope: Box::new(envelope),
            grant,
            rendering,
        },
        Err(why) => Ready::Stay(Finish::Failed { why }),
    }
}

/// Gives texts short links (SMS-04). What cannot get them stays and is tried again.
async fn shorten(engine: &Engine, made: &mut [(Claimed, Ready)], now: Timestamp) {
    let mut pieces: Vec<Piece<'_>> = Vec::with_capacity(made.len());
    for (claimed, ready) in made.iter_mut() {
        let Some(shop) = engine.shop(claimed.shop) else {
            continue;
        };
        if let Ready::Send {
            envelope,
            rendering,
            ..
        } = ready
        {
            pieces.push(Piece {
                shop: claimed.shop,
                message: claimed.message.id,
                home: engine.pages_url(&shop).into_owned(),
                text: &mut envelope.body.text,
                context: &mut rendering.context,
            });
        }
    }
    let outcome = engine.shorten(&mut pieces).await;
    if let Err(error) = &outcome {
        metrics::counter!("dopo_store_errors_total").increment(1);
        tracing::error!(%error, "short links could not be stored");
    }
    for (claimed, ready) in made {
        if let Ready::Send {
            envelope,
            rendering,
            ..
        } = ready
        {
            match &outcome {
                Ok(()) => rendering.sha256 = digest(&envelope.body),
                Err(_) => {
                    let why = "its short links could not be stored".to_owned();
                    *ready = Ready::Stay(retry(claimed, now, Duration::ZERO, why));
                }
            }
        }
    }
}

/// The shop's goods that a batch of messages shows, each read once.
#[derive(Default)]
struct Shelf {
    /// Goods of some categories, those sold most first.
    similar: HashMap<(ShopId, Vec<String>), Vec<Product>>,
    /// Bought goods by the platform's id.
    bought: HashMap<(ShopId, String), Product>,
}

impl Shelf {
    async fn fetch(engine: &Engine, batch: &[(Claimed, Result<Permitted, Box<Finish>>)]) -> Self {
        let mut shelf = Shelf::default();
        let mut bought: BTreeMap<ShopId, BTreeSet<String>> = BTreeMap::new();
        for (claimed, word) in batch {
            match word.as_ref().map(|permitted| &permitted.wants) {
                Ok(Wants::Similar(categories)) if !categories.is_empty() => {
                    let key = (claimed.shop, categories.clone());
                    shelf.similar.entry(key).or_default();
                }
                Ok(Wants::Bought) => {
                    let lines = claimed.order.iter().flat_map(|o| &o.snapshot.lines);
                    let ids = lines.filter_map(|line| line.product_id.clone());
                    bought.entry(claimed.shop).or_default().extend(ids);
                }
                Ok(Wants::Similar(_) | Wants::Nothing) | Err(_) => {}
            }
        }
        for ((shop, categories), products) in &mut shelf.similar {
            let store = &engine.store;
            match store
                .products_like(*shop, categories, &[], PRODUCTS_ASKED_MAX)
                .await
            {
                Ok(found) => *products = found,
                Err(error) => tracing::error!(%error, "similar products could not be read"),
            }
        }
        for (shop, ids) in bought {
            let ids: Vec<String> = ids.into_iter().collect();
            if ids.is_empty() {
                continue;
            }
            match engine.store.products(shop, &ids).await {
                Ok(found) => shelf.bought.extend(
                    found
                        .into_iter()
                        .map(|product| ((shop, product.external_id.clone()), product)),
                ),
                // Without them the message leaves with general advice.
                Err(error) => tracing::error!(%error, "bought products could not be read"),
            }
        }
        shelf
    }

    /// What one message shows.
    fn of(&self, claimed: &Claimed, wants: &Wants) -> Vec<Product> {
        let order = claimed.order.as_ref();
        match wants {
            Wants::Nothing => Vec::new(),
            Wants::Similar(categories) => {
                let found = self.similar.get(&(claimed.shop, categories.clone()));
                let found = found.into_iter().flatten();
                found
                    .filter(|product| may_show(product, order))
                    .take(PRODUCTS_MAX)
                    .cloned()
                    .collect()
            }
            Wants::Bought => {
                let lines = order.iter().flat_map(|order| &order.snapshot.lines);
                let mut seen = BTreeSet::new();
                lines
                    .filter_map(|line| line.product_id.as_ref())
                    .filter(|id| seen.insert(*id))
                    .filter_map(|id| self.bought.get(&(claimed.shop, id.clone())))
                    .cloned()
                    .collect()
            }
        }
    }
}

/// Whether a message carries an unsubscribe link and the one-click headers (MAIL-03: never on `legal` and `service`).
fn can_unsubscribe(purpose: Purpose) -> bool {
    !matches!(purpose, Purpose::Legal | Purpose::Service)
}

/// The links of a message.
fn links(engine: &Engine, shop: &Shop, message: &Message, grant: &Grant) -> Links {
    let home = engine.pages_url(shop);
    let shop = shop.id;
    let address =
        |path: &str, token: &Token| format!("{home}/{path}/{}", engine.tokens.seal(token));
    let customer = message.customer_id;
    let campaign = || format!("{}/{}", message.journey, message.send.step);
    let email = message.channel() == Channel::Email;
    Links {
        order: message
            .order_id
            .map(|order| address("o", &Token::Order { shop, order })),
        preferences: address("p", &Token::Preferences { shop, customer }),
        unsubscribe: can_unsubscribe(message.send.purpose).then(|| {
            address(
                "u",
                &Token::Unsubscribe {
                    shop,
                    customer,
                    message: message.id,
                },
            )
        }),
        stop_measuring: (grant.tracking_open != TrackingMode::Off
            || grant.tracking_click != TrackingMode::Off)
            .then(|| address("m", &Token::StopMeasuring { shop, customer })),
        reminder: message.send.coupon.as_ref().map(|_| {
            address(
                "r",
                &Token::Reminder {
                    shop,
                    message: message.id,
                },
            )
        }),
        pixel: match grant.tracking_open {
            _ if !email => None,
            TrackingMode::Off => None,
            TrackingMode::Aggregate => Some(
                address(
                    "i",
                    &Token::OpenAggregate {
                        shop,
                        campaign: campaign(),
                    },
                ) + ".gif",
            ),
            TrackingMode::Identified => Some(
                address(
                    "i",
                    &Token::OpenIdentified {
                        shop,
                        message: message.id,
                    },
                ) + ".gif",
            ),
        },
        countdown: message.send.coupon.as_ref().map(|coupon| {
            address(
                "k",
                &Token::Countdown {
                    shop,
                    code: coupon.code.clone(),
                },
            ) + ".png"
        }),
    }
}

/// Renders a message and addresses it.
#[expect(
    clippy::too_many_arguments,
    reason = "everything a message is made of, named once"
)]
fn compose(
    engine: &Engine,
    live: &LiveShop,
    claimed: &Claimed,
    grant: &Grant,
    template: &Prepared,
    products: &[Product],
    locale: Locale,
    now: Timestamp,
) -> Result<(Envelope, Rendering), String> {
    let (shop, message) = (&*live.shop, &claimed.message);
    let links = links(engine, shop, message, grant);
    let home = engine.pages_url(shop);
    let link_number = std::cell::Cell::new(0_u16);
    let wrap = |url: &str| -> String {
        let token = match grant.tracking_click {
            TrackingMode::Off => return url.to_owned(),
            TrackingMode::Aggregate => Token::ClickAggregate {
                shop: shop.id,
                campaign: format!("{}/{}", message.journey, message.send.step),
                url: url.to_owned(),
            },
            TrackingMode::Identified => {
                let link = link_number.get();
                link_number.set(link.saturating_add(1));
                Token::ClickIdentified {
                    shop: shop.id,
                    message: message.id,
                    link,
                    url: url.to_owned(),
                }
            }
        };
        format!("{home}/c/{}", engine.tokens.seal(&token))
    };
    let context = render::context(&ContextInput {
        shop,
        message,
        customer: &claimed.customer,
        order: claimed.order.as_ref(),
        cart: claimed.cart.as_ref(),
        grant,
        products,
        links: &links,
        wrap: &wrap,
        locale,
        now,
    });
    let context = serde_json::to_value(&context).map_err(|error| error.to_string())?;
    let body = render::render(template, &context).map_err(|error| error.to_string())?;
    let rendering = Rendering {
        template: template.name.clone(),
        template_version: template.version,
        locale: locale.tag().to_owned(),
        sha256: digest(&body),
        context,
    };
    Ok((address(shop, claimed, &links, body, now), rendering))
}

fn digest(body: &Rendered) -> String {
    let mut hash = Sha256::new();
    for part in [&body.subject, &body.text, &body.html] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
}

/// Puts addresses and headers around a rendered message (MAIL-03, MAIL-08, RFC 8058).
fn address(
    shop: &Shop,
    claimed: &Claimed,
    links: &Links,
    body: Rendered,
    now: Timestamp,
) -> Envelope {
    let (message, settings) = (&claimed.message, &shop.settings);
    let domain = settings
        .from_email
        .rsplit('@')
        .next()
        .unwrap_or("localhost");
    let mut headers = Vec::with_capacity(5);
    if let Some(unsubscribe) = &links.unsubscribe {
        headers.push(("List-Unsubscribe", format!("<{unsubscribe}>")));
        headers.push((
            "List-Unsubscribe-Post",
            "List-Unsubscribe=One-Click".to_owned(),
        ));
        headers.push((
            "List-Id",
            format!("<{}.{}.{domain}>", message.send.purpose.as_str(), shop.slug),
        ));
    } else {
        headers.push(("Auto-Submitted", "auto-generated".to_owned()));
    }
    headers.push((
        "Feedback-ID",
        format!(
            "{}:{}:{}:dopo",
            message.send.step, message.journey, shop.slug
        ),
    ));
    let to = match message.channel() {
        Channel::Email => claimed.customer.email(),
        Channel::Sms | Channel::Push | Channel::Call => claimed.customer.phone(),
    };
    let full_name = dopo_core::italy::names::PersonName::new(
        claimed.customer.first_name.as_deref(),
        claimed.customer.last_name.as_deref(),
    )
    .full();
    Envelope {
        shop: shop.id,
        effect: message.id,
        message_id: format!("{}@{domain}", message.id),
        from: (settings.name.clone(), settings.from_email.clone()),
        envelope_from: settings.from_email.clone(),
        reply_to: settings.reply_to.clone(),
        to: (
            full_name.unwrap_or_default(),
            to.unwrap_or_default().to_owned(),
        ),
        date: now,
        headers,
        body,
    }
}

impl Engine {
    /// Shows a message again as it was made.
    ///
    /// # Errors
    /// When its template version is gone or does not render, in words.
    pub async fn render_message(
        &self,
        shop: ShopId,
        rendering: &Rendering,
    ) -> Result<Rendered, String> {
        let row = self
            .store
            .template(
                shop,
                &rendering.template,
                &rendering.locale,
                rendering.template_version,
            )
            .await
            .map_err(|error| error.to_string())?;
        // A message in a language without its own template was made from the Italian one.
        let row = match row {
            Some(row) => Some(row),
            None => self
                .store
                .template(shop, &rendering.template, "it", rendering.template_version)
                .await
                .map_err(|error| error.to_string())?,
        };
        let row = row.ok_or("the template version of this message is gone")?;
        let prepared = render::prepare_one(&row).map_err(|error| error.to_string())?;
        render::render(&prepared, &rendering.context).map_err(|error| error.to_string())
    }
}
