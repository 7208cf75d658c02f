//! Made people: names by how common they are in Italy, towns with their true postal codes.
//!
//! Addresses of e-mail are under `example.com` and `example.org` (RFC 2606). Italy keeps no range of telephone numbers
//! for fiction, so the numbers here are made up; nothing in the demo can send or call.

use super::dice::Dice;
use dopo_core::customer::{PersonDetails, PersonRef};
use dopo_core::italy::Locale;
use dopo_core::order::PostalAddress;

/// First names with how common they are, in parts.
static WOMEN: [(&str, u32); 34] = [
    ("Maria", 60),
    ("Anna", 45),
    ("Giulia", 44),
    ("Francesca", 40),
    ("Sara", 34),
    ("Laura", 34),
    ("Chiara", 33),
    ("Valentina", 30),
    ("Paola", 28),
    ("Elena", 28),
    ("Alessandra", 26),
    ("Federica", 26),
    ("Silvia", 25),
    ("Martina", 25),
    ("Giovanna", 22),
    ("Roberta", 22),
    ("Simona", 20),
    ("Daniela", 20),
    ("Elisa", 20),
    ("Ilaria", 18),
    ("Claudia", 18),
    ("Monica", 17),
    ("Cristina", 17),
    ("Barbara", 15),
    ("Giorgia", 15),
    ("Sofia", 14),
    ("Aurora", 10),
    ("Teresa", 13),
    ("Angela", 18),
    ("Rosa", 16),
    ("Caterina", 11),
    ("Marta", 13),
    ("Beatrice", 10),
    ("Nicoletta", 6),
];
static MEN: [(&str, u32); 34] = [
    ("Giuseppe", 50),
    ("Marco", 46),
    ("Andrea", 44),
    ("Francesco", 43),
    ("Antonio", 40),
    ("Alessandro", 38),
    ("Luca", 37),
    ("Giovanni", 34),
    ("Roberto", 30),
    ("Stefano", 29),
    ("Matteo", 29),
    ("Davide", 27),
    ("Paolo", 26),
    ("Mario", 24),
    ("Lorenzo", 23),
    ("Simone", 23),
    ("Luigi", 22),
    ("Salvatore", 22),
    ("Massimo", 19),
    ("Riccardo", 18),
    ("Daniele", 18),
    ("Fabio", 18),
    ("Vincenzo", 18),
    ("Gabriele", 16),
    ("Federico", 16),
    ("Nicola", 15),
    ("Claudio", 14),
    ("Michele", 16),
    ("Alberto", 13),
    ("Enrico", 12),
    ("Tommaso", 10),
    ("Leonardo", 10),
    ("Pietro", 11),
    ("Niccolò", 7),
];
static SURNAMES: [(&str, u32); 72] = [
    ("Rossi", 45),
    ("Russo", 38),
    ("Ferrari", 32),
    ("Esposito", 29),
    ("Bianchi", 28),
    ("Romano", 27),
    ("Colombo", 25),
    ("Ricci", 22),
    ("Marino", 21),
    ("Greco", 21),
    ("Bruno", 20),
    ("Gallo", 19),
    ("Conti", 19),
    ("De Luca", 18),
    ("Mancini", 17),
    ("Costa", 17),
    ("Giordano", 16),
    ("Rizzo", 16),
    ("Lombardi", 15),
    ("Moretti", 15),
    ("Barbieri", 14),
    ("Fontana", 14),
    ("Santoro", 13),
    ("Mariani", 13),
    ("Rinaldi", 13),
    ("Caruso", 13),
    ("Ferrara", 12),
    ("Galli", 12),
    ("Martini", 12),
    ("Leone", 12),
    ("Longo", 12),
    ("Gentile", 11),
    ("Martinelli", 11),
    ("Vitale", 11),
    ("Lombardo", 11),
    ("Serra", 10),
    ("Coppola", 10),
    ("De Santis", 10),
    ("D'Angelo", 10),
    ("Marchetti", 10),
    ("Parisi", 10),
    ("Villa", 9),
    ("Conte", 9),
    ("Ferraro", 9),
    ("Ferri", 9),
    ("Fabbri", 9),
    ("Bianco", 9),
    ("Marini", 9),
    ("Grasso", 9),
    ("Valentini", 8),
    ("Messina", 8),
    ("Sala", 8),
    ("De Angelis", 8),
    ("Gatti", 8),
    ("Pellegrini", 8),
    ("Palumbo", 8),
    ("Sanna", 7),
    ("Farina", 7),
    ("Rizzi", 7),
    ("Monti", 7),
    ("Cattaneo", 7),
    ("Morelli", 7),
    ("Amato", 7),
    ("Silvestri", 6),
    ("Mazza", 6),
    ("Testa", 6),
    ("Grassi", 6),
    ("Pellegrino", 6),
    ("Carbone", 6),
    ("Giuliani", 6),
    ("Pichler", 2),
    ("Dell'Orto", 2),
];
static FOREIGN: [(&str, &str); 16] = [
    ("Emily", "Carter"),
    ("James", "Walker"),
    ("Sophie", "Bennett"),
    ("Thomas", "Hughes"),
    ("Laura", "Schneider"),
    ("Jonas", "Weber"),
    ("Claire", "Dubois"),
    ("Ioana", "Popescu"),
    ("Andrei", "Ionescu"),
    ("Elira", "Hoxha"),
    ("Wei", "Chen"),
    ("Sarah", "O'Brien"),
    ("Daniel", "Novak"),
    ("Amira", "Haddad"),
    ("Michael", "Evans"),
    ("Olena", "Shevchenko"),
];
static STREETS: [(&str, u32); 30] = [
    ("Via Roma", 40),
    ("Via Giuseppe Garibaldi", 22),
    ("Via Guglielmo Marconi", 18),
    ("Via Giuseppe Mazzini", 17),
    ("Via Dante Alighieri", 17),
    ("Via Giuseppe Verdi", 15),
    ("Corso Italia", 14),
    ("Via Camillo Benso di Cavour", 13),
    ("Via Giacomo Matteotti", 13),
    ("Via XX Settembre", 12),
    ("Viale della Libertà", 11),
    ("Via IV Novembre", 11),
    ("Via Alessandro Manzoni", 10),
    ("Via Giosuè Carducci", 9),
    ("Via XXV Aprile", 9),
    ("Corso Vittorio Emanuele II", 9),
    ("Via Antonio Gramsci", 8),
    ("Via Leonardo da Vinci", 8),
    ("Via Michelangelo", 7),
    ("Via Giacomo Leopardi", 7),
    ("Via dei Mille", 6),
    ("Viale Europa", 6),
    ("Via San Francesco", 6),
    ("Via della Repubblica", 6),
    ("Via Aldo Moro", 6),
    ("Via Giovanni Pascoli", 5),
    ("Via Galileo Galilei", 5),
    ("Via dei Tigli", 4),
    ("Vicolo del Forno", 2),
    ("Piazza del Popolo", 2),
];
static EXTRAS: [&str; 7] = [
    "Scala A",
    "Scala B, interno 4",
    "Piano 3",
    "Interno 7",
    "Citofono in cortile",
    "Palazzina C",
    "Piano terra",
];

