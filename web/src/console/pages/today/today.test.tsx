import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { serve, session, show } from "../../testing/stage";
import TodayPage from "./index";
import { daysOf, periodOf, sliceOf } from "./period";
import type { Kpi, Today } from "./types";

const owner = session(["counters:read", "messages:read", "orders:read", "customers:read"]);

const kpi = (id: string, more: Partial<Kpi>): Kpi => ({
  id,
  value: null,
  unit: "ratio",
  numerator: 0,
  denominator: 0,
  coverage: null,
  target: null,
  better: "up",
  met: null,
  previous: null,
  days: [],
  definition: { it: `Che cos'è ${id}.`, en: "" },
  people: null,
  ...more,
});

const today: Today = {
  from: "2026-11-16",
  to: "2026-11-22",
  zone: "Europe/Rome",
  slice: { kind: "all", value: null },
  sentence: { it: "Una settimana tranquilla.", en: "A calm week." },
  kpis: [
    kpi("open_rate", {
      value: 0.412,
      target: 0.45,
      met: false,
      coverage: 0.62,
      previous: 0.4,
      numerator: 412,
      denominator: 1000,
      people: "/console/messages?status=sent",
    }),
    kpi("engagement_time", { unit: "seconds" }),
  ],
  held_back: [{ reason: "no_consent", n: 7, it: "Manca il consenso.", en: "" }],
  parcels: [{ state: "lost", n: 1, it: "Smarrito", en: "Lost", trouble: true }],
  now: {
    customers: 5,
    orders_open: 1,
    orders_trouble: 1,
    tasks_open: 0,
    runs: 0,
    queue_due: null,
    queue_later: null,
    failed_messages: 0,
    failed_inbox: 0,
  },
  at_risk: {
    n: 3,
    definition: { it: "Chi ha un pacco in difficoltà.", en: "" },
    people: "/console/customers?at_risk=true",
  },
  breakdown: { channels: [], journeys: [], provinces: [], regions: [] },
};

const plain = (text: string | null | undefined) => text?.replace(/\u00a0/g, " ");

test("a period of days ends on the shop's day, a chosen one is turned the right way round", () => {
  expect(daysOf({}, undefined)).toEqual({});
  expect(daysOf({ period: "7" }, undefined)).toBeNull();
  expect(daysOf({ period: "7" }, "2026-03-02")).toEqual({ from: "2026-02-24", to: "2026-03-02" });
  expect(daysOf({ period: "1" }, "2026-11-22")).toEqual({ from: "2026-11-22", to: "2026-11-22" });
  const custom = { period: "custom", from: "2026-11-10", to: "2026-11-01" };
  expect(daysOf(custom, undefined)).toEqual({ from: "2026-11-01", to: "2026-11-10" });
  expect(daysOf({ period: "custom", from: "2026-11-10" }, "2026-11-22")).toEqual({});
  expect([periodOf({ period: "90" }), periodOf({ period: "x" })]).toEqual(["90", "30"]);
});

test("a period is asked for by the days of the shop", async () => {
  const asked = serve({ "GET /today": today });
  await show(<TodayPage />, { at: "/?period=7", as: owner });
  expect(await screen.findByText("Una settimana tranquilla.")).toBeDefined();
  expect(asked.filter((one) => one.path === "/today").map((one) => one.query)).toEqual([
    {},
    { from: "2026-11-16", to: "2026-11-22" },
  ]);
});

test("at most one part of the shop is asked for", () => {
  expect(sliceOf({ province: "BO", journey: "j" })).toEqual({ kind: "journey", value: "j" });
  expect(sliceOf({})).toBeNull();
});

test("a figure stands against its target with its coverage, and the unknown is called unknown", async () => {
  serve({ "GET /today": today });
  await show(<TodayPage />, { as: owner });
  expect(await screen.findByText("Una settimana tranquilla.")).toBeDefined();
  const card = screen.getByRole("button", { name: /Messaggi aperti/ });
  expect(plain(card.textContent)).toContain("41,2 %");
  expect(plain(card.textContent)).toContain("obiettivo almeno 45 %");
  expect(plain(card.textContent)).toContain("misurabile il 62 %");
  expect(plain(card.textContent)).toContain("+1,2 pt sul periodo prima");
  const unknown = screen.getByRole("button", { name: /Tempo alla prima risposta/ });
  expect(unknown.textContent).toContain("Non noto");
  expect(unknown.textContent).not.toContain("0");
});

test("a figure answers what it means, from what it is made and who stands behind it", async () => {
  const user = userEvent.setup();
  serve({ "GET /today": today });
  const { router } = await show(<TodayPage />, { as: owner });
  await user.click(await screen.findByRole("button", { name: /Messaggi aperti/ }));
  expect(await screen.findByText("Che cos'è open_rate.")).toBeDefined();
  expect(screen.getByText("412 su 1.000")).toBeDefined();
  const people = screen.getByRole("link", { name: "Vedi le persone dietro questa cifra" });
  expect(people.getAttribute("href")).toBe("/messages?status=sent");
  expect(router.state.location.search).toEqual({ figure: "open_rate" });
});

test("what was held back stands with its rule", async () => {
  serve({ "GET /today": today });
  await show(<TodayPage />, { as: owner });
  expect(await screen.findByText("Manca il consenso.")).toBeDefined();
  expect(screen.getByText(/La legge chiede un consenso/)).toBeDefined();
  expect(screen.getByText("Smarrito")).toBeDefined();
});

test("of a part of the shop only what is counted for it stands there", async () => {
  const none = Object.fromEntries(Object.keys(today.now).map((name) => [name, null]));
  const place = { ...none, orders_open: 4, orders_trouble: 2 } as Today["now"];
  const people = "/console/messages?status=held_back&province=BO";
  const kpis = [kpi("held_back", { people })];
  serve({ "GET /today": { ...today, kpis, slice: { kind: "province", value: "BO" }, now: place } });
  await show(<TodayPage />, { at: "/?province=BO", as: owner });
  expect((await screen.findByText("ordini con un problema")).parentElement?.textContent).toBe(
    "2ordini con un problema",
  );
  expect(screen.queryByText("clienti")).toBeNull();
  const to = (name: string | RegExp) => screen.getByRole("link", { name }).getAttribute("href");
  expect(to("Vedi i messaggi")).toBe("/messages?status=held_back&province=BO");
  expect(to(/ordini con un problema/)).toBe("/orders?standing=trouble&province=BO");
  expect(to("Vedi gli ordini")).toBe("/orders?standing=trouble&province=BO");
});

test("people at risk lead to themselves and say who they are", async () => {
  serve({ "GET /today": today });
  await show(<TodayPage />, { as: owner });
  const link = await screen.findByRole("link", { name: /persone a rischio/ });
  expect(link.textContent).toBe("3persone a rischio");
  expect(link.getAttribute("href")).toBe("/customers?at_risk=true");
  expect(screen.getByText("Chi ha un pacco in difficoltà.")).toBeDefined();
});

test("a channel has no parcels and no orders of the moment", async () => {
  const none = Object.fromEntries(Object.keys(today.now).map((name) => [name, null]));
  const now = none as unknown as Today["now"];
  serve({
    "GET /today": {
      ...today,
      parcels: null,
      at_risk: null,
      slice: { kind: "channel", value: "sms" },
      now,
    },
  });
  await show(<TodayPage />, { at: "/?channel=sms", as: owner });
  expect(await screen.findByText("Una settimana tranquilla.")).toBeDefined();
  expect(screen.queryByText("In questo momento")).toBeNull();
  expect(screen.queryByText("Pacchi da seguire")).toBeNull();
});
