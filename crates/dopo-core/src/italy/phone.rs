//! Telephone numbers: stored as E.164, shown as Italians group them (rules IT-05, SMS-04).

use std::fmt;

use phonenumber::{Mode, Type, country};
use serde::{Deserialize, Serialize};

use super::is_invisible;

/// Longest text read as a number, in bytes.
pub const PHONE_TEXT_MAX_BYTES: usize = 64;

/// The country of a number written without its prefix.
pub const DEFAULT_COUNTRY: &str = "IT";

/// A telephone number in E.164, such as `+393471234567`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Phone(String);

/// Why a text is not a telephone number. The number itself is personal and stays out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    /// Nothing was given.
    #[error("the telephone number is empty; leave the field out when there is none")]
    Empty,
    /// Letters, control characters, too long.
    #[error(
        "the telephone number holds characters that no number has; use digits, spaces and a leading +"
    )]
    NotANumber,
    /// Digits that no such country hands out.
    #[error(
        "the telephone number does not exist in its country; check the digits and write other countries with + and their prefix"
    )]
    Impossible,
    /// The default country is not a two-letter code.
    #[error(
        "the default country of the telephone number is unknown; use a two-letter code such as IT"
    )]
    UnknownCountry,
    /// Stored text that is not E.164.
    #[error(
        "the stored telephone number is not in international form; it must be + and 7 to 15 digits"
    )]
    NotE164,
}

impl Phone {
    /// Reads a number as a person wrote it; without a prefix it is Italian.
    ///
    /// # Errors
    /// [`PhoneError`] when it is no telephone number.
    pub fn parse(text: &str) -> Result<Self, PhoneError> {
        Self::parse_in(text, DEFAULT_COUNTRY)
    }

    /// Reads a number; without a prefix it belongs to the country with this two-letter code.
    ///
    /// # Errors
    /// [`PhoneError`] when it is no telephone number or the country is unknown.
    pub fn parse_in(text: &str, default_country: &str) -> Result<Self, PhoneError> {
        if text.len() > PHONE_TEXT_MAX_BYTES {
            return Err(PhoneError::NotANumber);
        }
        // Numbers copied from address books carry invisible direction marks.
        let clean: String = text.chars().filter(|c| !is_invisible(*c)).collect();
        let clean = clean.trim();
        if clean.is_empty() {
            return Err(PhoneError::Empty);
        }
        let allowed =
            |c: char| c.is_ascii_digit() || c.is_whitespace() || "+-–./()\u{2011}".contains(c);
        if !clean.chars().all(allowed) || !clean.chars().any(|c| c.is_ascii_digit()) {
            return Err(PhoneError::NotANumber);
        }
        let country: country::Id = default_country
            .trim()
            .to_ascii_uppercase()
            .parse()
            .map_err(|_| PhoneError::UnknownCountry)?;
        let digits: String = clean.chars().filter(|c| c.is_ascii_digit()).collect();
        let international = match clean.starts_with('+') {
            true => Some(digits.clone()),
            false => digits.strip_prefix("00").map(ToOwned::to_owned),
        };
        // Italian numbers first: the 0 of a landline belongs to the number, and a prefix typed
        // without its + is common.
        let national = match &international {
            Some(d) => d.strip_prefix("39"),
            None if country == country::Id::IT => Some(&*digits)
                .filter(|d| is_italian(d))
                .or_else(|| digits.strip_prefix("39")),
            None => None,
        };
        if let Some(national) = national.filter(|n| is_italian(n)) {
            return Ok(Self(format!("+39{national}")));
        }
        let text = international.map_or(digits, |d| format!("+{d}"));
        let number = phonenumber::parse(Some(country), text).map_err(|_| PhoneError::Impossible)?;
        if !number.is_valid() {
            return Err(PhoneError::Impossible);
        }
        Self::try_from(number.format().mode(Mode::E164).to_string())
    }

    /// The number in E.164, for storing and dialling.
    pub fn as_e164(&self) -> &str {
        &self.0
    }

    /// The address of a link that dials: `tel:+393471234567`.
    pub fn tel_uri(&self) -> String {
        format!("tel:{}", self.0)
    }

    /// Whether the prefix is Italy's.
    pub fn is_italian(&self) -> bool {
        self.0.starts_with("+39")
    }

    /// Whether an SMS can reach it. Italian: `+39 3` and 8 or 9 more digits (rule SMS-04).
    pub fn is_mobile(&self) -> bool {
        if let Some(national) = self.0.strip_prefix("+39") {
            return is_italian_mobile(national);
        }
        phonenumber::parse(None, &self.0).is_ok_and(|n| {
            matches!(
                n.number_type(&phonenumber::metadata::DATABASE),
                Type::Mobile | Type::FixedLineOrMobile
            )
        })
    }

    /// The number for people: `+39 347 123 4567`, `+39 06 1234567`, `800 123 456`.
    pub fn display(&self) -> String {
        match self.0.strip_prefix("+39") {
            Some(n) if is_italian_mobile(n) => {
                format!("+39 {} {} {}", &n[..3], &n[3..6], &n[6..])
            }
            Some(n) if is_green(n) && n.len() > 6 => {
                format!("{} {} {}", &n[..3], &n[3..6], &n[6..])
            }
            Some(n) if n.starts_with('0') => {
                let (area, rest) = n.split_at(area_code_digits(n).min(n.len()));
                format!("+39 {area} {rest}").trim_end().to_owned()
            }
            Some(n) => format!("+39 {n}"),
            None => phonenumber::parse(None, &self.0).map_or_else(
                |_| self.0.clone(),
                |n| n.format().mode(Mode::International).to_string(),
            ),
        }
    }
}

