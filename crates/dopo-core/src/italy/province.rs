//! The 107 provinces and 20 regions of Italy, and the province of a postcode (CAP).
//!
//! Names and regions follow ISTAT's list of municipalities; a test compares all of them with it.
//! Sardinia is as in that list (Sud Sardegna as one province), because addresses and shop platforms
//! still use these codes; the four older Sardinian codes (`CI`, `VS`, `OG`, `OT`) are read and mapped.
//!
//! Patron saints' days are those of the provincial capitals (municipal resolutions, as collected
//! by the usual reference lists of patron saints). Provinces with several capitals have one day
//! for each. In Bolzano the local holiday is Whit Monday (provincial law 36/1992).

use std::fmt;

use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Serialize};

use super::calendar::{easter_sunday, nth_weekday};

/// A region of Italy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Region {
    /// Piemonte.
    Piemonte,
    /// Valle d'Aosta.
    ValleDAosta,
    /// Lombardia.
    Lombardia,
    /// Trentino-Alto Adige.
    TrentinoAltoAdige,
    /// Veneto.
    Veneto,
    /// Friuli-Venezia Giulia.
    FriuliVeneziaGiulia,
    /// Liguria.
    Liguria,
    /// Emilia-Romagna.
    EmiliaRomagna,
    /// Toscana.
    Toscana,
    /// Umbria.
    Umbria,
    /// Marche.
    Marche,
    /// Lazio.
    Lazio,
    /// Abruzzo.
    Abruzzo,
    /// Molise.
    Molise,
    /// Campania.
    Campania,
    /// Puglia.
    Puglia,
    /// Basilicata.
    Basilicata,
    /// Calabria.
    Calabria,
    /// Sicilia.
    Sicilia,
    /// Sardegna.
    Sardegna,
}

impl Region {
    /// All regions, as ISTAT orders them.
    pub const ALL: [Self; 20] = [
        Self::Piemonte,
        Self::ValleDAosta,
        Self::Lombardia,
        Self::TrentinoAltoAdige,
        Self::Veneto,
        Self::FriuliVeneziaGiulia,
        Self::Liguria,
        Self::EmiliaRomagna,
        Self::Toscana,
        Self::Umbria,
        Self::Marche,
        Self::Lazio,
        Self::Abruzzo,
        Self::Molise,
        Self::Campania,
        Self::Puglia,
        Self::Basilicata,
        Self::Calabria,
        Self::Sicilia,
        Self::Sardegna,
    ];

