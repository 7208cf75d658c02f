//! Money: integer minor units with a currency, never floating point (rule IT-01).

use std::fmt;

use serde::{Deserialize, Serialize};

/// Basis points in one whole (100 %).
pub const BASIS_POINTS_PER_WHOLE: i64 = 10_000;

/// Longest text accepted as an amount, in bytes.
pub const AMOUNT_TEXT_MAX_BYTES: usize = 40;

/// A currency of ISO 4217, such as `EUR`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

/// Why a text or a calculation is not money.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The code is not in ISO 4217.
    #[error("`{0}` is not a currency of ISO 4217; use a three-letter code such as EUR")]
    UnknownCurrency(String),
    /// The text is not a plain decimal number.
    #[error(
        "`{0}` is not an amount; write digits with a dot before the decimals and no thousands separator, such as 1234.50"
    )]
    NotAnAmount(String),
    /// The amount does not fit in 64 bits of minor units.
    #[error("the amount is too large; amounts reach about 92 million billion minor units")]
    TooLarge,
    /// Two currencies met in one calculation.
    #[error("{left} and {right} cannot be added; convert one of them first")]
    CurrenciesDiffer {
        /// Currency of the first amount.
        left: Currency,
        /// Currency of the second amount.
        right: Currency,
    },
}

/// Active codes of ISO 4217 by number of minor-unit digits; every other code in [`TWO_DIGITS`].
const NO_DIGITS: &str = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
const THREE_DIGITS: &str = "BHD IQD JOD KWD LYD OMR TND";
const FOUR_DIGITS: &str = "CLF UYW";
/// Includes BGN and HRK, replaced by the euro in 2026 and 2023: imported histories hold them.
const TWO_DIGITS: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV \
    BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN \
    ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IRR JMD KES KGS \
    KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR \
    MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD \
    SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED \
    VES WST XCD XCG YER ZAR ZMW ZWG";

fn listed(list: &str, code: &str) -> bool {
    list.split_ascii_whitespace().any(|c| c == code)
}

impl Currency {
    /// The euro.
    pub const EUR: Self = Self(*b"EUR");

    /// Reads a code of ISO 4217. Lower case is accepted and stored in capitals.
    ///
    /// # Errors
    /// [`MoneyError::UnknownCurrency`] naming the code.
    pub fn parse(code: &str) -> Result<Self, MoneyError> {
        let unknown = || MoneyError::UnknownCurrency(excerpt(code));
        let upper = code.trim().to_ascii_uppercase();
        let bytes: [u8; 3] = upper.as_bytes().try_into().map_err(|_| unknown())?;
        let known = bytes.iter().all(u8::is_ascii_uppercase)
            && [TWO_DIGITS, NO_DIGITS, THREE_DIGITS, FOUR_DIGITS]
                .iter()
                .any(|l| listed(l, &upper));
        if known {
            Ok(Self(bytes))
        } else {
            Err(unknown())
        }
    }

    /// The three capital letters.
    pub fn code(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Digits after the decimal sign: 2 for EUR, 0 for JPY, 3 for KWD.
    pub fn minor_digits(self) -> u32 {
        let code = self.code();
        if listed(NO_DIGITS, code) {
            0
        } else if listed(THREE_DIGITS, code) {
            3
        } else if listed(FOUR_DIGITS, code) {
            4
        } else {
            2
        }
    }

    /// Minor units in one major unit: 100 for EUR, 1 for JPY, 1000 for KWD.
    pub fn minor_units_per_major(self) -> i64 {
        10_i64.pow(self.minor_digits())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl std::str::FromStr for Currency {
    type Err = MoneyError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::parse(s)
    }
}

impl TryFrom<String> for Currency {
    type Error = MoneyError;
    fn try_from(s: String) -> Result<Self, Self::Error> {
        Self::parse(&s)
    }
}

impl From<Currency> for String {
    fn from(c: Currency) -> Self {
        c.code().to_owned()
    }
}

/// An amount in minor units of its currency (cents of a euro, whole yen).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// Minor units; negative for refunds and discounts.
    pub cents: i64,
    /// The currency they are in.
    pub currency: Currency,
}

impl Money {
    /// An amount of `cents` minor units.
    pub const fn new(cents: i64, currency: Currency) -> Self {
        Self { cents, currency }
    }

    /// An amount in euro cents.
    pub const fn eur(cents: i64) -> Self {
        Self::new(cents, Currency::EUR)
    }

