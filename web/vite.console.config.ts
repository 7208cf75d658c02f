import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

/** Script and style of the first view, compressed, all told: a second on a slow phone. */
const FIRST_VIEW_MAX_BYTES = 250 * 1000;

/** The pages a person may open first; each with all that it loads at once. */
const FIRST_PAGES = ["pages/today/index.tsx", "pages/sign-in/index.tsx"];

export default defineConfig({
  root: "src/console",
  base: "/console/",
  build: {
    target: "es2023",
    outDir: "../../dist/console",
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    manifest: "manifest.json",
  },
  server: { proxy: { "/api": process.env.DOPO_URL ?? "http://127.0.0.1:8080" } },
  plugins: [firstViewLimit()],
});

interface Chunk {
  file: string;
  css?: string[];
  imports?: string[];
  isEntry?: boolean;
}

/** Fails the build when a first page with everything it needs weighs more than it may. */
function firstViewLimit(): Plugin {
  return {
    name: "dopo-first-view-limit",
    apply: "build",
    writeBundle(options) {
      const dir = options.dir ?? "";
      const manifest: Record<string, Chunk> = JSON.parse(
        readFileSync(`${dir}/manifest.json`, "utf8"),
      );
      const start = Object.keys(manifest).find((name) => manifest[name]?.isEntry);
      for (const page of FIRST_PAGES) {
        const files = new Set<string>();
        for (const name of [start, page, ...words(manifest)]) {
          collect(manifest, name ?? "", files);
        }
        let bytes = 0;
        for (const file of files) {
          bytes += gzipSync(readFileSync(`${dir}/${file}`), { level: 9 }).length;
        }
        const line = `${page}: ${Math.round(bytes / 1000)} KB compressed in ${files.size} files`;
        if (bytes > FIRST_VIEW_MAX_BYTES) {
          this.error(`${line}; it may have ${FIRST_VIEW_MAX_BYTES / 1000} KB`);
        }
        this.info(line);
      }
    },
  };
}

/** The texts every page needs, in the longer of the two languages. */
function words(manifest: Record<string, Chunk>): string[] {
  return Object.keys(manifest).filter((name) => /i18n\/it\/(common|shell|today)\.json/.test(name));
}

function collect(manifest: Record<string, Chunk>, name: string, files: Set<string>): void {
  const chunk = manifest[name];
  if (!chunk || files.has(chunk.file)) {
    return;
  }
  files.add(chunk.file);
  for (const style of chunk.css ?? []) {
    files.add(style);
  }
  for (const next of chunk.imports ?? []) {
    collect(manifest, next, files);
  }
}
