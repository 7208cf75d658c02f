//! What must never happen, asked after every turn.

use super::{History, ROME};
use dopo_core::consent::{Channel, ConsentState, Purpose, Topic};
use dopo_core::counter::{NOW, province_of};
use dopo_core::customer::Customer;
use dopo_core::id::CustomerId;
use dopo_core::journey::{CloseReason, Phase, Reentry, Run};
use dopo_core::message::{Message, MessageStatus};
use dopo_core::order::Standing;
use dopo_core::parcel::{Direction, HoldOutcome, NOTICE_DELIVERED, ParcelState, ScanSource};
use dopo_core::simulate::{Row, Verdict};
use jiff::civil::Weekday;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap};

impl History {
    /// The gauges say what one counts, and no figure of the first page contradicts another.
    fn gauges_are_what_there_is(&mut self) {
        let mut there: BTreeMap<(String, String), i64> = BTreeMap::new();
        let mut put = |metric: &str, dim: &str| {
            *there
                .entry((metric.to_owned(), dim.to_owned()))
                .or_default() += 1;
        };
        for _ in self.stage.customers() {
            put("now.customers", "");
        }
        for _ in 0..self.stage.tasks() {
            put("now.tasks", "");
        }
        for order in self.stage.orders() {
            let standing = order.standing();
            put("now.orders", standing.as_str());
            let province = province_of(Some(order), None).map(|p| p.code());
            if let Some(code) = province {
                put("now.orders_in", &format!("{code}/{}", standing.as_str()));
            }
            if standing != Standing::Cancelled {
                for parcel in order.tracked.iter().filter(|p| p.is_live()) {
                    put("now.parcels", parcel.state.as_str());
                    if let Some(code) = province {
                        put(
                            "now.parcels_in",
                            &format!("{code}/{}", parcel.state.as_str()),
                        );
                    }
                }
            }
        }
        for run in self.stage.runs() {
            if let Some(step) = run.step() {
                put("now.runs", &format!("{}/{step}", run.journey));
            }
        }
        let counters = self.stage.counters();
        let gauges: BTreeMap<(String, String), i64> = counters
            .0
            .iter()
            .filter(|(key, n)| key.day == NOW && **n != 0)
            .map(|(key, n)| ((key.metric.to_string(), key.dim.to_string()), *n))
            .collect();
        let mut wrong = Vec::new();
        if gauges != there {
            wrong.push(format!("5: gauges say {gauges:?}, there is {there:?}"));
        }
        let mut sum: BTreeMap<(&str, &str), i64> = BTreeMap::new();
        for (key, n) in &counters.0 {
            let kind = key.dim.split('/').next().unwrap_or_default();
            *sum.entry((&key.metric, kind)).or_default() += n;
        }
        let of = |metric: &str, kind: &str| sum.get(&(metric, kind)).copied().unwrap_or(0);
        let left = self.stage.rows().iter();
        let left = left.filter(|row| row.decision == Verdict::Allow).count() as i64;
        let never_more = [
            ("kpi.opened", "kpi.open_measurable"),
            ("kpi.clicked", "kpi.click_measurable"),
            ("kpi.first_contact_24h", "kpi.first_contact"),
            ("kpi.crosssell_reached", "kpi.sent"),
            ("kpi.crosssell_orders", "kpi.orders"),
            ("kpi.contact_orders", "kpi.orders"),
            ("kpi.orders", "kpi.orders"),
        ];
        if of("kpi.sent", "") != left {
            wrong.push(format!(
                "5: {left} messages left, {} counted",
                of("kpi.sent", "")
            ));
        }
        for (less, more) in never_more {
            if of(less, "") > of(more, "") || of(less, "") < 0 {
                wrong.push(format!("5: more {less} than {more}"));
            }
            for kind in ["channel", "journey"] {
                if less != "kpi.orders" && of(less, kind) != of(less, "") {
                    wrong.push(format!("5: {less} differs by {kind}"));
                }
            }
        }
        for what in wrong {
            self.fail(what);
        }
        self.steps_count_what_people_did();
    }

