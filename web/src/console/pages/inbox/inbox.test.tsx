import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { serve, session, show } from "../../testing/stage";
import Inbox from "./index";

const row = (id: string, status: string) => ({
  id,
  source: "shopify",
  topic: `orders/${id}`,
  external_id: id,
  received_at: "2026-11-20T10:00:00Z",
  status,
  note: status === "failed" ? "the total is no number" : null,
  note_it: "Non capito.",
});
const developer = session(["inbox:read", "inbox:write"]);

test("chosen events are replayed and what came of it is told", async () => {
  const user = userEvent.setup();
  const asked = serve({
    "GET /inbox": { items: [row("1", "failed"), row("2", "done")], next: null },
    "POST /inbox/replay": { accepted: 1, kept: 0, repeated: 0, failed: 0, results: [] },
  });
  await show(<Inbox />, { at: "/inbox", as: developer });
  await user.click(await screen.findByRole("checkbox", { name: "Scegli: orders/1" }));
  await user.click(screen.getByRole("button", { name: "Riprova 1 scelto" }));
  expect(await screen.findByText("1 evento ripassato.")).toBeDefined();
  expect(asked.find((one) => one.method === "POST")?.body).toEqual({ ids: ["1"] });
});

test("a filter stands in the address and in the question", async () => {
  const user = userEvent.setup();
  const asked = serve({ "GET /inbox": { items: [], next: null } });
  const { router } = await show(<Inbox />, { at: "/inbox", as: developer });
  expect(await screen.findByText("Non è ancora arrivato niente")).toBeDefined();
  await user.selectOptions(screen.getByLabelText("Stato"), "failed");
  await waitFor(() => expect(router.state.location.search).toEqual({ status: "failed" }));
  await waitFor(() => expect(asked.at(-1)?.query).toMatchObject({ status: "failed" }));
  expect(await screen.findByText("Niente con questi filtri")).toBeDefined();
});

test("who may only look cannot replay", async () => {
  serve({ "GET /inbox": { items: [row("1", "failed")], next: null } });
  await show(<Inbox />, { at: "/inbox", as: session(["inbox:read"]) });
  expect(await screen.findByText("orders/1")).toBeDefined();
  expect(screen.queryByRole("checkbox")).toBeNull();
});
