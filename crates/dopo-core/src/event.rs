//! Everything that can happen, as one closed list, and what journeys can see of it.

use crate::cart::CartSnapshot;
use crate::consent::ConsentAct;
use crate::customer::{PersonDetails, PersonRef};
use crate::id::{CustomerId, EffectId, Fresh, OrderId, ShopId};
use crate::money::Money;
use crate::order::{OrderSnapshot, ProblemKind, ReturnState};
use crate::parcel::{
    Checkpoint, Estimate, HoldAnswer, HoldOutcome, InstructedBy, LookAnswer, ParcelSnapshot,
    ParcelState, Telling,
};
use crate::product::Product;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Longest external id of an event, in bytes.
pub const EXTERNAL_ID_BYTES_MAX: usize = 255;

/// How a parcel is named by whoever tells about it: by order and number, by order and platform id, or by number alone.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ParcelRef {
    /// The platform's order id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// The platform's id of the fulfilment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Tracking number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Carrier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
    /// Our number of it within its order, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u16>,
}

/// Who or what fetched an image or followed a link (MAIL-06, MAIL-07).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// Probably the person.
    Human,
    /// A mailbox provider's image proxy: somebody may have looked.
    Proxy,
    /// Prefetch, security scanner, HEAD request, burst of links.
    Machine,
    /// Cannot be told.
    Unknown,
}

/// What went wrong with a message after it was handed over, or why it could not be (MAIL-04).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BounceKind {
    /// The address does not exist.
    HardAddress,
    /// Mailbox full or temporarily away, retries used up.
    SoftMailbox,
    /// Reputation or policy: not the person's fault.
    BlockPolicy,
    /// Content or size: the template's fault.
    Content,
    /// The phone number does not exist.
    DeadNumber,
}

