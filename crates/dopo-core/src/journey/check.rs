//! The one checker of journey documents: it says what is wrong, where, in Italian and English, and never panics.

use super::condition::reminder_label;
use super::document::{
    At, Document, Place, Send, Step, Unknown, read, sends_most, unknown_is_then,
};
use super::{Condition, Journey, KeyBy, NODES_MAX, WAIT_DAYS_MAX};
use crate::consent::{Channel, Purpose, Topic};
use crate::event::Moment;
use serde::Serialize;
use std::collections::BTreeMap;

/// Diagnostics of one document; what goes beyond is cut.
pub const DIAGNOSTICS_MAX: usize = 200;
/// Lowest and highest discount of a coupon, in percent.
pub const COUPON_PERCENT: std::ops::RangeInclusive<i64> = 1..=90;

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The journey cannot run.
    Error,
    /// It runs, and probably does not do what was meant.
    Warning,
    /// Worth knowing.
    Note,
}

/// One remark of the checker.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Line, from 1; 0 where none is known.
    pub line: u32,
    /// Column in characters, from 1; 0 where none is known.
    pub column: u32,
    /// Stable name of the kind of remark.
    pub code: &'static str,
    /// In Italian.
    pub it: String,
    /// In English.
    pub en: String,
}

/// Remarks collected while reading and checking.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    fn say(
        &mut self,
        severity: Severity,
        place: Place,
        code: &'static str,
        it: String,
        en: String,
    ) {
        if self.0.len() < DIAGNOSTICS_MAX {
            self.0.push(Diagnostic {
                severity,
                line: place.line,
                column: place.column,
                code,
                it,
                en,
            });
        }
    }

    /// Adds an error.
    pub fn error(&mut self, place: Place, code: &'static str, it: String, en: String) {
        self.say(Severity::Error, place, code, it, en);
    }

    /// Adds a warning.
    pub fn warning(&mut self, place: Place, code: &'static str, it: String, en: String) {
        self.say(Severity::Warning, place, code, it, en);
    }

    /// Adds a note.
    pub fn note(&mut self, place: Place, code: &'static str, it: String, en: String) {
        self.say(Severity::Note, place, code, it, en);
    }

    fn has_errors(&self) -> bool {
        self.0.iter().any(|d| d.severity == Severity::Error)
    }
}

/// Checks a document (YAML or JSON) against the templates that exist.
///
/// The journey comes back, as version 1, only when there is no error. Remarks are in the order of the text.
pub fn check(text: &str, known_templates: &[&str]) -> (Option<Journey>, Vec<Diagnostic>) {
    let mut out = Diagnostics::default();
    let document = read(text, &mut out);
    let mut journey = None;
    if let Some(document) = &document {
        check_document(document, known_templates, &mut out);
        if !out.has_errors() {
            let compiled = document.compile();
            if compiled.nodes.len() > NODES_MAX {
                out.error(
                    document.id.place,
                    "too_many_steps",
                    format!("Più di {NODES_MAX} passi: dividi il percorso."),
                    format!("More than {NODES_MAX} steps: split the journey."),
                );
            } else {
                journey = Some(compiled);
            }
        }
    }
    let mut remarks = out.0;
    remarks.sort_by_key(|d| (d.line, d.column));
    (journey, remarks)
}

/// The nearest of some names to a mistyped one, when it is near enough to be meant.
pub fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    const WORD_CHARS_MAX: usize = 64;
    if word.chars().count() > WORD_CHARS_MAX {
        return None;
    }
    let near = names.map(|name| (distance(word, name), name)).min()?;
    let enough = near.0 <= 1 + word.chars().count() / 4;
    enough.then_some(near.1)
}

/// Changed, added and dropped characters between two words.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = i;
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = corner + usize::from(x != *y);
            corner = row[j + 1];
            row[j + 1] = changed.min(corner + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

/// What a walk over the steps knows of where it is.
#[derive(Clone, Copy)]
struct Way {
    /// Messages that the way after this block sends at most.
    rest: usize,
    /// Inside a branch of an `if`.
    conditional: bool,
    /// Inside a branch where the person has agreed.
    agreed: bool,
}

struct Walk<'a> {
    document: &'a Document,
    templates: &'a [&'a str],
    /// First place of each message label, in the order of the text.
    labels: BTreeMap<&'a str, Place>,
    /// First place of each coupon label.
    coupons: BTreeMap<&'a str, Place>,
    steps: usize,
    /// Sends of unconditional SMS and of cart reminders without consent, by place.
    plain_sms: Vec<Place>,
    cart_sends: Vec<Place>,
}