    /// The Italian name, such as `Friuli-Venezia Giulia`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Piemonte => "Piemonte",
            Self::ValleDAosta => "Valle d'Aosta",
            Self::Lombardia => "Lombardia",
            Self::TrentinoAltoAdige => "Trentino-Alto Adige",
            Self::Veneto => "Veneto",
            Self::FriuliVeneziaGiulia => "Friuli-Venezia Giulia",
            Self::Liguria => "Liguria",
            Self::EmiliaRomagna => "Emilia-Romagna",
            Self::Toscana => "Toscana",
            Self::Umbria => "Umbria",
            Self::Marche => "Marche",
            Self::Lazio => "Lazio",
            Self::Abruzzo => "Abruzzo",
            Self::Molise => "Molise",
            Self::Campania => "Campania",
            Self::Puglia => "Puglia",
            Self::Basilicata => "Basilicata",
            Self::Calabria => "Calabria",
            Self::Sicilia => "Sicilia",
            Self::Sardegna => "Sardegna",
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A province of Italy by its two letters, such as `RM`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Province(u8);

/// The text names no Italian province.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an Italian province; use its two letters, such as RM for Roma")]
pub struct UnknownProvince(String);

/// A yearly local feast day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feast {
    day: FeastDay,
    name: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FeastDay {
    Fixed {
        month: i8,
        day: i8,
    },
    Nth {
        month: i8,
        nth: i8,
        weekday: Weekday,
        days_after: i8,
    },
    AfterEaster {
        days: i16,
    },
}

impl Feast {
    /// The name, such as `Sant'Ambrogio`.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The day it falls on in a year. None only outside the years a date can hold.
    pub fn date_in(&self, year: i16) -> Option<Date> {
        match self.day {
            FeastDay::Fixed { month, day } => Date::new(year, month, day).ok(),
            FeastDay::Nth {
                month,
                nth,
                weekday,
                days_after,
            } => {
                let first = nth_weekday(year, month, nth, weekday)?;
                first.checked_add(jiff::Span::new().days(days_after)).ok()
            }
            FeastDay::AfterEaster { days } => easter_sunday(year)?
                .checked_add(jiff::Span::new().days(days))
                .ok(),
        }
    }
}

const fn fixed(month: i8, day: i8, name: &'static str) -> Feast {
    Feast {
        day: FeastDay::Fixed { month, day },
        name,
    }
}

const fn nth(month: i8, nth: i8, weekday: Weekday, days_after: i8, name: &'static str) -> Feast {
    Feast {
        day: FeastDay::Nth {
            month,
            nth,
            weekday,
            days_after,
        },
        name,
    }
}

const fn after_easter(days: i16, name: &'static str) -> Feast {
    Feast {
        day: FeastDay::AfterEaster { days },
        name,
    }
}

struct Row {
    sigla: &'static str,
    name: &'static str,
    region: Region,
    patrons: &'static [Feast],
}

const fn row(
    sigla: &'static str,
    name: &'static str,
    region: Region,
    patrons: &'static [Feast],
) -> Row {
    Row {
        sigla,
        name,
        region,
        patrons,
    }
}

/// Number of provinces (ISTAT: provinces, metropolitan cities, free consortia).
pub const PROVINCE_COUNT: usize = 107;

/// Sorted by code.
#[rustfmt::skip]
static PROVINCES: [Row; PROVINCE_COUNT] = [
    row("AG", "Agrigento", Region::Sicilia, &[fixed(2, 25, "San Gerlando")]),
    row("AL", "Alessandria", Region::Piemonte, &[fixed(11, 10, "San Baudolino")]),
    row("AN", "Ancona", Region::Marche, &[fixed(5, 4, "San Ciriaco")]),
    row("AO", "Valle d'Aosta", Region::ValleDAosta, &[fixed(9, 7, "San Grato")]),
    row("AP", "Ascoli Piceno", Region::Marche, &[fixed(8, 5, "Sant'Emidio")]),
    row("AQ", "L'Aquila", Region::Abruzzo, &[fixed(6, 10, "San Massimo")]),
    row("AR", "Arezzo", Region::Toscana, &[fixed(8, 7, "San Donato")]),
    row("AT", "Asti", Region::Piemonte, &[nth(5, 1, Weekday::Tuesday, 0, "San Secondo")]),
    row("AV", "Avellino", Region::Campania, &[fixed(2, 14, "San Modestino")]),
    row("BA", "Bari", Region::Puglia, &[fixed(12, 6, "San Nicola")]),
    row("BG", "Bergamo", Region::Lombardia, &[fixed(8, 26, "Sant'Alessandro")]),
    row("BI", "Biella", Region::Piemonte, &[fixed(12, 26, "Santo Stefano")]),
    row("BL", "Belluno", Region::Veneto, &[fixed(11, 11, "San Martino")]),
    row("BN", "Benevento", Region::Campania, &[fixed(8, 24, "San Bartolomeo")]),
    row("BO", "Bologna", Region::EmiliaRomagna, &[fixed(10, 4, "San Petronio")]),
    row("BR", "Brindisi", Region::Puglia, &[nth(9, 1, Weekday::Sunday, 0, "San Teodoro e San Lorenzo")]),
    row("BS", "Brescia", Region::Lombardia, &[fixed(2, 15, "Santi Faustino e Giovita")]),
    row("BT", "Barletta-Andria-Trani", Region::Puglia, &[fixed(5, 3, "San Nicola Pellegrino (Trani)"), nth(9, 3, Weekday::Sunday, 0, "San Riccardo (Andria)"), fixed(12, 30, "San Ruggero (Barletta)")]),
    row("BZ", "Bolzano", Region::TrentinoAltoAdige, &[after_easter(50, "Lunedì di Pentecoste")]),
    row("CA", "Cagliari", Region::Sardegna, &[fixed(10, 30, "San Saturnino")]),
    row("CB", "Campobasso", Region::Molise, &[fixed(4, 23, "San Giorgio")]),
    row("CE", "Caserta", Region::Campania, &[fixed(1, 20, "San Sebastiano")]),
    row("CH", "Chieti", Region::Abruzzo, &[fixed(5, 11, "San Giustino")]),
    row("CL", "Caltanissetta", Region::Sicilia, &[fixed(9, 29, "San Michele")]),
    row("CN", "Cuneo", Region::Piemonte, &[fixed(9, 29, "San Michele")]),
    row("CO", "Como", Region::Lombardia, &[fixed(8, 31, "Sant'Abbondio")]),
    row("CR", "Cremona", Region::Lombardia, &[fixed(11, 13, "Sant'Omobono")]),
    row("CS", "Cosenza", Region::Calabria, &[fixed(2, 12, "Madonna del Pilerio")]),
    row("CT", "Catania", Region::Sicilia, &[fixed(2, 5, "Sant'Agata")]),
    row("CZ", "Catanzaro", Region::Calabria, &[fixed(7, 16, "San Vitaliano")]),
    row("EN", "Enna", Region::Sicilia, &[fixed(7, 2, "Madonna della Visitazione")]),
    row("FC", "Forlì-Cesena", Region::EmiliaRomagna, &[fixed(2, 4, "Madonna del Fuoco (Forlì)"), fixed(6, 24, "San Giovanni Battista (Cesena)")]),
    row("FE", "Ferrara", Region::EmiliaRomagna, &[fixed(4, 23, "San Giorgio")]),
    row("FG", "Foggia", Region::Puglia, &[fixed(3, 22, "Madonna dei Sette Veli")]),
    row("FI", "Firenze", Region::Toscana, &[fixed(6, 24, "San Giovanni Battista")]),
    row("FM", "Fermo", Region::Marche, &[fixed(8, 16, "Maria Assunta")]),
    row("FR", "Frosinone", Region::Lazio, &[fixed(6, 20, "San Silverio")]),
    row("GE", "Genova", Region::Liguria, &[fixed(6, 24, "San Giovanni Battista")]),
    row("GO", "Gorizia", Region::FriuliVeneziaGiulia, &[fixed(3, 16, "Santi Ilario e Taziano")]),
    row("GR", "Grosseto", Region::Toscana, &[fixed(8, 10, "San Lorenzo")]),
    row("IM", "Imperia", Region::Liguria, &[fixed(11, 26, "San Leonardo")]),
    row("IS", "Isernia", Region::Molise, &[fixed(5, 19, "San Pietro Celestino")]),
    row("KR", "Crotone", Region::Calabria, &[fixed(10, 9, "San Dionigi")]),
    row("LC", "Lecco", Region::Lombardia, &[fixed(12, 6, "San Nicola")]),
    row("LE", "Lecce", Region::Puglia, &[fixed(8, 26, "Sant'Oronzo")]),
    row("LI", "Livorno", Region::Toscana, &[fixed(5, 22, "Santa Giulia")]),
    row("LO", "Lodi", Region::Lombardia, &[fixed(1, 19, "San Bassiano")]),
    row("LT", "Latina", Region::Lazio, &[fixed(4, 25, "San Marco"), fixed(7, 6, "Santa Maria Goretti")]),
    row("LU", "Lucca", Region::Toscana, &[fixed(7, 12, "San Paolino")]),
    row("MB", "Monza e della Brianza", Region::Lombardia, &[fixed(6, 24, "San Giovanni Battista")]),
    row("MC", "Macerata", Region::Marche, &[fixed(8, 31, "San Giuliano")]),
    row("ME", "Messina", Region::Sicilia, &[fixed(6, 3, "Madonna della Lettera")]),
    row("MI", "Milano", Region::Lombardia, &[fixed(12, 7, "Sant'Ambrogio")]),
    row("MN", "Mantova", Region::Lombardia, &[fixed(3, 18, "Sant'Anselmo")]),
    row("MO", "Modena", Region::EmiliaRomagna, &[fixed(1, 31, "San Geminiano")]),
    row("MS", "Massa-Carrara", Region::Toscana, &[fixed(10, 4, "San Francesco")]),
    row("MT", "Matera", Region::Basilicata, &[fixed(7, 2, "Madonna della Bruna")]),
    row("NA", "Napoli", Region::Campania, &[fixed(9, 19, "San Gennaro")]),
    row("NO", "Novara", Region::Piemonte, &[fixed(1, 22, "San Gaudenzio")]),
    row("NU", "Nuoro", Region::Sardegna, &[fixed(8, 5, "Nostra Signora della Neve")]),
    row("OR", "Oristano", Region::Sardegna, &[fixed(2, 13, "Sant'Archelao")]),
    row("PA", "Palermo", Region::Sicilia, &[fixed(7, 15, "Santa Rosalia")]),
    row("PC", "Piacenza", Region::EmiliaRomagna, &[fixed(7, 4, "Sant'Antonino")]),
    row("PD", "Padova", Region::Veneto, &[fixed(6, 13, "Sant'Antonio")]),
    row("PE", "Pescara", Region::Abruzzo, &[fixed(10, 10, "San Cetteo")]),
    row("PG", "Perugia", Region::Umbria, &[fixed(1, 29, "San Costanzo")]),
    row("PI", "Pisa", Region::Toscana, &[fixed(6, 17, "San Ranieri")]),
    row("PN", "Pordenone", Region::FriuliVeneziaGiulia, &[fixed(4, 25, "San Marco"), fixed(9, 8, "Madonna delle Grazie")]),
    row("PO", "Prato", Region::Toscana, &[fixed(12, 26, "Santo Stefano")]),
    row("PR", "Parma", Region::EmiliaRomagna, &[fixed(1, 13, "Sant'Ilario")]),
    row("PT", "Pistoia", Region::Toscana, &[fixed(7, 25, "San Jacopo")]),
    row("PU", "Pesaro e Urbino", Region::Marche, &[fixed(6, 1, "San Crescentino (Urbino)"), fixed(9, 24, "San Terenzio (Pesaro)")]),
    row("PV", "Pavia", Region::Lombardia, &[fixed(12, 9, "San Siro")]),
    row("PZ", "Potenza", Region::Basilicata, &[fixed(5, 30, "San Gerardo")]),
    row("RA", "Ravenna", Region::EmiliaRomagna, &[fixed(7, 23, "Sant'Apollinare")]),
    row("RC", "Reggio Calabria", Region::Calabria, &[fixed(4, 23, "San Giorgio")]),
    row("RE", "Reggio nell'Emilia", Region::EmiliaRomagna, &[fixed(11, 24, "San Prospero")]),
    row("RG", "Ragusa", Region::Sicilia, &[fixed(8, 29, "San Giovanni Battista")]),
    row("RI", "Rieti", Region::Lazio, &[fixed(12, 4, "Santa Barbara")]),
    row("RM", "Roma", Region::Lazio, &[fixed(6, 29, "Santi Pietro e Paolo")]),
    row("RN", "Rimini", Region::EmiliaRomagna, &[fixed(10, 14, "San Gaudenzio")]),
    row("RO", "Rovigo", Region::Veneto, &[fixed(11, 26, "San Bellino")]),
    row("SA", "Salerno", Region::Campania, &[fixed(9, 21, "San Matteo")]),
    row("SI", "Siena", Region::Toscana, &[fixed(12, 1, "Sant'Ansano")]),
    row("SO", "Sondrio", Region::Lombardia, &[fixed(6, 19, "Santi Gervasio e Protasio")]),
    row("SP", "La Spezia", Region::Liguria, &[fixed(3, 19, "San Giuseppe")]),
    row("SR", "Siracusa", Region::Sicilia, &[fixed(12, 13, "Santa Lucia")]),
    row("SS", "Sassari", Region::Sardegna, &[fixed(12, 6, "San Nicola")]),
    row("SU", "Sud Sardegna", Region::Sardegna, &[nth(5, 2, Weekday::Sunday, 4, "San Ponziano (Carbonia)")]),
    row("SV", "Savona", Region::Liguria, &[fixed(3, 18, "Nostra Signora della Misericordia")]),
    row("TA", "Taranto", Region::Puglia, &[fixed(5, 10, "San Cataldo")]),
    row("TE", "Teramo", Region::Abruzzo, &[fixed(12, 19, "San Berardo")]),
    row("TN", "Trento", Region::TrentinoAltoAdige, &[fixed(6, 26, "San Vigilio")]),
    row("TO", "Torino", Region::Piemonte, &[fixed(6, 24, "San Giovanni Battista")]),
    row("TP", "Trapani", Region::Sicilia, &[fixed(8, 7, "Sant'Alberto")]),
    row("TR", "Terni", Region::Umbria, &[fixed(2, 14, "San Valentino")]),
    row("TS", "Trieste", Region::FriuliVeneziaGiulia, &[fixed(11, 3, "San Giusto")]),
    row("TV", "Treviso", Region::Veneto, &[fixed(4, 27, "San Liberale")]),
    row("UD", "Udine", Region::FriuliVeneziaGiulia, &[fixed(7, 12, "Santi Ermacora e Fortunato")]),
    row("VA", "Varese", Region::Lombardia, &[fixed(5, 8, "San Vittore")]),
    row("VB", "Verbano-Cusio-Ossola", Region::Piemonte, &[fixed(5, 8, "San Vittore (Verbania)")]),
    row("VC", "Vercelli", Region::Piemonte, &[fixed(8, 1, "Sant'Eusebio")]),
    row("VE", "Venezia", Region::Veneto, &[fixed(4, 25, "San Marco"), fixed(11, 21, "Madonna della Salute")]),
    row("VI", "Vicenza", Region::Veneto, &[fixed(9, 8, "Madonna di Monte Berico")]),
    row("VR", "Verona", Region::Veneto, &[fixed(5, 21, "San Zeno")]),
    row("VT", "Viterbo", Region::Lazio, &[fixed(9, 4, "Santa Rosa")]),
    row("VV", "Vibo Valentia", Region::Calabria, &[fixed(3, 1, "San Leoluca")]),
];

/// Former codes that shop platforms and old address books still send.
const FORMER_CODES: [(&str, &str); 6] = [
    ("CI", "SU"),
    ("VS", "SU"),
    ("OG", "NU"),
    ("OT", "SS"),
    ("FO", "FC"),
    ("PS", "PU"),
];

/// Province by the longest matching beginning of a CAP. The postcode districts of Poste Italiane
/// follow the provinces, apart from some in Sardinia, Friuli, Trieste and Molise.
const CAP_PREFIXES: &str = "\
    00:RM 01:VT 02:RI 03:FR 04:LT 05:TR 06:PG 07:SS 08:NU 09:SU 09012:CA 09018:CA 09028:CA \
    09032:CA 09033:CA 0904:CA 09040:SU 09041:SU 09043:SU 09049:SU 09050:CA 09060:CA 09067:CA \
    09068:CA 09069:CA 0907:OR 0908:OR 0909:OR 091:CA 0917:OR 10:TO 11:AO 12:CN 13:VC 138:BI \
    139:BI 14:AT 15:AL 16:GE 17:SV 18:IM 19:SP 20:MI 208:MB 209:MB 21:VA 22:CO 23:SO 238:LC \
    239:LC 24:BG 25:BS 26:CR 268:LO 269:LO 27:PV 28:NO 288:VB 289:VB 29:PC 30:VE 31:TV 32:BL \
    33:UD 3307:PN 3308:PN 3309:PN 3317:PN 34:TS 3407:GO 3417:GO 35:PD 36:VI 37:VR 38:TN 39:BZ \
    40:BO 41:MO 42:RE 43:PR 44:FE 45:RO 46:MN 47:FC 478:RN 479:RN 48:RA 50:FI 51:PT 52:AR 53:SI \
    54:MS 55:LU 56:PI 57:LI 58:GR 59:PO 60:AN 61:PU 62:MC 63:AP 638:FM 639:FM 64:TE 65:PE 66:CH \
    67:AQ 70:BA 71:FG 72:BR 73:LE 74:TA 75:MT 76:BT 80:NA 81:CE 82:BN 83:AV 84:SA 85:PZ 86:CB \
    8607:IS 8608:IS 8609:IS 8617:IS 87:CS 88:CZ 888:KR 889:KR 89:RC 898:VV 899:VV 90:PA 91:TP \
    92:AG 93:CL 94:EN 95:CT 96:SR 97:RG 98:ME";

/// Postcodes of foreign states with Italian-style CAPs: Vatican City and San Marino.
const FOREIGN_CAP_PREFIXES: [&str; 2] = ["00120", "4789"];

impl Province {
    /// Reads the two letters in either case. Codes of abolished provinces are mapped to the one
    /// that took their place.
    ///
    /// # Errors
    /// [`UnknownProvince`] naming the text.
    pub fn parse(code: &str) -> Result<Self, UnknownProvince> {
        if let Some(province) = Self::at(code) {
            return Ok(province);
        }
        let upper = code.trim().to_ascii_uppercase();
        let current = FORMER_CODES
            .iter()
            .find(|(old, _)| *old == upper)
            .map_or(&*upper, |(_, new)| new);
        Self::at(current).ok_or_else(|| {
            UnknownProvince(
                code.trim()
                    .chars()
                    .filter(|c| !c.is_control())
                    .take(20)
                    .collect(),
            )
        })
    }

