import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Page } from "@playwright/test";
import sharp from "sharp";
import { test } from "./fixtures/dopo";
import { open, PLACES, SCHEMES, WIDTHS } from "./pages";

/** Pictures live in the repository for ever. */
const PNG_MAX_BYTES = 150 * 1024;
/** Palettes to try, from faithful to small. */
const COLOURS = [256, 128, 64, 32];
/** A long page is cut here, in CSS pixels. */
const HEIGHT_MAX_PX = 1_800;

/** Time in which a page draws itself anew in a taller window, in milliseconds. */
const REDRAW_MS = 400;

const folder = resolve(import.meta.dirname, "../docs/screenshots");

// The pictures are `NAME-WIDTH-SCHEME.png`, for every page of `pages.ts`.
for (const place of PLACES) {
  for (const width of WIDTHS) {
    for (const colorScheme of SCHEMES) {
      test.describe(() => {
        test.use({ viewport: { width, height: 844 }, colorScheme });

        test(`${place.name} at ${width} in ${colorScheme}`, async ({ page, demo }) => {
          await open(page, demo.url, place);
          await page.evaluate(() => document.fonts.ready);
          await save(page, `${place.name}-${width}-${colorScheme}.png`, width);
        });
      });
    }
  }
}

async function save(page: Page, name: string, width: number): Promise<void> {
  // As tall as the page, so that what stays at the window's edge stands at its end and not across it.
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ width, height: Math.min(Math.max(height, 844), HEIGHT_MAX_PX) });
  await page.waitForTimeout(REDRAW_MS);
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
