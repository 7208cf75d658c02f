import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Page } from "@playwright/test";
import sharp from "sharp";
import { expect, test } from "./fixtures/dopo";

/** Pictures live in the repository for ever. */
const PNG_MAX_BYTES = 150 * 1024;
/** Palettes to try, from faithful to small. */
const COLOURS = [256, 128, 64, 32];
/** A long page is cut here, in CSS pixels. */
const HEIGHT_MAX_PX = 1_800;

const WIDTHS = [390, 1280];
const SCHEMES = ["light", "dark"] as const;

const folder = resolve(import.meta.dirname, "../docs/screenshots");

/** One page of the demo: where to begin, and what to follow from there. */
type Shot = { name: string; path: string; follow?: string[] };

/** Add a page here. The names of the pictures are `NAME-WIDTH-SCHEME.png`. */
const SHOTS: Shot[] = [
  { name: "demo", path: "/" },
  { name: "order", path: "/", follow: ['a[data-page="order"]'] },
  {
    name: "preferences",
    path: "/",
    follow: ['a[data-page="order"]', 'a[data-page="preferences"]'],
  },
  { name: "mailbox", path: "/", follow: ['a[data-page="mailbox"]'] },
  { name: "mail", path: "/", follow: ['a[data-page="mailbox"]', 'a[data-page="mail"]'] },
];

for (const shot of SHOTS) {
  for (const width of WIDTHS) {
    for (const colorScheme of SCHEMES) {
      test.describe(() => {
        test.use({ viewport: { width, height: 844 }, colorScheme });

        test(`${shot.name} at ${width} in ${colorScheme}`, async ({ page, demo }) => {
          await open(page, demo.url, shot);
          await save(page, `${shot.name}-${width}-${colorScheme}.png`, width);
        });
      });
    }
  }
}

async function open(page: Page, url: string, shot: Shot): Promise<void> {
  await page.goto(url + shot.path);
  for (const selector of shot.follow ?? []) {
    const link = page.locator(selector).first();
    await expect(link, `${page.url()} links to ${selector}`).toBeVisible();
    await page.goto(new URL((await link.getAttribute("href")) ?? "", page.url()).href);
  }
  await page.evaluate(() => document.fonts.ready);
}

async function save(page: Page, name: string, width: number): Promise<void> {
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  const raw = await page.screenshot({
    fullPage: true,
    animations: "disabled",
    clip: { x: 0, y: 0, width, height: Math.min(height, HEIGHT_MAX_PX) },
  });
  for (const colours of COLOURS) {
    const png = await sharp(raw)
      .png({ palette: true, colours, compressionLevel: 9, effort: 10 })
      .toBuffer();
    if (png.byteLength <= PNG_MAX_BYTES) {
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, name), png);
      return;
    }
  }
  throw new Error(`${name} is over ${PNG_MAX_BYTES} bytes even with few colours`);
}