    fn at(sigla: &str) -> Option<Self> {
        let i = PROVINCES.binary_search_by(|r| r.sigla.cmp(sigla)).ok()?;
        u8::try_from(i).ok().map(Self)
    }

    /// The province of a five-digit CAP. None for anything that is not a CAP in use, and for San
    /// Marino and Vatican City. A few border villages share the CAP of the neighbouring province.
    pub fn from_cap(cap: &str) -> Option<Self> {
        let cap = cap.trim();
        if cap.len() != 5 || !cap.bytes().all(|b| b.is_ascii_digit()) || cap < "00010" {
            return None;
        }
        if FOREIGN_CAP_PREFIXES.iter().any(|p| cap.starts_with(p)) {
            return None;
        }
        CAP_PREFIXES
            .split_ascii_whitespace()
            .filter_map(|rule| rule.split_once(':'))
            .filter(|(prefix, _)| cap.starts_with(prefix))
            .max_by_key(|(prefix, _)| prefix.len())
            .and_then(|(_, sigla)| Self::at(sigla))
    }

    /// All provinces, sorted by code.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..PROVINCE_COUNT as u8).map(Self)
    }

    fn row(self) -> &'static Row {
        &PROVINCES[usize::from(self.0)]
    }

    /// The two letters, such as `RM`.
    pub fn code(self) -> &'static str {
        self.row().sigla
    }

    /// The name, such as `Roma`.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// Its region.
    pub fn region(self) -> Region {
        self.row().region
    }

    /// The local feast days of its capitals.
    pub fn patron_feasts(self) -> &'static [Feast] {
        self.row().patrons
    }
}

