import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { problem, serve, show } from "../../testing/stage";
import SignIn, { safePath } from "./index";

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
  expect(asked[0]?.body).toEqual({ email: "mara@bottega.example", password: "sbagliata" });
});

test("after signing in one is where one wanted to go", async () => {
  const user = userEvent.setup();
  serve({ "POST /session": null });
  const { router } = await show(<SignIn />, { at: "/sign-in?to=/orders/3" });
  await user.type(await screen.findByLabelText("E-mail"), "mara@bottega.example");
  await user.type(screen.getByLabelText("Password"), "giusta{Enter}");
  await waitFor(() => expect(router.state.location.pathname).toBe("/orders/3"));
});
