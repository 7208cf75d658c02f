import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { serve, session, show } from "../../testing/stage";
import Messages from "./index";
import { Preview } from "./preview";
import { written } from "./templates";
import type { MessageRow, Rendered } from "./types";
import { proof } from "./words";

const care = session(["messages:read", "journeys:read"]);

const row: MessageRow = {
  id: "m1",
  customer: { id: "12", name: null, email: "chiara@posta.example", phone: null },
  order: null,
  journey: "after_delivery",
  step: "review",
  template: "review_7d",
  template_it: "Una domanda dopo sette giorni",
  template_en: "A question after seven days",
  channel: "email",
  purpose: "feedback",
  status: "held_back",
  decided_at: "2026-11-20T10:00:00Z",
  due_at: null,
  sent_at: null,
  opened_at: null,
  clicked_at: null,
  failure: null,
  attempts: 0,
  why: {
    decision: "held_back",
    basis: null,
    evidence: null,
    reason: "objected",
    it: "Ha detto di no.",
    en: "They said no.",
  },
};

test("the list names the journey, the person and the reason", async () => {
  serve({
    "GET /messages": { items: [row], next: null },
    "GET /journeys": {
      items: [{ id: "after_delivery", name_it: "Dopo la consegna", name_en: "After delivery" }],
      next: null,
    },
  });
  await show(<Messages />, { at: "/messages", as: care });
  expect(await screen.findByText("chiara@posta.example")).toBeDefined();
  expect((await screen.findAllByText("Dopo la consegna")).length).toBeGreaterThan(0);
  expect(screen.getByText("Ha detto di no.")).toBeDefined();
  expect(screen.getByText("Una domanda dopo sette giorni")).toBeDefined();
});

test("filters of the address are asked for and can be taken off together", async () => {
  const user = userEvent.setup();
  const asked = serve({
    "GET /messages": { items: [], next: null },
    "GET /journeys": { items: [], next: null },
  });
  const { router } = await show(<Messages />, { at: "/messages?status=failed&step=s", as: care });
  expect(await screen.findByText("Nessun messaggio così")).toBeDefined();
  expect(asked.find((one) => one.path === "/messages")?.query).toEqual({
    status: "failed",
    step: "s",
  });
  await user.click(screen.getByRole("button", { name: "Togli i filtri" }));
  await waitFor(() => expect(router.state.location.search).toEqual({}));
});

const mail: Rendered = {
  subject: "Grazie",
  preheader: "Ecco cosa succede",
  text: "Ciao Chiara",
  html: "<p>Ciao Chiara</p>",
  sms: null,
  segments: null,
};

test("a mail is shown in a sandbox that may nothing, and as text", async () => {
  const user = userEvent.setup();
  serve({});
  await show(<Preview rendered={mail} html="about:blank" title="Grazie" />, { as: care });
  const frame = await screen.findByTitle("Il messaggio «Grazie»");
  expect(frame.getAttribute("sandbox")).toBe("");
  expect(frame.getAttribute("src")).toBe("about:blank");
  await user.click(screen.getByRole("radio", { name: "Testo" }));
  expect(screen.getByText("Ciao Chiara")).toBeDefined();
  expect(screen.queryByTitle("Il messaggio «Grazie»")).toBeNull();
});

test("a text message says how many it is", async () => {
  serve({});
  const sms = { ...mail, html: null, sms: "Il pacco arriva domani.", segments: 2 };
  await show(<Preview rendered={sms} html={null} title="Avviso" />, { as: care });
  expect(await screen.findByText("Il pacco arriva domani.")).toBeDefined();
  expect(screen.getByText("2 SMS")).toBeDefined();
});

test("the source of a template is shown part by part", () => {
  expect(written({ subject: "Ciao\n", parts: { a: 1 } })).toBe(
    'subject:\nCiao\n\nparts: {\n  "a": 1\n}',
  );
});

test("a proof is taken apart", () => {
  expect(proof("order:12 notice:checkout-2025-01")).toEqual({
    kind: "order",
    id: "12",
    version: "checkout-2025-01",
  });
  expect(proof("cart:a:b")).toEqual({ kind: "cart", id: "a:b", version: null });
});