/// Everything that can happen. The JSON form is what `POST /api/v1/events` and our JSON lines carry.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// An order was placed or has changed; the whole order is told. Older tellings than the known one change nothing.
    OrderUpdated {
        /// The order.
        order: Box<OrderSnapshot>,
    },
    /// An order was cancelled, told without the order.
    OrderCancelled {
        /// The platform's order id.
        order: String,
    },
    /// Money went back, told without the order.
    OrderRefunded {
        /// The platform's order id.
        order: String,
        /// How much went back in all, so far.
        refunded: Money,
    },
    /// A parcel was made, handed over or changed.
    ParcelUpdated {
        /// The platform's order id.
        order: String,
        /// The parcel.
        parcel: ParcelSnapshot,
    },
    /// A scan.
    ParcelScanned {
        /// Which parcel.
        parcel: ParcelRef,
        /// The scan.
        checkpoint: Checkpoint,
    },
    /// The carrier took a scan back.
    ParcelScanRevoked {
        /// Which parcel.
        parcel: ParcelRef,
        /// The state it takes back.
        state: ParcelState,
        /// The carrier's time of the scan; any when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scanned_at: Option<Timestamp>,
    },
    /// Everything that a courier or aggregator tells of a parcel at one time.
    ParcelTracked {
        /// Which parcel.
        parcel: ParcelRef,
        /// What is told.
        telling: Box<Telling>,
    },
    /// We expect a parcel on other days than before (ours).
    ParcelEstimated {
        /// Which parcel.
        parcel: ParcelRef,
        /// When.
        estimate: Estimate,
    },
    /// A parcel's courier has told nothing for longer than is usual (ours). It is never taken for a loss.
    ParcelFellSilent {
        /// Which parcel.
        parcel: ParcelRef,
        /// Since when.
        since: Timestamp,
    },
    /// Somebody said what shall be done with a held parcel.
    HoldAnswered {
        /// Which parcel.
        parcel: ParcelRef,
        /// What shall be done.
        answer: HoldAnswer,
        /// Who said so.
        by: InstructedBy,
    },
    /// What became of an answer at the courier (ours).
    HoldReported {
        /// Which parcel.
        parcel: ParcelRef,
        /// The call that carried it.
        call: EffectId,
        /// What became of it.
        #[serde(flatten)]
        outcome: HoldOutcome,
    },
    /// A person, or the shop ([`OPERATOR`]), asks that the courier be asked for a parcel now (ours).
    LookAsked {
        /// Which parcel.
        parcel: ParcelRef,
    },
    /// What the courier said when it was asked (ours).
    LookReported {
        /// Which parcel.
        parcel: ParcelRef,
        /// When the question was asked that this answers.
        asked_at: Timestamp,
        /// What it said.
        answer: LookAnswer,
    },
    /// A person reported a problem with a parcel or an order.
    ProblemReported {
        /// Which parcel; with neither number nor `seq`, the order.
        parcel: ParcelRef,
        /// What kind.
        kind: ProblemKind,
        /// In their words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        /// Names of stored photos.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        photos: Vec<String>,
    },
    /// A return changed on the platform.
    ReturnUpdated {
        /// The platform's order id.
        order: String,
        /// The platform's return id.
        #[serde(rename = "return")]
        return_id: String,
        /// Where it stands.
        state: ReturnState,
    },
    /// A checkout was begun or changed.
    CartUpdated {
        /// The cart.
        cart: Box<CartSnapshot>,
    },
    /// A checkout was deleted.
    CartRemoved {
        /// The platform's cart id.
        cart: String,
    },
    /// A person's record was made or changed.
    CustomerUpdated {
        /// What is told.
        person: PersonDetails,
        /// Consents told with it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        consents: Vec<ConsentAct>,
    },
    /// Two platform records are one person.
    CustomerMerged {
        /// The one that stays.
        into: PersonRef,
        /// The one that goes.
        from: PersonRef,
    },
    /// A person agreed, refused, withdrew or objected.
    ConsentChanged {
        /// Who.
        person: PersonRef,
        /// What they said.
        acts: Vec<ConsentAct>,
    },
    /// The same, from a signed link of ours that names the customer.
    PreferencesChanged {
        /// Who.
        customer: CustomerId,
        /// What they said.
        acts: Vec<ConsentAct>,
    },
    /// A person asks for their data (GDPR art. 15), directly or through the platform.
    DataRequested {
        /// Who.
        person: PersonRef,
    },
    /// A person, or the platform for them, asks to be forgotten (GDPR art. 17).
    CustomerForgotten {
        /// Who.
        person: PersonRef,
    },
    /// The platform orders that the whole shop be forgotten (48 h after the app was removed).
    ShopForgotten {},
    /// The app was removed from the platform: connections end, nothing is sent any more.
    ShopDisconnected {},
    /// A product was made or changed.
    ProductUpdated {
        /// The product.
        product: Product,
    },
    /// A product is gone.
    ProductRemoved {
        /// The platform's product id.
        product: String,
    },
    /// The image of an identified message was fetched.
    MessageOpened {
        /// Which message.
        message: EffectId,
        /// By whom, as far as can be told.
        by: Actor,
    },
    /// A measured link of an identified message was followed.
    MessageClicked {
        /// Which message.
        message: EffectId,
        /// Number of the link in the message.
        link: u16,
        /// By whom, as far as can be told.
        by: Actor,
    },
    /// The person answered.
    MessageReplied {
        /// Which message.
        message: EffectId,
    },
    /// A message could not be delivered.
    MessageBounced {
        /// Which message.
        message: EffectId,
        /// Why.
        kind: BounceKind,
    },
    /// The person reported a message as spam.
    MessageComplained {
        /// Which message.
        message: EffectId,
    },
    /// A message was let through when it was decided and held back when it should leave (ours).
    MessageHeldBack {
        /// Which message.
        message: EffectId,
    },
    /// The person asked to be reminded tomorrow (a button of theirs; never moves an expiry).
    ReminderRequested {
        /// Which message carried the button.
        message: EffectId,
    },
}

impl Event {
    /// The stable name of the kind, as in its JSON.
    pub fn kind(&self) -> &'static str {
        match self {
            Event::OrderUpdated { .. } => "order_updated",
            Event::OrderCancelled { .. } => "order_cancelled",
            Event::OrderRefunded { .. } => "order_refunded",
            Event::ParcelUpdated { .. } => "parcel_updated",
            Event::ParcelScanned { .. } => "parcel_scanned",
            Event::ParcelScanRevoked { .. } => "parcel_scan_revoked",
            Event::ParcelTracked { .. } => "parcel_tracked",
            Event::ParcelEstimated { .. } => "parcel_estimated",
            Event::ParcelFellSilent { .. } => "parcel_fell_silent",
            Event::HoldAnswered { .. } => "hold_answered",
            Event::HoldReported { .. } => "hold_reported",
            Event::LookAsked { .. } => "look_asked",
            Event::LookReported { .. } => "look_reported",
            Event::ProblemReported { .. } => "problem_reported",
            Event::ReturnUpdated { .. } => "return_updated",
            Event::CartUpdated { .. } => "cart_updated",
            Event::CartRemoved { .. } => "cart_removed",
            Event::CustomerUpdated { .. } => "customer_updated",
            Event::CustomerMerged { .. } => "customer_merged",
            Event::ConsentChanged { .. } => "consent_changed",
            Event::PreferencesChanged { .. } => "preferences_changed",
            Event::DataRequested { .. } => "data_requested",
            Event::CustomerForgotten { .. } => "customer_forgotten",
            Event::ShopForgotten {} => "shop_forgotten",
            Event::ShopDisconnected {} => "shop_disconnected",
            Event::ProductUpdated { .. } => "product_updated",
            Event::ProductRemoved { .. } => "product_removed",
            Event::MessageOpened { .. } => "message_opened",
            Event::MessageClicked { .. } => "message_clicked",
            Event::MessageReplied { .. } => "message_replied",
            Event::MessageBounced { .. } => "message_bounced",
            Event::MessageComplained { .. } => "message_complained",
            Event::MessageHeldBack { .. } => "message_held_back",
            Event::ReminderRequested { .. } => "reminder_requested",
        }
    }
}

