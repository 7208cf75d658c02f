//! Journeys with what goes on in them: who waits where, what was sent and held back at each step, how runs ended. From
//! counters alone.

use crate::Engine;
use crate::console::hand::newest;
use crate::ports::StoreError;
use dopo_core::advance::Shop;
use dopo_core::counter::NOW;
use dopo_core::gate::Reason;
use dopo_core::journey::graph::{END, Graph, Text, graph, sends};
use dopo_core::journey::{CloseReason, Journey, Node, Phase, Run};
use dopo_core::words;
use jiff::Timestamp;
use jiff::ToSpan;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// Days over which a journey's figures are summed unless asked otherwise.
pub const FIGURE_DAYS: i64 = 30;

/// What went on at one step.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct StepCounts {
    /// Runs that wait here now.
    pub waiting: i64,
    /// Messages that left.
    pub sent: i64,
    /// Messages held back.
    pub held_back: i64,
    /// Messages whose opens are measured.
    pub open_measurable: i64,
    /// Of them, opened by a human.
    pub opened: i64,
    /// Messages whose clicks are measured.
    pub click_measurable: i64,
    /// Of them, clicked by a human.
    pub clicked: i64,
}

/// A journey in a list.
#[derive(Clone, Debug)]
pub struct JourneyFigures {
    /// The version new runs begin with, else the newest.
    pub journey: Journey,
    /// The version new runs begin with; `None` = off.
    pub current: Option<u32>,
    /// All versions, oldest first.
    pub versions: Vec<u32>,
    /// Active runs now.
    pub running: i64,
    /// Runs begun in the period.
    pub started: i64,
    /// Runs ended.
    pub closed: i64,
    /// Messages that left.
    pub sent: i64,
    /// Messages held back.
    pub held_back: i64,
    /// Goals reached.
    pub goal: i64,
}

/// One journey, drawn, with its counts.
#[derive(Clone, Debug)]
pub struct JourneyPicture {
    /// Its figures over the period.
    pub figures: JourneyFigures,
    /// The version that is drawn.
    pub version: u32,
    /// What it looks like.
    pub graph: Graph,
    /// Counts by node id.
    pub counts: BTreeMap<String, StepCounts>,
    /// What was held back: step, reason, how often; most frequent first.
    pub held_back: Vec<(String, Reason, i64)>,
    /// How runs ended, most frequent first.
    pub closed: Vec<(CloseReason, i64)>,
    /// First day of the period.
    pub from: Date,
    /// Last day.
    pub to: Date,
}

/// Where a run stands, in words.
#[derive(Clone, Debug)]
pub struct RunStanding {
    /// Name of the journey.
    pub name: Text,
    /// Where it stands.
    pub state: Text,
    /// How and when it ended.
    pub closed: Option<(CloseReason, Timestamp)>,
}

const CLOSED: [(&str, CloseReason); 6] = [
    ("finished", CloseReason::Finished),
    ("exited", CloseReason::Exited),
    ("goal", CloseReason::Goal),
    ("endless", CloseReason::Endless),
    ("stopped", CloseReason::Stopped),
    ("gone", CloseReason::Gone),
];

struct Counted {
    running: BTreeMap<String, i64>,
    waiting: BTreeMap<String, i64>,
    started: BTreeMap<String, i64>,
    closed: BTreeMap<(String, String), i64>,
    goal: BTreeMap<String, i64>,
    sent: BTreeMap<(String, String), i64>,
    held_back: BTreeMap<(String, String, String), i64>,
    /// What people did at each step, of all versions: by metric, journey and step.
    acts: BTreeMap<(Act, String, String), i64>,
}

/// What is counted of the messages of a step.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Act {
    OpenMeasurable,
    Opened,
    ClickMeasurable,
    Clicked,
}

impl Act {
    fn of(metric: &str) -> Option<Act> {
        Some(match metric {
            "journeys.open_measurable" => Act::OpenMeasurable,
            "journeys.opened" => Act::Opened,
            "journeys.click_measurable" => Act::ClickMeasurable,
            "journeys.clicked" => Act::Clicked,
            _ => return None,
        })
    }
}

