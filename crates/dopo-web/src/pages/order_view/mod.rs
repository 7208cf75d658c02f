//! What the order page says, worked out from the facts. Pure: an order, a shop and a moment in, words out.

mod ask;
mod calendar;
mod expected;
mod headline;
mod hold;
mod map;
mod timeline;

pub use ask::{AskBox, AskForm, ask_box, ask_words};
pub use calendar::calendar;
pub use hold::{Choice, HoldBox, HoldView, hold_stamp, hold_view};
pub use map::Way;

use crate::limits::LINES_SHOWN_MAX;
use crate::words::{Voice, fill};
use dopo_core::italy::calendar::withdrawal_deadline;
use dopo_core::italy::clean_line;
use dopo_core::italy::format;
use dopo_core::italy::names::display_name;
use dopo_core::money::Money;
use dopo_core::order::{Order, PaymentState};
use dopo_core::parcel::{Direction, Parcel, ParcelState};
use dopo_core::shop::ShopSettings;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// How something stands, for colour and icon; the word always stands beside it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tone {
    /// As it should be.
    Calm,
    /// Reached.
    Good,
    /// Somebody should look.
    Attention,
    /// It went wrong.
    Bad,
}

impl Tone {
    /// The class of the style sheet.
    pub fn class(&self) -> &'static str {
        match self {
            Tone::Calm => "calm",
            Tone::Good => "good",
            Tone::Attention => "attention",
            Tone::Bad => "bad",
        }
    }
}

/// A link with its words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Action {
    /// What it does, verb first.
    pub label: String,
    /// Where it goes.
    pub href: String,
    /// Leaves our pages.
    pub outside: bool,
}

/// One line of a timeline.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Name of the icon in the sprite.
    pub icon: &'static str,
    /// How it stands.
    pub tone: Tone,
    /// What happened.
    pub what: &'static str,
    /// When, in words.
    pub when: String,
    /// When, for machines (`datetime`).
    pub datetime: String,
    /// Where.
    pub place: Option<String>,
    /// Why, as a sentence.
    pub why: Option<&'static str>,
    /// The carrier took it back.
    pub taken_back: bool,
    /// The newest: where it is now.
    pub current: bool,
}

/// A name with what it says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fact {
    /// What it is.
    pub label: &'static str,
    /// In words.
    pub text: String,
}

/// A delay, told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delay {
    /// What was promised, with an apology.
    pub text: String,
    /// Why.
    pub why: &'static str,
}

/// Where a parcel can be fetched.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pickup {
    /// Name and address, one line each.
    pub lines: Vec<String>,
    /// Opening hours, as told.
    pub hours: Vec<String>,
    /// Last day.
    pub until: Option<String>,
}

/// One parcel, or the order itself before there is a parcel.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Track {
    /// Which parcel; none for the order itself.
    pub seq: Option<u16>,
    /// `Pacco 1 di 2`, empty when there is one.
    pub title: String,
    /// `Rientro al negozio`, `Nuova consegna`.
    pub leg: Option<&'static str>,
    /// Who must act, and until when.
    pub turn: Option<String>,
    /// Promised, the courier's and our own days, where they differ.
    pub dates: Vec<Fact>,
    /// What our own estimate rests on.
    pub estimate_note: Option<String>,
    /// It comes later than was promised.
    pub delay: Option<Delay>,
    /// A delivery that the carrier took back.
    pub taken_back: Option<String>,
    /// Asking the courier now, where it helps.
    pub ask: Option<AskBox>,
    /// A hold that goes on.
    pub hold: Option<HoldBox>,
    /// Where to fetch it.
    pub pickup: Option<Pickup>,
    /// What the driver collects.
    pub cod: Option<String>,
    /// Address of the calendar entry.
    pub calendar: Option<String>,
    /// The number it had before.
    pub former: Option<String>,
    /// Carrier.
    pub carrier: Option<String>,
    /// `con BRT`, for a parcel without a number.
    pub by_carrier: Option<String>,
    /// Tracking number.
    pub number: Option<String>,
    /// The carrier's page.
    pub url: Option<String>,
    /// What is inside, when the order travels in several.
    pub contents: Option<String>,
    /// Its way on the map, where at least two of its places are recognised.
    pub way: Option<Way>,
    /// Newest first.
    pub entries: Vec<Entry>,
    /// Sentence on entries that are not shown.
    pub earlier: Option<String>,
}

/// One bought item.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// Name.
    pub title: String,
    /// Variant.
    pub variant: Option<String>,
    /// `2 × 49,00 €`.
    pub quantity: String,
    /// Sum of the line.
    pub amount: String,
}

