//! Who may do what: the roles of a shop's team and the scopes of its keys, as one table.

use serde::{Deserialize, Serialize};

/// What a person of the team is there for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Answers for the shop: everything.
    Owner,
    /// Makes journeys and looks after their effect.
    Marketer,
    /// Helps customers.
    Care,
    /// Connects systems.
    Developer,
    /// Looks at figures, at no person's data.
    Viewer,
}

impl Role {
    /// All roles, in the order of the table.
    pub const ALL: [Role; 5] = [
        Role::Owner,
        Role::Marketer,
        Role::Care,
        Role::Developer,
        Role::Viewer,
    ];

    /// The stable name used in storage and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::Owner => "owner",
            Role::Marketer => "marketer",
            Role::Care => "care",
            Role::Developer => "developer",
            Role::Viewer => "viewer",
        }
    }

    /// The role with this stable name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    /// Whether this role may do this.
    pub const fn may(self, scope: Scope) -> bool {
        let (_, _, owner, marketer, care, developer, viewer) = TABLE[scope as usize];
        match self {
            Role::Owner => owner,
            Role::Marketer => marketer,
            Role::Care => care,
            Role::Developer => developer,
            Role::Viewer => viewer,
        }
    }
}

macro_rules! yes {
    (x) => {
        true
    };
    (_) => {
        false
    };
}

