//! A compiled journey as a picture: nodes and edges with their words in both languages. Pure; layout is the viewer's.

use super::{Condition, Journey, KeyBy, Next, Node, ParcelTrait};
use crate::consent::{Channel, Purpose};
use crate::italy::Locale;
use crate::italy::format;
use crate::money::Money;
use crate::words;
use jiff::civil::Weekday;

/// The node everybody enters by.
pub const START: &str = "start";
/// The node everybody leaves by.
pub const END: &str = "end";

/// One text in both languages.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Text {
    /// Italian.
    pub it: String,
    /// English.
    pub en: String,
}

impl Text {
    fn new(it: impl Into<String>, en: impl Into<String>) -> Self {
        Text {
            it: it.into(),
            en: en.into(),
        }
    }

    fn both(say: impl Fn(Locale) -> String) -> Self {
        Text {
            it: say(Locale::It),
            en: say(Locale::En),
        }
    }
}

/// A step as it is drawn.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GraphNode {
    /// [`START`], [`END`], or the number of the compiled node.
    pub id: String,
    /// `start`, `wait`, `wait_until`, `wait_for`, `if`, `send`, `set`, `tag`, `coupon`, `task`, `stop`, `end`.
    pub kind: &'static str,
    /// What it does, in a few words.
    pub label: Text,
    /// More about it.
    pub detail: Option<Text>,
    /// Of a message: the label of its step.
    pub step: Option<String>,
    /// Of a message: its template.
    pub template: Option<String>,
    /// Of a message: what its template is called; its name until somebody who knows its title puts that here.
    pub title: Option<Text>,
    /// Of a message: its channel.
    pub channel: Option<Channel>,
    /// Of a message: its purpose.
    pub purpose: Option<Purpose>,
}

/// A way from one step to another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GraphEdge {
    /// From.
    pub from: String,
    /// To.
    pub to: String,
    /// When this way is taken, where there are several.
    pub label: Option<Text>,
}

/// A journey as it is drawn.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Graph {
    /// Its steps: the start, the program in order, the end.
    pub nodes: Vec<GraphNode>,
    /// The ways between them.
    pub edges: Vec<GraphEdge>,
}

fn id(node: usize) -> String {
    node.to_string()
}

fn place(next: Next) -> String {
    next.map_or_else(|| END.to_owned(), |node| id(node.into()))
}

/// Draws a journey.
pub fn graph(journey: &Journey) -> Graph {
    let mut nodes = Vec::with_capacity(journey.nodes.len() + 2);
    let mut edges = Vec::with_capacity(journey.nodes.len() + 2);
    nodes.push(start(journey));
    let first = if journey.nodes.is_empty() {
        END.to_owned()
    } else {
        id(0)
    };
    edges.push(GraphEdge {
        from: START.to_owned(),
        to: first,
        label: None,
    });
    for (n, node) in journey.nodes.iter().enumerate() {
        nodes.push(drawn(n, node));
        for (next, label) in ways(node) {
            edges.push(GraphEdge {
                from: id(n),
                to: place(next),
                label,
            });
        }
    }
    nodes.push(plain(END.to_owned(), "end", Text::new("Fine", "End")));
    Graph { nodes, edges }
}

fn plain(id: String, kind: &'static str, label: Text) -> GraphNode {
    GraphNode {
        id,
        kind,
        label,
        detail: None,
        step: None,
        template: None,
        title: None,
        channel: None,
        purpose: None,
    }
}

/// What starts a journey, in words.
pub fn trigger(journey: &Journey) -> Text {
    Text::both(|locale| {
        let or = locale.pick(" o ", " or ");
        let moments: Vec<&str> = journey
            .on
            .iter()
            .map(|moment| words::moment(*moment).pick(locale))
            .collect();
        capital(&moments.join(or))
    })
}

/// What one run is about, in words.
pub fn about(key: KeyBy) -> Text {
    let (it, en) = match key {
        KeyBy::Order => ("una volta per ordine", "once per order"),
        KeyBy::Parcel => ("una volta per pacco", "once per parcel"),
        KeyBy::Cart => ("una volta per carrello", "once per cart"),
        KeyBy::Customer => ("una volta per persona", "once per person"),
    };
    Text::new(it, en)
}

fn start(journey: &Journey) -> GraphNode {
    let key = about(journey.key);
    let detail = match &journey.when {
        Some(when) => {
            let only = condition(when);
            Text::new(
                format!("{}, solo se {}", key.it, only.it),
                format!("{}, only if {}", key.en, only.en),
            )
        }
        None => key,
    };
    GraphNode {
        detail: Some(detail),
        ..plain(START.to_owned(), "start", trigger(journey))
    }
}

