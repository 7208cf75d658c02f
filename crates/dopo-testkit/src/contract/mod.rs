//! What every store must do, as facts that any implementation of [`Store`] can be put to.
//!
//! A store's tests name how to make a fresh one and get one test a fact:
//! `dopo_testkit::store_contract!(fresh());` where `fresh()` is a future of `(Arc<dyn Store>, guard)`; the guard is dropped
//! after the test.

pub mod arrivals;
pub mod console;
pub mod console_named;
pub mod console_places;
pub mod console_risks;
pub mod console_work;
pub mod couriers;
pub mod links;
pub mod operating;
pub mod people;
pub mod queue;
pub mod reading;
pub mod runs;
pub mod settings;

use crate::build::{arrival, intake, nothing};
use dopo_core::advance::{Loaded, Writes};
use dopo_core::event::{Arrival, Event};
use dopo_core::id::{RunId, ShopId};
use dopo_engine::ports::store::{DecideArrivals, DecideDue, IntakeOutcome, Store, StoreError};
use jiff::Timestamp;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

/// A store under test.
pub type Subject = Arc<dyn Store>;

/// Makes one test of each fact of the contract for the store that `$make` (a future of a store and a guard) gives.
#[macro_export]
macro_rules! store_contract {
    ($make:expr) => {
        $crate::store_contract!(@ $make;
            arrivals: a_repeat_is_recognised;
            arrivals: a_repeat_within_one_batch_is_recognised;
            arrivals: the_same_external_id_of_another_source_is_new;
            arrivals: an_undecided_batch_leaves_no_trace;
            arrivals: arrivals_keep_their_order;
            arrivals: an_intake_of_several_arrivals_is_one_inbox_row;
            arrivals: what_is_not_understood_is_kept_and_said;
            arrivals: what_is_of_no_interest_is_ignored;
            arrivals: an_unusable_arrival_fails_its_intake;
            arrivals: a_replay_is_decided_again_and_updates_its_row;
            arrivals: too_many_intakes_are_refused;
            arrivals: facts_named_by_arrivals_are_loaded;
            arrivals: everything_that_hangs_on_a_person_is_loaded;
            arrivals: a_message_brings_its_closed_run;
            arrivals: categories_of_products_are_loaded;
            arrivals: a_parked_arrival_waits_and_is_woken_once;
            arrivals: a_parked_arrival_is_woken_by_a_tracking_number;
            arrivals: parked_arrivals_are_woken_in_order;
            arrivals: what_still_waits_is_parked_again;
            arrivals: a_woken_arrival_brings_its_own_facts;
            arrivals: an_unusable_woken_arrival_fails_its_intake;
            arrivals: many_at_once_lose_nothing;
            runs: due_runs_are_claimed_with_their_facts;
            runs: only_due_runs_of_the_shop_are_claimed;
            runs: the_earliest_runs_are_claimed_first;
            runs: a_closed_run_is_never_due;
            runs: a_stale_commit_conflicts_and_writes_nothing;
            runs: one_effect_decided_twice_conflicts;
            runs: two_workers_never_decide_one_run_twice;
            queue: a_message_without_a_basis_cannot_be_queued;
            queue: a_claim_marks_sending_and_brings_the_facts;
            queue: nothing_is_claimed_before_its_time;
            queue: channels_have_queues_of_their_own;
            queue: two_claimers_never_share;
            queue: a_sent_message_leaves_the_queue_with_its_rendering;
            queue: a_captured_message_is_not_sent;
            queue: a_held_back_message_leaves_the_queue;
            queue: a_deferred_message_comes_again_later;
            queue: a_retried_message_comes_again_and_counts;
            queue: a_failed_message_is_a_dead_letter;
            queue: a_message_in_doubt_is_not_repeated;
            queue: a_dead_node_leaves_service_to_repeat_and_the_rest_in_doubt;
            queue: a_living_node_keeps_its_claims;
            queue: a_new_node_recovers_its_own_number;
            queue: a_bounce_before_the_record_stays_a_bounce;
            queue: marks_touch_only_their_columns;
            queue: requeue_takes_only_what_failed_or_is_in_doubt;
            queue: the_depth_tells_due_from_later;
            people: a_merge_moves_everything;
            people: a_merged_id_still_leads_to_the_person;
            people: identities_are_pointed_anew;
            people: forgetting_leaves_nothing_findable;
            people: forgetting_keeps_other_people;
            people: forgetting_a_shop_leaves_its_row_alone;
            people: a_late_answer_does_not_bring_a_forgotten_person_back;
            people: two_shops_with_the_same_ids_never_meet;
            people: a_person_file_holds_everything;
            settings: the_settings_version_moves_with_every_change;
            settings: a_taken_slug_conflicts;
            settings: journeys_are_numbered_and_one_version_is_current;
            settings: templates_keep_their_versions;
            settings: a_rotated_secret_keeps_the_one_before;
            settings: a_removed_connection_leaves_no_secret;
            settings: users_are_found_by_address;
            settings: sessions_end;
            settings: api_keys_are_found_until_revoked;
            reading: times_are_kept_to_the_microsecond;
            reading: absent_values_stay_absent;
            reading: hostile_names_survive;
            reading: an_order_comes_with_its_customer;
            reading: messages_are_listed_newest_first_and_filtered;
            reading: the_inbox_is_listed_newest_first_and_filtered;
            reading: a_coupon_is_redeemed_once;
            reading: a_code_that_is_redeemed_by_hand_says_for_what;
            reading: tasks_are_listed_newest_first;
            reading: similar_products_are_those_sold_most;
            reading: an_older_telling_of_a_product_changes_nothing;
            console: lists_of_people_follow_any_history;
            console: a_name_that_everybody_has_is_found_page_by_page;
            console: a_changed_name_is_found_by_the_new_one_alone;
            console: a_merged_person_is_listed_once;
            console: a_forgotten_person_is_in_no_list;
            console: lists_of_another_shop_show_nothing;
            console: a_page_has_so_many_rows_at_most;
            console: orders_are_found_by_number_id_and_tracking;
            console: a_moved_parcel_moves_its_order_in_the_lists;
            console: messages_are_listed_by_every_filter;
            console: active_runs_are_listed_by_step;
            console_named: a_page_names_its_people_and_orders_in_one_reading;
            console_places: people_at_risk_are_listed_and_counted_as_the_rule_says;
            console_places: orders_of_a_place_are_those_that_go_there;
            console_places: messages_of_a_place_are_those_about_what_goes_there;
            console_places: what_waits_is_counted_for_its_shop;
            console_risks: orders_in_trouble_stand_by_what_is_at_risk;
            console_risks: orders_in_trouble_are_reached_to_the_last_one;
            console_risks: a_forgotten_person_is_on_no_board;
            console_work: raw_events_are_listed_without_bodies;
            console_work: a_bad_note_is_refused;
            console_work: notes_are_kept_newest_first;
            console_work: tasks_are_opened_and_done_by_hand;
            console_work: what_is_to_do_about_an_order_is_found_until_it_is_done;
            console_work: views_are_everybodys_or_ones_own;
            console_work: the_audit_log_is_read_page_by_page;
            console_work: a_role_holds_in_one_shop_or_in_all;
            console_work: a_new_password_ends_other_sessions;
            console_work: passkeys_are_found_by_their_id;
            console_work: somebody_elsewhere_is_one_account_and_stays_it;
            console_work: a_key_is_found_by_its_number;
            console_work: webhooks_are_kept_for_their_shop;
            console_work: two_claimers_never_share_a_delivery;
            console_work: a_delivery_comes_again_until_it_is_done;
            console_work: words_for_the_outside_are_stored_with_their_batch;
            console_work: what_became_of_a_message_is_told_in_the_same_transaction;
            console_work: backups_are_listed_newest_first;
            couriers: a_planned_look_comes_when_its_time_has_come;
            couriers: a_claimed_look_is_hidden_and_comes_back_if_nobody_finishes_it;
            couriers: a_finished_look_is_told_its_next_time_and_remembers;
            couriers: it_is_known_when_a_parcel_was_last_looked_at;
            couriers: a_look_planned_anew_while_it_is_asked_for_stands;
            couriers: looks_are_claimed_by_courier_the_longest_waiting_first;
            couriers: two_lookers_never_share_a_look;
            couriers: a_look_added_later_changes_none_that_is_there;
            couriers: a_feed_remembers_when_it_was_last_heard;
            couriers: orders_are_read_many_at_once;
            couriers: a_call_is_tried_until_it_is_done_and_never_twice_at_once;
            couriers: courier_accounts_are_kept_sealed_and_refused_once;
            couriers: a_days_budget_is_spent_and_not_overspent;
            couriers: an_accounts_calls_keep_their_distance_whoever_makes_them;
            couriers: photos_are_kept_for_their_order;
            couriers: photos_go_some_time_after_their_case_is_closed;
            couriers: forgetting_ends_looks_calls_and_photos;
            links: a_short_link_is_kept_once_for_its_message_and_place;
            links: a_short_link_says_whose_it_is;
            links: short_links_go_with_their_person;
            links: short_links_are_remembered_for_a_time_after_they_expired;
            operating: counters_add_up;
            operating: counters_are_found_by_prefix_and_day;
            operating: pruning_forgets_what_is_past_its_time;
            operating: a_fresh_store_is_in_order;
            operating: nodes_are_taken_and_given_back;
            operating: a_failing_write_fails_alone;
        );
    };
    (@ $make:expr; $($module:ident: $fact:ident;)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $fact() {
                let (store, _guard) = $make.await;
                $crate::contract::$module::$fact(store).await;
            }
        )*
    };
}

