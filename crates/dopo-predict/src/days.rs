//! After how many days something happens: a discrete hazard per cell, thin cells leaning on those above them.
//!
//! # Method
//!
//! An observation is a number of days and whether the thing had happened by then ([`Outcome`]). Each belongs to one cell on
//! every level of a hierarchy, from all observations to the finest; on each level old observations count less, by half
//! after a time of that level ([`Level::half_life_days`]).
//!
//! - The hazard of day *d* in a cell is (happened on *d* + κ·hazard above) / (still open on *d* + κ). Without the level
//!   above this is the estimator of Kaplan and Meier (1958) on grouped days: what has not happened yet counts among the open
//!   as long as it was watched, so it neither shortens nor lengthens the curve. With it, it is the posterior mean under a
//!   beta-process prior (Hjort, *Annals of Statistics* 18, 1990), i.e. partial pooling: a cell with many observations speaks
//!   for itself, a thin one for those above it.
//! - κ is one number for each level, chosen by empirical Bayes: the largest beta-binomial likelihood of the level's cells
//!   given the level above (Carlin and Louis, *Bayes and Empirical Bayes Methods*, 2000, ch. 3), over [`STRENGTHS`]; or it is
//!   given ([`Level::strength`]), where cells are few and contain most of what is above them, as with "lately".
//! - Levels need not nest. A coarse cell with a short memory below a fine one with a long memory says what is different
//!   lately, as far as there is enough of lately: drift is pooled like everything else.
//! - The interval runs between two quantiles of the curve, so that at most half of what the coverage leaves lies on either
//!   side. Days are whole: the true coverage is rather above the stated one than below.

use crate::gamma::ln_gamma;
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

/// Strengths that a level's leaning on the one above may have, in observations.
pub const STRENGTHS: [f64; 8] = [2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];
/// Observations that the coarsest level leans on a flat hazard with: so little that it only fills gaps.
const FLAT_STRENGTH: f64 = 0.5;
/// Weighted observations below which a cell has no say in choosing a strength, and on which a sample is not based.
const SAY_MIN: f64 = 5.0;

/// What is known of one thing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It happened on that day.
    Happened,
    /// It had not happened by the end of the day before that day.
    Open,
}

/// One level of the hierarchy.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Level {
    /// Days after which an observation counts half.
    pub half_life_days: f64,
    /// How many observations its leaning on the level above is worth; chosen by empirical Bayes when absent.
    pub strength: Option<f64>,
}

/// Observations of one cell by day, weighted.
#[derive(Clone, Debug)]
struct Tally {
    happened: Vec<f64>,
    /// Left on that day without having happened on it.
    left: Vec<f64>,
    /// Things that happened, unweighted.
    sample: u64,
}

impl Tally {
    fn new(days: usize) -> Self {
        Tally {
            happened: vec![0.0; days],
            left: vec![0.0; days],
            sample: 0,
        }
    }

    /// By day: happened, and open at the day's beginning.
    fn at_risk(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        let all: f64 = self.happened.iter().chain(&self.left).sum();
        let mut open = all;
        self.happened.iter().zip(&self.left).map(move |(h, l)| {
            // What was open until this day left before it.
            open -= l;
            let at_risk = open.max(0.0);
            open -= h;
            (*h, at_risk)
        })
    }

    fn weight(&self) -> f64 {
        self.happened.iter().sum()
    }
}

/// Gathers observations. `K` names a cell; the same name on two levels means two cells.
#[derive(Clone, Debug)]
pub struct Learner<K> {
    levels: Vec<Level>,
    days: usize,
    cells: Vec<HashMap<K, Tally>>,
    /// The path on which a cell was first seen: what it leans on when strengths are chosen.
    first_paths: Vec<HashMap<K, Vec<K>>>,
}

impl<K: Clone + Eq + Hash + Ord> Learner<K> {
    /// An empty one. What takes longer than `days_max` days counts as taking that long.
    pub fn new(levels: &[Level], days_max: u32) -> Self {
        Learner {
            levels: levels.to_vec(),
            days: days_max as usize + 1,
            cells: levels.iter().map(|_| HashMap::new()).collect(),
            first_paths: levels.iter().map(|_| HashMap::new()).collect(),
        }
    }