/// What a step that sends does, the template called by its title.
pub fn sends(channel: Channel, title: &Text) -> Text {
    Text::both(|l| {
        let what = capital(words::channel(channel).pick(l));
        format!("{what}: {}", l.pick(&title.it, &title.en))
    })
}

fn drawn(n: usize, node: &Node) -> GraphNode {
    let id = id(n);
    match node {
        Node::Wait { seconds, .. } => plain(
            id,
            "wait",
            Text::both(|l| format!("{} {}", l.pick("Aspetta", "Wait"), span(*seconds, l))),
        ),
        Node::WaitUntil { time, weekdays, .. } => plain(
            id,
            "wait_until",
            Text::both(|l| {
                let days = days(weekdays, l);
                let at = format::time_after(format::Preposition::At, *time, l);
                match l {
                    Locale::It => format!("Aspetta fino {at}{days}"),
                    Locale::En => format!("Wait until {}{days}", format::time(*time)),
                }
            }),
        ),
        Node::WaitFor {
            moments,
            timeout_seconds,
            ..
        } => GraphNode {
            detail: Some(Text::both(|l| {
                let at_most = l.pick("al massimo", "at most");
                format!("{at_most} {}", span(*timeout_seconds, l))
            })),
            ..plain(
                id,
                "wait_for",
                Text::both(|l| {
                    let or = l.pick(" o ", " or ");
                    let all: Vec<&str> =
                        moments.iter().map(|m| words::moment(*m).pick(l)).collect();
                    format!("{} {}", l.pick("Aspetta:", "Wait for:"), all.join(or))
                }),
            )
        },
        Node::WaitBefore { seconds, .. } => plain(
            id,
            "wait_until",
            Text::both(|l| match l {
                Locale::It => format!(
                    "Aspetta: {} prima della scadenza del pacco",
                    span(*seconds, l)
                ),
                Locale::En => format!(
                    "Wait until {} before the parcel's deadline",
                    span(*seconds, l)
                ),
            }),
        ),
        Node::If { condition: c, .. } => {
            let asked = condition(c);
            plain(
                id,
                "if",
                Text::new(
                    format!("{}?", capital(&asked.it)),
                    format!("{}?", capital(&asked.en)),
                ),
            )
        }
        Node::Send {
            label,
            template,
            channel,
            purpose,
            promo,
            remindable,
            ..
        } => GraphNode {
            detail: Some(Text::both(|l| {
                let mut detail = words::purpose(*purpose).pick(l).to_owned();
                if *promo {
                    detail.push_str(l.pick(", contiene un'offerta", ", carries an offer"));
                }
                if *remindable {
                    detail.push_str(
                        l.pick(", con «ricordamelo domani»", ", with “remind me tomorrow”"),
                    );
                }
                detail
            })),
            step: Some(label.clone()),
            template: Some(template.clone()),
            title: Some(Text::new(template.as_str(), template.as_str())),
            channel: Some(*channel),
            purpose: Some(*purpose),
            ..plain(
                id,
                "send",
                sends(*channel, &Text::new(template.as_str(), template.as_str())),
            )
        },
        Node::Set { name, value, .. } => plain(
            id,
            "set",
            if value.is_null() {
                Text::new(format!("Cancella «{name}»"), format!("Clear “{name}”"))
            } else {
                Text::new(
                    format!("Scrivi «{name}» = {value}"),
                    format!("Set “{name}” = {value}"),
                )
            },
        ),
        Node::Tag { tag, remove, .. } => plain(
            id,
            "tag",
            if *remove {
                Text::new(
                    format!("Togli l'etichetta «{tag}»"),
                    format!("Remove the tag “{tag}”"),
                )
            } else {
                Text::new(
                    format!("Metti l'etichetta «{tag}»"),
                    format!("Add the tag “{tag}”"),
                )
            },
        ),
        Node::Coupon {
            percent,
            valid_seconds,
            ..
        } => GraphNode {
            detail: Some(Text::both(|l| {
                format!(
                    "{} {}",
                    l.pick("vale", "holds for"),
                    span(*valid_seconds, l)
                )
            })),
            ..plain(
                id,
                "coupon",
                Text::new(
                    format!("Codice sconto del {percent}%"),
                    format!("Discount code of {percent}%"),
                ),
            )
        },
        Node::Task {
            title, due_seconds, ..
        } => GraphNode {
            detail: due_seconds.map(|seconds| {
                Text::both(|l| format!("{} {}", l.pick("entro", "within"), span(seconds, l)))
            }),
            ..plain(
                id,
                "task",
                Text::new(format!("Attività: {title}"), format!("Task: {title}")),
            )
        },
        Node::Stop => plain(id, "stop", Text::new("Esce", "Leaves")),
    }
}

