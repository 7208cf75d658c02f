//! Many parcels under tracking: the engine in this process with a courier that answers at once, so that what is measured is
//! the poller and the store; then the real program's order pages at that size: as they are, with goods on them, and while
//! the poller looks beside it at the same database.

use crate::history::SystemEntropy;
use crate::load::{Measured, Until, drive};
use crate::measure::Effort;
use crate::program::{Program, SHOP, get, ticks};
use crate::table::{Table, number};
use anyhow::{Context, Result, ensure};
use async_trait::async_trait;
use dopo_core::customer::{PersonDetails, PersonRef};
use dopo_core::event::{Event, EventLine, Origin, ParcelRef};
use dopo_core::id::ShopId;
use dopo_core::money::Money;
use dopo_core::order::{OrderLine, OrderSnapshot, PaymentState, PostalAddress};
use dopo_core::parcel::{
    Checkpoint, Courier, ParcelSnapshot, ParcelState, ScanSource, Telling, ToldScan,
};
use dopo_core::product::Product;
use dopo_engine::intake::NewIntake;
use dopo_engine::ports::{
    ASKED_AT_ONCE_MAX, AccountField, Allowance, Ask, Clock, CourierDesk, Couriers, Found, Looked,
    Store, Vendor,
};
use dopo_engine::secrets::MasterKey;
use dopo_engine::tokens::Token;
use dopo_engine::{Engine, Settings, worker};
use jiff::civil::time;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Events in one commit of the load.
const BATCH_EVENTS: usize = 500;
/// Commits under way at the same time.
const BATCHES_UNDER_WAY: usize = 3;
/// Connections that read pages.
const PAGE_CONNECTIONS: usize = 32;
/// One parcel in so many has a new scan at the second look, and another one a day later.
const MOVES_ONE_IN: u64 = 10;
/// Goods on sale in the category of what was bought; a page shows three of them.
const GOODS: usize = 40;
/// The address of each of them begins so.
const GOODS_AT: &str = "https://shop.example/p/";
/// The program takes changed settings over within half a second.
const SETTINGS_TAKEN: Duration = Duration::from_millis(1_200);
/// Hours that pass at once when nothing is left to look at while pages are read.
const JUMP_HOURS: i64 = 6;
/// How often the measured process is looked at.
const LOOK: Duration = Duration::from_millis(200);
/// A pass that stands still for so long is broken.
const STANDS_STILL: Duration = Duration::from_secs(120);
/// Scans of a parcel before it moves again: state, hours after the hand-over, code, text, place.
const SCANS: [(ParcelState, i64, &str, &str, &str); 6] = [
    (
        ParcelState::Announced,
        0,
        "700",
        "DATI SPEDIZ. TRASMESSI A BRT",
        "MILANO",
    ),
    (ParcelState::PickedUp, 2, "701", "RITIRATA", "MILANO SUD"),
    (ParcelState::InTransit, 4, "702", "PARTITA", "MILANO SUD"),
    (
        ParcelState::InTransit,
        9,
        "703",
        "ARRIVATA IN FILIALE",
        "BOLOGNA HUB",
    ),
    (ParcelState::InTransit, 11, "702", "PARTITA", "BOLOGNA HUB"),
    (
        ParcelState::InTransit,
        16,
        "703",
        "ARRIVATA IN FILIALE",
        "ROMA EST",
    ),
];

/// What comes then.
const MOVES: [(ParcelState, i64, &str, &str, &str); 2] = [
    (
        ParcelState::AtDepot,
        26,
        "703",
        "ARRIVATA IN FILIALE",
        "LECCE",
    ),
    (
        ParcelState::OutForDelivery,
        46,
        "704",
        "IN CONSEGNA",
        "LECCE",
    ),
];

/// A clock that runs from where it is set.
struct SetClock(AtomicI64);

impl SetClock {
    fn set(&self, to: Timestamp) {
        let ahead = to.as_microsecond() - Timestamp::now().as_microsecond();
        self.0.store(ahead, Ordering::Relaxed);
    }

