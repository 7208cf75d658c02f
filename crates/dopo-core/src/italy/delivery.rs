//! Where parcels go, in areas, and on which days couriers deliver there.
//!
//! A courier's day is Monday to Friday that is neither a national holiday nor the patron saint's day of the province's
//! capital; Saturdays count only for couriers that deliver then. Regional days (28 April in Sardinia, 15 May in Sicily…)
//! are commemorations and no days of rest in law; the only local exception is Bolzano's Whit Monday, which stands among
//! the feasts of its province.

use jiff::Span;
use jiff::civil::{Date, Weekday};

use super::calendar::is_holiday;
use super::province::{Province, Region};

/// Postcodes of minor islands that no place on the mainland shares: the ferry adds a day or more. Islands with a bridge
/// (Sant'Antioco), lagoon islands, and Salina (98050 is also that of two mainland towns) are left out.
const MINOR_ISLAND_CAPS: [&str; 27] = [
    "04027", "04031", // Ponza, Ventotene
    "07024", "09014", // La Maddalena, Carloforte
    "57030", "57031", "57032", "57033", "57034", "57036", "57037", "57038", // Elba, Capraia
    "58012", // Giglio
    "71051", // Tremiti
    "80071", "80072", "80073", "80074", "80075", "80076", "80077", "80079",
    "80081", // Capri, Ischia, Procida
    "90051", "91017", "91023", "92031", // Ustica, Pantelleria, Egadi, Pelagie
];
/// Lipari and the islands that belong to it.
const LIPARI_CAP: &str = "98055";

/// Whether a postcode is that of a minor island.
pub fn is_minor_island(cap: &str) -> bool {
    let cap = cap.trim();
    cap == LIPARI_CAP || MINOR_ISLAND_CAPS.contains(&cap)
}

/// A part of Italy in which parcels take about as long (ISTAT's five parts, the islands apart).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MacroArea {
    /// Piemonte, Valle d'Aosta, Lombardia, Liguria.
    NorthWest,
    /// Trentino-Alto Adige, Veneto, Friuli-Venezia Giulia, Emilia-Romagna.
    NorthEast,
    /// Toscana, Umbria, Marche, Lazio.
    Centre,
    /// Abruzzo, Molise, Campania, Puglia, Basilicata, Calabria.
    South,
    /// Sicilia.
    Sicily,
    /// Sardegna.
    Sardinia,
    /// Minor islands of any region.
    MinorIslands,
    /// Other countries.
    Abroad,
}

/// Where a parcel goes, as finely as deliveries are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// A province.
    Province(Province),
    /// A minor island of a province.
    MinorIsland(Province),
    /// Another country, by its two capital letters.
    Abroad([u8; 2]),
}

impl Place {
    /// The place of an address by country, province and postcode, as far as they say; none where they do not.
    pub fn of(country: Option<&str>, province: Option<&str>, cap: Option<&str>) -> Option<Place> {
        let country = country.unwrap_or_default().trim();
        if !country.is_empty() && !country.eq_ignore_ascii_case("IT") {
            return Place::abroad(country);
        }
        let cap = cap.unwrap_or_default().trim();
        let written = province.and_then(|province| Province::parse(province).ok());
        let province = written.or_else(|| Province::from_cap(cap))?;
        Some(
            if is_minor_island(cap) && Province::from_cap(cap) == Some(province) {
                Place::MinorIsland(province)
            } else {
                Place::Province(province)
            },
        )
    }

