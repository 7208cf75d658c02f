//! Consent: an append-only ledger of acts, and the state that is a fold over it (GDPR art. 7(1); rules PRIV-02 to PRIV-05).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Why a message is sent; the law looks at this before anything else (rules section 0.1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Order receipt, durable-medium confirmation, withdrawal acknowledgement, refund notice, recall.
    Legal,
    /// Shipped, delayed, out for delivery, delivered, reply to a ticket.
    Service,
    /// How to use the bought item, checklist, guarantee information; nothing about other goods.
    Care,
    /// Satisfaction survey, review request.
    Feedback,
    /// Reminder of an unfinished checkout.
    Cart,
    /// Own products similar to those bought.
    MarketingSimilar,
    /// Everything else that promotes the shop.
    Marketing,
    /// Offers of others: not supported, always denied.
    ThirdParty,
}

impl Purpose {
    /// All purposes, in the order of the rules page.
    pub const ALL: [Purpose; 8] = [
        Purpose::Legal,
        Purpose::Service,
        Purpose::Care,
        Purpose::Feedback,
        Purpose::Cart,
        Purpose::MarketingSimilar,
        Purpose::Marketing,
        Purpose::ThirdParty,
    ];

    /// The stable name used in documents, storage and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Purpose::Legal => "legal",
            Purpose::Service => "service",
            Purpose::Care => "care",
            Purpose::Feedback => "feedback",
            Purpose::Cart => "cart",
            Purpose::MarketingSimilar => "marketing_similar",
            Purpose::Marketing => "marketing",
            Purpose::ThirdParty => "third_party",
        }
    }

    /// The purpose with this stable name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.as_str() == name)
    }

    /// Whether a hand-over in doubt is repeated: only what the customer must not miss.
    pub fn repeats_when_in_doubt(self) -> bool {
        matches!(self, Purpose::Legal | Purpose::Service)
    }
}

/// How a message reaches the person.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// E-mail.
    Email,
    /// SMS (WhatsApp and RCS follow the same column of the law).
    Sms,
    /// Web or app push.
    Push,
    /// A call by a person; becomes a task for an operator.
    Call,
}

impl Channel {
    /// All channels.
    pub const ALL: [Channel; 4] = [Channel::Email, Channel::Sms, Channel::Push, Channel::Call];

    /// The stable name used in documents, storage and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Channel::Email => "email",
            Channel::Sms => "sms",
            Channel::Push => "push",
            Channel::Call => "call",
        }
    }

    /// The channel with this stable name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.as_str() == name)
    }
}

/// What a person can agree to or refuse.
///
/// Messages are agreed per purpose and channel; measuring and profiling are purposes of their own (PRIV-10, 11, 16).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// Offers and news of the shop (also covers similar products).
    Marketing,
    /// Similar products to customers (soft spam; a refusal here is the objection of art. 130(4)).
    MarketingSimilar,
    /// Surveys and review requests.
    Feedback,
    /// Cart reminders.
    Cart,
    /// Help with the bought product.
    Care,
    /// Order updates on a channel that needs an opt-in (SMS, push).
    Service,
    /// Measuring opens of this person's mails (PRIV-10).
    TrackingOpen,
    /// Measuring clicks of this person (PRIV-11).
    TrackingClick,
    /// Scores and predictions about this person (PRIV-16).
    Profiling,
}

impl Topic {
    /// All topics.
    pub const ALL: [Topic; 9] = [
        Topic::Marketing,
        Topic::MarketingSimilar,
        Topic::Feedback,
        Topic::Cart,
        Topic::Care,
        Topic::Service,
        Topic::TrackingOpen,
        Topic::TrackingClick,
        Topic::Profiling,
    ];

    /// The stable name used in documents, storage and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Topic::Marketing => "marketing",
            Topic::MarketingSimilar => "marketing_similar",
            Topic::Feedback => "feedback",
            Topic::Cart => "cart",
            Topic::Care => "care",
            Topic::Service => "service",
            Topic::TrackingOpen => "tracking_open",
            Topic::TrackingClick => "tracking_click",
            Topic::Profiling => "profiling",
        }
    }

    /// The topic with this stable name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.as_str() == name)
    }
}

/// What the last act for a topic and channel was.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentState {
    /// Agreed with proof, but the double opt-in is still open: not yet usable (PRIV-04).
    Granted,
    /// Agreed, and confirmed or equally well proven: usable.
    Confirmed,
    /// Asked and refused.
    Refused,
    /// Agreed once, then withdrawn.
    Withdrawn,
    /// Objected (GDPR art. 21): absolute.
    Objected,
    /// Imported without date, source or text: proves nothing (PRIV-03).
    Unknown,
}

impl ConsentState {
    /// Whether it says no.
    pub fn is_negative(self) -> bool {
        matches!(
            self,
            ConsentState::Refused | ConsentState::Withdrawn | ConsentState::Objected
        )
    }
}

/// How the act reached us; an import or an order cannot undo a withdrawal (PRIV-05).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentSource {
    /// Our preference centre, unsubscribe page or one-click header.
    PreferenceCentre,
    /// A form of the shop, with its id in `form`.
    Form,
    /// The checkout of the shop.
    Checkout,
    /// The shop platform's customer record.
    Platform,
    /// The API, by a key.
    Api,
    /// A file.
    Import,
    /// A complaint at the mailbox provider, taken as an objection (MAIL-02).
    Complaint,
    /// By phone or on paper, entered by an operator.
    Operator,
}

