//! Names for display and greetings (rule IT-03). Stored data is never altered.

use super::{Locale, Register, clean_line};

/// Longest name shown, in characters; longer ones are cut at a word where possible.
pub const NAME_MAX_CHARS: usize = 60;

/// Texts that forms and systems leave where a name should stand.
const NOT_NAMES: &[&str] = &[
    "null",
    "undefined",
    "none",
    "nan",
    "nil",
    "n/a",
    "n.a.",
    "n.d.",
    "nd",
    "test",
    "tester",
    "prova",
    "prove",
    "asd",
    "asdf",
    "asdasd",
    "qwerty",
    "xxx",
    "xx",
    "xyz",
    "abc",
    "aaa",
    "nome",
    "cognome",
    "name",
    "firstname",
    "lastname",
    "surname",
    "cliente",
    "customer",
    "guest",
    "ospite",
    "utente",
    "user",
    "unknown",
    "sconosciuto",
    "sconosciuta",
    "anonimo",
    "anonymous",
    "admin",
    "administrator",
    "false",
    "true",
    "string",
    "default",
    "object",
];

/// Words that mark a company rather than a person, without dots.
const COMPANY_WORDS: &[&str] = &[
    "srl",
    "srls",
    "spa",
    "snc",
    "sas",
    "sapa",
    "scarl",
    "scrl",
    "ssd",
    "asd",
    "aps",
    "onlus",
    "ltd",
    "llc",
    "inc",
    "corp",
    "gmbh",
    "ag",
    "plc",
    "sarl",
    "bv",
    "ditta",
    "società",
    "societa",
    "soc",
    "azienda",
    "studio",
    "impresa",
    "cooperativa",
    "coop",
    "associazione",
    "condominio",
    "parrocchia",
    "company",
    "co",
];

/// Small words of Italian surnames that belong to the word after them.
const PARTICLES: &[&str] = &[
    "de", "di", "da", "del", "della", "dello", "dei", "degli", "delle", "dal", "dalla", "la", "lo",
    "le", "li", "van", "von", "der", "den", "el", "al", "san", "santa",
];

/// A name fit to be shown, or none when the text is not a person's name: empty, a placeholder
/// such as `null` or `test`, an e-mail or web address, a company, no letter at all.
///
/// `MARIO ROSSI` and `mario rossi` become `Mario Rossi`; names in mixed case keep their letters
/// (`D'Amico`, `De Luca`, `McDonald`). Control, zero-width and direction characters go.
pub fn display_name(text: &str) -> Option<String> {
    let line = clean_line(text);
    let lower = line.to_lowercase();
    let address = lower.contains('@') || lower.contains("://") || lower.starts_with("www.");
    if address
        || !line.chars().any(char::is_alphabetic)
        || is_placeholder(&lower)
        || is_company(&lower)
    {
        return None;
    }
    let all_lower = line == lower;
    let words: Vec<&str> = line.split(' ').collect();
    // "Test Rossi" is no person; "Giulia null" is Giulia.
    if is_placeholder(&words[0].to_lowercase()) {
        return None;
    }
    let kept = words.iter().filter(|w| !is_placeholder(&w.to_lowercase()));
    let shown: Vec<String> = kept
        .enumerate()
        .map(|(i, w)| cased(w, all_lower || i == 0))
        .collect();
    Some(cut(&shown.join(" ")))
}

fn is_placeholder(lower: &str) -> bool {
    NOT_NAMES.contains(&lower)
        || lower
            .chars()
            .all(|c| matches!(c, '.' | '-' | '_' | '*' | '?'))
}

/// A company word anywhere but in first place, or `&`, or a dotted suffix such as `s.r.l.`.
/// First place is left alone for words that are also names, apart from plain company forms.
fn is_company(lower: &str) -> bool {
    let words: Vec<String> = lower
        .split(' ')
        .map(|w| w.chars().filter(|c| !matches!(c, '.' | ',')).collect())
        .collect();
    let joined_suffix = ["s r l", "s p a", "s n c", "s a s"].iter().any(|s| {
        let spaced = words.join(" ");
        spaced.ends_with(&format!(" {s}"))
    });
    let leading = matches!(
        words[0].as_str(),
        "ditta"
            | "società"
            | "societa"
            | "azienda"
            | "studio"
            | "impresa"
            | "cooperativa"
            | "associazione"
            | "condominio"
            | "parrocchia"
            | "srl"
            | "spa"
            | "snc"
    );
    leading
        || joined_suffix
        || lower.contains('&')
        || words
            .iter()
            .skip(1)
            .any(|w| COMPANY_WORDS.contains(&w.as_str()))
}

