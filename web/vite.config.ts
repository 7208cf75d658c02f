import { defineConfig } from "vitest/config";

/** The customer pages stay under 40 KB over the wire; their script may take this much of it. */
const PAGES_JS_MAX_BYTES = 3 * 1024;

export default defineConfig({
  build: {
    target: "es2022",
    outDir: "dist",
    emptyOutDir: true,
    modulePreload: false,
    rolldownOptions: {
      input: { pages: "src/pages/main.ts" },
      // Fixed names: the program embeds the files and puts their hash into the address itself.
      output: { format: "es", entryFileNames: "[name].js", assetFileNames: "[name][extname]" },
    },
  },
  plugins: [
    {
      name: "dopo-size-limit",
      generateBundle(_options, bundle) {
        const file = bundle["pages.js"];
        if (file?.type !== "chunk") {
          this.error("the build made no pages.js");
        }
        const bytes = Buffer.byteLength(file.code);
        if (bytes > PAGES_JS_MAX_BYTES) {
          this.error(`pages.js has ${bytes} bytes and may have ${PAGES_JS_MAX_BYTES}`);
        }
      },
    },
  ],
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.{ts,tsx}"],
    // A bound for what hangs, not for what is slow: the machine may be busy with other things.
    testTimeout: 60_000,
  },
});
