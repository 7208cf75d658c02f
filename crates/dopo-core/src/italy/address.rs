//! Postal addresses: the label and the line on screen (rule IT-04).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Locale, Province, clean_line};

/// Most lines of a label (postal standard: 3 to 6).
pub const LABEL_MAX_LINES: usize = 6;

/// An Italian postcode: five digits, always text, so that leading zeros survive.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cap(String);

/// A text is not an Italian postcode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a CAP has five digits; write it as text with its leading zeros, such as 00184")]
pub struct BadCap;

impl Cap {
    /// Reads five digits.
    ///
    /// # Errors
    /// [`BadCap`] for anything else.
    pub fn parse(text: &str) -> Result<Self, BadCap> {
        let t = text.trim();
        if t.len() == 5 && t.bytes().all(|b| b.is_ascii_digit()) {
            Ok(Self(t.to_owned()))
        } else {
            Err(BadCap)
        }
    }

    /// The five digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The province it lies in, where the postcode is in use in Italy.
    pub fn province(&self) -> Option<Province> {
        Province::from_cap(&self.0)
    }
}

impl fmt::Display for Cap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Cap {
    type Error = BadCap;
    fn try_from(s: String) -> Result<Self, Self::Error> {
        Self::parse(&s)
    }
}

impl From<Cap> for String {
    fn from(c: Cap) -> Self {
        c.0
    }
}

/// A postal address as a shop sends it: plain texts, kept as written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    /// Who receives it.
    pub recipient: String,
    /// Company, where there is one.
    pub company: String,
    /// `c/o` or `presso`: whose door it is.
    pub care_of: String,
    /// Staircase, floor, flat: `Scala B int. 3`.
    pub detail: String,
    /// Street and number: `Via Aldo Moro 15`.
    pub street: String,
    /// Postcode, as text.
    pub postcode: String,
    /// Town.
    pub town: String,
    /// Province: two letters in Italy.
    pub province: String,
    /// Two-letter country code; empty means Italy.
    pub country: String,
}

impl Address {
    /// Whether it lies in Italy.
    pub fn is_italian(&self) -> bool {
        let c = self.country.trim();
        c.is_empty() || c.eq_ignore_ascii_case("IT")
    }

    /// The Italian province: the field, or else what the CAP says.
    pub fn italian_province(&self) -> Option<Province> {
        if !self.is_italian() {
            return None;
        }
        Province::parse(&self.province)
            .ok()
            .or_else(|| Province::from_cap(&self.postcode))
    }

    /// Whether CAP and province are both given and contradict each other.
    pub fn cap_contradicts_province(&self) -> bool {
        self.is_italian()
            && match (
                Province::parse(&self.province),
                Province::from_cap(&self.postcode),
            ) {
                (Ok(written), Some(of_cap)) => written != of_cap,
                _ => false,
            }
    }

    /// The label: capitals, no punctuation, at most [`LABEL_MAX_LINES`] lines, the country only
    /// abroad.
    pub fn label(&self) -> String {
        let mut town = vec![self.postcode.as_str(), self.town.as_str()];
        let province = self.italian_province();
        let country = self.country_name(Locale::En);
        town.push(province.map_or(self.province.as_str(), |p| p.code()));
        let care_of = if self.care_of.trim().is_empty() {
            String::new()
        } else {
            format!("c/o {}", self.care_of)
        };
        let upper_lines = [
            &self.recipient,
            &self.company,
            &care_of,
            &self.detail,
            &self.street,
        ];
        let upper: Vec<String> = upper_lines
            .into_iter()
            .map(|l| label_line(l))
            .filter(|l| !l.is_empty())
            .collect();
        let mut bottom = vec![label_line(&town.join(" "))];
        if !self.is_italian() {
            bottom.push(label_line(&country));
        }
        bottom.retain(|l| !l.is_empty());
        // The street and the town are what delivers it: what is too much goes from the middle.
        let room = LABEL_MAX_LINES - bottom.len();
        let mut lines = upper;
        while lines.len() > room {
            lines.remove(1);
        }
        lines.extend(bottom);
        lines.join("\n")
    }

