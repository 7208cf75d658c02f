//! Check digits of Italian tax codes, VAT numbers and bank accounts (rule IT-05). They find
//! mistyped numbers; they do not say that a number was issued.

/// The VAT number (Partita IVA) as 11 digits, when its check digit is right. Spaces and a leading
/// `IT` are dropped.
pub fn vat_number(text: &str) -> Option<String> {
    let compact = compact(text)?;
    let digits = compact.strip_prefix("IT").unwrap_or(&compact);
    if digits.len() != 11
        || !digits.bytes().all(|b| b.is_ascii_digit())
        || digits.starts_with("0000000")
    {
        return None;
    }
    let sum: u32 = digits
        .bytes()
        .enumerate()
        .map(|(i, b)| {
            let d = u32::from(b - b'0');
            if i % 2 == 0 {
                d
            } else if d > 4 {
                2 * d - 9
            } else {
                2 * d
            }
        })
        .sum();
    sum.is_multiple_of(10).then(|| digits.to_owned())
}

/// The tax code (codice fiscale) in capitals, when its check letter is right: 16 characters for
/// persons, 11 digits for companies.
pub fn tax_code(text: &str) -> Option<String> {
    /// Values of 0–9 and A–Z in odd places (ministerial decree of 23 December 1976).
    const ODD: [u32; 26] = [
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24,
        23,
    ];
    /// `A` stands for a letter, `9` for a digit or one of the letters that replace it when two
    /// persons would share a code.
    const SHAPE: &[u8; 16] = b"AAAAAA99A99A999A";
    let code = compact(text)?;
    if code.len() == 11 {
        return vat_number(&code).filter(|digits| *digits == code);
    }
    if code.len() != SHAPE.len() {
        return None;
    }
    let fits = |(b, shape): (u8, &u8)| match shape {
        b'A' => b.is_ascii_uppercase(),
        _ => b.is_ascii_digit() || b"LMNPQRSTUV".contains(&b),
    };
    if !code.bytes().zip(SHAPE).all(fits) {
        return None;
    }
    let place = |b: u8| {
        u32::from(if b.is_ascii_digit() {
            b - b'0'
        } else {
            b - b'A'
        })
    };
    let sum: u32 = code
        .bytes()
        .take(15)
        .enumerate()
        .map(|(i, b)| {
            if i % 2 == 0 {
                ODD[place(b) as usize]
            } else {
                place(b)
            }
        })
        .sum();
    let check = code.bytes().last().map(place)?;
    (sum % 26 == check).then_some(code)
}

/// The bank account (IBAN) in capitals without spaces, when its check digits are right. Italian
/// ones have 27 characters.
pub fn iban(text: &str) -> Option<String> {
    let iban = compact(text)?;
    let b = iban.as_bytes();
    let shaped = (15..=34).contains(&b.len())
        && b[..2].iter().all(u8::is_ascii_uppercase)
        && b[2..4].iter().all(u8::is_ascii_digit)
        && (!iban.starts_with("IT") || b.len() == 27);
    if !shaped {
        return None;
    }
    let remainder = b[4..].iter().chain(&b[..4]).fold(0_u32, |r, b| {
        if b.is_ascii_digit() {
            (r * 10 + u32::from(b - b'0')) % 97
        } else {
            (r * 100 + u32::from(b - b'A') + 10) % 97
        }
    });
    (remainder == 1).then_some(iban)
}

/// Capitals without spaces; none when anything but ASCII letters and digits is left, or the text
/// is too long to be any of these.
fn compact(text: &str) -> Option<String> {
    const CODE_TEXT_MAX_BYTES: usize = 64;
    if text.len() > CODE_TEXT_MAX_BYTES {
        return None;
    }
    let out: String = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_ascii_uppercase())
        .collect();
    out.bytes()
        .all(|b| b.is_ascii_alphanumeric())
        .then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vat_numbers_are_told_by_their_check_digit() {
        assert_eq!(vat_number("IT 12345678903").as_deref(), Some("12345678903"));
        assert_eq!(vat_number("00743110157").as_deref(), Some("00743110157"));
        for bad in [
            "12345678904",
            "1234567890",
            "00000000000",
            "1234567890A",
            "DE123456789",
            "",
        ] {
            assert_eq!(vat_number(bad), None, "{bad}");
        }
    }

    #[test]
    fn tax_codes_are_told_by_their_check_letter() {
        assert_eq!(
            tax_code("rssmra80a01h501u").as_deref(),
            Some("RSSMRA80A01H501U")
        );
        assert_eq!(tax_code("12345678903").as_deref(), Some("12345678903"));
        for bad in [
            "RSSMRA80A01H501V",
            "RSSMRA80A01H501",
            "1SSMRA80A01H501U",
            "RSSMRA80A01H5O1U",
            "€",
            "",
        ] {
            assert_eq!(tax_code(bad), None, "{bad}");
        }
    }

    #[test]
    fn accounts_are_told_by_their_remainder() {
        assert_eq!(
            iban("IT60 X054 2811 1010 0000 0123 456").as_deref(),
            Some("IT60X0542811101000000123456")
        );
        assert!(iban("DE89370400440532013000").is_some());
        for bad in [
            "IT61X0542811101000000123456",
            "IT60X054281110100000012345",
            "60IT",
            "",
            "IT60X05428111010000001234é",
        ] {
            assert_eq!(iban(bad), None, "{bad}");
        }
    }
}
