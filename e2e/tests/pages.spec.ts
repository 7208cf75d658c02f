import { expectAccessible } from "../fixtures/a11y";
import { expect, test } from "../fixtures/dopo";
import { open, PLACES, SCHEMES, WIDTHS } from "../pages";

/** The order page's budget over the wire, with everything that it loads. */
const ORDER_PAGE_MAX_BYTES = 40 * 1024;

for (const place of PLACES) {
  for (const width of WIDTHS) {
    for (const colorScheme of SCHEMES) {
      test.describe(() => {
        test.use({ viewport: { width, height: 844 }, colorScheme });

        test(`${place.name} at ${width} in ${colorScheme} is accessible and does not scroll sideways`, async ({
          page,
          demo,
        }) => {
          await open(page, demo.url, place);
          if (place.name === "mail") {
            // The program serves mails in a sandbox without scripts; axe needs them to run.
            const mail = await page.request.get(page.url());
            await page.goto("about:blank");
            await page.setContent(await mail.text());
          }
          await expectAccessible(page, place.name === "mail" ? "mail" : "page");
          const wide = await page.evaluate(() => document.documentElement.scrollWidth);
          expect(wide).toBeLessThanOrEqual(width);
        });
      });
    }
  }
}

const order = PLACES.find((place) => place.name === "order");
if (order === undefined) {
  throw new Error("pages.ts has no order page");
}

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("the order page says in a heading how things stand", async ({ page, demo, request }) => {
    const list = await (await request.get(`${demo.url}/demo/`)).text();
    const path = /href="(?:https?:\/\/[^/"]+)?(\/o\/[^"]+)"/.exec(list)?.[1];
    await page.goto(demo.url + (path ?? "/no-order"));
    await expect(page.getByRole("heading", { level: 1 })).not.toBeEmpty();
    await expect(page.locator("[data-copy]:visible")).toHaveCount(0);
  });
});

test("the order page stays within its budget over the wire", async ({ page, demo }) => {
  await open(page, demo.url, order);
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.setCacheDisabled", { cacheDisabled: true });
  let bytes = 0;
  session.on("Network.loadingFinished", (event) => {
    bytes += event.encodedDataLength;
  });
  await page.reload({ waitUntil: "networkidle" });
  expect(bytes).toBeGreaterThan(0);
  expect(bytes).toBeLessThan(ORDER_PAGE_MAX_BYTES);
});
