//! `cargo xtask bench eta`: how well delivery days are foretold, out of time, on real orders.
//!
//! The first 80 % of the delivered orders by purchase are learnt from, the rest is foretold. What the estimator is told of
//! an order is what was known when the training part ended: orders under way then count as open until that day. How fast
//! it forgets is chosen on the training part alone, by the mean error over its second half, foretold week by week.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use dopo_predict::{Days, Learner, Level, Outcome};
use jiff::civil::{Date, DateTime, Weekday};
use jiff::{Span, ToSpan};

/// Share of the orders that is learnt from, in percent.
const TRAINING_PERCENT: usize = 80;
/// Working days from which on deliveries are counted together.
const DAYS_MAX: u32 = 60;
/// Half-lives to choose from for what holds in the long run (all, quarters and tenths of the promise) and for what is
/// different lately (quarters again).
const LONG_HALF_LIVES_DAYS: [f64; 3] = [120.0, 360.0, 2_000.0];
const LATELY_HALF_LIVES_DAYS: [f64; 4] = [10.0, 20.0, 30.0, 60.0];
/// Observations from which on "lately" speaks for itself, to choose from.
const LATELY_STRENGTHS: [f64; 4] = [16.0, 32.0, 64.0, 128.0];
/// What each figure was with the median of the training part and with gradient boosting, as measured elsewhere.
const BOOSTING_MAE: [f64; 2] = [3.49, 2.94];

/// One order.
struct Order {
    bought: DateTime,
    handed_over: Option<DateTime>,
    delivered: Option<DateTime>,
    promised: Date,
    called_off: bool,
}

/// From when on an order is foretold.
#[derive(Clone, Copy, PartialEq)]
enum From {
    Purchase,
    HandOver,
}

impl From {
    fn of(self, order: &Order) -> Option<DateTime> {
        match self {
            From::Purchase => Some(order.bought),
            From::HandOver => order.handed_over,
        }
    }
}

/// Group of an order on a level: level and number.
type Cell = (u8, usize);

/// How orders are grouped: by the working days from purchase to promise, in quarters and in tenths of the training part;
/// after the hand-over also by the working days it took, in thirds.
struct Groups {
    from: From,
    quarters: Vec<u32>,
    tenths: Vec<u32>,
    leads: Vec<u32>,
}

fn span(order: &Order) -> u32 {
    working_days(order.bought.date(), order.promised)
}

fn lead(order: &Order) -> Option<u32> {
    Some(working_days(order.bought.date(), order.handed_over?.date()))
}

impl Groups {
    fn learn(from: From, training: &[&Order]) -> Groups {
        let spans: Vec<u32> = training.iter().map(|order| span(order)).collect();
        let leads = match from {
            From::Purchase => Vec::new(),
            From::HandOver => bounds(training.iter().filter_map(|o| lead(o)).collect(), 3),
        };
        Groups {
            from,
            quarters: bounds(spans.clone(), 4),
            tenths: bounds(spans, 10),
            leads,
        }
    }

    fn path(&self, order: &Order) -> Option<[Cell; 4]> {
        let group = |bounds: &[u32], value: u32| bounds.partition_point(|bound| *bound <= value);
        let lead = match self.from {
            From::Purchase => 0,
            From::HandOver => lead(order)?,
        };
        let quarter = group(&self.quarters, span(order));
        let fine = 10 * group(&self.tenths, span(order)) + group(&self.leads, lead);
        Some([(0, 0), (1, quarter), (2, fine), (3, quarter)])
    }
}

/// Bounds between so many groups of about the same size.
fn bounds(mut values: Vec<u32>, parts: usize) -> Vec<u32> {
    values.sort_unstable();
    let bound = |n: usize| values.get(values.len() * n / parts).copied();
    let mut bounds: Vec<u32> = (1..parts).filter_map(bound).collect();
    bounds.dedup();
    bounds
}

/// An estimator at one time.
struct Foreteller<'a> {
    groups: &'a Groups,
    days: Days<Cell>,
}

impl<'a> Foreteller<'a> {
    /// Learns what was known at a time.
    fn learn(groups: &'a Groups, known: &[&Order], at: DateTime, memory: [f64; 3]) -> Self {
        let [long, lately, strength] = memory;
        let level = |half_life_days, strength| Level {
            half_life_days,
            strength,
        };
        let long = level(long, None);
        let levels = [long, long, long, level(lately, Some(strength))];
        let mut learner = Learner::new(&levels, DAYS_MAX);
        for order in known {
            let (Some(from), Some(path)) = (groups.from.of(order), groups.path(order)) else {
                continue;
            };
            if from >= at || order.called_off {
                continue;
            }
            let age = days_between(from, at);
            let (until, outcome) = match order.delivered.filter(|delivered| *delivered <= at) {
                Some(delivered) => (courier_day(delivered.date()), Outcome::Happened),
                None => (at.date(), Outcome::Open),
            };
            learner.observe(&path, working_days(from.date(), until), outcome, age, 1);
        }
        Foreteller {
            groups,
            days: learner.finish(),
        }
    }

