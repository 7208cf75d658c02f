//! How far long work is: a bar on a terminal, a line now and then elsewhere.

use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use std::io::IsTerminal;

/// Percent between two lines where there is no terminal.
const LINE_PERCENT: u64 = 25;

/// Progress from one moment of the demo's time to another.
pub struct Progress {
    what: &'static str,
    from: Timestamp,
    to: Timestamp,
    bar: Option<ProgressBar>,
    said: u64,
}

impl Progress {
    /// Work that begins.
    pub fn new(what: &'static str, from: Timestamp, to: Timestamp) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(100);
            if let Ok(style) = ProgressStyle::with_template("{msg} {bar:30} {percent:>3} %") {
                bar.set_style(style);
            }
            bar.with_message(what)
        });
        Progress {
            what,
            from,
            to,
            bar,
            said: 0,
        }
    }

    /// The work has come to this moment.
    pub fn at(&mut self, now: Timestamp) {
        let whole = (self.to.as_second() - self.from.as_second()).max(1);
        let done = (now.as_second() - self.from.as_second()).clamp(0, whole);
        let percent = u64::try_from(done * 100 / whole).unwrap_or_default();
        match &self.bar {
            Some(bar) => bar.set_position(percent),
            None if percent >= self.said + LINE_PERCENT => {
                self.said = percent - percent % LINE_PERCENT;
                eprintln!("{}: {} %", self.what, self.said);
            }
            None => {}
        }
    }

    /// The work is done.
    pub fn end(mut self) {
        self.at(self.to);
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}
