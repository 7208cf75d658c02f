//! What becomes of one visit: a cart, an order, its payment, its parcels with their scans, what goes wrong, what comes
//! back. All of it follows from the seed, the customer and the number of the visit.

use super::catalogue::{ITEMS, Item, SOFT_SPAM_NOTICE, STOREFRONT};
use super::dice::Dice;
use super::people::Person;
use super::season;
use dopo_core::cart::CartSnapshot;
use dopo_core::event::{Event, EventLine, ParcelRef};
use dopo_core::italy::calendar::{add_working_days, is_working_day, next_working_day};
use dopo_core::money::Money;
use dopo_core::order::{OrderLine, OrderSnapshot, PaymentState, ReturnState};
use dopo_core::parcel::{Checkpoint, ParcelSnapshot, ParcelState};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Cents of goods from which shipping is free.
const FREE_SHIPPING_CENTS: i64 = 9_900;
/// VAT in a price, in percent.
const VAT_PERCENT: i64 = 22;
/// Text and place of the shop's own warehouse and of the sorting centres on the way.
const WAREHOUSE: &str = "Melzo (MI)";
static HUBS: [&str; 6] = [
    "Milano Hub",
    "Bologna Hub",
    "Roma Hub",
    "Piacenza Hub",
    "Firenze Hub",
    "Napoli Hub",
];

/// A courier with its share and what its scans are called.
struct Courier {
    name: &'static str,
    parts: u32,
    /// Share that brings bulky things.
    bulky_parts: u32,
}

static COURIERS: [Courier; 5] = [
    Courier {
        name: "BRT",
        parts: 32,
        bulky_parts: 60,
    },
    Courier {
        name: "GLS",
        parts: 28,
        bulky_parts: 25,
    },
    Courier {
        name: "Poste Italiane",
        parts: 18,
        bulky_parts: 0,
    },
    Courier {
        name: "SDA",
        parts: 12,
        bulky_parts: 0,
    },
    Courier {
        name: "DHL",
        parts: 10,
        bulky_parts: 15,
    },
];

/// A visit that begins, and by whom.
pub(super) struct Visit<'a> {
    /// Number of the customer.
    pub(super) customer: u64,
    /// Number of the visit, from 0.
    pub(super) visit: u64,
    /// Who.
    pub(super) person: &'a Person,
    /// When the history began: order numbers grow from there.
    pub(super) since: Timestamp,
    /// The favourite room, to which purchases come back.
    pub(super) room: usize,
    /// Zone of the shop.
    pub(super) zone: &'a TimeZone,
}

/// What a visit led to.
pub(super) struct Led {
    /// An order was placed.
    pub(super) ordered: bool,
}

struct Story<'a> {
    visit: &'a Visit<'a>,
    order: String,
    out: &'a mut Vec<EventLine>,
    told: u32,
}

impl Story<'_> {
    fn tell(&mut self, at: Timestamp, event: Event) {
        let id = format!("{}-{}", self.order, self.told);
        self.told += 1;
        self.out.push(EventLine { id, at, event });
    }
}

/// Seconds later.
fn later(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(seconds))
        .unwrap_or(at)
}

fn day_of(at: Timestamp, zone: &TimeZone) -> Date {
    zone.to_datetime(at).date()
}

