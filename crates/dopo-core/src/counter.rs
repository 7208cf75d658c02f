//! Counters for every figure that a dashboard asks for, moved in the same transaction as the fact.
//!
//! Three families: `messages.*`, `orders.*`… tell what happened; `kpi.*` are the figures of the first page, each counted
//! for all and again by channel, journey and province ([`About`]); `now.*` are gauges under [`NOW`].

use crate::consent::Channel;
use crate::customer::Customer;
use crate::id::ShopId;
use crate::italy::province::Province;
use crate::money::Currency;
use crate::order::Order;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The day under which gauges stand: how many there are *now*, kept as counters that go up and down (`now.customers`…).
pub const NOW: Date = Date::constant(1, 1, 1);

/// A metric or what it is about: a fixed name costs nothing.
pub type Name = Cow<'static, str>;

/// One counter: what, about what, on which day (in the shop's zone).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct CounterKey {
    /// Whose shop.
    pub shop: ShopId,
    /// The day in the shop's zone; [`NOW`] for gauges.
    pub day: Date,
    /// What is counted (`messages.sent`, `orders.placed`, `revenue_cents`…).
    pub metric: Name,
    /// About what (`journey/step/channel`, a reason, a province), empty = all.
    pub dim: Name,
}

/// Movements of counters within one transaction, added up.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Counters(pub BTreeMap<CounterKey, i64>);

impl Counters {
    /// Moves one counter by `n`.
    pub fn add(
        &mut self,
        shop: ShopId,
        day: Date,
        metric: impl Into<Name>,
        dim: impl Into<Name>,
        n: i64,
    ) {
        if n != 0 {
            let key = CounterKey {
                shop,
                day,
                metric: metric.into(),
                dim: dim.into(),
            };
            *self.0.entry(key).or_default() += n;
        }
    }

    /// Moves a gauge by `n`.
    pub fn gauge(&mut self, shop: ShopId, metric: &'static str, dim: impl Into<Name>, n: i64) {
        self.add(shop, NOW, metric, dim, n);
    }

    /// Moves a figure of the first page by `n`: for all, and for everything known that it is about.
    pub fn kpi(
        &mut self,
        shop: ShopId,
        day: Date,
        metric: &'static str,
        about: &About<'_>,
        n: i64,
    ) {
        self.add(shop, day, metric, "", n);
        if let Some(channel) = about.channel {
            self.add(shop, day, metric, channel_dim(channel), n);
        }
        if let Some(journey) = about.journey {
            self.add(shop, day, metric, ["journey/", journey].concat(), n);
        }
        if let Some(province) = about.province {
            self.add(shop, day, metric, province_dim(province), n);
        }
    }
}

/// What a figure is about, as far as known.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct About<'a> {
    /// The channel of the message: `channel/email`.
    pub channel: Option<Channel>,
    /// The journey of the message: `journey/after_delivery`.
    pub journey: Option<&'a str>,
    /// The province the order goes to, else the person's: `province/MI`.
    pub province: Option<Province>,
}

fn is_italian(country: Option<&str>) -> bool {
    country.is_none_or(|country| country.eq_ignore_ascii_case("IT"))
}

/// The Italian province an order goes to; without one, the person's.
pub fn province_of(order: Option<&Order>, person: Option<&Customer>) -> Option<Province> {
    let read = |text: &Option<String>| Province::parse(text.as_deref()?).ok();
    match order.and_then(|order| order.snapshot.ship_to.as_ref()) {
        Some(to) if !is_italian(to.country.as_deref()) => None,
        Some(to) if to.province.is_some() => read(&to.province),
        _ => person
            .filter(|person| is_italian(person.country.as_deref()))
            .and_then(|person| read(&person.province)),
    }
}

/// Where an order goes, as stores keep it beside the order: the letters of a province, [`PLACE_ELSEWHERE`], or
/// [`PLACE_UNTOLD`], for which the person's place stands in as in [`province_of`].
pub fn place_key(order: &Order) -> &'static str {
    match (province_of(Some(order), None), &order.snapshot.ship_to) {
        (Some(province), _) => province.code(),
        (None, Some(to)) if !is_italian(to.country.as_deref()) || to.province.is_some() => {
            PLACE_ELSEWHERE
        }
        (None, _) => PLACE_UNTOLD,
    }
}

