//! Where the capitals of the provinces lie, to draw a way on a small map: facts, to two decimals of a degree.

use super::province::Province;
use std::sync::OnceLock;

/// One line a capital: `code,town,latitude,longitude,other names` with `|` between the names.
const TABLE: &str = include_str!("capitals.csv");
/// Longest place in a courier's words that is looked at, in characters.
const PLACE_CHARS_MAX: usize = 120;
/// Capitals whose name is a common word in a courier's text: `fermo deposito` is no town. Only their province's code counts.
const COMMON_WORDS: [&str; 1] = ["FERMO"];
/// Codes that name a neighbouring country as often as a province (France, Austria, Switzerland): they count for nothing.
const NEIGHBOURS: [&str; 3] = ["FR", "AT", "CH"];

/// The capital of a province, as a point.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Capital {
    /// Its province.
    pub province: Province,
    /// Its name.
    pub town: &'static str,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
}

struct Known {
    capital: Capital,
    /// Its names in [`plain`] form, with a space at each end.
    names: Vec<String>,
}

fn known() -> &'static [Known] {
    static KNOWN: OnceLock<Vec<Known>> = OnceLock::new();
    KNOWN.get_or_init(|| TABLE.lines().skip(1).filter_map(read).collect())
}

fn read(line: &'static str) -> Option<Known> {
    let mut cells = line.split(',');
    let province = Province::parse(cells.next()?).ok()?;
    let town = cells.next()?;
    let latitude = cells.next()?.parse().ok()?;
    let longitude = cells.next()?.parse().ok()?;
    let others = cells.next()?.split('|').filter(|name| !name.is_empty());
    Some(Known {
        capital: Capital {
            province,
            town,
            latitude,
            longitude,
        },
        names: std::iter::once(town)
            .chain(others)
            .map(plain)
            .filter(|name| !COMMON_WORDS.contains(&name.trim()))
            .collect(),
    })
}

/// Capital letters without accents, one space between words and at each end.
fn plain(text: &str) -> String {
    let mut out = String::from(" ");
    for c in text
        .chars()
        .take(PLACE_CHARS_MAX)
        .flat_map(char::to_uppercase)
    {
        let c = match c {
            'À' | 'Á' => 'A',
            'È' | 'É' => 'E',
            'Ì' | 'Í' => 'I',
            'Ò' | 'Ó' => 'O',
            'Ù' | 'Ú' => 'U',
            c => c,
        };
        if c.is_alphanumeric() {
            out.push(c);
        } else if !out.ends_with(' ') {
            out.push(' ');
        }
    }
    if !out.ends_with(' ') {
        out.push(' ');
    }
    out
}

/// The capitals of all provinces, by the code of the province.
pub fn capitals() -> impl Iterator<Item = Capital> {
    known().iter().map(|known| known.capital)
}

/// The capital of the province that a place in a courier's words lies in: by the code of a province in brackets
/// (`SESTO FIORENTINO (FI)`), else by the longest name of a capital that stands in it (`HUB BOLOGNA`,
/// `Filiale di Roma`). `None` where neither is there: a place is never guessed.
pub fn capital_near(place: &str) -> Option<Capital> {
    if let Some(province) = coded(place) {
        return capitals().find(|capital| capital.province == province);
    }
    let words = plain(place);
    known()
        .iter()
        .flat_map(|known| known.names.iter().map(move |name| (name, known.capital)))
        .filter(|(name, _)| words.contains(name.as_str()))
        .max_by_key(|(name, _)| name.len())
        .map(|(_, capital)| capital)
}

fn coded(place: &str) -> Option<Province> {
    let (_, code) = place.trim().strip_suffix(')')?.rsplit_once('(')?;
    let code = code.trim();
    let two = code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase());
    if two && !NEIGHBOURS.contains(&code) {
        Province::parse(code).ok()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_province_has_a_capital_within_italy() {
        let all: Vec<Capital> = capitals().collect();
        let provinces: Vec<Province> = all.iter().map(|capital| capital.province).collect();
        assert_eq!(provinces, Province::all().collect::<Vec<_>>());
        for capital in all {
            assert!((36.6..47.1).contains(&capital.latitude), "{}", capital.town);
            assert!((6.6..18.6).contains(&capital.longitude), "{}", capital.town);
        }
    }

    #[test]
    fn capitals_lie_where_they_lie_to_each_other() {
        let at = |town: &str| capital_near(town).expect("a capital");
        assert!(at("Torino").longitude < at("Milano").longitude);
        assert!(at("Milano").longitude < at("Venezia").longitude);
        assert!(at("Bolzano").latitude > at("Verona").latitude);
        assert!(at("Roma").latitude > at("Napoli").latitude);
        assert!(at("Palermo").latitude > at("Ragusa").latitude);
        assert!(at("Cagliari").longitude < at("Roma").longitude);
    }

    #[test]
    fn places_are_recognised_as_couriers_write_them_and_never_guessed() {
        for (place, code) in [
            ("Filiale di Roma", Some("RM")),
            ("HUB BOLOGNA", Some("BO")),
            ("SESTO FIORENTINO (FI)", Some("FI")),
            ("Lonate Pozzolo (VA)", Some("VA")),
            ("Milano, IT", Some("MI")),
            ("FORLI'", Some("FC")),
            ("Forlì - Cesena", Some("FC")),
            ("l'aquila", Some("AQ")),
            ("REGGIO EMILIA", Some("RE")),
            ("Reggio di Calabria", Some("RC")),
            ("MILANO ROSERIO", Some("MI")),
            ("Venezia Mestre", Some("VE")),
            ("Fermo deposito", None),
            ("Porto San Giorgio (FM)", Some("FM")),
            ("Romano di Lombardia", None),
            ("Reggio", None),
            ("Leipzig", None),
            ("", None),
            ("Paris (FR)", None),
            ("Paris, FR", None),
            ("Frosinone (FR)", Some("FR")),
        ] {
            let found = capital_near(place).map(|capital| capital.province.code());
            assert_eq!(found, code, "{place}");
        }
    }
}
