import { type CDPSession, expect, type Page, test } from "@playwright/test";
import { expectSound, OWNER, signIn, withOwner } from "../fixtures/console";
import type { Dopo } from "../fixtures/process";
import { CLIENT, Identities } from "../fixtures/provider";
import { SELLER } from "../fixtures/shop";

const COLLEAGUE = "collega@example.com";

async function addShop(dopo: Dopo): Promise<void> {
  const seller = await dopo.write("seller.toml", SELLER);
  const add = ["shop", "add", "casa", "--name", "Casa Faggio", "--from", "ordini@example.com"];
  expect(await dopo.run([...add, "--seller-file", seller])).toMatchObject({ code: 0 });
}

async function signOut(page: Page): Promise<void> {
  // As the console does it; the menu is tried in its own test.
  await page.evaluate(() => fetch("/api/v1/session", { method: "DELETE" }));
}

test.describe("at a provider of identities", () => {
  let identities: Identities;
  let dopo: Dopo;
  test.beforeAll(async () => {
    identities = await Identities.start(() => `${dopo.url}/console/sign-in/provider`);
    dopo = await withOwner({
      DOPO_OIDC_ISSUER: identities.url,
      DOPO_OIDC_CLIENT_ID: CLIENT.id,
      DOPO_OIDC_CLIENT_SECRET: CLIENT.secret,
      DOPO_OIDC_NAME: "Casa Faggio ID",
    });
    await addShop(dopo);
  });
  test.afterAll(async () => {
    await dopo?.stop();
    await identities?.stop();
  });

  /** From our sign-in page through the provider's own pages. */
  async function atProvider(page: Page, address: string, to = "/"): Promise<void> {
    await page.goto(`${dopo.url}/console/sign-in?to=${encodeURIComponent(to)}`);
    await page.getByRole("button", { name: "Entra con Casa Faggio ID" }).click();
    await page.locator("input[name=login]").fill(address);
    await page.locator("input[name=password]").fill("una qualsiasi");
    await page.locator("button[type=submit]").click();
    await page.locator("button[type=submit]", { hasText: "Continue" }).click();
  }

  test("the owner comes in and goes on where they wanted to", async ({ page }) => {
    await page.goto(`${dopo.url}/console/sign-in`);
    await expect(page.getByRole("button", { name: "Entra con Casa Faggio ID" })).toBeVisible();
    await expectSound(page);
    await atProvider(page, OWNER, "/orders");
    await expect(page).toHaveURL(`${dopo.url}/console/orders`);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    expect(page.url()).not.toContain("code=");
  });

  test("a stranger and an address without proof are told why they stay outside", async ({
    page,
  }) => {
    await atProvider(page, "nessuno@example.com");
    await expect(page.getByRole("alert")).toContainText("non lavora qui");
    await expectSound(page);
    await page.context().clearCookies();
    await atProvider(page, `nuovo-${OWNER}`);
    await expect(page.getByRole("alert")).toContainText("non è verificato");
    await page.getByRole("link", { name: "Torna all'ingresso" }).click();
    await expect(page.getByLabel("E-mail")).toBeVisible();
  });

  test("an invitation is accepted by signing in there", async ({ page }) => {
    await signIn(page, dopo, "/settings/team");
    const invited = await page.evaluate(async (email) => {
      const answer = await fetch("/api/v1/team", {
        method: "POST",
        headers: { "content-type": "application/json", "dopo-shop": "casa" },
        body: JSON.stringify({ email, role: "care" }),
      });
      return answer.status;
    }, COLLEAGUE);
    expect(invited).toBe(201);
    await signOut(page);
    await atProvider(page, COLLEAGUE, "/settings/account");
    await expect(page.getByText(COLLEAGUE).first()).toBeVisible();
  });

  test("a state from elsewhere, and a provider that said no, sign nobody in", async ({ page }) => {
    await page.goto(`${dopo.url}/console/sign-in/provider?code=made-up&state=made-up`);
    await expect(page.getByRole("alert")).toContainText("scaduto");
    await page.goto(`${dopo.url}/console/sign-in/provider?error=access_denied`);
    await expect(page.getByRole("alert")).toContainText("interrotto");
    await expectSound(page);
    expect(await page.evaluate(async () => (await fetch("/api/v1/session")).status)).toBe(401);
  });
});

test.describe("with a passkey", () => {
  let dopo: Dopo;
  test.beforeAll(async () => {
    dopo = await withOwner({}, "localhost");
    await addShop(dopo);
  });
  test.afterAll(async () => {
    await dopo?.stop();
  });

  /** A fingerprint reader that always says yes. */
  async function withReader(page: Page): Promise<{ cdp: CDPSession; reader: string }> {
    const cdp = await page.context().newCDPSession(page);
    await cdp.send("WebAuthn.enable");
    const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    return { cdp, reader: authenticatorId };
  }

  test("one is added, signs in, and no longer does once removed", async ({ page }) => {
    const { cdp, reader } = await withReader(page);
    await signIn(page, dopo, "/settings/account");
    await page.getByLabel("Nome della nuova passkey").fill("Portatile");
    await page.getByRole("button", { name: "Aggiungi una passkey" }).click();
    const row = page.getByRole("row", { name: /Portatile/ });
    await expect(row).toBeVisible();
    await expectSound(page);
    const kept = await cdp.send("WebAuthn.getCredentials", { authenticatorId: reader });
    expect(kept.credentials).toMatchObject([{ isResidentCredential: true, rpId: "localhost" }]);

    await signOut(page);
    await page.goto(`${dopo.url}/console/sign-in?to=/settings/account`);
    await expectSound(page);
    await page.getByRole("button", { name: "Entra con una passkey" }).click();
    await expect(page).toHaveURL(`${dopo.url}/console/settings/account`);
    await expect(page.getByText(OWNER).first()).toBeVisible();

    // The same device is not added twice.
    await page.getByLabel("Nome della nuova passkey").fill("Portatile di nuovo");
    await page.getByRole("button", { name: "Aggiungi una passkey" }).click();
    await expect(page.getByRole("alert")).toContainText("c'è già");
    await expect(page.getByRole("row", { name: /di nuovo/ })).toHaveCount(0);

    await row.getByRole("button", { name: "Togli" }).click();
    await row.getByRole("button", { name: "Togli" }).click();
    await expect(row).toHaveCount(0);
    await signOut(page);
    await page.goto(`${dopo.url}/console/sign-in`);
    await page.getByRole("button", { name: "Entra con una passkey" }).click();
    await expect(page.getByRole("alert")).toContainText("non è stata accettata");
    await expect(page).toHaveURL(/sign-in/);
  });
});