    /// One line for the screen, without the recipient: `Via Aldo Moro 15, 56122 Pisa (PI)`.
    pub fn one_line(&self, locale: Locale) -> String {
        let mut parts = vec![clean_line(&self.street), clean_line(&self.detail)];
        let mut town = clean_line(&format!("{} {}", self.postcode, self.town));
        let province = self
            .italian_province()
            .map_or_else(|| clean_line(&self.province), |p| p.code().to_owned());
        if !province.is_empty() {
            town.push_str(&format!(" ({province})"));
        }
        parts.push(clean_line(&town));
        if !self.is_italian() {
            parts.push(self.country_name(locale));
        }
        parts.retain(|p| !p.is_empty());
        parts.join(", ")
    }

    fn country_name(&self, locale: Locale) -> String {
        let code = clean_line(&self.country).to_ascii_uppercase();
        let found = COUNTRIES.iter().find(|(c, ..)| *c == code);
        found.map_or_else(
            || code.clone(),
            |(_, it, en)| locale.pick(*it, *en).to_owned(),
        )
    }
}

/// Capitals, no punctuation (apostrophes, and the slash and hyphen of numbers like 12/A, stay).
fn label_line(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || matches!(c, '\'' | '’' | '/' | '-' | '°') {
                c
            } else if c == '.' {
                '\u{200B}'
            } else {
                ' '
            }
        })
        .collect();
    clean_line(&plain).to_uppercase()
}

