import { defineConfig } from "vitest/config";

/** The customer pages stay under 40 KB over the wire; each of their scripts may take this much of it. */
const PAGES_JS_MAX_BYTES = 3 * 1024;

export default defineConfig({
  build: {
    target: "es2022",
    outDir: "dist",
    emptyOutDir: true,
    modulePreload: false,
    rolldownOptions: {
      input: { pages: "src/pages/main.ts", lookup: "src/pages/lookup.ts" },
      // Fixed names: the program embeds the files and puts their hash into the address itself.
      output: {
        format: "es",
        entryFileNames: "[name].js",
        assetFileNames: "[name][extname]",
        // The look-up form runs on other people's pages, as a plain script: its names stay its own.
        banner: (chunk) => (chunk.name === "lookup" ? "(()=>{" : ""),
        footer: (chunk) => (chunk.name === "lookup" ? "})();" : ""),
      },
    },
  },
  plugins: [
    {
      name: "dopo-size-limit",
      generateBundle(_options, bundle) {
        for (const name of ["pages.js", "lookup.js"]) {
          const file = bundle[name];
          if (file?.type !== "chunk") {
            this.error(`the build made no ${name}`);
          }
          const bytes = Buffer.byteLength(file.code);
          if (bytes > PAGES_JS_MAX_BYTES) {
            this.error(`${name} has ${bytes} bytes and may have ${PAGES_JS_MAX_BYTES}`);
          }
          if (file.imports.length + file.exports.length > 0) {
            this.error(`${name} must stand alone`);
          }
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