/// A word in capitals, or in lower case where that is wanted, with each part begun by a capital.
fn cased(word: &str, raise_lower: bool) -> String {
    let letters = word.chars().filter(|c| c.is_alphabetic());
    let has_case = |c: char| c.is_lowercase() || c.is_uppercase();
    let upper = letters.clone().filter(|c| has_case(*c)).count() > 1
        && !letters.clone().any(char::is_lowercase);
    let lower = !letters.clone().any(char::is_uppercase);
    if !(upper || (lower && raise_lower)) {
        return word.to_owned();
    }
    let mut out = String::with_capacity(word.len());
    let mut begin = true;
    for c in word.chars() {
        if begin {
            out.extend(c.to_uppercase());
        } else {
            out.extend(c.to_lowercase());
        }
        begin = matches!(c, '\'' | '’' | '-' | '.' | '(' | '"');
    }
    out
}

fn cut(name: &str) -> String {
    if name.chars().count() <= NAME_MAX_CHARS {
        return name.to_owned();
    }
    let head: String = name.chars().take(NAME_MAX_CHARS).collect();
    head.rsplit_once(' ')
        .map_or(head.as_str(), |(words, _)| words)
        .to_owned()
}

/// A person's name, ready for display.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PersonName {
    /// The given name.
    pub first: Option<String>,
    /// The family name.
    pub last: Option<String>,
}