    /// Nothing, in a currency.
    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// Reads a decimal number with a dot, such as `52.00` or `-1234.5`.
    /// More decimals than the currency has are rounded half away from zero.
    ///
    /// # Errors
    /// [`MoneyError::NotAnAmount`] for anything else (a comma, an exponent, an empty text),
    /// [`MoneyError::TooLarge`] beyond 64 bits.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let bad = || MoneyError::NotAnAmount(excerpt(text));
        let t = text.trim();
        if t.len() > AMOUNT_TEXT_MAX_BYTES {
            return Err(bad());
        }
        let (negative, unsigned) = match t.as_bytes().first() {
            Some(b'-') => (true, &t[1..]),
            Some(b'+') => (false, &t[1..]),
            _ => (false, t),
        };
        let (whole, decimals) = match unsigned.split_once('.') {
            Some((w, d)) if !d.is_empty() => (w, d),
            Some(_) => return Err(bad()),
            None => (unsigned, ""),
        };
        let digits_only = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !digits_only(whole) || !digits_only(decimals) {
            return Err(bad());
        }
        let keep = currency.minor_digits() as usize;
        let mut minor: i128 = 0;
        let kept = decimals.bytes().chain(std::iter::repeat(b'0')).take(keep);
        for digit in whole.bytes().chain(kept) {
            minor = minor * 10 + i128::from(digit - b'0');
            if minor > i128::from(i64::MAX) {
                return Err(MoneyError::TooLarge);
            }
        }
        if decimals.as_bytes().get(keep).is_some_and(|d| *d >= b'5') {
            minor += 1;
        }
        let signed = if negative { -minor } else { minor };
        let cents = i64::try_from(signed).map_err(|_| MoneyError::TooLarge)?;
        Ok(Self { cents, currency })
    }

    /// The number as [`Money::parse`] reads it: `52.00`, `-15.50`, `1000` for yen.
    pub fn to_decimal(self) -> String {
        let digits = self.currency.minor_digits() as usize;
        let (whole, minor) = self.split();
        let sign = if self.cents < 0 { "-" } else { "" };
        if digits == 0 {
            format!("{sign}{whole}")
        } else {
            format!("{sign}{whole}.{minor:0digits$}")
        }
    }

    /// Whole units and remaining minor units, both without sign.
    pub(crate) fn split(self) -> (u64, u64) {
        let per = self.currency.minor_units_per_major().unsigned_abs();
        let abs = self.cents.unsigned_abs();
        (abs / per, abs % per)
    }

    /// The sum.
    ///
    /// # Errors
    /// When the currencies differ or the sum is too large.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let cents = self
            .cents
            .checked_add(other.cents)
            .ok_or(MoneyError::TooLarge)?;
        Ok(Self::new(cents, self.currency))
    }

    /// The difference.
    ///
    /// # Errors
    /// When the currencies differ or the difference is too large.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let cents = self
            .cents
            .checked_sub(other.cents)
            .ok_or(MoneyError::TooLarge)?;
        Ok(Self::new(cents, self.currency))
    }

    /// The amount `quantity` times.
    ///
    /// # Errors
    /// When the product is too large.
    pub fn checked_mul(self, quantity: i64) -> Result<Self, MoneyError> {
        let cents = self
            .cents
            .checked_mul(quantity)
            .ok_or(MoneyError::TooLarge)?;
        Ok(Self::new(cents, self.currency))
    }

    /// `basis_points` hundredths of a percent of the amount (1500 = 15 %), rounded half away
    /// from zero.
    ///
    /// # Errors
    /// When the result is too large.
    pub fn percent(self, basis_points: i64) -> Result<Self, MoneyError> {
        let product = i128::from(self.cents) * i128::from(basis_points);
        let whole = i128::from(BASIS_POINTS_PER_WHOLE);
        let half = if product < 0 { -whole / 2 } else { whole / 2 };
        let cents = i64::try_from((product + half) / whole).map_err(|_| MoneyError::TooLarge)?;
        Ok(Self::new(cents, self.currency))
    }

    /// The amount less `basis_points` hundredths of a percent (1500 takes 15 % off).
    ///
    /// # Errors
    /// When the result is too large.
    pub fn less_percent(self, basis_points: i64) -> Result<Self, MoneyError> {
        self.checked_sub(self.percent(basis_points)?)
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::CurrenciesDiffer {
                left: self.currency,
                right: other.currency,
            })
        }
    }
}

impl fmt::Display for Money {
    /// `52.00 EUR`; for people use [`crate::italy::format::amount`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.to_decimal(), self.currency)
    }
}

