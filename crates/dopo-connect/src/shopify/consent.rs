//! What Shopify's marketing consents prove, and so which state they get.

use dopo_core::consent::{Channel, ConsentAct, ConsentSource, ConsentState, Topic};
use jiff::Timestamp;

use super::wire::MarketingConsent;

/// Prefix of the text version by which a consent from Shopify is told: `shopify:single_opt_in`.
const TEXT_VERSION_PREFIX: &str = "shopify:";

/// One consent of Shopify as an act of the ledger, with the time the person acted.
///
/// | Shopify says | we record | why |
/// | --- | --- | --- |
/// | `subscribed`, `confirmed_opt_in`, with a date | [`ConsentState::Confirmed`] | the address was confirmed (PRIV-04), date and text are known (PRIV-03) |
/// | `subscribed`, `single_opt_in`, with a date | [`ConsentState::Granted`] | proven, but not confirmed: not usable until our double opt-in, or a form of the shop, confirms it |
/// | `subscribed` without a level, or without a date | [`ConsentState::Unknown`] | an unticked proof proves nothing (PRIV-03) |
/// | `unsubscribed` | [`ConsentState::Withdrawn`] | binding even without a date: then the telling's own time counts (PRIV-05) |
/// | `pending` | [`ConsentState::Granted`] | Shopify itself waits for the confirmation |
/// | `redacted`, `invalid` | [`ConsentState::Withdrawn`] | the record was erased, or the address refused: nothing may be sent on it |
/// | `not_subscribed`, nothing | no act | never asked, or not ticked: not a refusal |
///
/// The source is always the platform: by PRIV-05 it cannot undo a withdrawal made with us.
pub(super) fn act(
    consent: Option<&MarketingConsent>,
    channel: Channel,
    told_at: Timestamp,
) -> Option<(Timestamp, ConsentAct)> {
    let consent = consent?;
    let word = |text: &Option<crate::translation::Text>| {
        text.as_ref()
            .map(|t| t.0.trim().to_ascii_lowercase())
            .filter(|t| !t.is_empty())
    };
    let level = word(&consent.opt_in_level)
        .filter(|l| matches!(l.as_str(), "single_opt_in" | "confirmed_opt_in"));
    let dated = consent.consent_updated_at.is_some();
    let state = match word(&consent.state)?.as_str() {
        "subscribed" => match level.as_deref() {
            Some("confirmed_opt_in") if dated => ConsentState::Confirmed,
            Some("single_opt_in") if dated => ConsentState::Granted,
            _ => ConsentState::Unknown,
        },
        "pending" if dated => ConsentState::Granted,
        "pending" => ConsentState::Unknown,
        "unsubscribed" | "redacted" | "invalid" => ConsentState::Withdrawn,
        _ => return None,
    };
    let act = ConsentAct {
        topic: Topic::Marketing,
        channel: Some(channel),
        state,
        source: ConsentSource::Platform,
        text_version: (state != ConsentState::Unknown).then(|| {
            format!(
                "{TEXT_VERSION_PREFIX}{}",
                level.as_deref().unwrap_or("unknown")
            )
        }),
        form: None,
        language: None,
        proof: None,
    };
    Some((consent.consent_updated_at.unwrap_or(told_at), act))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_of_shopify_has_one_meaning() {
        let told: Timestamp = "2026-05-01T10:00:00Z".parse().unwrap();
        let dated = Some("2026-01-02T03:04:05Z");
        for (state, level, at, expected) in [
            (
                "subscribed",
                Some("confirmed_opt_in"),
                dated,
                Some(ConsentState::Confirmed),
            ),
            (
                "SUBSCRIBED",
                Some("SINGLE_OPT_IN"),
                dated,
                Some(ConsentState::Granted),
            ),
            (
                "subscribed",
                Some("confirmed_opt_in"),
                None,
                Some(ConsentState::Unknown),
            ),
            ("subscribed", None, dated, Some(ConsentState::Unknown)),
            (
                "subscribed",
                Some("unknown"),
                dated,
                Some(ConsentState::Unknown),
            ),
            (
                "pending",
                Some("confirmed_opt_in"),
                dated,
                Some(ConsentState::Granted),
            ),
            ("unsubscribed", None, None, Some(ConsentState::Withdrawn)),
            ("redacted", None, dated, Some(ConsentState::Withdrawn)),
            ("invalid", None, dated, Some(ConsentState::Withdrawn)),
            ("not_subscribed", Some("single_opt_in"), dated, None),
            ("something_new", None, dated, None),
        ] {
            let json = serde_json::json!({"state": state, "opt_in_level": level, "consent_updated_at": at});
            let consent: MarketingConsent = serde_json::from_value(json).unwrap();
            let act = act(Some(&consent), Channel::Sms, told);
            assert_eq!(
                act.as_ref().map(|(_, a)| a.state),
                expected,
                "{state} {level:?} {at:?}"
            );
            if let Some((when, act)) = act {
                assert_eq!(when, at.map_or(told, |at| at.parse().unwrap()));
                assert_eq!(act.source, ConsentSource::Platform);
                let proven = act.state != ConsentState::Unknown;
                assert_eq!(act.text_version.is_some(), proven);
            }
        }
    }
}