impl Engine {
    async fn counted(&self, shop: &Shop, from: Date, to: Date) -> Result<Counted, StoreError> {
        let store = self.store();
        let (runs, days) = tokio::try_join!(
            store.counters(shop.id, "now.runs", NOW, NOW),
            self.day_counts(shop, from, to),
        )?;
        let mut counted = Counted {
            running: BTreeMap::new(),
            waiting: BTreeMap::new(),
            started: BTreeMap::new(),
            closed: BTreeMap::new(),
            goal: BTreeMap::new(),
            sent: BTreeMap::new(),
            held_back: BTreeMap::new(),
            acts: BTreeMap::new(),
        };
        for (key, n) in runs {
            let journey = key.dim.split('/').next().unwrap_or_default().to_owned();
            *counted.running.entry(journey).or_default() += n;
            *counted.waiting.entry(key.dim.into_owned()).or_default() += n;
        }
        for (metric, dim, n) in days.values().flat_map(|day| &day.events) {
            let mut parts = dim.split('/');
            let mut part = || parts.next().unwrap_or_default().to_owned();
            match &**metric {
                "journeys.started" => *counted.started.entry(part()).or_default() += n,
                "journeys.goal" => *counted.goal.entry(part()).or_default() += n,
                "journeys.closed" => {
                    *counted.closed.entry((part(), part())).or_default() += n;
                }
                "messages.sent" | "messages.captured" => {
                    *counted.sent.entry((part(), part())).or_default() += n;
                }
                "messages.held_back" => {
                    let reason = part();
                    let place = (part(), part(), reason);
                    *counted.held_back.entry(place).or_default() += n;
                }
                metric => {
                    // journey/version/step: what was sent is told of all versions, so these are, too.
                    if let Some(act) = Act::of(metric) {
                        let (journey, _version) = (part(), part());
                        *counted.acts.entry((act, journey, part())).or_default() += n;
                    }
                }
            }
        }
        Ok(counted)
    }

    /// All journeys of a shop with their figures of the last [`FIGURE_DAYS`] days, by id.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn journeys(&self, shop: &Shop) -> Result<Vec<JourneyFigures>, StoreError> {
        let to = self.today(shop);
        let from = to.checked_sub((FIGURE_DAYS - 1).days()).unwrap_or(to);
        let counted = self.counted(shop, from, to).await?;
        let mut ids: Vec<&String> = shop.journeys.keys().map(|(id, _)| id).collect();
        ids.dedup();
        Ok(ids
            .into_iter()
            .filter_map(|id| figures_of(shop, id, &counted))
            .collect())
    }

    /// One journey in one version (the one new runs begin with, else the newest) with its counts; `None` when there is no
    /// such journey or version.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn journey_picture(
        &self,
        shop: &Shop,
        id: &str,
        version: Option<u32>,
        period: Option<(Date, Date)>,
    ) -> Result<Option<JourneyPicture>, StoreError> {
        let journey = match version {
            Some(version) => shop.journeys.get(&(id.to_owned(), version)),
            None => newest(shop, id),
        };
        let Some(journey) = journey else {
            return Ok(None);
        };
        let (from, to) = period.unwrap_or_else(|| {
            let to = self.today(shop);
            let from = to.checked_sub((FIGURE_DAYS - 1).days()).unwrap_or(to);
            (from, to)
        });
        let counted = self.counted(shop, from, to).await?;
        let Some(figures) = figures_of(shop, id, &counted) else {
            return Ok(None);
        };
        let mut held_back: Vec<(String, Reason, i64)> = counted
            .held_back
            .iter()
            .filter(|((of, _, _), n)| of == id && **n > 0)
            .filter_map(|((_, step, reason), n)| Some((step.clone(), Reason::parse(reason)?, *n)))
            .collect();
        held_back.sort_by_key(|(_, _, n)| std::cmp::Reverse(*n));
        let mut closed: Vec<(CloseReason, i64)> = CLOSED
            .into_iter()
            .filter_map(|(name, why)| {
                let n = *counted.closed.get(&(id.to_owned(), name.to_owned()))?;
                (n > 0).then_some((why, n))
            })
            .collect();
        closed.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        Ok(Some(JourneyPicture {
            figures,
            version: journey.version,
            graph: self.drawn(shop, journey),
            counts: counts(journey, &counted),
            held_back,
            closed,
            from,
            to,
        }))
    }

    /// A journey's picture, its templates called by their titles.
    pub fn drawn(&self, shop: &Shop, journey: &Journey) -> Graph {
        let mut graph = graph(journey);
        for node in &mut graph.nodes {
            if let (Some(template), Some(channel)) = (&node.template, node.channel) {
                let title = self.template_title(shop.id, template);
                node.label = sends(channel, &title);
                node.title = Some(title);
            }
        }
        graph
    }

    /// Where a run stands, in words.
    pub fn standing_of(&self, shop: &Shop, run: &Run) -> RunStanding {
        let journey = shop
            .journeys
            .get(&(run.journey.clone(), run.journey_version));
        let name = journey.map_or_else(
            || Text {
                it: run.journey.clone(),
                en: run.journey.clone(),
            },
            |journey| Text {
                it: journey.name_it.clone(),
                en: journey.name_en.clone(),
            },
        );
        let plain = |it: &str, en: &str| Text {
            it: it.to_owned(),
            en: en.to_owned(),
        };
        let mut closed = None;
        let state = match &run.state.phase {
            Phase::Closed { why, at } => {
                closed = Some((*why, *at));
                let words = words::closed(*why);
                plain(words.it, words.en)
            }
            Phase::WatchingGoal { .. } => plain(
                "Ha finito; guarda ancora se l'obiettivo arriva",
                "Done; still looks out for the goal",
            ),
            Phase::Waiting { .. } | Phase::WaitingFor { .. } => {
                let shown = journey.and_then(|journey| {
                    let id = shown_at(run);
                    self.drawn(shop, journey)
                        .nodes
                        .into_iter()
                        .find(|node| node.id == id)
                });
                shown.map_or_else(|| plain("Aspetta", "Waits"), |node| node.label)
            }
        };
        RunStanding {
            name,
            state,
            closed,
        }
    }
}

