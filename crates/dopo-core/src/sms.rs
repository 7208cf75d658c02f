//! SMS: encodings and parts, transliteration, sender names, opt-out words (rules SMS-01 to
//! SMS-03).

use serde::{Deserialize, Serialize};

use crate::italy::is_invisible;

/// Septets in a message of one part.
pub const GSM7_SINGLE_SEPTETS: usize = 160;
/// Septets in each part of a longer message.
pub const GSM7_PART_SEPTETS: usize = 153;
/// UTF-16 units in a message of one part.
pub const UCS2_SINGLE_UNITS: usize = 70;
/// UTF-16 units in each part of a longer message.
pub const UCS2_PART_UNITS: usize = 67;

/// Most parts of a marketing message (306 characters).
pub const MARKETING_MAX_PARTS: usize = 2;
/// Most parts of a service message.
pub const SERVICE_MAX_PARTS: usize = 2;
/// Most parts of any message.
pub const MAX_PARTS: usize = 4;

/// Shortest sender name, in characters.
pub const ALIAS_MIN_CHARS: usize = 3;
/// Longest sender name, in characters.
pub const ALIAS_MAX_CHARS: usize = 11;

/// The alphabet a message travels in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Encoding {
    /// The 7-bit default alphabet of GSM 03.38 with its extension table.
    #[serde(rename = "gsm7")]
    Gsm7,
    /// 16-bit units, for everything else.
    #[serde(rename = "ucs2")]
    Ucs2,
}

/// How a text travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// The alphabet.
    pub encoding: Encoding,
    /// Septets for GSM-7, UTF-16 units for UCS-2.
    pub units: usize,
    /// Messages billed; 0 for an empty text.
    pub parts: usize,
}

/// Characters of one septet.
const GSM7_BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡\
    ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

/// Characters of two septets (escape and code).
const GSM7_EXTENDED: &str = "\u{C}^{}\\[~]|€";

/// Septets of a character in GSM-7; none when it is not in the alphabet.
pub fn septets(c: char) -> Option<usize> {
    if c.is_ascii_alphanumeric() || c == ' ' || GSM7_BASIC.contains(c) {
        Some(1)
    } else if GSM7_EXTENDED.contains(c) {
        Some(2)
    } else {
        None
    }
}

/// The first character that forces UCS-2, if any: what a preview points at.
pub fn first_outside_gsm7(text: &str) -> Option<char> {
    text.chars().find(|c| septets(*c).is_none())
}

/// Encoding, units and parts of a text as it is. Transliterate before, see [`transliterate`].
/// Neither the two septets of `€` nor the two units of an emoji are split between parts.
pub fn measure(text: &str) -> Size {
    let widths: Option<Vec<usize>> = text.chars().map(septets).collect();
    let (encoding, widths, single, part) = match widths {
        Some(widths) => (
            Encoding::Gsm7,
            widths,
            GSM7_SINGLE_SEPTETS,
            GSM7_PART_SEPTETS,
        ),
        None => {
            let widths = text.chars().map(char::len_utf16).collect();
            (Encoding::Ucs2, widths, UCS2_SINGLE_UNITS, UCS2_PART_UNITS)
        }
    };
    let units = widths.iter().sum();
    let parts = match units {
        0 => 0,
        n if n <= single => 1,
        _ => {
            let (mut parts, mut used) = (1, 0);
            for w in widths {
                if used + w > part {
                    parts += 1;
                    used = 0;
                }
                used += w;
            }
            parts
        }
    };
    Size {
        encoding,
        units,
        parts,
    }
}

/// The text with everything that needlessly forces UCS-2 replaced: curly quotes, dashes, dots,
/// no-break spaces, `È` → `E'` at the beginning or end of a word, `ç` → `c`, other accented
/// letters to their nearest. Line ends become `\n`, invisible characters go; emoji and other
/// scripts stay.
pub fn transliterate(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    for (i, &c) in chars.iter().enumerate() {
        if c == '\r' {
            if chars.get(i + 1) != Some(&'\n') {
                out.push('\n');
            }
        } else if c == '\n' || (septets(c).is_some() && c != '\u{C}') {
            out.push(c);
        } else if c.is_whitespace() {
            out.push(' ');
        } else if is_invisible(c) {
            // A joiner inside an emoji sequence is dropped too: the parts stay readable.
        } else if let Some(letter) = plain_capital(c) {
            out.push(letter);
            let in_word = |c: Option<&char>| c.is_some_and(|c| c.is_alphabetic());
            let before = i > 0 && in_word(chars.get(i - 1));
            let after = in_word(chars.get(i + 1));
            if !(before && after) {
                out.push('\'');
            }
        } else {
            match replacement(c) {
                Some(r) => out.push_str(r),
                None => out.push(c),
            }
        }
    }
    out
}