/// Tells one visit that begins at `at`.
pub(super) fn tell(
    dice: &mut Dice,
    visit: &Visit<'_>,
    at: Timestamp,
    out: &mut Vec<EventLine>,
) -> Led {
    let number = 3_000_000_000 + visit.customer * 1_000 + visit.visit;
    let mut story = Story {
        visit,
        order: number.to_string(),
        out,
        told: 0,
    };
    let lines = basket(dice, visit, number);
    let goods: i64 = lines
        .iter()
        .map(|(_, line)| line.unit_price.cents * i64::from(line.quantity))
        .sum();
    let cart_id = format!("cart-{number}");
    let abandoned = dice.chance(0.24);
    let with_cart = abandoned || dice.chance(0.6);
    let ordered_at = later(at, dice.between(240, 2_400));
    if with_cart {
        story.tell(at, cart_updated(visit, &cart_id, &lines, goods, at));
        if dice.chance(0.3) {
            let again = later(at, 120);
            story.tell(again, cart_updated(visit, &cart_id, &lines, goods, again));
        }
    }
    let mut placed_at = ordered_at;
    if abandoned {
        // Some come back within two days and finish it.
        if !dice.chance(0.22) {
            if dice.chance(0.08) {
                story.tell(later(at, 40_000), Event::CartRemoved { cart: cart_id });
            }
            return Led { ordered: false };
        }
        let day = add_days(day_of(at, visit.zone), dice.between(1, 2));
        placed_at = season::moment(dice, day, visit.zone);
    }
    let cart = with_cart.then_some(cart_id);
    order(dice, &mut story, lines, goods, cart, placed_at);
    Led { ordered: true }
}

fn add_days(date: Date, days: i64) -> Date {
    date.saturating_add(jiff::Span::new().days(days))
}

