import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { problem, serve, session, show } from "../../testing/stage";
import { viewQuery } from "../../ui/views";
import { Acts } from "./acts";
import { consolePath } from "./console-path";
import { asked, filtersSet } from "./filters";
import { GateTable, gateRows } from "./gate-table";
import Customers from "./index";
import { byDay, Timeline } from "./timeline";
import type { Customer, GateCell, TimelineItem } from "./types";

const care = session(["customers:read", "customers:write", "messages:write", "journeys:read"]);

const chiara: Customer = {
  id: "12",
  name: "Chiara Neri",
  email: "chiara@posta.example",
  phone: null,
  province: "BO",
  created_at: "2026-01-02T10:00:00Z",
  orders: 2,
  total: { cents: 10_400, currency: "EUR" },
  last_order_at: "2026-11-01T10:00:00Z",
  marketing_email: "yes",
  unreachable: null,
  tags: [],
  first_name: "Chiara",
  last_name: "Neri",
  emails: ["chiara@posta.example"],
  phones: [],
  shop_customer_ids: [],
  locale: "it",
  country: "IT",
  time_zone: null,
  attributes: {},
  minor: false,
  active_at: null,
  merged_from: [],
  consents: [],
  gate: [],
  preferences_url: "https://dopo.example/p/x",
};

const why = { decision: "held_back", basis: null, evidence: null, reason: "no_consent" } as const;

test("the API is asked for the search and the filters of the address, days as moments", () => {
  const query = { q: "chiara", province: "BO,MI", tab: "x", last_order_from: "2026-11-01" };
  expect(asked(query)).toEqual({
    q: "chiara",
    province: "BO,MI",
    last_order_from: new Date("2026-11-01T00:00:00").toISOString(),
  });
  expect(asked({ last_order_from: "nonsense" })).toEqual({ last_order_from: "" });
  expect(filtersSet(query)).toBe(2);
});

test("a saved view keeps no search text", () => {
  expect(
    viewQuery({ q: "chiara", region: "lazio", orders_min: "2" }, ["region", "orders_min"]),
  ).toBe("region=lazio&orders_min=2");
});

test("typing searches once it rests, and the address keeps it", async () => {
  const user = userEvent.setup();
  const list = serve({
    "GET /customers": ({ query }: { query: Record<string, string> }) => ({
      items: query.q === "zz" ? [] : [chiara],
      next: null,
    }),
    "GET /views": { items: [], next: null },
  });
  const { router } = await show(<Customers />, { at: "/customers", as: care });
  expect(await screen.findByText("Chiara Neri")).toBeDefined();
  await user.type(screen.getByRole("searchbox"), "zz");
  expect(await screen.findByText("Nessuno così")).toBeDefined();
  expect(router.state.location.search).toEqual({ q: "zz" });
  const searched = list.filter((one) => one.path === "/customers").map((one) => one.query.q);
  expect(searched).toEqual([undefined, "zz"]);
});

test("the gate stands in rows of purposes and columns of channels, each answer with its reason", async () => {
  const user = userEvent.setup();
  const cell = (purpose: GateCell["purpose"], channel: GateCell["channel"]): GateCell => ({
    purpose,
    channel,
    decision: channel === "email" ? "allow" : "deny",
    basis: null,
    reason: channel === "email" ? null : "no_consent",
    until: null,
    it: channel === "email" ? "Serve all'ordine." : "Manca il consenso.",
    en: "",
  });
  const cells = [cell("service", "email"), cell("service", "sms"), cell("marketing", "sms")];
  expect(gateRows(cells).rows.map((row) => row.cells.map((one) => one?.decision))).toEqual([
    ["allow", "deny"],
    [undefined, "deny"],
  ]);
  serve({});
  await show(<GateTable cells={cells} />, { as: care });
  const [first] = await screen.findAllByRole("button", { name: "No" });
  await user.click(first as HTMLElement);
  expect(await screen.findByText("Manca il consenso.")).toBeDefined();
  expect(screen.getByText(/La legge chiede un consenso/)).toBeDefined();
});

const item = (id: string, at: string, more: Partial<TimelineItem> = {}): TimelineItem => ({
  at,
  id,
  kind: "order",
  title_it: `Titolo ${id}`,
  title_en: "",
  detail_it: null,
  detail_en: null,
  tone: "neutral",
  link: null,
  ...more,
});

