//! Tracking numbers: their formats and check digits, used only to reject typing mistakes and to rank which courier a
//! number may be of.
//!
//! Never to choose a courier: the numbers of BRT, GLS Italy, Poste and InPost have no public check digit and look like
//! many others. The courier comes from the shop or the label. Sources: UPU S10, the couriers' own algorithms as gathered
//! in jkeen/tracking_number_data, and the Italian formats seen in public code.

use dopo_core::parcel::Courier;

/// Longest number that is looked at, in characters without blanks.
pub const NUMBER_CHARS_MAX: usize = 40;

/// How well a number fits a format, the best first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Fit {
    /// The shape fits and the check digit holds.
    Checked,
    /// A shape of its own (letters, or a length that no other courier uses); no check digit is known.
    Shaped,
    /// So many digits: other couriers have numbers of the same shape.
    Length,
}

/// How a check digit is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Check {
    /// None is known.
    None(Fit),
    /// UPU S10: weights, modulo 11.
    S10,
    /// Modulo 10 with a factor for the characters at even and odd places, counted from 0; letters count `(code - 3) mod 10`.
    Mod10 { evens: u32, odds: u32 },
    /// The serial number modulo 7.
    Mod7,
    /// Digits by weights, modulo 11, then modulo 10.
    Weights(&'static [u32]),
    /// ISO 7064, modulo 37, 36.
    Mod37,
}

