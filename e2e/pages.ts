import type { Page } from "@playwright/test";

export const WIDTHS = [390, 1280];
export const SCHEMES = ["light", "dark"] as const;

/** How many links of a list are tried for one that leads on. */
const TRIED_MAX = 20;

/** A page of the demo: where to begin, and which links or frames to follow from there. */
export type Place = { name: string; path: string; follow?: string[] };

const ORDER = 'a[href*="/o/"]';
const MESSAGE = 'a.subject[href*="/captured/"]';

/** Every page that a person meets. Add a page here and it is checked and photographed. */
export const PLACES: Place[] = [
  { name: "demo", path: "/demo/" },
  { name: "order", path: "/demo/", follow: [ORDER] },
  { name: "preferences", path: "/demo/", follow: [ORDER, 'a[href*="/p/"]'] },
  { name: "captured", path: "/captured/" },
  { name: "message", path: "/captured/", follow: [MESSAGE] },
  { name: "mail", path: "/captured/", follow: [MESSAGE, "iframe.phone"] },
];

/** Goes to a place, or fails saying what was not found. */
export async function open(page: Page, url: string, place: Place): Promise<void> {
  await page.goto(url + place.path);
  if (!(await follow(page, place.follow ?? []))) {
    throw new Error(`${place.path} leads to no ${place.follow?.join(" > ")}`);
  }
}

async function follow(page: Page, [selector, ...rest]: string[]): Promise<boolean> {
  if (selector === undefined) {
    return true;
  }
  const addresses = await page
    .locator(selector)
    .evaluateAll((found) =>
      found.map((one) =>
        one instanceof HTMLIFrameElement ? one.src : (one as HTMLAnchorElement).href,
      ),
    );
  for (const address of addresses.slice(0, TRIED_MAX)) {
    await page.goto(address);
    if (await follow(page, rest)) {
      return true;
    }
  }
  return false;
}
