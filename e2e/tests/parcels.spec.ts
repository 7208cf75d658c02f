import { createHmac, randomUUID } from "node:crypto";
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
  await run(["shop", "connect", "casa", "aftership", "--secret-file", secret]);
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

type Step = { subtag: string; ago: number; message?: string };

/** What another collector pushes: the parcel's whole way so far, and the days on which the courier expects it. */
async function pushWay(shop: Shop, steps: Step[], expected?: [string, string]): Promise<number> {
  const body = JSON.stringify({
    event: "tracking_update",
    event_id: randomUUID(),
    msg: {
      tracking_number: NUMBER,
      slug: "gls-italy",
      latest_estimated_delivery: expected && {
        type: "range",
        datetime_min: expected[0],
        datetime_max: expected[1],
      },
      checkpoints: steps.map(({ subtag, ago: ms, message }) => ({
        checkpoint_time: ago(ms),
        subtag,
        tag: subtag.split("_")[0],
        message: message ?? "",
        location: "Bologna",
      })),
    },
  });
  const proof = createHmac("sha256", COLLECTOR_KEY).update(body).digest("base64");
  const pushed = await fetch(`${shop.dopo.url}/hooks/casa/aftership`, {
    method: "POST",
    headers: { "content-type": "application/json", "aftership-hmac-sha256": proof },
    body,
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

test("a delay: from the push to the notice to the page, and to the courier who is asked now", async ({
  page,
}) => {
  test.setTimeout(180_000);
  const courier = await Courier.open();
  const shop = await shopWithParcel({ promised: day(1), courier });
  try {
    const way = [
      { subtag: "InTransit_003", ago: 18 * HOUR_MS },
      { subtag: "Exception_017", ago: 3 * 60_000, message: "Maltempo" },
    ];
    expect(await pushWay(shop, way, [day(4), day(5)])).toBe(200);
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

    expect(courier.asked()).toHaveLength(0);
    courier.scans = [{ code: "905", at: new Date(), place: "BOLOGNA" }];
    await page.getByRole("button", { name: "Chiedi ora al corriere" }).click();
    await expect(page.getByText(/^(Lo abbiamo chiesto al|Il) corriere .*oggi/)).toBeVisible();
    await expect(page.getByRole("button", { name: "Chiedi ora al corriere" })).toBeHidden();
    await expect(async () => {
      await page.reload();
      await expect(page.getByText(/^Il corriere ha risposto oggi .* con una novità/)).toBeVisible({
        timeout: 500,
      });
    }).toPass({ timeout: SETTLED_MS });
    await soundEverywhere(page);
    expect(courier.asked()).toHaveLength(1);
    expect(courier.asked()[0]?.path).toContain("locpartenza=BO&NumSped=620873098");
  } finally {
    await shop.dopo.stop();
    await courier.close();
  }
});

test("a delivery that is taken back: told, doubted, asked about, held after all, and released", async ({
  page,
}) => {
  test.setTimeout(240_000);
  const courier = await Courier.open();
  const shop = await shopWithParcel({ courier });
  try {
    const moving = { subtag: "InTransit_003", ago: 18 * HOUR_MS };
    expect(await pushWay(shop, [moving, { subtag: "Delivered_001", ago: 60_000 }])).toBe(200);
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

    // What was reported is a reason to ask; this courier does not know the number yet.
    await page.getByRole("button", { name: "Chiedi ora al corriere" }).click();
    await expect.poll(() => courier.asked().length, { timeout: SETTLED_MS }).toBe(1);
    await expect(async () => {
      await page.reload();
      await expect(page.getByText(/ma di questo pacco non sa dirci niente/)).toBeVisible({
        timeout: 500,
      });
    }).toPass({ timeout: SETTLED_MS });

    const held = { subtag: "Exception_001", ago: 20_000, message: "In giacenza presso la sede" };
    expect(await pushWay(shop, [moving, held])).toBe(200);
    await expect(async () => {
      await page.clock.runFor(61_000);
      await expect(page.getByRole("heading", { level: 1 })).toHaveText(
        /è in giacenza: scegli che cosa fare/,
        { timeout: 500 },
      );
    }).toPass({ timeout: SETTLED_MS });
    await expect(page.getByRole("status")).toHaveText(/La pagina si è aggiornata/);
    await expect(page.getByText(/poi ha ritirato la notizia/)).toBeVisible();
    await soundEverywhere(page);

    await page.goto(await linkIn(shop, "delivery_taken_back"));
    await page.getByRole("link", { name: "Scegli che cosa fare" }).first().click();
    await page.getByLabel("Riportarlo allo stesso indirizzo").check();
    await page.getByRole("button", { name: "Dillo al corriere" }).click();
    await says(page, /Il corriere ha accettato una nuova consegna/);
    await soundEverywhere(page);
    expect(courier.told()).toHaveLength(1);
    const body = courier.told()[0]?.body ?? "";
    expect(body).toContain("<TipoSvincolo>1</TipoSvincolo>");
    expect(body).toContain(`<NumeroSpedizione>${NUMBER}</NumeroSpedizione>`);
  } finally {
    await shop.dopo.stop();
    await courier.close();
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