/// The node at which a waiting run is shown: the wait it waits in.
pub fn shown_at(run: &Run) -> String {
    match run.state.phase {
        Phase::Waiting { .. } | Phase::WaitingFor { .. } => run.state.node.to_string(),
        Phase::WatchingGoal { .. } | Phase::Closed { .. } => END.to_owned(),
    }
}

/// The place ([`Run::step`]) of runs shown at a node of the picture; `None` where none can wait.
pub fn step_at(journey: &Journey, id: &str) -> Option<String> {
    if id == END {
        return Some(format!("{}.goal", journey.version));
    }
    let node: u16 = id.parse().ok()?;
    match journey.nodes.get(usize::from(node))? {
        Node::Wait { .. }
        | Node::WaitUntil { .. }
        | Node::WaitBefore { .. }
        | Node::WaitFor { .. } => Some(format!("{}.{node}", journey.version)),
        _ => None,
    }
}

fn counts(journey: &Journey, counted: &Counted) -> BTreeMap<String, StepCounts> {
    let mut counts: BTreeMap<String, StepCounts> = BTreeMap::new();
    let place = format!("{}/{}.", journey.id, journey.version);
    for (dim, n) in &counted.waiting {
        let Some(rest) = dim.strip_prefix(&place) else {
            continue;
        };
        let id = match rest.parse::<u16>() {
            Ok(node) => node.to_string(),
            Err(_) => END.to_owned(),
        };
        counts.entry(id).or_default().waiting += n;
    }
    for (n, node) in journey.nodes.iter().enumerate() {
        let Node::Send { label, .. } = node else {
            continue;
        };
        let entry = counts.entry(n.to_string()).or_default();
        let step = (journey.id.clone(), label.clone());
        entry.sent = counted.sent.get(&step).copied().unwrap_or(0);
        let acts = |act| {
            let place = (act, journey.id.clone(), label.clone());
            counted.acts.get(&place).copied().unwrap_or(0)
        };
        entry.open_measurable = acts(Act::OpenMeasurable);
        entry.opened = acts(Act::Opened);
        entry.click_measurable = acts(Act::ClickMeasurable);
        entry.clicked = acts(Act::Clicked);
        entry.held_back = counted
            .held_back
            .iter()
            .filter(|((of, step, _), _)| *of == journey.id && step == label)
            .map(|(_, n)| n)
            .sum();
    }
    counts
}

fn figures_of(shop: &Shop, id: &str, counted: &Counted) -> Option<JourneyFigures> {
    let journey = newest(shop, id)?.clone();
    let versions = shop
        .journeys
        .range((id.to_owned(), 0)..=(id.to_owned(), u32::MAX))
        .map(|((_, version), _)| *version)
        .collect();
    let of = |map: &BTreeMap<String, i64>| map.get(id).copied().unwrap_or(0);
    Some(JourneyFigures {
        current: shop.current.get(id).copied(),
        versions,
        running: of(&counted.running),
        started: of(&counted.started),
        closed: counted
            .closed
            .iter()
            .filter(|((of, _), _)| of == id)
            .map(|(_, n)| n)
            .sum(),
        sent: counted
            .sent
            .iter()
            .filter(|((of, _), _)| of == id)
            .map(|(_, n)| n)
            .sum(),
        held_back: counted
            .held_back
            .iter()
            .filter(|((of, _, _), _)| of == id)
            .map(|(_, n)| n)
            .sum(),
        goal: of(&counted.goal),
        journey,
    })
}
