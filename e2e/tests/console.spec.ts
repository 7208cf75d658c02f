import { createHmac } from "node:crypto";
import type { Page } from "@playwright/test";
import { expectSound, OWNER, PASSWORD, signIn, withOwner } from "../fixtures/console";
import { expect, test } from "../fixtures/dopo";
import { Dopo } from "../fixtures/process";
import { order, SELLER } from "../fixtures/shop";

/** A shop with an owner and two paid orders of people who agreed to nothing. */
async function shopWithOrders(): Promise<Dopo> {
  const dopo = await withOwner();
  const seller = await dopo.write("seller.toml", SELLER);
  const add = ["shop", "add", "casa", "--name", "Casa Faggio", "--from", "ordini@example.com"];
  expect(await dopo.run([...add, "--seller-file", seller])).toMatchObject({ code: 0 });
  const made = await dopo.run(["api-key", "add", "casa", "--scope", "events:write"]);
  expect(made).toMatchObject({ code: 0 });
  await tell(dopo, made.stdout.trim(), [order("1001"), order("1002")]);
  return dopo;
}

async function tell(dopo: Dopo, key: string, events: object[]): Promise<void> {
  const told = await fetch(`${dopo.url}/api/v1/events`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify(events),
  });
  expect(told.status).toBe(200);
}

async function choose(page: Page, label: string, value: string): Promise<void> {
  await page.getByLabel(label, { exact: true }).fill(value);
}

test("a fresh installation becomes a shop that is live", async ({ page }) => {
  test.setTimeout(120_000);
  const dopo = await Dopo.start(["serve"]);
  try {
    const link = /\/console\/setup#(\S+)/.exec(dopo.said())?.[0] ?? "/no-link";
    await page.clock.setFixedTime(Date.now());
    await page.goto(dopo.url + link);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await expectSound(page);
    await page.getByLabel("E-mail").fill(OWNER);
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.getByRole("button", { name: "Crea l'accesso" }).click();

    await choose(page, "Nome del negozio", "Casa Faggio");
    await choose(page, "Mittente delle e-mail", "ordini@example.com");
    await expect(page.getByLabel("Nome negli indirizzi")).toHaveValue("casa-faggio");
    await expectSound(page);
    await page.getByRole("button", { name: "Crea il negozio" }).click();

    await expect(page.getByRole("heading", { level: 1, name: "Chi vende" })).toBeVisible();
    await choose(page, "Ragione sociale", "Casa Faggio S.r.l.");
    await choose(page, "Indirizzo", "Via dei Mobilieri 12, 20831 Seregno (MB)");
    await choose(page, "E-mail per i clienti", "assistenza@example.com");
    await choose(page, "Telefono per i clienti", "+39 0362 000000");
    await choose(page, "Partita IVA", "01234567897");
    await choose(page, "Registro imprese e REA", "MB-1234567");
    await choose(page, "Organismo ADR", "Il negozio non aderisce ad alcun organismo ADR");
    await expectSound(page);
    await page.getByRole("button", { name: "Salva e vai avanti" }).click();

    await expect(page.getByRole("heading", { name: "Fai arrivare la posta" })).toBeVisible();
    await expectSound(page);
    await page.getByRole("button", { name: "Salta per ora" }).click();

    await expect(page.getByRole("heading", { name: "Collega la piattaforma" })).toBeVisible();
    await expectSound(page);
    const connected = await dopo.write("secret", "un segreto lungo abbastanza");
    const connect = ["shop", "connect", "casa-faggio", "shopify", "--secret-file", connected];
    expect(await dopo.run(connect)).toMatchObject({ code: 0 });
    await page.getByRole("link", { name: /^Avvisi/ }).click();

    await expect(page.getByRole("heading", { name: "Chi manda che cosa" })).toBeVisible();
    await expectSound(page);
    await page.getByRole("button", { name: /^Salva/ }).click();

    await expect(page.getByRole("heading", { name: "Prova con un ordine" })).toBeVisible();
    await page.getByRole("button", { name: "Crea l'ordine di prova" }).click();
    await expect(page.getByText("Ordine di prova creato.")).toBeVisible();
    await expectSound(page);
    await page.getByRole("button", { name: "Avanti" }).click();

    await expect(page.getByRole("heading", { level: 1, name: "Vai in linea" })).toBeVisible();
    await expectSound(page);
    await page.getByRole("button", { name: "Vai in linea" }).click();
    await expect(page.getByText("Il negozio è in linea.")).toBeVisible();
    await page.getByRole("button", { name: "Apri Oggi" }).click();
    await expect(page.getByRole("heading", { level: 1, name: "Oggi" })).toBeVisible();
    await expectSound(page);
  } finally {
    await dopo.stop();
  }
});