fn check_document(document: &Document, templates: &[&str], out: &mut Diagnostics) {
    check_header(document, out);
    let mut walk = Walk {
        document,
        templates,
        labels: BTreeMap::new(),
        coupons: BTreeMap::new(),
        steps: 0,
        plain_sms: Vec::new(),
        cart_sends: Vec::new(),
    };
    let way = Way {
        rest: 0,
        conditional: false,
        agreed: document
            .when
            .as_ref()
            .is_some_and(|c| asks_consent(&c.value)),
    };
    walk.block(&document.steps, way, out);
    if document.steps.is_empty() {
        out.error(
            document.id.place,
            "no_steps",
            "Il percorso non ha passi leggibili: aggiungine almeno uno sotto `steps`.".into(),
            "The journey has no readable step: add at least one under `steps`.".into(),
        );
    }
    if walk.steps > NODES_MAX {
        out.error(
            document.id.place,
            "too_many_steps",
            format!("{} passi sono troppi: al massimo {NODES_MAX}.", walk.steps),
            format!("{} steps are too many: at most {NODES_MAX}.", walk.steps),
        );
    }
    for place in walk.plain_sms.iter().skip(1) {
        out.warning(
            *place,
            "sms_without_condition",
            "Più di un SMS senza condizione: il secondo dovrebbe dipendere da come è andato il primo.".into(),
            "More than one SMS without a condition: the second should depend on how the first went.".into(),
        );
    }
    for place in walk.cart_sends.iter().skip(1) {
        out.warning(
            *place,
            "cart_series",
            "Senza consenso è ammesso un solo promemoria per carrello: metti questo invio sotto `if: {agreed: …}` (PRIV-09)."
                .into(),
            "Without consent only one reminder per cart is allowed: put this send under `if: {agreed: …}` (PRIV-09)."
                .into(),
        );
    }
    check_mentions(document, &walk, out);
}

fn check_header(document: &Document, out: &mut Diagnostics) {
    let freshness = &document.freshness_seconds;
    if freshness.value <= 0 {
        out.error(
            freshness.place,
            "freshness",
            "`freshness` deve essere maggiore di zero: un evento più vecchio non avvia nulla."
                .into(),
            "`freshness` must be more than zero: an older event starts nothing.".into(),
        );
    }
    span(freshness.value, freshness.place, "freshness", out);
    if let Some(goal) = &document.goal {
        let hours = i64::from(goal.value.within_hours);
        span(hours * 3_600, goal.place, "goal.within", out);
    }
    for moment in &document.on {
        if !can_start(document.key.value, moment.value) {
            out.error(
                moment.place,
                "moment_does_not_fit",
                format!(
                    "`{}` non può avviare un percorso con `key: {}`.",
                    moment_name(moment.value),
                    key_name(document.key.value)
                ),
                format!(
                    "`{}` cannot start a journey with `key: {}`.",
                    moment_name(moment.value),
                    key_name(document.key.value)
                ),
            );
        }
    }
    for moment in &document.exit_on {
        warn_if_foreign(document.key.value, moment, out);
        if document.on.iter().any(|on| on.value == moment.value) {
            out.warning(
                moment.place,
                "exit_on_start",
                format!(
                    "`{}` avvia il percorso e anche lo chiude: ripetendosi lo interrompe.",
                    moment_name(moment.value)
                ),
                format!(
                    "`{}` both starts and ends the journey: when it comes again it cuts the run short.",
                    moment_name(moment.value)
                ),
            );
        }
    }
    if let Some(when) = &document.when
        && uses_messages(&when.value)
    {
        out.error(
            when.place,
            "condition_too_early",
            "`when` si valuta prima di ogni messaggio: non può chiedere di aperture, clic o invii."
                .into(),
            "`when` is asked before any message: it cannot ask about opens, clicks or sends."
                .into(),
        );
    }
}

