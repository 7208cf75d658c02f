/** What the API says about journeys. */

import type { Channel, Purpose } from "../messages/types";

export interface JourneyRow {
  id: string;
  name_it: string;
  name_en: string;
  active: boolean;
  version: number | null;
  versions: { version: number; current: boolean }[];
  key_by: "order" | "parcel" | "cart" | "customer";
  trigger: { it: string; en: string };
  running: number;
  started_30d: number;
  closed_30d: number;
  sent_30d: number;
  held_back_30d: number;
  goal_30d: number | null;
}

export interface Counts {
  waiting: number;
  sent: number;
  held_back: number;
  /** Messages whose opens may be measured; null of them opened = nothing to measure. */
  open_measurable: number;
  opened: number | null;
  click_measurable: number;
  clicked: number | null;
}

export interface GraphNode {
  id: string;
  kind: string;
  label_it: string;
  label_en: string;
  detail_it: string | null;
  detail_en: string | null;
  /** Of a message: the label of its step. */
  step: string | null;
  template: string | null;
  /** What the template is called. */
  template_it: string | null;
  template_en: string | null;
  channel: Channel | null;
  purpose: Purpose | null;
  counts: Counts;
}

export interface GraphEdge {
  from: string;
  to: string;
  label_it: string | null;
  label_en: string | null;
}

export interface JourneyDetail extends JourneyRow {
  /** The version that is shown. */
  shown: number;
  document: string;
  graph: { nodes: GraphNode[]; edges: GraphEdge[] };
  held_back: { step: string; reason: string; n: number; it: string; en: string }[];
  closed: { why: string; n: number; it: string; en: string }[];
}

export interface RunRow {
  id: string;
  customer: { id: string; name: string | null; email: string | null } | null;
  order_number: string | null;
  step: string | null;
  step_it: string;
  step_en: string;
  since: string;
  wake_at: string | null;
  version: number;
}