    /// Steps count as many opens and clicks as the first page, never more than could be measured, and each of a message
    /// that was opened or clicked; places count every reason they hold back for.
    fn steps_count_what_people_did(&mut self) {
        let mut by_dim: BTreeMap<(&str, &str), i64> = BTreeMap::new();
        let (mut all, mut held_in): (BTreeMap<&str, i64>, i64) = (BTreeMap::new(), 0);
        for (key, n) in &self.stage.counters().0 {
            *by_dim.entry((&key.metric, &key.dim)).or_default() += n;
            if key.dim.is_empty() || key.metric.starts_with("journeys.") {
                *all.entry(&key.metric).or_default() += n;
            }
            match &*key.metric {
                "messages.held_back_in" => held_in += n,
                "kpi.held_back" if key.dim.starts_with("province/") => held_in -= n,
                _ => {}
            }
        }
        let mut acted: BTreeMap<(&str, String), i64> = BTreeMap::new();
        for message in self.stage.messages() {
            let step = &message.send.step;
            let dim = format!("{}/{}/{step}", message.journey, message.journey_version);
            for (metric, at) in [
                ("journeys.opened", message.opened_at),
                ("journeys.clicked", message.clicked_at),
            ] {
                *acted.entry((metric, dim.clone())).or_default() += i64::from(at.is_some());
            }
        }
        let mut wrong = Vec::new();
        if held_in != 0 {
            wrong.push(format!(
                "5: {held_in} more reasons in places than messages held back"
            ));
        }
        let of = |metric: &str| all.get(metric).copied().unwrap_or(0);
        for (step, page) in [
            ("journeys.opened", "kpi.opened"),
            ("journeys.clicked", "kpi.clicked"),
            ("journeys.open_measurable", "kpi.open_measurable"),
            ("journeys.click_measurable", "kpi.click_measurable"),
        ] {
            if of(step) != of(page) {
                wrong.push(format!("5: {step} is {}, {page} is {}", of(step), of(page)));
            }
        }
        for ((metric, dim), n) in &by_dim {
            let more = match *metric {
                "journeys.opened" => "journeys.open_measurable",
                "journeys.clicked" => "journeys.click_measurable",
                _ => continue,
            };
            if *n > by_dim.get(&(more, *dim)).copied().unwrap_or(0) {
                wrong.push(format!("5: {dim} has more {metric} than {more}"));
            }
            let known = acted.get(&(*metric, (*dim).to_owned())).copied();
            if !self.forgot && known.unwrap_or(0) < *n {
                wrong.push(format!("5: {dim} counts {n} {metric}, there are {known:?}"));
            }
        }
        for what in wrong {
            self.fail(what);
        }
    }

    /// The figures of couriers say what their parcels came to.
    fn couriers_count_what_there_is(&mut self) {
        let mut there: BTreeMap<&str, i64> = BTreeMap::new();
        for order in self.stage.orders() {
            for parcel in &order.tracked {
                let counts = parcel.is_live()
                    && parcel.direction == Direction::Outbound
                    && parcel.snapshot.carrier.is_some();
                if !counts {
                    continue;
                }
                let standing = || {
                    let known = parcel.checkpoints.iter();
                    known.filter(|k| k.revoked_at.is_none())
                };
                let any = |is: fn(ParcelState) -> bool| standing().any(|k| is(k.checkpoint.state));
                let mut put = |metric, is: bool| *there.entry(metric).or_default() += i64::from(is);
                put("courier.shipped", any(ParcelState::is_under_way));
                put("courier.held", any(|s| s == ParcelState::HeldAtDepot));
                put(
                    "courier.attempt_failed",
                    any(|s| s == ParcelState::AttemptFailed),
                );
                put("courier.delivered", parcel.delivered_at.is_some());
            }
        }
        let mut wrong = Vec::new();
        for (metric, n) in there {
            let counters = self.stage.counters().0.iter();
            let counted: i64 = counters
                .filter(|(key, _)| key.metric == metric)
                .map(|(_, n)| n)
                .sum();
            if counted != n {
                wrong.push(format!("5: {metric} is {counted}, there are {n}"));
            }
        }
        for what in wrong {
            self.fail(what);
        }
    }