    fn pass(&self, hours: i64) {
        let span = SignedDuration::from_hours(hours).as_micros();
        let span = i64::try_from(span).unwrap_or_default();
        self.0.fetch_add(span, Ordering::Relaxed);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        let ahead = SignedDuration::from_micros(self.0.load(Ordering::Relaxed));
        Timestamp::now()
            .checked_add(ahead)
            .unwrap_or(Timestamp::MAX)
    }
}

static VENDORS: [Vendor; 1] = [Vendor {
    name: "bench",
    title: "Bench",
    fields: &[AccountField {
        name: "password",
        secret: true,
        optional: false,
    }],
    covers: &[Courier::Brt],
    asked: true,
    releases: &[],
}];

/// A courier that knows every parcel and answers at once.
struct Answers {
    shipped_at: Timestamp,
    /// How many of [`MOVES`] are known.
    moves: AtomicUsize,
    looks: AtomicU64,
    calls: AtomicU64,
}

impl Answers {
    fn telling(&self, number: &str) -> Telling {
        let mut scans: Vec<ToldScan> = SCANS
            .iter()
            .map(|(state, hours, code, text, place)| {
                self.scan(*state, *hours, code, text, place).into()
            })
            .collect();
        let n: u64 = number.trim_start_matches("BRT").parse().unwrap_or(0);
        if n.is_multiple_of(MOVES_ONE_IN) {
            let known = MOVES.iter().take(self.moves.load(Ordering::Relaxed));
            let scan = known.map(|(state, hours, code, text, place)| {
                self.scan(*state, *hours, code, text, place).into()
            });
            scans.extend(scan);
        }
        Telling {
            scans,
            complete: true,
            weight_g: Some(1_200),
            ..Telling::default()
        }
    }

    fn scan(
        &self,
        state: ParcelState,
        hours: i64,
        code: &str,
        text: &str,
        place: &str,
    ) -> Checkpoint {
        Checkpoint {
            zone: Some("Europe/Rome".to_owned()),
            code: Some(code.to_owned()),
            text: Some(text.to_owned()),
            place: Some(place.to_owned()),
            source: ScanSource::Carrier,
            ..Checkpoint::new(later(self.shipped_at, hours * 60), state)
        }
    }
}

struct BenchCouriers(Arc<Answers>);

impl Couriers for BenchCouriers {
    fn vendors(&self) -> &'static [Vendor] {
        &VENDORS
    }

    fn open(
        &self,
        _vendor: &str,
        _fields: &BTreeMap<String, String>,
    ) -> Result<Arc<dyn CourierDesk>, String> {
        Ok(Arc::new(BenchDesk(Arc::clone(&self.0))))
    }
}

struct BenchDesk(Arc<Answers>);

#[async_trait]
impl CourierDesk for BenchDesk {
    fn covers(&self) -> &[Courier] {
        VENDORS[0].covers
    }

    fn allowance(&self) -> Allowance {
        Allowance {
            per_call: ASKED_AT_ONCE_MAX,
            per_day: None,
            gap: Duration::ZERO,
        }
    }

    async fn look(&self, asks: &[Ask]) -> Looked {
        self.0.calls.fetch_add(1, Ordering::Relaxed);
        self.0.looks.fetch_add(asks.len() as u64, Ordering::Relaxed);
        let told = |ask: &Ask| Found::Told(Box::new(self.0.telling(&ask.number)));
        Looked::Answered(asks.iter().map(told).collect())
    }
}

fn later(at: Timestamp, minutes: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_mins(minutes))
        .unwrap_or(Timestamp::MAX)
}

fn number_of(n: usize) -> String {
    format!("BRT{n:012}")
}

fn order_of(n: usize) -> String {
    format!("parcel-{n}")
}

