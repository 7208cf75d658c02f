//! Every bound of the web edge, with its unit.

use std::time::Duration;

/// Body of a webhook, in bytes (SEC-04).
pub const HOOK_BODY_BYTES_MAX: usize = 1024 * 1024;
/// Body of `POST /api/v1/events`, in bytes: 1,000 events of 4 KiB.
pub const EVENTS_BODY_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Any other body (forms, small API requests), in bytes.
pub const FORM_BODY_BYTES_MAX: usize = 64 * 1024;
/// Events in one request.
pub const EVENTS_PER_REQUEST_MAX: usize = 1_000;
/// Bytes of an `Idempotency-Key`.
pub const IDEMPOTENCY_KEY_BYTES_MAX: usize = 200;
/// Rows of one API list.
pub const API_ROWS_MAX: usize = 200;
/// Rows of one API list, unless asked otherwise.
pub const API_ROWS_DEFAULT: usize = 50;
/// Lines of one CSV export.
pub const EXPORT_ROWS_MAX: usize = 200_000;
/// Changes within this time are told in one word.
pub const LIVE_SPAN: Duration = Duration::from_secs(1);
/// Without a change, so often something is said that keeps the connection.
pub const LIVE_PING: Duration = Duration::from_secs(20);
/// Listeners to changes at once, of all shops.
pub const LIVE_LISTENERS_MAX: usize = 2_000;
/// Days of one counters question.
pub const COUNTER_DAYS_MAX: i64 = 800;

/// Requests being answered at once; more are told to come back.
pub const REQUESTS_IN_FLIGHT_MAX: usize = 4_096;
/// Time for one answer.
pub const REQUEST_TIME_MAX: Duration = Duration::from_secs(30);
/// Smallest page that is compressed, in bytes.
pub const COMPRESS_BYTES_MIN: u64 = 1_024;

/// Requests per second and API key, unless set otherwise. SEC-17 names 100 for a hosted product; a self-hosted shop
/// back-fills its own machine, so the default only stops a runaway client.
pub const API_REQUESTS_PER_SECOND_DEFAULT: u32 = 20_000;
/// Pixel and redirect hits per second and address that are recorded (SEC-17); more are answered and not recorded.
pub const HITS_PER_SECOND_MAX: u32 = 100;
/// Sign-in attempts per account and per address in [`SIGN_IN_WINDOW`] (SEC-17).
pub const SIGN_IN_ATTEMPTS_MAX: u32 = 10;
/// The window of [`SIGN_IN_ATTEMPTS_MAX`].
pub const SIGN_IN_WINDOW: Duration = Duration::from_secs(15 * 60);
/// Keys (addresses, accounts, API keys) remembered by one limiter.
pub const LIMITER_KEYS_MAX: usize = 50_000;

/// Length of a session, in hours (SEC-11).
pub const SESSION_HOURS: i64 = 12;
/// Minutes without a request after which a session ends (SEC-11).
pub const SESSION_IDLE_MINUTES: i64 = 30;
/// Requests for a new password, and tries to set one by a link, per address in [`SIGN_IN_WINDOW`] (SEC-17).
pub const LINK_ATTEMPTS_MAX: u32 = 5;
/// Bytes of a password that are looked at.
pub const PASSWORD_BYTES_MAX: usize = 1_024;

/// How long a verified API key is remembered, so that a revoked one stops within this time.
pub const API_KEY_MEMORY: Duration = Duration::from_secs(5);
/// API keys remembered.
pub const API_KEYS_MAX: usize = 1_000;

/// How long the answer to a POST with an `Idempotency-Key` is remembered.
pub const IDEMPOTENCY_MEMORY: Duration = Duration::from_secs(24 * 3_600);
/// Answers remembered for their `Idempotency-Key`.
pub const IDEMPOTENCY_ANSWERS_MAX: usize = 2_000;
/// Bytes of an answer that is remembered; larger ones are not.
pub const IDEMPOTENCY_ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Within this time of each other, so many links of one message mean a machine (MAIL-07).
pub const BURST_WINDOW: Duration = Duration::from_secs(2);
/// Different links of one message within [`BURST_WINDOW`] that mean a machine (MAIL-07).
pub const BURST_LINKS_MIN: usize = 3;
/// A click so soon after the channel accepted the message means a machine, in milliseconds (MAIL-07).
pub const FIRST_CLICK_MS_MIN: i64 = 2_000;
/// Hits waiting for the end of their burst window.
pub const HITS_WAITING_MAX: usize = 20_000;
/// How often waiting hits and aggregate counters are written.
pub const HITS_TICK: Duration = Duration::from_millis(500);

/// Timeline entries shown of one parcel.
pub const TIMELINE_MAX: usize = 30;
/// Order lines shown on the order page; the rest is said as a number.
pub const LINES_SHOWN_MAX: usize = 100;
/// Messages on one page of the captured list.
pub const CAPTURED_ROWS: usize = 50;
/// Rows of the demo's list.
pub const DEMO_ROWS: usize = 24;
