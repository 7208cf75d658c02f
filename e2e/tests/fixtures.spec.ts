import { expect, test } from "@playwright/test";
import { expectAccessible } from "../fixtures/a11y";
import { passTime, stopClock } from "../fixtures/clock";

const GOOD = `<!doctype html><html lang="it"><head><title>Ordine</title></head>
  <body><main><h1>Il tuo ordine</h1><p>Arriva domani.</p></main></body></html>`;

test("a page in order has no breach", async ({ page }) => {
  await page.setContent(GOOD);
  await expectAccessible(page);
});

test("a breach is named with its rule and element", async ({ page }) => {
  await page.setContent(GOOD.replace("<p>", '<img src="data:,"><p>'));
  await expect(expectAccessible(page)).rejects.toThrow(/image-alt/);
});

test("two targets that touch and are too small are a breach", async ({ page }) => {
  const small = '<button style="all:unset;width:12px;height:12px;display:inline-block">x</button>';
  await page.setContent(GOOD.replace("<p>", `<div>${small}${small}</div><p>`));
  await expect(expectAccessible(page)).rejects.toThrow(/target-size/);
});

test("a stopped clock moves only when told", async ({ page }) => {
  await stopClock(page, "2026-11-27T10:00:00Z");
  await page.goto("data:text/html,<title>x</title>");
  expect(await page.evaluate(() => new Date().toISOString())).toBe("2026-11-27T10:00:00.000Z");
  await passTime(page, 60_000);
  expect(await page.evaluate(() => new Date().toISOString())).toBe("2026-11-27T10:01:00.000Z");
});
