//! Couriers that answer what a test has told them to, and remember what they were asked.

use async_trait::async_trait;
use dopo_core::advance::CourierCall;
use dopo_core::parcel::{Courier, HoldAction, Telling};
use dopo_engine::ports::courier::{
    AccountField, Allowance, Ask, CourierDesk, Couriers, Found, Looked, Released, ShopWord, Vendor,
    WriteBack, Written,
};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const PASSWORD: AccountField = AccountField {
    name: "password",
    secret: true,
    optional: false,
};
const USER: AccountField = AccountField {
    name: "user",
    secret: false,
    optional: false,
};

/// A courier that is asked and can be told about holds, a collector that tells by itself, one that is asked, and a shop's
/// platform.
pub static VENDORS: [Vendor; 4] = [
    Vendor {
        name: "played_brt",
        title: "BRT",
        fields: &[USER, PASSWORD],
        covers: &[Courier::Brt],
        asked: true,
        releases: &[HoldAction::Redeliver, HoldAction::OtherAddress],
    },
    Vendor {
        name: "played_push",
        title: "Collector",
        fields: &[PASSWORD],
        covers: &[Courier::Brt, Courier::Ups],
        asked: false,
        releases: &[],
    },
    Vendor {
        name: "played_collector",
        title: "Asked collector",
        fields: &[PASSWORD],
        covers: &[Courier::Brt, Courier::Ups],
        asked: true,
        releases: &[],
    },
    Vendor {
        name: "played_platform",
        title: "Platform",
        fields: &[PASSWORD],
        covers: &[],
        asked: false,
        releases: &[],
    },
];

/// What the couriers do.
#[derive(Default)]
pub struct Play {
    /// What is told of a number; of others nothing is known.
    pub tellings: BTreeMap<String, Telling>,
    /// Vendors that know no number at all.
    pub ignorant: Vec<&'static str>,
    /// What is answered instead, once each.
    pub instead: VecDeque<Looked>,
    /// What releases become, once each; accepted when empty.
    pub releases: VecDeque<Released>,
    /// Numbers that were asked for, call by call.
    pub asked: Vec<Vec<String>>,
    /// Who was asked, call by call.
    pub asked_of: Vec<&'static str>,
    /// Answers that were carried.
    pub released: Vec<CourierCall>,
    /// What the platform was told.
    pub written: Vec<ShopWord>,
    /// What telling the platform becomes, once each; done when empty.
    pub writes: VecDeque<Written>,
    /// How much may be asked; two numbers in a call when absent.
    pub allowance: Option<Allowance>,
    /// Accounts opened.
    pub opened: u32,
}

/// Opens accounts that play.
#[derive(Clone, Default)]
pub struct PlayedCouriers {
    play: Arc<Mutex<Play>>,
}

impl PlayedCouriers {
    /// Looks at the play, or changes it.
    pub fn with<T>(&self, change: impl FnOnce(&mut Play) -> T) -> T {
        change(&mut self.play.lock().unwrap())
    }
}

impl Couriers for PlayedCouriers {
    fn vendors(&self) -> &'static [Vendor] {
        &VENDORS
    }

    fn open(
        &self,
        vendor: &str,
        fields: &BTreeMap<String, String>,
    ) -> Result<Arc<dyn CourierDesk>, String> {
        let vendor = VENDORS.iter().find(|v| v.name == vendor);
        let vendor = vendor.ok_or("no such vendor")?;
        for field in vendor.fields {
            if !fields.contains_key(field.name) {
                return Err(format!("the account needs {}", field.name));
            }
        }
        self.with(|play| play.opened += 1);
        Ok(Arc::new(PlayedDesk {
            vendor,
            couriers: self.clone(),
        }))
    }
}

struct PlayedDesk {
    vendor: &'static Vendor,
    couriers: PlayedCouriers,
}

#[async_trait]
impl CourierDesk for PlayedDesk {
    fn covers(&self) -> &[Courier] {
        self.vendor.covers
    }

    fn allowance(&self) -> Allowance {
        let told = self.couriers.with(|play| play.allowance);
        told.unwrap_or(Allowance {
            per_call: 2,
            per_day: None,
            gap: Duration::ZERO,
        })
    }

    fn is_asked(&self) -> bool {
        self.vendor.asked
    }

    async fn look(&self, asks: &[Ask]) -> Looked {
        self.couriers.with(|play| {
            let numbers = asks.iter().map(|ask| ask.number.clone());
            play.asked.push(numbers.collect());
            play.asked_of.push(self.vendor.name);
            if let Some(instead) = play.instead.pop_front() {
                return instead;
            }
            let knows = !play.ignorant.contains(&self.vendor.name);
            let found = asks.iter().map(|ask| match play.tellings.get(&ask.number) {
                Some(telling) if knows => Found::Told(Box::new(telling.clone())),
                _ => Found::Unknown,
            });
            Looked::Answered(found.collect())
        })
    }

    fn releases(&self) -> &[HoldAction] {
        self.vendor.releases
    }

    async fn release(&self, call: &CourierCall) -> Released {
        self.couriers.with(|play| {
            play.released.push(call.clone());
            play.releases.pop_front().unwrap_or(Released::Accepted {
                reference: Some("SV-1".to_owned()),
            })
        })
    }

    fn write_back(&self) -> Option<&dyn WriteBack> {
        (self.vendor.name == "played_platform").then_some(self)
    }
}

#[async_trait]
impl WriteBack for PlayedDesk {
    async fn write(&self, word: &ShopWord) -> Written {
        self.couriers.with(|play| {
            play.written.push(word.clone());
            play.writes.pop_front().unwrap_or(Written::Done)
        })
    }
}
