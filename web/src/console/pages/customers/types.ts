/** What the API says about people. */

import type { Money } from "../../api/types";
import type { Channel, MessageStatus, Purpose, WhyOfMessage } from "../messages/types";

export interface CustomerRow {
  id: string;
  name: string | null;
  email: string | null;
  phone: string | null;
  province: string | null;
  created_at: string;
  orders: number;
  total: Money;
  last_order_at: string | null;
  marketing_email: "yes" | "no" | "unknown";
  unreachable: null | "bounced" | "complained";
  tags: string[];
}

/** What could be sent to a person now, and why not. */
export interface GateCell {
  purpose: Purpose;
  channel: Channel;
  decision: "allow" | "defer" | "deny";
  basis: string | null;
  reason: string | null;
  until: string | null;
  it: string;
  en: string;
}

export interface ConsentState {
  topic: string;
  channel: Channel | null;
  state: string;
  since: string | null;
  it: string;
  en: string;
}

export interface Customer extends CustomerRow {
  first_name: string | null;
  last_name: string | null;
  emails: string[];
  phones: string[];
  shop_customer_ids: string[];
  locale: string | null;
  country: string | null;
  time_zone: string | null;
  attributes: Record<string, unknown>;
  minor: boolean;
  active_at: string | null;
  merged_from: string[];
  consents: ConsentState[];
  gate: GateCell[];
  preferences_url: string;
}

/** One act of the consent ledger with its proof. */
export interface ConsentAct {
  id: string;
  at: string;
  known_at: string;
  topic: string;
  channel: Channel | null;
  state: string;
  source: string;
  text_version: string | null;
  form: string | null;
  ip_stored: boolean;
}

export interface TimelineItem {
  at: string;
  kind: "message" | "order" | "parcel" | "consent" | "journey" | "task" | "note" | "return";
  id: string;
  title_it: string;
  title_en: string;
  detail_it: string | null;
  detail_en: string | null;
  tone: "neutral" | "good" | "attention" | "bad";
  message?: {
    id: string;
    status: MessageStatus;
    channel: Channel;
    purpose: Purpose;
    journey: string | null;
    step: string | null;
    why: WhyOfMessage;
    sent_at: string | null;
    opened_at: string | null;
    clicked_at: string | null;
  } | null;
  order?: { id: string; number: string; total: Money; standing: string } | null;
  link: string | null;
}

export interface Note {
  id: string;
  at: string;
  author: string | null;
  text: string;
  order_id?: string | null;
}

export interface Task {
  id: string;
  title: string;
  opened_at?: string | null;
  due_at?: string | null;
  done_at?: string | null;
}

export interface PersonRun {
  id: string;
  journey: string;
  name_it: string;
  name_en: string;
  version: number;
  active: boolean;
  started_at: string;
  wake_at: string | null;
  closed_at: string | null;
  state_it: string;
  state_en: string;
  order_id: string | null;
}
