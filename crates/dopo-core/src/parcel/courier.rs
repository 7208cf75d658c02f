//! Couriers by their stable names, and what is known of each without asking it.

use serde::{Deserialize, Serialize};

macro_rules! couriers {
    ($($variant:ident $name:literal $title:literal [$($alias:literal),*]),* $(,)?) => {
        /// A courier. The stable name is used in storage, settings and the API.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        pub enum Courier {
            $(
                #[doc = $title]
                #[serde(rename = $name)]
                $variant,
            )*
        }

        impl Courier {
            /// All couriers.
            pub const ALL: &[Courier] = &[$(Courier::$variant),*];

            /// The stable name.
            pub fn as_str(self) -> &'static str {
                match self { $(Courier::$variant => $name),* }
            }

            /// The name people know it by.
            pub fn title(self) -> &'static str {
                match self { $(Courier::$variant => $title),* }
            }

            fn aliases(self) -> &'static [&'static str] {
                match self { $(Courier::$variant => &[$($alias),*]),* }
            }
        }
    };
}

couriers! {
    Brt "brt" "BRT" ["bartolini", "brt-it", "brt corriere espresso"],
    GlsItaly "gls_it" "GLS" ["gls italia", "gls-italy", "gls-it"],
    GlsGroup "gls_group" "GLS Group" ["gls europe", "gls eu"],
    Poste "poste" "Poste Italiane" ["poste-italiane", "poste italiane crono", "poste delivery business", "poste it", "posteitaliane", "sda", "sda express courier", "italy-sda", "crono", "paccocelere"],
    Dhl "dhl" "DHL" ["dhl ecommerce", "dhl-ecommerce", "dhl parcel", "dhl paket"],
    DhlExpress "dhl_express" "DHL Express" ["dhl-express", "dhl express italy", "dhl-express-italy"],
    Ups "ups" "UPS" ["united parcel service", "ups italia"],
    Fedex "fedex" "FedEx" ["federal express", "fedex express"],
    Tnt "tnt" "TNT" ["tnt-it", "tnt italy", "tnt italia", "fedex tnt"],
    InpostItaly "inpost_it" "InPost" ["inpost", "inpost italia", "inpost italy", "inpost-it"],
    Amazon "amazon" "Amazon Shipping" ["amazon logistics", "amazon_shipping", "amazon-shipping"],
    Dpd "dpd" "DPD" ["dpd group"],
    Bpost "bpost" "bpost" ["b-post"],
    Chronopost "chronopost" "Chronopost" [],
    Colissimo "colissimo" "Colissimo" [],
    LaPoste "laposte" "La Poste" ["la-poste"],
    Geodis "geodis" "Geodis" [],
    MondialRelay "mondial_relay" "Mondial Relay" ["mondial-relay"],
    Paack "paack" "Paack" [],
    Milkman "milkman" "MLK" ["mlk", "mlk deliveries"],
}

impl Courier {
    /// The courier that a shop means by a name, as written in labels and platforms (`Bartolini`, `GLS Italia`, `SDA`).
    pub fn named(name: &str) -> Option<Courier> {
        let tidy = |s: &str| {
            s.chars()
                .filter(|c| c.is_alphanumeric())
                .flat_map(char::to_lowercase)
                .collect::<String>()
        };
        let name = tidy(name);
        Courier::ALL.iter().copied().find(|courier| {
            [courier.as_str(), courier.title()]
                .iter()
                .chain(courier.aliases())
                .any(|known| tidy(known) == name)
        })
    }

    /// The courier with this stable name.
    pub fn parse(name: &str) -> Option<Courier> {
        Courier::ALL.iter().copied().find(|c| c.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_courier_is_known_by_the_names_that_shops_write() {
        for (name, courier) in [
            ("BRT", Courier::Brt),
            ("Bartolini", Courier::Brt),
            ("GLS Italia", Courier::GlsItaly),
            ("SDA", Courier::Poste),
            ("Poste Italiane", Courier::Poste),
            ("DHL Express", Courier::DhlExpress),
            ("dhl", Courier::Dhl),
            ("InPost", Courier::InpostItaly),
        ] {
            assert_eq!(Courier::named(name), Some(courier), "{name}");
        }
        assert_eq!(Courier::named("Il cugino col furgone"), None);
    }

    #[test]
    fn no_name_means_two_couriers() {
        let mut seen = BTreeMap::new();
        for courier in Courier::ALL {
            let names = [courier.as_str(), courier.title()];
            for name in names.iter().chain(courier.aliases()) {
                let key = name.replace([' ', '-', '_'], "").to_lowercase();
                let before = seen.insert(key, *courier);
                assert!(before.is_none_or(|b| b == *courier), "{name}");
            }
        }
    }
}
