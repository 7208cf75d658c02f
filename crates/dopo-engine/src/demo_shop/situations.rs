//! Parcels that stand, when the history ends, where customers and shops need help most: one order for each situation, so
//! that pages and console show them all.

use super::catalogue::{ITEMS, Item, SOFT_SPAM_NOTICE, STOREFRONT};
use super::people::{self, Person};
use dopo_core::event::{Event, EventLine, ParcelRef};
use dopo_core::money::Money;
use dopo_core::order::{OrderLine, OrderSnapshot, PaymentState, ProblemKind, ReturnState};
use dopo_core::parcel::{
    Checkpoint, Direction, Estimate, HoldAction, HoldAnswer, InstructedBy, ParcelSnapshot,
    ParcelState, PickupPoint, ScanSource, Telling, ToldScan, Window,
};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// Number of the first customer: far from those of the history, within the telephone numbers there are.
const FIRST_CUSTOMER: u64 = 9_000_000;
/// Where the shop's parcels begin.
const WAREHOUSE: &str = "Melzo (MI)";

/// One order and its parcel, told up to the end of the history.
struct Scene<'a> {
    order: String,
    number: &'static str,
    carrier: &'static str,
    until: Timestamp,
    today: Date,
    zone: &'a TimeZone,
    person: Person,
    snapshot: OrderSnapshot,
    out: &'a mut Vec<EventLine>,
    told: u32,
}

/// What a courier says in one scan: days before the end, hour and minute, state, reason, its own words.
type Said = (
    i64,
    (i8, i8),
    ParcelState,
    Option<&'static str>,
    &'static str,
);

impl Scene<'_> {
    /// A time of the shop's clock so many days before the end, never after it.
    fn at(&self, days: i64, (hour, minute): (i8, i8)) -> Timestamp {
        let day = self.today.saturating_sub(Span::new().days(days));
        let at = dopo_core::italy::hours::local_instant(day.at(hour, minute, 0, 0), self.zone);
        if days >= 0 { at.min(self.until) } else { at }
    }

    fn day(&self, days: i64) -> Date {
        self.today.saturating_sub(Span::new().days(days))
    }

    fn tell(&mut self, at: Timestamp, event: Event) {
        let id = format!("{}-{}", self.order, self.told);
        self.told += 1;
        self.out.push(EventLine { id, at, event });
    }

    fn parcel(&self) -> ParcelRef {
        ParcelRef {
            order: Some(self.order.clone()),
            external_id: Some(format!("{}-f1", self.order)),
            number: Some(self.number.to_owned()),
            carrier: Some(self.carrier.to_owned()),
            seq: None,
        }
    }

    /// The order, and the parcel handed over on the next day.
    fn place(&mut self, days: i64) {
        let placed_at = self.at(days, (10, 12));
        self.snapshot.placed_at = placed_at;
        self.snapshot.updated_at = placed_at;
        let order = self.snapshot.clone();
        self.tell(
            placed_at,
            Event::OrderUpdated {
                order: Box::new(order),
            },
        );
        let shipped_at = self.at(days - 1, (16, 5));
        let parcel = ParcelSnapshot {
            external_id: Some(format!("{}-f1", self.order)),
            carrier: Some(self.carrier.to_owned()),
            number: Some(self.number.to_owned()),
            shipped_at: Some(shipped_at),
            ..ParcelSnapshot::default()
        };
        self.tell(
            shipped_at,
            Event::ParcelUpdated {
                order: self.order.clone(),
                parcel,
            },
        );
        self.scan((
            days - 1,
            (18, 40),
            ParcelState::PickedUp,
            None,
            "Presa in carico",
        ));
    }

    fn scanned(&self, said: Said) -> ToldScan {
        let (days, time, state, reason, text) = said;
        let town = self.person.address.city.clone().unwrap_or_default();
        let place = match state {
            ParcelState::PickedUp => WAREHOUSE.to_owned(),
            ParcelState::InTransit | ParcelState::Returning => "Bologna Hub".to_owned(),
            ParcelState::Returned => WAREHOUSE.to_owned(),
            _ => format!("Filiale di {town}"),
        };
        ToldScan::from(Checkpoint {
            state,
            reason: reason.map(str::to_owned),
            place: Some(place),
            text: Some(text.to_owned()),
            source: ScanSource::Carrier,
            ..Checkpoint::new(self.at(days, time), state)
        })
    }

    fn scan(&mut self, said: Said) {
        self.scan_with(said, Telling::default());
    }

    /// A scan, and what the courier tells with it.
    fn scan_with(&mut self, said: Said, telling: Telling) {
        let scan = self.scanned(said);
        let at = scan.checkpoint.at;
        let telling = Telling {
            scans: vec![scan],
            ..telling
        };
        self.tell(
            at,
            Event::ParcelTracked {
                parcel: self.parcel(),
                telling: Box::new(telling),
            },
        );
    }

    /// Out for delivery, nobody there, held on the next day.
    fn hold(&mut self, days: i64, ends_in: i64) {
        self.scan((
            days + 1,
            (8, 10),
            ParcelState::OutForDelivery,
            None,
            "In consegna",
        ));
        self.scan((
            days + 1,
            (11, 42),
            ParcelState::AttemptFailed,
            Some("consignee_absent"),
            "Destinatario assente: lasciato avviso",
        ));
        let ends_at = self.at(-ends_in, (18, 0));
        let telling = Telling {
            hold_expires_at: Some(ends_at),
            cash_on_delivery: self
                .snapshot
                .cash_on_delivery
                .then_some(self.snapshot.total),
            ..Telling::default()
        };
        self.scan_with(
            (
                days,
                (6, 50),
                ParcelState::HeldAtDepot,
                Some("consignee_absent"),
                "In giacenza: in attesa di istruzioni",
            ),
            telling,
        );
    }
}