static NUMBER: AtomicI64 = AtomicI64::new(1_000_000);

/// A number no other test uses.
pub(crate) fn number() -> i64 {
    NUMBER.fetch_add(1, Ordering::Relaxed)
}

/// A shop in the store.
pub(crate) async fn shop(store: &Subject) -> ShopId {
    store
        .add_shop(
            &format!("bottega-{}", number()),
            &crate::build::settings("Bottega"),
        )
        .await
        .unwrap()
}

/// A decision that always writes this.
pub(crate) fn always(writes: Writes) -> DecideArrivals {
    Arc::new(move |_, _| writes.clone())
}

/// A decision about due runs that always writes this.
pub(crate) fn always_due(writes: Writes) -> DecideDue {
    Arc::new(move |_, _| writes.clone())
}

/// Writes this into the store.
pub(crate) async fn put(store: &Subject, shop: ShopId, writes: Writes) {
    try_put(store, shop, writes).await.unwrap();
}

/// Tries to write this into the store.
pub(crate) async fn try_put(
    store: &Subject,
    shop: ShopId,
    writes: Writes,
) -> Result<Vec<IntakeOutcome>, StoreError> {
    let id = number();
    let name = format!("put-{id}");
    let mut carrier = intake(id, &name, vec![arrival(shop, &name, id << 8, nothing())]);
    carrier.body = None;
    store
        .commit_arrivals(shop, vec![carrier], always(writes))
        .await
}