/// Says so when a span is negative or longer than the longest wait.
fn span(seconds: i64, place: Place, what: &str, out: &mut Diagnostics) {
    if seconds > WAIT_DAYS_MAX * 86_400 {
        out.error(
            place,
            "wait_too_long",
            format!("`{what}` supera {WAIT_DAYS_MAX} giorni."),
            format!("`{what}` is longer than {WAIT_DAYS_MAX} days."),
        );
    }
}

impl<'a> Walk<'a> {
    fn block(&mut self, steps: &'a [At<Step>], way: Way, out: &mut Diagnostics) {
        for (n, step) in steps.iter().enumerate() {
            let after = &steps[n + 1..];
            let here = Way {
                rest: sends_most(after, way.rest),
                ..way
            };
            self.step(step, here, out);
            if matches!(step.value, Step::Stop)
                && let Some(lost) = after.first()
            {
                out.warning(
                    lost.place,
                    "unreachable",
                    "Dopo `stop` non succede più nulla: questo passo non viene mai eseguito."
                        .into(),
                    "Nothing happens after `stop`: this step is never run.".into(),
                );
            }
        }
    }

    fn step(&mut self, step: &'a At<Step>, way: Way, out: &mut Diagnostics) {
        self.steps += 1;
        let place = step.place;
        match &step.value {
            Step::Wait { seconds } => span(*seconds, place, "wait", out),
            Step::WaitUntil { .. } | Step::Set { .. } | Step::Tag { .. } | Step::Stop => {}
            Step::WaitFor {
                moments,
                timeout_seconds,
                then,
                on_timeout,
            } => {
                span(*timeout_seconds, place, "wait_for.timeout", out);
                for moment in moments {
                    warn_if_foreign(self.document.key.value, moment, out);
                }
                self.block(then, way, out);
                self.block(on_timeout, way, out);
            }
            Step::WaitBefore { seconds, then } => {
                span(*seconds, place, "wait_before.deadline", out);
                if self.document.key.value != KeyBy::Parcel {
                    out.error(
                        place,
                        "no_deadline",
                        "`wait_before` guarda la scadenza di un pacco: serve `key: parcel`.".into(),
                        "`wait_before` looks at a parcel's deadline: it needs `key: parcel`."
                            .into(),
                    );
                }
                self.block(then, way, out);
            }
            Step::WaitQuiet { moments, seconds } => {
                span(*seconds, place, "wait_quiet.for", out);
                if *seconds <= 0 {
                    out.error(
                        place,
                        "bad_value",
                        "`wait_quiet.for` deve essere maggiore di zero.".into(),
                        "`wait_quiet.for` must be more than zero.".into(),
                    );
                }
                for moment in moments {
                    warn_if_foreign(self.document.key.value, moment, out);
                }
            }
            Step::If {
                condition,
                then,
                otherwise,
                unknown,
            } => {
                if *unknown == Unknown::Unnamed
                    && can_be_unknown(condition, self.document.key.value)
                {
                    self.note_unknown(place, then, otherwise, way.rest, out);
                }
                let branch = Way {
                    conditional: true,
                    ..way
                };
                let agreed = Way {
                    agreed: way.agreed || asks_consent(condition),
                    ..branch
                };
                self.block(then, agreed, out);
                self.block(otherwise, branch, out);
                if let Unknown::Steps(steps) = unknown {
                    self.block(steps, branch, out);
                }
            }
            Step::Send(send) => self.send(send, place, way, out),
            Step::Coupon {
                label,
                percent,
                valid_seconds,
            } => {
                span(*valid_seconds, place, "coupon.valid", out);
                if *valid_seconds <= 0 {
                    out.error(
                        place,
                        "bad_value",
                        "`coupon.valid` deve essere maggiore di zero.".into(),
                        "`coupon.valid` must be more than zero.".into(),
                    );
                }
                if !COUPON_PERCENT.contains(percent) {
                    out.error(
                        place,
                        "bad_percent",
                        format!("Lo sconto deve stare fra 1 e 90 per cento, non {percent}."),
                        format!("The discount must be between 1 and 90 percent, not {percent}."),
                    );
                }
                if self.coupons.contains_key(label.as_str()) {
                    duplicate(label, place, out);
                } else {
                    self.coupons.insert(label, place);
                }
            }
            Step::Task { due_seconds, .. } => {
                if let Some(due) = due_seconds {
                    span(*due, place, "task.due", out);
                }
            }
        }
    }

