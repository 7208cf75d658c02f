import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { serve, session, show } from "../../testing/stage";
import Journeys, { heldShare } from "./index";
import { dropOff, ordered, StepList } from "./steps";
import type { GraphEdge, GraphNode, JourneyRow } from "./types";
import { versionFor } from "./use-switch";

const marketer = session(["journeys:read", "journeys:write"]);

const NOTHING = {
  waiting: 0,
  sent: 0,
  held_back: 0,
  open_measurable: 0,
  opened: null,
  click_measurable: 0,
  clicked: null,
};

const node = (id: string, more: Partial<GraphNode> = {}): GraphNode => ({
  id,
  kind: "wait",
  label_it: `Passo ${id}`,
  label_en: "",
  detail_it: null,
  detail_en: null,
  step: null,
  template: null,
  template_it: null,
  template_en: null,
  channel: null,
  purpose: null,
  counts: NOTHING,
  ...more,
});
const edge = (from: string, to: string, label = ""): GraphEdge => ({
  from,
  to,
  label_it: label,
  label_en: label,
});

const row: JourneyRow = {
  id: "after_delivery",
  name_it: "Dopo la consegna",
  name_en: "After delivery",
  active: true,
  version: 2,
  versions: [
    { version: 1, current: false },
    { version: 2, current: true },
  ],
  key_by: "order",
  trigger: { it: "il pacco arriva", en: "the parcel arrives" },
  running: 3,
  started_30d: 10,
  closed_30d: 5,
  sent_30d: 30,
  held_back_30d: 10,
  goal_30d: null,
};

test("the list tells a branch to its end before the other, and what joins comes last", () => {
  const nodes = ["start", "if", "a", "b", "c", "end"].map((id) => node(id));
  const edges = [
    edge("start", "if"),
    edge("if", "a", "sì"),
    edge("if", "c", "no"),
    edge("a", "b"),
    edge("b", "end"),
    edge("c", "end"),
  ];
  const list = ordered(nodes, edges);
  expect(list.map((one) => one.node.id)).toEqual(["start", "if", "a", "b", "c", "end"]);
  expect(list[1]?.ways).toEqual([
    { number: 3, it: "sì", en: "sì" },
    { number: 5, it: "no", en: "no" },
  ]);
});

test("a loop is listed once", () => {
  const list = ordered([node("a"), node("b")], [edge("a", "b"), edge("b", "a")]);
  expect(list.map((one) => one.node.id)).toEqual(["a", "b"]);
});

test("a step that decided nothing has no drop-off", () => {
  expect(dropOff({ ...NOTHING, waiting: 4 })).toBeNull();
  expect(dropOff({ ...NOTHING, sent: 3, held_back: 1 })).toBe(0.25);
  expect([heldShare(row), heldShare({ sent_30d: 0, held_back_30d: 0 })]).toEqual([0.25, null]);
});

test("each step is a button with its figures and where it leads", async () => {
  const user = userEvent.setup();
  const opened: string[] = [];
  const nodes = [
    node("if", { kind: "if" }),
    node("mail", {
      kind: "send",
      template: "t",
      counts: {
        ...NOTHING,
        waiting: 2,
        sent: 30,
        held_back: 10,
        open_measurable: 20,
        opened: 9,
      },
    }),
    node("end", { kind: "end" }),
  ];
  const edges = [edge("if", "mail", "sì"), edge("if", "end", "no"), edge("mail", "end")];
  serve({});
  await show(<StepList nodes={nodes} edges={edges} onOpen={(one) => opened.push(one.id)} />, {
    as: marketer,
  });
  const mail = await screen.findByRole("button", { name: /Passo mail/ });
  expect(mail.textContent?.replace(/\u00a0/g, " ")).toContain("10 (25 %) trattenuti");
  expect(mail.textContent?.replace(/\u00a0/g, " ")).toContain("aperti 45 % di 20 misurabili");
  expect(mail.textContent).not.toContain("cliccati");
  expect(screen.getByText("no: va al passo 3")).toBeDefined();
  await user.click(mail);
  expect(opened).toEqual(["mail"]);
});

test("switching off can be undone with the version it had", async () => {
  const user = userEvent.setup();
  const list = serve({
    "GET /journeys": { items: [row], next: null },
    "PUT /journeys/after_delivery/current": {},
  });
  await show(<Journeys />, { at: "/journeys", as: marketer });
  await user.click(await screen.findByRole("switch"));
  await user.click(await screen.findByRole("button", { name: "Annulla" }));
  await waitFor(() => expect(list.filter((one) => one.method === "PUT")).toHaveLength(2));
  expect(list.filter((one) => one.method === "PUT").map((one) => one.body)).toEqual([
    { version: null },
    { version: 2 },
  ]);
});

test("a journey that was never on begins with its newest version", () => {
  expect(versionFor({ version: null, versions: row.versions })).toBe(2);
  expect(versionFor({ version: 1, versions: row.versions })).toBe(1);
  expect(versionFor({ version: null, versions: [] })).toBeNull();
});

test("a new ready journey is looked at and added, switched off", async () => {
  const user = userEvent.setup();
  const ready = {
    id: "depot_hold",
    name_it: "Giacenza",
    name_en: "Depot hold",
    trigger: { it: "il pacco è fermo", en: "the parcel is held" },
    graph: {
      nodes: [node("start", { kind: "start" }), node("end", { kind: "end" })],
      edges: [edge("start", "end")],
    },
    document: "journey: depot_hold",
  };
  let there = true;
  const asked = serve({
    "GET /journeys": { items: [row], next: null },
    "GET /ready-journeys": () => ({ items: there ? [ready] : [], next: null }),
    "POST /ready-journeys/depot_hold": () => {
      there = false;
      return row;
    },
  });
  await show(<Journeys />, { as: marketer });
  await user.click(await screen.findByRole("button", { name: "Guarda Giacenza" }));
  expect(await screen.findByText("Passo start")).toBeDefined();
  await user.keyboard("{Escape}");
  await user.click(screen.getByRole("button", { name: "Aggiungi spento: Giacenza" }));
  expect(await screen.findByText("«Giacenza» è fra i tuoi percorsi, spento.")).toBeDefined();
  await waitFor(() => expect(screen.queryByText("Giacenza")).toBeNull());
  expect(asked.filter((one) => one.method !== "GET").map((one) => one.path)).toEqual([
    "/ready-journeys/depot_hold",
  ]);
});
