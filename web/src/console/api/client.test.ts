import { afterEach, beforeEach, expect, test } from "vitest";
import { problem, serve } from "../testing/stage";
import { ApiProblem, api, apiUrl, askAbout, Unreachable, whenSignedOut } from "./client";

beforeEach(() => askAbout("bottega"));
afterEach(() => whenSignedOut(() => {}));

test("a query leaves out what is empty", () => {
  expect(apiUrl("/orders", { q: "", cursor: null, limit: 5, test: false })).toBe(
    "/api/v1/orders?limit=5&test=false",
  );
});

test("every question names the shop, a creation its key", async () => {
  const asked = serve({ "POST /keys": { id: "1" } });
  await api.post("/keys", { scopes: [] }, { idempotencyKey: "k" });
  expect(asked[0]?.headers).toMatchObject({
    "dopo-shop": "bottega",
    "idempotency-key": "k",
    "content-type": "application/json",
  });
});

test("a problem keeps its code, scope and fields", async () => {
  serve({
    "PATCH /shop": problem(422, "fields_invalid", {
      errors: [{ field: "name", code: "empty", it: "Manca.", en: "Missing." }],
    }),
    "GET /keys": problem(403, "scope_missing", { scope: "keys:read" }),
  });
  const refused = await api.patch("/shop", {}).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ApiProblem);
  expect((refused as ApiProblem).errors[0]?.it).toBe("Manca.");
  const forbidden = await api.get("/keys").catch((error: unknown) => error);
  expect((forbidden as ApiProblem).scope).toBe("keys:read");
});

test("an answer that is no problem document is still a problem", async () => {
  serve({ "GET /today": new Response("<h1>Bad gateway</h1>", { status: 502 }) });
  const error = await api.get("/today").catch((one: unknown) => one);
  expect(error).toMatchObject({ status: 502, code: "unreadable" });
});

test("no answer at all is another thing than a refusal", async () => {
  globalThis.fetch = () => Promise.reject(new TypeError("failed to fetch"));
  await expect(api.get("/today")).rejects.toBeInstanceOf(Unreachable);
});

test("a lost session is told once, a wrong password is not one", async () => {
  let told = 0;
  whenSignedOut(() => {
    told += 1;
  });
  serve({
    "GET /today": problem(401, "unauthorized"),
    "POST /session": problem(401, "sign_in_wrong"),
  });
  await api.get("/today").catch(() => {});
  await api.post("/session", {}).catch(() => {});
  expect(told).toBe(1);
});

test("a change without an answer's body gives nothing", async () => {
  serve({ "DELETE /session": null });
  await expect(api.del("/session")).resolves.toBeUndefined();
});
