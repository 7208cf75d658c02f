import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { problem, serve, session, show } from "../../testing/stage";
import { HoldSection } from "./hold";
import { courierTime } from "./parcel";
import { ProblemsSection } from "./problems";
import type { Hold } from "./types";

const care = session(["orders:read", "orders:write"]);

const hold: Hold = {
  opened_at: "2026-11-20T09:00:00Z",
  early: false,
  reason: null,
  branch: "Bologna",
  reference: null,
  expires_at: "2026-11-27T09:00:00Z",
  expiry_told: true,
  awaits_answer: true,
  buyer_until: "2026-11-27T05:00:00Z",
  action: null,
  address: null,
  phone: null,
  note: null,
  by: null,
  answered_at: null,
  outcome: null,
  outcome_words: null,
  closed_at: null,
};

test("the shop tells the courier what to do with a held parcel", async () => {
  const user = userEvent.setup();
  const asked = serve({ "POST /orders/7/parcels/0/hold-answer": { seq: 0 } });
  await show(<HoldSection orderId="7" seq={0} hold={hold} />, { as: care });
  const send = await screen.findByRole("button", { name: "Dillo al corriere" });
  expect(send).toHaveProperty("disabled", true);
  await user.click(screen.getByRole("radio", { name: "Consegnare a un altro indirizzo" }));
  await user.type(screen.getByLabelText("Via e numero"), "Via Roma 1");
  await user.type(screen.getByLabelText("CAP"), "40121");
  await user.type(screen.getByLabelText("Città"), "Bologna");
  await user.click(send);
  await waitFor(() => expect(asked).toHaveLength(1));
  expect(asked[0]?.body).toEqual({
    action: "other_address",
    address: {
      name: null,
      street: "Via Roma 1",
      postal_code: "40121",
      city: "Bologna",
      province: null,
    },
    phone: null,
    note: null,
  });
  expect(asked[0]?.headers["idempotency-key"]).toBeDefined();
});

test("a field that is missing is named", async () => {
  const user = userEvent.setup();
  serve({
    "POST /orders/7/parcels/0/hold-answer": () =>
      problem(422, "fields_invalid", {
        errors: [
          {
            field: "address.city",
            code: "empty",
            it: "Serve la città.",
            en: "The town is needed.",
          },
        ],
      }),
  });
  await show(<HoldSection orderId="7" seq={0} hold={hold} />, { as: care });
  await user.click(await screen.findByRole("radio", { name: "Consegnare a un altro indirizzo" }));
  await user.click(screen.getByRole("button", { name: "Dillo al corriere" }));
  expect(await screen.findByText("Serve la città.")).toBeDefined();
});

test("an answer is told with what became of it, and a refused one can be given again", async () => {
  serve({});
  const answered: Hold = {
    ...hold,
    action: "redeliver",
    by: "buyer",
    outcome: "refused",
    outcome_words: "Spedizione già in rientro",
    answered_at: "2026-11-21T09:00:00Z",
  };
  await show(<HoldSection orderId="7" seq={0} hold={answered} />, { as: care });
  expect(await screen.findByText("Il cliente ha scelto: Riconsegnare")).toBeDefined();
  expect(screen.getByText(/Spedizione già in rientro/)).toBeDefined();
  expect(screen.getByRole("button", { name: "Dillo al corriere" })).toBeDefined();
});

test("whoever may only look cannot answer", async () => {
  serve({});
  await show(<HoldSection orderId="7" seq={0} hold={hold} />, { as: session(["orders:read"]) });
  expect(await screen.findByText("In giacenza")).toBeDefined();
  expect(screen.queryByRole("radio")).toBeNull();
});

test("photos of a problem come from the shop one looks at", async () => {
  serve({});
  const problems = [
    {
      kind: "damaged",
      parcel: 0,
      text: "La scatola era aperta.",
      photos: ["p1"],
      at: "2026-11-21T09:00:00Z",
    },
  ];
  await show(<ProblemsSection orderId="7" problems={problems} />, { as: care });
  const picture = await screen.findByRole("img", { name: "Foto 1 del problema" });
  expect(picture.getAttribute("src")).toBe("/api/v1/orders/7/photos/p1?shop=bottega");
  expect(screen.getByText("Arrivato danneggiato")).toBeDefined();
});

test("a scan is told by the courier's own clock", () => {
  const at = "2026-11-20T09:30:00Z";
  expect(courierTime(at, "+01:00", "it-IT")).toBe("20 nov, 10:30");
  expect(courierTime(at, "Europe/London", "it-IT")).toBe("20 nov, 09:30");
  expect(courierTime(at, "nowhere", "it-IT")).toBe("20 nov, 10:30");
});
