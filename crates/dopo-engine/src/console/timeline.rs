//! A person's story, newest first: what they ordered, where it went, what they agreed to, what was sent, and for every
//! message why it was or was not.

use crate::Engine;
use crate::ports::{NoteRow, StoreError, TaskRow};
use dopo_core::advance::{LedgerRow, Shop};
use dopo_core::consent::ConsentSource;
use dopo_core::customer::Customer;
use dopo_core::id::OrderId;
use dopo_core::italy::Locale;
use dopo_core::italy::format;
use dopo_core::journey::graph::Text;
use dopo_core::journey::{Phase, Run};
use dopo_core::message::{Message, MessageStatus};
use dopo_core::order::{Order, ProblemKind, ReturnState};
use dopo_core::parcel::{
    DepotHold, HoldAction, HoldOutcome, InstructedBy, LookAnswer, LookAsked, ParcelState,
};
use dopo_core::words;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

/// Notes of one person that are looked at.
const NOTES_MAX: usize = 200;

/// Where an entry stands in the story: later first, then by id.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Place {
    /// Microseconds since 1970.
    pub at_us: i64,
    /// Id of the entry.
    pub id: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.at_us, self.id)
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (at, id) = text.split_once(':').ok_or(())?;
        Ok(Place {
            at_us: at.parse().map_err(|_| ())?,
            id: id.to_owned(),
        })
    }
}

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// `message`, `order`, `parcel`, `consent`, `journey`, `task`, `note`, `return`.
    pub kind: &'static str,
    /// Unique in the story.
    pub id: String,
    /// What, Italian.
    pub title_it: String,
    /// What, English.
    pub title_en: String,
    /// More, Italian.
    pub detail_it: Option<String>,
    /// More, English.
    pub detail_en: Option<String>,
    /// `neutral`, `good`, `attention`, `bad`.
    pub tone: &'static str,
    /// The message with its order's number.
    pub message: Option<(Message, Option<String>)>,
    /// The order.
    pub order: Option<Order>,
    /// The thing to look at: (`orders` or `messages`, id).
    about: Option<(&'static str, String)>,
}

impl Entry {
    fn new(kind: &'static str, id: String, at: Timestamp, it: String, en: String) -> Self {
        Entry {
            at,
            kind,
            id,
            title_it: it,
            title_en: en,
            detail_it: None,
            detail_en: None,
            tone: "neutral",
            message: None,
            order: None,
            about: None,
        }
    }

    fn detail(mut self, it: String, en: String) -> Self {
        if !it.is_empty() {
            self.detail_it = Some(it);
        }
        if !en.is_empty() {
            self.detail_en = Some(en);
        }
        self
    }

    fn tone(self, tone: &'static str) -> Self {
        Entry { tone, ..self }
    }

    fn about(mut self, page: &'static str, id: impl fmt::Display) -> Self {
        self.about = Some((page, id.to_string()));
        self
    }

    /// Where it stands.
    pub fn place(&self) -> Place {
        Place {
            at_us: self.at.as_microsecond(),
            id: self.id.clone(),
        }
    }

    /// Where in the console to read more.
    pub fn link(&self) -> Option<String> {
        let (page, id) = self.about.as_ref()?;
        Some(format!("/console/{page}/{id}"))
    }
}

impl Engine {
    /// Up to `limit` entries of a person's story before a place in it, newest first.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn timeline(
        &self,
        shop: &Shop,
        person: &Customer,
        before: Option<Place>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let (file, notes) = tokio::try_join!(
            self.store().person_file(shop.id, person.id),
            self.store().notes_of(shop.id, person.id, NOTES_MAX),
        )?;
        let zone = TimeZone::get(&shop.settings.time_zone).unwrap_or(TimeZone::UTC);
        let numbers: HashMap<OrderId, String> = file
            .orders
            .iter()
            .map(|order| (order.id, order.snapshot.number.clone()))
            .collect();
        let number = |id: Option<OrderId>| id.and_then(|id| numbers.get(&id).cloned());
        let mut story: Vec<Entry> = Vec::new();
        for message in file.messages {
            let number = number(message.order_id);
            let title = self.template_title(shop.id, &message.send.template);
            story.push(of_message(message, number, &title, &zone));
        }
        for order in file.orders {
            of_order(order, &mut story);
        }
        story.extend(file.ledger.iter().map(of_consent));
        for run in &file.runs {
            of_run(shop, run, number(run.key.order), &mut story);
        }
        for task in &file.tasks {
            of_task(task, &mut story);
        }
        story.extend(notes.into_iter().map(of_note));
        if let Some(before) = before {
            story.retain(|entry| entry.place() < before);
        }
        story.sort_by_cached_key(|entry| std::cmp::Reverse(entry.place()));
        story.truncate(limit);
        Ok(story)
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// The line that says why a message is where it is.
fn why(message: &Message, locale: Locale) -> &'static str {
    let left = matches!(
        message.status,
        MessageStatus::Sent | MessageStatus::Captured | MessageStatus::Bounced
    );
    match (&message.grant, message.reason) {
        (Some(grant), reason) if left || reason.is_none() => grant.basis.words(locale),
        (_, Some(reason)) => reason.words(locale),
        _ => "",
    }
}