    fn note_unknown(
        &self,
        place: Place,
        then: &[At<Step>],
        otherwise: &[At<Step>],
        rest: usize,
        out: &mut Diagnostics,
    ) {
        let taken = if unknown_is_then(then, otherwise, rest) {
            "then"
        } else {
            "else"
        };
        out.note(
            place,
            "unknown_branch",
            format!(
                "La risposta può essere sconosciuta e `unknown` non è indicato: si segue `{taken}`, il ramo con meno messaggi (PRIV-12)."
            ),
            format!(
                "The answer may be unknown and `unknown` is not named: `{taken}` is followed, the branch with fewer messages (PRIV-12)."
            ),
        );
    }

    fn send(&mut self, send: &'a Send, place: Place, way: Way, out: &mut Diagnostics) {
        let label = send.label.value.as_str();
        if self.labels.contains_key(label) {
            duplicate(label, send.label.place, out);
        } else {
            self.labels.insert(label, place);
        }
        if label.len() > 64 || label.contains(|c: char| !(c.is_ascii_alphanumeric() || c == '_')) {
            out.error(
                send.label.place,
                "bad_value",
                "Un'etichetta usa al massimo 64 lettere, cifre e `_`.".into(),
                "A label uses at most 64 letters, digits and `_`.".into(),
            );
        }
        if !self.templates.contains(&send.template.value.as_str()) {
            let near = nearest(&send.template.value, self.templates.iter().copied());
            let (it, en) = match near {
                Some(name) => (
                    format!(" Intendevi `{name}`?"),
                    format!(" Did you mean `{name}`?"),
                ),
                None => (String::new(), String::new()),
            };
            let shown: String = send.template.value.chars().take(60).collect();
            out.error(
                send.template.place,
                "unknown_template",
                format!("Il modello `{shown}` non esiste.{it}"),
                format!("The template `{shown}` does not exist.{en}"),
            );
        }
        self.lawful(send, out);
        if let Some(seconds) = send.expires_seconds {
            span(seconds, place, "send.expires", out);
        }
        if send.purpose.value == Purpose::Cart && !way.agreed {
            self.cart_sends.push(place);
        }
        if send.channel.value == Channel::Sms && !way.conditional {
            self.plain_sms.push(place);
        }
        if send
            .only_while
            .as_ref()
            .is_some_and(|c| uses_messages(&c.value))
        {
            out.error(
                place,
                "condition_too_early",
                "`only_while` guarda i fatti, non i messaggi: usa `if` per aperture, clic e invii.".into(),
                "`only_while` looks at facts, not at messages: use `if` for opens, clicks and sends.".into(),
            );
        }
    }

    /// The cells that table 0.2 of the rules leaves empty, and promotion where it may not be (PRIV-08).
    fn lawful(&self, send: &Send, out: &mut Diagnostics) {
        let (purpose, channel) = (send.purpose.value, send.channel.value);
        if purpose == Purpose::ThirdParty {
            out.error(
                send.purpose.place,
                "third_party",
                "Le offerte di terzi non sono previste (PRIV-02).".into(),
                "Offers of others are not supported (PRIV-02).".into(),
            );
        }
        if matches!(
            (purpose, channel),
            (Purpose::Care | Purpose::Cart, Channel::Call)
        ) {
            out.error(
                send.channel.place,
                "impossible_channel",
                format!("`{}` non può andare per telefono.", purpose.as_str()),
                format!("`{}` cannot go by phone call.", purpose.as_str()),
            );
        }
        let plain = matches!(
            purpose,
            Purpose::Legal | Purpose::Service | Purpose::Care | Purpose::Feedback
        );
        if plain && (send.promo.value || send.coupon.is_some()) {
            out.error(
                send.promo.place,
                "promo_not_allowed",
                format!(
                    "Un messaggio `{}` non può promuovere: usa `marketing` o `marketing_similar` (PRIV-08).",
                    purpose.as_str()
                ),
                format!(
                    "A `{}` message must not promote: use `marketing` or `marketing_similar` (PRIV-08).",
                    purpose.as_str()
                ),
            );
        }
    }
}