/// Accented capitals of Italian that GSM-7 lacks (`É` it has).
fn plain_capital(c: char) -> Option<char> {
    Some(match c {
        'À' => 'A',
        'È' => 'E',
        'Ì' => 'I',
        'Ò' => 'O',
        'Ù' => 'U',
        _ => return None,
    })
}

fn replacement(c: char) -> Option<&'static str> {
    Some(match c {
        '’' | '‘' | '‚' | '‛' | '′' | '´' | '`' | 'ʼ' | '‹' | '›' => "'",
        '“' | '”' | '„' | '‟' | '″' | '«' | '»' => "\"",
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | '•' | '·' | '‣' => "-",
        '…' => "...",
        '×' => "x",
        '°' | 'º' => "o",
        'ª' => "a",
        '™' => "TM",
        '®' => "(R)",
        '©' => "(C)",
        '½' => "1/2",
        '¼' => "1/4",
        '¾' => "3/4",
        '¹' => "1",
        '²' => "2",
        '³' => "3",
        '→' => "->",
        '←' => "<-",
        '✓' | '✔' => "ok",
        'á' => "à",
        'í' => "ì",
        'ó' => "ò",
        'ú' => "ù",
        'â' | 'ã' | 'ā' | 'ă' | 'ą' => "a",
        'ê' | 'ë' | 'ē' | 'ė' | 'ę' | 'ě' => "e",
        'î' | 'ï' | 'ī' | 'į' | 'ı' => "i",
        'ô' | 'õ' | 'ō' | 'ő' => "o",
        'û' | 'ū' | 'ů' | 'ű' | 'ų' => "u",
        'ç' | 'ć' | 'č' | 'ċ' => "c",
        'ď' | 'đ' => "d",
        'ğ' | 'ģ' | 'ġ' => "g",
        'ķ' => "k",
        'ł' | 'ľ' | 'ļ' | 'ĺ' => "l",
        'ń' | 'ň' | 'ņ' => "n",
        'ř' | 'ŕ' => "r",
        'ś' | 'š' | 'ş' | 'ș' => "s",
        'ť' | 'ţ' | 'ț' => "t",
        'ý' | 'ÿ' => "y",
        'ź' | 'ž' | 'ż' => "z",
        'œ' => "oe",
        'Á' | 'Â' | 'Ã' | 'Ā' | 'Ă' | 'Ą' => "A",
        'Ê' | 'Ë' | 'Ē' | 'Ė' | 'Ę' | 'Ě' => "E",
        'Í' | 'Î' | 'Ï' | 'Ī' | 'Į' | 'İ' => "I",
        'Ó' | 'Ô' | 'Õ' | 'Ō' | 'Ő' => "O",
        'Ú' | 'Û' | 'Ū' | 'Ů' | 'Ű' | 'Ų' => "U",
        'Ć' | 'Č' | 'Ċ' => "C",
        'Ď' | 'Đ' => "D",
        'Ğ' | 'Ģ' | 'Ġ' => "G",
        'Ķ' => "K",
        'Ł' | 'Ľ' | 'Ļ' | 'Ĺ' => "L",
        'Ń' | 'Ň' | 'Ņ' => "N",
        'Ř' | 'Ŕ' => "R",
        'Ś' | 'Š' | 'Ş' | 'Ș' => "S",
        'Ť' | 'Ţ' | 'Ț' => "T",
        'Ý' | 'Ÿ' => "Y",
        'Ź' | 'Ž' | 'Ż' => "Z",
        'Œ' => "OE",
        _ => return None,
    })
}