fn of_message(message: Message, number: Option<String>, title: &Text, zone: &TimeZone) -> Entry {
    let say = |locale: Locale| {
        let status = words::message(message.status).pick(locale);
        let channel = words::channel(message.channel()).pick(locale);
        format!(
            "{status}: {} ({channel})",
            locale.pick(&title.it, &title.en)
        )
    };
    let moment = |at: Timestamp, locale| {
        let at = at.to_zoned(zone.clone());
        let day = format::date_day_month(at.date(), locale);
        format!("{day}, {}", format::time(at.time()))
    };
    let detail = |locale: Locale| {
        let mut parts = vec![why(&message, locale).to_owned()];
        if let Some(failure) = &message.failure {
            parts.push(format!("{failure}."));
        }
        if let Some(at) = message.opened_at {
            let word = locale.pick("Aperto il", "Opened on");
            parts.push(format!("{word} {}.", moment(at, locale)));
        }
        if let Some(at) = message.clicked_at {
            let word = locale.pick("Clic il", "Clicked on");
            parts.push(format!("{word} {}.", moment(at, locale)));
        }
        parts.retain(|part| !part.is_empty());
        parts.join(" ")
    };
    let tone = match message.status {
        MessageStatus::Sent | MessageStatus::Captured => "good",
        MessageStatus::HeldBack | MessageStatus::InDoubt => "attention",
        MessageStatus::Failed | MessageStatus::Bounced => "bad",
        MessageStatus::Queued | MessageStatus::Sending | MessageStatus::LeftToPlatform => "neutral",
    };
    let at = message.sent_at.unwrap_or(message.decided_at);
    let mut entry = Entry::new(
        "message",
        format!("message-{}", message.id),
        at,
        say(Locale::It),
        say(Locale::En),
    )
    .detail(detail(Locale::It), detail(Locale::En))
    .tone(tone)
    .about("messages", message.id);
    entry.message = Some((message, number));
    entry
}

fn of_order(order: Order, story: &mut Vec<Entry>) {
    let (id, snapshot) = (order.id, &order.snapshot);
    let number = snapshot.number.clone();
    let pieces: i64 = snapshot
        .lines
        .iter()
        .map(|line| i64::from(line.quantity))
        .sum();
    let say = |locale: Locale| {
        let (one, other) = locale.pick(("articolo", "articoli"), ("item", "items"));
        let things = format::count(pieces, one, other, locale);
        format!("{things}, {}", format::amount(snapshot.total, locale))
    };
    if let Some(at) = snapshot.cancelled_at {
        story.push(
            Entry::new(
                "order",
                format!("order-{id}-cancelled"),
                at,
                format!("Ordine {number} annullato"),
                format!("Order {number} cancelled"),
            )
            .tone("attention")
            .about("orders", id),
        );
    }
    for told in &order.returns {
        let words = words::returning(told.state);
        let tone = match told.state {
            ReturnState::Requested => "attention",
            _ => "neutral",
        };
        story.push(
            Entry::new(
                "return",
                format!("return-{id}-{}", told.external_id),
                told.at,
                format!("{}: ordine {number}", words.it),
                format!("{}: order {number}", words.en),
            )
            .tone(tone)
            .about("orders", id),
        );
    }
    for parcel in &order.tracked {
        for (n, known) in parcel.checkpoints.iter().enumerate() {
            let scan = &known.checkpoint;
            let words = words::parcel(scan.state);
            let (it, en, tone) = match (known.revoked_at, scan.state) {
                (Some(_), _) => (
                    format!("Smentito dal corriere: {}", words.it.to_lowercase()),
                    format!("Taken back by the carrier: {}", words.en.to_lowercase()),
                    "attention",
                ),
                (None, state) if state.is_possession() => {
                    (words.it.to_owned(), words.en.to_owned(), "good")
                }
                (None, state) if state.needs_somebody() => {
                    (words.it.to_owned(), words.en.to_owned(), "attention")
                }
                (None, ParcelState::Lost) => (words.it.to_owned(), words.en.to_owned(), "bad"),
                _ => (words.it.to_owned(), words.en.to_owned(), "neutral"),
            };
            let place = scan.place.as_deref().unwrap_or_default();
            let carrier = parcel.snapshot.carrier.as_deref().unwrap_or_default();
            let mut detail: Vec<&str> = vec![&number, carrier, place];
            detail.retain(|part| !part.is_empty());
            let detail = detail.join(", ");
            story.push(
                Entry::new(
                    "parcel",
                    format!("parcel-{id}-{}-{n}", parcel.seq),
                    scan.at,
                    it,
                    en,
                )
                .detail(detail.clone(), detail)
                .tone(tone)
                .about("orders", id),
            );
        }
        for (n, hold) in parcel.holds.iter().enumerate() {
            story.extend(of_hold(&order, parcel.seq, n, hold));
        }
        let asked = parcel.asked.iter();
        story.extend(asked.map(|ask| of_ask(&order, parcel.seq, ask)));
    }
    for (n, problem) in order.problems.iter().enumerate() {
        let (it, en) = match problem.kind {
            ProblemKind::NotReceived => ("Pacco non ricevuto", "Parcel not received"),
            ProblemKind::Damaged => ("Merce arrivata danneggiata", "Goods came damaged"),
            ProblemKind::WrongItem => ("Articolo sbagliato", "Wrong item"),
            ProblemKind::Missing => ("Manca qualcosa", "Something is missing"),
            ProblemKind::Other => ("Problema segnalato", "Problem reported"),
        };
        let text = problem.text.clone().unwrap_or_default();
        story.push(
            Entry::new(
                "order",
                format!("order-{id}-problem-{n}"),
                problem.at,
                format!("{it}: ordine {number}"),
                format!("{en}: order {number}"),
            )
            .detail(text.clone(), text)
            .tone("attention")
            .about("orders", id),
        );
    }
    let mut entry = Entry::new(
        "order",
        format!("order-{id}"),
        snapshot.placed_at,
        format!("Ordine {number}"),
        format!("Order {number}"),
    )
    .detail(say(Locale::It), say(Locale::En))
    .tone("good")
    .about("orders", id);
    entry.order = Some(order);
    story.push(entry);
}