fn cart_updated(
    visit: &Visit<'_>,
    id: &str,
    lines: &[(&'static Item, OrderLine)],
    goods: i64,
    at: Timestamp,
) -> Event {
    Event::CartUpdated {
        cart: Box::new(CartSnapshot {
            external_id: id.to_owned(),
            updated_at: at,
            person: visit.person.details.clone(),
            lines: lines.iter().map(|(_, line)| line.clone()).collect(),
            total: Some(Money::eur(goods)),
            url: Some(format!("{STOREFRONT}/carrello/{id}")),
            completed_at: None,
        }),
    }
}

/// What somebody takes: mostly things for the favourite room, often small things beside a large one.
fn basket(dice: &mut Dice, visit: &Visit<'_>, number: u64) -> Vec<(&'static Item, OrderLine)> {
    let count = *dice.pick(&[1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4]);
    let room = super::catalogue::CATEGORIES[visit.room].1;
    let mut lines: Vec<(&'static Item, OrderLine)> = Vec::with_capacity(count);
    while lines.len() < count {
        let at_home = dice.chance(0.55);
        let weigh = |item: &Item| {
            if at_home && item.group() != room {
                0
            } else {
                item.parts
            }
        };
        let item = dice.weighted(&ITEMS, weigh);
        let Some(n) = ITEMS.iter().position(|other| std::ptr::eq(other, item)) else {
            continue;
        };
        let id = Item::id(n);
        if lines
            .iter()
            .any(|(_, line)| line.product_id.as_ref() == Some(&id))
        {
            // A second one of the same is no new line; the basket is shorter then.
            if dice.chance(0.5) {
                break;
            }
            continue;
        }
        let quantity = match item.category {
            "Sedie" | "Sgabelli" => *dice.pick(&[2, 4, 4, 6]),
            "Cuscini e plaid" | "Tende" => *dice.pick(&[1, 2, 2, 3]),
            _ if !item.bulky && dice.chance(0.12) => 2,
            _ => 1,
        };
        let variants = item.variants();
        let variant = (!variants.is_empty()).then(|| (*dice.pick(variants)).to_owned());
        let line = OrderLine {
            id: format!("{number}{:02}", lines.len() + 1),
            product_id: Some(id),
            sku: Some(item.sku(n)),
            title: item.title.to_owned(),
            variant,
            quantity,
            unit_price: Money::eur(item.cents),
            category: Some(item.category.to_owned()),
            url: Some(format!("{STOREFRONT}/prodotti/{}", item.path())),
            image_url: None,
        };
        lines.push((item, line));
    }
    lines
}

/// How an order is paid.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pay {
    Card,
    Transfer,
    AtTheDoor,
}

fn order(
    dice: &mut Dice,
    story: &mut Story<'_>,
    lines: Vec<(&'static Item, OrderLine)>,
    goods: i64,
    cart_id: Option<String>,
    placed_at: Timestamp,
) {
    let visit = story.visit;
    let zone = visit.zone;
    let day = day_of(placed_at, zone);
    let bulky = lines.iter().any(|(item, _)| item.bulky);
    let at_the_door = if bulky {
        0.03
    } else if visit.person.south {
        0.34
    } else {
        0.08
    };
    let (pay, method) = if dice.chance(at_the_door) {
        (Pay::AtTheDoor, "Contrassegno")
    } else if dice.chance(0.06) {
        (Pay::Transfer, "Bonifico bancario")
    } else {
        let methods = [
            "Carta di credito",
            "Carta di credito",
            "PayPal",
            "PayPal",
            "Carta prepagata",
            "Pagamento a rate",
        ];
        (Pay::Card, *dice.pick(&methods))
    };
    let code = match season::public_code(day) {
        Some((code, percent)) if dice.chance(0.75) => Some((code, percent)),
        _ if visit.visit == 0 && dice.chance(0.3) => Some(("BENVENUTO10", 10)),
        _ => None,
    };
    let discount = code.map_or(0, |(_, percent)| goods * percent / 100);
    let shipping = match (bulky, goods >= FREE_SHIPPING_CENTS) {
        (true, _) => 3_900,
        (false, true) => 0,
        (false, false) => 690,
    };
    let door_fee = if pay == Pay::AtTheDoor { 350 } else { 0 };
    let total = goods - discount + shipping + door_fee;
    let delay = dice.chance(0.08);
    let days = if bulky {
        dice.between(4, 12)
    } else {
        dice.between(0, 2)
    };
    let promised = add_working_days(day, u16::try_from(days + 5).unwrap_or(5), None);
    let mut told = OrderSnapshot {
        external_id: story.order.clone(),
        number: format!(
            "#{}",
            10_000 + (placed_at.as_second() - visit.since.as_second()).max(0) / 60
        ),
        placed_at,
        updated_at: placed_at,
        person: visit.person.details.clone(),
        lines: lines.iter().map(|(_, line)| line.clone()).collect(),
        subtotal: Some(Money::eur(goods)),
        discount: (discount > 0).then_some(Money::eur(discount)),
        shipping: Some(Money::eur(shipping + door_fee)),
        tax: Some(Money::eur(total - (total * 100 + 61) / (100 + VAT_PERCENT))),
        total: Money::eur(total),
        refunded: None,
        payment: if pay == Pay::Card {
            PaymentState::Paid
        } else {
            PaymentState::Pending
        },
        payment_method: Some(method.to_owned()),
        cash_on_delivery: pay == Pay::AtTheDoor,
        cancelled_at: None,
        fulfilled: false,
        ship_to: Some(visit.person.address.clone()),
        shipping_method: Some(
            if bulky {
                "Consegna al piano"
            } else {
                "Corriere espresso"
            }
            .to_owned(),
        ),
        promised_on: Some(promised),
        discount_codes: code.map(|(code, _)| code.to_owned()).into_iter().collect(),
        soft_spam_notice: dice.chance(0.88).then(|| SOFT_SPAM_NOTICE.to_owned()),
        cart_id,
        test: false,
        parcels: Vec::new(),
    };
    story.tell(placed_at, updated(&told));

    // Before it is sent: cancelled at once, or never paid.
    if dice.chance(0.022) {
        let at = later(placed_at, dice.between(900, 30_000));
        story.tell(
            at,
            Event::OrderCancelled {
                order: told.external_id.clone(),
            },
        );
        if told.payment == PaymentState::Paid {
            refund(story, &told, told.total.cents, later(at, 600));
        }
        return;
    }
    let mut ready = day;
    if pay == Pay::Transfer {
        if dice.chance(0.12) {
            let at = season::between(dice, add_days(day, 8), 9, 18, zone);
            story.tell(
                at,
                Event::OrderCancelled {
                    order: told.external_id.clone(),
                },
            );
            return;
        }
        ready = add_working_days(day, u16::try_from(dice.between(1, 3)).unwrap_or(1), None);
        let at = season::between(dice, ready, 9, 13, zone);
        told.payment = PaymentState::Paid;
        told.updated_at = at;
        story.tell(at, updated(&told));
    }

    let late = if delay { dice.between(3, 9) } else { 0 };
    let preparing = u16::try_from(1 + days + late).unwrap_or(1);
    let first_ship = add_working_days(ready, preparing, None);
    let parcels = split(dice, &lines);
    let mut shipped_on = first_ship;
    let mut ends = Vec::with_capacity(parcels.len());
    let count = parcels.len();
    for (n, line_ids) in parcels.into_iter().enumerate() {
        if n > 0 {
            shipped_on = add_working_days(
                shipped_on,
                u16::try_from(dice.between(0, 4)).unwrap_or(0),
                None,
            );
        }
        let at = season::between(dice, shipped_on, 14, 17, zone);
        let box_ = Box_ {
            number: n,
            lines: line_ids,
            bulky,
            shipped_at: at,
        };
        let end = parcel(dice, story, &told, &box_, n + 1 == count);
        ends.push(end);
    }
    after(dice, story, told, &ends, pay);
}

fn updated(told: &OrderSnapshot) -> Event {
    Event::OrderUpdated {
        order: Box::new(told.clone()),
    }
}

fn refund(story: &mut Story<'_>, told: &OrderSnapshot, cents: i64, at: Timestamp) {
    story.tell(
        at,
        Event::OrderRefunded {
            order: told.external_id.clone(),
            refunded: Money::eur(cents),
        },
    );
}

/// Which lines travel together: a van for the large things, a parcel for the rest.
fn split(dice: &mut Dice, lines: &[(&'static Item, OrderLine)]) -> Vec<Vec<String>> {
    let (large, small): (Vec<_>, Vec<_>) = lines.iter().partition(|(item, _)| item.bulky);
    let ids = |part: Vec<&(&'static Item, OrderLine)>| {
        part.iter().map(|(_, line)| line.id.clone()).collect()
    };
    if !large.is_empty() && !small.is_empty() && dice.chance(0.8) {
        return vec![ids(small), ids(large)];
    }
    vec![lines.iter().map(|(_, line)| line.id.clone()).collect()]
}

/// A parcel about to leave.
struct Box_ {
    number: usize,
    lines: Vec<String>,
    bulky: bool,
    shipped_at: Timestamp,
}

/// How a parcel's way ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Delivered(Timestamp),
    Returned(Timestamp),
    Lost(Timestamp),
}

/// Tells the scans of one parcel.
struct Way<'a, 'b> {
    story: &'a mut Story<'b>,
    parcel: ParcelRef,
    last: Timestamp,
}

impl Way<'_, '_> {
    fn scan(
        &mut self,
        at: Timestamp,
        state: ParcelState,
        place: Option<&str>,
        text: &str,
    ) -> Timestamp {
        self.scan_because(at, state, place, text, None)
    }

    fn scan_because(
        &mut self,
        at: Timestamp,
        state: ParcelState,
        place: Option<&str>,
        text: &str,
        reason: Option<&str>,
    ) -> Timestamp {
        // Scans follow each other by at least a few minutes.
        let at = at.max(later(self.last, 300));
        self.last = at;
        let event = Event::ParcelScanned {
            parcel: self.parcel.clone(),
            checkpoint: Checkpoint {
                at,
                day_only: false,
                state,
                reason: reason.map(str::to_owned),
                place: place.map(str::to_owned),
                text: Some(text.to_owned()),
                code: None,
                ..Checkpoint::default()
            },
        };
        self.story.tell(at, event);
        at
    }
}

fn tracking_number(dice: &mut Dice, courier: &str) -> String {
    let digits = |dice: &mut Dice, n: usize| -> String {
        (0..n)
            .map(|_| char::from(b'0' + dice.below(10) as u8))
            .collect()
    };
    match courier {
        "GLS" => format!("M1{}", digits(dice, 9)),
        "Poste Italiane" => format!("3UW{}", digits(dice, 10)),
        "SDA" => format!("28{}", digits(dice, 11)),
        "DHL" => format!("JJD{}", digits(dice, 10)),
        _ => format!("068{}", digits(dice, 9)),
    }
}

fn parcel(
    dice: &mut Dice,
    story: &mut Story<'_>,
    order: &OrderSnapshot,
    box_: &Box_,
    last: bool,
) -> End {
    let zone = story.visit.zone;
    let courier = dice.weighted(
        &COURIERS,
        |c| if box_.bulky { c.bulky_parts } else { c.parts },
    );
    let number = tracking_number(dice, courier.name);
    let town = order
        .ship_to
        .as_ref()
        .and_then(|to| to.city.clone())
        .unwrap_or_default();
    let south = story.visit.person.south;
    let shipped_at = box_.shipped_at;
    let shipped_on = day_of(shipped_at, zone);
    let transit = if south {
        dice.between(2, 3)
    } else {
        dice.between(1, 2)
    };
    let expected = add_working_days(shipped_on, u16::try_from(transit).unwrap_or(1), None);
    let told = ParcelSnapshot {
        external_id: Some(format!("{}-f{}", order.external_id, box_.number + 1)),
        carrier: Some(courier.name.to_owned()),
        number: Some(number.clone()),
        url: None,
        shipped_at: Some(shipped_at),
        expected_on: Some(expected),
        lines: box_.lines.clone(),
        cancelled: false,
    };
    let parcel = ParcelRef {
        order: Some(order.external_id.clone()),
        external_id: told.external_id.clone(),
        number: Some(number),
        carrier: told.carrier.clone(),
        seq: None,
    };
    story.tell(
        shipped_at,
        Event::ParcelUpdated {
            order: order.external_id.clone(),
            parcel: told,
        },
    );
    if last {
        let mut all_out = order.clone();
        all_out.fulfilled = true;
        all_out.updated_at = later(shipped_at, 30);
        story.tell(all_out.updated_at, updated(&all_out));
    }
    let mut way = Way {
        story,
        parcel,
        last: shipped_at,
    };
    way.scan(
        later(shipped_at, 60),
        ParcelState::Announced,
        None,
        "Dati della spedizione trasmessi",
    );
    let picked = way.scan(
        season::between(dice, shipped_on, 17, 20, zone),
        ParcelState::PickedUp,
        Some(WAREHOUSE),
        "Presa in carico",
    );
    let night = later(picked, dice.between(14_000, 25_000));
    way.scan(night, ParcelState::InTransit, Some(HUBS[0]), "In transito");
    if dice.chance(0.006) {
        let at = season::between(dice, add_working_days(shipped_on, 9, None), 10, 16, zone);
        way.scan_because(
            at,
            ParcelState::Lost,
            None,
            "Spedizione smarrita",
            Some("carrier_lost"),
        );
        return End::Lost(at);
    }
    let mut arrives = expected;
    if dice.chance(0.09) {
        let because = *dice.pick(&[
            "carrier_misrouted",
            "carrier_vehicle",
            "weather_delayed",
            "carrier_capacity",
        ]);
        let at = season::between(dice, expected, 9, 12, zone);
        way.scan_because(
            at,
            ParcelState::InTransit,
            Some(*dice.pick(&HUBS)),
            "Consegna in ritardo",
            Some(because),
        );
        arrives = add_working_days(
            expected,
            u16::try_from(dice.between(1, 4)).unwrap_or(1),
            None,
        );
    } else if south || dice.chance(0.4) {
        let hub = if south {
            HUBS[5]
        } else {
            *dice.pick(&HUBS[1..5])
        };
        way.scan(
            later(night, dice.between(20_000, 30_000)),
            ParcelState::InTransit,
            Some(hub),
            "Transito al centro di smistamento",
        );
    }
    let depot = format!("Filiale di {town}");
    way.scan(
        season::between(dice, arrives, 5, 7, zone),
        ParcelState::AtDepot,
        Some(&depot),
        "Arrivata alla filiale di consegna",
    );
    deliver(dice, &mut way, order, arrives, &depot, &town)
}

/// The last kilometre, with what can go wrong on it.
fn deliver(
    dice: &mut Dice,
    way: &mut Way<'_, '_>,
    order: &OrderSnapshot,
    arrives: Date,
    depot: &str,
    town: &str,
) -> End {
    let zone = way.story.visit.zone;
    let mut day = arrives;
    if !is_working_day(day, None) {
        day = next_working_day(day, None);
    }
    let out = |dice: &mut Dice, way: &mut Way<'_, '_>, day: Date| {
        let at = season::between(dice, day, 7, 9, zone);
        way.scan(at, ParcelState::OutForDelivery, Some(depot), "In consegna");
    };
    out(dice, way, day);
    let refuses = if order.cash_on_delivery { 0.07 } else { 0.008 };
    if dice.chance(refuses) {
        let at = season::between(dice, day, 10, 18, zone);
        way.scan_because(
            at,
            ParcelState::Refused,
            Some(town),
            "Rifiutata dal destinatario",
            Some("consignee_refused"),
        );
        return go_back(dice, way, next_working_day(day, None));
    }
    if dice.chance(0.04) {
        // To a collection point at the buyer's wish.
        let at = season::between(dice, day, 11, 15, zone);
        way.scan(
            at,
            ParcelState::ReadyForPickup,
            Some(town),
            "Disponibile al punto di ritiro",
        );
        if dice.chance(0.95) {
            let fetched = add_days(day, dice.between(1, 4));
            let at = season::between(dice, fetched, 10, 19, zone);
            return End::Delivered(way.scan(
                at,
                ParcelState::Collected,
                Some(town),
                "Ritirata dal destinatario",
            ));
        }
        return go_back(dice, way, add_working_days(day, 10, None));
    }
    if dice.chance(0.075) {
        let because = *dice.pick(&[
            "consignee_absent",
            "consignee_absent",
            "consignee_absent",
            "consignee_wrong_address",
            "consignee_access_restricted",
        ]);
        let at = season::between(dice, day, 10, 18, zone);
        way.scan_because(
            at,
            ParcelState::AttemptFailed,
            Some(town),
            "Tentata consegna: lasciato avviso",
            Some(because),
        );
        day = next_working_day(day, None);
        if dice.chance(0.3) {
            let at = season::between(dice, day, 8, 11, zone);
            way.scan_because(
                at,
                ParcelState::HeldAtDepot,
                Some(depot),
                "In giacenza: in attesa di istruzioni",
                Some(because),
            );
            if dice.chance(0.2) {
                return go_back(dice, way, add_working_days(day, 10, None));
            }
            day = add_working_days(day, u16::try_from(dice.between(1, 5)).unwrap_or(1), None);
        }
        out(dice, way, day);
    }
    let at = season::between(dice, day, 9, 19, zone);
    let delivered = way.scan(at, ParcelState::Delivered, Some(town), "Consegnata");
    if !dice.chance(0.011) {
        return End::Delivered(delivered);
    }
    // Scanned at the wrong door: the courier takes it back and comes again.
    let revoked_at = later(delivered, dice.between(1_800, 14_000));
    let event = Event::ParcelScanRevoked {
        parcel: way.parcel.clone(),
        state: ParcelState::Delivered,
        scanned_at: Some(delivered),
    };
    way.story.tell(revoked_at, event);
    way.last = revoked_at;
    day = next_working_day(day, None);
    out(dice, way, day);
    let at = season::between(dice, day, 9, 19, zone);
    End::Delivered(way.scan(at, ParcelState::Delivered, Some(town), "Consegnata"))
}

fn go_back(dice: &mut Dice, way: &mut Way<'_, '_>, day: Date) -> End {
    let zone = way.story.visit.zone;
    let at = season::between(dice, day, 8, 18, zone);
    way.scan(
        at,
        ParcelState::Returning,
        Some(HUBS[0]),
        "In rientro al mittente",
    );
    let back = add_working_days(day, u16::try_from(dice.between(2, 4)).unwrap_or(2), None);
    let at = season::between(dice, back, 9, 13, zone);
    End::Returned(way.scan(
        at,
        ParcelState::Returned,
        Some(WAREHOUSE),
        "Rientrata al mittente",
    ))
}

/// After the parcels: the driver's money, money for what never came, returns.
fn after(dice: &mut Dice, story: &mut Story<'_>, mut told: OrderSnapshot, ends: &[End], pay: Pay) {
    let zone = story.visit.zone;
    told.fulfilled = true;
    let delivered = ends.iter().filter_map(|end| match end {
        End::Delivered(at) => Some(*at),
        _ => None,
    });
    let last_delivered = delivered.clone().max();
    let missing = ends.iter().filter_map(|end| match end {
        End::Returned(at) | End::Lost(at) => Some(*at),
        End::Delivered(_) => None,
    });
    let last_missing = missing.clone().max();
    if pay == Pay::AtTheDoor
        && let Some(at) = last_delivered
    {
        let at = later(at, dice.between(40_000, 180_000));
        told.payment = PaymentState::Paid;
        told.updated_at = at;
        story.tell(at, updated(&told));
    }
    if let Some(at) = last_missing {
        let share = missing.count() as i64 * told.total.cents / ends.len() as i64;
        if pay == Pay::AtTheDoor && last_delivered.is_none() {
            // Nothing was paid: the order is closed.
            story.tell(
                later(at, 7_200),
                Event::OrderCancelled {
                    order: told.external_id.clone(),
                },
            );
        } else {
            let on = next_working_day(day_of(at, zone), None);
            refund(
                story,
                &told,
                share.min(told.total.cents),
                season::between(dice, on, 9, 17, zone),
            );
        }
        return;
    }
    let Some(delivered_at) = last_delivered else {
        return;
    };
    if !dice.chance(0.065) {
        return;
    }
    let asked_on = add_days(day_of(delivered_at, zone), dice.between(1, 12));
    let asked = season::moment(dice, asked_on, zone).max(later(delivered_at, 3_600));
    let id = format!("{}-r1", told.external_id);
    let order = told.external_id.clone();
    let returned = |state| Event::ReturnUpdated {
        order: order.clone(),
        return_id: id.clone(),
        state,
    };
    story.tell(asked, returned(ReturnState::Requested));
    let answered_on = next_working_day(day_of(asked, zone), None);
    let answered = season::between(dice, answered_on, 9, 17, zone);
    if dice.chance(0.06) {
        story.tell(answered, returned(ReturnState::Declined));
        return;
    }
    story.tell(answered, returned(ReturnState::Open));
    if dice.chance(0.1) {
        let at = season::between(dice, add_days(answered_on, 5), 9, 17, zone);
        story.tell(at, returned(ReturnState::Cancelled));
        return;
    }
    let back_on = add_working_days(
        answered_on,
        u16::try_from(dice.between(4, 9)).unwrap_or(4),
        None,
    );
    let back = season::between(dice, back_on, 9, 17, zone);
    story.tell(back, returned(ReturnState::Closed));
    let cents = if told.lines.len() == 1 || dice.chance(0.4) {
        told.total.cents
    } else {
        let line = dice.pick(&told.lines);
        (line.unit_price.cents * i64::from(line.quantity)).min(told.total.cents)
    };
    refund(story, &told, cents, later(back, 1_200));
}