/// One line of the sums.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sum {
    /// What.
    pub label: &'static str,
    /// How much, in words.
    pub amount: String,
}

/// Everything the order page says about the order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OrderView {
    /// The sentence: the answer, first on the page.
    pub sentence: String,
    /// Why, as the carrier says.
    pub why: Option<&'static str>,
    /// What comes next.
    pub next: Option<String>,
    /// Who must act now, where it is the reader.
    pub turn: Option<String>,
    /// How it stands.
    pub tone: Tone,
    /// The one action that matters now.
    pub action: Option<Action>,
    /// Number of the order and its day.
    pub order_of: String,
    /// For the title of the page.
    pub title: String,
    /// Its ways.
    pub tracks: Vec<Track>,
    /// What was bought.
    pub lines: Vec<Line>,
    /// Sentence on lines that are not shown.
    pub more_lines: Option<String>,
    /// The sums before the total.
    pub sums: Vec<Sum>,
    /// The total.
    pub total: String,
    /// `di cui IVA …`, or `IVA inclusa`.
    pub tax: String,
    /// How the payment stands.
    pub payment: String,
    /// What went back.
    pub refunded: Option<String>,
    /// To whom and where, shortened: the page may be forwarded.
    pub delivery_to: Option<String>,
    /// On the right to withdraw.
    pub withdrawal: String,
    /// A prepared mail, while the period runs.
    pub withdrawal_mailto: Option<String>,
    /// Help sentence.
    pub help: String,
    /// Contact by mail.
    pub mailto: String,
    /// Contact by phone: (shown, `tel:`).
    pub phone: Option<(String, String)>,
    /// Address of the form for problems.
    pub problem: String,
    /// Problems that were reported.
    pub problems: Vec<String>,
}

/// Works out what the page says. `base` is the address of the order page, without a question mark.
pub fn order_view(
    shop: &ShopSettings,
    order: &Order,
    voice: Voice,
    now: Timestamp,
    base: &str,
) -> OrderView {
    let page = Page::new(shop, order, voice, now, base);
    let (headline, tone) = page.headline();
    let s = &order.snapshot;
    let number = clean_line(&s.number);
    OrderView {
        sentence: headline.sentence,
        why: headline.why,
        next: headline.next,
        turn: headline.turn,
        tone,
        action: headline.action,
        order_of: fill(
            voice.order_of(),
            &[
                ("number", &number),
                ("date", &voice.day_long(page.day(s.placed_at))),
            ],
        ),
        title: fill(voice.order_title(), &[("number", &number)]),
        tracks: page.tracks(),
        lines: page.lines(),
        more_lines: (s.lines.len() > LINES_SHOWN_MAX).then(|| {
            let n = (s.lines.len() - LINES_SHOWN_MAX).to_string();
            fill(voice.more_lines(), &[("n", &n)])
        }),
        sums: page.sums(),
        total: page.amount(s.total),
        tax: match s.tax {
            Some(tax) if tax.cents > 0 => fill(voice.vat_of(), &[("amount", &page.amount(tax))]),
            _ => voice.vat_included().to_owned(),
        },
        payment: page.payment(),
        refunded: s.refunded.filter(|m| m.cents > 0).map(|m| page.amount(m)),
        delivery_to: page.delivery_to(),
        withdrawal: page.withdrawal(),
        withdrawal_mailto: page.withdrawal_mailto(),
        help: fill(
            voice.help_text(),
            &[("shop", &shop.name), ("number", &number)],
        ),
        mailto: page.mailto(&fill(voice.mail_subject(), &[("number", &number)]), None),
        phone: phone(&shop.seller.phone),
        problem: page.link("problem"),
        problems: page.problems(),
    }
}

/// A phone number as shown and as dialled.
pub fn phone(text: &str) -> Option<(String, String)> {
    let text = clean_line(text);
    if text.is_empty() {
        return None;
    }
    match dopo_core::italy::phone::Phone::parse(&text) {
        Ok(phone) => Some((phone.display(), phone.tel_uri())),
        Err(_) => {
            let dial: String = text
                .chars()
                .filter(|c| c.is_ascii_digit() || *c == '+')
                .collect();
            (!dial.is_empty()).then(|| (text, format!("tel:{dial}")))
        }
    }
}

/// The address when it is a plain web address, else nothing: a page never carries another scheme.
pub fn web_url(url: &str) -> Option<&str> {
    let url = url.trim();
    let lower = url.get(..8)?.to_ascii_lowercase();
    let scheme = lower.starts_with("https://") || lower.starts_with("http://");
    let plain = !url.chars().any(|c| c.is_whitespace() || c.is_control());
    (scheme && plain).then_some(url)
}

