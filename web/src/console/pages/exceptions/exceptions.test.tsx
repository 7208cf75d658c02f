import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { serve, session, show } from "../../testing/stage";
import Exceptions from "./index";

const care = session(["orders:read", "orders:write"]);

const held = {
  order_id: "7",
  order_number: "#1007",
  customer: { id: "1", name: "Chiara Rossi", email: null, phone: null },
  province: "BO",
  parcel: {
    seq: 0,
    carrier: "BRT",
    number: "083",
    state: "held_at_depot",
    at: null,
    it: "In giacenza",
    en: "Held",
  },
  trouble: "held",
  reason: "consignee_absent",
  act_by: "buyer",
  deadline: "2020-11-23T09:00:00Z",
  silent_since: null,
  hold_outcome: null,
  awaits_answer: true,
  at_risk: { cents: 12900, currency: "EUR" },
  urgency_percent: 400,
  weight: 51600,
};

const board = (items: unknown[], next: string | null = null) => ({
  items,
  next,
  counts: items.length > 0 ? [{ trouble: "held", n: items.length }] : [],
  at_risk: { cents: 12900 * items.length, currency: "EUR" },
  orders: items.length,
  orders_all: items.length,
});

test("a parcel in trouble says why, who must act, until when and what is at risk", async () => {
  serve({ "GET /exceptions": board([held]) });
  await show(<Exceptions />, { at: "/orders/exceptions", as: care });
  const table = await screen.findByRole("table", { name: "Pacchi in difficoltà" });
  const [, line] = within(table).getAllByRole("row");
  for (const said of ["#1007", "Chiara Rossi", "Nessuno in casa", "Cliente", "scaduto", "× 4"]) {
    expect(line?.textContent).toContain(said);
  }
  expect(within(line as HTMLElement).getByText("Rispondi")).toBeDefined();
  expect(screen.getByText(/A rischio 129,00\s€ su un pacco/)).toBeDefined();
});

test("what expires next comes first when asked for", async () => {
  const user = userEvent.setup();
  const asked = serve({ "GET /exceptions": board([held]) });
  await show(<Exceptions />, { at: "/orders/exceptions", as: care });
  await screen.findByRole("table");
  await user.click(screen.getByText("Quello che scade prima"));
  await screen.findByRole("table");
  expect(asked.at(-1)?.query).toMatchObject({ sort: "deadline" });
});

test("an empty board says so", async () => {
  serve({ "GET /exceptions": board([]) });
  await show(<Exceptions />, { at: "/orders/exceptions", as: care });
  expect(await screen.findAllByText(/Nessun pacco è in difficoltà/)).not.toHaveLength(0);
});

test("more parcels follow, down to the last one", async () => {
  const user = userEvent.setup();
  const second = { ...held, order_id: "8", order_number: "#1008" };
  const asked = serve({
    "GET /exceptions": (one: { query: Record<string, string> }) =>
      one.query.cursor ? board([second]) : board([held], "on"),
  });
  await show(<Exceptions />, { at: "/orders/exceptions", as: care });
  await user.click(await screen.findByRole("button", { name: "Mostra altro" }));
  expect(await screen.findByText("#1008")).toBeDefined();
  expect(screen.getByText("#1007")).toBeDefined();
  expect(asked.at(-1)?.query).toMatchObject({ cursor: "on", sort: "cost" });
  expect(screen.queryByRole("button", { name: "Mostra altro" })).toBeNull();
});