fn order(n: usize, placed_at: Timestamp) -> OrderSnapshot {
    let email = format!("cliente{n}@example.com");
    OrderSnapshot {
        external_id: order_of(n),
        number: format!("#P{n}"),
        placed_at,
        updated_at: placed_at,
        person: PersonDetails {
            who: PersonRef {
                email: Some(email),
                ..PersonRef::default()
            },
            first_name: Some("Giulia".to_owned()),
            ..PersonDetails::default()
        },
        lines: vec![OrderLine {
            id: format!("line-{n}"),
            product_id: Some("sedia-3".to_owned()),
            sku: None,
            title: "Sedia impagliata, noce".to_owned(),
            variant: None,
            quantity: 2,
            unit_price: Money::eur(8_900),
            category: Some("sedie".to_owned()),
            url: None,
            image_url: None,
        }],
        subtotal: None,
        discount: None,
        shipping: None,
        tax: None,
        total: Money::eur(17_800),
        refunded: None,
        payment: PaymentState::Paid,
        payment_method: None,
        cash_on_delivery: false,
        cancelled_at: None,
        fulfilled: true,
        ship_to: Some(PostalAddress {
            street: Some("Via Trinchese 61".to_owned()),
            postal_code: Some("73100".to_owned()),
            city: Some("Lecce".to_owned()),
            province: Some("LE".to_owned()),
            country: Some("IT".to_owned()),
            ..PostalAddress::default()
        }),
        shipping_method: None,
        promised_on: None,
        discount_codes: Vec::new(),
        soft_spam_notice: Some("v1".to_owned()),
        cart_id: None,
        test: false,
        parcels: vec![ParcelSnapshot {
            external_id: Some(format!("fulfilment-{n}")),
            carrier: Some("BRT".to_owned()),
            number: Some(number_of(n)),
            shipped_at: Some(later(placed_at, 120)),
            ..ParcelSnapshot::default()
        }],
    }
}

/// One of the shop's goods, as it goes with what was bought.
fn good(n: usize) -> NewIntake {
    let id = format!("sedia-{}", 100 + n);
    let product = Product {
        url: Some(format!("{GOODS_AT}{id}")),
        ..dopo_testkit::build::product(&id, "sedie")
    };
    let line = EventLine {
        id: format!("g-{n}"),
        at: product.updated_at,
        event: Event::ProductUpdated { product },
    };
    NewIntake {
        origin: Origin::Import,
        ..NewIntake::event("import", line, None)
    }
}

fn intakes(n: usize, placed_at: Timestamp, answers: &Answers) -> [NewIntake; 2] {
    let import = |id: String, at: Timestamp, event: Event| NewIntake {
        origin: Origin::Import,
        ..NewIntake::event("import", EventLine { id, at, event }, None)
    };
    let placed = Event::OrderUpdated {
        order: Box::new(order(n, placed_at)),
    };
    let tracked = Event::ParcelTracked {
        parcel: ParcelRef {
            order: Some(order_of(n)),
            number: Some(number_of(n)),
            ..ParcelRef::default()
        },
        telling: Box::new(answers.telling(&number_of(n))),
    };
    [
        import(format!("p-{n}"), placed_at, placed),
        import(format!("t-{n}"), later(answers.shipped_at, 960), tracked),
    ]
}

/// What one pass over the parcels gave.
struct Pass {
    looks: u64,
    calls: u64,
    seconds: f64,
    cpu_seconds: f64,
}

/// Processor time of this process and, on PostgreSQL, of the server.
fn cpu_seconds(program: &Program) -> f64 {
    ticks(std::process::id(), false) / crate::program::TICKS_PER_SECOND + program.cpu_seconds()
}

fn resident_mb() -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kib.unwrap_or(0.0) * 1_024.0 / 1e6
}

/// A runtime of the poller's own: when it ends, the engine and its store end with it.
fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?)
}