/// Whose numbers have a format.
#[derive(Clone, Copy, Debug)]
enum Whose {
    These(&'static [Courier]),
    /// By the country at the end of an S10 number.
    Postal,
}

/// A format: the shape, the characters that the check digit covers, and how it is made.
#[derive(Debug)]
struct Format {
    id: &'static str,
    whose: Whose,
    /// One class for each character: `0` a digit, `A` a letter, `*` both; `1` to `9` and lower case stand for themselves.
    shape: &'static str,
    serial: std::ops::Range<usize>,
    check_at: usize,
    check: Check,
}

const FEDEX_12: &[u32] = &[3, 1, 7, 3, 1, 7, 3, 1, 7, 3, 1];
const FEDEX_34: &[u32] = &[1, 7, 3, 1, 7, 3, 1, 7, 3, 1, 7, 3, 1];
const S10_WEIGHTS: [u32; 8] = [8, 6, 4, 2, 3, 5, 9, 7];

/// Posts and their parcel services by the country that an S10 number ends with.
const POSTS: &[(&str, &[Courier])] = &[
    ("IT", &[Courier::Poste]),
    (
        "FR",
        &[Courier::LaPoste, Courier::Colissimo, Courier::Chronopost],
    ),
    ("BE", &[Courier::Bpost]),
    ("DE", &[Courier::Dhl]),
];

/// Countries and territories of ISO 3166-1.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR \
    BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI \
    FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS \
    IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO \
    MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA \
    RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT \
    TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

macro_rules! shape {
    ($id:literal $whose:expr, $shape:literal) => {
        shape!($id $whose, $shape, Check::None(Fit::Shaped), 0..0, 0)
    };
    ($id:literal $whose:expr, $shape:literal, $check:expr) => {
        shape!($id $whose, $shape, $check, 0..0, 0)
    };
    ($id:literal $whose:expr, $shape:literal, $check:expr, $serial:expr, $at:expr) => {
        Format { id: $id, whose: $whose, shape: $shape, serial: $serial, check_at: $at, check: $check }
    };
}

const UPS: Whose = Whose::These(&[Courier::Ups]);
const FEDEX: Whose = Whose::These(&[Courier::Fedex]);
const DHL_EXPRESS: Whose = Whose::These(&[Courier::DhlExpress]);
const DHL: Whose = Whose::These(&[Courier::Dhl]);
const DPD: Whose = Whose::These(&[Courier::Dpd]);
const AMAZON: Whose = Whose::These(&[Courier::Amazon]);
const BRT: Whose = Whose::These(&[Courier::Brt]);
const GLS_ITALY: Whose = Whose::These(&[Courier::GlsItaly]);
const GLS_GROUP: Whose = Whose::These(&[Courier::GlsGroup]);
const POSTE: Whose = Whose::These(&[Courier::Poste]);
const INPOST: Whose = Whose::These(&[Courier::InpostItaly]);
const TNT: Whose = Whose::These(&[Courier::Tnt]);
const LENGTH: Check = Check::None(Fit::Length);

/// All formats.
static FORMATS: &[Format] = &[
    shape!("s10" Whose::Postal, "AA000000000AA", Check::S10, 2..10, 10),
    shape!("ups" UPS, "1z***************0", Check::Mod10 { evens: 1, odds: 2 }, 2..17, 17),
    shape!("ups_waybill" UPS, "A0000000000", Check::Mod10 { evens: 1, odds: 2 }, 1..10, 10),
    shape!("fedex_12" FEDEX, "000000000000", Check::Weights(FEDEX_12), 0..11, 11),
    shape!("fedex_34" FEDEX, "0000000000000000000000000000000000", Check::Weights(FEDEX_34), 20..33, 33),
    shape!("fedex_astra_32" FEDEX, "30000000000000000000000000000000", Check::Weights(FEDEX_12), 16..27, 27),
    shape!("fedex_ground" FEDEX, "000000000000000", Check::Mod10 { evens: 1, odds: 3 }, 0..14, 14),
    shape!("fedex_ground_sscc_18" FEDEX, "000000000000000000", Check::Mod10 { evens: 3, odds: 1 }, 2..17, 17),
    shape!("fedex_ground_96" FEDEX, "9600000000000000000000", Check::Mod10 { evens: 1, odds: 3 }, 7..21, 21),
    shape!("fedex_ground_gsn" FEDEX, "9600000000000000000000000000000000", Check::Weights(FEDEX_34), 20..33, 33),
    shape!("dhl_express" DHL_EXPRESS, "0000000000", Check::Mod7, 0..9, 9),
    shape!("dhl_express_11" DHL_EXPRESS, "00000000000", Check::Mod7, 0..10, 10),
    shape!("dhl_express_piece_id" DHL_EXPRESS, "jAA000000000"),
    shape!("dhl_express_piece_id_10" DHL_EXPRESS, "jAA0000000000"),
    shape!("dhl_express_piece_id_long" DHL_EXPRESS, "jAAA000000000"),
    shape!("dhl_express_piece_id_long_10" DHL_EXPRESS, "jAAA0000000000"),
    shape!("dhl_ecommerce_14" DHL, "00000000000000", LENGTH),
    shape!("dpd" DPD, "000000000000000000000000000*", Check::Mod37, 0..27, 27),
    shape!("dpd_14" DPD, "00000000000000*", Check::Mod37, 0..14, 14),
    shape!("dpd_14_plain" DPD, "00000000000000", LENGTH),
    shape!("amazon_logistics_a" AMAZON, "tba000000000000"),
    shape!("amazon_logistics_c" AMAZON, "tbc000000000000"),
    shape!("amazon_logistics_m" AMAZON, "tbm000000000000"),
    shape!("amazon_international_a" AMAZON, "a0000000000"),
    shape!("amazon_international_f" AMAZON, "f0000000000"),
    shape!("amazon_international_c" AMAZON, "c0000000000"),
    shape!("brt_shipment" BRT, "000000000000", LENGTH),
    shape!("brt_parcel" BRT, "000000000000000", LENGTH),
    shape!("brt_code" BRT, "0000000000000000000", LENGTH),
    shape!("gls_it" GLS_ITALY, "AA000000000"),
    shape!("gls_it_depot_digit" GLS_ITALY, "A0000000000"),
    shape!("gls_it_bare" GLS_ITALY, "000000000", LENGTH),
    shape!("gls_group_11" GLS_GROUP, "00000000000", LENGTH),
    shape!("gls_group_12" GLS_GROUP, "000000000000", LENGTH),
    shape!("gls_group_track_id" GLS_GROUP, "********", LENGTH),
    shape!("poste_13" POSTE, "0**0*********"),
    shape!("poste_letter" POSTE, "A000A00000000"),
    shape!("poste_middle" POSTE, "000000A000000"),
    shape!("poste_ends" POSTE, "000A00000000A"),
    shape!("inpost_domestic" INPOST, "000000000000000000000000"),
    shape!("inpost_international" INPOST, "0000000000000000000", LENGTH),
    shape!("tnt" TNT, "AA00000000"),
    shape!("tnt_9" TNT, "AA000000000", LENGTH),
    shape!("tnt_consignment" TNT, "000000000", LENGTH),
];

/// What a number is made of: capitals and digits, without blanks, dots and dashes. Nothing where other characters stand
/// in it, or too many.
pub fn tidied(number: &str) -> Option<String> {
    let mut tidy = String::new();
    for c in number.chars() {
        match c {
            c if c.is_whitespace() => {}
            '-' | '.' => {}
            c if c.is_ascii_alphanumeric() => tidy.push(c.to_ascii_uppercase()),
            _ => return None,
        }
    }
    (!tidy.is_empty() && tidy.len() <= NUMBER_CHARS_MAX).then_some(tidy)
}

impl Format {
    fn has_shape(&self, number: &[u8]) -> bool {
        self.shape.len() == number.len()
            && self
                .shape
                .bytes()
                .zip(number)
                .all(|(class, c)| match class {
                    b'0' => c.is_ascii_digit(),
                    b'A' => c.is_ascii_uppercase(),
                    b'*' => c.is_ascii_alphanumeric(),
                    fixed => fixed.to_ascii_uppercase() == *c,
                })
            && self.has_sense(number)
    }

