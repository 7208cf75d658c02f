import {
  IconChecklist,
  IconHome,
  IconMail,
  IconPackage,
  IconRoute,
  IconSettings,
  IconTruckDelivery,
  IconUsers,
  type TablerIcon,
} from "@tabler/icons-react";

/** A place of the console. */
export interface Place {
  /** Its name in `shell.place`. */
  id: string;
  to: string;
  icon: TablerIcon;
  /** What one must be allowed to see it; null for everybody. */
  scope: string | null;
}

/** The places of the navigation, in its order. On a phone the first four stand in the bar. */
export const PLACES: Place[] = [
  { id: "today", to: "/", icon: IconHome, scope: "counters:read" },
  { id: "customers", to: "/customers", icon: IconUsers, scope: "customers:read" },
  { id: "orders", to: "/orders", icon: IconPackage, scope: "orders:read" },
  { id: "journeys", to: "/journeys", icon: IconRoute, scope: "journeys:read" },
  { id: "messages", to: "/messages", icon: IconMail, scope: "messages:read" },
  { id: "tasks", to: "/tasks", icon: IconChecklist, scope: "tasks:read" },
  { id: "couriers", to: "/couriers", icon: IconTruckDelivery, scope: "counters:read" },
  { id: "settings", to: "/settings", icon: IconSettings, scope: null },
];

/** A page of the settings. */
export interface SettingsPlace {
  id: string;
  to: string;
  scope: string | null;
}

/** The pages of the settings in groups, named in `shell.settings`. */
export const SETTINGS_GROUPS: { id: string; places: SettingsPlace[] }[] = [
  {
    id: "shop",
    places: [
      { id: "shop", to: "/settings/shop", scope: "settings:read" },
      { id: "sending", to: "/settings/sending", scope: "settings:read" },
      { id: "domain", to: "/settings/domain", scope: "settings:read" },
    ],
  },
  {
    id: "technical",
    places: [
      { id: "connections", to: "/settings/connections", scope: "connections:read" },
      { id: "couriers", to: "/settings/couriers", scope: "settings:read" },
      { id: "inbox", to: "/inbox", scope: "inbox:read" },
      { id: "keys", to: "/settings/keys", scope: "keys:read" },
      { id: "webhooks", to: "/settings/webhooks", scope: "webhooks:read" },
      { id: "backups", to: "/settings/backups", scope: "backup:read" },
    ],
  },
  {
    id: "people",
    places: [
      { id: "account", to: "/settings/account", scope: null },
      { id: "team", to: "/settings/team", scope: "team:read" },
      { id: "audit", to: "/settings/audit", scope: "audit:read" },
    ],
  },
];