/// Whether a reply asks to get no more messages (rule SMS-03): one of `STOP, BASTA, CANCELLA,
/// DISISCRIVI, STOPALL, FERMA` as the whole text or as its first word; case, accents and
/// punctuation do not matter.
pub fn is_opt_out(reply: &str) -> bool {
    let whole = opt_out_letters(reply);
    let mut words =
        reply.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':' | '!' | '?' | '/'));
    let first = words
        .by_ref()
        .map(opt_out_letters)
        .find(|w| !w.is_empty())
        .unwrap_or_default();
    OPT_OUT_WORDS.iter().any(|k| *k == whole || *k == first)
}

/// The words of rule SMS-03.
pub const OPT_OUT_WORDS: [&str; 6] = [
    "STOP",
    "BASTA",
    "CANCELLA",
    "DISISCRIVI",
    "STOPALL",
    "FERMA",
];

/// Letters only, capital, without accents; a long text is not read to its end.
fn opt_out_letters(text: &str) -> String {
    const OPT_OUT_READ_MAX_CHARS: usize = 500;
    let letters = text
        .chars()
        .take(OPT_OUT_READ_MAX_CHARS)
        .filter(|c| c.is_alphanumeric());
    let mut out = String::new();
    for c in letters.flat_map(char::to_uppercase) {
        let plain = match c {
            'À' | 'Á' | 'Â' | 'Ä' | 'Ã' => 'A',
            'È' | 'É' | 'Ê' | 'Ë' => 'E',
            'Ì' | 'Í' | 'Î' | 'Ï' => 'I',
            'Ò' | 'Ó' | 'Ô' | 'Ö' | 'Õ' => 'O',
            'Ù' | 'Ú' | 'Û' | 'Ü' => 'U',
            c => c,
        };
        out.push(plain);
    }
    out
}

/// Why a sender name cannot be used (rule SMS-02).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AliasError {
    /// Fewer than [`ALIAS_MIN_CHARS`] or more than [`ALIAS_MAX_CHARS`] characters.
    #[error("a sender name has 3 to 11 characters")]
    Length,
    /// Something other than letters, digits and spaces.
    #[error("a sender name holds only unaccented letters, digits and spaces between them")]
    Characters,
    /// Digits only: it would imitate a number.
    #[error("a sender name needs at least one letter; digits alone look like a telephone number")]
    NoLetter,
}

