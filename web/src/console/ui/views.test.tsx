import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { serve, session, show } from "../testing/stage";
import { Views, viewQuery } from "./views";

const owner = session(["inbox:read"]);

test("a view keeps the named filters and never the search or a person", () => {
  const query = { q: "chiara", customer: "7", status: "failed", channel: "" };
  expect(viewQuery(query, ["status", "channel"])).toBe("status=failed");
  expect(viewQuery(query, [])).toBe("");
});

test("the present filter is saved for its list, and a saved one is gone to", async () => {
  const user = userEvent.setup();
  const saved = { id: "3", page: "inbox", name: "Da rifare", query: "status=dead", shared: true };
  const asked = serve({
    "GET /views": { items: [saved], next: null },
    "POST /views": { ...saved, id: "4" },
  });
  const { router } = await show(<Views page="inbox" path="/inbox" query="status=failed" />, {
    at: "/inbox?status=failed",
    as: owner,
  });
  await user.click(await screen.findByRole("button", { name: "Viste salvate" }));
  await user.click(await screen.findByText("Salva questa vista"));
  await user.type(await screen.findByLabelText(/Nome della vista/), "Ogni mattina");
  await user.click(screen.getByRole("button", { name: "Salva" }));
  await waitFor(() => expect(asked.some((one) => one.method === "POST")).toBe(true));
  expect(asked[0]?.query).toEqual({ page: "inbox" });
  expect(asked.find((one) => one.method === "POST")?.body).toEqual({
    page: "inbox",
    name: "Ogni mattina",
    query: "status=failed",
    shared: true,
  });
  await user.click(await screen.findByRole("button", { name: "Viste salvate" }));
  await user.click(await screen.findByText(/Da rifare/));
  await waitFor(() => expect(router.state.location.search).toEqual({ status: "dead" }));
});
