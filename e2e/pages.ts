import type { Page } from "@playwright/test";

export const WIDTHS = [390, 1280];
export const SCHEMES = ["light", "dark"] as const;

/** How many links of a list are tried for one that leads on. */
const TRIED_MAX = 20;

/** A page of the demo: where to begin, and which links or frames to follow from there. */
export type Place = { name: string; path: string; follow?: string[] };

const ORDER = 'a[href*="/o/"]';
const MESSAGE = 'a.subject[href*="/captured/"]';

/** The link of a list of the console that leads to one of its rows. */
function row(list: string): string {
  return `main a[href^="/console/${list}/"]`;
}

/** Time in which a page of the console loads what stands below its heading, in milliseconds. */
const SETTLE_MS = 800;

/** Every page that a person meets. Add a page here and it is checked and photographed. */
export const PLACES: Place[] = [
  { name: "demo", path: "/demo/" },
  { name: "order", path: "/demo/", follow: [ORDER] },
  { name: "look-up", path: "/track/casa-esempio" },
  { name: "preferences", path: "/demo/", follow: [ORDER, 'a[href*="/p/"]'] },
  { name: "problem", path: "/demo/", follow: [ORDER, 'a[href*="/problem"]'] },
  { name: "captured", path: "/captured/" },
  { name: "message", path: "/captured/", follow: [MESSAGE] },
  { name: "mail", path: "/captured/", follow: [MESSAGE, "iframe.phone"] },
  { name: "console-today", path: "/console/" },
  { name: "console-customers", path: "/console/customers" },
  { name: "console-customer", path: "/console/customers", follow: [row("customers")] },
  { name: "console-orders", path: "/console/orders" },
  { name: "console-exceptions", path: "/console/orders/exceptions" },
  { name: "console-couriers", path: "/console/couriers" },
  {
    name: "console-order",
    path: "/console/orders",
    follow: [`${row("orders")}:not([href$="/exceptions"])`],
  },
  { name: "console-journeys", path: "/console/journeys" },
  { name: "console-journey", path: "/console/journeys", follow: [row("journeys")] },
  { name: "console-messages", path: "/console/messages" },
  { name: "console-message", path: "/console/messages?status=captured", follow: [row("messages")] },
  { name: "console-tasks", path: "/console/tasks" },
  { name: "console-inbox", path: "/console/inbox" },
  { name: "console-settings", path: "/console/settings" },
  ...[
    "shop",
    "sending",
    "domain",
    "connections",
    "couriers",
    "keys",
    "webhooks",
    "team",
    "audit",
    "backups",
    "account",
  ].map((name) => ({ name: `console-settings-${name}`, path: `/console/settings/${name}` })),
];

/** Goes to a place, or fails saying what was not found. */
export async function open(page: Page, url: string, place: Place): Promise<void> {
  await page.goto(url + place.path);
  await settled(page, place.follow?.[0]);
  if (!(await follow(page, place.follow ?? []))) {
    throw new Error(`${place.path} leads to no ${place.follow?.join(" > ")}`);
  }
}

/** The console is drawn by its script: waits for the heading, the link that leads on, and what loads after them. */
async function settled(page: Page, leads: string | undefined): Promise<void> {
  if (!new URL(page.url()).pathname.startsWith("/console/")) {
    return;
  }
  await page.locator("main h1").waitFor();
  if (leads !== undefined) {
    await page.locator(leads).first().waitFor();
  }
  await page.waitForTimeout(SETTLE_MS);
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
    await settled(page, rest[0]);
    if (await follow(page, rest)) {
      return true;
    }
  }
  return false;
}
