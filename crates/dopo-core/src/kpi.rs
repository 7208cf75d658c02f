//! The figures of the first page: what each is, how it is counted, its target, and the sentence of the day.
//! Counters in, figures out; where there was nothing to measure a figure is unknown, never zero.

use crate::italy::Locale;
use crate::italy::format;
use crate::money::{Currency, Money};
use crate::words::Words;

/// The first contact should come within so many seconds of the order.
pub const FIRST_CONTACT_TARGET_SECONDS: f64 = 86_400.0;
/// Share of measurable messages that should be opened.
pub const OPEN_TARGET: f64 = 0.45;
/// Share of offers after which the person should buy again.
pub const CROSSSELL_TARGET: f64 = 0.12;

/// A figure of the first page.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kpi {
    /// Mean time from the order to the first message about it.
    FirstContact,
    /// Mean time from the order to the first sign of the person.
    EngagementTime,
    /// Opened among the measurable.
    OpenRate,
    /// Clicked among the measurable.
    ClickRate,
    /// Purchases after an offer.
    CrosssellRate,
    /// Messages that left.
    Sent,
    /// Messages that were held back.
    HeldBack,
    /// Orders that count as sales.
    Orders,
    /// Money of orders after a contact.
    RevenueAfterContact,
    /// Orders that reached the person.
    Delivered,
}

/// What a figure is counted in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// A share, 0 to 1.
    Ratio,
    /// Things.
    Count,
    /// Cents of the shop's currency.
    Cents,
}

impl Unit {
    /// The stable name used in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Unit::Seconds => "seconds",
            Unit::Ratio => "ratio",
            Unit::Count => "count",
            Unit::Cents => "cents",
        }
    }
}

impl Kpi {
    /// All figures, in the order of the page.
    pub const ALL: [Kpi; 10] = [
        Kpi::FirstContact,
        Kpi::EngagementTime,
        Kpi::OpenRate,
        Kpi::ClickRate,
        Kpi::CrosssellRate,
        Kpi::Sent,
        Kpi::HeldBack,
        Kpi::Orders,
        Kpi::RevenueAfterContact,
        Kpi::Delivered,
    ];

