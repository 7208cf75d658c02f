//! The gate's second word, just before a message leaves.

use super::Shop;
use crate::cart::Cart;
use crate::customer::Customer;
use crate::gate::{Ask, Content, Decision, Reason, Truth, decide};
use crate::journey::condition::{Facts, evaluate};
use crate::message::Message;
use crate::order::Order;
use jiff::Timestamp;

/// May this decided message leave now? Asked with the facts of this moment: what was true and allowed when it was decided
/// may be so no longer.
pub fn permit_leaving(
    shop: &Shop,
    message: &Message,
    person: &Customer,
    order: Option<&Order>,
    cart: Option<&Cart>,
    now: Timestamp,
) -> Decision {
    let send = &message.send;
    let deny = |why| Decision::Deny { why };
    if shop.disconnected {
        return deny(Reason::ShopClosed);
    }
    if let Some(notice) = &send.notice
        && shop.settings.left_to_platform.contains(notice)
    {
        return deny(Reason::LeftToPlatform);
    }
    if let Some(only_while) = &send.only_while {
        let facts = Facts {
            shop: &shop.settings,
            customer: person,
            order,
            parcel: message.parcel,
            cart,
        };
        if evaluate(only_while, &facts, None, now) != Truth::True {
            return deny(Reason::NoLongerTrue);
        }
    }
    if message.is_told_by_another(order) {
        return deny(Reason::AlreadyTold);
    }
    if send.coupon.as_ref().is_some_and(|c| c.expires_at <= now) {
        return deny(Reason::TooLate);
    }
    decide(&Ask {
        shop: &shop.settings,
        person,
        purpose: send.purpose,
        channel: send.channel,
        content: Content {
            promo: send.promo,
            urgent: send.urgent,
            requested: send.requested,
            not_after: send.not_after,
            this: Some(message.id),
            ..Content::default()
        },
        order,
        cart,
        now,
    })
}