    fn foretell(&self, order: &Order, score: &mut Score) {
        let (Some(from), Some(path), Some(delivered)) = (
            self.groups.from.of(order),
            self.groups.path(order),
            order.delivered,
        ) else {
            return;
        };
        let Some(curve) = self.days.curve(&path) else {
            return;
        };
        score.orders += 1;
        let median = curve.quantile(0.5);
        let part = curve.moment(0.5) - f64::from(median);
        let day = after(from.date(), median).to_datetime(jiff::civil::Time::midnight());
        let foretold = (day + ((part * 1_440.0) as i64).minutes()).max(from);
        score.error += days_between(foretold, delivered).abs();
        for (at, percent) in [80, 90].into_iter().enumerate() {
            let interval = curve.interval(percent);
            let first = after(from.date(), interval.from);
            let last = after(from.date(), interval.until);
            let inside = (first..=last).contains(&delivered.date());
            score.inside[at] += u32::from(inside);
            score.width[at] += f64::from((last - first).get_days()) + 1.0;
        }
    }
}

/// How well it was foretold, summed up.
#[derive(Default)]
struct Score {
    orders: u32,
    error: f64,
    inside: [u32; 2],
    width: [f64; 2],
}

impl Score {
    fn per_order(&self, sum: f64) -> f64 {
        sum / f64::from(self.orders.max(1))
    }

    fn mae(&self) -> f64 {
        self.per_order(self.error)
    }
}

/// When is learnt.
#[derive(Clone, Copy)]
enum Learning {
    /// Once: what was known then.
    Once(DateTime),
    /// Every so many days: what is known by then.
    Every(i64),
}

/// Foretells orders, each from what was learnt before.
fn foretell(
    groups: &Groups,
    all: &[&Order],
    test: &[&Order],
    memory: [f64; 3],
    learning: Learning,
) -> Score {
    let mut score = Score::default();
    let mut test: Vec<(DateTime, &Order)> = test
        .iter()
        .filter_map(|order| Some((groups.from.of(order)?, *order)))
        .collect();
    test.sort_by_key(|(from, _)| *from);
    let mut rest = &test[..];
    while let Some((first, _)) = rest.first() {
        let midnight = first.date().to_datetime(jiff::civil::Time::midnight());
        let (at, until) = match learning {
            Learning::Once(at) => (at, DateTime::MAX),
            Learning::Every(days) => (midnight, midnight + days.days()),
        };
        let foreteller = Foreteller::learn(groups, all, at, memory);
        let count = rest.partition_point(|(from, _)| *from < until);
        let (now, later) = rest.split_at(count);
        for (_, order) in now {
            foreteller.foretell(order, &mut score);
        }
        rest = later;
    }
    score
}

/// The half-lives under which the second half of the training part is foretold best, week by week.
fn choose(groups: &Groups, known: &[&Order], training: &[&Order]) -> [f64; 3] {
    let second_half = &training[training.len() / 2..];
    let mut best = (f64::INFINITY, [0.0; 3]);
    for long in LONG_HALF_LIVES_DAYS {
        for lately in LATELY_HALF_LIVES_DAYS {
            for strength in LATELY_STRENGTHS {
                let memory = [long, lately, strength];
                let score = foretell(groups, known, second_half, memory, Learning::Every(7));
                if score.mae() < best.0 {
                    best = (score.mae(), memory);
                }
            }
        }
    }
    best.1
}

/// Reads the orders, foretells, and prints the table.
fn main() -> Result<()> {
    let path = data()?;
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    let mut orders = read(&text)?;
    orders.sort_by_key(|order| order.bought);
    print!("{}", table(&orders)?);
    Ok(())
}

