import type { Said } from "../i18n/lang";
import type { components } from "./schema";

/** The shapes of the API, from its own document. */
export type Schemas = components["schemas"];

/** A shape with some members said more exactly than the document says them. */
export type With<T, M> = Omit<T, keyof M> & M;

/** Cents of a currency. */
export type Money = Schemas["Money"];

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
export type SessionShop = With<Schemas["SessionShop"], { role: Role }>;

/** `GET /session` */
export type Session = With<
  Schemas["Session"],
  {
    user: With<Schemas["SessionUser"], { locale?: "it" | "en" | null }>;
    shops: SessionShop[];
  }
>;

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
