//! How tellings become what is known of a parcel: scans, holds, where it stands.

use super::{
    ActBy, CHECKPOINTS_MAX, Checkpoint, DepotHold, Direction, HOLDS_MAX, HoldOutcome,
    KnownCheckpoint, Parcel, ParcelState, Relation, ScanSource, Telling, act_by,
};
use jiff::{SignedDuration, Timestamp};

/// Days that a hold usually lasts, where the courier does not tell its end.
pub const HOLD_DAYS_USUAL: i64 = 7;
/// Hours within which a courier usually tries again after a delivery that failed, or holds the parcel.
pub const EARLY_HOURS_USUAL: i64 = 72;
/// Hours around a courier's scan within which a shop's scan of the same state is its echo.
const ECHO_HOURS: i64 = 48;
/// Numbers that one parcel can have had before.
const FORMER_NUMBERS_MAX: usize = 5;

impl Parcel {
    /// Adds a scan. Returns whether it was new; repeats (same content, or same time, state, code and place) change nothing.
    pub fn learn(&mut self, checkpoint: Checkpoint, known_at: Timestamp) -> bool {
        let new = self.keep(checkpoint, known_at, None);
        if new {
            self.settle();
        }
        new
    }

    /// Takes in everything a courier tells. Returns whether anything changed.
    ///
    /// A scan that the telling takes back, and a delivery that the same teller told before and leaves out of a complete
    /// telling now, stand no longer.
    pub fn hear(&mut self, told: &Telling, known_at: Timestamp) -> bool {
        let mut changed = false;
        for scan in told.scans.iter().take(CHECKPOINTS_MAX) {
            let hash = scan.checkpoint.hash();
            let known = self.checkpoints.iter_mut().find(|k| {
                k.checkpoint.hash() == hash || is_repeat(&k.checkpoint, &scan.checkpoint)
            });
            match known {
                Some(known) => {
                    let revoked_at = match (scan.taken_back, known.revoked_at) {
                        (true, None) => Some(known_at),
                        (false, Some(_)) => None,
                        (_, as_it_is) => as_it_is,
                    };
                    changed |= revoked_at != known.revoked_at;
                    known.revoked_at = revoked_at;
                }
                None => {
                    let revoked_at = scan.taken_back.then_some(known_at);
                    changed |= self.keep(scan.checkpoint.clone(), known_at, revoked_at);
                }
            }
        }
        if told.complete && !told.scans.is_empty() {
            changed |= self.revoke_untold(told, known_at);
        }
        macro_rules! take {
            ($($ours:ident from $theirs:ident),*) => {$(
                if told.$theirs.is_some() && self.$ours != told.$theirs {
                    self.$ours = told.$theirs.clone();
                    changed = true;
                }
            )*};
        }
        take!(window from expected, pickup_point from pickup_point, cash_on_delivery from cash_on_delivery, weight_g from weight_g);
        if let Some(direction) = told.direction
            && direction != self.direction
        {
            self.direction = direction;
            changed = true;
        }
        for related in &told.related {
            if related.relation == Relation::Renumbered {
                changed |= self.renumber(&related.number);
            }
        }
        if changed {
            self.settle();
        }
        changed |= self.hold_told(told);
        changed
    }

    /// Takes back every scan of `state` at `at` (any time when `None`). Returns whether one stood.
    pub fn revoke(
        &mut self,
        state: ParcelState,
        at: Option<Timestamp>,
        known_at: Timestamp,
    ) -> bool {
        let mut any = false;
        for known in &mut self.checkpoints {
            let hit =
                known.checkpoint.state == state && at.is_none_or(|at| at == known.checkpoint.at);
            if hit && known.revoked_at.is_none() {
                known.revoked_at = Some(known_at);
                any = true;
            }
        }
        if any {
            self.settle();
        }
        any
    }

    /// Whether it has this number, or had it before.
    pub fn is_numbered(&self, number: &str) -> bool {
        self.snapshot.number.as_deref() == Some(number)
            || self.former_numbers.iter().any(|n| n == number)
    }

    /// The hold at the depot that goes on.
    pub fn hold(&self) -> Option<&DepotHold> {
        self.question().filter(|hold| !hold.early)
    }

    /// The hold at the depot that goes on, to change it.
    pub fn hold_mut(&mut self) -> Option<&mut DepotHold> {
        self.question_mut().filter(|hold| !hold.early)
    }

    /// What its person is asked about: a hold that goes on, at the depot or before it.
    pub fn question(&self) -> Option<&DepotHold> {
        self.holds.last().filter(|hold| hold.is_open())
    }

    /// What its person is asked about, to change it.
    pub fn question_mut(&mut self) -> Option<&mut DepotHold> {
        self.holds.last_mut().filter(|hold| hold.is_open())
    }

