//! Who a message of Shopify is about, and what that person agreed to.

use dopo_core::consent::{Channel, ConsentAct, ConsentSource, ConsentState, Topic};
use dopo_core::customer::{PersonDetails, PersonRef};
use dopo_core::event::Event;
use jiff::Timestamp;

use super::translate::{Events, one, postal, str_of, word};
use super::{consent, wire};
use crate::tidy;
use crate::translation::{Id, Notes, Setting, Translation};

/// Who a message is about, from the parts that Shopify spreads it over.
pub(super) struct Contact<'a> {
    pub(super) emails: [Option<&'a str>; 3],
    pub(super) phone: Option<&'a str>,
    pub(super) locale: Option<&'a str>,
    pub(super) customer: Option<&'a wire::Customer>,
    pub(super) shipping: Option<&'a wire::Address>,
    pub(super) billing: Option<&'a wire::Address>,
}

pub(super) fn person(contact: &Contact<'_>, notes: &mut Notes) -> PersonDetails {
    let customer = contact.customer;
    let home = customer.and_then(|c| c.default_address.as_ref());
    let addresses = [contact.shipping, contact.billing, home];
    let postal = addresses.iter().flatten().next().map(|a| postal(a));
    let country = postal.as_ref().and_then(|p| p.country.clone());
    let filled = |text: &&str| !text.trim().is_empty();
    let email = contact.emails.into_iter().flatten().find(filled);
    // Numbers are tried in the order in which the person most likely gave them; only if none can be read is it said.
    let mut unread = Notes::default();
    let phones = [contact.phone, customer.and_then(|c| str_of(&c.phone))];
    let of_addresses = addresses
        .iter()
        .flatten()
        .map(|a| (str_of(&a.phone), tidy::country(str_of(&a.country_code))));
    let phone = phones
        .into_iter()
        .map(|p| (p, country.clone()))
        .chain(of_addresses)
        .find_map(|(phone, country)| tidy::phone(phone, country.as_deref(), &mut unread));
    if phone.is_none()
        && let Some(note) = unread.into_note()
    {
        notes.add(note);
    }
    let named = [contact.billing, contact.shipping, home];
    let name = |of_customer: Option<&str>, of_address: fn(&wire::Address) -> Option<&str>| {
        tidy::opt(of_customer).or_else(|| {
            named
                .iter()
                .flatten()
                .find_map(|a| tidy::opt(of_address(a)))
        })
    };
    let first = name(customer.and_then(|c| str_of(&c.first_name)), |a| {
        str_of(&a.first_name)
    });
    let last = name(customer.and_then(|c| str_of(&c.last_name)), |a| {
        str_of(&a.last_name)
    });
    PersonDetails {
        who: PersonRef {
            email: tidy::email(email, notes),
            phone,
            shop_customer_id: customer.and_then(|c| c.id.as_ref()).map(|id| id.0.clone()),
        },
        first_name: first,
        last_name: last,
        locale: tidy::locale(contact.locale.or(customer.and_then(|c| str_of(&c.locale)))),
        province: postal.and_then(|p| p.province),
        country,
        time_zone: None,
    }
}

/// The consents of a customer's record, each at the time the person acted: a record that is merely saved again must not
/// make an old consent look new.
///
/// `ticked_at`: when the buyer accepted marketing on an order whose customer record says nothing about it. It counts as
/// given but not confirmed (PRIV-04).
pub(super) fn consents_of(
    customer: Option<&wire::Customer>,
    who: &PersonRef,
    ticked_at: Option<Timestamp>,
    told_at: Timestamp,
) -> Events {
    let email = customer.and_then(|c| c.email_marketing_consent.as_ref());
    let sms = customer.and_then(|c| c.sms_marketing_consent.as_ref());
    let ticked = ticked_at
        .filter(|_| email.is_none() && who.email.is_some())
        .map(|at| {
            let act = ConsentAct {
                topic: Topic::Marketing,
                channel: Some(Channel::Email),
                state: ConsentState::Granted,
                source: ConsentSource::Platform,
                text_version: Some("shopify:checkout".to_owned()),
                form: None,
                language: None,
                proof: None,
            };
            (at, act)
        });
    [
        consent::act(email, Channel::Email, told_at).or(ticked),
        consent::act(sms, Channel::Sms, told_at),
    ]
    .into_iter()
    .flatten()
    .map(|(at, act)| {
        let event = Event::ConsentChanged {
            person: who.clone(),
            acts: vec![act],
        };
        (at, event)
    })
    .collect()
}

