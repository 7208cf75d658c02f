import type { Page } from "@playwright/test";
import { expectSound } from "../fixtures/console";
import { Courier } from "../fixtures/courier";
import { expect, test } from "../fixtures/dopo";
import { Dopo } from "../fixtures/process";
import { order, SELLER } from "../fixtures/shop";
import { SCHEMES, WIDTHS } from "../pages";

/** The key that proves the pushes of the parcels' collector. */
const COLLECTOR_KEY = "la chiave del canale";
const NUMBER = "BO620873098";
/** How long what happens behind a page may take to show on it, in milliseconds. */
const SETTLED_MS = 20_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

type Shop = { dopo: Dopo; key: string };

/** A shop with one paid order and its parcel on the way with GLS, told by a collector. */
async function shopWithParcel(given: { promised?: string; courier?: Courier } = {}): Promise<Shop> {
  const dopo = await Dopo.start(["serve"], { DOPO_COURIERS_PRIVATE: "1" });
  const run = async (args: string[]) => {
    const done = await dopo.run(args);
    expect(done, done.stderr).toMatchObject({ code: 0 });
    return done.stdout;
  };
  const seller = await dopo.write("seller.toml", SELLER);
  const add = ["shop", "add", "casa", "--name", "Casa Faggio", "--from", "ordini@example.com"];
  await run([...add, "--seller-file", seller]);
  const rights = ["--scope", "events:write", "--scope", "messages:read"];
  const key = (await run(["api-key", "add", "casa", ...rights])).trim().split(/\s+/).pop() ?? "";
  if (given.courier !== undefined) {
    const { url } = given.courier;
    const fields = ["depot=BO", "profile=1", `base_url=${url}`, `release_url=${url}`];
    const secrets = {
      contract: await dopo.write("contract", "4711"),
      password: await dopo.write("password", "una parola"),
    };
    await run([
      ...["courier", "add", "casa", "gls_it"],
      ...fields.flatMap((field) => ["--field", field]),
      ...Object.entries(secrets).flatMap(([name, file]) => ["--secret-file", `${name}=${file}`]),
    ]);
  }
  const secret = await dopo.write("collector.key", COLLECTOR_KEY);
  await run(["shop", "connect", "casa", "qapla", "--secret-file", secret]);
  const shop = { dopo, key };
  // What was set beside the running program is known to it when its last part is.
  await expect.poll(() => push(shop, "0", undefined, "ANOTHER"), { timeout: SETTLED_MS }).toBe(200);
  const placed = order("1001", new Date(Date.now() - DAY_MS)) as {
    order: { promised_on?: string };
  };
  if (given.promised !== undefined) {
    placed.order.promised_on = given.promised;
  }
  await tell(shop, [
    placed,
    {
      id: "parcel-1",
      type: "parcel_updated",
      at: ago(20 * HOUR_MS),
      order: "1001",
      parcel: { carrier: "GLS", number: NUMBER, shipped_at: ago(20 * HOUR_MS) },
    },
  ]);
  return shop;
}

const ago = (ms: number) => new Date(Date.now() - ms).toISOString();

function day(inDays: number): string {
  const at = new Date(Date.now() + inDays * DAY_MS);
  return new Intl.DateTimeFormat("sv-SE", { timeZone: "Europe/Rome" }).format(at);
}

async function tell({ dopo, key }: Shop, events: object[]): Promise<void> {
  const told = await fetch(`${dopo.url}/api/v1/events`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify(events),
  });
  expect(told.status, await told.text()).toBe(200);
}

/** What the collector pushes when a parcel's status changes. Its clock is Rome's, without a zone. */
async function push(shop: Shop, status: string, detail?: string, number = NUMBER): Promise<number> {
  const rome = new Intl.DateTimeFormat("sv-SE", {
    timeZone: "Europe/Rome",
    dateStyle: "short",
    timeStyle: "medium",
  });
  const pushed = await fetch(`${shop.dopo.url}/hooks/casa/qapla`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      apiKey: COLLECTOR_KEY,
      trackingNumber: number,
      courier: "GLS-ITA",
      reference: "1001",
      date: rome.format(new Date()),
      courierStatus: `status ${status}`,
      place: "Bologna",
      qaplaStatusID: status,
      qaplaStatus: status,
      statusDetails: detail === undefined ? [] : [{ id: detail, detail }],
      return: 0,
    }),
  });
  return pushed.status;
}

/** The address of the order page, from a message that its person got. */
async function linkIn({ dopo, key }: Shop, template: string): Promise<string> {
  const headers = { authorization: `Bearer ${key}` };
  let link: string | undefined;
  await expect
    .poll(
      async () => {
        const list = await (await fetch(`${dopo.url}/api/v1/messages`, { headers })).json();
        for (const row of list.items as { id: string; template: string }[]) {
          if (row.template === template) {
            const one = await fetch(`${dopo.url}/api/v1/messages/${row.id}`, { headers });
            const text: string = (await one.json()).rendered?.text ?? "";
            link ??= /https?:\/\/\S+\/o\/[\w-]+/.exec(text)?.[0];
          }
        }
        return link;
      },
      { timeout: SETTLED_MS, message: `a message made from «${template}» with a link` },
    )
    .toBeTruthy();
  return link ?? "";
}

/** Accessible and no wider than its window, on a phone and a desk, in light and dark. */
async function soundEverywhere(page: Page): Promise<void> {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 844 });
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme });
      await expectSound(page);
    }
  }
}

/** The page's sentence, looked at again until it says so. */
async function says(page: Page, sentence: RegExp): Promise<void> {
  await expect(async () => {
    await page.reload();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(sentence, { timeout: 500 });
  }).toPass({ timeout: SETTLED_MS });
}