    /// Takes in `n` observations of that `age` in days. `path` names their cell on each level, the one that the others lean
    /// on first; a path that is shorter than the hierarchy counts on the levels it names. A level may be coarser than the one
    /// above it, if it forgets sooner: it then says what is different lately.
    pub fn observe(&mut self, path: &[K], day: u32, outcome: Outcome, age_days: f64, n: u32) {
        let day = (day as usize).min(self.days - 1);
        for (at, cell) in path.iter().take(self.levels.len()).enumerate() {
            let half_life = self.levels[at].half_life_days;
            let weight = f64::from(n) * 0.5_f64.powf(age_days.max(0.0) / half_life);
            let days = self.days;
            if !self.cells[at].contains_key(cell) {
                self.first_paths[at].insert(cell.clone(), path[..at].to_vec());
            }
            let tally = self.cells[at]
                .entry(cell.clone())
                .or_insert_with(|| Tally::new(days));
            match outcome {
                Outcome::Happened => {
                    tally.happened[day] += weight;
                    tally.sample += u64::from(n);
                }
                Outcome::Open => tally.left[day] += weight,
            }
        }
    }

    /// What follows from the observations: the strength of each level is chosen.
    pub fn finish(self) -> Days<K> {
        let mut days = Days {
            levels: Vec::with_capacity(self.levels.len()),
            strengths: Vec::with_capacity(self.levels.len()),
            days: self.days,
        };
        for (cells, paths) in self.cells.into_iter().zip(&self.first_paths) {
            let given = self.levels[days.levels.len()].strength;
            let strength = if days.levels.is_empty() {
                FLAT_STRENGTH
            } else if let Some(given) = given {
                given
            } else {
                // In order, so that sums are the same whatever order the cells came in.
                let mut order: Vec<&K> = cells.keys().collect();
                order.sort_unstable();
                strength(order.into_iter().map(|cell| {
                    let above = paths.get(cell).map_or(&[][..], Vec::as_slice);
                    (&cells[cell], days.hazards(above))
                }))
            };
            let cells = cells.into_iter().map(|(cell, tally)| {
                let weighs = tally.weight() >= SAY_MIN;
                let sample = if weighs { tally.sample } else { 0 };
                let by_day = tally.at_risk().collect();
                (cell, Cell { by_day, sample })
            });
            let cells = cells.collect();
            days.levels.push(cells);
            days.strengths.push(strength);
        }
        days
    }
}

/// The strength under which the cells of a level are most likely, given the hazards above them.
fn strength<'a>(cells: impl Iterator<Item = (&'a Tally, Vec<f64>)>) -> f64 {
    let mut likelihood = [0.0; STRENGTHS.len()];
    let mut any = false;
    for (tally, above) in cells {
        if tally.weight() < SAY_MIN {
            continue;
        }
        any = true;
        for ((happened, open), above) in tally.at_risk().zip(above) {
            if open <= f64::EPSILON || above <= 0.0 || above >= 1.0 {
                continue;
            }
            let missed = (open - happened).max(0.0);
            for (at, k) in STRENGTHS.iter().enumerate() {
                let (a, b) = (k * above, k * (1.0 - above));
                likelihood[at] += ln_beta(a + happened, b + missed) - ln_beta(a, b);
            }
        }
    }
    let best = (0..STRENGTHS.len()).max_by(|a, b| likelihood[*a].total_cmp(&likelihood[*b]));
    // Without anything to go by, a cell leans fully on the one above.
    best.filter(|_| any)
        .map_or(STRENGTHS[STRENGTHS.len() - 1], |at| STRENGTHS[at])
}

fn ln_beta(a: f64, b: f64) -> f64 {
    ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b)
}

#[derive(Clone, Debug)]
struct Cell {
    /// By day: happened, and open at its beginning.
    by_day: Vec<(f64, f64)>,
    /// Things that happened here; 0 where they weigh too little to speak of.
    sample: u64,
}

/// What was learnt.
#[derive(Clone, Debug)]
pub struct Days<K> {
    levels: Vec<BTreeMap<K, Cell>>,
    strengths: Vec<f64>,
    days: usize,
}

impl<K: Ord> Days<K> {
    /// The curve on a path, each cell leaning on those before it; a cell that is not known adds nothing. None where not even
    /// the first is known.
    pub fn curve(&self, path: &[K]) -> Option<DayCurve> {
        self.cell(0, path)?;
        // The finest cell that weighs enough, wherever in the hierarchy it stands.
        let samples = (0..path.len()).filter_map(|at| Some(self.cell(at, path)?.sample));
        let sample = samples.filter(|sample| *sample > 0).min().unwrap_or(0);
        Some(DayCurve::of(&self.hazards(path), sample))
    }

