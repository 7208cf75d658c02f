//! The shop's own answer to a held parcel.

use crate::Engine;
use crate::intake::{IngestError, NewIntake};
use crate::ports::StoreError;
use dopo_core::event::{Event, EventLine, ParcelRef};
use dopo_core::id::{OrderId, ShopId};
use dopo_core::order::Order;
use dopo_core::parcel::{DepotHold, HoldAction, HoldAnswer, InstructedBy, Parcel};

/// Longest part of an address, in characters.
pub const ADDRESS_CHARS_MAX: usize = 100;
/// Longest line for the driver, in characters.
pub const DRIVER_NOTE_CHARS_MAX: usize = 200;
/// Longest telephone number, in characters.
pub const DRIVER_PHONE_CHARS_MAX: usize = 30;

/// Why an answer was not taken.
#[derive(Debug, thiserror::Error)]
pub enum HoldError {
    /// No such parcel.
    #[error("this order has no such parcel")]
    NoParcel,
    /// It is not held, or no longer.
    #[error("this parcel is not held at a depot: nothing can be chosen for it")]
    NotHeld,
    /// An answer stands already.
    #[error("an answer stands already and is on its way to the courier, or was taken by it")]
    Answered,
    /// A field cannot be used: which one, and whether it is missing or too long.
    #[error("the field {0} cannot be used")]
    Field(&'static str, FieldFault),
    /// The store failed, or the program is stopping.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is wrong with a field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FieldFault {
    /// It must be there.
    Missing,
    /// It has too many characters.
    TooLong,
}

/// The hold of a parcel that may be answered.
///
/// # Errors
/// [`HoldError::NoParcel`], [`HoldError::NotHeld`], [`HoldError::Answered`].
fn open_hold(order: &Order, seq: u16) -> Result<(&Parcel, &DepotHold), HoldError> {
    let parcel = order
        .tracked
        .get(usize::from(seq))
        .ok_or(HoldError::NoParcel)?;
    let hold = parcel.question().ok_or(HoldError::NotHeld)?;
    if !hold.awaits_answer() {
        return Err(HoldError::Answered);
    }
    Ok((parcel, hold))
}

/// Takes what is empty out, and says what is missing or too long.
fn tidy(mut answer: HoldAnswer) -> Result<HoldAnswer, HoldError> {
    fn clean(
        field: &'static str,
        text: &mut Option<String>,
        chars_max: usize,
    ) -> Result<(), HoldError> {
        *text = text
            .take()
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty());
        match text {
            Some(text) if text.chars().count() > chars_max => {
                Err(HoldError::Field(field, FieldFault::TooLong))
            }
            _ => Ok(()),
        }
    }
    clean("phone", &mut answer.phone, DRIVER_PHONE_CHARS_MAX)?;
    clean("note", &mut answer.note, DRIVER_NOTE_CHARS_MAX)?;
    if answer.action != HoldAction::OtherAddress {
        answer.address = None;
        return Ok(answer);
    }
    let Some(address) = &mut answer.address else {
        return Err(HoldError::Field("address", FieldFault::Missing));
    };
    for (field, part, needed) in [
        ("address.name", &mut address.name, false),
        ("address.company", &mut address.company, false),
        ("address.street", &mut address.street, true),
        ("address.extra", &mut address.extra, false),
        ("address.postal_code", &mut address.postal_code, true),
        ("address.city", &mut address.city, true),
        ("address.province", &mut address.province, false),
        ("address.country", &mut address.country, false),
    ] {
        clean(field, part, ADDRESS_CHARS_MAX)?;
        if needed && part.is_none() {
            return Err(HoldError::Field(field, FieldFault::Missing));
        }
    }
    Ok(answer)
}

impl Engine {
    /// Takes the shop's answer to a held parcel in; the order as it is afterwards. What people may choose does not bind
    /// the shop itself.
    ///
    /// # Errors
    /// [`HoldError`]; nothing was changed then.
    pub async fn answer_hold(
        &self,
        shop: ShopId,
        order: &Order,
        seq: u16,
        answer: HoldAnswer,
    ) -> Result<Order, HoldError> {
        open_hold(order, seq)?;
        let answer = tidy(answer)?;
        let parcel = ParcelRef {
            order: Some(order.snapshot.external_id.clone()),
            seq: Some(seq),
            ..ParcelRef::default()
        };
        let now = self.now();
        let line = EventLine {
            id: format!("hold_answered:{:032x}", self.entropy.u128()),
            at: now,
            event: Event::HoldAnswered {
                parcel,
                answer: answer.clone(),
                by: InstructedBy::Shop,
            },
        };
        self.ingest(shop, vec![NewIntake::event("operator", line, None)])
            .await?;
        let after = self.order_now(shop, order.id).await?;
        // Somebody else, or a scan, may have come first.
        let hold = after
            .tracked
            .get(usize::from(seq))
            .and_then(Parcel::hold)
            .ok_or(HoldError::NotHeld)?;
        if hold.by != Some(InstructedBy::Shop) || hold.answer.as_ref() != Some(&answer) {
            return Err(HoldError::Answered);
        }
        Ok(after)
    }

    async fn order_now(&self, shop: ShopId, id: OrderId) -> Result<Order, HoldError> {
        let found = self.store.order(shop, id).await?;
        found.map(|(order, _)| order).ok_or(HoldError::NoParcel)
    }
}