test("what happened is grouped by day and keeps its order", () => {
  const items = [
    item("a", "2026-11-22T10:00:00Z"),
    item("b", "2026-11-22T08:00:00Z"),
    item("c", "2026-11-21T08:00:00Z"),
  ];
  const days = byDay(items, (at) => at.slice(0, 10));
  expect(days.map((day) => [day.day, day.items.map((one) => one.id)])).toEqual([
    ["2026-11-22", ["a", "b"]],
    ["2026-11-21", ["c"]],
  ]);
});

test("the story says why a message was held back and goes further back", async () => {
  const user = userEvent.setup();
  const message = {
    id: "m1",
    status: "held_back",
    channel: "sms",
    purpose: "marketing",
    journey: "j",
    step: "s",
    why: { ...why, it: "Manca il consenso.", en: "" },
    sent_at: null,
    opened_at: null,
    clicked_at: null,
  } as const;
  const list = serve({
    "GET /customers/12/timeline": ({ query }: { query: Record<string, string> }) =>
      query.cursor
        ? {
            items: [item("old", "2026-10-01T08:00:00Z", { link: "/console/orders/7" })],
            next: null,
          }
        : {
            items: [item("new", "2026-11-22T08:00:00Z", { kind: "message", message })],
            next: "c2",
          },
  });
  await show(<Timeline customer="12" />, { as: care });
  expect(await screen.findByText("Manca il consenso.")).toBeDefined();
  expect(screen.getByText("Trattenuto")).toBeDefined();
  await user.click(screen.getByRole("button", { name: "Più indietro" }));
  const link = await screen.findByRole("link", { name: "Titolo old" });
  expect(link.getAttribute("href")).toBe("/orders/7");
  expect(list.at(-1)?.query.cursor).toBe("c2");
});

test("a link of the API becomes a path of the console", () => {
  expect(["/console/orders/1?a=b", "/console", "/messages"].map(consolePath)).toEqual([
    "/orders/1?a=b",
    "/",
    "/messages",
  ]);
});

test("nobody is forgotten before the word is typed", async () => {
  const user = userEvent.setup();
  const list = serve({ "POST /customers/12/forget": null });
  await show(<Acts customer={chiara} act="forget" onClose={() => {}} />, { as: care });
  const button = await screen.findByRole("button", { name: "Dimentica per sempre" });
  expect(button.hasAttribute("disabled")).toBe(true);
  await user.type(screen.getByRole("textbox"), "Chiara@posta.example");
  expect(button.hasAttribute("disabled")).toBe(false);
  await user.click(button);
  await waitFor(() => expect(list).toHaveLength(1));
  expect(list[0]?.body).toEqual({ confirm: "Chiara@posta.example" });
});

test("a message sent by hand that the rules hold back says why", async () => {
  const user = userEvent.setup();
  const node = {
    kind: "send",
    label_it: "Ricevuta",
    label_en: "",
    detail_it: null,
    detail_en: null,
  };
  serve({
    "GET /journeys": {
      items: [{ id: "j", name_it: "Dopo la consegna", name_en: "", key_by: "customer" }],
      next: null,
    },
    "GET /journeys/j": {
      graph: {
        nodes: [{ ...node, id: "3", step: "s", template: "t", channel: "email" }],
        edges: [],
      },
    },
    "GET /customers/12/orders": { items: [], next: null },
    "POST /customers/12/send": () =>
      problem(409, "held_back", { why: { ...why, it: "Manca il consenso.", en: "" } }),
  });
  await show(<Acts customer={chiara} act="send" onClose={() => {}} />, { as: care });
  const form = within(await screen.findByRole("dialog"));
  await user.click(form.getByRole("combobox", { name: /Percorso/ }));
  await user.click(await screen.findByRole("option", { name: "Dopo la consegna" }));
  await waitFor(() =>
    expect(form.getByRole("combobox", { name: /Messaggio/ }).hasAttribute("disabled")).toBe(false),
  );
  await user.click(form.getByRole("combobox", { name: /Messaggio/ }));
  await user.click(await screen.findByRole("option", { name: "Ricevuta · E-mail" }));
  await user.click(form.getByRole("button", { name: "Manda" }));
  expect(await screen.findByText("Questo messaggio non può partire")).toBeDefined();
  expect(screen.getByText("Manca il consenso.")).toBeDefined();
});
