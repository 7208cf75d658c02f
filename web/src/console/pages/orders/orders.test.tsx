import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { serve, session, show } from "../../testing/stage";
import Orders from "./index";
import { newestFirst, ParcelSection } from "./parcel";
import type { Checkpoint } from "./types";
import { parcelTone } from "./words";

const care = session(["orders:read"]);

const checkpoint = (at: string, it: string, more: Partial<Checkpoint> = {}): Checkpoint => ({
  at,
  day_only: false,
  state: "in_transit",
  it,
  en: it,
  place: null,
  text: null,
  code: null,
  reason: null,
  known_at: at,
  revoked_at: null,
  zone: null,
  source: "carrier",
  ...more,
});

test("the latest checkpoint stands on top, of two at once the one told later", () => {
  const list = [
    checkpoint("2026-11-20T10:00:00Z", "a"),
    checkpoint("2026-11-21T10:00:00Z", "b", { known_at: "2026-11-21T10:00:00Z" }),
    checkpoint("2026-11-21T10:00:00Z", "c", { known_at: "2026-11-21T12:00:00Z" }),
  ];
  expect(newestFirst(list).map((one) => one.it)).toEqual(["c", "b", "a"]);
});

test("a checkpoint that the carrier took back is struck and said", async () => {
  serve({});
  const parcel = {
    seq: 0,
    carrier: "BRT",
    number: "083",
    state: "in_transit",
    at: null,
    it: "In viaggio",
    en: "On its way",
    direction: "outbound",
    cancelled: false,
    act_by: "nobody",
    former_numbers: [],
    ask: { standing: "nobody" },
    holds: [],
    checkpoints: [
      checkpoint("2026-11-20T10:00:00Z", "Consegnato", { revoked_at: "2026-11-20T15:00:00Z" }),
    ],
  };
  await show(<ParcelSection parcel={parcel} of={[1, 2]} />, { as: care });
  expect(await screen.findByText("Pacco 1 di 2")).toBeDefined();
  expect(screen.getByText("Consegnato").tagName).toBe("S");
  expect(screen.getByText(/il corriere l'ha ritirato/)).toBeDefined();
});

test("a tab narrows the list to where orders stand", async () => {
  const user = userEvent.setup();
  const asked = serve({ "GET /orders": { items: [], next: null } });
  const { router } = await show(<Orders />, { at: "/orders", as: care });
  await user.click(await screen.findByRole("tab", { name: "Da seguire" }));
  expect(await screen.findByText("Tutti i pacchi viaggiano come devono.")).toBeDefined();
  expect(router.state.location.search).toEqual({ standing: "trouble" });
  expect(asked.at(-1)?.query).toEqual({ standing: "trouble" });
});

test("a place of the address narrows the list", async () => {
  const asked = serve({ "GET /orders": { items: [], next: null } });
  await show(<Orders />, { at: "/orders?standing=trouble&province=BO", as: care });
  expect(await screen.findByText("Nessun ordine così")).toBeDefined();
  expect(asked.find((one) => one.path === "/orders")?.query).toEqual({
    standing: "trouble",
    province: "BO",
  });
  expect(screen.getByRole("combobox", { name: "Dove" })).toHaveProperty("value", "Bologna (BO)");
});

test("what a parcel's state means to the shop", () => {
  expect(["delivered", "held_at_depot", "lost", "in_transit"].map(parcelTone)).toEqual([
    "good",
    "attention",
    "bad",
    "neutral",
  ]);
});