    /// 2: a courier is told once what to do with a held parcel, unless it refused.
    fn couriers_are_told_once(&mut self) {
        let mut ids = BTreeSet::new();
        let mut wrong = Vec::new();
        for call in self.stage.calls() {
            if !ids.insert(call.id) {
                wrong.push("2: one call twice".to_owned());
            }
        }
        let holds = || {
            let orders = self.stage.orders();
            orders.flat_map(|o| o.tracked.iter().flat_map(|p| &p.holds))
        };
        for hold in holds() {
            let told = hold.outcome.is_some() && hold.outcome != Some(HoldOutcome::ByHand);
            if told && !hold.call.is_some_and(|call| ids.contains(&call)) {
                wrong.push("2: a hold waits for a call that nobody makes".to_owned());
            }
            if hold.answer.is_some() != hold.answered_at.is_some() {
                wrong.push("4: an answer without its time".to_owned());
            }
        }
        for what in wrong {
            self.fail(what);
        }
    }

    fn fail(&mut self, what: String) {
        self.broken.push(what);
    }

    /// New decisions: each has one id, once, and what is let through has a basis.
    pub(super) fn look_at_decisions(&mut self) {
        let new: Vec<Message> = self
            .stage
            .messages()
            .filter(|m| !self.decided.contains(&m.id))
            .cloned()
            .collect();
        for message in new {
            self.decided.insert(message.id);
            let step = message.send.step.clone();
            if !self.steps.insert((message.id.run(), step.clone())) {
                self.fail(format!("2: step {step} of one run decided twice"));
            }
            if message.status == MessageStatus::Queued {
                if message.grant.is_none() {
                    self.fail(format!("1: {step} queued without a basis"));
                }
                if message.due_at < message.decided_at {
                    self.fail(format!("3: {step} is due before it was decided"));
                }
                if self.closed {
                    self.fail(format!("1: {step} decided after the shop was disconnected"));
                }
            }
        }
    }

    /// New rows, judged by the facts of the moment in which the messages left.
    pub(super) fn look_at_rows(&mut self) {
        let new: Vec<Row> = self.stage.rows()[self.rows_seen..].to_vec();
        self.rows_seen += new.len();
        let mut last = Timestamp::MIN;
        for row in new {
            if row.decision != Verdict::Allow {
                continue;
            }
            if row.at < last {
                self.fail("3: rows are not in the order of time".into());
            }
            last = row.at;
            if !self.left.insert(row.message) {
                self.fail(format!("2: {} left twice", row.step));
            }
            if self.closed {
                self.fail(format!(
                    "1: {} left after the shop was disconnected",
                    row.step
                ));
            }
            let Some(message) = self.stage.message(row.message).cloned() else {
                self.fail(format!("2: {} left and is not on record", row.step));
                continue;
            };
            let journey = (message.journey.clone(), message.journey_version);
            let journey = self.stage.shop().journeys.get(&journey);
            let again = journey.is_some_and(|j| j.reentry == Reentry::Always);
            let key = (
                message.journey.clone(),
                again.then(|| message.id.run()),
                message.order_id.map(|o| o.0),
                message.parcel,
                message.cart_id.clone(),
                row.step.clone(),
            );
            if !self.promises.insert(key) {
                self.fail(format!(
                    "2: {} left twice for one order, parcel or cart",
                    row.step
                ));
            }
            self.told_once(&message);
            let Some(person) = self.stage.customer(row.customer_id).cloned() else {
                self.fail(format!("1: {} left for somebody forgotten", row.step));
                continue;
            };
            let verdicts = [
                self.lawful(&row, &message, &person),
                self.timely(&row, &message),
                self.capped(&row, &message),
                self.still_true(&message),
            ];
            for verdict in verdicts {
                if let Err(what) = verdict {
                    self.fail(format!("{what}: {} at {}", row.step, row.at));
                }
            }
        }
    }

    /// 2: news of a parcel is told once, by whichever journey; a delivery once more for each time it was taken back.
    fn told_once(&mut self, message: &Message) {
        let (Some(order), Some(seq), Some(notice)) =
            (message.order_id, message.parcel, &message.send.notice)
        else {
            return;
        };
        let times = {
            let times = self.told.entry((order.0, seq, notice.clone()));
            *times.and_modify(|times| *times += 1).or_insert(1)
        };
        let taken_back = |run: &&Run| {
            run.journey == "delivery_taken_back"
                && run.key.order == Some(order)
                && run.key.parcel == Some(seq)
        };
        let again = match notice.as_str() {
            NOTICE_DELIVERED => self.stage.runs().filter(taken_back).count(),
            _ => 0,
        };
        if times > 1 + again {
            self.fail(format!(
                "2: {notice} told {times} times of one parcel, taken back {again} times"
            ));
        }
    }

