//! Opens and clicks on their way into the books: told apart from machines first (MAIL-06, MAIL-07), written in groups.
//!
//! A hit is answered at once and written a little later, when the window in which a scanner would show itself is over.
//! What is lost with the program in between is a measurement, never an order or a choice of the person.

use crate::limits::{
    BURST_LINKS_MIN, BURST_WINDOW, FIRST_CLICK_MS_MIN, HITS_TICK, HITS_WAITING_MAX,
};
use crate::state::App;
use dopo_core::counter::Counters;
use dopo_core::event::{Actor, Event, EventLine};
use dopo_core::id::{EffectId, ShopId};
use dopo_engine::intake::NewIntake;
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::HashMap;
use std::sync::Mutex;
use tokio::sync::watch;
use tokio::time::Instant;

/// A click on a link of an identified message, waiting for its burst window to end.
#[derive(Clone, Debug)]
pub(crate) struct Click {
    pub shop: ShopId,
    pub message: EffectId,
    pub link: u16,
    pub at: Timestamp,
    pub by: Actor,
    seen: Instant,
}

#[derive(Default)]
struct Waiting {
    clicks: Vec<Click>,
    opens: Vec<(ShopId, EffectId, Timestamp, Actor)>,
    counts: Counters,
}

/// Hits that are not written yet.
#[derive(Default)]
pub(crate) struct Hits {
    waiting: Mutex<Waiting>,
}