/// Loads, looks twice at every parcel, then reads order pages of the real program: as they are, with goods, and while the
/// poller looks.
///
/// # Errors
/// When the store, the engine or the program refuses.
pub fn measure(
    client: &tokio::runtime::Runtime,
    program: &mut Program,
    parcels: usize,
    effort: Effort,
    table: &mut Table,
) -> Result<()> {
    let loading = runtime()?;
    let loaded = loading.block_on(poll(program, parcels, effort, table))?;
    drop(loading);
    client.block_on(read_pages(program, &loaded.pages, effort, table))?;
    client.block_on(read_pages_with_goods(program, &loaded.pages, effort, table))?;
    let polling = runtime()?;
    // Tomorrow at one all parcels are due again.
    let tomorrow = later(loaded.one_o_clock, 24 * 60);
    let answers = &loaded.answers;
    let poller = polling.block_on(Poller::start(program, Beside::Program, answers, tomorrow))?;
    poller.answers.moves.store(2, Ordering::Relaxed);
    let (stop, stopped) = watch::channel(false);
    let workers = polling.spawn(worker::run(Arc::clone(&poller.engine), stopped.clone()));
    let busy = polling.spawn(keep_busy(
        Arc::clone(&poller.clock),
        Arc::clone(&poller.answers),
        stopped,
    ));
    client.block_on(read_pages_meanwhile(program, &loaded, effort, table))?;
    stop.send(true)?;
    polling.block_on(async {
        busy.await?;
        workers.await
    })?;
    drop(poller);
    drop(polling);
    program.stop();
    Ok(())
}

/// Whether the program serves the same database meanwhile.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Beside {
    Nobody,
    Program,
}

/// The engine in this process, with the courier that answers at once.
struct Poller {
    engine: Arc<Engine>,
    clock: Arc<SetClock>,
    answers: Arc<Answers>,
}

impl Poller {
    async fn start(
        program: &Program,
        beside: Beside,
        answers: &Arc<Answers>,
        now: Timestamp,
    ) -> Result<Poller> {
        let postgres = program.database.starts_with("postgres");
        let key = MasterKey::parse(&std::fs::read_to_string(program.key_file())?)?;
        let clock = Arc::new(SetClock(AtomicI64::new(0)));
        clock.set(now);
        let engine = Engine::start(
            open(program, beside).await?,
            Arc::clone(&clock) as Arc<dyn Clock>,
            Arc::new(SystemEntropy),
            None,
            key,
            Settings {
                committers: if postgres { BATCHES_UNDER_WAY } else { 1 },
                ..Settings::default()
            },
        )
        .await?;
        let couriers = Arc::new(BenchCouriers(Arc::clone(answers)));
        engine.use_couriers(couriers).await?;
        Ok(Poller {
            engine,
            clock,
            answers: Arc::clone(answers),
        })
    }
}

/// Opens the program's store.
async fn open(program: &Program, beside: Beside) -> Result<Arc<dyn Store>> {
    if program.database.starts_with("postgres") {
        return Ok(Arc::new(dopo_postgres::connect(&program.database).await?));
    }
    let role = match beside {
        Beside::Nobody => dopo_sqlite::Role::Server,
        Beside::Program => dopo_sqlite::Role::Tool,
    };
    let store = dopo_sqlite::connect(&program.database, role).await?;
    Ok(Arc::new(store))
}

/// Says whether pages show goods, and what is similar to what.
async fn show_goods(store: &dyn Store, shown: bool) -> Result<ShopId> {
    let shops = store.shops().await?;
    let shop = shops.into_iter().find(|shop| shop.slug == SHOP);
    let mut shop = shop.context("the shop is not there")?;
    let settings = &mut shop.settings;
    settings.products_on_page = shown;
    let groups = &mut settings.similarity_groups;
    groups.insert("sedie".to_owned(), "sedute".to_owned());
    store
        .save_shop(shop.id, settings, shop.disconnected)
        .await?;
    Ok(shop.id)
}

