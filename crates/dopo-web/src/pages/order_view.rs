//! What the order page says, worked out from the facts. Pure: an order, a shop and a moment in, words out.

use crate::limits::{LINES_SHOWN_MAX, TIMELINE_MAX};
use crate::words::{OrderStep, Voice, fill};
use dopo_core::italy::calendar::withdrawal_deadline;
use dopo_core::italy::format;
use dopo_core::italy::names::display_name;
use dopo_core::italy::{Locale, clean_line};
use dopo_core::money::Money;
use dopo_core::order::{Order, PaymentState};
use dopo_core::parcel::{Parcel, ParcelState};
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
    /// The newest: where it is now.
    pub current: bool,
}

/// One parcel, or the order itself before there is a parcel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Track {
    /// `Pacco 1 di 2`, empty when there is one.
    pub title: String,
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
    /// What comes next.
    pub next: Option<String>,
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
}

/// Works out what the page says.
pub fn order_view(shop: &ShopSettings, order: &Order, voice: Voice, now: Timestamp) -> OrderView {
    let page = Page::new(shop, order, voice, now);
    let (headline, tone) = page.headline();
    let s = &order.snapshot;
    let number = clean_line(&s.number);
    OrderView {
        sentence: headline.sentence,
        next: headline.next,
        tone,
        action: headline.action,
        order_of: fill(
            voice.order_of(),
            &[
                ("number", &number),
                (
                    "date",
                    &format::date_long(page.day(s.placed_at), voice.locale),
                ),
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

struct Headline {
    sentence: String,
    next: Option<String>,
    action: Option<Action>,
}

struct Page<'a> {
    shop: &'a ShopSettings,
    order: &'a Order,
    voice: Voice,
    now: Timestamp,
    zone: TimeZone,
}

impl<'a> Page<'a> {
    fn new(shop: &'a ShopSettings, order: &'a Order, voice: Voice, now: Timestamp) -> Self {
        let zone = TimeZone::get(&shop.time_zone).unwrap_or(TimeZone::UTC);
        Page {
            shop,
            order,
            voice,
            now,
            zone,
        }
    }

    fn day(&self, at: Timestamp) -> Date {
        at.to_zoned(self.zone.clone()).date()
    }

    fn amount(&self, money: Money) -> String {
        format::amount(money, self.voice.locale)
    }

    /// `ieri (sabato 21 novembre)`, `venerdì 27 novembre`, `on Friday 27 November`.
    fn when(&self, day: Date) -> String {
        let today = self.day(self.now);
        let words = format::relative_day(day, today, self.voice.locale);
        match self.voice.locale {
            Locale::En if format::relative_word(day, today, Locale::En).is_none() => {
                format!("on {words}")
            }
            _ => words,
        }
    }

    fn absolute(&self, day: Date) -> String {
        if day.year() == self.day(self.now).year() {
            format::date_with_weekday(day, self.voice.locale)
        } else {
            format::date_full(day, self.voice.locale)
        }
    }

    /// Parcels that count: not cancelled.
    fn parcels(&self) -> Vec<&'a Parcel> {
        self.order
            .tracked
            .iter()
            .filter(|p| !p.snapshot.cancelled && p.state != ParcelState::Cancelled)
            .collect()
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

    fn headline(&self) -> (Headline, Tone) {
        let v = self.voice;
        let s = &self.order.snapshot;
        let plain = |sentence: &str, next: &str| Headline {
            sentence: sentence.to_owned(),
            next: (!next.is_empty()).then(|| next.to_owned()),
            action: None,
        };
        if let Some(at) = s.cancelled_at {
            let sentence = fill(v.s_cancelled_on(), &[("date", &self.when(self.day(at)))]);
            let back = s.refunded.filter(|m| m.cents > 0);
            let next = match back {
                Some(m) => fill(v.s_refunded(), &[("amount", &self.amount(m))]),
                None if s.payment == PaymentState::Voided => String::new(),
                None => v.n_cancelled().to_owned(),
            };
            return (plain(&sentence, &next), Tone::Attention);
        }
        match s.payment {
            PaymentState::Refunded => {
                let amount = self.amount(s.refunded.unwrap_or(s.total));
                let sentence = fill(v.s_refunded(), &[("amount", &amount)]);
                return (plain(&sentence, v.n_refunded()), Tone::Calm);
            }
            PaymentState::Voided => return (plain(v.s_cancelled(), ""), Tone::Attention),
            _ => {}
        }
        let parcels = self.parcels();
        let Some(parcel) = parcels.iter().copied().min_by_key(|p| urgency(p.state)) else {
            return self.before_shipping();
        };
        let (mut headline, tone) = self.parcel_headline(parcel);
        let there = parcels.iter().filter(|p| p.delivered_at.is_some()).count();
        if there > 0 && there < parcels.len() {
            let (n, all) = (there.to_string(), parcels.len().to_string());
            let template = if there == 1 {
                v.s_partly_one()
            } else {
                v.s_partly()
            };
            let partly = fill(template, &[("n", &n), ("all", &all)]);
            headline.next = Some(match headline.next {
                Some(next) => format!("{partly} {next}"),
                None => partly,
            });
        }
        (headline, tone)
    }

    fn before_shipping(&self) -> (Headline, Tone) {
        let v = self.voice;
        let s = &self.order.snapshot;
        if s.payment == PaymentState::Pending && !s.cash_on_delivery {
            let headline = Headline {
                sentence: v.s_waiting_payment().to_owned(),
                next: Some(v.n_waiting_payment().to_owned()),
                action: None,
            };
            return (headline, Tone::Attention);
        }
        match s.promised_on {
            Some(day) if day < self.day(self.now) => (
                Headline {
                    sentence: fill(v.s_late(), &[("date", &self.when(day))]),
                    next: Some(v.n_late().to_owned()),
                    action: Some(self.write_action(v.write_to_us())),
                },
                Tone::Attention,
            ),
            promised => (
                Headline {
                    sentence: match promised {
                        Some(day) => fill(v.s_preparing_until(), &[("date", &self.absolute(day))]),
                        None => v.s_preparing().to_owned(),
                    },
                    next: Some(v.n_preparing().to_owned()),
                    action: None,
                },
                Tone::Calm,
            ),
        }
    }

    fn parcel_headline(&self, parcel: &Parcel) -> (Headline, Tone) {
        let v = self.voice;
        let s = &self.order.snapshot;
        let newest = parcel
            .checkpoints
            .iter()
            .rev()
            .find(|k| k.revoked_at.is_none());
        let newest_day = newest.map(|k| self.day(k.checkpoint.at));
        let today = self.day(self.now);
        let track = || self.carrier_action(parcel, v.track_parcel(), v.track_parcel_plain());
        let choose = || {
            self.carrier_action(parcel, v.choose_delivery(), v.choose_delivery_plain())
                .or_else(|| Some(self.write_action(v.write_to_us())))
        };
        let on = |day: Option<Date>| self.when(day.unwrap_or(today));
        let expected = parcel.snapshot.expected_on.or(s.promised_on);
        let (sentence, next, action, tone) = match parcel.state {
            ParcelState::HeldAtDepot => (
                v.s_held().to_owned(),
                v.n_held().to_owned(),
                choose(),
                Tone::Bad,
            ),
            ParcelState::AttemptFailed => (
                fill(v.s_attempt(), &[("date", &on(newest_day))]),
                v.n_attempt().to_owned(),
                choose(),
                Tone::Attention,
            ),
            ParcelState::ReadyForPickup => {
                let place = newest
                    .and_then(|k| k.checkpoint.place.as_deref())
                    .map(clean_line);
                let sentence = match place.filter(|p| !p.is_empty()) {
                    Some(place) => fill(v.s_pickup_at(), &[("place", &place)]),
                    None => v.s_pickup().to_owned(),
                };
                let action =
                    self.carrier_action(parcel, v.where_to_collect(), v.where_to_collect());
                (sentence, v.n_pickup().to_owned(), action, Tone::Attention)
            }
            ParcelState::Lost => (
                v.s_lost().to_owned(),
                v.n_lost().to_owned(),
                Some(self.write_action(v.write_to_us())),
                Tone::Bad,
            ),
            ParcelState::Expired => (
                v.s_silent().to_owned(),
                v.n_lost().to_owned(),
                Some(self.write_action(v.write_to_us())),
                Tone::Bad,
            ),
            ParcelState::Refused | ParcelState::Returning | ParcelState::Returned => {
                let sentence = match parcel.state {
                    ParcelState::Refused => v.s_refused(),
                    ParcelState::Returning => v.s_returning(),
                    _ => v.s_returned(),
                };
                let action = Some(self.write_action(v.write_to_us()));
                (
                    sentence.to_owned(),
                    v.n_back().to_owned(),
                    action,
                    Tone::Attention,
                )
            }
            ParcelState::OutForDelivery => {
                let sentence = match newest_day {
                    Some(day) if day < today => {
                        fill(v.s_out_since(), &[("date", &self.absolute(day))])
                    }
                    _ => v.s_out().to_owned(),
                };
                let next = if s.cash_on_delivery {
                    fill(v.n_out_cod(), &[("amount", &self.amount(s.total))])
                } else {
                    v.n_out().to_owned()
                };
                (sentence, next, track(), Tone::Calm)
            }
            ParcelState::Delivered | ParcelState::Collected => {
                let day = on(parcel.delivered_at.map(|at| self.day(at)));
                let text = if parcel.state == ParcelState::Collected {
                    v.s_collected()
                } else {
                    v.s_delivered()
                };
                let action = Some(self.write_action(v.something_wrong()));
                (
                    fill(text, &[("date", &day)]),
                    v.n_delivered().to_owned(),
                    action,
                    Tone::Good,
                )
            }
            _ if expected.is_some_and(|day| day < today) => (
                fill(v.s_late(), &[("date", &on(expected))]),
                v.n_late().to_owned(),
                track().or_else(|| Some(self.write_action(v.write_to_us()))),
                Tone::Attention,
            ),
            ParcelState::Unknown | ParcelState::Announced | ParcelState::Cancelled
                if parcel.snapshot.shipped_at.is_none() =>
            {
                (
                    v.s_announced().to_owned(),
                    v.n_announced().to_owned(),
                    track(),
                    Tone::Calm,
                )
            }
            ParcelState::Customs => (
                v.s_customs().to_owned(),
                v.n_customs().to_owned(),
                track(),
                Tone::Calm,
            ),
            state => {
                let sentence = match expected {
                    Some(day) => fill(v.s_arrives(), &[("date", &self.when(day))]),
                    None if state == ParcelState::AtDepot => v.s_at_depot().to_owned(),
                    None => v.s_under_way().to_owned(),
                };
                let next = if state == ParcelState::AtDepot {
                    v.n_at_depot()
                } else {
                    v.n_under_way()
                };
                (sentence, next.to_owned(), track(), Tone::Calm)
            }
        };
        (
            Headline {
                sentence,
                next: Some(next),
                action,
            },
            tone,
        )
    }

    fn moment(&self, at: Timestamp, day_only: bool) -> String {
        let zoned = at.to_zoned(self.zone.clone());
        let day = format::relative_word(zoned.date(), self.day(self.now), self.voice.locale)
            .map_or_else(|| self.absolute(zoned.date()), str::to_owned);
        if day_only {
            day
        } else {
            format!("{day}, {}", format::time(zoned.time()))
        }
    }

    fn entry(&self, icon: &'static str, tone: Tone, what: &'static str, at: Timestamp) -> Entry {
        Entry {
            icon,
            tone,
            what,
            when: self.moment(at, false),
            datetime: at
                .to_zoned(self.zone.clone())
                .strftime("%Y-%m-%dT%H:%M:%S%:z")
                .to_string(),
            place: None,
            current: false,
        }
    }

    fn order_entries(&self) -> Vec<Entry> {
        let s = &self.order.snapshot;
        let v = self.voice;
        vec![self.entry(
            "bag",
            Tone::Good,
            v.order_step(OrderStep::Placed),
            s.placed_at,
        )]
    }

    fn tracks(&self) -> Vec<Track> {
        let parcels = self.parcels();
        let v = self.voice;
        let s = &self.order.snapshot;
        if parcels.is_empty() {
            let mut entries = self.order_entries();
            let step = match (s.cancelled_at, s.payment) {
                (Some(at), _) => Some(self.entry(
                    "cross",
                    Tone::Attention,
                    v.order_step(OrderStep::Cancelled),
                    at,
                )),
                (None, PaymentState::Refunded | PaymentState::Voided) => None,
                (None, PaymentState::Pending) if !s.cash_on_delivery => {
                    Some(self.running("wait", Tone::Attention, OrderStep::AwaitingPayment))
                }
                _ => Some(self.running("box", Tone::Calm, OrderStep::Preparing)),
            };
            entries.extend(step);
            entries.reverse();
            mark_current(&mut entries);
            return vec![Track {
                title: String::new(),
                carrier: None,
                by_carrier: None,
                number: None,
                url: None,
                contents: None,
                entries,
                earlier: None,
            }];
        }
        let many = parcels.len() > 1;
        let all = parcels.len().to_string();
        parcels
            .iter()
            .enumerate()
            .map(|(i, parcel)| {
                let title = if many {
                    let n = (i + 1).to_string();
                    fill(v.parcel_n(), &[("n", &n), ("all", &all)])
                } else {
                    String::new()
                };
                self.track(parcel, title, many)
            })
            .collect()
    }

    /// A step that has no time: it is going on.
    fn running(&self, icon: &'static str, tone: Tone, step: OrderStep) -> Entry {
        Entry {
            icon,
            tone,
            what: self.voice.order_step(step),
            when: self.voice.now().to_owned(),
            datetime: String::new(),
            place: None,
            current: true,
        }
    }

    fn track(&self, parcel: &Parcel, title: String, many: bool) -> Track {
        let v = self.voice;
        let mut entries = self.order_entries();
        let scans: Vec<_> = parcel
            .checkpoints
            .iter()
            .filter(|k| k.revoked_at.is_none())
            .collect();
        let handed_over = scans.iter().any(|k| {
            matches!(k.checkpoint.state, ParcelState::PickedUp) || k.checkpoint.state.is_under_way()
        });
        if let (Some(at), false) = (parcel.snapshot.shipped_at, handed_over) {
            entries.push(self.entry("truck", Tone::Calm, v.order_step(OrderStep::Shipped), at));
        }
        for known in &scans {
            let scan = &known.checkpoint;
            let (icon, tone) = look(scan.state);
            let mut entry = self.entry(icon, tone, v.parcel_state(scan.state), scan.at);
            entry.when = self.moment(scan.at, scan.day_only);
            if scan.day_only {
                entry.datetime = self.day(scan.at).to_string();
            }
            entry.place = scan
                .place
                .as_deref()
                .map(clean_line)
                .filter(|p| !p.is_empty());
            entries.push(entry);
        }
        entries.reverse();
        // Two scans that say the same at the same place are one for the reader; the newest stays.
        entries.dedup_by(|older, newer| older.what == newer.what && older.place == newer.place);
        let hidden = entries.len().saturating_sub(TIMELINE_MAX);
        entries.truncate(TIMELINE_MAX);
        mark_current(&mut entries);
        let inside: Vec<String> = self
            .order
            .snapshot
            .lines
            .iter()
            .filter(|line| parcel.snapshot.lines.contains(&line.id))
            .map(|line| clean_line(&line.title))
            .collect();
        Track {
            title,
            by_carrier: carrier(parcel).map(|c| fill(v.by_carrier(), &[("carrier", &c)])),
            carrier: carrier(parcel),
            number: parcel
                .snapshot
                .number
                .as_deref()
                .map(clean_line)
                .filter(|n| !n.is_empty()),
            url: parcel
                .snapshot
                .url
                .as_deref()
                .and_then(web_url)
                .map(str::to_owned),
            contents: (many && !inside.is_empty())
                .then(|| fill(v.in_this_parcel(), &[("items", &inside.join(", "))])),
            entries,
            earlier: (hidden > 0).then(|| fill(v.earlier_steps(), &[("n", &hidden.to_string())])),
        }
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

fn mark_current(entries: &mut [Entry]) {
    if let Some(first) = entries.first_mut() {
        first.current = true;
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

/// Which parcel the sentence is about: the one that needs somebody, then the one nearest to the door; a delivered one
/// only when all are.
fn urgency(state: ParcelState) -> u8 {
    match state {
        ParcelState::HeldAtDepot => 0,
        ParcelState::AttemptFailed => 1,
        ParcelState::ReadyForPickup => 2,
        ParcelState::Lost => 3,
        ParcelState::Expired => 4,
        ParcelState::Refused => 5,
        ParcelState::Returning => 6,
        ParcelState::Returned => 7,
        ParcelState::OutForDelivery => 8,
        ParcelState::AtDepot => 9,
        ParcelState::InTransit => 10,
        ParcelState::Customs => 11,
        ParcelState::PickedUp => 12,
        ParcelState::Announced => 13,
        ParcelState::Unknown => 14,
        ParcelState::Delivered => 15,
        ParcelState::Collected => 16,
        ParcelState::Cancelled => 17,
    }
}

/// Icon and tone of a scan.
fn look(state: ParcelState) -> (&'static str, Tone) {
    match state {
        ParcelState::Unknown | ParcelState::Announced => ("box", Tone::Calm),
        ParcelState::PickedUp | ParcelState::InTransit | ParcelState::OutForDelivery => {
            ("truck", Tone::Calm)
        }
        ParcelState::Customs | ParcelState::AtDepot => ("depot", Tone::Calm),
        ParcelState::AttemptFailed => ("alert", Tone::Attention),
        ParcelState::ReadyForPickup => ("depot", Tone::Attention),
        ParcelState::HeldAtDepot => ("alert", Tone::Bad),
        ParcelState::Delivered | ParcelState::Collected => ("check", Tone::Good),
        ParcelState::Refused | ParcelState::Returning | ParcelState::Returned => {
            ("back", Tone::Attention)
        }
        ParcelState::Lost | ParcelState::Expired => ("cross", Tone::Bad),
        ParcelState::Cancelled => ("cross", Tone::Attention),
    }
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