/// At most the first 20 printable characters, so that an error cannot carry a document.
fn excerpt(text: &str) -> String {
    const EXCERPT_MAX_CHARS: usize = 20;
    text.trim()
        .chars()
        .filter(|c| !c.is_control())
        .take(EXCERPT_MAX_CHARS)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn cents(text: &str, code: &str) -> i64 {
        Money::parse(text, Currency::parse(code).unwrap())
            .unwrap()
            .cents
    }

    #[test]
    fn decimal_texts_become_minor_units() {
        for (text, code, expected) in [
            ("52.00", "EUR", 5_200),
            ("52", "EUR", 5_200),
            ("1234.5", "EUR", 123_450),
            ("12345.678", "EUR", 1_234_568),
            ("0.005", "EUR", 1),
            ("-0.005", "EUR", -1),
            ("0.0049999", "EUR", 0),
            ("-15.5", "EUR", -1_550),
            ("+3.10", "EUR", 310),
            (" 7.00 ", "EUR", 700),
            ("1000", "JPY", 1_000),
            ("1000.00", "JPY", 1_000),
            ("1.2345", "KWD", 1_235),
            ("1.5", "CLF", 15_000),
            ("92233720368547758.07", "EUR", i64::MAX),
        ] {
            assert_eq!(cents(text, code), expected, "{text} {code}");
        }
    }

    #[test]
    fn what_is_not_a_plain_decimal_is_refused() {
        for text in [
            "", "-", ".", "5.", ".5", "1,50", "1,234.50", "1e3", "NaN", "€5", "5 0", "--1",
            "1.2.3", "٣",
        ] {
            let e = Money::parse(text, Currency::EUR).unwrap_err();
            assert!(matches!(e, MoneyError::NotAnAmount(_)), "{text}: {e}");
        }
        for text in [
            "92233720368547758.08",
            "92233720368547758.075",
            "99999999999999999999",
        ] {
            assert_eq!(
                Money::parse(text, Currency::EUR),
                Err(MoneyError::TooLarge),
                "{text}"
            );
        }
        assert!(Money::parse(&"1".repeat(4_000), Currency::EUR).is_err());
    }

    #[test]
    fn an_unknown_currency_is_named() {
        assert_eq!(
            Currency::parse("XYZ").unwrap_err().to_string(),
            "`XYZ` is not a currency of ISO 4217; use a three-letter code such as EUR"
        );
        for code in ["", "EU", "EURO", "€", "EU ", "E R", "é1", "XAU", "XTS"] {
            assert!(Currency::parse(code).is_err(), "{code}");
        }
        assert_eq!(Currency::parse("eur").unwrap(), Currency::EUR);
    }

    #[test]
    fn every_listed_code_is_three_capitals_and_listed_once() {
        let mut all: Vec<&str> = [TWO_DIGITS, NO_DIGITS, THREE_DIGITS, FOUR_DIGITS]
            .iter()
            .flat_map(|l| l.split_ascii_whitespace())
            .collect();
        assert!(
            all.iter()
                .all(|c| c.len() == 3 && c.bytes().all(|b| b.is_ascii_uppercase()))
        );
        let n = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), n);
        for c in all {
            assert_eq!(Currency::parse(c).unwrap().code(), c);
        }
    }

    #[test]
    fn sums_are_checked() {
        let (a, b) = (Money::eur(5_200), Money::eur(1_550));
        assert_eq!(a.checked_add(b), Ok(Money::eur(6_750)));
        assert_eq!(b.checked_sub(a), Ok(Money::eur(-3_650)));
        assert_eq!(a.checked_mul(3), Ok(Money::eur(15_600)));
        assert_eq!(
            Money::eur(i64::MAX).checked_add(Money::eur(1)),
            Err(MoneyError::TooLarge)
        );
        let yen = Money::new(1, Currency::parse("JPY").unwrap());
        assert!(matches!(
            a.checked_add(yen),
            Err(MoneyError::CurrenciesDiffer { .. })
        ));
    }

    #[test]
    fn percentages_round_half_away_from_zero() {
        for (cents, bp, expected) in [
            (10_000, 1_500, 1_500),
            (333, 1_500, 50),
            (1, 5_000, 1),
            (-1, 5_000, -1),
            (1, 4_999, 0),
            (12_345, 1_550, 1_913),
            (i64::MAX, 10_000, i64::MAX),
        ] {
            assert_eq!(
                Money::eur(cents).percent(bp),
                Ok(Money::eur(expected)),
                "{cents} {bp}"
            );
        }
        assert_eq!(
            Money::eur(i64::MAX).percent(10_001),
            Err(MoneyError::TooLarge)
        );
        assert_eq!(
            Money::eur(10_000).less_percent(1_500),
            Ok(Money::eur(8_500))
        );
    }

    #[test]
    fn money_is_cents_and_currency_in_json() {
        let m = Money::eur(5_200);
        let json = serde_json::to_string(&m).unwrap();
        assert_eq!(json, r#"{"cents":5200,"currency":"EUR"}"#);
        assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), m);
        let e = serde_json::from_str::<Money>(r#"{"cents":1,"currency":"ZZZ"}"#).unwrap_err();
        assert!(e.to_string().contains("`ZZZ` is not a currency"), "{e}");
    }

    #[test]
    fn decimal_text_reads_back_as_itself() {
        for code in ["EUR", "JPY", "KWD", "CLF"] {
            let currency = Currency::parse(code).unwrap();
            for cents in [0, 1, -1, 99, 100, -101, 1_234_567, i64::MAX, -i64::MAX] {
                let m = Money::new(cents, currency);
                assert_eq!(Money::parse(&m.to_decimal(), currency), Ok(m), "{m}");
            }
        }
    }
}