/// Lets hours pass whenever nothing is left to look at, so that the poller does not rest.
async fn keep_busy(clock: Arc<SetClock>, answers: Arc<Answers>, mut stop: watch::Receiver<bool>) {
    let mut last = 0;
    loop {
        if tokio::time::timeout(LOOK * 5, stop.changed()).await.is_ok() {
            return;
        }
        let now = answers.looks.load(Ordering::Relaxed);
        if now == last {
            clock.pass(JUMP_HOURS);
        }
        last = now;
    }
}

/// What is measured afterwards.
struct Loaded {
    pages: Arc<Vec<String>>,
    answers: Arc<Answers>,
    /// One o'clock of the day of the looks.
    one_o_clock: Timestamp,
}

async fn poll(
    program: &Program,
    parcels: usize,
    effort: Effort,
    table: &mut Table,
) -> Result<Loaded> {
    let store = open(program, Beside::Program).await?;
    let shop = show_goods(&*store, false).await?;
    drop(store);
    // A morning of days gone by: what is then due is due by day.
    let zone = jiff::tz::TimeZone::get("Europe/Rome")?;
    let today = zone.to_datetime(Timestamp::now()).date();
    let hour = |h: i8| -> Result<Timestamp> {
        let at = today.to_datetime(time(h, 0, 0, 0));
        Ok(zone.to_ambiguous_timestamp(at).compatible()?)
    };
    let placed_at = later(hour(9)?, -30 * 60);
    let answers = Arc::new(Answers {
        shipped_at: later(placed_at, 120),
        moves: AtomicUsize::new(0),
        looks: AtomicU64::new(0),
        calls: AtomicU64::new(0),
    });
    let poller = Poller::start(program, Beside::Nobody, &answers, hour(9)?).await?;
    let (engine, clock) = (poller.engine, poller.clock);
    let fields = BTreeMap::from([("password".to_owned(), "bench".to_owned())]);
    engine.add_courier_account(shop, "bench", fields).await?;
    engine.ingest(shop, (0..GOODS).map(good).collect()).await?;

    let begun = Instant::now();
    load(&engine, shop, parcels, placed_at, &answers).await?;
    let seconds = begun.elapsed().as_secs_f64();
    table.put(
        (80, "parcels under tracking / loaded a second"),
        format!(
            "{} / {}",
            number(parcels as f64),
            number(parcels as f64 / seconds)
        ),
    );
    let (stop, stopped) = watch::channel(false);
    let workers = tokio::spawn(worker::run(Arc::clone(&engine), stopped));
    clock.set(hour(13)?);
    let first = pass(program, &engine, shop, &answers).await?;
    ensure!(
        first.looks >= parcels as u64,
        "{} of {parcels} parcels were looked at",
        first.looks
    );
    put(table, &FIRST, &first, SCANS.len() as f64);
    answers.moves.store(1, Ordering::Relaxed);
    clock.set(hour(19)?);
    let second = pass(program, &engine, shop, &answers).await?;
    let told = SCANS.len() as f64 + 1.0 / MOVES_ONE_IN as f64;
    put(table, &SECOND, &second, told);
    table.put(
        (87, "— resident memory of the polling process, MB"),
        number(resident_mb()),
    );
    stop.send(true)?;
    workers.await?;

    let mut pages = Vec::new();
    let count = (effort.pages as usize).min(parcels).max(1);
    for n in 0..count {
        let id = order_of(n * parcels / count);
        let order = engine.store().order_by_external_id(shop, &id).await?;
        let order = order.context("an order is not there")?;
        let token = Token::Order {
            shop,
            order: order.id,
        };
        pages.push(get(&format!("/o/{}", engine.tokens().seal(&token))));
    }
    Ok(Loaded {
        pages: Arc::new(pages),
        answers,
        one_o_clock: hour(13)?,
    })
}