    /// What a shape alone does not say.
    fn has_sense(&self, number: &[u8]) -> bool {
        match self.id {
            "s10" => country(number).is_some(),
            "ups_waybill" => number.first().is_some_and(|c| b"AHJKTV".contains(c)),
            "fedex_34" => number.first().is_some_and(|c| *c <= b'8'),
            // A product, then letters and digits mixed: a run of digits alone is somebody else's.
            "poste_13" => number.iter().any(u8::is_ascii_alphabetic),
            "gls_group_track_id" => {
                number.iter().any(u8::is_ascii_alphabetic) && number.iter().any(u8::is_ascii_digit)
            }
            _ => true,
        }
    }

    /// How the number fits: nothing where the shape is another one, `Err` where the check digit is wrong.
    fn fit(&self, number: &[u8]) -> Option<Result<Fit, ()>> {
        if !self.has_shape(number) {
            return None;
        }
        let serial = number.get(self.serial.clone())?;
        let told = *number.get(self.check_at)?;
        let right = match self.check {
            Check::None(fit) => return Some(Ok(fit)),
            Check::S10 => s10(serial),
            Check::Mod10 { evens, odds } => mod10(serial, evens, odds),
            Check::Mod7 => mod7(serial),
            Check::Weights(weights) => weighted(serial, weights),
            Check::Mod37 => mod37(serial),
        };
        Some(if right == Some(told) {
            Ok(Fit::Checked)
        } else {
            Err(())
        })
    }

    fn couriers(&self, number: &[u8]) -> &'static [Courier] {
        match self.whose {
            Whose::These(couriers) => couriers,
            Whose::Postal => country(number)
                .and_then(|code| POSTS.iter().find(|(of, _)| of.as_bytes() == code))
                .map_or(&[], |(_, couriers)| couriers),
        }
    }
}

fn country(number: &[u8]) -> Option<&[u8]> {
    let code = number.get(11..13)?;
    COUNTRIES
        .split_ascii_whitespace()
        .any(|known| known.as_bytes() == code)
        .then_some(code)
}

fn value(c: u8) -> u32 {
    u32::from(c.wrapping_sub(b'0'))
}

fn digit(value: u32) -> Option<u8> {
    char::from_digit(value, 10).map(|c| c as u8)
}

fn s10(serial: &[u8]) -> Option<u8> {
    let sum: u32 = serial
        .iter()
        .zip(S10_WEIGHTS)
        .map(|(c, w)| value(*c) * w)
        .sum();
    digit(match 11 - sum % 11 {
        10 => 0,
        11 => 5,
        check => check,
    })
}

fn mod10(serial: &[u8], evens: u32, odds: u32) -> Option<u8> {
    let sum: u32 = serial
        .iter()
        .enumerate()
        .map(|(at, c)| {
            let value = if c.is_ascii_digit() {
                value(*c)
            } else {
                (u32::from(*c) - 3) % 10
            };
            value * if at % 2 == 0 { evens } else { odds }
        })
        .sum();
    digit((10 - sum % 10) % 10)
}

fn mod7(serial: &[u8]) -> Option<u8> {
    digit(serial.iter().fold(0, |rest, c| (rest * 10 + value(*c)) % 7))
}

fn weighted(serial: &[u8], weights: &[u32]) -> Option<u8> {
    let sum: u32 = serial.iter().zip(weights).map(|(c, w)| value(*c) * w).sum();
    digit(sum % 11 % 10)
}

fn mod37(serial: &[u8]) -> Option<u8> {
    let worth = |c: u8| char::from(c).to_digit(36);
    let mut rest = 36;
    for c in serial {
        rest += worth(*c)?;
        if rest > 36 {
            rest -= 36;
        }
        rest *= 2;
        if rest >= 37 {
            rest -= 37;
        }
    }
    let check = char::from_digit((37 - rest) % 36, 36)?;
    Some(check.to_ascii_uppercase() as u8)
}

/// DHL eCommerce: two letters of the country or product and 10 to 39 letters and digits, the first a digit.
fn is_dhl_ecommerce(number: &str) -> bool {
    const BEGINNINGS: [&str; 10] = ["GM", "LX", "RX", "UV", "CN", "SG", "TH", "IN", "HK", "MY"];
    BEGINNINGS
        .iter()
        .filter_map(|begin| number.strip_prefix(begin))
        .any(|rest| {
            (10..=39).contains(&rest.len())
                && rest.as_bytes().iter().take(1).all(u8::is_ascii_digit)
        })
}

