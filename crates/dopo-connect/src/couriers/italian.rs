//! What Italian couriers have in common: amounts and weights with a comma, lists that are told newest first.

use dopo_core::money::{Currency, Money};
use dopo_core::order::PostalAddress;
use dopo_core::parcel::{HoldAction, ParcelState, ToldScan};

/// Grams in a kilogram, as digits after the comma.
const GRAM_DIGITS: usize = 3;

/// An amount as Italians write it: `25,50`, `1.234,00`, `25.5`. Nothing for zero and for what is no amount.
pub(crate) fn amount(text: &str, currency: Option<&str>) -> Option<Money> {
    let currency = match currency.map(str::trim).filter(|c| !c.is_empty()) {
        Some(code) => Currency::parse(code).ok()?,
        None => Currency::EUR,
    };
    let plain = plain_number(text)?;
    let money = Money::parse(&plain, currency).ok()?;
    (money.cents > 0).then_some(money)
}

/// A weight in kilograms as Italians write it, in grams: `1,2`. Nothing for zero.
pub(crate) fn grams(text: &str) -> Option<u32> {
    let plain = plain_number(text)?;
    let (whole, part) = plain.split_once('.').unwrap_or((&plain, ""));
    let mut part: String = part.chars().take(GRAM_DIGITS).collect();
    while part.len() < GRAM_DIGITS {
        part.push('0');
    }
    let grams = whole.parse::<u32>().ok()?.checked_mul(1_000)?;
    let grams = grams.checked_add(part.parse().ok()?)?;
    (grams > 0).then_some(grams)
}

/// A number with a dot before its decimals. Where a comma stands, dots before it are for the thousands.
fn plain_number(text: &str) -> Option<String> {
    let text = text.trim().trim_start_matches('€').trim();
    let plain = match text.contains(',') {
        true => text.replace('.', "").replace(',', "."),
        false => text.to_owned(),
    };
    let digits = plain.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    (digits && !plain.is_empty()).then_some(plain)
}

/// Brings rows into the order in which they happened: couriers tell them newest first or oldest first, and the rows of one
/// moment in the same order as all others.
pub(crate) fn oldest_first<T, K: Ord>(
    rows: &mut [T],
    key: impl Fn(&T) -> K,
    newest_is_usual: bool,
) {
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
        return;
    };
    match key(first).cmp(&key(last)) {
        std::cmp::Ordering::Greater => rows.reverse(),
        std::cmp::Ordering::Equal if newest_is_usual => rows.reverse(),
        _ => {}
    }
    rows.sort_by_key(key);
}

/// Why the last scan before this one failed: the reason of a hold whose own code says nothing more.
pub(crate) fn reason_before(scans: &[ToldScan]) -> Option<String> {
    let failed = scans.iter().rev().filter(|scan| !scan.taken_back);
    let failed = failed.map(|scan| &scan.checkpoint).find(|scan| {
        matches!(
            scan.state,
            ParcelState::AttemptFailed | ParcelState::Refused
        )
    })?;
    failed.reason.clone()
}

/// Words for an action in instructions that people read.
pub(crate) fn action_words(action: HoldAction) -> &'static str {
    match action {
        HoldAction::Redeliver => "RICONSEGNA",
        HoldAction::OtherAddress => "ALTRO_INDIRIZZO",
        HoldAction::Collect => "FERMO_DEPOSITO",
        HoldAction::SendBack => "RESO_MITTENTE",
    }
}

/// Name on an address: the person, else the company.
pub(crate) fn name_of(address: &PostalAddress) -> &str {
    let name = address.name.as_deref().or(address.company.as_deref());
    name.unwrap_or_default()
}

/// Street with floor and staircase.
pub(crate) fn street_of(address: &PostalAddress) -> String {
    let street = address.street.as_deref().unwrap_or_default();
    match address.extra.as_deref().map(str::trim) {
        Some(extra) if !extra.is_empty() => format!("{street}, {extra}"),
        _ => street.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_and_weights_are_read_with_a_comma() {
        let cents = |text: &str| amount(text, None).map(|m| m.cents);
        assert_eq!(cents("25,50"), Some(2_550));
        assert_eq!(cents("1.234,00"), Some(123_400));
        assert_eq!(cents("€ 28.74"), Some(2_874));
        for nothing in ["0,00", "", "gratis", "-5,00"] {
            assert_eq!(cents(nothing), None, "{nothing}");
        }
        assert_eq!(amount("10,00", Some("XXX")), None);
        assert_eq!(grams("1,2"), Some(1_200));
        assert_eq!(grams("0.35"), Some(350));
        assert_eq!(grams("0"), None);
    }

    #[test]
    fn rows_are_brought_into_the_order_in_which_they_happened() {
        let mut newest = vec![(3, 'c'), (2, 'b'), (2, 'a'), (1, 'z')];
        oldest_first(&mut newest, |row| row.0, true);
        assert_eq!(newest, [(1, 'z'), (2, 'a'), (2, 'b'), (3, 'c')]);
        let mut oldest = vec![(1, 'z'), (2, 'a'), (2, 'b')];
        oldest_first(&mut oldest, |row| row.0, true);
        assert_eq!(oldest, [(1, 'z'), (2, 'a'), (2, 'b')]);
    }
}