#[derive(Default)]
struct Headline {
    sentence: String,
    why: Option<&'static str>,
    next: Option<String>,
    turn: Option<String>,
    action: Option<Action>,
}

struct Page<'a> {
    shop: &'a ShopSettings,
    order: &'a Order,
    voice: Voice,
    now: Timestamp,
    zone: TimeZone,
    base: &'a str,
}

impl<'a> Page<'a> {
    fn new(
        shop: &'a ShopSettings,
        order: &'a Order,
        voice: Voice,
        now: Timestamp,
        base: &'a str,
    ) -> Self {
        let zone = TimeZone::get(&shop.time_zone).unwrap_or(TimeZone::UTC);
        Page {
            shop,
            order,
            voice,
            now,
            zone,
            base,
        }
    }

    /// An address below the order page, in the same language.
    fn link(&self, rest: &str) -> String {
        format!("{}/{rest}?lang={}", self.base, self.voice.tag())
    }

    fn today(&self) -> Date {
        self.day(self.now)
    }

    fn day(&self, at: Timestamp) -> Date {
        at.to_zoned(self.zone.clone()).date()
    }

    fn amount(&self, money: Money) -> String {
        format::amount(money, self.voice.locale)
    }

    /// `ieri (sabato 21 novembre)`, `venerdì 27 novembre`, `on Friday 27 November`.
    fn when(&self, day: Date) -> String {
        self.voice.when(day, self.today())
    }

    fn absolute(&self, day: Date) -> String {
        self.voice.day_named(day, self.today())
    }

    /// `martedì 1° dicembre alle 18:00`.
    fn deadline_words(&self, at: Timestamp) -> String {
        let local = at.to_zoned(self.zone.clone());
        self.voice
            .day_and_time(local.date(), local.time(), self.today())
    }