/// A town: name, province, inhabitants in thousands, some of its postal codes, whether in the South.
pub struct Town {
    /// Name.
    pub name: &'static str,
    /// Two letters of the province.
    pub province: &'static str,
    /// Inhabitants in thousands: how often it is drawn.
    pub thousands: u32,
    /// Postal codes, separated by blanks.
    pub caps: &'static str,
    /// In the South or on the islands, where more is paid at the door.
    pub south: bool,
}

const fn town(
    name: &'static str,
    province: &'static str,
    thousands: u32,
    caps: &'static str,
    south: bool,
) -> Town {
    Town {
        name,
        province,
        thousands,
        caps,
        south,
    }
}

/// Towns from which people order.
pub static TOWNS: [Town; 66] = [
    town(
        "Roma",
        "RM",
        2750,
        "00183 00152 00199 00141 00175 00154 00195 00128",
        false,
    ),
    town(
        "Milano",
        "MI",
        1370,
        "20121 20129 20131 20144 20154 20159 20133 20146",
        false,
    ),
    town(
        "Napoli",
        "NA",
        910,
        "80121 80128 80131 80142 80126 80137",
        true,
    ),
    town(
        "Torino",
        "TO",
        850,
        "10121 10138 10128 10141 10152 10125",
        false,
    ),
    town("Palermo", "PA", 630, "90133 90141 90144 90145 90127", true),
    town("Genova", "GE", 560, "16121 16129 16145 16149 16154", false),
    town("Bologna", "BO", 390, "40121 40126 40131 40138 40139", false),
    town("Firenze", "FI", 360, "50121 50127 50131 50142 50144", false),
    town("Bari", "BA", 315, "70121 70124 70125 70126", true),
    town("Catania", "CT", 300, "95121 95124 95127 95129", true),
    town("Verona", "VR", 256, "37121 37126 37131 37138", false),
    town("Venezia", "VE", 250, "30121 30173 30174 30126", false),
    town("Messina", "ME", 219, "98121 98124 98158", true),
    town("Padova", "PD", 207, "35121 35128 35132 35142", false),
    town("Trieste", "TS", 199, "34121 34129 34139", false),
    town("Brescia", "BS", 197, "25121 25124 25128", false),
    town("Parma", "PR", 197, "43121 43123 43125", false),
    town("Prato", "PO", 195, "59100", false),
    town("Taranto", "TA", 188, "74121 74123", true),
    town("Modena", "MO", 184, "41121 41124 41126", false),
    town("Reggio Calabria", "RC", 170, "89121 89127 89133", true),
    town("Reggio Emilia", "RE", 170, "42121 42122 42124", false),
    town("Perugia", "PG", 162, "06121 06125 06129", false),
    town("Ravenna", "RA", 156, "48121 48124", false),
    town("Livorno", "LI", 153, "57121 57125 57128", false),
    town("Rimini", "RN", 150, "47921 47923 47924", false),
    town("Cagliari", "CA", 148, "09121 09126 09131", true),
    town("Foggia", "FG", 146, "71121 71122", true),
    town("Ferrara", "FE", 130, "44121 44122 44124", false),
    town("Latina", "LT", 127, "04100", false),
    town("Salerno", "SA", 127, "84121 84126 84131", true),
    town("Monza", "MB", 123, "20900", false),
    town("Sassari", "SS", 121, "07100", true),
    town("Bergamo", "BG", 120, "24121 24123 24126", false),
    town("Trento", "TN", 118, "38121 38122 38123", false),
    town("Pescara", "PE", 118, "65121 65126 65129", true),
    town("Forlì", "FC", 117, "47121 47122", false),
    town("Siracusa", "SR", 116, "96100", true),
    town("Vicenza", "VI", 110, "36100", false),
    town("Terni", "TR", 107, "05100", false),
    town("Bolzano", "BZ", 106, "39100", false),
    town("Piacenza", "PC", 103, "29121 29122", false),
    town("Novara", "NO", 101, "28100", false),
    town("Ancona", "AN", 98, "60121 60125 60129", false),
    town("Udine", "UD", 97, "33100", false),
    town("Arezzo", "AR", 96, "52100", false),
    town("Lecce", "LE", 94, "73100", true),
    town("Pesaro", "PU", 95, "61121 61122", false),
    town("La Spezia", "SP", 92, "19121 19124 19126", false),
    town("Lucca", "LU", 89, "55100", false),
    town("Pisa", "PI", 89, "56121 56124 56127", false),
    town("Treviso", "TV", 84, "31100", false),
    town("Como", "CO", 83, "22100", false),
    town("Catanzaro", "CZ", 84, "88100", true),
    town("Brindisi", "BR", 82, "72100", true),
    town("Varese", "VA", 78, "21100", false),
    town("Caserta", "CE", 73, "81100", true),
    town("Ragusa", "RG", 73, "97100", true),
    town("L'Aquila", "AQ", 69, "67100", true),
    town("Potenza", "PZ", 64, "85100", true),
    town("Cosenza", "CS", 63, "87100", true),
    town("Matera", "MT", 60, "75100", true),
    town("Siena", "SI", 53, "53100", false),
    town("Cuneo", "CN", 55, "12100", false),
    town("Campobasso", "CB", 47, "86100", true),
    town("Aosta", "AO", 33, "11100", false),
];