/// What a decision was given.
#[derive(Clone, Default)]
pub(crate) struct Seen<I>(Arc<Mutex<Vec<(Loaded, I)>>>);

impl<I: Clone> Seen<I> {
    /// All that was given, in order.
    pub(crate) fn all(&self) -> Vec<(Loaded, I)> {
        self.0.lock().unwrap().clone()
    }

    /// The one thing that was given.
    pub(crate) fn one(&self) -> (Loaded, I) {
        let all = self.all();
        assert_eq!(all.len(), 1, "decided once");
        all.into_iter().next().unwrap()
    }
}

/// A decision that remembers what it was given, and writes this.
pub(crate) fn watching(writes: Writes) -> (DecideArrivals, Seen<Vec<Arrival>>) {
    let seen = Seen(Arc::default());
    let kept = seen.clone();
    let decide: DecideArrivals = Arc::new(move |loaded, arrivals| {
        kept.0.lock().unwrap().push((loaded, arrivals));
        writes.clone()
    });
    (decide, seen)
}

/// A decision about due runs that remembers what it was given, and writes this.
pub(crate) fn watching_due(writes: Writes) -> (DecideDue, Seen<Vec<RunId>>) {
    let seen = Seen(Arc::default());
    let kept = seen.clone();
    let decide: DecideDue = Arc::new(move |loaded, runs| {
        kept.0.lock().unwrap().push((loaded, runs));
        writes.clone()
    });
    (decide, seen)
}

/// Brings an event in, writes this, and tells what was loaded for it.
pub(crate) async fn bring(
    store: &Subject,
    shop: ShopId,
    event: Event,
    writes: Writes,
) -> (Loaded, IntakeOutcome) {
    let id = number();
    let name = format!("bring-{id}");
    let (decide, seen) = watching(writes);
    let carrier = intake(id, &name, vec![arrival(shop, &name, id << 8, event)]);
    let outcomes = store
        .commit_arrivals(shop, vec![carrier], decide)
        .await
        .unwrap();
    (seen.one().0, outcomes.into_iter().next().unwrap())
}

/// What is loaded for an event that changes nothing.
pub(crate) async fn look(store: &Subject, shop: ShopId, event: Event) -> Loaded {
    bring(store, shop, event, Writes::default()).await.0
}

/// A moment far beyond all of a test.
pub(crate) fn end_of_time() -> Timestamp {
    crate::build::t(400 * 86_400)
}