    fn abroad(country: &str) -> Option<Place> {
        match country.as_bytes() {
            [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => Some(Place::Abroad([
                a.to_ascii_uppercase(),
                b.to_ascii_uppercase(),
            ])),
            _ => None,
        }
    }

    /// Its stable name: `NA`, `NA*` for a minor island of that province, `@FR` abroad.
    pub fn code(self) -> String {
        match self {
            Place::Province(province) => province.code().to_owned(),
            Place::MinorIsland(province) => [province.code(), "*"].concat(),
            Place::Abroad(country) => {
                country.into_iter().fold(String::from("@"), |code, letter| {
                    code + char::from(letter).encode_utf8(&mut [0; 4])
                })
            }
        }
    }

    /// The place with this stable name.
    pub fn parse(code: &str) -> Option<Place> {
        if let Some(country) = code.strip_prefix('@') {
            return Place::abroad(country);
        }
        match code.strip_suffix('*') {
            Some(province) => Province::parse(province).ok().map(Place::MinorIsland),
            None => Province::parse(code).ok().map(Place::Province),
        }
    }

    /// The Italian province whose holidays hold there.
    pub fn province(self) -> Option<Province> {
        match self {
            Place::Province(province) | Place::MinorIsland(province) => Some(province),
            Place::Abroad(_) => None,
        }
    }

    /// Its region, in Italy.
    pub fn region(self) -> Option<Region> {
        self.province().map(Province::region)
    }

    /// The part of the country it lies in.
    pub fn macro_area(self) -> MacroArea {
        match self {
            Place::MinorIsland(_) => MacroArea::MinorIslands,
            Place::Abroad(_) => MacroArea::Abroad,
            Place::Province(province) => match province.region() {
                Region::Piemonte | Region::ValleDAosta | Region::Lombardia | Region::Liguria => {
                    MacroArea::NorthWest
                }
                Region::TrentinoAltoAdige
                | Region::Veneto
                | Region::FriuliVeneziaGiulia
                | Region::EmiliaRomagna => MacroArea::NorthEast,
                Region::Toscana | Region::Umbria | Region::Marche | Region::Lazio => {
                    MacroArea::Centre
                }
                Region::Abruzzo
                | Region::Molise
                | Region::Campania
                | Region::Puglia
                | Region::Basilicata
                | Region::Calabria => MacroArea::South,
                Region::Sicilia => MacroArea::Sicily,
                Region::Sardegna => MacroArea::Sardinia,
            },
        }
    }

    /// The days on which couriers deliver there.
    pub fn courier_days(self, saturdays: bool) -> CourierDays {
        CourierDays {
            province: self.province(),
            italian: !matches!(self, Place::Abroad(_)),
            saturdays,
        }
    }
}

/// On which days a courier delivers in a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CourierDays {
    /// Whose patron saints' days are kept besides the national holidays.
    pub province: Option<Province>,
    /// Whether Italian national holidays are kept; abroad only weekends are known.
    pub italian: bool,
    /// Whether Saturdays count.
    pub saturdays: bool,
}

impl Default for CourierDays {
    /// Italy, no province known, no Saturdays.
    fn default() -> Self {
        CourierDays {
            province: None,
            italian: true,
            saturdays: false,
        }
    }
}

impl CourierDays {
    /// Whether a courier delivers on a day.
    pub fn is_working(&self, date: Date) -> bool {
        match date.weekday() {
            Weekday::Sunday => false,
            Weekday::Saturday if !self.saturdays => false,
            _ => !self.italian || !is_holiday(date, self.province.as_ref()),
        }
    }

    /// The day itself if it is a courier's day, otherwise the next one.
    pub fn from(&self, date: Date) -> Date {
        let mut day = date;
        while !self.is_working(day) && day < Date::MAX {
            day = day.saturating_add(Span::new().days(1));
        }
        day
    }

    /// The day `n` courier's days after a day; 0 gives [`CourierDays::from`].
    pub fn after(&self, date: Date, n: u32) -> Date {
        if n == 0 {
            return self.from(date);
        }
        (0..n).fold(date, |day, _| {
            self.from(day.saturating_add(Span::new().days(1)))
        })
    }

