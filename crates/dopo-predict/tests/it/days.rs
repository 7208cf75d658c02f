//! Days until something happens, on made-up worlds whose truth is known.

use dopo_predict::{Days, Interval, Learner, Level, Outcome};

/// A small generator of numbers (splitmix64), so that every run sees the same world.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A day by cumulated chances.
    fn day(&mut self, cumulated: &[f64]) -> u32 {
        let x = self.roll();
        cumulated
            .iter()
            .position(|c| x < *c)
            .unwrap_or(cumulated.len()) as u32
    }
}

const STEADY: Level = Level {
    half_life_days: 1e9,
    strength: None,
};
/// 12 % the next day, 60 % by the second, 82 % by the third…
const MAINLAND: [f64; 6] = [0.0, 0.12, 0.6, 0.82, 0.95, 0.99];
const ISLAND: [f64; 8] = [0.0, 0.0, 0.05, 0.25, 0.6, 0.85, 0.95, 0.99];

fn learnt(
    observations: &[(&'static str, u32, Outcome, f64)],
    levels: &[Level],
) -> Days<&'static str> {
    let mut learner = Learner::new(levels, 30);
    for (cell, day, outcome, age) in observations {
        learner.observe(&["all", cell][..levels.len()], *day, *outcome, *age, 1);
    }
    learner.finish()
}

#[test]
fn an_interval_covers_what_it_says() {
    let mut dice = Dice(1);
    for (cell, world) in [("mainland", &MAINLAND[..]), ("island", &ISLAND[..])] {
        let seen: Vec<_> = (0..2_000)
            .map(|_| (cell, dice.day(world), Outcome::Happened, 0.0))
            .collect();
        let curve = learnt(&seen, &[STEADY, STEADY])
            .curve(&["all", cell])
            .unwrap();
        assert_eq!(curve.sample(), 2_000);
        for percent in [50, 80, 90] {
            let Interval { from, until, .. } = curve.interval(percent);
            let inside = (0..20_000)
                .filter(|_| (from..=until).contains(&dice.day(world)))
                .count();
            assert!(
                inside as f64 >= 20_000.0 * (f64::from(percent) / 100.0 - 0.02),
                "{cell} {percent} {from}..={until} {inside}"
            );
        }
    }
    let mainland = learnt(
        &(0..2_000)
            .map(|_| ("mainland", dice.day(&MAINLAND), Outcome::Happened, 0.0))
            .collect::<Vec<_>>(),
        &[STEADY],
    );
    let curve = mainland.curve(&["all"]).unwrap();
    assert_eq!(
        curve.interval(80),
        Interval {
            from: 1,
            median: 2,
            until: 4
        }
    );
}

#[test]
fn what_is_still_open_does_not_bias_the_curve() {
    // Everything is watched for three days only: of the slow half nothing is seen to happen.
    let mut dice = Dice(2);
    let mut seen = Vec::new();
    let mut naive = Vec::new();
    for n in 0..6_000_u32 {
        let day = dice.day(&ISLAND);
        let watched = n % 8;
        if day < watched {
            seen.push(("island", day, Outcome::Happened, 0.0));
            naive.push(day);
        } else {
            seen.push(("island", watched, Outcome::Open, 0.0));
        }
    }
    let curve = learnt(&seen, &[STEADY]).curve(&["all"]).unwrap();
    naive.sort_unstable();
    assert_eq!(naive[naive.len() / 2], 4, "delivered ones alone look early");
    assert_eq!(curve.quantile(0.5), 4);
    let late: f64 = (5..=6).map(|day| curve.chance(day)).sum();
    assert!((late - 0.35).abs() < 0.05, "{late}");
    let seen_late = naive.iter().filter(|day| **day >= 5).count() as f64 / naive.len() as f64;
    assert!(seen_late < 0.25, "{seen_late}");
}

#[test]
fn a_thin_cell_leans_on_the_one_above_and_a_thick_one_speaks_for_itself() {
    let mut dice = Dice(3);
    let cells = ["a", "b", "c", "d", "e", "f"];
    let mut seen = Vec::new();
    for cell in cells {
        for _ in 0..400 {
            seen.push((cell, dice.day(&MAINLAND), Outcome::Happened, 0.0));
        }
    }
    for _ in 0..400 {
        seen.push(("island", dice.day(&ISLAND), Outcome::Happened, 0.0));
    }
    seen.push(("thin", 20, Outcome::Happened, 0.0));
    let days = learnt(&seen, &[STEADY, STEADY]);
    let median = |cell| days.curve(&["all", cell]).map(|c| c.quantile(0.5));
    assert_eq!(median("a"), Some(2));
    assert_eq!(median("island"), Some(4));
    assert_eq!(median("unknown"), Some(2));
    assert!(median("thin").is_some_and(|day| (2..=3).contains(&day)));
    let thin = days.curve(&["all", "thin"]).unwrap();
    assert_eq!(thin.sample(), 2_801, "what it leans on");
    assert!(thin.quantile(0.9) < 10, "one odd parcel does not frighten");
    assert!(days.curve(&["nothing"]).is_none());
}

#[test]
fn cells_that_differ_lean_less_than_cells_that_are_alike() {
    let mut dice = Dice(4);
    let mut alike = Vec::new();
    let mut apart = Vec::new();
    for (n, cell) in ["a", "b", "c", "d", "e", "f", "g", "h"]
        .into_iter()
        .enumerate()
    {
        for _ in 0..200 {
            alike.push((cell, dice.day(&MAINLAND), Outcome::Happened, 0.0));
            let world = if n % 2 == 0 {
                &MAINLAND[..]
            } else {
                &ISLAND[..]
            };
            apart.push((cell, dice.day(world), Outcome::Happened, 0.0));
        }
    }
    let strength = |seen: &[_]| learnt(seen, &[STEADY, STEADY]).strengths()[1];
    assert!(strength(&alike) >= 128.0, "{}", strength(&alike));
    assert!(strength(&apart) <= 16.0, "{}", strength(&apart));
}

#[test]
fn old_observations_fade() {
    let mut seen = Vec::new();
    for _ in 0..500 {
        seen.push(("x", 6, Outcome::Happened, 300.0));
        seen.push(("x", 2, Outcome::Happened, 3.0));
    }
    let fading = Level {
        half_life_days: 30.0,
        strength: None,
    };
    let curve = learnt(&seen, &[fading]).curve(&["all"]).unwrap();
    assert_eq!(curve.quantile(0.9), 2);
    let steady = learnt(&seen, &[STEADY]).curve(&["all"]).unwrap();
    assert_eq!(steady.quantile(0.9), 6);
}

#[test]
fn what_has_not_happened_yet_happens_later() {
    let mut dice = Dice(5);
    let seen: Vec<_> = (0..1_000)
        .map(|_| ("x", dice.day(&ISLAND), Outcome::Happened, 0.0))
        .collect();
    let curve = learnt(&seen, &[STEADY]).curve(&["all"]).unwrap();
    let mut before = curve.interval(80);
    for day in 1..=35 {
        let left = curve.given_not_before(day);
        let now = left.interval(80);
        assert!(
            now.from >= day.min(30) && now.until >= before.until,
            "{day} {now:?}"
        );
        assert!(now.from <= now.median && now.median <= now.until);
        let all: f64 = (0..=30).map(|d| left.chance(d)).sum();
        assert!((all - 1.0).abs() < 1e-9, "{all}");
        before = now;
    }
}

#[test]
fn the_order_of_observations_changes_nothing() {
    let mut dice = Dice(6);
    let mut seen: Vec<_> = (0..300)
        .map(|n| {
            let cell = ["a", "b", "c"][n % 3];
            (cell, dice.day(&ISLAND), Outcome::Happened, 0.0)
        })
        .collect();
    let there = learnt(&seen, &[STEADY, STEADY]);
    seen.reverse();
    let back = learnt(&seen, &[STEADY, STEADY]);
    for cell in ["a", "b", "c"] {
        assert_eq!(there.curve(&["all", cell]), back.curve(&["all", cell]));
    }
}