/// A made customer: everything about them follows from the seed and their number.
#[derive(Clone, Debug)]
pub struct Person {
    /// What the shop tells about them.
    pub details: PersonDetails,
    /// Where they live.
    pub address: PostalAddress,
    /// Whether in the South or on the islands.
    pub south: bool,
}

/// The customer with this number.
pub fn person(seed: u64, number: u64) -> Person {
    let mut dice = Dice::new(seed, &[number, 1]);
    let foreign = dice.chance(0.06);
    let (first, last) = if foreign {
        let (first, last) = *dice.pick(&FOREIGN);
        (first, last)
    } else {
        let names = if dice.chance(0.58) { &WOMEN } else { &MEN };
        let first = dice.weighted(names, |(_, parts)| *parts).0;
        (first, dice.weighted(&SURNAMES, |(_, parts)| *parts).0)
    };
    let town = dice.weighted(&TOWNS, |town| town.thousands);
    let caps: Vec<&str> = town.caps.split(' ').collect();
    let street = dice.weighted(&STREETS, |(_, parts)| *parts).0;
    let house = dice.between(1, 140);
    let street = match dice.below(12) {
        0 => format!("{street}, {house}/A"),
        1 => format!("{street}, {house} bis"),
        _ => format!("{street}, {house}"),
    };
    let domain = if dice.chance(0.7) {
        "example.com"
    } else {
        "example.org"
    };
    let email = format!("{}.{}{number}@{domain}", plain(first), plain(last));
    // Spread over the seven digits, so that neighbours do not have neighbouring numbers; 6,364,137 shares no factor
    // with 10,000,000, so no two of the first ten million customers share a number.
    let subscriber = (number * 6_364_137 + 1_234_567) % 10_000_000;
    let phone = dice.chance(0.88).then(|| format!("+39399{subscriber:07}"));
    let locale = if foreign && dice.chance(0.8) {
        Locale::En
    } else {
        Locale::It
    };
    Person {
        details: PersonDetails {
            who: PersonRef {
                email: Some(email),
                phone,
                shop_customer_id: Some((100_001 + number).to_string()),
            },
            first_name: Some(first.to_owned()),
            last_name: Some(last.to_owned()),
            locale: Some(locale),
            province: Some(town.province.to_owned()),
            country: Some("IT".to_owned()),
            time_zone: None,
        },
        address: PostalAddress {
            name: Some(format!("{first} {last}")),
            company: None,
            street: Some(street),
            extra: dice.chance(0.25).then(|| (*dice.pick(&EXTRAS)).to_owned()),
            postal_code: Some((*dice.pick(&caps)).to_owned()),
            city: Some(town.name.to_owned()),
            province: Some(town.province.to_owned()),
            country: Some("IT".to_owned()),
        },
        south: town.south,
    }
}