    /// Courier's days after `from` up to and including `to`, at most `max`; what happens on a day of rest is counted with
    /// the courier's day after it, so that [`CourierDays::after`] never gives a day before `to`.
    pub fn between(&self, from: Date, to: Date, max: u32) -> u32 {
        let to = self.from(to);
        let (mut day, mut count) = (from, 0);
        while day < to && count < max {
            day = day.saturating_add(Span::new().days(1));
            count += u32::from(self.is_working(day));
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::super::shared_dir;
    use super::*;

    const fn d(year: i16, month: i8, day: i8) -> Date {
        Date::constant(year, month, day)
    }

    fn days(code: &str) -> CourierDays {
        Place::parse(code).unwrap().courier_days(false)
    }

    #[test]
    fn postcodes_of_minor_islands_are_those_of_no_mainland_town() {
        const TOWNS: [&str; 29] = [
            "Marciana",
            "Marciana Marina",
            "Capoliveri",
            "Campo nell'Elba",
            "Porto Azzurro",
            "Portoferraio",
            "Rio",
            "Capraia Isola",
            "Isola del Giglio",
            "Ponza",
            "Ventotene",
            "Capri",
            "Anacapri",
            "Ischia",
            "Barano d'Ischia",
            "Casamicciola Terme",
            "Forio",
            "Lacco Ameno",
            "Serrara Fontana",
            "Procida",
            "Isole Tremiti",
            "Lipari",
            "Ustica",
            "Favignana",
            "Pantelleria",
            "Lampedusa e Linosa",
            "La Maddalena",
            "Carloforte",
            "",
        ];
        let path = shared_dir().join("data/geo/comuni-2020-matteocontrini.json");
        let Ok(text) = std::fs::read_to_string(path) else {
            println!("skipped: data/geo is not there");
            return;
        };
        let all: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
        let mut towns: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for town in &all {
            for cap in town["cap"].as_array().unwrap() {
                let name = town["nome"].as_str().unwrap();
                towns.entry(cap.as_str().unwrap()).or_default().insert(name);
            }
        }
        for (cap, names) in &towns {
            let island = names.iter().all(|name| TOWNS.contains(name));
            assert_eq!(is_minor_island(cap), island, "{cap} {names:?}");
        }
    }

    #[test]
    fn an_address_lies_in_a_province_on_an_island_or_abroad() {
        for (country, province, cap, code, area) in [
            (None, Some("MI"), Some("20121"), "MI", MacroArea::NorthWest),
            (Some("IT"), None, Some("90133"), "PA", MacroArea::Sicily),
            (Some("it"), Some("CA"), None, "CA", MacroArea::Sardinia),
            (
                None,
                Some("NA"),
                Some("80077"),
                "NA*",
                MacroArea::MinorIslands,
            ),
            (
                None,
                Some("LI"),
                Some("57037"),
                "LI*",
                MacroArea::MinorIslands,
            ),
            // Province and postcode contradict each other: the written province holds.
            (None, Some("MI"), Some("80077"), "MI", MacroArea::NorthWest),
            (Some("fr"), None, Some("75001"), "@FR", MacroArea::Abroad),
        ] {
            let place = Place::of(country, province, cap).unwrap();
            assert_eq!((place.code().as_str(), place.macro_area()), (code, area));
            assert_eq!(Place::parse(code), Some(place));
        }
        assert_eq!(Place::of(None, None, None), None);
        assert_eq!(Place::of(Some("Francia"), None, None), None);
        assert_eq!(Place::parse("ZZ"), None);
    }

    #[test]
    fn every_region_lies_in_a_part_of_the_country() {
        let areas: BTreeSet<_> = Province::all()
            .map(|p| Place::Province(p).macro_area())
            .collect();
        assert_eq!(areas.len(), 6);
    }

    #[test]
    fn a_courier_rests_on_weekends_holidays_and_the_saint_of_the_place() {
        // 4 October 2026 is a Sunday; in 2027 it is a Monday and a holiday.
        assert!(!days("RM").is_working(d(2027, 10, 4)));
        assert!(days("RM").is_working(d(2026, 12, 7)));
        assert!(!days("MI").is_working(d(2026, 12, 7)));
        assert!(!days("BZ").is_working(d(2026, 5, 25)), "Whit Monday");
        assert!(
            days("CA").is_working(d(2026, 4, 28)),
            "Sa Die: offices only"
        );
        assert!(!days("RM").is_working(d(2026, 11, 28)), "Saturday");
        let saturdays = Place::parse("RM").unwrap().courier_days(true);
        assert!(saturdays.is_working(d(2026, 11, 28)));
        assert!(
            !saturdays.is_working(d(2026, 8, 15)),
            "a holiday and a Saturday"
        );
        assert!(days("@FR").is_working(d(2026, 6, 2)));
    }

    #[test]
    fn working_days_of_a_courier_are_counted_per_province() {
        // Friday 4 to Thursday 10 December: Monday is Milan's saint, Tuesday a holiday.
        assert_eq!(days("RM").between(d(2026, 12, 4), d(2026, 12, 10), 30), 3);
        assert_eq!(days("MI").between(d(2026, 12, 4), d(2026, 12, 10), 30), 2);
        assert_eq!(days("RM").between(d(2026, 12, 4), d(2026, 12, 4), 30), 0);
        // Delivered on a Saturday: counted with the Monday.
        assert_eq!(days("RM").between(d(2026, 11, 26), d(2026, 11, 28), 30), 2);
        assert_eq!(days("RM").between(d(2026, 1, 1), d(2026, 12, 1), 30), 30);
    }

    #[test]
    fn a_day_counted_is_the_day_reached() {
        for place in Province::all().map(Place::Province) {
            let days = place.courier_days(false);
            let mut from = d(2026, 12, 1);
            while from < d(2027, 1, 15) {
                let mut to = from;
                for _ in 0..12 {
                    let n = days.between(from, to, 30);
                    let reached = days.after(from, n);
                    assert!(reached >= to, "{place:?} {from} {to} {n} {reached}");
                    assert_eq!(reached, days.from(to), "{place:?} {from} {to} {n}");
                    to = to.tomorrow().unwrap();
                }
                from = from.tomorrow().unwrap();
            }
        }
    }

    #[test]
    fn the_ends_of_the_calendar_do_not_hang() {
        let _ = CourierDays::default().after(Date::MAX, 30);
        assert_eq!(CourierDays::default().between(Date::MAX, Date::MAX, 30), 0);
    }
}