pub(super) fn customer(
    c: wire::Customer,
    setting: &Setting<'_>,
) -> Result<Translation, Translation> {
    let mut notes = Notes::default();
    let details = person(
        &Contact {
            emails: [str_of(&c.email), None, None],
            phone: None,
            locale: None,
            customer: Some(&c),
            shipping: None,
            billing: None,
        },
        &mut notes,
    );
    if !tidy::is_named(&details.who) {
        return Err(Translation::failure(
            "the customer has no id, e-mail or phone",
        ));
    }
    let at = c.updated_at.unwrap_or(setting.received_at);
    let who = details.who.clone();
    let mut events: Events = vec![(
        at,
        Event::CustomerUpdated {
            person: details,
            consents: Vec::new(),
        },
    )];
    events.extend(consents_of(Some(&c), &who, None, at));
    Ok(Translation::of(events, notes))
}

pub(super) fn merge(m: wire::Merge, setting: &Setting<'_>) -> Result<Translation, Translation> {
    let status = word(&m.status);
    if status.as_deref().is_some_and(|s| s != "completed") {
        return Err(Translation::nothing(
            "the merge is not completed at the shop, so the two records stay apart",
        ));
    }
    let by_id = |id: Option<Id>| {
        id.map(|id| PersonRef {
            shop_customer_id: Some(id.0),
            ..PersonRef::default()
        })
    };
    match (
        by_id(m.admin_graphql_api_customer_kept_id),
        by_id(m.admin_graphql_api_customer_deleted_id),
    ) {
        (Some(into), Some(from)) => Ok(one(
            setting.received_at,
            Event::CustomerMerged { into, from },
        )),
        _ => Err(Translation::failure("the merge does not name both records")),
    }
}

pub(super) fn consent_changed(
    person: PersonRef,
    act: Option<(Timestamp, ConsentAct)>,
    notes: Notes,
) -> Result<Translation, Translation> {
    if !tidy::is_named(&person) {
        return Err(Translation::failure("the consent names nobody"));
    }
    match act {
        Some((at, act)) => Ok(Translation::of(
            vec![(
                at,
                Event::ConsentChanged {
                    person,
                    acts: vec![act],
                },
            )],
            notes,
        )),
        None => Err(Translation::nothing(
            "the person was never asked or did not tick the box, which is not a refusal",
        )),
    }
}

pub(super) fn email_consent(
    c: wire::EmailConsent,
    setting: &Setting<'_>,
) -> Result<Translation, Translation> {
    let mut notes = Notes::default();
    let person = PersonRef {
        email: tidy::email(str_of(&c.email_address), &mut notes),
        phone: None,
        shop_customer_id: c.customer_id.map(|id| id.0),
    };
    let told = c.email_marketing_consent.as_ref();
    let act = consent::act(told, Channel::Email, setting.received_at);
    consent_changed(person, act, notes)
}

pub(super) fn sms_consent(
    c: wire::SmsConsent,
    setting: &Setting<'_>,
) -> Result<Translation, Translation> {
    let mut notes = Notes::default();
    let person = PersonRef {
        email: None,
        phone: tidy::phone(str_of(&c.phone), None, &mut notes),
        shop_customer_id: c.id.map(|id| id.0),
    };
    let told = c.sms_marketing_consent.as_ref();
    let act = consent::act(told, Channel::Sms, setting.received_at);
    consent_changed(person, act, notes)
}

pub(super) fn privacy(
    r: wire::PrivacyRequest,
    forget: bool,
    setting: &Setting<'_>,
) -> Result<Translation, Translation> {
    let mut notes = Notes::default();
    let Some(told) = r.customer else {
        return Err(Translation::failure("the privacy request names nobody"));
    };
    // A number without its country could be somebody else's, who did not ask to be forgotten.
    let phone = str_of(&told.phone).filter(|p| p.trim_start().starts_with('+'));
    let person = PersonRef {
        email: tidy::email(str_of(&told.email), &mut notes),
        phone: tidy::phone(phone, None, &mut notes),
        shop_customer_id: told.id.map(|id| id.0),
    };
    if !tidy::is_named(&person) {
        return Err(Translation::failure("the privacy request names nobody"));
    }
    let event = if forget {
        Event::CustomerForgotten { person }
    } else {
        Event::DataRequested { person }
    };
    Ok(Translation::of(vec![(setting.received_at, event)], notes))
}
