//! What a password must be (SEC-11): long, not the address, not one that everybody tries first.

/// Shortest password, in characters.
pub const PASSWORD_CHARS_MIN: usize = 12;
/// Longest password, in bytes.
pub const PASSWORD_BYTES_MAX: usize = 1_024;

/// What is tried first where twelve characters are asked for, in Italian and English, in lower case and without digits at
/// the end.
const COMMON: [&str; 32] = [
    "password",
    "passwordpassword",
    "passw0rd",
    "amministratore",
    "administrator",
    "admin",
    "adminadminadmin",
    "qwertyuiop",
    "qwertyuiopasdf",
    "qwertyqwerty",
    "asdfghjkl",
    "asdfghjklzxc",
    "zxcvbnm",
    "zxcvbnmasdfghjkl",
    "letmeinletmein",
    "letmein",
    "iloveyou",
    "iloveyouiloveyou",
    "welcome",
    "welcomewelcome",
    "benvenuto",
    "benvenutobenvenuto",
    "ciaociaociao",
    "ciaociaociaociao",
    "juventus",
    "napoli",
    "francesco",
    "alessandro",
    "buongiorno",
    "changeme",
    "cambiami",
    "dopodopodopo",
];

/// Why a password is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum WeakPassword {
    /// Fewer than [`PASSWORD_CHARS_MIN`] characters.
    #[error("a password has at least 12 characters; a sentence is easy to keep")]
    Short,
    /// More than [`PASSWORD_BYTES_MAX`] bytes.
    #[error("a password has at most 1,024 bytes")]
    Long,
    /// It is the e-mail address, or what stands before its @.
    #[error("the address is not a password: choose something that others do not know")]
    Address,
    /// It is on every list of passwords to try.
    #[error("this password is among the first that strangers try: choose another")]
    Common,
}

impl WeakPassword {
    /// The reason in Italian.
    pub fn it(self) -> &'static str {
        match self {
            WeakPassword::Short => "Servono almeno 12 caratteri: una frase si ricorda bene.",
            WeakPassword::Long => "Al massimo 1.024 byte.",
            WeakPassword::Address => {
                "L'indirizzo non è una password: scegli qualcosa che gli altri non sanno."
            }
            WeakPassword::Common => {
                "È una delle prime password che gli estranei provano: scegline un'altra."
            }
        }
    }

    /// The reason in English.
    pub fn en(self) -> &'static str {
        match self {
            WeakPassword::Short => "At least 12 characters: a sentence is easy to keep.",
            WeakPassword::Long => "At most 1,024 bytes.",
            WeakPassword::Address => {
                "The address is not a password: choose something that others do not know."
            }
            WeakPassword::Common => {
                "This is among the first passwords that strangers try: choose another."
            }
        }
    }
}

/// Whether a new password of the account `email` will do.
///
/// # Errors
/// [`WeakPassword`] with the first thing that is wrong.
pub fn check(password: &str, email: &str) -> Result<(), WeakPassword> {
    if password.chars().count() < PASSWORD_CHARS_MIN {
        return Err(WeakPassword::Short);
    }
    if password.len() > PASSWORD_BYTES_MAX {
        return Err(WeakPassword::Long);
    }
    let lower = password.trim().to_lowercase();
    let email = email.trim().to_lowercase();
    let local = email.split('@').next().unwrap_or_default();
    let letters = lower.trim_end_matches(|c: char| !c.is_alphabetic());
    if !email.is_empty() && (lower == email || (!local.is_empty() && letters == local)) {
        return Err(WeakPassword::Address);
    }
    let mut different: Vec<char> = lower.chars().collect();
    different.sort_unstable();
    different.dedup();
    // Few different signs, a run up the keyboard's digits, or a known word with digits behind it.
    if different.len() <= 3 || letters.is_empty() || COMMON.contains(&letters) {
        return Err(WeakPassword::Common);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_sentence_will_do_and_what_everybody_tries_will_not() {
        let mara = "mara.rossi.bianchi@bottega.example";
        for good in [
            "cavallo batteria graffetta",
            "il mare d'inverno è un concetto",
            "zq7-Kp2!xx09",
        ] {
            assert_eq!(check(good, mara), Ok(()), "{good}");
        }
        for (bad, why) in [
            ("corta", WeakPassword::Short),
            ("undici11111", WeakPassword::Short),
            ("mara.rossi.bianchi@bottega.example", WeakPassword::Address),
            ("Mara.Rossi.Bianchi1", WeakPassword::Address),
            ("Password2026!", WeakPassword::Common),
            ("123456789012", WeakPassword::Common),
            ("aaaaaaaaaaaaaaaa", WeakPassword::Common),
            ("Amministratore", WeakPassword::Common),
        ] {
            assert_eq!(check(bad, mara), Err(why), "{bad}");
        }
        assert_eq!(check(&"è".repeat(600), mara), Err(WeakPassword::Long));
    }
}