async fn load(
    engine: &Arc<Engine>,
    shop: ShopId,
    parcels: usize,
    placed_at: Timestamp,
    answers: &Answers,
) -> Result<()> {
    let mut under_way: JoinSet<Result<()>> = JoinSet::new();
    let mut rest = (0..parcels)
        .flat_map(|n| intakes(n, placed_at, answers))
        .peekable();
    while rest.peek().is_some() {
        let batch: Vec<NewIntake> = rest.by_ref().take(BATCH_EVENTS).collect();
        if under_way.len() >= BATCHES_UNDER_WAY
            && let Some(done) = under_way.join_next().await
        {
            done??;
        }
        let engine = Arc::clone(engine);
        under_way.spawn(async move { Ok(engine.ingest(shop, batch).await.map(drop)?) });
    }
    while let Some(done) = under_way.join_next().await {
        done??;
    }
    Ok(())
}

/// Waits until everything that is due has been looked at.
async fn pass(program: &Program, engine: &Engine, shop: ShopId, answers: &Answers) -> Result<Pass> {
    let read = |of: &AtomicU64| of.load(Ordering::Relaxed);
    let (looks, calls) = (read(&answers.looks), read(&answers.calls));
    let (begun, cpu) = (Instant::now(), cpu_seconds(program));
    let mut last = (looks, Instant::now());
    loop {
        tokio::time::sleep(LOOK).await;
        let now = read(&answers.looks);
        if now != last.0 {
            last = (now, Instant::now());
            continue;
        }
        let due = [(shop, Courier::Brt)];
        let waiting = engine.store().looks_waiting(&due, engine.now()).await?;
        if waiting.is_empty() && now > looks {
            break;
        }
        ensure!(last.1.elapsed() < STANDS_STILL, "the poller stands still");
    }
    // Its last answer ended it; what came after was waiting.
    let seconds = last.1.duration_since(begun).as_secs_f64();
    Ok(Pass {
        looks: read(&answers.looks) - looks,
        calls: read(&answers.calls) - calls,
        seconds: seconds.max(0.001),
        cpu_seconds: cpu_seconds(program) - cpu,
    })
}

/// Rows of a pass.
const FIRST: [(u8, &str); 3] = [
    (81, "first looks/s, all told anew / calls/s"),
    (82, "— checkpoints read a second"),
    (83, "— CPU of poller and database, ms per look"),
];
const SECOND: [(u8, &str); 3] = [
    (84, "later looks/s, one in ten moved / calls/s"),
    (85, "— checkpoints read a second "),
    (86, "— CPU of poller and database, ms per look "),
];