    /// The stable name used in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kpi::FirstContact => "first_contact",
            Kpi::EngagementTime => "engagement_time",
            Kpi::OpenRate => "open_rate",
            Kpi::ClickRate => "click_rate",
            Kpi::CrosssellRate => "crosssell_rate",
            Kpi::Sent => "sent",
            Kpi::HeldBack => "held_back",
            Kpi::Orders => "orders",
            Kpi::RevenueAfterContact => "revenue_after_contact",
            Kpi::Delivered => "delivered",
        }
    }

    /// What it is counted in.
    pub const fn unit(self) -> Unit {
        match self {
            Kpi::FirstContact | Kpi::EngagementTime => Unit::Seconds,
            Kpi::OpenRate | Kpi::ClickRate | Kpi::CrosssellRate => Unit::Ratio,
            Kpi::RevenueAfterContact => Unit::Cents,
            Kpi::Sent | Kpi::HeldBack | Kpi::Orders | Kpi::Delivered => Unit::Count,
        }
    }

    /// The value to reach, where there is one.
    pub const fn target(self) -> Option<f64> {
        match self {
            Kpi::FirstContact => Some(FIRST_CONTACT_TARGET_SECONDS),
            Kpi::OpenRate => Some(OPEN_TARGET),
            Kpi::CrosssellRate => Some(CROSSSELL_TARGET),
            _ => None,
        }
    }

    /// Whether less is better.
    pub const fn less_is_better(self) -> bool {
        matches!(
            self,
            Kpi::FirstContact | Kpi::EngagementTime | Kpi::HeldBack
        )
    }

    /// How it is counted, in plain words.
    pub const fn definition(self) -> Words {
        let (it, en) = match self {
            Kpi::FirstContact => (
                "Tempo medio dall'ordine al primo messaggio partito su quell'ordine, tra i primi messaggi partiti nel periodo. Obiettivo: entro 24 ore.",
                "Mean time from the order to the first message about it that left, among first messages of the period. Target: within 24 hours.",
            ),
            Kpi::EngagementTime => (
                "Tempo medio dall'ordine alla prima apertura, clic o risposta di una persona, tra quelle arrivate nel periodo. Conta solo chi ha accettato di essere misurato, e chi risponde.",
                "Mean time from the order to the first human open, click or reply, among those of the period. Only people who agreed to be measured count, and those who reply.",
            ),
            Kpi::OpenRate => (
                "Messaggi aperti da una persona, divisi per i messaggi partiti di cui si possono misurare le aperture perché la persona è d'accordo. Le aperture contano nel giorno in cui avvengono. Obiettivo: almeno il 45 %.",
                "Messages opened by a human, divided by the messages that left whose opens may be measured because the person agreed. Opens count on the day they happen. Target: at least 45%.",
            ),
            Kpi::ClickRate => (
                "Messaggi con almeno un clic di una persona, divisi per i messaggi partiti di cui si possono misurare i clic perché la persona è d'accordo.",
                "Messages with at least one human click, divided by the messages that left whose clicks may be measured because the person agreed.",
            ),
            Kpi::CrosssellRate => (
                "Ordini arrivati entro 14 giorni da un messaggio con un'offerta, divisi per i messaggi con un'offerta partiti. Ogni messaggio vale al massimo un ordine, l'ultimo messaggio prende il merito. Obiettivo: almeno il 12 %.",
                "Orders within 14 days of a message with an offer, divided by the offers that left. Each message counts for one order at most; the last message gets the credit. Target: at least 12%.",
            ),
            Kpi::Sent => (
                "Messaggi partiti, o catturati mentre il negozio è in prova, su tutti i canali.",
                "Messages that left, or were captured while the shop is in trial, on all channels.",
            ),
            Kpi::HeldBack => (
                "Messaggi che un percorso voleva mandare e che le regole hanno trattenuto. Sotto trovi il perché.",
                "Messages that a journey wanted to send and the rules held back. The reasons stand below.",
            ),
            Kpi::Orders => (
                "Ordini pagati e validi, nel giorno in cui contano come vendita. Gli ordini annullati escono dal conto. Un ordine non ha canale né percorso: la cifra si conosce per il negozio e per luogo.",
                "Paid orders that stand, on the day they count as sales. Cancelled orders leave the count. An order has no channel and no journey: the figure is known for the shop and by place.",
            ),
            Kpi::RevenueAfterContact => (
                "Valore degli ordini arrivati entro 7 giorni da un messaggio che non sia un semplice avviso o un obbligo di legge, o entro 14 giorni da un'offerta. È una coincidenza nel tempo, non una prova di causa.",
                "Value of orders within 7 days of a message that is neither a plain notice nor required by law, or within 14 days of an offer. It is a coincidence in time, no proof of cause.",
            ),
            Kpi::Delivered => (
                "Ordini di cui tutto è arrivato al cliente nel periodo. Un ordine non ha canale né percorso: la cifra si conosce per il negozio e per luogo.",
                "Orders of which everything reached the customer in the period. An order has no channel and no journey: the figure is known for the shop and by place.",
            ),
        };
        Words { it, en }
    }
}