/// That its person or the shop had the courier asked for a parcel, and what it said.
fn of_ask(order: &Order, seq: u16, ask: &LookAsked) -> Entry {
    let (id, number) = (order.id, &order.snapshot.number);
    let (it, en) = match ask.answer {
        None => ("nessuna risposta finora", "no answer so far"),
        Some(LookAnswer::News) => ("ha risposto con una novità", "it answered with news"),
        Some(LookAnswer::Same) => ("nessuna novità", "no news"),
        Some(LookAnswer::Unknown) => (
            "di questo pacco non sa dire niente",
            "it can tell nothing about this parcel",
        ),
    };
    let (who_it, who_en) = if ask.by_shop {
        ("Il negozio", "The shop")
    } else {
        ("Il cliente", "The customer")
    };
    Entry::new(
        "parcel",
        format!("ask-{id}-{seq}-{}", ask.at.as_microsecond()),
        ask.at,
        format!("{who_it} ha fatto chiedere al corriere"),
        format!("{who_en} had the carrier asked"),
    )
    .detail(format!("{number}, {it}"), format!("{number}, {en}"))
    .about("orders", id)
}

/// Who said what shall be done with a held parcel, and what the courier made of it.
fn of_hold(order: &Order, seq: u16, n: usize, hold: &DepotHold) -> Option<Entry> {
    let (answer, at) = (hold.answer.as_ref()?, hold.answered_at?);
    let (id, number) = (order.id, &order.snapshot.number);
    let (who_it, who_en) = match hold.by {
        Some(InstructedBy::Buyer) => ("Il cliente", "The customer"),
        _ => ("Il negozio", "The shop"),
    };
    let (it, en) = match answer.action {
        HoldAction::Redeliver => ("chiede di riconsegnare", "asks to deliver again"),
        HoldAction::OtherAddress => (
            "chiede di consegnare a un altro indirizzo",
            "asks to deliver to another address",
        ),
        HoldAction::Collect => ("chiede di ritirare", "asks to fetch it"),
        HoldAction::SendBack => ("chiede di rimandare al negozio", "asks to send it back"),
    };
    let (done_it, done_en, tone) = match &hold.outcome {
        None | Some(HoldOutcome::Asked) => (
            "in viaggio verso il corriere".to_owned(),
            "on its way to the carrier".to_owned(),
            "neutral",
        ),
        Some(HoldOutcome::Accepted { .. }) => (
            "accettato dal corriere".to_owned(),
            "accepted by the carrier".to_owned(),
            "good",
        ),
        Some(HoldOutcome::Deferred) => (
            "consegnato al corriere".to_owned(),
            "handed to the carrier".to_owned(),
            "neutral",
        ),
        Some(HoldOutcome::Refused { why }) => (
            format!("rifiutato dal corriere: {why}"),
            format!("refused by the carrier: {why}"),
            "bad",
        ),
        Some(HoldOutcome::ByHand) => (
            "il corriere va chiamato".to_owned(),
            "the carrier must be called".to_owned(),
            "attention",
        ),
    };
    let entry = Entry::new(
        "parcel",
        format!("hold-{id}-{seq}-{n}"),
        at,
        format!("{who_it} {it}"),
        format!("{who_en} {en}"),
    );
    Some(
        entry
            .detail(
                format!("{number}, {done_it}"),
                format!("{number}, {done_en}"),
            )
            .tone(tone)
            .about("orders", id),
    )
}

