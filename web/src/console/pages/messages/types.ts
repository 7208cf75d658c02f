/** What the API says about messages. */

export const CHANNELS = ["email", "sms", "push", "call"] as const;
export type Channel = (typeof CHANNELS)[number];

export const STATUSES = [
  "queued",
  "sending",
  "sent",
  "captured",
  "held_back",
  "left_to_platform",
  "failed",
  "bounced",
  "in_doubt",
] as const;
export type MessageStatus = (typeof STATUSES)[number];

export type Purpose =
  | "legal"
  | "service"
  | "care"
  | "feedback"
  | "cart"
  | "marketing_similar"
  | "marketing"
  | "third_party";

/** Why a message leaves, waits or does not leave. */
export interface WhyOfMessage {
  decision: "allowed" | "held_back" | "waiting";
  basis: string | null;
  evidence: string | null;
  reason: string | null;
  it: string;
  en: string;
}

export interface MessageRow {
  id: string;
  customer: {
    id: string;
    name: string | null;
    email?: string | null;
    phone?: string | null;
  } | null;
  order: { id: string; number: string | null } | null;
  journey: string | null;
  step: string | null;
  template: string | null;
  /** What the template is called. */
  template_it: string;
  template_en: string;
  channel: Channel;
  purpose: Purpose;
  status: MessageStatus;
  decided_at: string;
  due_at: string | null;
  sent_at: string | null;
  opened_at: string | null;
  clicked_at: string | null;
  failure: string | null;
  attempts: number;
  why: WhyOfMessage;
}

/** A message or a template as it reads. */
export interface Rendered {
  subject: string | null;
  preheader: string | null;
  text: string | null;
  html: string | null;
  sms: string | null;
  segments: number | null;
}

export interface MessageDetail extends MessageRow {
  rendered: Rendered | null;
  life: { at: string; what: string; it: string; en: string }[];
}

export interface TemplateRow {
  name: string;
  /** What it is called, in its language. */
  title: string;
  locale: string;
  version: number;
  channel: Channel;
  subject: string | null;
}

export interface TemplateDetail {
  name: string;
  locale: string;
  version: number;
  channel: Channel;
  /** What its author wrote, part by part. */
  source: Record<string, unknown>;
  samples: { id: string; it: string; en: string }[];
  /** The one it is filled with. */
  sample: string;
  rendered: Rendered | null;
}