/// A name as it stands in an address: lower case, without accents, blanks and apostrophes.
fn plain(name: &str) -> String {
    name.chars()
        .flat_map(char::to_lowercase)
        .filter_map(|c| match c {
            'à' => Some('a'),
            'è' | 'é' => Some('e'),
            'ì' => Some('i'),
            'ò' => Some('o'),
            'ù' => Some('u'),
            c if c.is_ascii_alphanumeric() => Some(c),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use dopo_core::italy::phone::Phone;
    use dopo_core::italy::province::Province;
    use std::collections::BTreeSet;

    #[test]
    fn every_town_has_postal_codes_of_its_province() {
        for town in &TOWNS {
            let province = Province::parse(town.province).expect("a province");
            for cap in town.caps.split(' ') {
                assert_eq!(
                    Province::from_cap(cap),
                    Some(province),
                    "{} {cap}",
                    town.name
                );
            }
        }
    }

    #[test]
    fn people_are_distinct_and_reachable_nowhere() {
        let people: Vec<Person> = (0..5_000).map(|n| person(7, n)).collect();
        let mut emails = BTreeSet::new();
        let mut phones = BTreeSet::new();
        for person in &people {
            let who = &person.details.who;
            let email = who.email.clone().expect("an address");
            assert!(
                email.ends_with("@example.com") || email.ends_with("@example.org"),
                "{email}"
            );
            assert!(email.is_ascii() && emails.insert(email));
            if let Some(phone) = &who.phone {
                assert_eq!(Phone::parse(phone).expect("a number").as_e164(), phone);
                assert!(phones.insert(phone.clone()));
            }
        }
    }

    #[test]
    fn large_towns_have_more_customers_than_small_ones() {
        let from = |town: &str| {
            (0..5_000)
                .filter(|n| person(7, *n).address.city.as_deref() == Some(town))
                .count()
        };
        assert!(from("Roma") > 5 * from("Udine"));
    }
}
