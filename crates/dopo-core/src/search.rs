//! Words by which a person is found: what is typed and what is stored, brought to the same form.

use crate::customer::Customer;
use std::collections::BTreeSet;

/// Longest word kept, in characters; longer ones are cut.
pub const WORD_CHARS_MAX: usize = 24;
/// Words kept for one person.
pub const SEARCH_WORDS_MAX: usize = 24;

/// The words of a text in the order they stand: lower case, without accents, split at everything that is neither letter
/// nor digit, each once and at most [`WORD_CHARS_MAX`] characters long.
pub fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut chars = 0;
    let mut end = |word: &mut String, chars: &mut usize| {
        *chars = 0;
        if !word.is_empty() {
            let word = std::mem::take(word);
            if !words.contains(&word) {
                words.push(word);
            }
        }
    };
    for c in text.chars().flat_map(char::to_lowercase) {
        if is_combining(c) {
            continue;
        }
        if !c.is_alphanumeric() {
            end(&mut word, &mut chars);
            continue;
        }
        let mut plain = [0; 4];
        let plain = match without_accent(c) {
            Some(plain) => plain,
            None => c.encode_utf8(&mut plain),
        };
        for c in plain.chars() {
            if chars < WORD_CHARS_MAX {
                word.push(c);
                chars += 1;
            }
        }
    }
    end(&mut word, &mut chars);
    words
}

/// Accents written as characters of their own.
fn is_combining(c: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&c)
}

/// The plain letters of an accented or joined one of the Latin script, in lower case; `None` when it is plain already.
fn without_accent(c: char) -> Option<&'static str> {
    Some(match c {
        'à'..='å' | 'ā' | 'ă' | 'ą' | 'ǎ' | 'ạ' | 'ả' | 'ấ'..='ặ' => "a",
        'æ' => "ae",
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' | 'ẹ' | 'ẻ' | 'ẽ' | 'ế' | 'ề' | 'ể' | 'ễ' | 'ệ' => {
            "e"
        }
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => "g",
        'ĥ' | 'ħ' => "h",
        'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' | 'ǐ' | 'ỉ' | 'ị' => "i",
        'ĵ' => "j",
        'ķ' => "k",
        'ĺ' | 'ļ' | 'ľ' | 'ŀ' | 'ł' => "l",
        'ñ' | 'ń' | 'ņ' | 'ň' => "n",
        'ò'..='ö' | 'ø' | 'ō' | 'ŏ' | 'ő' | 'ơ' | 'ǒ' | 'ọ' | 'ỏ' => "o",
        'œ' => "oe",
        'ŕ' | 'ŗ' | 'ř' => "r",
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => "s",
        'ß' => "ss",
        'ţ' | 'ť' | 'ŧ' | 'ț' => "t",
        'þ' => "th",
        'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' | 'ư' | 'ǔ' | 'ụ' | 'ủ' => "u",
        'ŵ' => "w",
        'ý' | 'ÿ' | 'ŷ' | 'ỳ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => return None,
    })
}

impl Customer {
    /// Every word by which this person is found, at most [`SEARCH_WORDS_MAX`]: the words of the names, the addresses whole
    /// and by the words before the `@`, the numbers as digits with and without Italy's 39, and the words of the tags.
    pub fn search_words(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut put = |word: String| {
            if found.len() < SEARCH_WORDS_MAX {
                found.insert(word);
            }
        };
        for name in [&self.first_name, &self.last_name].into_iter().flatten() {
            words(name).into_iter().for_each(&mut put);
        }
        for email in &self.emails {
            let email = email.trim().to_lowercase();
            let local = email.split_once('@').map_or("", |(local, _)| local);
            let parts = words(local);
            put(email);
            parts.into_iter().for_each(&mut put);
        }
        for phone in &self.phones {
            let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
            if let Some(national) = digits.strip_prefix("39").filter(|rest| !rest.is_empty()) {
                put(national.to_owned());
            }
            if !digits.is_empty() {
                put(digits);
            }
        }
        for tag in &self.tags {
            words(tag).into_iter().for_each(&mut put);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::CustomerId;
    use jiff::Timestamp;

    #[test]
    fn words_are_plain_lower_case_and_stand_once() {
        assert_eq!(words("Niccolò D'Amico"), ["niccolo", "d", "amico"]);
        assert_eq!(
            words("Nicco\u{300}lo nicCOLO  Straße Ærø"),
            ["niccolo", "strasse", "aero"]
        );
        assert_eq!(words("İzmir Łódź Đorđe"), ["izmir", "lodz", "dorde"]);
        assert_eq!(words("  ––  "), Vec::<String>::new());
        assert_eq!(words("王 小明"), ["王", "小明"]);
    }

    #[test]
    fn a_long_word_is_cut_by_characters() {
        assert_eq!(words(&"ò".repeat(60)), ["o".repeat(WORD_CHARS_MAX)]);
        assert_eq!(words(&"ß".repeat(60)), ["s".repeat(WORD_CHARS_MAX)]);
    }

    #[test]
    fn a_person_is_found_by_name_address_number_and_tag() {
        let mut person = Customer::new(CustomerId(1), Timestamp::UNIX_EPOCH);
        person.first_name = Some("Giosuè".to_owned());
        person.last_name = Some("De Santis".to_owned());
        person.emails = vec!["G.DeSantis+shop@Example.com".to_owned()];
        person.phones = vec!["+393331234567".to_owned(), "+4915112345".to_owned()];
        person.tags.insert("VIP".to_owned());
        let found: Vec<String> = person.search_words().into_iter().collect();
        assert_eq!(
            found,
            [
                "3331234567",
                "393331234567",
                "4915112345",
                "de",
                "desantis",
                "g",
                "g.desantis+shop@example.com",
                "giosue",
                "santis",
                "shop",
                "vip"
            ]
        );
    }

    #[test]
    fn a_person_has_so_many_words_at_most() {
        let mut person = Customer::new(CustomerId(1), Timestamp::UNIX_EPOCH);
        person.first_name = Some("Ada".to_owned());
        person.tags = (0..60).map(|n| format!("tag{n}")).collect();
        let found = person.search_words();
        assert_eq!(found.len(), SEARCH_WORDS_MAX);
        assert!(found.contains("ada"));
    }
}