fn data() -> Result<PathBuf> {
    let shared = std::env::var_os("DOPO_SHARED_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let path = shared.join("data/olist/olist_orders_part.csv");
    if !path.exists() {
        bail!(
            "the orders are not there: set DOPO_SHARED_DIR to the folder with data/olist/olist_orders_part.csv"
        );
    }
    Ok(path)
}

fn table(orders: &[Order]) -> Result<String> {
    let delivered: Vec<&Order> = orders.iter().filter(|o| o.delivered.is_some()).collect();
    let (training, test) = delivered.split_at(delivered.len() * TRAINING_PERCENT / 100);
    let cut = test.first().context("there are too few orders")?.bought;
    let all: Vec<&Order> = orders.iter().collect();
    let known = &all[..all.partition_point(|order| order.bought < cut)];

    let took = |order: &&Order| Some(days_between(order.bought, order.delivered?));
    let usual = median(training.iter().filter_map(took).collect());
    let mean = |errors: Vec<f64>| errors.iter().sum::<f64>() / errors.len().max(1) as f64;
    let of_median = mean(
        test.iter()
            .filter_map(took)
            .map(|d| (d - usual).abs())
            .collect(),
    );
    let of_promise = |order: &&Order| {
        let promised = order.promised.to_datetime(jiff::civil::Time::midnight());
        Some(days_between(order.delivered?, promised).abs())
    };
    let of_promise = mean(test.iter().filter_map(of_promise).collect());

    let mut out = String::new();
    writeln!(
        out,
        "{} delivered orders, learnt from {} bought before {}, {} foretold\n",
        delivered.len(),
        training.len(),
        cut.date(),
        test.len()
    )?;
    writeln!(
        out,
        "| foretold by | mean error, days | inside 80 % | inside 90 % | days wide, 80 % |"
    )?;
    writeln!(out, "|---|---:|---:|---:|---:|")?;
    writeln!(out, "| the shop's promise | {of_promise:.2} | | | |")?;
    writeln!(
        out,
        "| the median of the training part | {of_median:.2} | | | |"
    )?;
    let mut notes = String::new();
    for (name, from, boosting) in [
        ("at purchase", From::Purchase, BOOSTING_MAE[0]),
        ("after hand-over", From::HandOver, BOOSTING_MAE[1]),
    ] {
        writeln!(
            out,
            "| gradient boosting, {name} (measured elsewhere) | {boosting:.2} | | | |"
        )?;
        let groups = Groups::learn(from, training);
        let memory = choose(&groups, known, training);
        for (how, learning) in [
            ("learnt once", Learning::Once(cut)),
            ("learning on, day by day", Learning::Every(1)),
        ] {
            let score = foretell(&groups, &all, test, memory, learning);
            let share = |at: usize| 100.0 * score.per_order(f64::from(score.inside[at]));
            writeln!(
                out,
                "| **ours, {name}**, {how} | {:.2} | {:.1} % | {:.1} % | {:.1} |",
                score.mae(),
                share(0),
                share(1),
                score.per_order(score.width[0]),
            )?;
            if score.mae() >= of_median || score.mae() >= of_promise {
                bail!("{name}, {how}: not better than the median and the promise\n{out}");
            }
        }
        let last = Foreteller::learn(&groups, known, cut, memory);
        writeln!(
            notes,
            "{name}: half-lives {} days, and lately {} days; strengths {:?}",
            memory[0],
            memory[1],
            last.days.strengths()
        )?;
    }
    writeln!(out, "\n{notes}")?;
    Ok(out)
}

fn read(text: &str) -> Result<Vec<Order>> {
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let column = |name: &str| {
        head.iter()
            .position(|head| *head == name)
            .with_context(|| format!("the column {name} is missing"))
    };
    let bought = column("order_purchase_timestamp")?;
    let handed_over = column("order_delivered_carrier_date")?;
    let delivered = column("order_delivered_customer_date")?;
    let promised = column("order_estimated_delivery_date")?;
    let status = column("order_status")?;
    lines
        .filter(|line| !line.trim().is_empty())
        .map(|line| {
            let cells: Vec<&str> = line.trim().split(',').collect();
            let cell = |at: usize| cells.get(at).copied().unwrap_or_default();
            let time = |at: usize| match cell(at) {
                "" => Ok(None),
                text => DateTime::strptime("%m/%d/%Y %H:%M", text)
                    .map(Some)
                    .with_context(|| format!("`{text}` is no time")),
            };
            let delivered = time(delivered)?.filter(|_| cell(status) == "delivered");
            Ok(Order {
                bought: time(bought)?.context("an order without a time of purchase")?,
                handed_over: time(handed_over)?,
                delivered,
                promised: time(promised)?
                    .context("an order without a promise")?
                    .date(),
                called_off: matches!(cell(status), "canceled" | "unavailable"),
            })
        })
        .collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => 0.0,
        n if n % 2 == 1 => values[n / 2],
        n => f64::midpoint(values[n / 2 - 1], values[n / 2]),
    }
}

/// Days from one time to another, with fractions.
fn days_between(from: DateTime, to: DateTime) -> f64 {
    to.duration_since(from).as_secs_f64() / 86_400.0
}

fn is_working(day: Date) -> bool {
    !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// The day itself if it is Monday to Friday, else the Monday after.
fn courier_day(day: Date) -> Date {
    let mut day = day;
    while !is_working(day) {
        day = day.saturating_add(Span::new().days(1));
    }
    day
}

/// Working days after a day up to and including another.
fn working_days(from: Date, to: Date) -> u32 {
    let (mut day, mut count) = (from, 0);
    while day < to {
        day = day.saturating_add(Span::new().days(1));
        count += u32::from(is_working(day));
    }
    count
}

/// The day so many working days after a day.
fn after(from: Date, n: u32) -> Date {
    (0..n).fold(if n == 0 { courier_day(from) } else { from }, |day, _| {
        courier_day(day.saturating_add(Span::new().days(1)))
    })
}