/// The situations. Each begins from an order of its own.
type Play = fn(&mut Scene<'_>);

const PLAYS: [(&str, &str, Play); 13] = [
    ("BRT", "068700100101", |scene| {
        scene.place(6);
        scene.hold(0, 5);
    }),
    ("GLS", "M1700100102", |scene| {
        // To be paid at the door, and nearly over.
        scene.snapshot.cash_on_delivery = true;
        scene.snapshot.payment = PaymentState::Pending;
        scene.snapshot.payment_method = Some("Contrassegno".to_owned());
        scene.place(12);
        scene.hold(6, 1);
    }),
    ("BRT", "068700100103", |scene| {
        scene.place(7);
        scene.hold(1, 4);
        let at = scene.at(0, (7, 30));
        let parcel = scene.parcel();
        scene.tell(
            at,
            Event::HoldAnswered {
                parcel,
                answer: HoldAnswer {
                    action: HoldAction::Redeliver,
                    address: None,
                    phone: scene.person.details.who.phone.clone(),
                    note: Some("Dopo le 16".to_owned()),
                },
                by: InstructedBy::Buyer,
            },
        );
    }),
    ("Poste Italiane", "3UW7001001041", |scene| {
        scene.place(5);
        let town = scene.person.address.city.clone();
        let point = PickupPoint {
            name: Some("Punto Poste Tabacchi Esempio".to_owned()),
            street: Some("Via Roma 12".to_owned()),
            postal_code: scene.person.address.postal_code.clone(),
            city: town,
            hours: vec![
                "lun-ven 7:30-13:00, 15:00-19:30".to_owned(),
                "sab 7:30-13:00".to_owned(),
            ],
            until: Some(scene.day(-4)),
        };
        scene.scan_with(
            (
                0,
                (7, 5),
                ParcelState::ReadyForPickup,
                None,
                "Disponibile al punto di ritiro",
            ),
            Telling {
                pickup_point: Some(point),
                ..Telling::default()
            },
        );
    }),
    ("DHL", "JJD7001001051", |scene| {
        scene.snapshot.promised_on = Some(scene.day(0));
        scene.place(5);
        scene.scan((
            1,
            (9, 20),
            ParcelState::InTransit,
            Some("weather_delayed"),
            "Ritardo per maltempo",
        ));
        let estimate = Estimate {
            median: scene.day(-2),
            from: scene.day(-1),
            until: scene.day(-3),
            coverage_percent: 90,
            sample: 180,
        };
        let (at, parcel) = (scene.at(0, (6, 30)), scene.parcel());
        scene.tell(at, Event::ParcelEstimated { parcel, estimate });
    }),
    ("SDA", "2870010010611", |scene| {
        scene.place(9);
        let said = (
            7,
            (4, 15),
            ParcelState::InTransit,
            None,
            "In transito al centro operativo",
        );
        scene.scan(said);
        let (since, at) = (scene.at(7, (4, 15)), scene.at(0, (6, 0)));
        let parcel = scene.parcel();
        scene.tell(at, Event::ParcelFellSilent { parcel, since });
    }),
    ("GLS", "M1700100107", |scene| {
        scene.place(4);
        scene.scan((1, (8, 0), ParcelState::AtDepot, None, "Arrivata in sede"));
        scene.scan((1, (15, 10), ParcelState::Delivered, None, "Consegnata"));
        let delivered_at = scene.at(1, (15, 10));
        let (at, parcel) = (scene.at(0, (7, 10)), scene.parcel());
        scene.tell(
            at,
            Event::ParcelScanRevoked {
                parcel,
                state: ParcelState::Delivered,
                scanned_at: Some(delivered_at),
            },
        );
    }),
    ("BRT", "068700100108", |scene| {
        scene.place(11);
        scene.scan((
            7,
            (11, 30),
            ParcelState::Refused,
            Some("consignee_refused"),
            "Rifiutata dal destinatario",
        ));
        scene.scan((
            5,
            (9, 0),
            ParcelState::Returning,
            None,
            "In rientro al mittente",
        ));
        scene.scan((
            1,
            (10, 20),
            ParcelState::Returned,
            None,
            "Rientrata al mittente",
        ));
    }),
    ("SDA", "2870010010911", |scene| {
        scene.place(16);
        scene.scan((
            1,
            (12, 0),
            ParcelState::Lost,
            Some("carrier_lost"),
            "Spedizione smarrita",
        ));
    }),
    ("GLS", "M1700100110", |scene| {
        scene.place(5);
        scene.scan((2, (13, 25), ParcelState::Delivered, None, "Consegnata"));
        let (at, parcel) = (scene.at(0, (7, 40)), scene.parcel());
        scene.tell(
            at,
            Event::ProblemReported {
                parcel,
                kind: ProblemKind::NotReceived,
                text: Some("Risulta consegnato ma qui non c'è niente.".to_owned()),
                photos: Vec::new(),
            },
        );
    }),
    ("BRT", "068700100111", |scene| {
        scene.place(3);
        let window = Window {
            from: scene.at(-1, (10, 0)),
            until: scene.at(-1, (14, 0)),
            days: false,
        };
        scene.scan_with(
            (
                0,
                (5, 40),
                ParcelState::AtDepot,
                None,
                "Arrivata in filiale",
            ),
            Telling {
                expected: Some(window),
                ..Telling::default()
            },
        );
    }),
    ("BRT", "068700100112", |scene| {
        scene.place(5);
        scene.scan((
            1,
            (12, 5),
            ParcelState::AttemptFailed,
            Some("consignee_wrong_address"),
            "Indirizzo errato",
        ));
    }),
    ("GLS", "M1700100113", |scene| {
        // A parcel that brings the goods back.
        scene.place(15);
        scene.scan((12, (11, 15), ParcelState::Delivered, None, "Consegnata"));
        let (asked, order) = (scene.at(6, (19, 30)), scene.order.clone());
        scene.tell(
            asked,
            Event::ReturnUpdated {
                order: order.clone(),
                return_id: format!("{order}-r1"),
                state: ReturnState::Open,
            },
        );
        let scan = scene.scanned((
            1,
            (17, 20),
            ParcelState::InTransit,
            None,
            "Reso in transito",
        ));
        let at = scan.checkpoint.at;
        scene.tell(
            at,
            Event::ParcelTracked {
                parcel: ParcelRef {
                    external_id: None,
                    number: Some("M1700100213".to_owned()),
                    ..scene.parcel()
                },
                telling: Box::new(Telling {
                    scans: vec![scan],
                    direction: Some(Direction::Return),
                    ..Telling::default()
                }),
            },
        );
    }),
];

/// The lines of all situations as they stand at `until`, in the order of time.
pub(super) fn lines(seed: u64, until: Timestamp, zone: &TimeZone) -> Vec<EventLine> {
    let mut out = Vec::new();
    for (n, (carrier, number, play)) in (0_u64..).zip(PLAYS) {
        let customer = FIRST_CUSTOMER + n;
        let person = people::person(seed, customer);
        let order = (3_000_000_000 + customer * 1_000).to_string();
        let snapshot = order_of(&order, n, &person, until);
        let mut scene = Scene {
            order,
            number,
            carrier,
            until,
            today: zone.to_datetime(until).date(),
            zone,
            person,
            snapshot,
            out: &mut out,
            told: 0,
        };
        play(&mut scene);
    }
    out.retain(|line| line.at <= until);
    out.sort_by_key(|line| line.at);
    out
}

/// A small order; its times are told when it is placed.
fn order_of(order: &str, n: u64, person: &Person, until: Timestamp) -> OrderSnapshot {
    let small: Vec<(usize, &Item)> = ITEMS
        .iter()
        .enumerate()
        .filter(|(_, item)| !item.bulky)
        .collect();
    let (at, item) = small[usize::try_from(n * 7).unwrap_or(0) % small.len()];
    let quantity = 1 + u32::from(n % 3 == 2);
    let goods = item.cents * i64::from(quantity);
    let shipping = if goods >= 9_900 { 0 } else { 690 };
    OrderSnapshot {
        external_id: order.to_owned(),
        number: format!("#9{:04}", 1_001 + n),
        placed_at: until,
        updated_at: until,
        person: person.details.clone(),
        lines: vec![OrderLine {
            id: format!("{order}01"),
            product_id: Some(Item::id(at)),
            sku: Some(item.sku(at)),
            title: item.title.to_owned(),
            variant: item.variants().first().map(|v| (*v).to_owned()),
            quantity,
            unit_price: Money::eur(item.cents),
            category: Some(item.category.to_owned()),
            url: Some(format!("{STOREFRONT}/prodotti/{}", item.path())),
            image_url: None,
        }],
        subtotal: Some(Money::eur(goods)),
        discount: None,
        shipping: Some(Money::eur(shipping)),
        tax: None,
        total: Money::eur(goods + shipping),
        refunded: None,
        payment: PaymentState::Paid,
        payment_method: Some("Carta di credito".to_owned()),
        cash_on_delivery: false,
        cancelled_at: None,
        fulfilled: true,
        ship_to: Some(person.address.clone()),
        shipping_method: Some("Corriere espresso".to_owned()),
        promised_on: None,
        discount_codes: Vec::new(),
        soft_spam_notice: Some(SOFT_SPAM_NOTICE.to_owned()),
        cart_id: None,
        test: false,
        parcels: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo_shop::{catalogue, zone};
    use dopo_core::advance::Shop;
    use dopo_core::event::Origin;
    use dopo_core::id::ShopId;
    use dopo_core::order::Order;
    use dopo_core::parcel::Parcel;
    use dopo_core::simulate::Rehearsal;

    fn played() -> Rehearsal {
        let until: Timestamp = "2026-11-17T08:00:00Z".parse().expect("a time");
        let lines = lines(7, until, &zone());
        let mut rehearsal =
            Rehearsal::new(Shop::new(ShopId(1), catalogue::SLUG, catalogue::settings()));
        for line in lines {
            let at = line.at;
            rehearsal.hear_at(line, Origin::Import, at);
        }
        assert!(
            rehearsal.unusable().is_empty(),
            "{:?}",
            rehearsal.unusable()
        );
        assert_eq!(rehearsal.waiting(), 0);
        rehearsal
    }

    #[test]
    fn every_situation_stands_when_the_history_ends() {
        let shop = played();
        let any = |what: &str, is: &dyn Fn(&Order, &Parcel) -> bool| {
            let found = shop.orders().any(|o| o.tracked.iter().any(|p| is(o, p)));
            assert!(found, "{what}");
        };
        let awaits = |p: &Parcel| p.hold().is_some_and(|h| h.awaits_answer());
        any("a hold that awaits an answer", &|_, p| {
            awaits(p)
                && p.hold()
                    .is_some_and(|h| h.expiry_told && h.answer.is_none())
        });
        any("one to be paid at the door", &|_, p| {
            awaits(p) && p.cash_on_delivery.is_some()
        });
        any("an answered one", &|_, p| {
            p.hold().is_some_and(|h| h.answer.is_some())
        });
        any("a pick-up point", &|_, p| {
            p.state == ParcelState::ReadyForPickup
                && p.pickup_point.as_ref().is_some_and(|at| at.until.is_some())
        });
        any("a delay", &|_, p| p.delay_told.is_some());
        any("a silence", &|_, p| p.silent_since.is_some());
        any("a delivery taken back", &|_, p| {
            p.checkpoints.iter().any(|k| k.revoked_at.is_some()) && !p.state.is_possession()
        });
        any("a return to sender", &|_, p| {
            p.state == ParcelState::Returned
        });
        any("a loss", &|_, p| p.state == ParcelState::Lost);
        any("a problem", &|o, _| !o.problems.is_empty());
        any("a window", &|_, p| p.window.is_some());
        any("a wrong address", &|_, p| {
            p.act_by == dopo_core::parcel::ActBy::Buyer && p.state == ParcelState::AttemptFailed
        });
        any("a parcel that goes back", &|_, p| {
            p.direction == Direction::Return
        });
    }
}
