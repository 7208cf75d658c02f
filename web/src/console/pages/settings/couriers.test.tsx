import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { serve, session, show } from "../../testing/stage";
import Couriers from "./couriers";

const owner = session(["settings:read", "settings:write"]);

const vendors = [
  {
    name: "gls_it",
    title: "GLS Italy",
    fields: [
      { name: "user", secret: false, optional: false },
      { name: "password", secret: true, optional: false },
    ],
    covers: [{ id: "gls_it", name: "GLS Italy" }],
    asked: true,
    releases: ["redeliver"],
  },
];

const account = {
  vendor: "gls_it",
  title: "GLS Italy",
  added_at: "2026-11-20T09:00:00Z",
  state: "refused",
  refused_at: "2026-11-21T09:00:00Z",
  refused_why: "password scaduta",
  calls_today: 12,
  calls_per_day: 250,
  fields: { user: "bottega" },
  secrets: ["password"],
  covers: [{ id: "gls_it", name: "GLS Italy" }],
};

const shop = {
  slug: "bottega",
  settings: {
    name: "Bottega",
    hold: { actions: ["redeliver", "collect"], payer: "shop", close_hours: 4 },
  },
  locked: [],
};

test("a courier is connected with its fields, and its secret is not shown", async () => {
  const user = userEvent.setup();
  const asked = serve({
    "GET /courier-accounts": { items: [], vendors },
    "GET /shop": shop,
    "POST /courier-accounts": account,
  });
  await show(<Couriers />, { as: owner });
  await user.click(await screen.findByRole("button", { name: "Collega un corriere" }));
  const side = await screen.findByRole("dialog");
  await user.selectOptions(within(side).getByLabelText("Corriere o aggregatore"), "gls_it");
  await user.type(within(side).getByLabelText("Utente"), "bottega");
  const password = within(side).getByLabelText("Password");
  expect(password.getAttribute("type")).toBe("password");
  await user.type(password, "segreto");
  await user.click(within(side).getByRole("button", { name: "Collega" }));
  await waitFor(() => expect(asked.some((one) => one.method === "POST")).toBe(true));
  expect(asked.find((one) => one.method === "POST")?.body).toEqual({
    vendor: "gls_it",
    fields: { user: "bottega", password: "segreto" },
  });
});

test("a refused account says since when and why", async () => {
  serve({ "GET /courier-accounts": { items: [account], vendors }, "GET /shop": shop });
  await show(<Couriers />, { as: owner });
  expect(await screen.findByText("Rifiutato")).toBeDefined();
  expect(screen.getByText(/password scaduta/)).toBeDefined();
  expect(screen.getByText("12 su 250")).toBeDefined();
});

test("a courier's hook is shown with its address, and its secret is set and removed", async () => {
  const user = userEvent.setup();
  const hook = {
    title: "Qapla'",
    source: "qapla",
    configured: true,
    changed_at: "2026-11-20T09:00:00Z",
    hook_url: "https://dopo.example/hooks/bottega/qapla",
    last_at: null,
    last_topic: null,
    failed: 0,
    waiting: 0,
    health: "never",
    it: "Non è ancora arrivato niente.",
    en: "Nothing has come yet.",
  };
  const failed = {
    id: "7",
    webhook: "0",
    event_id: "word_1",
    kind: "parcel.write_back",
    status: "failed",
    attempts: 1,
    due_at: null,
    created_at: "2026-11-21T09:00:00Z",
    code: null,
    error: "Shopify: il token non può scrivere",
    body: {},
  };
  const asked = serve({
    "GET /courier-accounts": { items: [], vendors },
    "GET /courier-hooks": { items: [hook] },
    "GET /write-backs": { items: [failed], next: null },
    "GET /shop": shop,
    "PUT /connections/qapla": hook,
    "DELETE /connections/qapla": null,
    "POST /deliveries/7/replay": null,
  });
  const scopes = ["settings:read", "settings:write", "connections:read", "connections:write"];
  const developer = session([...scopes, "webhooks:read", "webhooks:write"]);
  await show(<Couriers />, { as: developer });
  await user.click(await screen.findByText("Qapla'"));
  expect(screen.getByText(hook.hook_url)).toBeDefined();
  await user.type(screen.getByLabelText("Segreto"), "chiave-nuova");
  await user.click(screen.getByRole("button", { name: "Salva il segreto" }));
  await waitFor(() => expect(asked.some((one) => one.method === "PUT")).toBe(true));
  expect(asked.find((one) => one.method === "PUT")?.body).toEqual({ secret: "chiave-nuova" });
  await user.click(screen.getByRole("button", { name: "Elimina il segreto" }));
  await user.click(await screen.findByRole("button", { name: "Sì, elimina" }));
  await waitFor(() => expect(asked.some((one) => one.method === "DELETE")).toBe(true));
  expect(screen.getByText(/il token non può scrivere/)).toBeDefined();
  await user.click(screen.getByRole("button", { name: "Rimanda" }));
  await waitFor(() => expect(asked.some((one) => one.method === "POST")).toBe(true));
});

test("what buyers may choose for a held parcel is a setting", async () => {
  const user = userEvent.setup();
  const asked = serve({
    "GET /courier-accounts": { items: [], vendors },
    "GET /shop": shop,
    "PATCH /shop": shop,
  });
  await show(<Couriers />, { as: owner });
  await user.click(await screen.findByRole("checkbox", { name: "Rimandare al negozio" }));
  await user.click(screen.getByRole("button", { name: "Salva" }));
  await waitFor(() => expect(asked.some((one) => one.method === "PATCH")).toBe(true));
  expect(asked.find((one) => one.method === "PATCH")?.body).toEqual({
    hold: { actions: ["redeliver", "collect", "send_back"] },
  });
});

test("the province of dispatch and the Saturdays are saved together", async () => {
  const user = userEvent.setup();
  const asked = serve({
    "GET /courier-accounts": { items: [account], vendors },
    "GET /shop": shop,
    "PATCH /shop": shop,
  });
  await show(<Couriers />, { as: owner });
  await user.type(await screen.findByLabelText("Provincia di partenza (sigla)"), "bo");
  await user.click(screen.getByRole("checkbox", { name: "GLS Italy" }));
  await user.click(screen.getByRole("button", { name: "Salva" }));
  await waitFor(() => expect(asked.some((one) => one.method === "PATCH")).toBe(true));
  expect(asked.find((one) => one.method === "PATCH")?.body).toEqual({
    dispatch: { province: "BO", saturdays: ["gls_it"] },
  });
});