impl Hits {
    fn with<T>(&self, act: impl FnOnce(&mut Waiting) -> T) -> T {
        act(&mut self
            .waiting
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    /// Notes a click on an identified link. Beyond the bound it is not recorded.
    pub(crate) fn click(
        &self,
        shop: ShopId,
        message: EffectId,
        link: u16,
        at: Timestamp,
        by: Actor,
    ) {
        self.with(|w| {
            if w.clicks.len() < HITS_WAITING_MAX {
                w.clicks.push(Click {
                    shop,
                    message,
                    link,
                    at,
                    by,
                    seen: Instant::now(),
                });
            }
        });
    }

    /// Notes a fetch of an identified image. Beyond the bound it is not recorded.
    pub(crate) fn open(&self, shop: ShopId, message: EffectId, at: Timestamp, by: Actor) {
        self.with(|w| {
            let known = w
                .opens
                .iter()
                .rev()
                .take(64)
                .any(|(s, m, _, b)| *s == shop && *m == message && *b == by);
            if !known && w.opens.len() < HITS_WAITING_MAX {
                w.opens.push((shop, message, at, by));
            }
        });
    }

    /// Counts a hit that cannot be traced to a person.
    pub(crate) fn count(&self, shop: ShopId, day: Date, metric: &'static str, dim: String) {
        self.with(|w| w.counts.add(shop, day, metric, dim, 1));
    }
}

/// Who fetched or followed, as far as one request tells (MAIL-06, MAIL-07). `head` = asked with HEAD.
pub(crate) fn actor(user_agent: Option<&str>, purpose: Option<&str>, head: bool) -> Actor {
    let agent = user_agent.unwrap_or_default();
    let lower = agent.to_ascii_lowercase();
    if head || purpose.is_some_and(|p| p.to_ascii_lowercase().contains("prefetch")) {
        return Actor::Machine;
    }
    const PROXIES: [&str; 4] = [
        "googleimageproxy",
        "yahoomailproxy",
        "ggpht.com",
        "duckduckgo-email",
    ];
    if PROXIES.iter().any(|name| lower.contains(name)) {
        return Actor::Proxy;
    }
    // Apple's privacy proxy sends nothing but the first word of every browser.
    if agent.trim() == "Mozilla/5.0" {
        return Actor::Proxy;
    }
    const MACHINES: [&str; 22] = [
        "bot",
        "crawl",
        "spider",
        "scan",
        "curl/",
        "wget/",
        "python",
        "java/",
        "go-http",
        "okhttp",
        "headless",
        "proofpoint",
        "mimecast",
        "barracuda",
        "safelinks",
        "symantec",
        "forcepoint",
        "trendmicro",
        "urldefense",
        "preview",
        "facebookexternalhit",
        "httpclient",
    ];
    if MACHINES.iter().any(|name| lower.contains(name)) {
        return Actor::Machine;
    }
    // Gmail's prefetch says an Edge that nobody uses any more.
    if lower.contains("edge/12.") {
        return Actor::Machine;
    }
    if lower.starts_with("mozilla/5.0 (")
        || lower.contains("thunderbird")
        || lower.contains("outlook")
    {
        return Actor::Human;
    }
    Actor::Unknown
}

/// Which of the clicks belong to a burst: three different links of one message within two seconds.
fn bursts(clicks: &[Click]) -> Vec<bool> {
    let mut by_message: HashMap<(ShopId, EffectId), Vec<usize>> = HashMap::new();
    for (i, click) in clicks.iter().enumerate() {
        by_message
            .entry((click.shop, click.message))
            .or_default()
            .push(i);
    }
    let mut machine = vec![false; clicks.len()];
    for own in by_message.values() {
        for &first in own {
            let near: Vec<usize> = own
                .iter()
                .copied()
                .filter(|&i| {
                    clicks[i].seen >= clicks[first].seen
                        && clicks[i].seen.duration_since(clicks[first].seen) <= BURST_WINDOW
                })
                .collect();
            let mut links: Vec<u16> = near.iter().map(|&i| clicks[i].link).collect();
            links.sort_unstable();
            links.dedup();
            if links.len() >= BURST_LINKS_MIN {
                for i in near {
                    machine[i] = true;
                }
            }
        }
    }
    machine
}

/// Writes what has waited long enough; everything when `all` (a graceful stop).
pub(crate) async fn write(app: &App, all: bool) {
    let now = Instant::now();
    let (clicks, counts, opens) = app.hits.with(|w| {
        // A message is settled when its newest click is out of the window.
        let mut newest: HashMap<(ShopId, EffectId), Instant> = HashMap::new();
        for click in &w.clicks {
            let at = newest
                .entry((click.shop, click.message))
                .or_insert(click.seen);
            *at = (*at).max(click.seen);
        }
        let settled = |c: &Click| {
            all || newest
                .get(&(c.shop, c.message))
                .is_some_and(|at| now.duration_since(*at) > BURST_WINDOW)
                || now.duration_since(c.seen) > BURST_WINDOW * 4
        };
        let (ready, rest): (Vec<Click>, Vec<Click>) = w.clicks.drain(..).partition(settled);
        w.clicks = rest;
        (
            ready,
            std::mem::take(&mut w.counts),
            std::mem::take(&mut w.opens),
        )
    });
    if !counts.0.is_empty() {
        let store = app.engine.store();
        if let Err(error) = store.add_counters(counts.clone()).await {
            tracing::error!(%error, "aggregate hits could not be counted; tried again");
            app.hits.with(|w| {
                for (key, n) in counts.0 {
                    *w.counts.0.entry(key).or_default() += n;
                }
            });
        }
    }
    let mut intakes: HashMap<ShopId, Vec<NewIntake>> = HashMap::new();
    for (shop, message, at, by) in opens {
        let line = EventLine {
            id: format!("open/{message}/{}", actor_name(by)),
            at,
            event: Event::MessageOpened { message, by },
        };
        intakes
            .entry(shop)
            .or_default()
            .push(NewIntake::event("pages", line, None));
    }
    let burst = bursts(&clicks);
    for (click, burst) in clicks.into_iter().zip(burst) {
        let mut by = if burst { Actor::Machine } else { click.by };
        if by == Actor::Human && too_soon(app, &click).await {
            by = Actor::Machine;
        }
        let line = EventLine {
            id: format!("click/{}/{}/{}", click.message, click.link, actor_name(by)),
            at: click.at,
            event: Event::MessageClicked {
                message: click.message,
                link: click.link,
                by,
            },
        };
        intakes
            .entry(click.shop)
            .or_default()
            .push(NewIntake::event("pages", line, None));
    }
    for (shop, batch) in intakes {
        if let Err(error) = app.engine.ingest(shop, batch).await {
            tracing::error!(%error, "opens and clicks could not be recorded");
        }
    }
}

/// Whether the click came sooner after the channel's acceptance than a person can read.
async fn too_soon(app: &App, click: &Click) -> bool {
    match app.engine.store().message(click.shop, click.message).await {
        Ok(Some((message, _))) => message.sent_at.is_some_and(|sent| {
            click.at.as_millisecond() - sent.as_millisecond() < FIRST_CLICK_MS_MIN
        }),
        _ => false,
    }
}

fn actor_name(by: Actor) -> &'static str {
    match by {
        Actor::Human => "human",
        Actor::Proxy => "proxy",
        Actor::Machine => "machine",
        Actor::Unknown => "unknown",
    }
}

/// The name of an actor in counters.
pub(crate) fn counter_dim(campaign: &str, by: Actor) -> String {
    format!("{campaign}/{}", actor_name(by))
}

/// Writes hits until told to stop, then what is left. The program spawns this once.
///
/// Keeps the metrics' memory bounded on the way, also where nobody reads them.
pub async fn run(app: App, mut stop: watch::Receiver<bool>) {
    loop {
        if let Some(metrics) = &app.metrics {
            metrics.run_upkeep();
        }
        let stopped = tokio::select! {
            () = tokio::time::sleep(HITS_TICK) => false,
            changed = stop.wait_for(|stop| *stop) => { let _ = changed; true }
        };
        write(&app, stopped).await;
        if stopped {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn hits_are_told_apart_by_what_they_say_of_themselves() {
        let mobile = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148";
        let gmail = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)";
        let prefetch = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0";
        for (agent, purpose, head, expected) in [
            (Some(mobile), None, false, Actor::Human),
            (Some(mobile), None, true, Actor::Machine),
            (Some(mobile), Some("prefetch"), false, Actor::Machine),
            (Some(gmail), None, false, Actor::Proxy),
            (Some(prefetch), None, false, Actor::Machine),
            (Some("Mozilla/5.0"), None, false, Actor::Proxy),
            (Some("python-requests/2.32"), None, false, Actor::Machine),
            (Some("Barracuda Sentinel (EE)"), None, false, Actor::Machine),
            (Some("SomethingNew/1.0"), None, false, Actor::Unknown),
            (None, None, false, Actor::Unknown),
        ] {
            assert_eq!(actor(agent, purpose, head), expected, "{agent:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn three_links_of_one_message_within_two_seconds_are_a_machine_s() {
        let hits = Hits::default();
        let click = |message: u128, link: u16| {
            hits.click(
                ShopId(1),
                EffectId(message),
                link,
                Timestamp::UNIX_EPOCH,
                Actor::Human,
            );
        };
        click(1, 0);
        click(2, 0);
        tokio::time::advance(Duration::from_millis(900)).await;
        click(1, 1);
        tokio::time::advance(Duration::from_millis(900)).await;
        click(1, 2);
        click(2, 0);
        tokio::time::advance(Duration::from_secs(10)).await;
        click(1, 3);
        let clicks = hits.with(|w| w.clicks.clone());
        let machine = bursts(&clicks);
        let of = |message: u128| -> Vec<(u16, bool)> {
            clicks
                .iter()
                .zip(&machine)
                .filter(|(c, _)| c.message == EffectId(message))
                .map(|(c, m)| (c.link, *m))
                .collect()
        };
        assert_eq!(of(1), [(0, true), (1, true), (2, true), (3, false)]);
        assert_eq!(of(2), [(0, false), (0, false)]);
    }
}
