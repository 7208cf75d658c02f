import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { serve, session, show } from "../../testing/stage";
import Couriers from "./index";
import { daysBack, type PerformanceRow } from "./types";

const owner = session(["counters:read"]);

const row = (more: Partial<PerformanceRow> = {}): PerformanceRow => ({
  courier: "brt",
  courier_name: "BRT",
  province: null,
  weight: null,
  shipped: 1200,
  delivered: 1100,
  on_time: { value: 0.94, sample: 900 },
  transit_median_days: { value: 1, sample: 1100 },
  transit_p90_days: { value: 3, sample: 1100 },
  first_attempt: { value: 0.9, sample: 1100 },
  attempt_failed: { value: 0.08, sample: 1200 },
  held: { value: 0.02, sample: 1200 },
  exceptions: { value: 0.01, sample: 1200 },
  ...more,
});

const few = { value: null, sample: 7 };

const performance = {
  from: "2026-10-24",
  to: "2026-11-22",
  sample_min: 20,
  all: row({ courier: null, courier_name: null }),
  items: [row(), row({ courier: "gls_it", courier_name: "GLS Italy", on_time: few, held: few })],
  days: [],
  couriers: [
    { id: "brt", name: "BRT" },
    { id: "gls_it", name: "GLS Italy" },
  ],
};

const contacts = {
  from: "2026-10-24",
  to: "2026-11-22",
  orders_min: 20,
  all: {
    orders: 400,
    views: 1000,
    problems: 8,
    replies: 12,
    contacts_per_order: 0.05,
    views_per_order: 2.5,
  },
  days: [],
};

const answers = {
  "GET /couriers/performance": performance,
  "GET /couriers/contacts": contacts,
};

test("a figure stands with its sample, and too few cases are said to be too few", async () => {
  serve(answers);
  await show(<Couriers />, { at: "/couriers", as: owner });
  const table = await screen.findByRole("table", { name: "Prestazioni" });
  const [, brt, gls] = within(table).getAllByRole("row");
  expect(brt?.textContent).toMatch(/94\s%/);
  expect(brt?.textContent).toContain("su 900");
  expect(within(gls as HTMLElement).getAllByText("Troppo pochi")).toHaveLength(2);
  expect(screen.getByText(/Sotto i 20 casi non diciamo niente/)).toBeDefined();
});

test("filters stand in the address and are asked for", async () => {
  const user = userEvent.setup();
  const asked = serve(answers);
  const { router } = await show(<Couriers />, { at: "/couriers", as: owner });
  await screen.findByRole("table", { name: "Prestazioni" });
  await user.selectOptions(screen.getByLabelText("Corriere"), "gls_it");
  await user.selectOptions(screen.getByLabelText("Dividi per"), "courier,weight");
  await screen.findByRole("table", { name: "Prestazioni" });
  expect(router.state.location.search).toEqual({ courier: "gls_it", by: "courier,weight" });
  const last = asked.filter((one) => one.path === "/couriers/performance").at(-1);
  expect(last?.query).toEqual({ by: "courier,weight", courier: "gls_it" });
});

test("contacts are told for a hundred orders", async () => {
  serve(answers);
  await show(<Couriers />, { at: "/couriers", as: owner });
  expect(await screen.findByText("Contatti per 100 ordini")).toBeDefined();
  expect(screen.getByText("2,5")).toBeDefined();
});

test("a span of days ends today", () => {
  expect(daysBack(90, new Date("2026-11-22T10:00:00Z"))).toEqual({
    from: "2026-08-25",
    to: "2026-11-22",
  });
});
