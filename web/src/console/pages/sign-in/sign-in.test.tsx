import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { problem, serve, show } from "../../testing/stage";
import SignIn from "./index";
import FromProvider from "./provider";
import { safePath } from "./safe-path";

test("only a path of the console is gone to afterwards", () => {
  expect(safePath("/orders/3?x=1")).toBe("/orders/3?x=1");
  for (const evil of ["//evil.example", "https://evil.example", "/\\evil.example", "orders", ""]) {
    expect(safePath(evil)).toBe("/");
  }
  expect(safePath(undefined)).toBe("/");
});

test("a wrong password is told without saying which was wrong", async () => {
  const user = userEvent.setup();
  const asked = serve({ "POST /session": problem(401, "sign_in_wrong") });
  await show(<SignIn />, { at: "/sign-in" });
  await user.type(await screen.findByLabelText("E-mail"), "mara@bottega.example ");
  await user.type(screen.getByLabelText("Password"), "sbagliata{Enter}");
  const alert = await screen.findByRole("alert");
  expect(alert.textContent).toContain("Indirizzo o password non corrispondono.");
  expect(asked.find((one) => one.method === "POST")?.body).toEqual({
    email: "mara@bottega.example",
    password: "sbagliata",
  });
});

test("after signing in one is where one wanted to go", async () => {
  const user = userEvent.setup();
  serve({ "POST /session": null });
  const { router } = await show(<SignIn />, { at: "/sign-in?to=/orders/3" });
  await user.type(await screen.findByLabelText("E-mail"), "mara@bottega.example");
  await user.type(screen.getByLabelText("Password"), "giusta{Enter}");
  await waitFor(() => expect(router.state.location.pathname).toBe("/orders/3"));
});

test("the provider's button is there only where there is one", async () => {
  serve({ "GET /session/provider": { name: null } });
  const { unmount } = await show(<SignIn />, { at: "/sign-in" });
  await screen.findByLabelText("E-mail");
  expect(screen.queryByRole("button", { name: /Azienda/ })).toBeNull();
  unmount();
  const asked = serve({
    "GET /session/provider": { name: "Azienda" },
    "POST /session/provider/start": problem(503, "provider_away"),
  });
  const user = userEvent.setup();
  await show(<SignIn />, { at: "/sign-in?to=/orders/3" });
  await user.click(await screen.findByRole("button", { name: "Entra con Azienda" }));
  const alert = await screen.findByRole("alert");
  expect(alert.textContent).toContain("non risponde");
  expect(asked.at(-1)?.body).toEqual({ to: "/orders/3" });
});

test("who comes back from the provider goes on inside the console", async () => {
  const asked = serve({ "POST /session/provider/finish": { to: "//evil.example" } });
  const { router } = await show(<FromProvider />, { at: "/sign-in/provider?code=c1&state=s1" });
  await waitFor(() => expect(router.state.location.pathname).toBe("/"));
  expect(asked.filter((one) => one.method === "POST")).toHaveLength(1);
  expect(asked[0]?.body).toEqual({ code: "c1", state: "s1" });
});

test("why the provider did not let one in is said, with a way back", async () => {
  serve({ "POST /session/provider/finish": problem(403, "provider_unknown") });
  const { unmount } = await show(<FromProvider />, { at: "/sign-in/provider?code=c1&state=s1" });
  expect((await screen.findByRole("alert")).textContent).toContain("non lavora qui");
  expect(screen.getByRole("link", { name: "Torna all'ingresso" })).toBeTruthy();
  unmount();
  const asked = serve({});
  await show(<FromProvider />, { at: "/sign-in/provider?error=access_denied&state=s1" });
  expect((await screen.findByRole("alert")).textContent).toContain("interrotto");
  expect(asked).toHaveLength(0);
});
