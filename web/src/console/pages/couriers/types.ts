/** What the API says about couriers, and how it is asked. */

import type { Schemas } from "../../api/types";

export type Performance = Schemas["PerformanceShape"];
export type PerformanceRow = Schemas["PerformanceRow"];
export type Measured = Schemas["MeasuredShape"];
export type Contacts = Schemas["ContactsOver"];

/** By what the figures can be told apart. */
export const CUTS = [
  "courier",
  "courier,province",
  "courier,weight",
  "province",
  "courier,province,weight",
] as const;

/** Weight bands in kilograms, lightest first; `na` is not known. */
export const BANDS = ["0-2", "2-5", "5-10", "10-30", "30+", "na"] as const;

/** Days back that can be chosen. */
export const PERIODS = ["30", "90", "365"] as const;

/** The first and the last day of so many days that end today. */
export function daysBack(days: number, today: Date): { from: string; to: string } {
  const iso = (at: Date) => at.toISOString().slice(0, 10);
  const from = new Date(today);
  from.setUTCDate(from.getUTCDate() - days + 1);
  return { from: iso(from), to: iso(today) };
}