impl PersonName {
    /// From two fields as stored. A company in either field leaves both empty.
    pub fn new(first: Option<&str>, last: Option<&str>) -> Self {
        let both = [first, last]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" ");
        if is_company(&clean_line(&both).to_lowercase()) {
            return Self::default();
        }
        Self {
            first: first.and_then(display_name),
            last: last.and_then(display_name),
        }
    }

    /// From one field: the last word, with its particles (`De Luca`, `Lo Presti`), is the family
    /// name.
    pub fn from_full(full: &str) -> Self {
        let Some(name) = display_name(full) else {
            return Self::default();
        };
        let words: Vec<&str> = name.split(' ').collect();
        if words.len() == 1 {
            return Self {
                first: Some(name),
                last: None,
            };
        }
        let mut split = words.len() - 1;
        while split > 1 && PARTICLES.contains(&words[split - 1].to_lowercase().as_str()) {
            split -= 1;
        }
        Self {
            first: Some(words[..split].join(" ")),
            last: Some(words[split..].join(" ")),
        }
    }

    /// First and last name, as far as known.
    pub fn full(&self) -> Option<String> {
        match (&self.first, &self.last) {
            (Some(f), Some(l)) => Some(format!("{f} {l}")),
            (Some(one), None) | (None, Some(one)) => Some(one.clone()),
            (None, None) => None,
        }
    }

    /// The greeting of a message, without gender: `Ciao Giulia,` · `Ciao,` ·
    /// `Gentile Giulia Rossi,` · `Gentile cliente,` · `Hi Giulia,` · `Dear customer,`.
    pub fn greeting(&self, register: Register, locale: Locale) -> String {
        match register {
            Register::Tu => {
                let hello = locale.pick("Ciao", "Hi");
                self.first
                    .as_ref()
                    .map_or_else(|| format!("{hello},"), |f| format!("{hello} {f},"))
            }
            Register::Lei => {
                let dear = locale.pick("Gentile", "Dear");
                let name = self
                    .full()
                    .unwrap_or_else(|| locale.pick("cliente", "customer").to_owned());
                format!("{dear} {name},")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_as_people_write_them() {
        for (text, shown) in [
            ("MARIO ROSSI", Some("Mario Rossi")),
            ("mario rossi", Some("Mario Rossi")),
            ("Mario ROSSI", Some("Mario Rossi")),
            ("giulia", Some("Giulia")),
            ("D'Amico", Some("D'Amico")),
            ("D'AMICO", Some("D'Amico")),
            ("d’amico", Some("D’Amico")),
            ("De Luca", Some("De Luca")),
            ("DE LUCA", Some("De Luca")),
            ("Lo Presti", Some("Lo Presti")),
            ("LO PRESTI", Some("Lo Presti")),
            ("DELL'ACQUA", Some("Dell'Acqua")),
            ("MARIA-GRAZIA", Some("Maria-Grazia")),
            ("NICOLÒ", Some("Nicolò")),
            ("McDonald", Some("McDonald")),
            ("Ludwig van Beethoven", Some("Ludwig van Beethoven")),
            ("Anna M.", Some("Anna M.")),
            ("  Giulia \u{200B} \t Rossi ", Some("Giulia Rossi")),
            ("Giulia\r\nBcc: a", Some("Giulia Bcc: a")),
            ("\u{202E}Giulia", Some("Giulia")),
            ("Giulia null", Some("Giulia")),
            ("李小龙", Some("李小龙")),
            ("null", None),
            ("TEST", None),
            ("Test Test", None),
            ("undefined undefined", None),
            ("giulia@esempio.it", None),
            ("www.sito.it", None),
            ("Rossi S.r.l.", None),
            ("ROSSI SRL", None),
            ("Rossi S. r. l.", None),
            ("Rossi & C. snc", None),
            ("Ditta Rossi", None),
            ("Marco Spa", None),
            ("{{7*7}}", None),
            ("12345", None),
            ("---", None),
            ("", None),
            ("\u{200B}", None),
        ] {
            assert_eq!(display_name(text).as_deref(), shown, "{text:?}");
        }
    }

    #[test]
    fn a_shown_name_is_shown_the_same_again() {
        for text in [
            "MARIO ROSSI",
            "d'amico",
            "Anna M.",
            "<script>alert(1)</script>",
            "LO PRESTI",
            "mc donald",
        ] {
            let once = display_name(text).unwrap();
            assert_eq!(display_name(&once).as_deref(), Some(once.as_str()));
        }
    }

    #[test]
    fn long_names_are_cut_at_a_word() {
        let long = "Anna ".repeat(100);
        let shown = display_name(&long).unwrap();
        assert!(
            shown.chars().count() <= NAME_MAX_CHARS && shown.ends_with("Anna"),
            "{shown}"
        );
        assert_eq!(
            display_name(&"a".repeat(5_000)).unwrap().chars().count(),
            NAME_MAX_CHARS
        );
    }

    #[test]
    fn greetings_have_no_gender_and_no_hole() {
        use Locale::{En, It};
        use Register::{Lei, Tu};
        let giulia = PersonName::new(Some("GIULIA"), Some("ROSSI"));
        let nobody = PersonName::new(Some("null"), Some(""));
        let firm = PersonName::new(Some("Rossi"), Some("S.r.l."));
        assert_eq!(firm, nobody);
        for (name, register, locale, expected) in [
            (&giulia, Tu, It, "Ciao Giulia,"),
            (&giulia, Lei, It, "Gentile Giulia Rossi,"),
            (&nobody, Tu, It, "Ciao,"),
            (&nobody, Lei, It, "Gentile cliente,"),
            (&giulia, Tu, En, "Hi Giulia,"),
            (&giulia, Lei, En, "Dear Giulia Rossi,"),
            (&nobody, Tu, En, "Hi,"),
            (&nobody, Lei, En, "Dear customer,"),
        ] {
            assert_eq!(name.greeting(register, locale), expected);
        }
    }

    #[test]
    fn one_field_is_split_before_the_family_name() {
        for (full, first, last) in [
            ("GIULIA ROSSI", Some("Giulia"), Some("Rossi")),
            (
                "Maria Grazia De Luca",
                Some("Maria Grazia"),
                Some("De Luca"),
            ),
            ("Anna Lo Presti", Some("Anna"), Some("Lo Presti")),
            ("Giulia", Some("Giulia"), None),
            ("test", None, None),
        ] {
            let name = PersonName::from_full(full);
            assert_eq!(
                (name.first.as_deref(), name.last.as_deref()),
                (first, last),
                "{full}"
            );
        }
    }
}