/// One event as it stands on a line or in a request of ours.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct EventLine {
    /// The sender's id of it: a repeat with the same id is recognised.
    pub id: String,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// How an event reached us.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// As it happened: webhook, API, page.
    Live,
    /// From a file or a back-fill: updates facts, starts no message.
    Import,
}

/// The source of what somebody in the shop did.
pub const OPERATOR: &str = "operator";

/// An event on its way into the world.
#[derive(Clone, PartialEq, Debug)]
pub struct Arrival {
    /// Whose shop.
    pub shop: ShopId,
    /// Who sent it (`shopify`, `woocommerce`, `events`, `api`, `import`, `pages`, `engine`, [`OPERATOR`]).
    pub source: String,
    /// The sender's id: unique with shop and source.
    pub external_id: String,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When it reached us.
    pub known_at: Timestamp,
    /// How it reached us.
    pub origin: Origin,
    /// What happened.
    pub event: Event,
    /// Ids for the new things it makes.
    pub fresh: Fresh,
}

/// What journeys can start on, wait for, exit on and have as a goal. Derived from events by comparing facts before and
/// after, so that a telling that changes nothing makes nothing happen.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// An order became known.
    OrderPlaced,
    /// It was paid.
    OrderPaid,
    /// It was cancelled.
    OrderCancelled,
    /// Money went back, in part or whole.
    OrderRefunded,
    /// The last parcel reached the person.
    OrderDelivered,
    /// A delivery on which that stood was taken back.
    OrderDeliveryRevoked,
    /// The carrier has a parcel.
    ParcelShipped,
    /// It is with the driver.
    ParcelOutForDelivery,
    /// The driver could not deliver.
    ParcelAttemptFailed,
    /// It is held at the depot.
    ParcelHeld,
    /// It waits at a collection point.
    ParcelReadyForPickup,
    /// It reached the person.
    ParcelDelivered,
    /// The carrier took that back.
    ParcelDeliveryRevoked,
    /// It is coming back or is back.
    ParcelReturned,
    /// It is lost.
    ParcelLost,
    /// It will come later than was promised, or later than was last said.
    ParcelDelayed,
    /// Its courier has told nothing for longer than is usual.
    ParcelSilent,
    /// Somebody said what shall be done with it in its hold.
    ParcelHoldAnswered,
    /// The courier refused what its person chose, and there is still time to choose again.
    ParcelHoldRefused,
    /// A person reported a problem with it or with its order.
    ProblemReported,
    /// A checkout with a way to reach the person was begun or changed.
    CartUpdated,
    /// A checkout became an order.
    CartCompleted,
    /// A checkout was deleted.
    CartRemoved,
    /// A return was asked for.
    ReturnRequested,
    /// A person opened a mail of this run (human, consented).
    MessageOpened,
    /// A person clicked in a mail of this run (human, consented).
    MessageClicked,
    /// A person answered a message of this run.
    MessageReplied,
    /// A person asked for a reminder tomorrow.
    ReminderRequested,
    /// A person withdrew, refused or objected.
    ConsentWithdrawn,
    /// A person agreed.
    ConsentGiven,
}

/// One moment, with what it concerns.
#[derive(Clone, PartialEq, Debug)]
pub struct Happening {
    /// What.
    pub moment: Moment,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// How we learnt of it.
    pub origin: Origin,
    /// Whose.
    pub customer: CustomerId,
    /// Which order.
    pub order: Option<OrderId>,
    /// Which parcel of the order.
    pub parcel: Option<u16>,
    /// Which cart.
    pub cart: Option<String>,
    /// Which message.
    pub message: Option<EffectId>,
}