fn of_consent(row: &LedgerRow) -> Entry {
    let act = &row.act;
    let say = |locale: Locale| {
        let on = act.channel.map_or_else(String::new, |channel| {
            format!(" ({})", words::channel(channel).pick(locale))
        });
        format!(
            "{}: {}{on}",
            words::consent(act.state).pick(locale),
            words::topic(act.topic).pick(locale)
        )
    };
    let (it, en) = match act.source {
        ConsentSource::PreferenceCentre => {
            ("Dalla pagina delle preferenze", "On the preference page")
        }
        ConsentSource::Form => ("In un modulo del negozio", "In a form of the shop"),
        ConsentSource::Checkout => ("Al momento dell'acquisto", "At the checkout"),
        ConsentSource::Platform => (
            "Lo dice la piattaforma del negozio",
            "Told by the shop's platform",
        ),
        ConsentSource::Api => ("Ricevuto con le API", "Told through the API"),
        ConsentSource::Import => ("Da un file importato", "From an imported file"),
        ConsentSource::Complaint => ("Segnalazione di spam", "A spam complaint"),
        ConsentSource::Operator => (
            "Inserito da chi lavora nel negozio",
            "Entered by the shop's people",
        ),
    };
    let tone = if act.state.is_negative() {
        "attention"
    } else {
        "good"
    };
    Entry::new(
        "consent",
        format!("consent-{}", row.id),
        row.at,
        say(Locale::It),
        say(Locale::En),
    )
    .detail(it.to_owned(), en.to_owned())
    .tone(tone)
}

fn of_run(shop: &Shop, run: &Run, number: Option<String>, story: &mut Vec<Entry>) {
    let known = shop
        .journeys
        .get(&(run.journey.clone(), run.journey_version));
    let (it, en) = known.map_or((run.journey.as_str(), run.journey.as_str()), |journey| {
        (journey.name_it.as_str(), journey.name_en.as_str())
    });
    let order = number.unwrap_or_default();
    story.push(
        Entry::new(
            "journey",
            format!("run-{}", run.id),
            run.state.started_at,
            format!("Inizia il percorso «{it}»"),
            format!("The journey “{en}” begins"),
        )
        .detail(order.clone(), order),
    );
    if let Phase::Closed { why, at } = run.state.phase {
        let words = words::closed(why);
        story.push(
            Entry::new(
                "journey",
                format!("run-{}-closed", run.id),
                at,
                format!("Finisce il percorso «{it}»"),
                format!("The journey “{en}” ends"),
            )
            .detail(words.it.to_owned(), words.en.to_owned()),
        );
    }
}

fn of_task(row: &TaskRow, story: &mut Vec<Entry>) {
    let task = &row.task;
    story.push(
        Entry::new(
            "task",
            format!("task-{}", task.effect),
            task.opened_at,
            format!("Attività: {}", task.task.title),
            format!("Task: {}", task.task.title),
        )
        .tone(if row.done_at.is_none() {
            "attention"
        } else {
            "neutral"
        }),
    );
    if let Some(at) = row.done_at {
        story.push(
            Entry::new(
                "task",
                format!("task-{}-done", task.effect),
                at,
                format!("Fatto: {}", task.task.title),
                format!("Done: {}", task.task.title),
            )
            .tone("good"),
        );
    }
}

fn of_note(note: NoteRow) -> Entry {
    let entry = Entry::new(
        "note",
        format!("note-{}", note.id),
        note.at,
        format!("Nota di {}", note.author),
        format!("Note by {}", note.author),
    )
    .detail(capital(&note.text), capital(&note.text));
    match note.order_id {
        Some(order) => entry.about("orders", order),
        None => entry,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_story_is_read_back() {
        let place = Place {
            at_us: 1_800_000_000_000_000,
            id: "message-00ab".into(),
        };
        assert_eq!(place.to_string().parse(), Ok(place));
        assert_eq!("x".parse::<Place>(), Err(()));
    }
}