/// Checks a sender name: 3 to 11 letters, digits and inner spaces, with at least one letter
/// (rule SMS-02). Case matters to the register and is kept.
///
/// # Errors
/// [`AliasError`] saying what to change.
pub fn check_alias(alias: &str) -> Result<(), AliasError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == ' ';
    if !alias.chars().all(allowed) || alias.starts_with(' ') || alias.ends_with(' ') {
        return Err(AliasError::Characters);
    }
    if !(ALIAS_MIN_CHARS..=ALIAS_MAX_CHARS).contains(&alias.len()) {
        return Err(AliasError::Length);
    }
    if alias.chars().any(|c| c.is_ascii_alphabetic()) {
        Ok(())
    } else {
        Err(AliasError::NoLetter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GSM: Encoding = Encoding::Gsm7;
    const UCS: Encoding = Encoding::Ucs2;

    #[test]
    fn texts_measure_as_computed_in_the_rules() {
        let a = |n| "a".repeat(n);
        for (text, encoding, units, parts) in [
            (
                "Il tuo ordine è partito: arriverà giovedì, più tardi ti avviseremo. Perché così?"
                    .to_owned(),
                GSM,
                80,
                1,
            ),
            ("È arrivato il tuo ordine".to_owned(), UCS, 24, 1),
            ("E' arrivato il tuo ordine".to_owned(), GSM, 25, 1),
            ("Totale: 52,00 €".to_owned(), GSM, 16, 1),
            ("Totale: 52,00\u{a0}€".to_owned(), UCS, 15, 1),
            ("L’ordine è partito".to_owned(), UCS, 18, 1),
            (a(160), GSM, 160, 1),
            (a(161), GSM, 161, 2),
            (a(306), GSM, 306, 2),
            (a(307), GSM, 307, 3),
            (format!("È{}", a(69)), UCS, 70, 1),
            (format!("È{}", a(70)), UCS, 71, 2),
            ("€".repeat(80), GSM, 160, 1),
            ("€".repeat(81), GSM, 162, 2),
            ("Spedito 📦".to_owned(), UCS, 10, 1),
            (String::new(), GSM, 0, 0),
        ] {
            assert_eq!(
                measure(&text),
                Size {
                    encoding,
                    units,
                    parts
                },
                "{text}"
            );
        }
    }

    #[test]
    fn what_takes_two_units_is_not_split_between_parts() {
        let euro_at_the_border = format!("{}€{}", "a".repeat(152), "a".repeat(152));
        assert_eq!(
            measure(&euro_at_the_border),
            Size {
                encoding: GSM,
                units: 306,
                parts: 3
            }
        );
        let emoji_at_the_border = format!("{}📦{}", "a".repeat(66), "a".repeat(66));
        assert_eq!(
            measure(&emoji_at_the_border),
            Size {
                encoding: UCS,
                units: 134,
                parts: 3
            }
        );
    }

    #[test]
    fn the_alphabet_is_that_of_gsm() {
        assert_eq!(GSM7_BASIC.chars().count(), 127, "128 codes less the escape");
        for c in "àèéìòùÉÇÄÖÜÑ£§@".chars() {
            assert_eq!(septets(c), Some(1), "{c}");
        }
        for c in "€[]{}\\^~|".chars() {
            assert_eq!(septets(c), Some(2), "{c}");
        }
        for c in "ÀÈÌÒÙáíóúç’“”–—…•\u{a0}📦`".chars() {
            assert_eq!(septets(c), None, "{c}");
        }
        assert_eq!(first_outside_gsm7("Totale €\u{a0}5"), Some('\u{a0}'));
    }

    #[test]
    fn transliteration_saves_the_long_encoding() {
        for (text, expected) in [
            ("È arrivato il tuo ordine", "E' arrivato il tuo ordine"),
            ("CITTÀ", "CITTA'"),
            ("PIÙ TARDI", "PIU' TARDI"),
            ("PIÙTTOSTO", "PIUTTOSTO"),
            ("PERCHÉ", "PERCHÉ"),
            (
                "L’ordine “Tavolo” – grazie…",
                "L'ordine \"Tavolo\" - grazie...",
            ),
            ("52,00\u{a0}€", "52,00 €"),
            ("Françoise Łukasz", "Francoise Lukasz"),
            ("cosí é piú", "così é più"),
            ("a\r\nb\rc\u{2028}d", "a\nb\nc d"),
            ("ciao\u{200B}\u{FEFF}!", "ciao!"),
            ("Spedito 📦", "Spedito 📦"),
            ("{link} [1] ~", "{link} [1] ~"),
        ] {
            assert_eq!(transliterate(text), expected);
            assert_eq!(transliterate(expected), expected, "stays as it is");
        }
        assert_eq!(
            measure(&transliterate("È “pronto” – L’ordine…\u{a0}•")).encoding,
            GSM
        );
    }

    #[test]
    fn opt_out_words_work_however_they_are_typed() {
        for reply in [
            "STOP",
            "stop",
            " Stop. ",
            "S.T.O.P.",
            "«stop»",
            "Bàsta",
            "basta!",
            "BASTA grazie",
            "cancella, per favore",
            "Disiscrivi",
            "DISISCRIVI!",
            "stopall",
            "STOP ALL",
            "Ferma",
            "stop\n",
            "...stop",
            "stop: non voglio altro",
        ] {
            assert!(is_opt_out(reply), "{reply:?}");
        }
        for reply in [
            "",
            "Non fermatevi",
            "grazie",
            "il bus stop",
            "stopper",
            "bastano due",
            "cancellami domani",
            "1",
        ] {
            assert!(!is_opt_out(reply), "{reply:?}");
        }
    }

    #[test]
    fn sender_names_follow_the_pattern() {
        for alias in [
            "Dopo",
            "CasaBella",
            "Casa Bella",
            "Mobili 2000",
            "3M Shop",
            "abc",
            "12345678 a1",
        ] {
            assert_eq!(check_alias(alias), Ok(()), "{alias}");
        }
        for (alias, error) in [
            ("", AliasError::Length),
            ("ab", AliasError::Length),
            ("CasaBellaMobili", AliasError::Length),
            ("Caffè", AliasError::Characters),
            ("Casa-Bella", AliasError::Characters),
            (" Casa", AliasError::Characters),
            ("Casa ", AliasError::Characters),
            ("Casa\n", AliasError::Characters),
            ("3471234567", AliasError::NoLetter),
        ] {
            assert_eq!(check_alias(alias), Err(error), "{alias:?}");
        }
    }
}
