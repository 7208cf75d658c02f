//! The console's two busiest pages by what they ask of the API: Oggi, and a customer's page.

use crate::client::Connection;
use crate::load::{Until, drive};
use crate::measure::Bench;
use crate::program::get;
use crate::table::{Table, number};
use anyhow::{Context, Result, ensure};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

/// Connections that read: as many as people who work at once in a large shop.
const CONNECTIONS: usize = 8;
/// People whose pages are read.
const PEOPLE: u64 = 200;

impl Bench<'_> {
    /// Oggi and a customer's page, with a key that may read.
    ///
    /// # Errors
    /// When the program refuses or breaks.
    pub async fn console(&self, table: &mut Table) -> Result<()> {
        let key = self.program.reading_key()?;
        let request = |path: &str| {
            get(path).replace(
                "accept-encoding: gzip\r\n",
                &format!("authorization: Bearer {key}\r\n"),
            )
        };
        let mut client = Connection::open(self.program.address).await?;
        let today = request("/api/v1/today");
        let begun = Instant::now();
        let answer = client.ask(today.as_bytes()).await?;
        let first = begun.elapsed().as_secs_f64() * 1_000.0;
        ensure!(
            answer.status == 200,
            "Oggi answered {}: {}",
            answer.status,
            client.excerpt()
        );
        let list = request(&format!("/api/v1/customers?limit={PEOPLE}"));
        client.ask(list.as_bytes()).await?;
        let list: serde_json::Value = serde_json::from_slice(client.body())
            .context("the list of people is not what was expected")?;
        let people = list["items"].as_array().into_iter().flatten();
        let people: Vec<String> = people
            .filter_map(|person| person["id"].as_str())
            .flat_map(|id| {
                let page = format!("/api/v1/customers/{id}");
                [request(&page), request(&format!("{page}/timeline"))]
            })
            .collect();
        ensure!(!people.is_empty(), "the list of people is empty");
        let counter = Arc::new(AtomicU64::new(0));
        let until = Until::Time(self.effort.span / 2);
        let make = move |_, out: &mut Vec<u8>| out.clone_from(&today.as_bytes().to_vec());
        let oggi = drive(self.program.address, CONNECTIONS, until, &counter, make).await?;
        let make = move |n: u64, out: &mut Vec<u8>| {
            out.clear();
            let at = (n.wrapping_mul(7_919) % people.len() as u64) as usize;
            out.extend_from_slice(people[at].as_bytes());
        };
        let person = drive(self.program.address, CONNECTIONS, until, &counter, make).await?;
        table.put(
            (60, "Oggi: first answer / p50 / p99 at 8 connections, ms"),
            [first, oggi.percentile_ms(0.5), oggi.percentile_ms(0.99)]
                .map(number)
                .join(" / "),
        );
        table.put(
            (
                61,
                "a customer's page (record and story): p50 / p99 at 8 connections, ms",
            ),
            [person.percentile_ms(0.5), person.percentile_ms(0.99)]
                .map(number)
                .join(" / "),
        );
        Ok(())
    }
}
