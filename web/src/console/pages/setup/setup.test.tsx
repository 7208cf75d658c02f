import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, test } from "vitest";
import { problem, serve, session, show } from "../../testing/stage";
import Setup, { slugOf } from "./index";

beforeEach(() => {
  location.hash = "";
});

test.each([
  ["Bottega del Caffè", "bottega-del-caffe"],
  ["  L'Officina & Figli S.r.l. ", "l-officina-figli-s-r-l"],
  ["———", ""],
])("%s stands in addresses as %s", (name, slug) => {
  expect(slugOf(name)).toBe(slug);
});

test("the first owner is made with the token, which leaves the address", async () => {
  const user = userEvent.setup();
  location.hash = "#segreto";
  let in_ = false;
  const asked = serve({
    "GET /session": () => (in_ ? session([], { shops: [] }) : problem(401, "unauthorized")),
    "GET /setup": { needed: true },
    "POST /setup": () => {
      in_ = true;
      return null;
    },
  });
  await show(<Setup />, { at: "/setup" });
  await user.type(await screen.findByLabelText("E-mail"), "mara@bottega.example");
  await user.type(screen.getByLabelText(/^Password/), "cavallo batteria graffetta{Enter}");
  expect(await screen.findByText("Il tuo negozio")).toBeDefined();
  expect(asked.find((one) => one.method === "POST")?.body).toEqual({
    token: "segreto",
    email: "mara@bottega.example",
    password: "cavallo batteria graffetta",
  });
  expect(location.hash).toBe("");
});

test("without the token one is told where to find it", async () => {
  serve({ "GET /session": problem(401, "unauthorized"), "GET /setup": { needed: true } });
  await show(<Setup />, { at: "/setup" });
  expect(await screen.findByText("Apri l'indirizzo stampato all'avvio.")).toBeDefined();
});

test("a shop that is not ready says what is missing and where", async () => {
  const missing = {
    id: "adr",
    state: "missing",
    it: "Organismo ADR",
    en: "Dispute body",
    it_do: "Scrivilo.",
    en_do: "Write it.",
  };
  serve({
    "GET /session": session(["settings:read", "shop:live"]),
    "GET /shop/checklist": { items: [missing], ready: false, live: false },
  });
  await show(<Setup />, { at: "/setup?step=live" });
  const heading = await screen.findByText("Manca ancora 1 cosa");
  const section = heading.closest("section") as HTMLElement;
  expect(within(section).getByRole("link", { name: "Chi vende" }).getAttribute("href")).toContain(
    "step=identity",
  );
  const go = within(section).getByRole("button", { name: "Vai in linea" });
  await waitFor(() => expect(go.hasAttribute("disabled")).toBe(true));
});

test("a shop that is ready goes live", async () => {
  const user = userEvent.setup();
  let live = false;
  const asked = serve({
    "GET /session": session(["settings:read", "shop:live"]),
    "GET /shop/checklist": () => ({ items: [], ready: true, live }),
    "POST /shop/live": () => {
      live = true;
      return { items: [], ready: true, live };
    },
  });
  await show(<Setup />, { at: "/setup?step=live" });
  await user.click(await screen.findByRole("button", { name: "Vai in linea" }));
  expect(await screen.findByText("Il negozio è in linea.")).toBeDefined();
  expect(asked.filter((one) => one.path === "/shop/live")).toHaveLength(1);
});