fn duplicate(label: &str, place: Place, out: &mut Diagnostics) {
    let shown: String = label.chars().take(60).collect();
    out.error(
        place,
        "duplicate_label",
        format!("L'etichetta `{shown}` c'è già: ogni passo ha la sua."),
        format!("The label `{shown}` is taken: each step has its own."),
    );
}

/// Labels that something refers to must stand before it in the text.
fn check_mentions(document: &Document, walk: &Walk<'_>, out: &mut Diagnostics) {
    for mention in &document.mentions {
        let name = mention.label.value.as_str();
        let place = mention.label.place;
        let table = if mention.coupon {
            &walk.coupons
        } else {
            &walk.labels
        };
        let shown: String = name.chars().take(60).collect();
        let at = |p: &Place| (p.line, p.column);
        match table.get(name) {
            None => {
                let near = nearest(name, table.keys().copied());
                let (it, en) = match near {
                    Some(near) => (format!(" Intendevi `{near}`?"), format!(" Did you mean `{near}`?")),
                    None => (String::new(), String::new()),
                };
                out.error(
                    place,
                    "unknown_label",
                    format!("Nessun passo ha l'etichetta `{shown}`.{it}"),
                    format!("No step has the label `{shown}`.{en}"),
                );
            }
            Some(issued) if mention.coupon && at(issued) > at(&place) => out.error(
                place,
                "coupon_before_issue",
                format!("Il buono `{shown}` viene emesso solo dopo questo passo."),
                format!("The coupon `{shown}` is issued only after this step."),
            ),
            Some(sent) if !mention.coupon && at(sent) > at(&place) => out.warning(
                place,
                "label_used_early",
                format!("Il messaggio `{shown}` parte solo dopo questo passo: la risposta è sconosciuta."),
                format!("The message `{shown}` leaves only after this step: the answer is unknown."),
            ),
            Some(_) => {}
        }
    }
    for (label, place) in &walk.labels {
        if walk.labels.contains_key(reminder_label(label).as_str()) {
            duplicate(&reminder_label(label), *place, out);
        }
    }
}

/// Whether a condition rests on an agreement of the person, not on its absence.
fn asks_consent(condition: &Condition) -> bool {
    match condition {
        Condition::Agreed { topic, .. } => matches!(topic, Topic::Marketing | Topic::Cart),
        Condition::All(parts) => parts.iter().any(asks_consent),
        Condition::Any(parts) => parts.iter().all(asks_consent),
        _ => false,
    }
}

/// Whether a condition asks about messages of the run.
fn uses_messages(condition: &Condition) -> bool {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().any(uses_messages),
        Condition::Not(part) => uses_messages(part),
        Condition::Opened(_)
        | Condition::Clicked(_)
        | Condition::Replied(_)
        | Condition::Sent(_) => true,
        Condition::OrderTotalCentsAtLeast(_)
        | Condition::OrdersAtLeast(_)
        | Condition::OrderPaid(_)
        | Condition::CashOnDelivery(_)
        | Condition::OrderStands(_)
        | Condition::OrderDelivered(_)
        | Condition::ParcelIn(_)
        | Condition::ParcelIs(_)
        | Condition::CartOpen(_)
        | Condition::BoughtGroup(_)
        | Condition::HasTag(_)
        | Condition::Attribute { .. }
        | Condition::Agreed { .. }
        | Condition::ProvinceIn(_)
        | Condition::Reachable(_) => false,
    }
}

