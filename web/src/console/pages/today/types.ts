/** What the API says about today. */

import type { Unit } from "../../charts/format";
import type { Said } from "../../i18n/lang";

export interface Kpi {
  id: string;
  value: number | null;
  unit: Unit;
  numerator: number;
  denominator: number;
  /** The share that can be measured. */
  coverage: number | null;
  target: number | null;
  better: "up" | "down";
  met: boolean | null;
  /** The span before. */
  previous: number | null;
  days: { day: string; value: number | null; n: number }[];
  definition: Said;
  /** Where the people behind it are listed. */
  people: string | null;
}

export interface Slice {
  id: string;
  name_it: string;
  name_en: string;
  sent: number;
  opened_ratio: number | null;
  clicked_ratio: number | null;
  crosssell_ratio: number | null;
  first_contact_seconds: number | null;
  orders: number;
  n: number;
}

export const BREAKDOWNS = ["channels", "journeys", "regions", "provinces"] as const;
export type Breakdown = (typeof BREAKDOWNS)[number];

export interface Today {
  from: string;
  to: string;
  zone: string;
  slice: { kind: "all" | "channel" | "journey" | "province" | "region"; value: string | null };
  sentence: Said;
  kpis: Kpi[];
  held_back: { reason: string; n: number; it: string; en: string }[];
  /** Null of a channel or a journey, which have none. */
  parcels: { state: string; n: number; it: string; en: string; trouble: boolean }[] | null;
  /** Null what is not counted for the part of the shop that is asked about. */
  now: {
    customers: number | null;
    orders_open: number | null;
    orders_trouble: number | null;
    tasks_open: number | null;
    runs: number | null;
    queue_due: number | null;
    queue_later: number | null;
    failed_messages: number | null;
    failed_inbox: number | null;
  };
  /** Null of a channel or a journey. */
  at_risk: { n: number; definition: Said; people: string } | null;
  breakdown: Record<Breakdown, Slice[]>;
}