    /// The newest scan that stands.
    pub fn newest(&self) -> Option<&KnownCheckpoint> {
        self.checkpoints
            .iter()
            .rev()
            .find(|known| known.revoked_at.is_none())
    }

    fn keep(
        &mut self,
        checkpoint: Checkpoint,
        known_at: Timestamp,
        revoked_at: Option<Timestamp>,
    ) -> bool {
        let hash = checkpoint.hash();
        let same = |k: &KnownCheckpoint| {
            is_repeat(&k.checkpoint, &checkpoint) || k.checkpoint.hash() == hash
        };
        if self.checkpoints.iter().any(same) || self.is_echo(&checkpoint) {
            return false;
        }
        let at = self
            .checkpoints
            .partition_point(|k| k.checkpoint.at <= checkpoint.at);
        self.checkpoints.insert(
            at,
            KnownCheckpoint {
                checkpoint,
                known_at,
                revoked_at,
            },
        );
        if self.checkpoints.len() > CHECKPOINTS_MAX {
            self.checkpoints.remove(1);
        }
        true
    }

    /// Whether a shop's scan says again what a courier told before it, in its own clock: platforms echo what they are told.
    /// Kept, it would stand when the courier takes its word back.
    fn is_echo(&self, scan: &Checkpoint) -> bool {
        let within = SignedDuration::from_hours(ECHO_HOURS);
        scan.source == ScanSource::Shop
            && self.checkpoints.iter().any(|known| {
                let known = &known.checkpoint;
                known.source != ScanSource::Shop
                    && known.state == scan.state
                    && scan.at.duration_since(known.at).abs() <= within
            })
    }

    /// A complete telling without the delivery that its teller told before takes it back.
    fn revoke_untold(&mut self, told: &Telling, known_at: Timestamp) -> bool {
        let source = told.scans.last().map(|scan| scan.checkpoint.source);
        let hashes: Vec<u64> = told.scans.iter().map(|s| s.checkpoint.hash()).collect();
        let mut any = false;
        for known in &mut self.checkpoints {
            let scan = &known.checkpoint;
            let gone = scan.state.is_possession()
                && known.revoked_at.is_none()
                && Some(scan.source) == source
                && scan.source != ScanSource::Shop
                && !hashes.contains(&scan.hash())
                && !told
                    .scans
                    .iter()
                    .any(|told| is_repeat(&told.checkpoint, scan));
            if gone {
                known.revoked_at = Some(known_at);
                any = true;
            }
        }
        any
    }

    fn renumber(&mut self, number: &str) -> bool {
        if self.snapshot.number.as_deref() == Some(number)
            || self.former_numbers.iter().any(|n| n == number)
        {
            return false;
        }
        if let Some(old) = self.snapshot.number.replace(number.to_owned()) {
            self.former_numbers.push(old);
            if self.former_numbers.len() > FORMER_NUMBERS_MAX {
                self.former_numbers.remove(0);
            }
        }
        true
    }

    /// Derives state, reason, who must act, delivery and holds from the scans that stand.
    fn settle(&mut self) {
        let standing = || self.checkpoints.iter().filter(|k| k.revoked_at.is_none());
        let newest = standing().next_back().map(|k| &k.checkpoint);
        let state = newest.map_or(ParcelState::Unknown, |k| k.state);
        let reason = newest.and_then(|k| k.reason.clone());
        let acting = newest.map_or_else(Default::default, |k| {
            k.act_by
                .unwrap_or_else(|| act_by(k.state, k.reason.as_deref()))
        });
        let act_deadline = newest.and_then(|k| k.act_deadline);
        let delivered_at = if state.is_possession() {
            standing()
                .rev()
                .take_while(|k| k.checkpoint.state.is_possession())
                .last()
                .map(|k| k.checkpoint.at)
        } else {
            None
        };
        self.state = state;
        self.reason = reason;
        self.act_by = acting;
        self.act_deadline = act_deadline;
        self.delivered_at = delivered_at;
        self.silent_since = None;
        self.settle_holds();
        if let Some(expires_at) = self.hold().map(|hold| hold.expires_at) {
            self.act_deadline = Some(self.act_deadline.unwrap_or(expires_at));
        }
    }