impl ConsentSource {
    /// Whether the person acted just now, so that it may undo an earlier withdrawal.
    pub fn is_positive_act(self) -> bool {
        matches!(
            self,
            ConsentSource::PreferenceCentre
                | ConsentSource::Form
                | ConsentSource::Checkout
                | ConsentSource::Api
                | ConsentSource::Operator
        )
    }
}

/// One act, as it stands in the ledger. Rows are never updated.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ConsentAct {
    /// What it is about.
    pub topic: Topic,
    /// On which channel; `None` = all channels (and always for measuring and profiling).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// What the person said.
    pub state: ConsentState,
    /// How it reached us.
    pub source: ConsentSource,
    /// Version of the text the person saw; without it a grant is stored as unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_version: Option<String>,
    /// Id of the form, page or file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<String>,
    /// Language of the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// IP address and user agent of the act, as proof (never logged).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<String>,
}

/// The state of one cell: the last act that counted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ConsentCell {
    /// State after the last act that counted.
    pub state: ConsentState,
    /// When the person acted.
    pub at: Timestamp,
    /// Number of the ledger row that says so: the evidence.
    pub evidence: i64,
}

/// The fold over a person's ledger: one cell per topic and channel.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Consents(BTreeMap<String, ConsentCell>);

impl Consents {
    /// The key of a cell: `topic` or `topic/channel`.
    fn key(topic: Topic, channel: Option<Channel>) -> &'static str {
        /// Channels of a row, and one place for all of them.
        const PLACES: usize = Channel::ALL.len() + 1;
        static KEYS: LazyLock<Vec<String>> = LazyLock::new(|| {
            let of = |topic: Topic| {
                let on = move |c: Channel| format!("{}/{}", topic.as_str(), c.as_str());
                let all = std::iter::once(topic.as_str().to_owned());
                all.chain(Channel::ALL.into_iter().map(on))
            };
            Topic::ALL.into_iter().flat_map(of).collect()
        });
        let row = topic as usize * PLACES;
        &KEYS[row + channel.map_or(0, |c| c as usize + 1)]
    }

    /// The cell of a topic on a channel; an act for all channels counts where it is newer.
    pub fn cell(&self, topic: Topic, channel: Option<Channel>) -> Option<&ConsentCell> {
        let all = self.0.get(Self::key(topic, None));
        let own = channel.and_then(|c| self.0.get(Self::key(topic, Some(c))));
        match (own, all) {
            (Some(own), Some(all)) => Some(if all.at > own.at { all } else { own }),
            (own, all) => own.or(all),
        }
    }

    /// The state of a topic on a channel, [`ConsentState::Unknown`] when nothing was ever said.
    pub fn state(&self, topic: Topic, channel: Option<Channel>) -> ConsentState {
        self.cell(topic, channel)
            .map_or(ConsentState::Unknown, |c| c.state)
    }

    /// Whether the topic is agreed on the channel with usable proof.
    pub fn agreed(&self, topic: Topic, channel: Option<Channel>) -> bool {
        self.state(topic, channel) == ConsentState::Confirmed
    }

    /// Folds one act into the state. `evidence` is the number of its ledger row.
    ///
    /// Returns whether the state changed. An older act than the cell's changes nothing; a grant that is not a positive
    /// act of the person never undoes a negative (PRIV-05); a grant without text is stored as unknown (PRIV-03);
    /// a grant never replaces [`ConsentState::Confirmed`] by something weaker.
    pub fn apply(&mut self, act: &ConsentAct, at: Timestamp, evidence: i64) -> bool {
        let state = match act.state {
            ConsentState::Granted | ConsentState::Confirmed if act.text_version.is_none() => {
                ConsentState::Unknown
            }
            state => state,
        };
        if let Some(now) = self.cell(act.topic, act.channel) {
            let grant = !state.is_negative();
            let older = at < now.at;
            let undoes = grant && now.state.is_negative() && !act.source.is_positive_act();
            let weaker = state == ConsentState::Unknown
                || (state == ConsentState::Granted && now.state == ConsentState::Confirmed);
            if older || undoes || weaker || (now.state == state && now.at == at) {
                return false;
            }
        }
        if act.channel.is_none() {
            // An act for all channels replaces the cells of single channels that are not newer.
            let prefix = format!("{}/", act.topic.as_str());
            self.0
                .retain(|key, cell| !key.starts_with(&prefix) || cell.at > at);
        }
        self.0.insert(
            Self::key(act.topic, act.channel).to_owned(),
            ConsentCell {
                state,
                at,
                evidence,
            },
        );
        true
    }

    /// Joins another person's state into this one when two records turn out to be one person: the newer act wins a
    /// cell, and of two acts at one time the negative.
    pub fn merge(&mut self, other: &Consents) {
        for (key, theirs) in &other.0 {
            match self.0.get(key) {
                Some(ours)
                    if ours.at > theirs.at
                        || (ours.at == theirs.at && ours.state.is_negative()) => {}
                _ => {
                    self.0.insert(key.clone(), theirs.clone());
                }
            }
        }
    }

    /// All cells with their keys (`topic` or `topic/channel`), for display and export.
    pub fn cells(&self) -> impl Iterator<Item = (&str, &ConsentCell)> {
        self.0.iter().map(|(k, c)| (k.as_str(), c))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_has_its_own_name() {
        for topic in Topic::ALL {
            assert_eq!(Consents::key(topic, None), topic.as_str());
            for channel in Channel::ALL {
                let name = format!("{}/{}", topic.as_str(), channel.as_str());
                assert_eq!(Consents::key(topic, Some(channel)), name);
            }
        }
    }
}
