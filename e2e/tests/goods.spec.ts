import type { Page } from "@playwright/test";
import { expectAccessible } from "../fixtures/a11y";
import { expect, test } from "../fixtures/dopo";

/** How many orders are looked at for one whose page shows what is asked for. */
const ORDERS_MAX = 60;

/** Opens the first order of the demo whose page holds `selector`. */
async function orderWith(page: Page, url: string, selector: string): Promise<void> {
  await page.goto(`${url}/demo/`);
  const addresses = await page
    .locator('a[href*="/o/"]')
    .evaluateAll((found) => found.map((one) => (one as HTMLAnchorElement).href));
  for (const address of addresses.slice(0, ORDERS_MAX)) {
    await page.goto(address);
    if ((await page.locator(selector).count()) > 0) {
      return;
    }
  }
  throw new Error(`no order page of the demo holds ${selector}`);
}

for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [390, 1280]) {
    test.describe(() => {
      test.use({ viewport: { width, height: 844 }, colorScheme });

      test(`goods on the order page at ${width} in ${colorScheme} are accessible and no more than three`, async ({
        page,
        demo,
      }) => {
        await orderWith(page, demo.url, "ul.goods");
        const shown = await page.locator("ul.goods li").count();
        expect(shown).toBeGreaterThan(0);
        expect(shown).toBeLessThanOrEqual(3);
        await expect(page.getByRole("heading", { name: /Sta bene con|Goes well/ })).toBeVisible();
        await expectAccessible(page, "page");
      });

      test(`the map at ${width} in ${colorScheme} is an image with words`, async ({
        page,
        demo,
      }) => {
        await orderWith(page, demo.url, "svg.map");
        await expect(
          page.getByRole("img", { name: /carta d'Italia|map of Italy/ }).first(),
        ).toBeVisible();
        await expectAccessible(page, "page");
        await page.emulateMedia({ media: "print" });
        await expect(page.locator("svg.map").first()).toBeHidden();
        await expect(page.locator("ul.goods")).toBeHidden();
      });
    });
  }
}
