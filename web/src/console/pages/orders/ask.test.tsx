import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { problem, serve, session, show } from "../../testing/stage";
import { AskCourier } from "./ask";
import type { ParcelAsk } from "./types";

const care = session(["orders:read", "orders:write"]);
const POST = "POST /orders/7/parcels/0/ask-courier";

const box = (ask: ParcelAsk, troubled = true) => (
  <AskCourier orderId="7" seq={0} ask={ask} troubled={troubled} />
);

test("one tap has the courier asked", async () => {
  const user = userEvent.setup();
  const asked = serve({ [POST]: { seq: 0 } });
  await show(box({ standing: "free" }), { as: care });
  await user.click(await screen.findByRole("button", { name: "Chiedi ora al corriere" }));
  await waitFor(() => expect(asked).toHaveLength(1));
  expect(asked[0]?.headers["idempotency-key"]).toBeDefined();
});

test("what the courier answered is told, with who asked", async () => {
  serve({});
  const last = {
    at: "2026-11-20T09:00:00Z",
    by: "buyer",
    answer: "same",
    answered_at: "2026-11-20T09:01:00Z",
  };
  await show(box({ standing: "asked", again_at: "2026-11-20T10:00:00Z", last }), { as: care });
  expect(
    await screen.findByText(/^Il cliente ha fatto chiedere .* che non ci sono novità/),
  ).toBeDefined();
  expect(screen.getByText(/Si può chiedere di nuovo/)).toBeDefined();
  expect(screen.queryByRole("button")).toBeNull();
});

test("a courier that was not asked says why", async () => {
  const user = userEvent.setup();
  serve({ [POST]: () => problem(409, "ask_busy") });
  await show(box({ standing: "free" }), { as: care });
  await user.click(await screen.findByRole("button", { name: "Chiedi ora al corriere" }));
  expect(await screen.findByText("Il corriere non è stato interpellato.")).toBeDefined();
  expect(screen.getByText(/Le chiamate di oggi sono finite/)).toBeDefined();
});

test("whoever may only look has no button, and a parcel that goes well has no words", async () => {
  serve({});
  await show(box({ standing: "free" }), { as: session(["orders:read"]) });
  expect(screen.queryByRole("button")).toBeNull();
  await show(box({ standing: "by_itself" }, false), { as: care });
  expect(screen.queryByText(/non si può chiedere/)).toBeNull();
});
