/** The period and the part of the shop that the figures are about; both stand in the address. */

export const PERIODS = ["1", "7", "30", "90", "custom"] as const;
export type Period = (typeof PERIODS)[number];

/** What the API answers when no days are named: long enough for opens and purchases to come. */
export const PERIOD_USUAL: Period = "30";

export const SLICES = ["channel", "journey", "region", "province"] as const;
export type SliceKind = (typeof SLICES)[number];

/** The day so many days before. */
export function daysBefore(day: string, days: number): string {
  const at = new Date(`${day}T12:00:00Z`);
  at.setUTCDate(at.getUTCDate() - days);
  return at.toISOString().slice(0, 10);
}

/** Which period the address names. */
export function periodOf(query: Record<string, string>): Period {
  const named = PERIODS.find((one) => one === query.period);
  return named ?? PERIOD_USUAL;
}

/** The days a period means. */
export type Days = { from: string; to: string };

/**
 * The first and the last day to ask for: nothing for the usual period, null while the shop's own day
 * is not known. The shop says which day it is, not the browser: they may be in different zones.
 */
export function daysOf(
  query: Record<string, string>,
  today: string | undefined,
): Days | Record<string, never> | null {
  const period = periodOf(query);
  const { from, to } = query;
  if (period === PERIOD_USUAL || (period === "custom" && !(from && to))) {
    return {};
  }
  if (period === "custom" && from && to) {
    return from <= to ? { from, to } : { from: to, to: from };
  }
  return today === undefined ? null : { from: daysBefore(today, Number(period) - 1), to: today };
}

/** The part that the address names; at most one. */
export function sliceOf(query: Record<string, string>): { kind: SliceKind; value: string } | null {
  const kind = SLICES.find((one) => query[one]);
  return kind ? { kind, value: query[kind] ?? "" } : null;
}
