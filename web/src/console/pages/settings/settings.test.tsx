import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { problem, serve, session, show } from "../../testing/stage";
import Keys from "./keys";
import type { Shop } from "./parts/types";
import Sending from "./sending";
import ShopPage from "./shop";

const day = "8:00-21:00";
const week = { weekdays: day, saturday: day, sunday: day, holidays: day };
const promo = { weekdays: "9:00-20:00", saturday: "10:00-19:00", sunday: null, holidays: null };
const shop: Shop = {
  slug: "bottega",
  live: true,
  has_mail: true,
  public_url: "https://dopo.example",
  hooks: { shopify: "", woocommerce: "", events: "" },
  locked: [
    {
      field: "quiet_hours.promo_call",
      rule: "PRIV-17",
      it: "Le telefonate promozionali si fanno solo dalle 9 alle 20.",
      en: "Calls from 9 to 20 only.",
    },
  ],
  settings: {
    name: "Bottega",
    from_email: "ciao@bottega.example",
    seller: { legal_name: "", address: "", email: "", phone: "", vat_number: "", rea: "" },
    live_since: "2026-11-01T09:00:00Z",
    locale: "it",
    register: "tu",
    time_zone: "Europe/Rome",
    currency: "EUR",
    soft_spam_months: 24,
    tracking_open_default: "aggregate",
    tracking_click_default: "off",
    quiet_hours: {
      promo_message: promo,
      promo_call: promo,
      service_message: week,
      marketing_email: week,
    },
    caps: { email_per_7_days: 3, sms_per_30_days: 2, push_per_7_days: 2, all_per_7_days: 5 },
    mix: { promo_percent_max: 30, window_days: 60 },
    sunset_months: 12,
    hold: { actions: ["redeliver"], payer: "shop", close_hours: 4 },
    coupon_prefix: "GRAZIE",
    products_on_page: true,
  },
};
const owner = session([
  "settings:read",
  "settings:write",
  "keys:read",
  "keys:write",
  "orders:read",
]);

test("what the law fixes cannot be opened and says why", async () => {
  serve({ "GET /shop": shop });
  await show(<Sending />, { as: owner });
  const calls = await screen.findByRole("group", { name: "Telefonate promozionali" });
  expect(within(calls).getAllByText("Chiuso: lo fissa la legge")).toHaveLength(2);
  expect(within(calls).queryByRole("checkbox", { name: "Domenica" })).toBeNull();
  expect(screen.getByText(/solo dalle 9 alle 20/)).toBeDefined();
  const tracking = screen.getByLabelText<HTMLSelectElement>("Aperture");
  const identified = [...tracking.options].find((option) => option.value === "identified");
  expect(identified?.disabled).toBe(true);
});

test("saving sends what changed and nothing else", async () => {
  const user = userEvent.setup();
  const asked = serve({ "GET /shop": shop, "PATCH /shop": shop });
  await show(<Sending />, { as: owner });
  const mails = await screen.findByRole("group", { name: "E-mail promozionali" });
  await user.click(within(mails).getByRole("checkbox", { name: "Domenica" }));
  await user.click(screen.getByRole("button", { name: "Salva" }));
  await waitFor(() => expect(asked.some((one) => one.method === "PATCH")).toBe(true));
  expect(asked.find((one) => one.method === "PATCH")?.body).toEqual({
    quiet_hours: { marketing_email: { sunday: null } },
  });
});

test("a refused field says why beside itself", async () => {
  const user = userEvent.setup();
  serve({
    "GET /shop": shop,
    "PATCH /shop": problem(422, "fields_invalid", {
      errors: [
        {
          field: "seller.vat_number",
          code: "bad",
          it: "La partita IVA ha undici cifre.",
          en: "Eleven digits.",
        },
      ],
    }),
  });
  await show(<ShopPage />, { as: owner });
  await user.type(await screen.findByLabelText("Partita IVA"), "123");
  await user.click(screen.getByRole("button", { name: "Salva" }));
  expect(await screen.findByText("La partita IVA ha undici cifre.")).toBeDefined();
  expect(screen.getByLabelText("Partita IVA").getAttribute("aria-invalid")).toBe("true");
});

test("goods on the order page are switched off with one tick", async () => {
  const user = userEvent.setup();
  const asked = serve({ "GET /shop": shop, "PATCH /shop": shop });
  await show(<ShopPage />, { as: owner });
  await user.click(await screen.findByRole("checkbox", { name: /Proponi prodotti simili/ }));
  await user.type(screen.getByLabelText("Nome delle pagine dei clienti"), "ordini.bottega.it");
  await user.click(screen.getByRole("button", { name: "Salva" }));
  await waitFor(() => expect(asked.some((one) => one.method === "PATCH")).toBe(true));
  expect(asked.find((one) => one.method === "PATCH")?.body).toEqual({
    products_on_page: false,
    pages_domain: "ordini.bottega.it",
    platform_notices_declared: true,
  });
});

test("who may only look cannot save", async () => {
  serve({ "GET /shop": shop });
  await show(<ShopPage />, { as: session(["settings:read"]) });
  expect(await screen.findByText(/può guardare queste impostazioni/)).toBeDefined();
  expect(screen.queryByRole("button", { name: "Salva" })).toBeNull();
});

test("a key is shown once and offers only what one may do oneself", async () => {
  const user = userEvent.setup();
  const asked = serve({
    "GET /keys": { items: [], next: null },
    "POST /keys": { id: "1", key: "dopo_secret", prefix: "dopo_se", scopes: ["orders:read"] },
  });
  await show(<Keys />, { as: owner });
  expect(await screen.findByText("Nessuna chiave")).toBeDefined();
  await user.click(screen.getAllByRole("button", { name: "Nuova chiave" })[0] as HTMLElement);
  const side = await screen.findByRole("dialog");
  expect(within(side).queryByText("customers:forget")).toBeNull();
  await user.type(within(side).getByRole("textbox", { name: "Nome" }), "Magazzino");
  await user.click(within(side).getByRole("checkbox", { name: /orders:read/ }));
  await user.click(within(side).getByRole("button", { name: "Crea la chiave" }));
  expect(await within(side).findByText("dopo_secret")).toBeDefined();
  const made = asked.find((one) => one.method === "POST");
  expect(made?.body).toEqual({ name: "Magazzino", scopes: ["orders:read"] });
  expect(made?.headers["idempotency-key"]).toMatch(/^[0-9a-f-]{36}$/);
});
