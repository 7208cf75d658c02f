import type { Said } from "../i18n/lang";

/** Cents of a currency. */
export interface Money {
  cents: number;
  currency: string;
}

/** One page of a list. */
export interface Page<T> {
  items: T[];
  next: string | null;
}

/** What is wrong with one field. */
export interface FieldProblem extends Said {
  field: string;
  code: string;
}

/** `application/problem+json`. */
export interface Problem {
  status?: number;
  code?: string;
  title?: string;
  detail?: string;
  scope?: string;
  errors?: FieldProblem[];
}

/** Roles, from most to least. */
export const ROLES = ["owner", "marketer", "care", "developer", "viewer"] as const;
export type Role = (typeof ROLES)[number];

/** A shop that the person may see. */
export interface SessionShop {
  slug: string;
  name: string;
  role: Role;
  live: boolean;
}

/** `GET /session` */
export interface Session {
  user: { id: string; email: string; name: string | null; locale: "it" | "en" | null };
  shops: SessionShop[];
  scopes: Record<string, string[]>;
  demo: boolean;
  passkeys: number;
  version: string;
}

/** What an event of `GET /live` may be about. */
export const TOPICS = [
  "orders",
  "messages",
  "customers",
  "counters",
  "inbox",
  "tasks",
  "journeys",
  "settings",
] as const;
export type Topic = (typeof TOPICS)[number];