macro_rules! sums {
    ($($(#[$doc:meta])* $field:ident $metric:literal;)*) => {
        /// Counters of one slice, added up over a span of days.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
        pub struct Sums {$(
            $(#[$doc])*
            pub $field: i64,
        )*}

        impl Sums {
            /// Adds a counter; others than the ones of the first page are passed over.
            pub fn add(&mut self, metric: &str, n: i64) {
                match metric {
                    $($metric => self.$field += n,)*
                    _ => {}
                }
            }

            /// Adds another slice or span.
            pub fn join(&mut self, other: &Sums) {
                $(self.$field += other.$field;)*
            }
        }
    };
}

sums! {
    /// Messages that left.
    sent "kpi.sent";
    /// Messages held back.
    held_back "kpi.held_back";
    /// First messages about an order.
    first_contact "kpi.first_contact";
    /// Their seconds from the order.
    first_contact_seconds "kpi.first_contact_seconds";
    /// Those within 24 hours.
    first_contact_24h "kpi.first_contact_24h";
    /// First signs of a person about an order.
    engaged "kpi.engaged";
    /// Their seconds from the order.
    engaged_seconds "kpi.engaged_seconds";
    /// Messages whose opens are measured.
    open_measurable "kpi.open_measurable";
    /// Messages opened by a human.
    opened "kpi.opened";
    /// Messages whose clicks are measured.
    click_measurable "kpi.click_measurable";
    /// Messages clicked by a human.
    clicked "kpi.clicked";
    /// Offers that left.
    crosssell_reached "kpi.crosssell_reached";
    /// Orders after an offer.
    crosssell_orders "kpi.crosssell_orders";
    /// Their value in cents.
    crosssell_cents "kpi.crosssell_cents";
    /// Orders after another contact.
    contact_orders "kpi.contact_orders";
    /// Their value in cents.
    contact_cents "kpi.contact_cents";
    /// Orders that count as sales.
    orders "kpi.orders";
    /// Orders delivered.
    delivered "orders.delivered";
}

/// A figure with what it is made of.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Figure {
    /// The value in its [`Unit`]; `None` = nothing to measure.
    pub value: Option<f64>,
    /// What is divided, or counted.
    pub numerator: i64,
    /// By what; for counts the number of cases.
    pub denominator: i64,
    /// Share of the messages that can be measured; `None` where that is not a question.
    pub coverage: Option<f64>,
}

/// The quotient; unknown where there is nothing to divide by.
pub fn quotient(numerator: i64, denominator: i64) -> Option<f64> {
    (denominator > 0).then(|| numerator as f64 / denominator as f64)
}

impl Sums {
    /// A figure of this slice and span. `of_orders` says that orders are counted in the slice: so they are for the whole
    /// shop and by place, not by channel or journey.
    pub fn figure(&self, kpi: Kpi, of_orders: bool) -> Figure {
        let part = |numerator, denominator, coverage| Figure {
            value: quotient(numerator, denominator),
            numerator,
            denominator,
            coverage,
        };
        let count = |n: i64, cases: i64| Figure {
            value: Some(n as f64),
            numerator: n,
            denominator: cases,
            coverage: None,
        };
        match kpi {
            Kpi::FirstContact => part(self.first_contact_seconds, self.first_contact, None),
            Kpi::EngagementTime => part(self.engaged_seconds, self.engaged, None),
            Kpi::OpenRate => part(
                self.opened,
                self.open_measurable,
                quotient(self.open_measurable, self.sent),
            ),
            Kpi::ClickRate => part(
                self.clicked,
                self.click_measurable,
                quotient(self.click_measurable, self.sent),
            ),
            Kpi::CrosssellRate => part(self.crosssell_orders, self.crosssell_reached, None),
            Kpi::Sent => count(self.sent, self.sent),
            Kpi::HeldBack => count(self.held_back, self.sent + self.held_back),
            Kpi::Orders | Kpi::Delivered if !of_orders => Figure {
                value: None,
                ..count(0, 0)
            },
            Kpi::Orders => count(self.orders, self.orders),
            Kpi::RevenueAfterContact => count(
                self.contact_cents + self.crosssell_cents,
                self.contact_orders + self.crosssell_orders,
            ),
            Kpi::Delivered => count(self.delivered, self.delivered),
        }
    }

    /// Whether the target is met; `None` without a target or a value.
    pub fn meets(&self, kpi: Kpi, of_orders: bool) -> Option<bool> {
        let (value, target) = (self.figure(kpi, of_orders).value?, kpi.target()?);
        Some(if kpi.less_is_better() {
            value <= target
        } else {
            value >= target
        })
    }
}

/// The sentence of the day: what the figures come to, said first.
///
/// `trouble` = orders that need somebody now.
pub fn sentence(
    sums: &Sums,
    span: Span,
    trouble: i64,
    currency: Currency,
    locale: Locale,
) -> String {
    let n = |n: i64, one: &str, other: &str| format::count(n, one, other, locale);
    let it = locale == Locale::It;
    let when = span.words(locale);
    let mut parts: Vec<String> = Vec::with_capacity(3);
    if sums.orders == 0 && sums.sent == 0 && sums.held_back == 0 {
        parts.push(if it {
            format!("{when} non è successo ancora nulla: nessun ordine e nessun messaggio.")
        } else {
            format!("{when} nothing has happened yet: no order and no message.")
        });
    } else {
        let orders = n(
            sums.orders,
            locale.pick("ordine", "order"),
            locale.pick("ordini", "orders"),
        );
        let sent = n(
            sums.sent,
            locale.pick("messaggio", "message"),
            locale.pick("messaggi", "messages"),
        );
        let left = locale.pick(
            format::plural(sums.sent, "è partito", "sono partiti"),
            "left",
        );
        parts.push(match (sums.orders, it) {
            (0, true) => format!("{when} {left} {sent}."),
            (0, false) => format!("{when} {sent} {left}."),
            (_, true) => format!("{when} {orders}, e {left} {sent}."),
            (_, false) => format!("{when} {orders} came in and {sent} {left}."),
        });
    }
    if let Some(share) = quotient(sums.first_contact_24h, sums.first_contact) {
        let percent = (share * 100.0).round() as i64;
        // As the figures below it: screens set a space in Italian, messages do not.
        let percent = format!("{percent}{}", locale.pick("\u{a0}%", "%"));
        let people = n(
            sums.first_contact,
            locale.pick("ordine", "order"),
            locale.pick("ordini", "orders"),
        );
        parts.push(if it {
            format!("Il primo messaggio è arrivato entro un giorno per il {percent} ({people}).")
        } else {
            format!("The first message came within a day for {percent} ({people}).")
        });
    }
    let money = sums.contact_cents + sums.crosssell_cents;
    if money > 0 {
        let amount = format::amount(Money::new(money, currency), locale);
        parts.push(if it {
            format!("Dopo un messaggio sono arrivati ordini per {amount}.")
        } else {
            format!("Orders worth {amount} came after a message.")
        });
    }
    if trouble > 0 {
        let orders = n(
            trouble,
            locale.pick("ordine ha", "order needs"),
            locale.pick("ordini hanno", "orders need"),
        );
        parts.push(if it {
            format!("Adesso {orders} bisogno di qualcuno.")
        } else {
            format!("Right now {orders} somebody.")
        });
    }
    parts.join(" ")
}

/// How a period is called in the sentence.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Span {
    /// Today.
    Today,
    /// Yesterday.
    Yesterday,
    /// Some other single day.
    Day(jiff::civil::Date),
    /// So many days up to today.
    LastDays(i64),
    /// Any other span, ends included.
    Between(jiff::civil::Date, jiff::civil::Date),
}

impl Span {
    /// The span from one day to another as seen on `today`.
    pub fn new(from: jiff::civil::Date, to: jiff::civil::Date, today: jiff::civil::Date) -> Span {
        if from == to {
            if from == today {
                Span::Today
            } else if from.tomorrow().is_ok_and(|next| next == today) {
                Span::Yesterday
            } else {
                Span::Day(from)
            }
        } else if to == today {
            Span::LastDays(days_between(from, to))
        } else {
            Span::Between(from, to)
        }
    }

    /// The words a sentence begins with.
    pub fn words(self, locale: Locale) -> String {
        let it = locale == Locale::It;
        match self {
            Span::Today => locale.pick("Oggi", "Today").to_owned(),
            Span::Yesterday => locale.pick("Ieri", "Yesterday").to_owned(),
            Span::Day(day) => capital(&format::date_after(format::Preposition::The, day, locale)),
            Span::LastDays(n) if it => format!("Negli ultimi {n} giorni"),
            Span::LastDays(n) => format!("In the last {n} days"),
            Span::Between(from, to) => {
                let from = format::date_after(format::Preposition::From, from, locale);
                let to = format::date_after(format::Preposition::At, to, locale);
                capital(&format!("{from} {to}"))
            }
        }
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// Days from one day to another, both included.
pub fn days_between(from: jiff::civil::Date, to: jiff::civil::Date) -> i64 {
    to.since((jiff::Unit::Day, from))
        .map_or(0, |span| i64::from(span.get_days()))
        + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn what_cannot_be_measured_is_unknown_and_not_zero() {
        let none = Sums::default();
        for kpi in [
            Kpi::FirstContact,
            Kpi::EngagementTime,
            Kpi::OpenRate,
            Kpi::ClickRate,
            Kpi::CrosssellRate,
        ] {
            assert_eq!(none.figure(kpi, true).value, None, "{kpi:?}");
            assert_eq!(none.meets(kpi, true), None);
        }
        assert_eq!(none.figure(Kpi::Sent, true).value, Some(0.0));
        for kpi in [Kpi::Orders, Kpi::Delivered] {
            assert_eq!(none.figure(kpi, true).value, Some(0.0));
            assert_eq!(none.figure(kpi, false).value, None, "{kpi:?}");
        }
    }

    #[test]
    fn figures_are_quotients_with_their_share_of_the_measurable() {
        let mut sums = Sums::default();
        for (metric, n) in [
            ("kpi.sent", 200),
            ("kpi.open_measurable", 50),
            ("kpi.opened", 30),
            ("kpi.first_contact", 4),
            ("kpi.first_contact_seconds", 4 * 90_000),
            ("kpi.unheard_of", 9),
        ] {
            sums.add(metric, n);
        }
        let open = sums.figure(Kpi::OpenRate, true);
        assert_eq!((open.value, open.coverage), (Some(0.6), Some(0.25)));
        assert_eq!(sums.meets(Kpi::OpenRate, true), Some(true));
        assert_eq!(sums.meets(Kpi::FirstContact, true), Some(false));
        assert_eq!(sums.meets(Kpi::Sent, true), None);
    }

    #[test]
    fn the_sentence_says_what_happened_first() {
        let sums = Sums {
            orders: 42,
            sent: 96,
            first_contact: 40,
            first_contact_24h: 38,
            contact_cents: 123_450,
            ..Sums::default()
        };
        let say = |span, trouble, locale| sentence(&sums, span, trouble, Currency::EUR, locale);
        assert_eq!(
            say(Span::Yesterday, 2, Locale::It),
            "Ieri 42 ordini, e sono partiti 96 messaggi. Il primo messaggio è arrivato entro un giorno per il 95\u{a0}% (40 ordini). \
             Dopo un messaggio sono arrivati ordini per 1.234,50\u{a0}€. Adesso 2 ordini hanno bisogno di qualcuno."
        );
        assert_eq!(
            say(Span::LastDays(7), 0, Locale::En),
            "In the last 7 days 42 orders came in and 96 messages left. The first message came within a day for 95% (40 orders). \
             Orders worth €1,234.50 came after a message."
        );
        assert_eq!(
            sentence(&Sums::default(), Span::Today, 0, Currency::EUR, Locale::It),
            "Oggi non è successo ancora nulla: nessun ordine e nessun messaggio."
        );
    }

    #[test]
    fn a_span_is_called_what_people_call_it() {
        let today = date(2026, 11, 22);
        assert_eq!(Span::new(today, today, today), Span::Today);
        assert_eq!(
            Span::new(date(2026, 11, 21), date(2026, 11, 21), today),
            Span::Yesterday
        );
        assert_eq!(
            Span::new(date(2026, 11, 16), today, today),
            Span::LastDays(7)
        );
        let between = Span::new(date(2026, 11, 1), date(2026, 11, 8), today);
        assert_eq!(between.words(Locale::It), "Dal 1° novembre all'8 novembre");
    }
}
