//! The mails of one hand-over: which wait, and what became of the others.

use std::collections::VecDeque;
use std::sync::Mutex;

use super::{Outcome, lock};
use crate::mail::dkim::DkimKeys;
use crate::mail::failure::{BounceClass, Failure, redact_addresses, retry_after};
use crate::mail::message::{EncodedMail, OutgoingMail};

/// Tries of one mail within a batch when connections break before its dot.
const TRIES_MAX: u32 = 2;

pub(super) struct Job {
    pub(super) index: usize,
    pub(super) mail: EncodedMail,
    tries: u32,
}

enum Waiting {
    Raw(usize, Box<OutgoingMail>),
    Encoded(Job),
}

pub(super) struct Batch {
    waiting: Mutex<VecDeque<Waiting>>,
    outcomes: Mutex<Vec<Option<Outcome>>>,
    trouble: Mutex<Option<Failure>>,
}

impl Batch {
    pub(super) fn new(mails: Vec<OutgoingMail>) -> Self {
        Self {
            outcomes: Mutex::new(mails.iter().map(|_| None).collect()),
            waiting: Mutex::new(
                mails
                    .into_iter()
                    .enumerate()
                    .map(|(index, mail)| Waiting::Raw(index, Box::new(mail)))
                    .collect(),
            ),
            trouble: Mutex::new(None),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        lock(&self.waiting).is_empty()
    }

    pub(super) fn settle(&self, index: usize, outcome: Outcome) {
        if let Some(slot) = lock(&self.outcomes).get_mut(index) {
            *slot = Some(outcome);
        }
    }

    /// The next mail, encoded and signed; mails that cannot be are failed.
    pub(super) fn next(&self, dkim: &DkimKeys) -> Option<Job> {
        loop {
            let waiting = lock(&self.waiting).pop_front()?;
            match waiting {
                Waiting::Encoded(job) => return Some(job),
                Waiting::Raw(index, mail) => match encode(&mail, dkim) {
                    Ok(mail) => {
                        return Some(Job {
                            index,
                            mail,
                            tries: 0,
                        });
                    }
                    Err(text) => self.settle(index, Outcome::Fail { why: content(text) }),
                },
            }
        }
    }

    pub(super) fn put_back(&self, job: Job) {
        lock(&self.waiting).push_front(Waiting::Encoded(job));
    }

    /// A mail whose connection broke before its dot: nothing was handed over.
    pub(super) fn broken_off(&self, mut job: Job, why: &Failure) {
        job.tries += 1;
        if job.tries < TRIES_MAX {
            self.put_back(job);
        } else {
            let after = retry_after(why.class, why.code);
            let why = why.clone();
            self.settle(job.index, Outcome::Retry { after, why });
        }
    }

    pub(super) fn note(&self, why: Failure) {
        *lock(&self.trouble) = Some(why);
    }

    pub(super) fn finish(&self) -> Vec<Outcome> {
        let trouble = lock(&self.trouble)
            .take()
            .unwrap_or_else(|| Failure::connection("no connection to the relay could be used"));
        let left = |index| {
            lock(&self.waiting).iter().any(|waiting| match waiting {
                Waiting::Raw(at, _) => *at == index,
                Waiting::Encoded(job) => job.index == index,
            })
        };
        let after = retry_after(trouble.class, trouble.code);
        std::mem::take(&mut *lock(&self.outcomes))
            .into_iter()
            .enumerate()
            .map(|(index, outcome)| match outcome {
                Some(outcome) => outcome,
                None if left(index) => Outcome::Retry {
                    after,
                    why: trouble.clone(),
                },
                // Its worker stopped in the middle, which only a bug can do.
                None => Outcome::InDoubt {
                    why: Failure::connection("the sending task stopped unexpectedly"),
                },
            })
            .collect()
    }
}

fn encode(mail: &OutgoingMail, dkim: &DkimKeys) -> Result<EncodedMail, String> {
    let mut encoded = mail.encode().map_err(|error| error.to_string())?;
    encoded.bytes = dkim
        .sign(mail.from.domain(), encoded.bytes, mail.date)
        .map_err(|error| error.to_string())?;
    Ok(encoded)
}

pub(super) fn content(text: impl AsRef<str>) -> Failure {
    Failure {
        class: BounceClass::Content,
        code: 0,
        enhanced: None,
        text: redact_addresses(text.as_ref()),
    }
}