macro_rules! scopes {
    ($($(#[$doc:meta])* $scope:ident $name:literal $owner:tt $marketer:tt $care:tt $developer:tt $viewer:tt)*) => {
        /// Something that a role or a key may do.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        pub enum Scope {$(
            $(#[$doc])*
            #[serde(rename = $name)]
            $scope,
        )*}

        impl Scope {
            /// All scopes, in the order of the table.
            pub const ALL: &'static [Scope] = &[$(Scope::$scope),*];
        }

        /// Scope, name, then who may: owner, marketer, care, developer, viewer.
        const TABLE: &[(Scope, &str, bool, bool, bool, bool, bool)] = &[$(
            (Scope::$scope, $name, yes!($owner), yes!($marketer), yes!($care), yes!($developer), yes!($viewer)),
        )*];
    };
}

// Columns: owner, marketer, care, developer, viewer.
scopes! {
    /// Tell events.
    EventsWrite "events:write" x x _ x _
    /// See people.
    CustomersRead "customers:read" x x x x _
    /// Correct people: details, notes, tags, stops.
    CustomersWrite "customers:write" x x x _ _
    /// Take people's data out, one or many.
    CustomersExport "customers:export" x x _ _ _
    /// Forget a person for good.
    CustomersForget "customers:forget" x _ _ _ _
    /// See orders and parcels.
    OrdersRead "orders:read" x x x x _
    /// Say what shall be done with held parcels.
    OrdersWrite "orders:write" x x x _ _
    /// See messages and what they said.
    MessagesRead "messages:read" x x x x _
    /// Send one by hand, replay, stop.
    MessagesWrite "messages:write" x x x _ _
    /// Record what a person agreed to or refused.
    ConsentsWrite "consents:write" x x x _ _
    /// See discount codes.
    CouponsRead "coupons:read" x x x x _
    /// Redeem discount codes.
    CouponsWrite "coupons:write" x x x x _
    /// See figures, which name nobody.
    CountersRead "counters:read" x x x x x
    /// See journeys.
    JourneysRead "journeys:read" x x x x x
    /// Publish, switch on and off.
    JourneysWrite "journeys:write" x x _ x _
    /// See templates.
    TemplatesRead "templates:read" x x x x x
    /// See tasks.
    TasksRead "tasks:read" x x x _ _
    /// Make and settle tasks.
    TasksWrite "tasks:write" x x x _ _
    /// See raw events, which hold people's data.
    InboxRead "inbox:read" x x _ x _
    /// Replay and drop raw events.
    InboxWrite "inbox:write" x _ _ x _
    /// See connections and their health.
    ConnectionsRead "connections:read" x x _ x _
    /// Connect and disconnect.
    ConnectionsWrite "connections:write" x _ _ x _
    /// See keys, never their secrets.
    KeysRead "keys:read" x _ _ x _
    /// Make and revoke keys.
    KeysWrite "keys:write" x _ _ x _
    /// See outgoing webhooks.
    WebhooksRead "webhooks:read" x _ _ x _
    /// Make, change and replay outgoing webhooks.
    WebhooksWrite "webhooks:write" x _ _ x _
    /// See who works here.
    TeamRead "team:read" x _ _ _ _
    /// Invite, change roles, remove.
    TeamWrite "team:write" x _ _ _ _
    /// See who changed what.
    AuditRead "audit:read" x x _ x _
    /// See the shop's settings.
    SettingsRead "settings:read" x x x x x
    /// Change the shop's settings.
    SettingsWrite "settings:write" x x _ _ _
    /// See backups.
    BackupRead "backup:read" x _ _ x _
    /// Make a backup now.
    BackupWrite "backup:write" x _ _ _ _
    /// Let messages really leave, or stop them all.
    ShopLive "shop:live" x _ _ _ _
}

impl Scope {
    /// The stable name used in keys and the API.
    pub const fn as_str(self) -> &'static str {
        TABLE[self as usize].1
    }

    /// The scope with this stable name.
    pub fn parse(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.1 == name).map(|row| row.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes_of(role: Role) -> Vec<&'static str> {
        let may = Scope::ALL.iter().filter(|scope| role.may(**scope));
        may.map(|scope| scope.as_str()).collect()
    }

    #[test]
    fn every_name_is_read_back_and_every_row_stands_at_its_scope() {
        for (n, scope) in Scope::ALL.iter().enumerate() {
            assert_eq!(TABLE[n].0, *scope);
            assert_eq!(Scope::parse(scope.as_str()), Some(*scope));
            let json = serde_json::to_string(scope).expect("a name");
            assert_eq!(json, format!("\"{}\"", scope.as_str()));
        }
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(role));
        }
        assert_eq!(Scope::parse("customers"), None);
        assert_eq!(Role::parse("Owner"), None);
    }

    #[test]
    fn the_whole_matrix_is_what_we_say_it_is() {
        for scope in Scope::ALL {
            let row: Vec<&str> = Role::ALL
                .into_iter()
                .filter(|role| role.may(*scope))
                .map(Role::as_str)
                .collect();
            println!("{:18} {}", scope.as_str(), row.join(", "));
        }
        assert_eq!(scopes_of(Role::Owner).len(), Scope::ALL.len());
        let not_for_marketers = [
            "customers:forget",
            "inbox:write",
            "connections:write",
            "keys:read",
            "keys:write",
            "webhooks:read",
            "webhooks:write",
            "team:read",
            "team:write",
            "backup:read",
            "backup:write",
            "shop:live",
        ];
        for scope in Scope::ALL {
            let barred = not_for_marketers.contains(&scope.as_str());
            assert_eq!(Role::Marketer.may(*scope), !barred, "{scope:?}");
        }
        assert_eq!(
            scopes_of(Role::Care),
            [
                "customers:read",
                "customers:write",
                "orders:read",
                "orders:write",
                "messages:read",
                "messages:write",
                "consents:write",
                "coupons:read",
                "coupons:write",
                "counters:read",
                "journeys:read",
                "templates:read",
                "tasks:read",
                "tasks:write",
                "settings:read"
            ]
        );
        assert_eq!(
            scopes_of(Role::Developer),
            [
                "events:write",
                "customers:read",
                "orders:read",
                "messages:read",
                "coupons:read",
                "coupons:write",
                "counters:read",
                "journeys:read",
                "journeys:write",
                "templates:read",
                "inbox:read",
                "inbox:write",
                "connections:read",
                "connections:write",
                "keys:read",
                "keys:write",
                "webhooks:read",
                "webhooks:write",
                "audit:read",
                "settings:read",
                "backup:read"
            ]
        );
        assert_eq!(
            scopes_of(Role::Viewer),
            [
                "counters:read",
                "journeys:read",
                "templates:read",
                "settings:read"
            ]
        );
    }
}
