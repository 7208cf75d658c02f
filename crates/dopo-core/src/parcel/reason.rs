//! Why a parcel is where it is: who caused it, and who must act now.

use super::ParcelState;
use serde::{Deserialize, Serialize};

/// Who caused it: the prefix of a reason.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Culprit {
    /// The courier.
    Carrier,
    /// The shop.
    Retailer,
    /// The person who receives.
    Consignee,
    /// Customs.
    Customs,
    /// Weather.
    Weather,
    /// Nobody: strikes, holidays, disasters, authorities.
    Force,
}

/// Who must act for the parcel to move on.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum ActBy {
    /// Nobody: it moves by itself or is at its end.
    #[default]
    Nobody,
    /// The person who receives.
    Buyer,
    /// The shop.
    Shop,
    /// The courier.
    Carrier,
    /// Customs.
    Customs,
}

impl ActBy {
    /// The stable name used in storage and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            ActBy::Nobody => "nobody",
            ActBy::Buyer => "buyer",
            ActBy::Shop => "shop",
            ActBy::Carrier => "carrier",
            ActBy::Customs => "customs",
        }
    }
}

/// Every reason that a courier's code may be mapped to. The prefix names the [`Culprit`].
pub const REASONS: &[&str] = &[
    "carrier_address_not_found",
    "carrier_call_depot",
    "carrier_capacity",
    "carrier_damaged",
    "carrier_delayed",
    "carrier_destroyed",
    "carrier_failure",
    "carrier_handed_to_partner",
    "carrier_locker_broken",
    "carrier_locker_full",
    "carrier_lost",
    "carrier_misrouted",
    "carrier_missing_pieces",
    "carrier_not_enough_time",
    "carrier_rerouted",
    "carrier_researching",
    "carrier_storage_expired",
    "carrier_vehicle",
    "consignee_absent",
    "consignee_access_restricted",
    "consignee_address_changed",
    "consignee_appointment",
    "consignee_asked_later",
    "consignee_asked_other_address",
    "consignee_closed",
    "consignee_cod_unpaid",
    "consignee_collects",
    "consignee_contact_needed",
    "consignee_identity_unverified",
    "consignee_instructions_needed",
    "consignee_moved",
    "consignee_not_collected",
    "consignee_on_holiday",
    "consignee_partial",
    "consignee_refused",
    "consignee_refused_damaged",
    "consignee_refused_inspection",
    "consignee_refused_late",
    "consignee_unknown",
    "consignee_wrong_address",
    "customs_delayed",
    "customs_documents",
    "customs_duties_unpaid",
    "customs_inspection",
    "customs_prohibited",
    "force_authority",
    "force_disaster",
    "force_holiday",
    "force_local",
    "force_sea",
    "force_security",
    "force_strike",
    "retailer_cancelled",
    "retailer_instructions_needed",
    "retailer_not_ready",
    "retailer_packaging",
    "retailer_wrong_data",
    "weather_delayed",
];

/// Whether a reason is one of [`REASONS`].
pub fn is_known_reason(reason: &str) -> bool {
    REASONS.binary_search(&reason).is_ok()
}

/// Who caused it, by the prefix of the reason.
pub fn culprit(reason: &str) -> Option<Culprit> {
    Some(match reason.split_once('_')?.0 {
        "carrier" => Culprit::Carrier,
        "retailer" => Culprit::Retailer,
        "consignee" => Culprit::Consignee,
        "customs" => Culprit::Customs,
        "weather" => Culprit::Weather,
        "force" => Culprit::Force,
        _ => return None,
    })
}

/// Who must act in this state for this reason, where the carrier's code says nothing more.
pub fn act_by(state: ParcelState, reason: Option<&str>) -> ActBy {
    match (state, reason) {
        (ParcelState::Customs, Some("customs_documents" | "customs_duties_unpaid")) => ActBy::Buyer,
        (ParcelState::Customs, _) => ActBy::Customs,
        (_, Some("retailer_instructions_needed" | "retailer_wrong_data")) => ActBy::Shop,
        (ParcelState::AttemptFailed, Some(reason)) => match culprit(reason) {
            Some(Culprit::Consignee) => match reason {
                "consignee_absent" | "consignee_closed" | "consignee_on_holiday" => ActBy::Carrier,
                _ => ActBy::Buyer,
            },
            _ => ActBy::Carrier,
        },
        (ParcelState::AttemptFailed, None) => ActBy::Carrier,
        (ParcelState::HeldAtDepot | ParcelState::ReadyForPickup, _) => ActBy::Buyer,
        (ParcelState::Refused | ParcelState::Returned | ParcelState::Lost, _) => ActBy::Shop,
        (ParcelState::Expired, _) => ActBy::Carrier,
        (
            ParcelState::Unknown
            | ParcelState::Announced
            | ParcelState::PickedUp
            | ParcelState::InTransit
            | ParcelState::AtDepot
            | ParcelState::OutForDelivery
            | ParcelState::Delivered
            | ParcelState::Collected
            | ParcelState::Returning
            | ParcelState::Cancelled,
            Some("consignee_wrong_address" | "consignee_contact_needed"),
        ) => ActBy::Buyer,
        (
            ParcelState::Unknown
            | ParcelState::Announced
            | ParcelState::PickedUp
            | ParcelState::InTransit
            | ParcelState::AtDepot
            | ParcelState::OutForDelivery
            | ParcelState::Delivered
            | ParcelState::Collected
            | ParcelState::Returning
            | ParcelState::Cancelled,
            _,
        ) => ActBy::Nobody,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reasons_are_sorted_each_is_there_once_and_names_who_caused_it() {
        assert!(REASONS.is_sorted_by(|a, b| a < b));
        for reason in REASONS {
            assert!(culprit(reason).is_some(), "{reason}");
        }
    }
}
