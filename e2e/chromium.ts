import type { PlaywrightTestConfig } from "@playwright/test";

/** Debian's Chromium, kept off the network that it does not need. */
export const chromium = {
  browserName: "chromium",
  locale: "it-IT",
  timezoneId: "Europe/Rome",
  launchOptions: {
    executablePath: process.env.DOPO_CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  },
} satisfies PlaywrightTestConfig["use"];