fn ways(node: &Node) -> Vec<(Next, Option<Text>)> {
    match node {
        Node::Wait { next, .. }
        | Node::WaitUntil { next, .. }
        | Node::Send { next, .. }
        | Node::Set { next, .. }
        | Node::Tag { next, .. }
        | Node::Coupon { next, .. }
        | Node::Task { next, .. } => vec![(*next, None)],
        Node::WaitFor { then, timeout, .. } => vec![
            (*then, Some(Text::new("è successo", "it happened"))),
            (*timeout, Some(Text::new("tempo scaduto", "time is up"))),
        ],
        Node::WaitBefore { then, missed, .. } => vec![
            (*then, Some(Text::new("è il momento", "it is time"))),
            (
                *missed,
                Some(Text::new(
                    "nessuna scadenza, o già passato",
                    "no deadline, or past",
                )),
            ),
        ],
        Node::If {
            then,
            otherwise,
            unknown,
            ..
        } => {
            let (yes, no, open) = (
                Text::new("sì", "yes"),
                Text::new("no", "no"),
                Text::new("non si sa", "not known"),
            );
            let join = |text: &Text| {
                Text::new(
                    format!("{} o non si sa", text.it),
                    format!("{} or not known", text.en),
                )
            };
            if unknown == otherwise && unknown != then {
                vec![(*then, Some(yes)), (*otherwise, Some(join(&no)))]
            } else if unknown == then && unknown != otherwise {
                vec![(*then, Some(join(&yes))), (*otherwise, Some(no))]
            } else {
                vec![
                    (*then, Some(yes)),
                    (*otherwise, Some(no)),
                    (*unknown, Some(open)),
                ]
            }
        }
        Node::Stop => vec![(None, None)],
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// A span in the largest unit that says it exactly.
pub fn span(seconds: i64, locale: Locale) -> String {
    let (n, it, en) = match seconds {
        s if s > 0 && s % 86_400 == 0 && s >= 2 * 86_400 => {
            (s / 86_400, ("giorno", "giorni"), ("day", "days"))
        }
        s if s > 0 && s % 3_600 == 0 => (s / 3_600, ("ora", "ore"), ("hour", "hours")),
        s if s > 0 && s % 60 == 0 => (s / 60, ("minuto", "minuti"), ("minute", "minutes")),
        s => (s, ("secondo", "secondi"), ("second", "seconds")),
    };
    let (one, other) = locale.pick(it, en);
    format::count(n, one, other, locale)
}

fn days(weekdays: &[Weekday], locale: Locale) -> String {
    if weekdays.is_empty() {
        return String::new();
    }
    let names: Vec<&str> = weekdays
        .iter()
        .map(|day| format::weekday_name(*day, locale))
        .collect();
    format!(" ({})", names.join(", "))
}

/// A condition in words, without a question mark.
pub fn condition(condition: &Condition) -> Text {
    Text::both(|locale| said(condition, locale))
}

fn said(condition: &Condition, l: Locale) -> String {
    let join = |parts: &[Condition], with: &str| {
        let all: Vec<String> = parts.iter().map(|part| said(part, l)).collect();
        all.join(with)
    };
    let wanted = |wanted: bool, yes: (&str, &str), no: (&str, &str)| {
        let (it, en) = if wanted { yes } else { no };
        l.pick(it, en).to_owned()
    };
    match condition {
        Condition::All(parts) => join(parts, l.pick(" e ", " and ")),
        Condition::Any(parts) => join(parts, l.pick(" oppure ", " or ")),
        Condition::Not(part) => format!(
            "{} {}",
            l.pick("non è vero che", "it is not so that"),
            said(part, l)
        ),
        Condition::Opened(step) => match l {
            Locale::It => format!("ha aperto «{step}»"),
            Locale::En => format!("opened “{step}”"),
        },
        Condition::Clicked(step) => match l {
            Locale::It => format!("ha cliccato in «{step}»"),
            Locale::En => format!("clicked in “{step}”"),
        },
        Condition::Replied(step) => match l {
            Locale::It => format!("ha risposto a «{step}»"),
            Locale::En => format!("replied to “{step}”"),
        },
        Condition::Sent(step) => match l {
            Locale::It => format!("«{step}» è partito"),
            Locale::En => format!("“{step}” left"),
        },
        Condition::OrderTotalCentsAtLeast(cents) => {
            let amount = format::amount(Money::eur(*cents), l);
            match l {
                Locale::It => format!("l'ordine vale almeno {amount}"),
                Locale::En => format!("the order is worth at least {amount}"),
            }
        }
        Condition::OrdersAtLeast(n) => match l {
            Locale::It => format!(
                "ha almeno {}",
                format::count(i64::from(*n), "ordine", "ordini", l)
            ),
            Locale::En => format!(
                "has at least {}",
                format::count(i64::from(*n), "order", "orders", l)
            ),
        },
        Condition::OrderPaid(yes) => wanted(
            *yes,
            ("l'ordine è pagato", "the order is paid"),
            ("l'ordine non è pagato", "the order is not paid"),
        ),
        Condition::CashOnDelivery(yes) => wanted(
            *yes,
            ("si paga alla consegna", "it is paid on delivery"),
            ("non si paga alla consegna", "it is not paid on delivery"),
        ),
        Condition::OrderStands(yes) => wanted(
            *yes,
            ("l'ordine è valido", "the order stands"),
            (
                "l'ordine è annullato o rimborsato",
                "the order was cancelled or refunded",
            ),
        ),
        Condition::OrderDelivered(yes) => wanted(
            *yes,
            ("l'ordine è consegnato", "the order is delivered"),
            ("l'ordine non è consegnato", "the order is not delivered"),
        ),
        Condition::ParcelIn(states) => {
            let names: Vec<String> = states
                .iter()
                .map(|state| words::parcel(*state).pick(l).to_lowercase())
                .collect();
            match l {
                Locale::It => format!("il pacco è: {}", names.join(" o ")),
                Locale::En => format!("the parcel is: {}", names.join(" or ")),
            }
        }
        Condition::ParcelIs(what) => match what {
            ParcelTrait::AwaitingAnswer => l.pick(
                "la giacenza aspetta una risposta",
                "the hold awaits an answer",
            ),
            ParcelTrait::Silent => l.pick(
                "il corriere tace da troppo",
                "the courier has been silent for too long",
            ),
            ParcelTrait::GoingBack => l.pick(
                "il pacco torna al negozio",
                "the parcel goes back to the shop",
            ),
        }
        .to_owned(),
        Condition::CartOpen(yes) => wanted(
            *yes,
            ("il carrello aspetta ancora", "the cart still waits"),
            ("il carrello non aspetta più", "the cart no longer waits"),
        ),
        Condition::BoughtGroup(group) => match l {
            Locale::It => format!("ha comprato nel gruppo «{group}»"),
            Locale::En => format!("bought from the group “{group}”"),
        },
        Condition::HasTag(tag) => match l {
            Locale::It => format!("ha l'etichetta «{tag}»"),
            Locale::En => format!("has the tag “{tag}”"),
        },
        Condition::Attribute { name, equals } => match l {
            Locale::It => format!("«{name}» è {equals}"),
            Locale::En => format!("“{name}” is {equals}"),
        },
        Condition::Agreed { topic, channel } => {
            let topic = words::topic(*topic).pick(l);
            let on = channel.map_or_else(String::new, |channel| {
                format!(" ({})", words::channel(channel).pick(l))
            });
            match l {
                Locale::It => format!("ha detto di sì a {topic}{on}"),
                Locale::En => format!("said yes to {topic}{on}"),
            }
        }
        Condition::ProvinceIn(provinces) => match l {
            Locale::It => format!("vive in provincia di {}", provinces.join(", ")),
            Locale::En => format!("lives in the province of {}", provinces.join(", ")),
        },
        Condition::Reachable(channel) => match l {
            Locale::It => format!("ha un recapito per {}", words::channel(*channel).pick(l)),
            Locale::En => format!("can be reached by {}", words::channel(*channel).pick(l)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journey::check::check;

    const DOCUMENT: &str = r#"
journey: after
name:
  it: Dopo
  en: After
key: order
on: order_delivered
freshness: 3d
reentry: once
steps:
  - wait: 2d
  - send:
      template: guide
      channel: email
      purpose: care
"#;

    #[test]
    fn every_way_of_a_journey_leads_somewhere() {
        let (journey, remarks) = check(DOCUMENT, &["guide"]);
        let Some(journey) = journey else {
            panic!("{remarks:?}");
        };
        let graph = graph(&journey);
        let ids: Vec<&str> = graph.nodes.iter().map(|node| node.id.as_str()).collect();
        assert_eq!((ids.first(), ids.last()), (Some(&START), Some(&END)));
        for edge in &graph.edges {
            assert!(ids.contains(&edge.from.as_str()), "{edge:?}");
            assert!(ids.contains(&edge.to.as_str()), "{edge:?}");
        }
        let labels: Vec<&str> = graph.nodes.iter().map(|n| n.label.it.as_str()).collect();
        assert_eq!(
            labels,
            [
                "Ordine consegnato",
                "Aspetta 2 giorni",
                "E-mail: guide",
                "Fine"
            ]
        );
    }

    #[test]
    fn a_span_is_said_in_the_largest_exact_unit() {
        assert_eq!(span(86_400, Locale::It), "24 ore");
        assert_eq!(span(172_800, Locale::It), "2 giorni");
        assert_eq!(span(3_600, Locale::En), "1 hour");
        assert_eq!(span(5_400, Locale::It), "90 minuti");
    }
}