test("a held parcel: from the push to the choice to the courier's call and back", async ({
  page,
}) => {
  test.setTimeout(180_000);
  const courier = await Courier.open();
  const shop = await shopWithParcel({ courier });
  try {
    expect(await push(shop, "6", "1")).toBe(200);
    await page.goto(await linkIn(shop, "held"));
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(/è in giacenza: scegli/);
    await expect(page.getByText(/^Tocca a te, entro/)).toBeVisible();
    await soundEverywhere(page);
    await page.getByRole("link", { name: "Scegli che cosa fare" }).first().click();
    await soundEverywhere(page);
    const street = page.getByLabel("Via e numero");
    await expect(street).toBeHidden();
    await page.getByLabel("Portarlo a un altro indirizzo").check();
    await expect(street).toBeVisible();
    await soundEverywhere(page);
    await street.fill("Via Indipendenza 8");
    await page.getByLabel("CAP").fill("40121");
    await page.getByLabel("Città").fill("Bologna");
    await page.getByLabel("Telefono per il corriere").fill("333 1234567");
    await page.getByRole("button", { name: "Dillo al corriere" }).click();

    await says(page, /Il corriere ha accettato la consegna a un altro indirizzo/);
    await soundEverywhere(page);
    expect(courier.told()).toHaveLength(1);
    const body = courier.told()[0]?.body ?? "";
    expect(body).toContain("<TipoSvincolo>2</TipoSvincolo>");
    expect(body).toContain(`<NumeroSpedizione>${NUMBER}</NumeroSpedizione>`);
    expect(body).toContain("Via Indipendenza 8");
    await page.getByRole("link", { name: "Torna all'ordine" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(/ha accettato/);
    await soundEverywhere(page);
  } finally {
    await shop.dopo.stop();
    await courier.close();
  }
});

test("a delay: from the courier's new days to the notice to the page and what can be done", async ({
  page,
}) => {
  test.setTimeout(180_000);
  const shop = await shopWithParcel({ promised: day(1) });
  try {
    await tell(shop, [
      {
        id: "later-1",
        type: "parcel_tracked",
        at: ago(60_000),
        parcel: { number: NUMBER },
        telling: {
          scans: [
            {
              at: ago(120_000),
              state: "at_depot",
              reason: "weather_delayed",
              place: "Bologna",
              source: "carrier",
            },
          ],
          expected: { from: `${day(4)}T12:00:00Z`, until: `${day(5)}T12:00:00Z`, days: true },
        },
      },
    ]);
    await page.goto(await linkIn(shop, "delayed"));
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(
      /è in ritardo: lo aspettiamo tra .* invece che entro domani/,
    );
    await expect(page.getByText("Il maltempo rallenta le consegne.").first()).toBeVisible();
    await soundEverywhere(page);
    const [entry] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Aggiungi al calendario" }).click(),
    ]);
    expect(entry.suggestedFilename()).toBe("consegna.ics");
    await page.getByRole("link", { name: "Recedere dal contratto", exact: true }).click();
    await expect(page.getByRole("heading", { name: "Recesso" })).toBeInViewport();
  } finally {
    await shop.dopo.stop();
  }
});

test("a delivery that is taken back: the page told it, hears of it without reload, and says so", async ({
  page,
}) => {
  test.setTimeout(180_000);
  const shop = await shopWithParcel();
  try {
    expect(await push(shop, "99")).toBe(200);
    const link = await linkIn(shop, "order_receipt");
    await page.clock.install();
    await page.goto(link);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(/è arrivato oggi/);
    await page.getByRole("link", { name: "Segnala un problema" }).first().click();
    await soundEverywhere(page);
    await page.getByLabel("Il pacco non è arrivato").check();
    await page.getByLabel("Che cosa dobbiamo sapere").fill("Ero in casa e non è passato nessuno.");
    await page.getByRole("button", { name: "Invia la segnalazione" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(
      "Abbiamo ricevuto la tua segnalazione.",
    );
    await soundEverywhere(page);
    await page.getByRole("link", { name: "Torna all'ordine" }).click();
    await expect(page.getByText(/^Hai segnalato oggi/)).toBeVisible();

    await tell(shop, [
      {
        id: "back-1",
        type: "parcel_tracked",
        at: ago(0),
        parcel: { number: NUMBER },
        telling: {
          scans: [{ at: ago(18 * HOUR_MS), state: "in_transit", source: "aggregator" }],
          complete: true,
        },
      },
    ]);
    await page.clock.runFor(61_000);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Il tuo ordine è in viaggio.");
    await expect(page.getByRole("status")).toHaveText(/La pagina si è aggiornata/);
    await expect(page.getByText(/poi ha ritirato la notizia/)).toBeVisible();
    await soundEverywhere(page);
  } finally {
    await shop.dopo.stop();
  }
});

test("an order is looked for by number and e-mail, and the answer tells nothing", async ({
  page,
}) => {
  test.setTimeout(120_000);
  const shop = await shopWithParcel();
  try {
    const said: string[] = [];
    for (const [number, email] of [
      ["1001", "chiara.1001@example.com"],
      ["9999", "nessuno@example.com"],
    ] as const) {
      await page.goto(`${shop.dopo.url}/track/casa`);
      await soundEverywhere(page);
      await page.getByLabel("Numero dell'ordine").fill(number);
      await page.getByLabel("E-mail").fill(email);
      await page.getByRole("button", { name: "Mandami il link" }).click();
      await expect(page.getByRole("heading", { level: 1 })).toHaveText(/Se i dati corrispondono/);
      said.push(await page.locator("main").innerText());
    }
    expect(said[0]).toBe(said[1]);
    await soundEverywhere(page);
  } finally {
    await shop.dopo.stop();
  }
});