impl fmt::Display for Province {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Province {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl std::str::FromStr for Province {
    type Err = UnknownProvince;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::parse(s)
    }
}

impl TryFrom<String> for Province {
    type Error = UnknownProvince;
    fn try_from(s: String) -> Result<Self, Self::Error> {
        Self::parse(&s)
    }
}

impl From<Province> for String {
    fn from(p: Province) -> Self {
        p.code().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::shared_dir;
    use super::*;

    /// Rows of a semicolon-separated file with quoted cells, in Latin-1 or UTF-8.
    fn rows(path: &str) -> Option<Vec<Vec<String>>> {
        let bytes = std::fs::read(shared_dir().join(path)).ok()?;
        let text = String::from_utf8(bytes)
            .unwrap_or_else(|e| e.into_bytes().iter().map(|b| char::from(*b)).collect());
        let (mut rows, mut row, mut cell, mut quoted) = (vec![], vec![], String::new(), false);
        for c in text.chars() {
            match c {
                '"' => quoted = !quoted,
                ';' if !quoted => row.push(std::mem::take(&mut cell)),
                '\n' if !quoted => {
                    row.push(std::mem::take(&mut cell).trim_end().to_owned());
                    rows.push(std::mem::take(&mut row));
                }
                c => cell.push(c),
            }
        }
        Some(rows)
    }

    /// Municipality number, province code, province name, region.
    fn municipalities() -> Option<Vec<[String; 4]>> {
        let rows = rows("data/geo/comuni.csv")?;
        let take =
            |r: &Vec<String>| [4, 14, 11, 10].map(|i| r[i].split('/').next().unwrap().to_owned());
        Some(
            rows.iter()
                .skip(1)
                .filter(|r| r.len() > 14 && !r[4].is_empty())
                .map(take)
                .collect(),
        )
    }

    #[test]
    fn provinces_and_regions_are_those_of_istat() {
        let Some(all) = municipalities() else {
            println!("skipped: data/geo/comuni.csv is not there");
            return;
        };
        let istat: BTreeMap<_, _> = all
            .into_iter()
            .map(|[_, code, name, region]| (code, (name, region)))
            .collect();
        let ours: BTreeMap<_, _> = Province::all()
            .map(|p| {
                (
                    p.code().to_owned(),
                    (p.name().to_owned(), p.region().name().to_owned()),
                )
            })
            .collect();
        assert_eq!(ours, istat);
        assert_eq!(ours.len(), PROVINCE_COUNT);
        let used: std::collections::BTreeSet<_> = Province::all().map(Province::region).collect();
        assert_eq!(used, Region::ALL.into_iter().collect());
    }

    #[test]
    fn postcodes_lie_in_their_province() {
        let (Some(all), Some(caps)) = (municipalities(), rows("data/geo/garda_cap.csv")) else {
            println!("skipped: data/geo is not there");
            return;
        };
        let province_of: BTreeMap<_, _> =
            all.into_iter().map(|[id, code, ..]| (id, code)).collect();
        let (mut cases, mut wrong) = (0_u32, vec![]);
        for pair in caps.iter().filter(|r| r.len() == 2) {
            let Some(expected) = province_of.get(&pair[0]) else {
                continue;
            };
            cases += 1;
            if Province::from_cap(&pair[1]).map(Province::code) != Some(expected.as_str()) {
                wrong.push((pair.clone(), expected));
            }
        }
        println!("{cases} pairs, {} disagree: {wrong:?}", wrong.len());
        assert!(cases > 8_000);
        assert!(wrong.len() as f64 <= f64::from(cases) * 0.001, "{wrong:?}");
    }

    #[test]
    fn sardinian_postcodes_lie_in_their_province() {
        let path = shared_dir().join("data/geo/comuni-2020-matteocontrini.json");
        let Ok(text) = std::fs::read_to_string(path) else {
            println!("skipped: data/geo is not there");
            return;
        };
        let all: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
        let (mut cases, mut wrong) = (0_u32, vec![]);
        for town in &all {
            for cap in town["cap"].as_array().unwrap() {
                cases += 1;
                let (cap, expected) = (cap.as_str().unwrap(), town["sigla"].as_str().unwrap());
                if Province::from_cap(cap).map(Province::code) != Some(expected) {
                    wrong.push((cap.to_owned(), expected.to_owned()));
                }
            }
        }
        println!("{cases} pairs of 2020, {} disagree: {wrong:?}", wrong.len());
        assert!(wrong.len() as f64 <= f64::from(cases) * 0.002, "{wrong:?}");
    }

    #[test]
    fn a_postcode_is_text_of_five_digits() {
        for (cap, expected) in [
            ("00184", Some("RM")),
            ("10121", Some("TO")),
            ("20121", Some("MI")),
            ("20900", Some("MB")),
            ("47921", Some("RN")),
            ("09170", Some("OR")),
            ("86170", Some("IS")),
            ("33170", Some("PN")),
            ("00120", None),
            ("47890", None),
            ("00000", None),
            ("99999", None),
            ("184", None),
            ("0018A", None),
            ("", None),
            ("٠٠١٨٤", None),
        ] {
            assert_eq!(
                Province::from_cap(cap).map(Province::code),
                expected,
                "{cap}"
            );
        }
    }

    #[test]
    fn codes_are_read_in_any_case_and_old_ones_are_mapped() {
        for (code, expected) in [
            ("RM", "RM"),
            ("mi", "MI"),
            (" To ", "TO"),
            ("OT", "SS"),
            ("CI", "SU"),
            ("PS", "PU"),
        ] {
            assert_eq!(Province::parse(code).unwrap().code(), expected);
        }
        for code in ["", "R", "ROM", "XX", "R1", "Roma"] {
            assert!(Province::parse(code).is_err(), "{code}");
        }
        assert_eq!(
            Province::parse("XX").unwrap_err().to_string(),
            "`XX` is not an Italian province; use its two letters, such as RM for Roma"
        );
        for p in Province::all() {
            assert_eq!(Province::parse(p.code()), Ok(p));
            assert!(!p.patron_feasts().is_empty(), "{p}");
        }
    }

    #[test]
    fn patron_feasts_move_where_they_should() {
        let date = |code: &str, i: usize, year| {
            Province::parse(code).unwrap().patron_feasts()[i]
                .date_in(year)
                .unwrap()
        };
        assert_eq!(date("MI", 0, 2026), Date::constant(2026, 12, 7));
        assert_eq!(date("RM", 0, 2027), Date::constant(2027, 6, 29));
        assert_eq!(
            date("AT", 0, 2026),
            Date::constant(2026, 5, 5),
            "first Tuesday of May"
        );
        assert_eq!(
            date("BZ", 0, 2026),
            Date::constant(2026, 5, 25),
            "Whit Monday"
        );
        assert_eq!(
            date("SU", 0, 2026),
            Date::constant(2026, 5, 14),
            "Thursday after the second Sunday of May"
        );
        assert_eq!(
            date("BT", 1, 2026),
            Date::constant(2026, 9, 20),
            "third Sunday of September"
        );
    }
}
