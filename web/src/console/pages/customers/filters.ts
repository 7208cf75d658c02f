/** The filters of the customer list; each stands in the address by its name in the API. */

export const FILTERS = [
  "province",
  "region",
  "orders_min",
  "orders_max",
  "last_order_from",
  "last_order_before",
  "marketing_email",
  "unreachable",
  "at_risk",
] as const;

/** Filters that are a day in the address and a moment in the API. */
const DAYS = new Set<string>(["last_order_from", "last_order_before"]);

/** The moment a day begins here. */
function startOf(day: string): string {
  const at = new Date(`${day}T00:00:00`);
  return Number.isNaN(at.getTime()) ? "" : at.toISOString();
}

/** What the API is asked: the search and the filters of the address, and nothing else of it. */
export function asked(query: Record<string, string>): Record<string, string> {
  const kept = ["q", ...FILTERS].flatMap((name) => {
    const value = query[name];
    return value ? [[name, DAYS.has(name) ? startOf(value) : value]] : [];
  });
  return Object.fromEntries(kept);
}

/** How many filters are set. */
export function filtersSet(query: Record<string, string>): number {
  return FILTERS.filter((name) => query[name]).length;
}
