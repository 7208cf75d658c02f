import { defineConfig } from "@playwright/test";
import { chromium } from "./chromium";

export default defineConfig({
  testDir: ".",
  testMatch: "screenshots.ts",
  outputDir: "test-results",
  workers: 1,
  timeout: 180_000,
  reporter: [["list"]],
  use: chromium,
});
