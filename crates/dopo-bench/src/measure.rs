//! The figures, one function each, on an installation that is running.

use crate::load::{Until, drive, percentile};
use crate::made::{Requests, email, html_bytes, order_page};
use crate::program::{Program, get};
use crate::table::{Table, number};
use anyhow::{Result, ensure};
use dopo_testkit::smtp_sink::SmtpSink;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Connections of the load of single events.
const SINGLE_CONNECTIONS: usize = 64;
/// Events of a batch, and connections that send batches.
const BATCH_EVENTS: u64 = 100;
const BATCH_CONNECTIONS: usize = 8;
/// Connections that read pages.
const PAGE_CONNECTIONS: usize = 32;
/// Connections that carry the scans while latency is measured, and scans a second.
const SCAN_CONNECTIONS: u64 = 16;
const SCANS_PER_SECOND: u64 = 1_000;
/// Time between two orders whose latency is measured.
const LATENCY_EVERY: Duration = Duration::from_millis(100);
/// Longest wait for mails without a new one.
const MAILS_WITHIN: Duration = Duration::from_secs(30);

/// How much is done for each figure.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Time of a load of requests.
    pub span: Duration,
    /// Orders of the mail figure.
    pub mails: u64,
    /// Orders whose pages are read, and parcels that are scanned.
    pub pages: u64,
}

/// An installation that serves, the sink that takes its mails, and the numbers of orders used so far.
pub struct Bench<'a> {
    /// The program.
    pub program: &'a Program,
    /// Where its mails go.
    pub sink: &'a SmtpSink,
    /// How much is done.
    pub effort: Effort,
    /// Orders made so far; every order is new.
    pub orders: Arc<AtomicU64>,
    /// Writes the requests.
    pub requests: Requests,
}