    /// Parcels that count: not cancelled.
    fn parcels(&self) -> Vec<&'a Parcel> {
        self.order
            .tracked
            .iter()
            .filter(|p| !p.snapshot.cancelled && p.state != ParcelState::Cancelled)
            .collect()
    }

    /// Parcels that the sentence is about: those on their way to the customer. One that came back and was sent again, or
    /// whose goods travel in another leg, gives way to that leg; legs back only speak where nothing else does.
    fn speaking(&self) -> Vec<&'a Parcel> {
        let all = self.parcels();
        let replaced = |parcel: &Parcel| {
            all.iter().any(|leg| {
                leg.direction == Direction::Redelivery && leg.follows == Some(parcel.seq)
            })
        };
        let to_customer: Vec<&Parcel> = all
            .iter()
            .copied()
            .filter(|p| p.direction != Direction::Return && !replaced(p))
            .collect();
        if to_customer.is_empty() {
            all
        } else {
            to_customer
        }
    }

    fn problems(&self) -> Vec<String> {
        let said = self.order.problems.iter().rev().map(|problem| {
            let date = self.when(self.day(problem.at));
            let kind = self.voice.problem_kind_of(problem.kind);
            fill(
                self.voice.problem_reported(),
                &[("date", &date), ("kind", kind)],
            )
        });
        said.collect()
    }

    fn mailto(&self, subject: &str, body: Option<&str>) -> String {
        let seller = &self.shop.seller;
        let to = if seller.email.is_empty() {
            &self.shop.from_email
        } else {
            &seller.email
        };
        let mut out = format!("mailto:{}?subject={}", encode(to), encode(subject));
        if let Some(body) = body {
            out.push_str("&body=");
            out.push_str(&encode(body));
        }
        out
    }

    fn write_action(&self, label: &str) -> Action {
        let number = clean_line(&self.order.snapshot.number);
        let subject = fill(self.voice.mail_subject(), &[("number", &number)]);
        Action {
            label: label.to_owned(),
            href: self.mailto(&subject, None),
            outside: false,
        }
    }

    fn carrier_action(&self, parcel: &Parcel, named: &str, plain: &str) -> Option<Action> {
        let href = web_url(parcel.snapshot.url.as_deref()?)?.to_owned();
        let label = match carrier(parcel) {
            Some(carrier) => fill(named, &[("carrier", &carrier)]),
            None => plain.to_owned(),
        };
        Some(Action {
            label,
            href,
            outside: true,
        })
    }

    fn lines(&self) -> Vec<Line> {
        let shown = self.order.snapshot.lines.iter().take(LINES_SHOWN_MAX);
        shown
            .map(|line| {
                let price = self.amount(line.unit_price);
                let sum = line.unit_price.checked_mul(i64::from(line.quantity));
                Line {
                    title: clean_line(&line.title),
                    variant: line
                        .variant
                        .as_deref()
                        .map(clean_line)
                        .filter(|v| !v.is_empty()),
                    quantity: fill(
                        self.voice.quantity(),
                        &[("n", &line.quantity.to_string()), ("price", &price)],
                    ),
                    amount: sum.map_or(price, |sum| self.amount(sum)),
                }
            })
            .collect()
    }

    fn sums(&self) -> Vec<Sum> {
        let s = &self.order.snapshot;
        let v = self.voice;
        let mut sums = Vec::new();
        if let Some(subtotal) = s.subtotal {
            sums.push(Sum {
                label: v.subtotal(),
                amount: self.amount(subtotal),
            });
        }
        if let Some(discount) = s.discount.filter(|d| d.cents > 0) {
            let less = Money {
                cents: -discount.cents,
                ..discount
            };
            sums.push(Sum {
                label: v.discount(),
                amount: self.amount(less),
            });
        }
        if let Some(shipping) = s.shipping {
            let amount = if shipping.cents == 0 {
                v.shipping_free().to_owned()
            } else {
                self.amount(shipping)
            };
            sums.push(Sum {
                label: v.shipping(),
                amount,
            });
        }
        sums
    }

    fn payment(&self) -> String {
        let s = &self.order.snapshot;
        let v = self.voice;
        let state = match s.payment {
            PaymentState::Pending | PaymentState::Authorized if s.cash_on_delivery => {
                return v.pay_cod().to_owned();
            }
            PaymentState::Pending | PaymentState::Authorized => v.pay_pending(),
            PaymentState::Paid => v.pay_done(),
            PaymentState::PartiallyRefunded => v.pay_part_refunded(),
            PaymentState::Refunded => v.pay_refunded(),
            PaymentState::Voided => v.pay_voided(),
        };
        match s
            .payment_method
            .as_deref()
            .map(clean_line)
            .filter(|m| !m.is_empty())
        {
            Some(method) => format!("{state} ({method})"),
            None => state.to_owned(),
        }
    }

    fn delivery_to(&self) -> Option<String> {
        let to = self.order.snapshot.ship_to.as_ref()?;
        let name = to.name.as_deref().and_then(display_name).map(|name| {
            let mut words = name.split(' ');
            let first = words.next().unwrap_or_default().to_owned();
            match words.next_back().and_then(|w| w.chars().next()) {
                Some(initial) => format!("{first} {initial}."),
                None => first,
            }
        });
        let city = to.city.as_deref().map(clean_line).filter(|c| !c.is_empty());
        let cap = to
            .postal_code
            .as_deref()
            .map(clean_line)
            .filter(|c| !c.is_empty());
        let province = to
            .province
            .as_deref()
            .map(clean_line)
            .filter(|p| p.len() == 2);
        let mut place = String::new();
        for part in [
            cap,
            city,
            province.map(|p| format!("({})", p.to_uppercase())),
        ]
        .into_iter()
        .flatten()
        {
            if !place.is_empty() {
                place.push(' ');
            }
            place.push_str(&part);
        }
        match (name, place.is_empty()) {
            (Some(name), false) => Some(format!("{name}, {place}")),
            (Some(name), true) => Some(name),
            (None, false) => Some(place),
            (None, true) => None,
        }
    }

    fn deadline(&self) -> Option<Date> {
        self.order
            .delivered_at
            .map(|at| withdrawal_deadline(self.day(at)))
    }

    fn withdrawal(&self) -> String {
        let v = self.voice;
        match self.deadline() {
            Some(last) if last < self.day(self.now) => {
                fill(v.withdraw_over(), &[("date", &self.absolute(last))])
            }
            Some(last) => fill(v.withdraw_until(), &[("date", &self.absolute(last))]),
            None => v.withdraw_open().to_owned(),
        }
    }

    fn withdrawal_mailto(&self) -> Option<String> {
        if self
            .deadline()
            .is_some_and(|last| last < self.day(self.now))
        {
            return None;
        }
        let number = clean_line(&self.order.snapshot.number);
        let fields = [("number", number.as_str())];
        let subject = fill(self.voice.withdraw_subject(), &fields);
        let body = fill(self.voice.withdraw_body(), &fields);
        Some(self.mailto(&subject, Some(&body)))
    }
}

fn carrier(parcel: &Parcel) -> Option<String> {
    parcel
        .snapshot
        .carrier
        .as_deref()
        .map(clean_line)
        .filter(|c| !c.is_empty())
}

/// Percent-encodes for a `mailto:` address (RFC 6068).
fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.replace('\n', "\r\n").bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'@' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