/// A national number of Italy: mobile, landline (0 and 5 to 10 digits), green number.
fn is_italian(national: &str) -> bool {
    is_italian_mobile(national)
        || is_green(national)
        || (national.starts_with('0')
            && !national.starts_with("00")
            && (6..=11).contains(&national.len()))
}

fn is_italian_mobile(national: &str) -> bool {
    national.starts_with('3') && matches!(national.len(), 9 | 10)
}

fn is_green(national: &str) -> bool {
    (national.starts_with("800") || national.starts_with("803")) && matches!(national.len(), 6 | 9)
}

/// Digits of the area code of a landline, with its 0.
fn area_code_digits(national: &str) -> usize {
    const THREE: &str = "010 011 015 019 030 031 035 039 040 041 045 049 050 051 055 059 070 071 075 079 080 081 085 \
        089 090 091 095 099";
    match national.get(..3) {
        Some(p) if p.starts_with("02") || p.starts_with("06") => 2,
        Some(p) if THREE.split_ascii_whitespace().any(|t| t == p) => 3,
        _ => 4,
    }
}

impl fmt::Debug for Phone {
    /// Only the first digits: numbers are personal data and stay out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Phone({}…)", self.0.get(..3).unwrap_or_default())
    }
}

impl std::str::FromStr for Phone {
    type Err = PhoneError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::parse(s)
    }
}

impl TryFrom<String> for Phone {
    type Error = PhoneError;
    /// Takes a number that is already in E.164.
    fn try_from(s: String) -> Result<Self, Self::Error> {
        let digits = s.strip_prefix('+').unwrap_or_default();
        let ok = (7..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|b| b.is_ascii_digit());
        if ok {
            Ok(Self(s))
        } else {
            Err(PhoneError::NotE164)
        }
    }
}

impl From<Phone> for String {
    fn from(p: Phone) -> Self {
        p.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_stored_in_e164_and_shown_grouped() {
        for (text, e164, shown, mobile) in [
            ("347 123 4567", "+393471234567", "+39 347 123 4567", true),
            ("+39 347 1234567", "+393471234567", "+39 347 123 4567", true),
            (
                "0039 347-1234567",
                "+393471234567",
                "+39 347 123 4567",
                true,
            ),
            ("393471234567", "+393471234567", "+39 347 123 4567", true),
            (
                "(+39) 347.123.4567",
                "+393471234567",
                "+39 347 123 4567",
                true,
            ),
            (
                "\u{202A}+39 347 123 4567\u{202C}",
                "+393471234567",
                "+39 347 123 4567",
                true,
            ),
            ("333 123456", "+39333123456", "+39 333 123 456", true),
            ("06 1234567", "+39061234567", "+39 06 1234567", false),
            ("+39 06 1234567", "+39061234567", "+39 06 1234567", false),
            ("02/12345678", "+390212345678", "+39 02 12345678", false),
            ("055 123456", "+39055123456", "+39 055 123456", false),
            ("0541 123456", "+390541123456", "+39 0541 123456", false),
            ("800 123 456", "+39800123456", "800 123 456", false),
            ("+41 79 123 45 67", "+41791234567", "+41 79 123 45 67", true),
            ("+49 30 123456", "+4930123456", "+49 30 123456", false),
            ("+1 201-555-0123", "+12015550123", "+1 201-555-0123", true),
        ] {
            let phone = Phone::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
            assert_eq!(phone.as_e164(), e164, "{text}");
            assert_eq!(phone.display(), shown, "{text}");
            assert_eq!(phone.is_mobile(), mobile, "{text}");
            assert_eq!(
                Phone::parse(phone.as_e164()),
                Ok(phone.clone()),
                "{text} reads back"
            );
        }
        assert_eq!(
            Phone::parse("347 123 4567").unwrap().tel_uri(),
            "tel:+393471234567"
        );
    }

    #[test]
    fn the_default_country_can_be_another() {
        assert_eq!(
            Phone::parse_in("079 123 45 67", "ch").unwrap().as_e164(),
            "+41791234567"
        );
        assert_eq!(
            Phone::parse_in("+39 347 1234567", "CH").unwrap().as_e164(),
            "+393471234567"
        );
        assert_eq!(
            Phone::parse_in("079 123 45 67", "Svizzera"),
            Err(PhoneError::UnknownCountry)
        );
    }

    #[test]
    fn what_is_no_number_is_refused_without_repeating_it() {
        for (text, error) in [
            ("", PhoneError::Empty),
            ("  \u{200B}", PhoneError::Empty),
            ("null", PhoneError::NotANumber),
            ("+", PhoneError::NotANumber),
            ("347 123 4567 int. 3", PhoneError::NotANumber),
            ("347\u{0}1234567; DROP", PhoneError::NotANumber),
            ("123", PhoneError::Impossible),
            ("34712345678901", PhoneError::Impossible),
            ("000000000", PhoneError::Impossible),
            ("+999 123456789", PhoneError::Impossible),
        ] {
            assert_eq!(Phone::parse(text), Err(error), "{text}");
        }
        assert_eq!(Phone::parse(&"1".repeat(100)), Err(PhoneError::NotANumber));
    }

    #[test]
    fn stored_numbers_must_be_e164() {
        for text in [
            "347123",
            "+0123456789",
            "+39 347 123 4567",
            "+39a471234567",
            "+1234567890123456",
        ] {
            assert!(
                serde_json::from_value::<Phone>(text.into()).is_err(),
                "{text}"
            );
        }
        let phone = Phone::parse("3471234567").unwrap();
        assert_eq!(serde_json::to_string(&phone).unwrap(), r#""+393471234567""#);
        assert_eq!(format!("{phone:?}"), "Phone(+39…)");
    }
}