    /// A hold begins with the first scan of [`ParcelState::HeldAtDepot`] and ends with the next scan of another state. An
    /// early one begins with the first scan that only its person can help with, and goes on while the parcel is merely
    /// brought back to the depot.
    fn settle_holds(&mut self) {
        let outward = self.direction != Direction::Return;
        let mut found: Vec<DepotHold> = Vec::new();
        for known in self.checkpoints.iter().filter(|k| k.revoked_at.is_none()) {
            let scan = &known.checkpoint;
            let open = found.last_mut().filter(|hold| hold.is_open());
            let early = outward && asks_early(scan);
            let asks = early || scan.state == ParcelState::HeldAtDepot;
            match (asks, open) {
                (true, None) => found.push(begun_by(scan, early)),
                (true, Some(hold)) if hold.early == early => {
                    if let Some(deadline) = scan.act_deadline {
                        hold.expires_at = deadline;
                        hold.expiry_told = true;
                    }
                    hold.reason = hold.reason.take().or_else(|| scan.reason.clone());
                }
                (true, Some(hold)) => {
                    hold.closed_at = Some(scan.at);
                    found.push(begun_by(scan, early));
                }
                (false, Some(hold)) if hold.early && waits_there(scan.state) => {}
                (false, Some(hold)) => hold.closed_at = Some(scan.at),
                (false, None) => {}
            }
        }
        // What was answered stays with its hold; an answered one whose scan was taken back is kept as closed.
        let mut before = std::mem::take(&mut self.holds);
        for hold in &mut found {
            let known = before.iter().position(|b| b.opened_at == hold.opened_at);
            let same = |b: &DepotHold| b.is_open() && b.early == hold.early;
            let known = known.or_else(|| before.iter().position(same));
            if let Some(known) = known.map(|at| before.remove(at)) {
                *hold = DepotHold {
                    opened_at: hold.opened_at,
                    early: hold.early,
                    closed_at: hold.closed_at,
                    reason: hold.reason.take().or_else(|| known.reason.clone()),
                    expires_at: match (hold.expiry_told, known.expiry_told) {
                        (false, true) => known.expires_at,
                        _ => hold.expires_at,
                    },
                    expiry_told: hold.expiry_told || known.expiry_told,
                    ..known
                };
            }
        }
        for mut kept in before.into_iter().filter(|b| b.answer.is_some()) {
            kept.closed_at = kept.closed_at.or(Some(kept.opened_at));
            found.push(kept);
        }
        found.sort_by_key(|hold| hold.opened_at);
        found.drain(..found.len().saturating_sub(HOLDS_MAX));
        self.holds = found;
    }

    fn hold_told(&mut self, told: &Telling) -> bool {
        let Some(hold) = self.hold_mut() else {
            return false;
        };
        let before = hold.clone();
        if let Some(expires_at) = told.hold_expires_at {
            hold.expires_at = expires_at;
            hold.expiry_told = true;
        }
        hold.branch = told.branch.clone().or(hold.branch.take());
        hold.reference = told.hold_reference.clone().or(hold.reference.take());
        let changed = *hold != before;
        let expires_at = hold.expires_at;
        if changed {
            self.act_deadline = Some(expires_at);
        }
        changed
    }

    /// Records what became of an answer. Returns whether it was the one that stands.
    pub fn hold_reported(&mut self, call: crate::id::EffectId, outcome: &HoldOutcome) -> bool {
        let hold = self.holds.iter_mut().find(|h| h.call == Some(call));
        match hold {
            Some(hold) if hold.outcome.as_ref() != Some(outcome) => {
                hold.outcome = Some(outcome.clone());
                true
            }
            _ => false,
        }
    }
}

fn is_repeat(known: &Checkpoint, told: &Checkpoint) -> bool {
    known.at == told.at
        && known.state == told.state
        && known.code == told.code
        && known.place == told.place
}

/// Whether a scan asks its person for word before the depot holds the parcel: only they can help.
fn asks_early(scan: &Checkpoint) -> bool {
    let acting = || {
        scan.act_by
            .unwrap_or_else(|| act_by(scan.state, scan.reason.as_deref()))
    };
    let there = scan.state == ParcelState::AttemptFailed || waits_there(scan.state);
    there && acting() == ActBy::Buyer
}

/// Whether a parcel whose person is asked merely waits: what was asked is asked still.
fn waits_there(state: ParcelState) -> bool {
    matches!(state, ParcelState::AtDepot | ParcelState::InTransit)
}

fn begun_by(scan: &Checkpoint, early: bool) -> DepotHold {
    let usual = SignedDuration::from_hours(match early {
        true => EARLY_HOURS_USUAL,
        false => 24 * HOLD_DAYS_USUAL,
    });
    DepotHold {
        opened_at: scan.at,
        early,
        reason: scan.reason.clone(),
        branch: scan.place.clone(),
        reference: None,
        expires_at: scan
            .act_deadline
            .or_else(|| scan.at.checked_add(usual).ok())
            .unwrap_or(scan.at),
        expiry_told: scan.act_deadline.is_some(),
        answer: None,
        by: None,
        answered_at: None,
        call: None,
        outcome: None,
        closed_at: None,
    }
}