test.describe("with a shop", () => {
  let dopo: Dopo;
  test.beforeAll(async () => {
    dopo = await shopWithOrders();
  });
  test.afterAll(async () => {
    await dopo.stop();
  });
  test.beforeEach(async ({ page }) => {
    await page.clock.setFixedTime(Date.now());
  });

  test("one finds why a person gets no offer", async ({ page }) => {
    await signIn(page, dopo, "/customers");
    await page.getByRole("searchbox", { name: "Cerca una persona" }).fill("chiara.1001");
    await page.getByRole("link", { name: "Chiara Ferrari" }).first().click();
    await expect(page.getByRole("heading", { level: 1, name: "Chiara Ferrari" })).toBeVisible();
    await expectSound(page);
    await page.getByRole("tab", { name: "Consensi" }).click();
    const offers = page.getByRole("row", { name: /^Offerte e novità/ });
    await offers.getByRole("button", { name: "No" }).first().click();
    await expect(page.getByText("La legge chiede un consenso")).toBeVisible();
    await expectSound(page);
  });

  test("one stops a person", async ({ page }) => {
    await signIn(page, dopo, "/customers");
    await page.getByRole("searchbox", { name: "Cerca una persona" }).fill("chiara.1002");
    await page.getByRole("link", { name: "Chiara Ferrari" }).first().click();
    await page.getByRole("button", { name: "Altro" }).click();
    await page.getByRole("menuitem", { name: "Ferma tutte le offerte" }).click();
    await expectSound(page);
    await page.getByRole("button", { name: "Ferma le offerte" }).click();
    await expect(page.getByText("Niente più offerte")).toBeVisible();
    await page.getByRole("button", { name: "Chiudi" }).last().click();
    await expect(page.getByText("Offerte: no")).toBeVisible();
  });

  test("one replays an event that was not understood", async ({ page }) => {
    const secret = "un segreto lungo abbastanza";
    const file = await dopo.write("shopify", secret);
    const connect = ["shop", "connect", "casa", "shopify", "--secret-file", file];
    expect(await dopo.run(connect)).toMatchObject({ code: 0 });
    const body = '{"id": "un ordine senza niente dentro"}';
    await expect(async () => {
      const sent = await fetch(`${dopo.url}/hooks/casa/shopify`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "x-shopify-topic": "orders/create",
          "x-shopify-webhook-id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
          "x-shopify-hmac-sha256": createHmac("sha256", secret).update(body).digest("base64"),
        },
        body,
      });
      expect(sent.status).toBe(200);
    }).toPass();
    await signIn(page, dopo, "/inbox?status=failed");
    await page.getByRole("link", { name: "orders/create" }).click();
    await expect(page.getByText("un ordine senza niente dentro")).toBeVisible();
    await expectSound(page);
    await page.getByRole("button", { name: "Riprova" }).click();
    await expect(page.getByText("1 evento ripassato.")).toBeVisible();
    await expect(page.getByText(/non riusciti: 1|senza effetto: 1/)).toBeVisible();
    await expectSound(page);
  });

  test("one makes a key and uses it", async ({ page }) => {
    await signIn(page, dopo, "/settings/keys");
    await page.getByRole("button", { name: "Nuova chiave" }).first().click();
    await page
      .getByRole("group", { name: "Ordini" })
      .getByRole("checkbox", { name: /^Vedere/ })
      .check();
    await expectSound(page);
    await page.getByRole("button", { name: "Crea la chiave" }).click();
    await expect(page.getByText("Copiala adesso.")).toBeVisible();
    const key = await page
      .getByRole("dialog")
      .getByText(/^dopo_/)
      .innerText();
    const headers = { authorization: `Bearer ${key}` };
    const orders = await fetch(`${dopo.url}/api/v1/orders`, { headers });
    expect(orders.status).toBe(200);
    expect((await orders.json()).items.length).toBeGreaterThan(0);
    expect((await fetch(`${dopo.url}/api/v1/customers`, { headers })).status).toBe(403);
  });

  test("all of it works by keyboard alone", async ({ page }) => {
    await signIn(page, dopo);
    await expect(page.getByRole("heading", { level: 1, name: "Oggi" })).toBeVisible();
    await page.keyboard.press("Control+k");
    await expect(page.getByRole("combobox", { name: /^Cerca un cliente/ })).toBeFocused();
    await page.keyboard.type("Ferrari");
    await expect(page.getByRole("option", { name: /Chiara Ferrari/ }).first()).toBeVisible();
    await expectSound(page);
    await page.keyboard.press("Enter");
    const name = page.getByRole("heading", { level: 1, name: "Chiara Ferrari" });
    await expect(name).toBeFocused();
    await reach(page, "Aggiungi una nota");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("textbox", { name: "Nota" })).toBeFocused();
    await page.keyboard.type("Chiamare dopo le 17.");
    await reach(page, "Salva");
    await page.keyboard.press("Enter");
    await expect(page.getByText("Chiamare dopo le 17.").first()).toBeVisible();
  });

  test.describe("on a phone", () => {
    test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

    for (const [path, heading] of [
      ["/", "Oggi"],
      ["/customers", "Clienti"],
      ["/orders", "Ordini e pacchi"],
      ["/journeys", "Percorsi"],
      ["/messages", "Messaggi"],
      ["/tasks", "Attività"],
      ["/inbox", "Posta in arrivo tecnica"],
      ["/settings/sending", "Invii e limiti"],
      ["/settings/keys", "Chiavi API"],
    ] as const) {
      test(`${heading} can be read`, async ({ page }) => {
        await signIn(page, dopo, path);
        await expect(page.getByRole("heading", { level: 1, name: heading })).toBeVisible();
        await expectSound(page);
      });
    }

    test("the bar at the bottom leads everywhere", async ({ page }) => {
      await signIn(page, dopo);
      const bar = page.getByRole("navigation", { name: "Navigazione" });
      await bar.getByRole("link", { name: "Clienti" }).tap();
      await expect(page.getByRole("heading", { level: 1, name: "Clienti" })).toBeVisible();
      await bar.getByRole("button", { name: "Altro" }).tap();
      await page.getByRole("menuitem", { name: "Impostazioni" }).tap();
      await expect(page.getByRole("heading", { level: 1, name: "Impostazioni" })).toBeVisible();
    });
  });
});

/** Moves with Tab until the button with this name has the focus. */
async function reach(page: Page, name: string): Promise<void> {
  for (let steps = 0; steps < 60; steps += 1) {
    await page.keyboard.press("Tab");
    const here = await page.evaluate(() => document.activeElement?.textContent?.trim());
    if (here === name) {
      return;
    }
  }
  throw new Error(`Tab does not reach "${name}"`);
}
