/** The period and the part of the shop that the figures are about; both stand in the address. */

export const PERIODS = ["1", "7", "30", "90", "custom"] as const;
export type Period = (typeof PERIODS)[number];

/** A week: one day says little about opens and purchases that take days to come. */
export const PERIOD_USUAL: Period = "7";

export const SLICES = ["channel", "journey", "region", "province"] as const;
export type SliceKind = (typeof SLICES)[number];

/** Today's day in a zone, such as `2026-11-22`. */
export function dayIn(zone: string, now: Date): string {
  return new Intl.DateTimeFormat("en-CA", { timeZone: zone, dateStyle: "short" }).format(now);
}

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

/** The first and the last day; a period of one's own that is not whole yet is as the usual one. */
export function span(query: Record<string, string>, today: string): { from: string; to: string } {
  const period = periodOf(query);
  const { from, to } = query;
  if (period === "custom" && from && to) {
    return from <= to ? { from, to } : { from: to, to: from };
  }
  const days = Number(period === "custom" ? PERIOD_USUAL : period);
  return { from: daysBefore(today, days - 1), to: today };
}

/** The part that the address names; at most one. */
export function sliceOf(query: Record<string, string>): { kind: SliceKind; value: string } | null {
  const kind = SLICES.find((one) => query[one]);
  return kind ? { kind, value: query[kind] ?? "" } : null;
}