fn put(table: &mut Table, rows: &[(u8, &'static str); 3], pass: &Pass, scans: f64) {
    let per_second = |n: u64| n as f64 / pass.seconds;
    table.put(
        rows[0],
        format!(
            "{} / {}",
            number(per_second(pass.looks)),
            number(per_second(pass.calls))
        ),
    );
    table.put(rows[1], number(per_second(pass.looks) * scans));
    let cpu_ms = pass.cpu_seconds * 1_000.0 / pass.looks.max(1) as f64;
    table.put(rows[2], number(cpu_ms));
}

/// Reads order pages for as long as a load takes.
async fn drive_pages(
    program: &Program,
    pages: &Arc<Vec<String>>,
    effort: Effort,
) -> Result<Measured> {
    let pages = Arc::clone(pages);
    let make = move |n: u64, out: &mut Vec<u8>| {
        out.clear();
        // A step that shares no factor with most counts: neighbours are not read one after the other.
        let at = (n.wrapping_mul(7_919) % pages.len() as u64) as usize;
        out.extend_from_slice(pages[at].as_bytes());
    };
    let counter = Arc::new(AtomicU64::new(0));
    let until = Until::Time(effort.span);
    drive(program.address, PAGE_CONNECTIONS, until, &counter, make).await
}

/// One page unpacked: its bytes, and whether goods stand on it.
async fn plain_page(program: &Program, page: &str) -> Result<(usize, bool)> {
    let mut client = crate::client::Connection::open(program.address).await?;
    let plain = page.replace("accept-encoding: gzip\r\n", "");
    let plain = client.ask(plain.as_bytes()).await?;
    let status = plain.status;
    ensure!(status == 200, "the order page answers {status}");
    let goods = memchr::memmem::find(client.body(), GOODS_AT.as_bytes());
    Ok((plain.body_bytes, goods.is_some()))
}

fn latency(measured: &Measured) -> String {
    let of = |share| number(measured.percentile_ms(share));
    format!("{} / {}", of(0.5), of(0.99))
}

fn sizes(measured: &Measured, plain: usize) -> String {
    let packed = measured.body_bytes as f64 / measured.requests as f64;
    format!("{:.1} / {:.1}", packed / 1e3, plain as f64 / 1e3)
}

/// The same pages with goods on them, under the gate: their people have bought with the notice of soft spam.
async fn read_pages_with_goods(
    program: &Program,
    pages: &Arc<Vec<String>>,
    effort: Effort,
    table: &mut Table,
) -> Result<()> {
    let store = open(program, Beside::Program).await?;
    show_goods(&*store, true).await?;
    tokio::time::sleep(SETTINGS_TAKEN).await;
    let (plain, goods) = plain_page(program, &pages[0]).await?;
    ensure!(goods, "the order page shows no goods");
    let cpu = program.cpu_seconds();
    let measured = drive_pages(program, pages, effort).await?;
    let cpu = program.cpu_seconds() - cpu;
    table.put(
        (94, "order pages/s with goods shown under the gate"),
        number(measured.per_second()),
    );
    table.put((95, "— p50 / p99, ms    "), latency(&measured));
    table.put(
        (96, "— CPU of server and database, ms per page  "),
        number(cpu * 1_000.0 / measured.requests as f64),
    );
    table.put(
        (97, "— size over the wire / unpacked, KB  "),
        sizes(&measured, plain),
    );
    show_goods(&*store, false).await?;
    tokio::time::sleep(SETTINGS_TAKEN).await;
    Ok(())
}

/// The same pages, without goods, while the poller looks at the same database from another process.
async fn read_pages_meanwhile(
    program: &Program,
    loaded: &Loaded,
    effort: Effort,
    table: &mut Table,
) -> Result<()> {
    let begun = Instant::now();
    let looks = || loaded.answers.looks.load(Ordering::Relaxed);
    let rest = looks();
    while looks() == rest {
        ensure!(begun.elapsed() < STANDS_STILL, "the poller stands still");
        tokio::time::sleep(LOOK).await;
    }
    let before = looks();
    let measured = drive_pages(program, &loaded.pages, effort).await?;
    let looked = looks() - before;
    table.put(
        (98, "order pages/s while the poller looks"),
        number(measured.per_second()),
    );
    table.put((99, "— p50 / p99, ms     "), latency(&measured));
    table.put(
        (100, "— looks/s meanwhile"),
        number(looked as f64 / measured.seconds),
    );
    Ok(())
}

async fn read_pages(
    program: &mut Program,
    pages: &Arc<Vec<String>>,
    effort: Effort,
    table: &mut Table,
) -> Result<()> {
    program.start().await?;
    let (plain, goods) = plain_page(program, &pages[0]).await?;
    ensure!(!goods, "the order page shows goods");
    let cpu = program.cpu_seconds();
    let measured = drive_pages(program, pages, effort).await?;
    let cpu = program.cpu_seconds() - cpu;
    table.put(
        (88, "order pages/s with that many parcels, 32 connections"),
        number(measured.per_second()),
    );
    table.put((89, "— p50 / p99, ms   "), latency(&measured));
    table.put(
        (90, "— CPU of server and database, ms per page "),
        number(cpu * 1_000.0 / measured.requests as f64),
    );
    table.put(
        (91, "— size over the wire / unpacked, KB "),
        sizes(&measured, plain),
    );
    table.put(
        (92, "— resident memory of `dopo serve` afterwards, MB"),
        number(program.memory_mb().0),
    );
    table.put(
        (93, "— database with that many parcels, MB"),
        number(program.database_mb()),
    );
    Ok(())
}