/// The couriers that a number may be of, the best fit first; among equals in the order of [`Courier::ALL`].
///
/// A rank and no proof: most Italian numbers fit several.
pub fn candidates(number: &str) -> Vec<(Courier, Fit)> {
    let Some(number) = tidied(number) else {
        return Vec::new();
    };
    let mut found: Vec<(Courier, Fit)> = Vec::new();
    let mut add = |courier: Courier, fit: Fit| match found.iter_mut().find(|f| f.0 == courier) {
        Some(known) => known.1 = known.1.min(fit),
        None => found.push((courier, fit)),
    };
    for format in FORMATS {
        if let Some(Ok(fit)) = format.fit(number.as_bytes()) {
            for courier in format.couriers(number.as_bytes()) {
                add(*courier, fit);
            }
        }
    }
    if is_dhl_ecommerce(&number) {
        add(Courier::Dhl, Fit::Shaped);
    }
    found.sort_by_key(|(courier, fit)| (*fit, *courier));
    found
}

/// Whether a number of this courier is mistyped for certain: its shape has a check digit, which does not hold, and no
/// other shape of the courier fits.
pub fn is_typo(courier: Courier, number: &str) -> bool {
    let Some(number) = tidied(number) else {
        return true;
    };
    if courier == Courier::Dhl && is_dhl_ecommerce(&number) {
        return false;
    }
    let mut wrong = false;
    for format in FORMATS {
        if !format.couriers(number.as_bytes()).contains(&courier) {
            continue;
        }
        match format.fit(number.as_bytes()) {
            Some(Ok(_)) => return false,
            Some(Err(())) => wrong = true,
            None => {}
        }
    }
    wrong
}

/// Whether a number fits a format by the name of the format: for the tests over the public samples.
///
/// Names as in jkeen/tracking_number_data (`ups`, `fedex_12`, `s10`); a format of several lengths or beginnings here has
/// them all under the name that begins it. Nothing where there is no such format.
pub fn fits(format: &str, number: &str) -> Option<bool> {
    let number = tidied(number);
    if format == "dhl_ecommerce" {
        return Some(number.is_some_and(|n| is_dhl_ecommerce(&n)));
    }
    let named = |id: &str| id == format || id.strip_prefix(format).is_some_and(is_variant);
    let mut all = FORMATS.iter().filter(|f| named(f.id)).peekable();
    all.peek()?;
    Some(number.is_some_and(|n| all.any(|f| matches!(f.fit(n.as_bytes()), Some(Ok(_))))))
}

fn is_variant(rest: &str) -> bool {
    ["_10", "_11", "_long", "_long_10", "_a", "_c", "_f", "_m"].contains(&rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_check_digit_is_a_typo_and_an_unknown_shape_is_none() {
        assert!(is_typo(Courier::Ups, "1Z5R89390357567128"));
        assert!(!is_typo(Courier::Ups, "1z 5r89 3903 5756 7127"));
        assert!(!is_typo(Courier::Ups, "0001"), "not known is not wrong");
        assert!(is_typo(Courier::Poste, "RB123456786IT"));
        assert!(!is_typo(Courier::Poste, "XA733804716IT"));
        assert!(!is_typo(Courier::Poste, "3UW19XY000127"));
        assert!(is_typo(Courier::Fedex, "996578788855"));
        assert!(is_typo(Courier::DhlExpress, "3318810010"));
        assert!(
            is_typo(Courier::Brt, "<script>"),
            "no number has these characters"
        );
    }

    #[test]
    fn italian_numbers_rank_without_a_check_digit() {
        let of = |number: &str| {
            candidates(number)
                .into_iter()
                .map(|c| c.0)
                .collect::<Vec<_>>()
        };
        assert!(of("080010017684").contains(&Courier::Brt));
        assert_eq!(of("SA662402545").first(), Some(&Courier::GlsItaly));
        assert_eq!(of("3UW19XY000127"), [Courier::Poste]);
        assert_eq!(of("620123456789012345678901"), [Courier::InpostItaly]);
        assert_eq!(
            candidates("XA733804716IT").first(),
            Some(&(Courier::Poste, Fit::Checked))
        );
        assert_eq!(candidates("RB123456785XX"), [], "there is no such country");
        // Twelve digits: FedEx has a check digit, BRT and GLS have none.
        let twelve = candidates("986578788855");
        assert_eq!(twelve.first(), Some(&(Courier::Fedex, Fit::Checked)));
        assert!(twelve.contains(&(Courier::Brt, Fit::Length)));
        assert!(!of("996578788855").contains(&Courier::Fedex));
    }

    #[test]
    fn every_format_has_its_check_digit_inside() {
        for format in FORMATS {
            let length = format.shape.len();
            assert!(
                format.serial.end <= length && format.check_at < length,
                "{}",
                format.id
            );
            assert!(length <= NUMBER_CHARS_MAX, "{}", format.id);
        }
        let ids: std::collections::BTreeSet<_> = FORMATS.iter().map(|f| f.id).collect();
        assert_eq!(ids.len(), FORMATS.len());
    }
}