/// An order goes abroad, or to a province there is not.
pub const PLACE_ELSEWHERE: &str = "-";
/// It is not told where an order goes.
pub const PLACE_UNTOLD: &str = "";

/// The dimension of a sum of money.
pub(crate) fn currency_dim(currency: Currency) -> Name {
    match currency.code() {
        "EUR" => Cow::Borrowed("EUR"),
        other => Cow::Owned(other.to_owned()),
    }
}

/// What is counted of a place: `MI/no_consent`.
pub(crate) fn place_dim(province: Province, what: &str) -> String {
    [province.code(), "/", what].concat()
}

fn channel_dim(channel: Channel) -> &'static str {
    match channel {
        Channel::Email => "channel/email",
        Channel::Sms => "channel/sms",
        Channel::Push => "channel/push",
        Channel::Call => "channel/call",
    }
}

const PROVINCE_DIM: &[u8; 11] = b"province/AA";

/// `province/` with every pair of letters.
static PROVINCE_DIMS: [[u8; 11]; 676] = {
    let mut dims = [*PROVINCE_DIM; 676];
    let mut n = 0;
    while n < 676 {
        dims[n][9] = b'A' + (n / 26) as u8;
        dims[n][10] = b'A' + (n % 26) as u8;
        n += 1;
    }
    dims
};

fn province_dim(province: Province) -> &'static str {
    let at = |letter: u8| usize::from(letter.wrapping_sub(b'A'));
    let dim = match province.code().as_bytes() {
        [a, b] => PROVINCE_DIMS.get(at(*a) * 26 + at(*b)),
        _ => None,
    };
    dim.and_then(|dim| std::str::from_utf8(dim).ok())
        .unwrap_or("province/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_counted_for_all_and_for_each_thing_it_is_about() {
        let mut counters = Counters::default();
        let about = About {
            channel: Some(Channel::Sms),
            journey: Some("after_delivery"),
            province: Province::parse("mi").ok(),
        };
        let day = jiff::civil::date(2026, 11, 22);
        counters.kpi(ShopId(1), day, "kpi.sent", &about, 2);
        counters.kpi(ShopId(1), day, "kpi.sent", &About::default(), 1);
        let found: Vec<(&str, i64)> = counters.0.iter().map(|(k, n)| (&*k.dim, *n)).collect();
        assert_eq!(
            found,
            [
                ("", 3),
                ("channel/sms", 2),
                ("journey/after_delivery", 2),
                ("province/MI", 2)
            ]
        );
    }

    #[test]
    fn an_order_keeps_where_it_goes_and_whether_that_was_told() {
        for (to, key) in [
            (None, PLACE_UNTOLD),
            (Some((None, None)), PLACE_UNTOLD),
            (Some((Some("it"), Some("mi"))), "MI"),
            (Some((None, Some("BO"))), "BO"),
            (Some((Some("DE"), Some("MI"))), PLACE_ELSEWHERE),
            (Some((Some("FR"), None)), PLACE_ELSEWHERE),
            (Some((Some("IT"), Some("Narnia"))), PLACE_ELSEWHERE),
        ] {
            let to = to.map(|(country, province)| {
                serde_json::json!({ "country": country, "province": province })
            });
            let order: Order = serde_json::from_value(serde_json::json!({
                "id": 1, "customer_id": 2, "external_id": "1", "number": "#1", "placed_at": "2026-11-20T09:00:00Z",
                "updated_at": "2026-11-20T09:00:00Z", "person": {}, "lines": [],
                "total": { "cents": 100, "currency": "EUR" }, "payment": "paid", "ship_to": to
            }))
            .unwrap();
            assert_eq!(place_key(&order), key, "{:?}", order.snapshot.ship_to);
        }
    }

    #[test]
    fn every_province_has_a_name_to_be_counted_under() {
        for province in Province::all() {
            assert_eq!(
                province_dim(province),
                format!("province/{}", province.code())
            );
        }
    }
}