    /// 1: table 0.2 and PRIV-06, 08, 09, written down once more in the plainest way.
    fn lawful(
        &mut self,
        row: &Row,
        message: &Message,
        person: &Customer,
    ) -> Result<(), &'static str> {
        let send = &message.send;
        let agreed = |topic: Topic| {
            person.consents.state(topic, Some(send.channel)) == ConsentState::Confirmed
        };
        let no = |topic: Topic| {
            person
                .consents
                .state(topic, Some(send.channel))
                .is_negative()
        };
        match send.channel {
            Channel::Email => {
                if person.emails.is_empty() || person.suppression.hard_bounced_at.is_some() {
                    return Err("1: no good address");
                }
            }
            Channel::Sms | Channel::Call | Channel::Push => {
                if person.phones.is_empty() || person.suppression.phone_dead_at.is_some() {
                    return Err("1: no good number");
                }
            }
        }
        let marketing = matches!(send.purpose, Purpose::Marketing | Purpose::MarketingSimilar);
        if marketing && (person.suppression.complained_at.is_some() || person.minor) {
            return Err("1: marketing after a complaint");
        }
        match send.purpose {
            Purpose::Legal | Purpose::Service if send.promo || send.coupon.is_some() => {
                Err("1: a notice that promotes")
            }
            Purpose::Legal => Ok(()),
            Purpose::Service => (!no(Topic::Service))
                .then_some(())
                .ok_or("1: notices refused"),
            Purpose::Care if no(Topic::Care) => Err("1: care refused"),
            Purpose::Care if send.channel == Channel::Sms => (agreed(Topic::Care)
                || agreed(Topic::Service))
            .then_some(())
            .ok_or("1: care by SMS without consent"),
            Purpose::Care => Ok(()),
            Purpose::Cart => {
                if no(Topic::Cart) || no(Topic::Marketing) {
                    return Err("1: cart reminder refused");
                }
                if agreed(Topic::Cart) || agreed(Topic::Marketing) {
                    return Ok(());
                }
                let cart = message.cart_id.clone().unwrap_or_default();
                let changed = self.stage.cart(&cart).map(|c| c.snapshot.updated_at);
                let late = changed
                    .is_none_or(|at| row.at.duration_since(at) > SignedDuration::from_hours(24));
                if send.promo || late || send.channel != Channel::Email {
                    return Err("1: a cart reminder without consent that is not plain and prompt");
                }
                if !self.lone_cart.insert(cart) {
                    return Err("1: a second cart reminder without consent");
                }
                Ok(())
            }
            Purpose::MarketingSimilar => {
                if no(Topic::MarketingSimilar) || no(Topic::Marketing) {
                    return Err("1: marketing refused");
                }
                if agreed(Topic::MarketingSimilar) || agreed(Topic::Marketing) {
                    return Ok(());
                }
                let bought = &person.purchases;
                let soft = send.channel == Channel::Email
                    && bought.orders > 0
                    && bought.notice.is_some()
                    && !bought.groups.is_empty();
                soft.then_some(())
                    .ok_or("1: marketing without consent or soft spam")
            }
            Purpose::Marketing => (agreed(Topic::Marketing) && !no(Topic::Marketing))
                .then_some(())
                .ok_or("1: marketing without consent"),
            Purpose::Feedback | Purpose::ThirdParty => Err("1: no journey of ours sends that"),
        }
    }

    /// 3: not early, and in allowed hours of Rome.
    fn timely(&self, row: &Row, message: &Message) -> Result<(), &'static str> {
        if row.at < message.due_at || row.at < message.decided_at {
            return Err("3: early");
        }
        if message.send.not_after.is_some_and(|limit| row.at > limit) {
            return Err("3: too late to make sense");
        }
        if let Some(coupon) = &message.send.coupon
            && row.at >= coupon.expires_at
        {
            return Err("3: an offer that is over");
        }
        let started = self
            .stage
            .runs()
            .find(|run| run.id == message.id.run())
            .map(|run| run.state.started_at);
        let hours = match message.send.step.as_str() {
            "guide_24h" | "sms_24h" => 24,
            "cross_sell_48h" | "sms_48h" => 48,
            "offer_72h" | "sms_72h" => 72,
            "offer_72h.reminder" => 96,
            "pickup_reminder" => 36,
            "cart_1h" => 1,
            "cart_24h" => 25,
            "cart_72h" => 73,
            _ => 0,
        };
        if started.is_none_or(|at| row.at.duration_since(at) < SignedDuration::from_hours(hours)) {
            return Err("3: earlier than the journey says");
        }
        let local = row.at.to_zoned(ROME.clone());
        let (day, hour) = (local.weekday(), local.hour());
        let holiday = matches!(
            (local.month(), local.day()),
            (1, 1)
                | (1, 6)
                | (4, 25)
                | (5, 1)
                | (6, 2)
                | (8, 15)
                | (11, 1)
                | (12, 8)
                | (12, 25)
                | (12, 26)
        );
        let in_hours = match (message.send.purpose, message.send.channel) {
            (Purpose::Legal | Purpose::Service, _) => true,
            (_, Channel::Email) | (Purpose::Care, Channel::Sms) => (8..21).contains(&hour),
            (_, _) => match day {
                Weekday::Sunday => false,
                Weekday::Saturday => !holiday && (10..19).contains(&hour),
                _ => !holiday && (9..20).contains(&hour),
            },
        };
        in_hours.then_some(()).ok_or("3: in quiet hours")
    }

    /// 3: not over the cap, counting what truly left.
    fn capped(&mut self, row: &Row, message: &Message) -> Result<(), &'static str> {
        let purpose = message.send.purpose;
        let promotes = matches!(
            purpose,
            Purpose::Marketing | Purpose::MarketingSimilar | Purpose::Cart
        );
        if !promotes {
            return Ok(());
        }
        self.promo.push((row.customer_id, row.channel, row.at));
        if message.send.requested || purpose == Purpose::Cart {
            return Ok(());
        }
        let caps = &self.stage.shop().settings.caps;
        let count = |days: i64, channel: Option<Channel>| {
            let span = SignedDuration::from_hours(24 * days);
            let hit = |(who, on, at): &&(CustomerId, Channel, Timestamp)| {
                *who == row.customer_id
                    && channel.is_none_or(|c| c == *on)
                    && row.at.duration_since(*at) < span
            };
            self.promo.iter().filter(hit).count()
        };
        let over = count(7, Some(Channel::Email)) > usize::from(caps.email_per_7_days)
            && row.channel == Channel::Email
            || count(30, Some(Channel::Sms)) > usize::from(caps.sms_per_30_days)
                && row.channel == Channel::Sms
            || count(7, None) > usize::from(caps.all_per_7_days);
        if over { Err("3: over the cap") } else { Ok(()) }
    }

    /// 3: what it says holds at the moment it leaves.
    fn still_true(&self, message: &Message) -> Result<(), &'static str> {
        let order = message.order_id.and_then(|o| self.stage.order(o));
        let parcel = order.and_then(|o| o.tracked.iter().find(|p| Some(p.seq) == message.parcel));
        let cart = message.cart_id.as_ref().and_then(|c| self.stage.cart(c));
        let stands = order.is_some_and(|o| o.stands());
        let is = |states: &[ParcelState]| parcel.is_some_and(|p| states.contains(&p.state));
        let asks = parcel.is_some_and(|p| {
            p.state == ParcelState::HeldAtDepot && p.hold().is_some_and(|hold| hold.awaits_answer())
        });
        let holds = match message.send.step.as_str() {
            "attempt_failed" => is(&[ParcelState::AttemptFailed]),
            "pickup_ready" => is(&[ParcelState::ReadyForPickup]),
            "pickup_reminder" | "pickup_last_day" => stands && is(&[ParcelState::ReadyForPickup]),
            "held" | "hold_refused" => asks,
            "hold_reminder" | "hold_sms" => stands && asks,
            "hold_answered" => is(&[ParcelState::HeldAtDepot]),
            "delayed" => parcel.is_some_and(|p| p.delivered_at.is_none()),
            "silent" => parcel.is_some_and(|p| p.silent_since.is_some()),
            "delivery_taken_back" => order.is_some_and(|o| o.delivered_at.is_none()),
            "returned" => {
                stands
                    && is(&[
                        ParcelState::Refused,
                        ParcelState::Returning,
                        ParcelState::Returned,
                    ])
            }
            "lost" => stands && is(&[ParcelState::Lost]),
            "delivered" => parcel.is_some_and(|p| p.state.is_possession()),
            "out_for_delivery" => parcel.is_some_and(|p| p.state == ParcelState::OutForDelivery),
            "guide_24h" | "sms_24h" | "sms_48h" => order.is_some_and(|o| o.delivered_at.is_some()),
            "cross_sell_48h" | "offer_72h" | "offer_72h.reminder" | "sms_72h" => {
                order.is_some_and(|o| o.delivered_at.is_some() && o.stands())
            }
            "cart_1h" | "cart_24h" | "cart_72h" => cart.is_some_and(|c| c.is_open()),
            _ => true,
        };
        holds.then_some(()).ok_or("3: no longer true")
    }

    /// 2 and 4: nothing is left over that was promised or heard.
    pub(super) fn look_at_the_end(&mut self) {
        let queued = self
            .stage
            .messages()
            .filter(|m| m.status == MessageStatus::Queued)
            .count();
        if queued > 0 {
            self.fail(format!(
                "2: {queued} messages never left and were never held back"
            ));
        }
        let mut coupons: HashMap<String, Timestamp> = HashMap::new();
        let mut moved = false;
        for coupon in self.stage.messages().filter_map(|m| m.send.coupon.as_ref()) {
            let expires = coupons
                .entry(coupon.code.clone())
                .or_insert(coupon.expires_at);
            moved |= *expires != coupon.expires_at;
        }
        if moved {
            self.fail("3: a coupon's end has moved".into());
        }
        let issued = self.stage.coupons();
        let again = issued.iter().enumerate().any(|(n, a)| {
            issued[..n].iter().any(|b| {
                let apart = a.issued_at.duration_since(b.issued_at);
                a.customer_id == b.customer_id
                    && a.campaign == b.campaign
                    && apart < SignedDuration::from_hours(30 * 24)
            })
        });
        if again {
            self.fail("2: one campaign's coupon twice within 30 days".into());
        }
        self.gauges_are_what_there_is();
        let mut stuck = Vec::new();
        for run in self.stage.runs() {
            match &run.state.phase {
                Phase::Closed { why, .. } => {
                    if *why == CloseReason::Endless {
                        stuck.push("a run went round in circles");
                    }
                }
                Phase::Waiting { until }
                | Phase::WaitingFor { until }
                | Phase::WatchingGoal { until } => {
                    if *until <= self.stage.now() {
                        stuck.push("a run slept through its time");
                    }
                }
            }
        }
        for what in stuck {
            self.fail(format!("2: {what}"));
        }
        self.couriers_are_told_once();
        if self.forgot {
            return; // then facts are rightly gone
        }
        self.couriers_count_what_there_is();
        let mut lost = Vec::new();
        for name in &self.told_orders {
            if self.stage.order_named(name).is_none() {
                lost.push(format!("4: order {name} was told and is not known"));
            }
        }
        let mut waiting = 0;
        for (order, ids) in &self.about {
            if self.told_orders.contains(order) {
                continue;
            }
            waiting += ids.len();
        }
        if waiting != self.stage.waiting() {
            lost.push(format!(
                "4: {waiting} events wait for an order, {} are kept",
                self.stage.waiting()
            ));
        }
        for (order, state, at) in &self.scans {
            let Some(order) = self.stage.order_named(order) else {
                continue;
            };
            let scans = order.tracked.iter().flat_map(|p| &p.checkpoints);
            let kept = scans.map(|k| &k.checkpoint).any(|c| {
                // A platform's scan of what a courier told before is its echo.
                let echo = c.source != ScanSource::Shop
                    && at.duration_since(c.at).abs() <= SignedDuration::from_hours(48);
                c.state == *state && (c.at == *at || echo)
            });
            if !kept {
                lost.push(format!(
                    "4: a scan {} was heard and is not known",
                    state.as_str()
                ));
            }
        }
        for what in lost {
            self.fail(what);
        }
    }
}