impl Bench<'_> {
    /// Single events at 64 connections.
    ///
    /// # Errors
    /// When the program refuses or breaks.
    pub async fn single(&self, table: &mut Table) -> Result<()> {
        self.program.leave_receipts_to_platform(true).await?;
        let requests = self.requests.clone();
        let cpu = self.program.cpu_seconds();
        let make = move |n, out: &mut Vec<u8>| requests.order(n, out);
        let measured = drive(
            self.program.address,
            SINGLE_CONNECTIONS,
            Until::Time(self.effort.span),
            &self.orders,
            make,
        )
        .await?;
        let cpu = self.program.cpu_seconds() - cpu;
        table.put(
            (10, "single events/s, 64 connections, durable"),
            number(measured.per_second()),
        );
        table.put(
            (11, "— p50 / p99, ms"),
            format!(
                "{} / {}",
                number(measured.percentile_ms(0.5)),
                number(measured.percentile_ms(0.99))
            ),
        );
        table.put(
            (12, "— CPU of server and database, ms per event"),
            number(cpu * 1_000.0 / measured.requests as f64),
        );
        self.program.leave_receipts_to_platform(false).await
    }

    /// Events in batches of 100.
    ///
    /// # Errors
    /// When the program refuses or breaks.
    pub async fn batched(&self, table: &mut Table) -> Result<()> {
        self.program.leave_receipts_to_platform(true).await?;
        let batches = self.batches();
        let requests = self.requests.clone();
        let make = move |n, out: &mut Vec<u8>| requests.orders(n, BATCH_EVENTS, out);
        let cpu = self.program.cpu_seconds();
        let measured = drive(
            self.program.address,
            BATCH_CONNECTIONS,
            Until::Time(self.effort.span),
            &batches,
            make,
        )
        .await?;
        let cpu = self.program.cpu_seconds() - cpu;
        self.used(&batches);
        table.put(
            (20, "events/s in batches of 100, durable"),
            number(measured.per_second() * BATCH_EVENTS as f64),
        );
        table.put(
            (21, "— CPU of server and database, ms per event "),
            number(cpu * 1_000.0 / (measured.requests * BATCH_EVENTS) as f64),
        );
        self.program.leave_receipts_to_platform(false).await
    }

    /// From orders to mails at the sink.
    ///
    /// # Errors
    /// When the program refuses or breaks, or mails do not come.
    pub async fn mails(&self, table: &mut Table) -> Result<()> {
        self.settle().await;
        self.sink.clear();
        let batches = self.batches();
        let last = batches.load(Ordering::Relaxed) + self.effort.mails.div_ceil(BATCH_EVENTS);
        let wanted = self.effort.mails.div_ceil(BATCH_EVENTS) * BATCH_EVENTS;
        let requests = self.requests.clone();
        let make = move |n, out: &mut Vec<u8>| requests.orders(n, BATCH_EVENTS, out);
        let cpu = self.program.cpu_seconds();
        let begun = Instant::now();
        drive(
            self.program.address,
            BATCH_CONNECTIONS,
            Until::Count(last),
            &batches,
            make,
        )
        .await?;
        let ingested = begun.elapsed().as_secs_f64();
        self.wait_for(wanted).await?;
        let seconds = begun.elapsed().as_secs_f64();
        let cpu = self.program.cpu_seconds() - cpu;
        self.used(&batches);
        table.put(
            (
                30,
                "order → mail at the sink, mails/s, from the first order to the last mail",
            ),
            number(wanted as f64 / seconds),
        );
        table.put(
            (
                31,
                "— CPU of server and database, ms per mail, taking the order in included",
            ),
            number(cpu * 1_000.0 / wanted as f64),
        );
        table.put(
            (32, "— orders taken in after, s / last mail after, s"),
            format!("{} / {}", number(ingested), number(seconds)),
        );
        Ok(())
    }

    /// Latency of single orders' mails while scans of other orders come in.
    ///
    /// # Errors
    /// When the program refuses or breaks, or mails do not come.
    pub async fn latency(&self, table: &mut Table) -> Result<()> {
        let batches = self.batches();
        let first = batches.load(Ordering::Relaxed);
        let count = self.effort.pages.div_ceil(BATCH_EVENTS);
        let requests = self.requests.clone();
        let make = move |n, out: &mut Vec<u8>| requests.shipped(n, BATCH_EVENTS, out);
        drive(
            self.program.address,
            2,
            Until::Count(first + count),
            &batches,
            make,
        )
        .await?;
        self.used(&batches);
        self.settle().await;
        self.sink.clear();
        let (first, parcels) = (first * BATCH_EVENTS, count * BATCH_EVENTS);
        let begun = Instant::now();
        let span = self.effort.span * 2;
        let scans = Arc::new(AtomicU64::new(0));
        let mut tasks = tokio::task::JoinSet::new();
        for connection in 0..SCAN_CONNECTIONS {
            let (requests, scans, address) = (
                self.requests.clone(),
                Arc::clone(&scans),
                self.program.address,
            );
            tasks.spawn(async move {
                let mut client = crate::client::Connection::open(address).await?;
                let mut request = Vec::new();
                let every = Duration::from_micros(1_000_000 * SCAN_CONNECTIONS / SCANS_PER_SECOND);
                let mut tick = tokio::time::interval_at(
                    (begun + every * connection as u32 / SCAN_CONNECTIONS as u32).into(),
                    every,
                );
                while begun.elapsed() < span {
                    tick.tick().await;
                    requests.scan(
                        scans.fetch_add(1, Ordering::Relaxed),
                        first,
                        parcels,
                        &mut request,
                    );
                    let answer = client.ask(&request).await?;
                    ensure!(
                        answer.status == 200,
                        "the program answered {}: {}",
                        answer.status,
                        client.excerpt()
                    );
                }
                Ok(())
            });
        }
        let mut asked = HashMap::new();
        let mut client = crate::client::Connection::open(self.program.address).await?;
        let mut request = Vec::new();
        let mut tick = tokio::time::interval(LATENCY_EVERY);
        while begun.elapsed() < span {
            tick.tick().await;
            let n = self.orders.fetch_add(1, Ordering::Relaxed);
            self.requests.order(n, &mut request);
            asked.insert(email(n), Instant::now());
            let answer = client.ask(&request).await?;
            ensure!(
                answer.status == 200,
                "the program answered {}: {}",
                answer.status,
                client.excerpt()
            );
        }
        while let Some(done) = tasks.join_next().await {
            done??;
        }
        let ran = begun.elapsed().as_secs_f64();
        self.wait_for(asked.len() as u64).await?;
        let mut micros = Vec::with_capacity(asked.len());
        for mail in self.sink.received() {
            if let Some(asked) = mail.envelope_to.first().and_then(|to| asked.get(to)) {
                micros.push(mail.at.duration_since(*asked).as_micros() as u32);
            }
        }
        ensure!(
            !micros.is_empty(),
            "no mail of these orders reached the sink"
        );
        let first = micros[0];
        micros.sort_unstable();
        table.put(
            (
                40,
                "event → mail at the sink under load, p50 / p99 / max, ms",
            ),
            [0.5, 0.99, 1.0]
                .map(|share| number(percentile(&micros, share) / 1_000.0))
                .join(" / "),
        );
        table.put(
            (41, "— the first mail, ms"),
            number(f64::from(first) / 1_000.0),
        );
        table.put(
            (42, "— events/s taken in meanwhile"),
            number((scans.load(Ordering::Relaxed) as f64 + asked.len() as f64) / ran),
        );
        Ok(())
    }

    /// Order pages, by the addresses in mails.
    ///
    /// # Errors
    /// When the program refuses or breaks, or mails do not come.
    pub async fn pages(&self, table: &mut Table) -> Result<()> {
        self.settle().await;
        self.sink.clear();
        self.sink.keep_bytes(true);
        let batches = self.batches();
        let count = self.effort.pages.div_ceil(BATCH_EVENTS);
        let last = batches.load(Ordering::Relaxed) + count;
        let requests = self.requests.clone();
        let make = move |n, out: &mut Vec<u8>| requests.orders(n, BATCH_EVENTS, out);
        drive(self.program.address, 2, Until::Count(last), &batches, make).await?;
        self.used(&batches);
        self.wait_for(count * BATCH_EVENTS).await?;
        self.sink.keep_bytes(false);
        let mails = self.sink.received();
        self.sink.clear();
        let pages: Arc<Vec<String>> = Arc::new(
            mails
                .iter()
                .filter_map(|mail| order_page(&mail.bytes))
                .map(|path| get(&path))
                .collect(),
        );
        ensure!(
            !pages.is_empty(),
            "no mail carries the address of an order page"
        );
        if let Some(mail) = mails.first() {
            table.put(
                (33, "— size of the mail / of its HTML, KB"),
                format!(
                    "{:.1} / {:.1}",
                    mail.size as f64 / 1e3,
                    html_bytes(&mail.bytes) as f64 / 1e3
                ),
            );
        }
        drop(mails);
        let mut client = crate::client::Connection::open(self.program.address).await?;
        let plain = pages[0].replace("accept-encoding: gzip\r\n", "");
        let plain = client.ask(plain.as_bytes()).await?.body_bytes;
        let cpu = self.program.cpu_seconds();
        let asked = Arc::clone(&pages);
        let make = move |n: u64, out: &mut Vec<u8>| {
            out.clear();
            // A step that shares no factor with most counts: neighbours are not read one after the other.
            let at = (n.wrapping_mul(7_919) % asked.len() as u64) as usize;
            out.extend_from_slice(asked[at].as_bytes());
        };
        let counter = Arc::new(AtomicU64::new(0));
        let measured = drive(
            self.program.address,
            PAGE_CONNECTIONS,
            Until::Time(self.effort.span),
            &counter,
            make,
        )
        .await?;
        let cpu = self.program.cpu_seconds() - cpu;
        table.put(
            (50, "order pages/s, 32 connections, gzip"),
            number(measured.per_second()),
        );
        table.put(
            (51, "— p50 / p99, ms "),
            format!(
                "{} / {}",
                number(measured.percentile_ms(0.5)),
                number(measured.percentile_ms(0.99))
            ),
        );
        table.put(
            (52, "— CPU of server and database, ms per page"),
            number(cpu * 1_000.0 / measured.requests as f64),
        );
        table.put(
            (53, "— size over the wire / unpacked, KB"),
            format!(
                "{:.1} / {:.1}",
                measured.body_bytes as f64 / measured.requests.max(1) as f64 / 1e3,
                plain as f64 / 1e3
            ),
        );
        Ok(())
    }

    /// The program's answer without store or work: what HTTP alone costs here.
    ///
    /// # Errors
    /// When the program breaks.
    pub async fn nothing(&self, table: &mut Table) -> Result<()> {
        let request = get("/healthz").into_bytes();
        let make = move |_, out: &mut Vec<u8>| out.clone_from(&request);
        let counter = Arc::new(AtomicU64::new(0));
        let measured = drive(
            self.program.address,
            SINGLE_CONNECTIONS,
            Until::Time(self.effort.span / 2),
            &counter,
            make,
        )
        .await?;
        table.put(
            (
                70,
                "limit: empty answers/s of the same server (`/healthz`), 64 connections",
            ),
            number(measured.per_second()),
        );
        Ok(())
    }

    /// A counter of batches that begins after the orders used so far.
    fn batches(&self) -> Arc<AtomicU64> {
        Arc::new(AtomicU64::new(
            self.orders.load(Ordering::Relaxed).div_ceil(BATCH_EVENTS),
        ))
    }

    fn used(&self, batches: &AtomicU64) {
        self.orders.store(
            batches.load(Ordering::Relaxed) * BATCH_EVENTS,
            Ordering::Relaxed,
        );
    }

    /// Waits until nothing more comes to the sink.
    async fn settle(&self) {
        let mut seen = self.sink.accepted();
        loop {
            tokio::time::sleep(Duration::from_millis(500)).await;
            let now = self.sink.accepted();
            if now == seen {
                return;
            }
            seen = now;
        }
    }

    /// Waits for so many mails since the sink was cleared.
    async fn wait_for(&self, wanted: u64) -> Result<()> {
        let (mut seen, mut moved) = (0, Instant::now());
        loop {
            let now = self.sink.accepted() as u64;
            if now >= wanted {
                return Ok(());
            }
            if now > seen {
                (seen, moved) = (now, Instant::now());
            }
            ensure!(
                moved.elapsed() < MAILS_WITHIN,
                "{now} of {wanted} mails came, and no more"
            );
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}
