//! Couriers and those who collect their tellings.
//!
//! Every vendor is a folder: `wire` is what it sends, `translate` makes [`Telling`](dopo_core::parcel::Telling)s of it
//! (pure: bytes in, values out), `client` asks it, and `codes.csv` says what its codes mean. Each has a `VENDOR` row, a
//! function `open` and a function `tables`. Shared ground: [`codes`], [`time`], [`http`], [`xml`].

pub mod aftership;
pub mod amazon;
pub mod bpost;
pub mod brt;
pub mod chronopost;
pub mod codes;
pub mod colissimo;
pub mod dhl;
pub mod dhl_express;
pub mod dhl_parcel_de;
pub mod dpd;
pub mod fedex;
pub mod geodis;
pub mod gls_group;
pub mod gls_italy;
pub mod hooks;
pub mod http;
pub mod inpost;
mod italian;
pub mod laposte;
pub mod numbers;
pub mod poste;
pub mod qapla;
pub mod sendcloud;
pub mod time;
pub mod tnt;
pub mod track17;
pub mod ups;
pub mod xml;

use crate::webhook::HttpPoster;
use crate::write_back::{shopify, woocommerce};
use codes::CodeTable;
use dopo_engine::ports::{AccountField, CourierDesk, Couriers, Vendor};
use http::Caller;
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The field in which an account names another address than the courier's usual one: a sandbox, or a test.
pub const BASE_URL: AccountField = AccountField {
    name: "base_url",
    secret: false,
    optional: true,
};

/// One line a vendor, in the order in which they are shown.
macro_rules! vendors {
    ($($module:ident,)*) => {
        /// All vendors.
        pub static VENDORS: &[Vendor] = &[$($module::VENDOR),*];

        fn opened(account: &Account<'_>) -> Result<Arc<dyn CourierDesk>, String> {
            $(
                if account.vendor == $module::VENDOR.name {
                    return $module::open(account);
                }
            )*
            Err(format!("there is no courier called {}", account.vendor))
        }

        /// All code tables.
        pub fn tables() -> Vec<&'static CodeTable> {
            let mut tables = Vec::new();
            $(tables.extend($module::tables());)*
            // Couriers whose answers are read and who are not asked.
            tables.extend(amazon::tables().into_iter().chain(bpost::tables()));
            tables.extend(chronopost::tables().into_iter().chain(dpd::tables()));
            tables.extend(geodis::tables().into_iter().chain(laposte::tables()));
            tables
        }
    };
}

vendors! {
    brt,
    gls_italy,
    poste,
    inpost,
    dhl,
    dhl_express,
    dhl_parcel_de,
    ups,
    fedex,
    tnt,
    gls_group,
    sendcloud,
    aftership,
    qapla,
    track17,
    shopify,
    woocommerce,
}

/// The values of an account's fields.
pub struct Account<'a> {
    vendor: &'a str,
    fields: &'a BTreeMap<String, String>,
    http: &'a Arc<HttpPoster>,
}

impl Account<'_> {
    /// A field, where it holds something.
    pub fn get(&self, name: &str) -> Option<&str> {
        let value = self.fields.get(name)?.trim();
        (!value.is_empty()).then_some(value)
    }

    /// A field that must hold something.
    ///
    /// # Errors
    /// In words: it is missing.
    pub fn need(&self, name: &str) -> Result<String, String> {
        self.get(name)
            .map(str::to_owned)
            .ok_or_else(|| format!("the account needs {name}"))
    }

    /// A caller of the courier's usual address, or of the account's [`BASE_URL`].
    ///
    /// # Errors
    /// In words: the address cannot be used.
    pub fn caller(&self, usual: &str) -> Result<Caller, String> {
        Caller::new(self.http.clone(), self.get(BASE_URL.name).unwrap_or(usual))
    }

    /// A caller of one address, whatever the account says.
    ///
    /// # Errors
    /// In words: the address cannot be used.
    pub fn caller_of(&self, address: &str) -> Result<Caller, String> {
        Caller::new(self.http.clone(), address)
    }
}

/// Opens accounts with all vendors.
pub struct VendorDesks {
    http: Arc<HttpPoster>,
}

impl VendorDesks {
    /// `private` lets accounts name addresses in private networks and on this machine, also with `http://`.
    pub fn new(private: bool) -> Self {
        VendorDesks {
            http: Arc::new(HttpPoster::new(private)),
        }
    }
}

impl Couriers for VendorDesks {
    fn vendors(&self) -> &'static [Vendor] {
        VENDORS
    }

    fn open(
        &self,
        vendor: &str,
        fields: &BTreeMap<String, String>,
    ) -> Result<Arc<dyn CourierDesk>, String> {
        let account = Account {
            vendor,
            fields,
            http: &self.http,
        };
        if let Some(row) = VENDORS.iter().find(|row| row.name == vendor) {
            for field in row.fields.iter().filter(|field| !field.optional) {
                account.need(field.name)?;
            }
        }
        opened(&account)
    }
}

/// A weight in grams; nothing where it is zero, absurd or in a unit that is not known.
pub fn grams(value: f64, unit: &str) -> Option<u32> {
    let factor = match unit.trim().to_ascii_lowercase().as_str() {
        "kg" | "kgs" | "k" => 1_000.0,
        "g" | "gr" => 1.0,
        "lb" | "lbs" | "l" => 453.592_37,
        "oz" | "ozs" => 28.349_523,
        _ => return None,
    };
    let grams = (value * factor).round();
    // A lorry carries 40 t.
    (1.0..=40_000_000.0)
        .contains(&grams)
        .then_some(grams as u32)
}

/// A place from its parts, those that hold something, in their order.
pub fn place(parts: &[Option<&str>]) -> Option<String> {
    let parts = parts.iter().flatten().map(|part| part.trim());
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Which of several shipments under one number is meant: the one sent nearest to the day on which ours was handed over,
/// else the one sent last; of equals the first.
pub fn meant(shipped_on: Option<Date>, sent_on: &[Option<Date>]) -> usize {
    let far = |day: Option<Date>| match (day, shipped_on) {
        (Some(day), Some(ours)) => (day - ours).get_days().unsigned_abs(),
        (Some(day), None) => (Date::MAX - day).get_days().unsigned_abs(),
        (None, _) => u32::MAX,
    };
    let days = sent_on.iter().enumerate();
    days.min_by_key(|(_, day)| far(**day))
        .map_or(0, |(at, _)| at)
}
