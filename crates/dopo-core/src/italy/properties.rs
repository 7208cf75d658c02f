//! What holds for every text and every moment, tried on random ones.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use proptest::prelude::*;

use super::address::Address;
use super::calendar::{is_working_day, withdrawal_deadline};
use super::email::{EMAIL_MAX_BYTES, EmailAddress};
use super::hours::{SPREAD_MAX_S, Traffic, next_allowed};
use super::names::{NAME_MAX_CHARS, PersonName, display_name};
use super::phone::Phone;
use super::{Locale, Province, Register, format, is_invisible};
use crate::money::{Currency, Money};
use crate::sms;

fn quick() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(400)
    }
}

/// Texts with the characters that break things.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[A-Za-zàèìòùÀÈ' .&@0-9\u{0}\r\n\u{200B}\u{202E}€’📦{}<>+-]{0,80}",
    ]
}

fn moment() -> impl Strategy<Value = Timestamp> {
    (1_700_000_000_i64..2_000_000_000).prop_map(|s| Timestamp::from_second(s).unwrap())
}

proptest! {
    #![proptest_config(quick())]

    #[test]
    fn a_shown_name_is_clean_short_and_stable(text in hostile()) {
        if let Some(name) = display_name(&text) {
            prop_assert!(!name.chars().any(is_invisible));
            prop_assert!((1..=NAME_MAX_CHARS).contains(&name.chars().count()));
            prop_assert!(name.chars().any(char::is_alphabetic));
        }
        for register in [Register::Tu, Register::Lei] {
            let greeting = PersonName::from_full(&text).greeting(register, Locale::It);
            prop_assert!(!greeting.contains(['\r', '\n']));
        }
    }

    #[test]
    fn an_address_that_is_read_reads_back_and_is_safe_in_a_header(text in hostile()) {
        if let Ok(email) = EmailAddress::parse(&text) {
            prop_assert!(email.as_str().is_ascii() && email.as_str().len() <= EMAIL_MAX_BYTES);
            prop_assert!(!email.as_str().contains([' ', '\r', '\n', '<', '>', ',']));
            prop_assert_eq!(EmailAddress::parse(email.as_str()), Ok(email));
        }
    }

    #[test]
    fn a_made_address_is_read(local in "[a-zA-Z0-9]{1,10}", domain in "[a-z0-9]{1,10}", tld in "[a-z]{2,4}") {
        let text = format!("{local}@{domain}.{tld}");
        prop_assert!(EmailAddress::parse(&text).is_ok(), "{}", text);
    }

    #[test]
    fn a_number_that_is_read_reads_back(text in prop_oneof![hostile(), "[+0-9 ()/-]{4,20}"]) {
        if let Ok(phone) = Phone::parse(&text) {
            prop_assert!(phone.as_e164().starts_with('+'));
            prop_assert_eq!(Phone::try_from(phone.as_e164().to_owned()), Ok(phone.clone()));
            prop_assert!(!phone.display().is_empty());
            let _ = phone.is_mobile();
        }
    }

    #[test]
    fn a_label_is_six_clean_lines_at_most(a in hostile(), b in hostile(), c in hostile()) {
        let address = Address { recipient: a, street: b, town: c, ..Address::default() };
        prop_assert!(address.label().lines().count() <= 6);
        prop_assert!(!address.one_line(Locale::En).chars().any(is_invisible));
    }

    #[test]
    fn transliteration_settles_at_once(text in hostile()) {
        let once = sms::transliterate(&text);
        prop_assert_eq!(sms::transliterate(&once), once);
    }

    #[test]
    fn parts_hold_their_units(text in hostile()) {
        let size = sms::measure(&text);
        let (single, part) = match size.encoding {
            sms::Encoding::Gsm7 => (sms::GSM7_SINGLE_SEPTETS, sms::GSM7_PART_SEPTETS),
            sms::Encoding::Ucs2 => (sms::UCS2_SINGLE_UNITS, sms::UCS2_PART_UNITS),
        };
        let least = if size.units == 0 { 0 } else if size.units <= single { 1 } else { size.units.div_ceil(part) };
        // One unit a part may be lost to what cannot be split.
        prop_assert!(size.parts >= least && size.parts <= least.max(size.units.div_ceil(part - 1)));
        let _ = sms::is_opt_out(&text);
        let _ = sms::check_alias(&text);
    }

    #[test]
    fn amounts_read_back(cents in any::<i64>(), code in prop_oneof![Just("EUR"), Just("JPY"), Just("KWD")]) {
        let money = Money::new(cents, Currency::parse(code).unwrap());
        if cents != i64::MIN {
            prop_assert_eq!(Money::parse(&money.to_decimal(), money.currency), Ok(money));
        }
        let italian = format::amount(money, Locale::It);
        let digits: String = italian.chars().filter(|c| c.is_ascii_digit()).collect();
        prop_assert_eq!(digits.parse::<u64>().unwrap(), cents.unsigned_abs());
    }

    #[test]
    fn no_text_is_money_by_accident(text in hostile()) {
        if let Ok(money) = Money::parse(&text, Currency::EUR) {
            let plain = text.trim().bytes().all(|b| b.is_ascii_digit() || b"+-.".contains(&b));
            prop_assert!(plain, "{}", money);
        }
    }

    #[test]
    fn a_deferral_ends_in_an_open_window(now in moment(), seed in any::<u64>(), patron in 0_usize..107) {
        let rome = TimeZone::get("Europe/Rome").unwrap();
        let patron = Province::all().nth(patron);
        for traffic in [Traffic::PromoMessage, Traffic::PromoCall, Traffic::ServiceMessage, Traffic::MarketingEmail] {
            if let Some(next) = next_allowed(now, &rome, traffic, patron.as_ref(), seed) {
                prop_assert!(next > now);
                prop_assert_eq!(next_allowed(next, &rome, traffic, patron.as_ref(), !seed), None);
                let opened = next_allowed(now, &rome, traffic, patron.as_ref(), 0).unwrap();
                let delay_s = next.as_second() - opened.as_second();
                prop_assert!((0..=i64::try_from(SPREAD_MAX_S).unwrap()).contains(&delay_s));
            }
        }
        prop_assert_eq!(next_allowed(now, &rome, Traffic::Urgent, patron.as_ref(), seed), None);
    }

    #[test]
    fn the_withdrawal_period_has_at_least_fourteen_days(offset in 0_i32..20_000) {
        let day = Date::constant(2000, 1, 1).saturating_add(Span::new().days(offset));
        let end = withdrawal_deadline(day);
        prop_assert!((end - day).get_days() >= 14 && is_working_day(end, None));
    }
}