    fn cell(&self, at: usize, path: &[K]) -> Option<&Cell> {
        self.levels.get(at)?.get(path.get(at)?)
    }

    fn hazards(&self, path: &[K]) -> Vec<f64> {
        let mut hazards = vec![1.0 / self.days as f64; self.days];
        for (at, strength) in self.strengths.iter().enumerate() {
            let Some(cell) = self.cell(at, path) else {
                continue;
            };
            for (hazard, (happened, open)) in hazards.iter_mut().zip(&cell.by_day) {
                *hazard = (happened + strength * *hazard) / (open + strength);
            }
        }
        hazards
    }

    /// The strength chosen on each level, in observations.
    pub fn strengths(&self) -> &[f64] {
        &self.strengths
    }

    /// Whether nothing was learnt.
    pub fn is_empty(&self) -> bool {
        self.levels.first().is_none_or(BTreeMap::is_empty)
    }
}

/// How likely each number of days is.
#[derive(Clone, PartialEq, Debug)]
pub struct DayCurve {
    chances: Vec<f64>,
    sample: u64,
}

/// A span of days, both ends included.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Interval {
    /// The first day.
    pub from: u32,
    /// As likely to be too early as too late.
    pub median: u32,
    /// The last day.
    pub until: u32,
}

impl DayCurve {
    fn of(hazards: &[f64], sample: u64) -> DayCurve {
        let mut open = 1.0;
        let mut chances = Vec::with_capacity(hazards.len());
        let last = hazards.len().saturating_sub(1);
        for (day, hazard) in hazards.iter().enumerate() {
            // What is longer than the last day counts as the last day.
            let chance = if day == last {
                open
            } else {
                open * hazard.clamp(0.0, 1.0)
            };
            chances.push(chance);
            open -= chance;
        }
        DayCurve { chances, sample }
    }

    /// How likely a number of days is.
    pub fn chance(&self, day: u32) -> f64 {
        self.chances.get(day as usize).copied().unwrap_or(0.0)
    }

    /// Observations in the finest cell that weighs enough to speak of.
    pub fn sample(&self) -> u64 {
        self.sample
    }

    /// The curve of what has not happened before a day. Beyond everything that was seen it happens at once.
    pub fn given_not_before(&self, day: u32) -> DayCurve {
        let day = (day as usize).min(self.chances.len().saturating_sub(1));
        let left: f64 = self.chances[day..].iter().sum();
        let mut chances = vec![0.0; self.chances.len()];
        for (at, chance) in chances.iter_mut().enumerate().skip(day) {
            *chance = if left > f64::EPSILON {
                self.chances[at] / left
            } else {
                f64::from(u8::from(at == day))
            };
        }
        DayCurve {
            chances,
            sample: self.sample,
        }
    }

    /// The first day by which this share (0 to 1) has happened.
    pub fn quantile(&self, share: f64) -> u32 {
        let mut sum = 0.0;
        for (day, chance) in self.chances.iter().enumerate() {
            sum += chance;
            if sum + 1e-12 >= share {
                return day as u32;
            }
        }
        self.chances.len().saturating_sub(1) as u32
    }

    /// The moment by which this share has happened, in days, as if it happened evenly over each day.
    pub fn moment(&self, share: f64) -> f64 {
        let day = self.quantile(share);
        let before: f64 = self.chances[..day as usize].iter().sum();
        let chance = self.chance(day);
        let part = if chance > f64::EPSILON {
            (share - before) / chance
        } else {
            0.5
        };
        f64::from(day) + part.clamp(0.0, 1.0)
    }

    /// The interval in which at least `percent` of a hundred happen, with at most half of the rest on either side.
    pub fn interval(&self, percent: u8) -> Interval {
        let outside = (1.0 - f64::from(percent.min(100)) / 100.0) / 2.0;
        // The first day before which at most `outside` lies.
        let mut sum = 0.0;
        let mut from = 0;
        for (day, chance) in self.chances.iter().enumerate() {
            sum += chance;
            if sum > outside + 1e-12 {
                from = day as u32;
                break;
            }
        }
        Interval {
            from,
            median: self.quantile(0.5),
            until: self.quantile(1.0 - outside),
        }
    }
}