/// Countries Italian shops send to: the Union, its neighbours, and a few more.
const COUNTRIES: &[(&str, &str, &str)] = &[
    ("AL", "Albania", "Albania"),
    ("AT", "Austria", "Austria"),
    ("AU", "Australia", "Australia"),
    ("BE", "Belgio", "Belgium"),
    ("BG", "Bulgaria", "Bulgaria"),
    ("CA", "Canada", "Canada"),
    ("CH", "Svizzera", "Switzerland"),
    ("CY", "Cipro", "Cyprus"),
    ("CZ", "Cechia", "Czechia"),
    ("DE", "Germania", "Germany"),
    ("DK", "Danimarca", "Denmark"),
    ("EE", "Estonia", "Estonia"),
    ("ES", "Spagna", "Spain"),
    ("FI", "Finlandia", "Finland"),
    ("FR", "Francia", "France"),
    ("GB", "Regno Unito", "United Kingdom"),
    ("GR", "Grecia", "Greece"),
    ("HR", "Croazia", "Croatia"),
    ("HU", "Ungheria", "Hungary"),
    ("IE", "Irlanda", "Ireland"),
    ("IS", "Islanda", "Iceland"),
    ("IT", "Italia", "Italy"),
    ("JP", "Giappone", "Japan"),
    ("LI", "Liechtenstein", "Liechtenstein"),
    ("LT", "Lituania", "Lithuania"),
    ("LU", "Lussemburgo", "Luxembourg"),
    ("LV", "Lettonia", "Latvia"),
    ("MC", "Monaco", "Monaco"),
    ("MT", "Malta", "Malta"),
    ("NL", "Paesi Bassi", "Netherlands"),
    ("NO", "Norvegia", "Norway"),
    ("PL", "Polonia", "Poland"),
    ("PT", "Portogallo", "Portugal"),
    ("RO", "Romania", "Romania"),
    ("RS", "Serbia", "Serbia"),
    ("SE", "Svezia", "Sweden"),
    ("SI", "Slovenia", "Slovenia"),
    ("SK", "Slovacchia", "Slovakia"),
    ("SM", "San Marino", "San Marino"),
    ("TR", "Turchia", "Türkiye"),
    ("UA", "Ucraina", "Ukraine"),
    ("US", "Stati Uniti", "United States"),
    ("VA", "Città del Vaticano", "Vatican City"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn pisa() -> Address {
        Address {
            recipient: "Mario Rossi".into(),
            detail: "Scala B, int. 3".into(),
            street: "Via Aldo Moro, 15".into(),
            postcode: "56122".into(),
            town: "Pisa".into(),
            province: "pi".into(),
            ..Address::default()
        }
    }

    #[test]
    fn the_label_is_that_of_the_postal_standard() {
        assert_eq!(
            pisa().label(),
            "MARIO ROSSI\nSCALA B INT 3\nVIA ALDO MORO 15\n56122 PISA PI"
        );
    }

    #[test]
    fn the_line_on_screen_has_the_province_in_brackets() {
        let address = Address {
            detail: String::new(),
            street: "Via Aldo Moro 15".into(),
            ..pisa()
        };
        assert_eq!(
            address.one_line(Locale::It),
            "Via Aldo Moro 15, 56122 Pisa (PI)"
        );
    }

    #[test]
    fn odd_street_numbers_and_names_stay_readable() {
        for (street, line) in [
            ("Via Roma 12/A", "VIA ROMA 12/A"),
            ("Via Roma 12 bis", "VIA ROMA 12 BIS"),
            ("Via Roma snc", "VIA ROMA SNC"),
            ("Borgo dell'Aquila, 3/R.", "BORGO DELL'AQUILA 3/R"),
            ("Città di Castello\u{200B}", "CITTÀ DI CASTELLO"),
            ("Via S. Anna\r\n7", "VIA S ANNA 7"),
        ] {
            assert_eq!(label_line(street), line);
        }
    }

    #[test]
    fn a_missing_province_comes_from_the_postcode() {
        let rome = Address {
            street: "Via Labicana 1".into(),
            postcode: "00184".into(),
            town: "Roma".into(),
            country: "it".into(),
            ..Address::default()
        };
        assert_eq!(rome.one_line(Locale::It), "Via Labicana 1, 00184 Roma (RM)");
        assert_eq!(rome.label(), "VIA LABICANA 1\n00184 ROMA RM");
        assert!(!rome.cap_contradicts_province());
        assert!(
            Address {
                province: "MI".into(),
                ..rome
            }
            .cap_contradicts_province()
        );
    }

    #[test]
    fn a_foreign_address_ends_with_its_country() {
        let zurich = Address {
            recipient: "Anna Meier".into(),
            street: "Bahnhofstrasse 1".into(),
            postcode: "8001".into(),
            town: "Zürich".into(),
            country: "CH".into(),
            ..Address::default()
        };
        assert_eq!(
            zurich.one_line(Locale::It),
            "Bahnhofstrasse 1, 8001 Zürich, Svizzera"
        );
        assert_eq!(
            zurich.label(),
            "ANNA MEIER\nBAHNHOFSTRASSE 1\n8001 ZÜRICH\nSWITZERLAND"
        );
        assert_eq!(zurich.italian_province(), None);
    }

    #[test]
    fn a_label_has_at_most_six_lines_and_keeps_street_and_town() {
        let full = Address {
            company: "Ditta".into(),
            care_of: "Bianchi".into(),
            country: "FR".into(),
            ..pisa()
        };
        let label = full.label();
        assert_eq!(label.lines().count(), LABEL_MAX_LINES, "{label}");
        assert!(
            label.starts_with("MARIO ROSSI\n") && label.contains("VIA ALDO MORO 15\n56122 PISA"),
            "{label}"
        );
        assert_eq!(Address::default().label(), "");
        assert_eq!(Address::default().one_line(Locale::It), "");
    }

    #[test]
    fn a_postcode_keeps_its_zeros_through_json() {
        let cap = Cap::parse("00184").unwrap();
        let json = serde_json::to_string(&cap).unwrap();
        assert_eq!(json, r#""00184""#);
        assert_eq!(serde_json::from_str::<Cap>(&json).unwrap(), cap);
        assert_eq!(cap.province().map(Province::code), Some("RM"));
        for bad in ["184", "001844", "0018a", ""] {
            assert_eq!(Cap::parse(bad), Err(BadCap));
        }
    }
}