/// Whether the answer can be unknown in a journey with this key.
fn can_be_unknown(condition: &Condition, key: KeyBy) -> bool {
    let order_known = matches!(key, KeyBy::Order | KeyBy::Parcel);
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter().any(|c| can_be_unknown(c, key))
        }
        Condition::Not(part) => can_be_unknown(part, key),
        Condition::Opened(_)
        | Condition::Clicked(_)
        | Condition::Replied(_)
        | Condition::Sent(_)
        | Condition::OrderTotalCentsAtLeast(_)
        | Condition::ParcelIn(_)
        | Condition::Attribute { .. }
        | Condition::Agreed { .. }
        | Condition::ProvinceIn(_) => true,
        Condition::OrderPaid(_)
        | Condition::CashOnDelivery(_)
        | Condition::OrderStands(_)
        | Condition::OrderDelivered(_)
        | Condition::ParcelIs(_) => !order_known,
        Condition::CartOpen(_) => key != KeyBy::Cart,
        Condition::OrdersAtLeast(_)
        | Condition::BoughtGroup(_)
        | Condition::HasTag(_)
        | Condition::Reachable(_) => false,
    }
}

/// What a moment is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum About {
    Order,
    Parcel,
    Cart,
    Message,
    Person,
}

fn about(moment: Moment) -> About {
    match moment {
        Moment::OrderPlaced
        | Moment::OrderPaid
        | Moment::OrderCancelled
        | Moment::OrderRefunded
        | Moment::OrderDelivered
        | Moment::OrderDeliveryRevoked
        | Moment::ReturnRequested => About::Order,
        Moment::ParcelShipped
        | Moment::ParcelOutForDelivery
        | Moment::ParcelAttemptFailed
        | Moment::ParcelHeld
        | Moment::ParcelReadyForPickup
        | Moment::ParcelDelivered
        | Moment::ParcelDeliveryRevoked
        | Moment::ParcelReturned
        | Moment::ParcelLost
        | Moment::ParcelDelayed
        | Moment::ParcelSilent
        | Moment::ParcelHoldAnswered
        | Moment::ParcelHoldRefused
        | Moment::ProblemReported => About::Parcel,
        Moment::CartUpdated | Moment::CartCompleted | Moment::CartRemoved => About::Cart,
        Moment::MessageOpened
        | Moment::MessageClicked
        | Moment::MessageReplied
        | Moment::ReminderRequested => About::Message,
        Moment::ConsentWithdrawn | Moment::ConsentGiven => About::Person,
    }
}

/// Whether a moment can start a journey with this key: it must say what the run is about.
fn can_start(key: KeyBy, moment: Moment) -> bool {
    match (key, about(moment)) {
        (_, About::Message) => false, // there is no message before there is a run
        (KeyBy::Customer, _) => true,
        (KeyBy::Order, About::Order | About::Parcel) => true,
        (KeyBy::Parcel, About::Parcel) => true,
        (KeyBy::Cart, About::Cart) => true,
        (KeyBy::Order, About::Cart | About::Person)
        | (KeyBy::Parcel, About::Order | About::Cart | About::Person)
        | (KeyBy::Cart, About::Order | About::Parcel | About::Person) => false,
    }
}

/// Warns where a moment is not about the run's key, so that any of the customer's would count.
fn warn_if_foreign(key: KeyBy, moment: &At<Moment>, out: &mut Diagnostics) {
    let foreign = match (key, about(moment.value)) {
        (KeyBy::Order | KeyBy::Parcel, About::Cart) | (KeyBy::Cart, About::Parcel) => true,
        // An order placed meanwhile rightly ends a cart's journey.
        (KeyBy::Cart, About::Order) => {
            !matches!(moment.value, Moment::OrderPlaced | Moment::OrderPaid)
        }
        (_, _) => false,
    };
    if foreign {
        out.warning(
            moment.place,
            "moment_does_not_fit",
            format!(
                "`{}` non riguarda `key: {}`: vale per qualunque altro dello stesso cliente.",
                moment_name(moment.value),
                key_name(key)
            ),
            format!(
                "`{}` is not about `key: {}`: any of the same customer counts.",
                moment_name(moment.value),
                key_name(key)
            ),
        );
    }
}

fn moment_name(moment: Moment) -> &'static str {
    super::document::MOMENTS
        .iter()
        .find(|(_, m)| *m == moment)
        .map_or("", |(name, _)| *name)
}

fn key_name(key: KeyBy) -> &'static str {
    match key {
        KeyBy::Order => "order",
        KeyBy::Parcel => "parcel",
        KeyBy::Cart => "cart",
        KeyBy::Customer => "customer",
    }
}
